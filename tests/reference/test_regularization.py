"""Regularization: masks, scales, penalties, and when training stops."""

from __future__ import annotations

from fractions import Fraction

import pytest

import reference
from reference import InvalidArgument


def test_dropout_scales_exactly():
    came = reference.dropout([[Fraction(3), Fraction(5)]], [[1, 0]], rate=Fraction(1, 3))
    assert came == [[Fraction(9, 2), 0]]


def test_a_rate_of_zero_still_drops_what_the_mask_says():
    assert reference.dropout([2.0, 3.0], [0, 1], rate=0) == [0, 3]


@pytest.mark.parametrize("rate", [0.0, 0.25, 0.5, 0.9])
def test_masks_are_kept_at_the_rate_that_is_asked_for(rate):
    count = 10_000
    kept = sum(reference.draw_mask((count,), rate=rate, seed=7))
    # Chebyshev: six standard deviations are exceeded once in 36 seeds at most, and this seed is known.
    assert (kept - count * (1 - rate)) ** 2 <= 36 * count * rate * (1 - rate)


def test_a_seed_gives_the_same_mask_again_and_another_one_another():
    masks = [reference.draw_mask((3, 4), rate=0.5, seed=seed) for seed in (1, 1, 2)]
    assert masks[0] == masks[1] != masks[2]
    assert reference.shape(masks[0]) == (3, 4)


def test_penalties_are_exact_on_fractions():
    weights = ([[Fraction(1, 3), 2]], [Fraction(-1, 2)])
    assert reference.l2_penalty(weights, coefficient=Fraction(1, 2)) == [Fraction(37, 18), Fraction(1, 8)]
    gradients = reference.l2_penalty_vjp(weights, [1, 2], coefficient=Fraction(1, 2))
    assert gradients == ([[Fraction(1, 3), 2]], [-1])


@pytest.mark.parametrize(
    ("losses", "patience", "min_delta", "wanted"),
    [
        ([5.0], 0, 0, (0, 1)),
        ([5.0, 4.0, 3.0], 0, 0, (2, 3)),
        ([5.0, 5.0, 3.0], 0, 0, (0, 2)),
        ([5.0, 5.0, 3.0], 1, 0, (0, 2)),
        ([5.0, 5.0, 3.0], 2, 0, (2, 3)),
        ([5.0, 4.5, 4.0, 3.5], 1, 0.5, (0, 2)),
        ([5.0, 4.5, 4.0, 3.5], 2, 0.5, (2, 4)),
        ([5.0, 6.0, 4.0, 6.0, 6.0, 1.0], 2, 0, (2, 5)),
    ],
)
def test_training_stops_when_patience_ends(losses, patience, min_delta, wanted):
    assert reference.early_stopping(losses, patience=patience, min_delta=min_delta) == wanted


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: reference.dropout([1.0], [1, 0], rate=0.5),
            r"mask: wanted shape \[1\] as inputs has; got shape \[2\]",
        ),
        (lambda: reference.dropout([1.0], [2], rate=0.5), r"mask: wanted 0 or 1 in each place; got 2 among them"),
        (lambda: reference.dropout([1.0], [1], rate=1), r"rate: wanted a number from 0 to below 1; got 1"),
        (lambda: reference.dropout([1.0], [1], rate=-0.5), r"rate: wanted a number from 0 to 1; got -0.5"),
        (lambda: reference.draw_mask((0,), rate=0.5, seed=0), r"lengths: wanted a positive integer; got 0"),
        (lambda: reference.l2_penalty([[1.0]], coefficient=1), r"weights: wanted a tuple of arrays, .*; got list .*"),
        (lambda: reference.l2_penalty(([1.0],), coefficient=-1), r"coefficient: wanted a number of at least 0; got -1"),
        (lambda: reference.early_stopping([1.0], patience=1.5), r"patience: wanted a whole number of at least 0; .*"),
    ],
)
def test_what_does_not_fit_is_said(call, message):
    with pytest.raises(InvalidArgument, match=f"^{message}$"):
        call()
