"""Losses: what a classifier's user relies on, and what is said of bad input."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
from reference import InvalidArgument
from reference.numbers import Arithmetic, Rounded
from tests.reference.support import convert, few, leaves, random_fractions, seeds

LOSSES = {
    "probabilities": reference.cross_entropy,
    "logits": reference.softmax_cross_entropy_with_logits,
}


def test_a_class_without_label_may_have_probability_zero():
    assert reference.cross_entropy([[0.0, 1.0]], [[0, 1]]) == [0]
    assert reference.cross_entropy([[0.0, 1.0]], [[1, 0]]) == [math.inf]


def test_logits_never_overflow():
    assert reference.softmax_cross_entropy_with_logits([[1e300, 0.0], [0.0, -1e300]], [[1, 0], [0, 1]]) == [0, 1e300]


@given(seeds)
@few
def test_both_losses_agree_within_their_bounds(seed):
    arithmetic, logits = Arithmetic("float64"), random_fractions(seed)(2, 3)
    numbers = convert(lambda x: Rounded(x, arithmetic), logits)
    labels = [[1, 0, 0], [0, Fraction(1, 2), Fraction(1, 2)]]
    together = reference.softmax_cross_entropy_with_logits(numbers, labels)
    apart = reference.cross_entropy(reference.softmax(numbers), labels)
    for a, b in zip(leaves(together), leaves(apart), strict=True):
        assert abs(a.value - b.value) <= Fraction(a.error) + Fraction(b.error)


@given(seeds, st.integers(1, 3))
@few
def test_the_gradient_of_each_example_sums_to_zero_within_its_bound(seed, rows):
    arithmetic, make = Arithmetic("float64"), random_fractions(seed)
    logits = convert(lambda x: Rounded(x, arithmetic), make(rows, 4))
    labels = [[0, 0, 1, 0]] * rows
    for gradient in reference.softmax_cross_entropy_with_logits_vjp(logits, labels, make(rows)):
        assert abs(sum(number.value for number in gradient)) <= sum(Fraction(number.error) for number in gradient)


@pytest.mark.parametrize("first", LOSSES)
def test_shapes_that_do_not_fit_say_so(first):
    loss = LOSSES[first]
    with pytest.raises(InvalidArgument, match=rf"^labels: wanted shape \[1, 2\] as {first} has; got shape \[1, 3\]$"):
        loss([[0.5, 0.5]], [[1, 0, 0]])
    with pytest.raises(InvalidArgument, match=rf"^{first}: wanted a nested list of numbers \[N, K\]; got shape \[2\]$"):
        loss([0.5, 0.5], [1, 0])
    with pytest.raises(InvalidArgument, match=rf"^{first}: wanted .*; got an empty list$"):
        loss([[]], [[]])
    with pytest.raises(InvalidArgument, match=r"^labels: wanted a nested list of numbers; got int$"):
        loss([[0.5, 0.5]], 1)


@pytest.mark.parametrize("cotangent", [[1.0], [[1.0], [1.0]], [1.0, 1.0, 1.0]])
def test_a_cotangent_is_one_number_for_each_example(cotangent):
    with pytest.raises(InvalidArgument, match=r"^cotangent: wanted shape \[2\] of the losses; got shape "):
        reference.softmax_cross_entropy_with_logits_vjp([[0.0, 1.0]] * 2, [[1, 0]] * 2, cotangent)


ROWS = {
    "cross_entropy_vjp": ([[0.5, 0.5]], [[1, 0]]),
    "mean_squared_error_vjp": ([[0.5, 0.5]], [[1, 0]]),
    "sparse_softmax_cross_entropy_with_logits_vjp": ([[0.5, 0.5]], [1]),
    "negative_log_likelihood_vjp": ([[0.5, 0.5]], [1]),
}


@pytest.mark.parametrize("name", ROWS)
def test_every_gradient_of_rows_takes_one_cotangent_for_each(name):
    outputs, labels = ROWS[name]
    gradient = getattr(reference, name)
    assert reference.shape(gradient(outputs, labels, [1.0])) == (1, 2)
    with pytest.raises(InvalidArgument, match=r"^cotangent: wanted shape \[1\] of the losses; got shape \[2\]$"):
        gradient(outputs, labels, [1.0, 1.0])


@given(seeds, st.integers(1, 3), st.integers(1, 4))
@few
def test_squares_and_their_gradient_are_exact_in_fractions(seed, rows, outputs):
    make = random_fractions(seed)
    predictions, targets, cotangent = make(rows, outputs), make(rows, outputs), make(rows)
    losses = reference.mean_squared_error(predictions, targets)
    assert losses == [
        sum((p - t) ** 2 for p, t in zip(row, wanted, strict=True)) / outputs
        for row, wanted in zip(predictions, targets, strict=True)
    ]
    gradients = reference.mean_squared_error_vjp(predictions, targets, cotangent)
    assert gradients == [
        [g * 2 * (p - t) / outputs for p, t in zip(row, wanted, strict=True)]
        for row, wanted, g in zip(predictions, targets, cotangent, strict=True)
    ]
    assert reference.empirical_loss(losses) == sum(losses) / rows
    assert reference.empirical_loss_vjp(losses, cotangent[0]) == [cotangent[0] / rows] * rows


@pytest.mark.parametrize("cotangent", [None, "1", [1.0], [[1.0]]])
def test_the_gradient_of_a_mean_is_a_number(cotangent):
    with pytest.raises(InvalidArgument, match=r"^cotangent: wanted a number, as the mean is; got "):
        reference.empirical_loss_vjp([0.5, 0.25], cotangent)


def test_a_class_without_label_has_no_gradient_whatever_its_probability():
    assert reference.cross_entropy_vjp([[0.0, 0.5]], [[0, 1]], [3.0]) == [[0, -6]]
    assert reference.cross_entropy_vjp([[0.0, 0.5]], [[1, 0]], [3.0]) == [[-math.inf, 0]]
    assert reference.cross_entropy_vjp([[math.nan, 0.5]], [[0, 1]], [3.0]) == [[0, -6]]
