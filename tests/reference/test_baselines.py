"""Baselines: the hinge loss around its margin, and what is said of bad input."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest

import reference
from reference import InvalidArgument, Undecidable, hinge_loss, hinge_loss_vjp
from reference.numbers import Arithmetic, Rounded


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


def test_each_class_has_an_equal_part_of_the_draws():
    for classes in (1, 3, 7, 10):
        draws = [Fraction(i, 2 * classes) for i in range(2 * classes)]
        assert reference.random_baseline(draws, classes=classes) == [i // 2 for i in range(2 * classes)]
    assert reference.random_baseline([-0.5, 1.0, 7.5], classes=3) == [0, 2, 2]


def test_of_classes_as_frequent_the_first_is_predicted():
    assert reference.most_frequent_class([2, 1, 2, 1, 0], [[0.0]], classes=4) == [1]
    with pytest.raises(InvalidArgument, match=r"^labels: wanted integers from 0 to 1; got 2 among them$"):
        reference.most_frequent_class([2], [[0.0]], classes=2)


def test_of_examples_as_near_the_earlier_comes_first_and_nan_last():
    features, labels = [[Fraction(1, 3)], [math.nan], [Fraction(-1, 3)], [2]], [2, 1, 0, 1]
    came = reference.nearest_neighbors(features, labels, [[0]], neighbors=3, classes=3)
    assert came.places == [[0, 2, 3]]
    assert came.distances == [[Fraction(1, 9), Fraction(1, 9), 4]]
    assert came.classes == [0]
    everything = reference.nearest_neighbors(features, labels, [[0]], neighbors=4, classes=3)
    assert everything.places == [[0, 2, 3, 1]]
    assert everything.classes == [1]


def test_whether_an_example_is_nearer_may_be_undecidable():
    single = Arithmetic("float32")
    features = [[Rounded(0.1, single)], [Rounded(-0.1, single)]]
    with pytest.raises(Undecidable):
        reference.nearest_neighbors(features, [0, 1], [[Rounded(1e-12, single)]], neighbors=1, classes=2)


@pytest.mark.parametrize("neighbors", [0, 3, 1.0, None])
def test_no_more_neighbors_vote_than_there_are_examples(neighbors):
    with pytest.raises(InvalidArgument, match=r"^neighbors: wanted "):
        reference.nearest_neighbors([[0.0], [1.0]], [0, 1], [[0.0]], neighbors=neighbors, classes=2)
