"""Softmax and its logarithm: rows, special values, shapes, and what is said of bad input."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
from reference import InvalidArgument
from reference.numbers import Arithmetic, Rounded
from tests.reference.support import NO_ARRAYS, few

ROWS = [reference.softmax, reference.log_softmax]
VJPS = [reference.softmax_vjp, reference.log_softmax_vjp]


@pytest.mark.parametrize("function", ROWS)
@pytest.mark.parametrize("z", [[1.0], [[1.0, 2.0]], [[[1.0], [2.0]], [[3.0], [4.0]]]])
def test_any_shape_comes_back_in_that_shape(function, z):
    assert reference.shape(function(z)) == reference.shape(z)


@pytest.mark.parametrize("function", VJPS)
def test_a_gradient_has_the_shape_of_its_input(function):
    z = [[[1.0, -1.0]], [[0.0, 2.0]]]
    assert reference.shape(function(z, z)) == (2, 1, 2)


@given(st.lists(st.integers(-700, 700), min_size=1, max_size=4), st.integers(-(10**6), 10**6))
@few
def test_softmax_is_the_same_wherever_the_scores_lie(row, shift):
    # Integers: the shift is exact, so that the same exponentials are taken.
    assert reference.softmax(row) == reference.softmax([score + shift for score in row])


def test_softmax_takes_every_row_of_the_last_axis():
    rows = [[0, 1], [5, 5], [1000, -1000]]
    assert reference.softmax([rows, rows])[1] == [reference.softmax(row) for row in rows]
    assert reference.softmax([7]) == [1]
    assert reference.softmax([3, 3, 3, 3]) == [0.25] * 4


def test_log_softmax_is_the_logarithm_where_that_can_be_taken():
    arithmetic = Arithmetic("float64")
    row = [Rounded(score, arithmetic) for score in (3, -1, Fraction(1, 2), 3)]
    for logarithm, probability in zip(reference.log_softmax(row), reference.softmax(row), strict=True):
        apart = logarithm.value - probability.log().value
        assert abs(apart) <= Fraction(logarithm.error) + Fraction(probability.log().error)
    assert reference.log_softmax([1000.0, 0.0, -math.inf]) == [0, -1000, -math.inf]
    assert all(map(math.isnan, reference.log_softmax([-math.inf, -math.inf])))


def test_gradients_of_rows_take_the_row_s_own_cotangents():
    z, g = [[0.0, 0.0], [0.0, 0.0]], [[4.0, 0.0], [0.0, 8.0]]
    assert reference.softmax_vjp(z, g) == [[1.0, -1.0], [-2.0, 2.0]]
    assert reference.log_softmax_vjp(z, g) == [[2.0, -2.0], [-4.0, 4.0]]


def test_cotangents_that_are_all_alike_move_no_score():
    assert reference.softmax_vjp([2.0, 2.0], [5.0, 5.0]) == [0, 0]
    assert reference.log_softmax_vjp([1.0, 1000.0], [0.0, 0.0]) == [0, 0]


def test_nan_makes_its_row_nan():
    assert all(map(math.isnan, reference.softmax([1.0, math.nan])))


@pytest.mark.parametrize("function", ROWS)
@pytest.mark.parametrize(("z", "message"), NO_ARRAYS)
def test_what_is_no_array_says_so(function, z, message):
    with pytest.raises(InvalidArgument, match=f"^{message}$"):
        function(z)


@pytest.mark.parametrize("function", VJPS)
def test_a_cotangent_of_another_shape_says_so(function):
    with pytest.raises(InvalidArgument, match=r"^cotangent: wanted shape \[2\] as z has; got shape \[1\]$"):
        function([1.0, 2.0], [1.0])
