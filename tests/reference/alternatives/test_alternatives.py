"""Alternatives on the shapes where their tiles and halves end, and what is said of bad input."""

from __future__ import annotations

import math
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
from conformance.proof import FINEST, may_be_the_same
from reference import InvalidArgument, alternatives
from reference.numbers import Arithmetic, Rounded
from tests.reference.support import convert, few, leaves, random_fractions, seeds

paddings = st.sampled_from(["valid", "same"])
SINGLE = Arithmetic("float32", flush_to_zero=False)


def bounds(function: Any, *arguments: Any) -> list[float]:
    """How far a float32 implementation of a text may be off."""
    read = [convert(lambda x: Rounded(x, SINGLE), argument) for argument in arguments]
    return [number.error for number in leaves(function(*read))]


@given(seeds, st.integers(1, 7), st.integers(1, 7), st.integers(1, 3), paddings)
@few
def test_tiles_of_winograd_cover_every_size(seed, rows, columns, channels, padding):
    if padding == "valid":
        rows, columns = rows + 2, columns + 2
    make = random_fractions(seed)
    images, filters = make(2, rows, columns, channels), make(3, 3, channels, 2)
    came = alternatives.winograd_conv2d(images, filters, padding=padding)
    assert came == reference.conv2d(images, filters, padding=padding)


@pytest.mark.parametrize(
    ("window", "options"), [((2, 3), {}), ((3, 2), {}), ((3, 3), {"strides": 2}), ((3, 3), {"strides": (1, 2)})]
)
def test_what_winograd_has_no_tile_for_is_computed_by_definition(window, options):
    images, filters = random_fractions(1)(1, 5, 6, 2), random_fractions(2)(*window, 2, 1)
    came = alternatives.winograd_conv2d(images, filters, **options)
    assert came == reference.conv2d(images, filters, **options)


@given(seeds, st.integers(1, 7), st.integers(1, 7), st.integers(1, 3), st.integers(1, 3), paddings)
@few
def test_transforms_are_large_enough_for_every_size(seed, rows, columns, window, step, padding):
    if padding == "valid":
        rows, columns = max(rows, window), max(columns, window)
    make, options = random_fractions(seed), {"strides": (step, 1), "padding": padding}
    images, filters = make(2, rows, columns, 2), make(window, window, 2, 2)
    read = [convert(lambda x: Rounded(x, FINEST), argument) for argument in (images, filters)]
    came = leaves(alternatives.fft_conv2d(*read, **options))
    assert all(map(may_be_the_same, leaves(reference.conv2d(*read, **options)), came))


@given(seeds, st.integers(1, 9), st.integers(1, 9), st.integers(1, 9))
@few
def test_halves_of_strassen_cover_every_size(seed, examples, features, units):
    make = random_fractions(seed)
    arguments = make(examples, features), make(features, units), make(units)
    assert alternatives.strassen_dense(*arguments) == reference.dense(*arguments)


class Counted:
    """A number that counts its products."""

    products = 0

    def __init__(self, value: Fraction) -> None:
        self.value = value

    def __add__(self, other: Any) -> Counted:
        return Counted(self.value + getattr(other, "value", other))

    def __sub__(self, other: Any) -> Counted:
        return Counted(self.value - getattr(other, "value", other))

    def __mul__(self, other: Counted) -> Counted:
        Counted.products += 1
        return Counted(self.value * other.value)

    def __truediv__(self, other: int) -> Counted:
        return Counted(self.value / other)

    def as_integer_ratio(self) -> tuple[int, int]:
        return self.value.as_integer_ratio()


def products(function: Any, *arguments: Any) -> int:
    before = Counted.products
    function(*(convert(Counted, argument) for argument in arguments))
    return Counted.products - before


def test_fewer_products_are_what_the_sums_are_for():
    images, filters = random_fractions(1)(1, 6, 6, 2), random_fractions(2)(3, 3, 2, 1)
    assert products(reference.conv2d, images, filters) == 16 * 9 * 2
    assert products(alternatives.winograd_conv2d, images, filters) == 4 * 16 * 2
    square, bias = random_fractions(3)(8, 8), random_fractions(4)(8)
    assert products(reference.dense, square, square, bias) == 8**3
    assert products(alternatives.strassen_dense, square, square, bias) == 7**3


def test_the_bounds_are_the_ones_that_the_texts_speak_of():
    z, one = [-20.0], [1.0]
    assert bounds(alternatives.half_tanh_sigmoid, z) > [2.0**-25] > bounds(reference.sigmoid, z)
    assert bounds(alternatives.factored_tanh_vjp, [8.0], one) < bounds(reference.tanh_vjp, [8.0], one)
    assert bounds(alternatives.factored_tanh_vjp, [0.1], one) > bounds(reference.tanh_vjp, [0.1], one)
    rising = [[place / 1024 for place in range(40)]]
    assert max(bounds(alternatives.online_softmax, rising)) > max(bounds(reference.softmax, rising))
    images, cotangent = [[[[1.0]] * 3] * 3], [[[[1.0]]]]
    shares, products = (
        bounds(lambda *data, vjp=vjp: vjp(*data, pool_size=3), images, cotangent)
        for vjp in (reference.average_pool2d_vjp, alternatives.reciprocal_average_pool2d_vjp)
    )
    assert max(products) > 1.9 * max(shares)
    logits, labels = [[0.0, -60.0]], [[1.0, 0.0]]
    wide = bounds(alternatives.log_softmax_cross_entropy_with_logits_vjp, logits, labels, one)
    assert wide[1] > bounds(reference.softmax_cross_entropy_with_logits_vjp, logits, labels, one)[1]


def test_cancellation_in_a_text_costs_a_decimal_the_digits_that_it_costs_anyone():
    with localcontext(prec=50):
        (came,) = alternatives.half_tanh_sigmoid([Decimal(-80)])
        (exact,) = reference.sigmoid([Decimal(-80)])
    assert came != exact
    assert came.adjusted() == exact.adjusted() == math.floor(-80 / math.log(10))


@pytest.mark.parametrize(
    ("name", "arguments", "options", "message"),
    [
        ("winograd_conv2d", ([[[1]]], [[[[1]]]]), {}, "images: wanted"),
        ("winograd_conv2d", ([[[[1]]]], [[[[1]]]]), {"padding": "full"}, "padding: wanted"),
        ("fft_conv2d", ([[[[1]]]], [[[[1]]]]), {"strides": 0}, "strides: wanted"),
        ("strassen_dense", ([[1, 2]], [[1]], [0]), {}, "weights: wanted"),
        ("half_tanh_sigmoid", ([],), {}, "z: wanted"),
        ("factored_tanh_vjp", ([1.0], [1.0, 2.0]), {}, "cotangent: wanted"),
        ("online_softmax", ([[1.0], [1.0, 2.0]],), {}, "z: wanted"),
        ("log_sum_exp_softmax_cross_entropy_with_logits", ([[1.0]], [[1.0, 0.0]]), {}, "labels: wanted"),
        ("reciprocal_average_pool2d_vjp", ([[[[1.0]]]], [[[[1.0]]]]), {}, "pool_size: wanted"),
        ("log_softmax_cross_entropy_with_logits_vjp", ([[1.0]], [[1.0]], [1.0, 2.0]), {}, "cotangent: wanted"),
    ],
)
def test_bad_arguments_say_what_was_wanted(name, arguments, options, message):
    with pytest.raises(InvalidArgument, match=f"^{message}"):
        getattr(alternatives, name)(*arguments, **options)
