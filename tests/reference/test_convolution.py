"""Convolution against a matrix that is written down tap by tap, and what is said of bad input."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
from reference import InvalidArgument
from tests.reference.support import few, inner_product, many, random_fractions, seeds

sizes, steps = st.integers(1, 6), st.integers(1, 4)
paddings = st.sampled_from(["valid", "same"])


def pixel_under(place: int, tap: int, size: int, window: int, step: int, padding: str) -> int | None:
    """The pixel that a tap of a window reads along one axis; None if that is padding.

    TensorFlow's rule, from its documentation, worked out pixel by pixel: "same" pads so that ⌈size/step⌉ windows fit,
    half of it before the image, rounded down.
    """
    before = 0
    if padding == "same":
        reach = (math.ceil(size / step) - 1) * step + window
        before = (reach - size) // 2 if reach > size else 0
    pixel = place * step + tap - before
    return pixel if 0 <= pixel < size else None


def places(size: int, window: int, step: int, padding: str) -> int:
    """How many windows fit along one axis, counted one by one."""
    if padding == "same":
        return sum(1 for start in range(size) if start % step == 0)
    return sum(1 for start in range(size) if start % step == 0 and start + window <= size)


def taps(images: Any, filters: Any, strides: tuple[int, int], padding: str) -> Any:
    """Every product of a convolution: its output's index, its pixel's, and its tap's."""
    (_, rows, columns, channels), (height, width, _, count) = reference.shape(images), reference.shape(filters)
    axes = ((rows, height, strides[0]), (columns, width, strides[1]))
    outputs = [places(*axis, padding) for axis in axes]
    for n, i, j, f in itertools.product(range(len(images)), *map(range, outputs), range(count)):
        for a, b, c in itertools.product(range(height), range(width), range(channels)):
            row, column = pixel_under(i, a, *axes[0], padding), pixel_under(j, b, *axes[1], padding)
            if row is not None and column is not None:
                yield (n, i, j, f), (n, row, column, c), (a, b, c, f)


def at(array: Any, index: tuple[int, ...]) -> Any:
    for place in index:
        array = array[place]
    return array


@given(seeds, sizes, sizes, sizes, sizes, steps, steps, paddings)
@many
def test_every_output_is_the_sum_of_its_taps(seed, rows, columns, height, width, down, right, padding):
    if padding == "valid":
        height, width = min(height, rows), min(width, columns)
    make = random_fractions(seed)
    images, filters = make(2, rows, columns, 2), make(height, width, 2, 2)
    came = reference.conv2d(images, filters, strides=(down, right), padding=padding)
    outputs = places(rows, height, down, padding), places(columns, width, right, padding)
    assert reference.shape(came) == (2, *outputs, 2)
    wanted = dict.fromkeys(itertools.product(range(2), *map(range, outputs), range(2)), 0)
    for output, pixel, tap in taps(images, filters, (down, right), padding):
        wanted[output] += at(images, pixel) * at(filters, tap)
    assert all(at(came, index) == value for index, value in wanted.items())


@given(seeds, sizes, sizes, sizes, sizes, steps, steps, paddings)
@few
def test_every_gradient_is_the_sum_of_its_taps(seed, rows, columns, height, width, down, right, padding):
    if padding == "valid":
        height, width = min(height, rows), min(width, columns)
    make = random_fractions(seed)
    images, filters = make(1, rows, columns, 2), make(height, width, 2, 2)
    options = {"strides": (down, right), "padding": padding}
    output = reference.conv2d(images, filters, **options)
    cotangent = make(*reference.shape(output))
    came = reference.conv2d_vjp(images, filters, cotangent, **options)
    wanted = {}
    for out, pixel, tap in taps(images, filters, (down, right), padding):
        wanted["images", pixel] = wanted.get(("images", pixel), 0) + at(cotangent, out) * at(filters, tap)
        wanted["filters", tap] = wanted.get(("filters", tap), 0) + at(cotangent, out) * at(images, pixel)
    for name, gradient, like in (("images", came.images, images), ("filters", came.filters, filters)):
        assert reference.shape(gradient) == reference.shape(like)
        for index in itertools.product(*map(range, reference.shape(like))):
            assert at(gradient, index) == wanted.get((name, index), 0)
    # A convolution is linear in each argument, so that ⟨y, c⟩ is ⟨argument, gradient⟩ for both.
    assert (
        inner_product(output, cotangent) == inner_product(images, came.images) == inner_product(filters, came.filters)
    )


