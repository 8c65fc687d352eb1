"""Baselines: the hinge loss around its margin, and what is said of bad input."""

from __future__ import annotations

from fractions import Fraction

import pytest

from reference import InvalidArgument, hinge_loss, hinge_loss_vjp


def test_a_loss_is_what_lacks_to_the_margin():
    scores = [Fraction(n, 4) for n in range(-12, 13)]
    for sign in (1, -1):
        losses = hinge_loss(scores, [sign] * len(scores))
        for score, loss in zip(scores, losses, strict=True):
            assert loss == (1 - sign * score if sign * score < 1 else 0)


def test_only_examples_inside_the_margin_have_a_gradient():
    scores = [Fraction(3, 2), 1, Fraction(1, 2), Fraction(-3, 2)]
    assert hinge_loss_vjp(scores, [1] * 4, [2, 3, 5, 7]) == [0, 0, -5, -7]
    assert hinge_loss_vjp(scores, [-1] * 4, [2, 3, 5, 7]) == [2, 3, 5, 0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([[1]], [1], [1]), r"scores: wanted a nested list of numbers \[N\]; got shape \[1, 1\]"),
        (([1, 2], [1], [1, 1]), r"labels: wanted shape \[2\] for 2 examples; got shape \[1\]"),
        (([1], [0], [1]), r"labels: wanted \+1 or -1 for each example; got 0 among them"),
    ],
)
def test_bad_arguments_say_what_was_wanted_and_what_came(arguments, message):
    with pytest.raises(InvalidArgument, match=f"^{message}$"):
        hinge_loss(*arguments[:2])
    with pytest.raises(InvalidArgument, match=f"^{message}$"):
        hinge_loss_vjp(*arguments)


def test_a_cotangent_has_a_number_for_each_example():
    with pytest.raises(InvalidArgument, match=r"^cotangent: wanted shape \[1\] of the losses; got shape \[2\]$"):
        hinge_loss_vjp([1], [1], [1, 2])
