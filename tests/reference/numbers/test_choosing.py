"""Decisions between uncertain numbers: made, undecidable, or everything that may come of them."""

from __future__ import annotations

import math
from fractions import Fraction
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reference import Undecidable, elementary
from reference.numbers import Arithmetic, Rounded
from tests.reference.numbers.bounded_calls import SINGLE
from tests.reference.support import many, seeds


@given(st.floats(-2, 2, width=32), st.floats(0, 1, width=32), st.floats(-4, 4, width=32), st.floats(-4, 4, width=32))
@example(0.0, 0.0, 1.0, -3.0)
@many
def test_an_uncertain_sign_gives_everything_between_both_branches(x: float, error: float, yes: float, no: float):
    chosen = elementary.where_positive(Rounded(x, Arithmetic("float32", flush_to_zero=False), error), yes, no)
    if abs(x) > error:
        assert chosen == (yes if x > 0 else no)
    else:
        # Two branches that are equal leave nothing to decide: the bound is that of either.
        assert chosen.undecided == (yes != no)
        for share in (0, Fraction(1, 3), 1):
            between = share * Fraction(yes) + (1 - share) * Fraction(no)
            assert abs(chosen.value - between) <= Fraction(chosen.error)


@given(st.integers(-3, 3), st.floats(0, 2, width=32), st.floats(0, 2, width=32))
@many
def test_equal_branches_are_decided_with_the_error_of_either(value: int, of_yes: float, of_no: float):
    yes, no = Rounded.within(value, SINGLE, of_yes), Rounded.within(value, SINGLE, of_no)
    chosen = elementary.where_positive(Rounded(0, SINGLE), yes, no)
    assert not chosen.undecided
    assert chosen.error == max(of_yes, of_no)
    assert chosen.value == value


def test_branches_of_which_nothing_is_known_are_not_taken_for_equal():
    unknown = Rounded(0.001, SINGLE, error=0.01) / Rounded(0, SINGLE)
    chosen = elementary.where_positive(Rounded(0, SINGLE), unknown, unknown)
    assert chosen.undecided
    assert chosen.error == math.inf


def test_branches_half_a_smallest_double_apart_are_not_taken_for_one():
    arithmetic = Arithmetic("float64", flush_to_zero=False)
    chosen = elementary.where_positive(Rounded(0, arithmetic), Rounded(5e-324, arithmetic), Rounded(0, arithmetic))
    assert chosen.undecided
    assert chosen.value == Fraction(5e-324) / 2
    assert chosen.distance(0.0) <= chosen.error
    assert chosen.distance(5e-324) <= chosen.error


def test_beside_an_infinity_what_is_unknown_may_be_the_largest_too():
    unknown = Rounded(0.001, SINGLE, error=0.01) / Rounded(0, SINGLE)
    gradient = Rounded(7, SINGLE)
    infinite, nothing, finite = elementary.shares_of_largest([Rounded(math.inf, SINGLE), unknown, 3], gradient)
    assert infinite.undecided
    assert nothing.undecided
    assert finite == 0


@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(0, 2)), min_size=2, max_size=5), seeds)
@many
def test_the_maximum_of_uncertain_numbers_holds_every_possible_maximum(numbers: list[tuple[int, int]], seed: int):
    winner = Rounded(numbers[0][0], SINGLE, float(numbers[0][1]))
    for value, error in numbers[1:]:
        winner = winner.maximum(Rounded(value, SINGLE, float(error)))
    random = Random(seed)
    for _ in range(8):
        possible = max(value + error * random.choice((-1.0, 0.0, 0.5, 1.0)) for value, error in numbers)
        assert winner.distance(possible) <= winner.error
    assert winner.value == max(value for value, _ in numbers)


@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(0, 2)), min_size=1, max_size=5), st.integers(-5, 5))
@many
def test_everyone_who_may_have_won_shares_the_gradient(numbers: list[tuple[int, int]], gradient: int):
    values = [Rounded(value, SINGLE, float(error)) for value, error in numbers]
    shares = values[0].shares_of_largest(values, Rounded(gradient, SINGLE))
    lowest_winner = max(value - error for value, error in numbers)
    certain_winners = [
        place
        for place, (value, error) in enumerate(numbers)
        if all(value - error > other + slack for i, (other, slack) in enumerate(numbers) if i != place)
    ]
    for place, (share, (value, error)) in enumerate(zip(shares, numbers, strict=True)):
        if place in certain_winners:
            assert share == gradient
        elif certain_winners:
            assert share == 0
        elif value + error >= lowest_winner:
            assert share.undecided == (gradient != 0)
            assert share.distance(float(gradient)) <= share.error
            assert share.distance(0.0) <= share.error


@given(st.integers(-3, 3), st.integers(-3, 3), st.integers(0, 3), st.integers(0, 3))
@many
def test_comparisons_are_undecidable_only_within_the_errors(x: int, y: int, of_x: int, of_y: int):
    left, right = Rounded(x, SINGLE, float(of_x)), Rounded(y, SINGLE, float(of_y))
    comparisons = {
        "<": (lambda: left < right, x < y),
        "<=": (lambda: left <= right, x <= y),
        ">": (lambda: left > right, x > y),
        ">=": (lambda: left >= right, x >= y),
        "==": (lambda: left == right, x == y),
    }
    for compare, answer in comparisons.values():
        if (of_x or of_y) and abs(x - y) <= of_x + of_y:
            with pytest.raises(Undecidable, match="nearer to each other than their errors"):
                compare()
        else:
            assert compare() == answer


def test_what_may_have_overflowed_compares_with_nothing():
    unknown = Rounded(SINGLE.largest, SINGLE) * 2 - Rounded(SINGLE.largest, SINGLE)
    unknown = Rounded(SINGLE.largest, SINGLE) + SINGLE.largest - SINGLE.largest if unknown.error == 0 else unknown
    for other in (1, math.inf):
        with pytest.raises(Undecidable):
            _ = unknown < other