def test_one_stride_is_for_rows_and_columns():
    images, filters = random_fractions(1)(1, 5, 5, 1), random_fractions(2)(2, 2, 1, 1)
    assert reference.conv2d(images, filters, strides=2) == reference.conv2d(images, filters, strides=(2, 2))
    assert reference.conv2d(images, filters) == reference.conv2d(images, filters, strides=[1, 1], padding="valid")


IMAGES, FILTERS = [[[[1], [2]], [[3], [4]]]], [[[[1]], [[1]]]]


@pytest.mark.parametrize(
    ("images", "filters", "options", "message"),
    [
        ([[[1]]], FILTERS, {}, r"images: wanted a nested list of numbers \[N, H, W, C\]; got shape \[1, 1, 1\]"),
        (IMAGES, [[1]], {}, r"filters: wanted a nested list of numbers \[KH, KW, C, F\]; got shape \[1, 1\]"),
        (
            IMAGES,
            [[[[1], [2]]]],
            {},
            r"filters: wanted shape \[1, 1, 1, 1\] for images with 1 channels; got .*\[1, 1, 2, 1\]",
        ),
        (IMAGES, [[[[1]]]] * 3, {}, r"filters: wanted a window no larger than the image's \[2, 2\]; got \[3, 1\]"),
        (IMAGES, [], {}, r"filters: wanted .*, none of them empty; got an empty list"),
        (IMAGES, FILTERS, {"padding": "full"}, r"padding: wanted 'valid' or 'same'; got 'full'"),
        (IMAGES, FILTERS, {"padding": "VALID"}, r"padding: wanted 'valid' or 'same'; got 'VALID'"),
        (IMAGES, FILTERS, {"padding": None}, r"padding: wanted 'valid' or 'same'; got None"),
        *(
            (IMAGES, FILTERS, {"strides": bad}, rf"strides: wanted a positive integer, or two of them .*; got {shown}")
            for bad, shown in [
                (0, "0"),
                (-1, "-1"),
                (1.0, "1.0"),
                (True, "True"),
                ("1", "'1'"),
                ((1,), r"\(1,\)"),
                ((1, 0), r"\(1, 0\)"),
                ((1, 1, 1), r"\(1, 1, 1\)"),
                (None, "None"),
            ]
        ),
    ],
)
def test_bad_arguments_say_what_was_wanted_and_what_came(images, filters, options, message):
    with pytest.raises(InvalidArgument, match=f"^{message}$"):
        reference.conv2d(images, filters, **options)
    with pytest.raises(InvalidArgument, match=f"^{message}$"):
        reference.conv2d_vjp(images, filters, [[[[1]]]], **options)


def test_a_cotangent_has_the_shape_of_the_output():
    wanted = r"^cotangent: wanted shape \[1, 2, 1, 1\] of the convolution's output; got shape \[1, 2, 2, 1\]$"
    with pytest.raises(InvalidArgument, match=wanted):
        reference.conv2d_vjp(IMAGES, FILTERS, IMAGES)


def test_inputs_stay_as_they_were():
    images, filters = random_fractions(3)(1, 3, 3, 1), random_fractions(4)(2, 2, 1, 1)
    before = repr((images, filters))
    reference.conv2d_vjp(images, filters, reference.conv2d(images, filters, padding="same"), padding="same")
    assert repr((images, filters)) == before
