"""Activations: special values, shapes, rows, and what is said of bad input."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
from reference import InvalidArgument
from tests.reference.support import few

ELEMENTWISE = [reference.relu, reference.sigmoid, reference.tanh, reference.softmax]
VJPS = [reference.relu_vjp, reference.sigmoid_vjp, reference.tanh_vjp]


@pytest.mark.parametrize("function", ELEMENTWISE)
@pytest.mark.parametrize("z", [[1.0], [[1.0, 2.0]], [[[1.0], [2.0]], [[3.0], [4.0]]]])
def test_any_shape_comes_back_in_that_shape(function, z):
    assert reference.shape(function(z)) == reference.shape(z)


@pytest.mark.parametrize("function", VJPS)
def test_a_gradient_has_the_shape_of_its_input(function):
    z = [[[1.0, -1.0]], [[0.0, 2.0]]]
    assert reference.shape(function(z, z)) == (2, 1, 2)


def test_relu_keeps_what_is_positive_and_nan():
    came = reference.relu([Fraction(-1, 3), Fraction(1, 3), math.inf, -math.inf, math.nan, -0.0])
    assert came[:4] == [0, Fraction(1, 3), math.inf, 0]
    assert math.isnan(came[4])
    assert came[5] == 0


def test_the_gradient_of_relu_at_its_kink_is_zero():
    assert reference.relu_vjp([0, 0.0, -0.0, 5e-324], [7, 7, 7, 7]) == [0, 0, 0, 7]


@given(st.floats(allow_nan=False))
@few
def test_squashing_functions_stay_in_their_range(z):
    assert 0 <= reference.sigmoid([z])[0] <= 1
    assert -1 <= reference.tanh([z])[0] <= 1
    assert reference.tanh([-z])[0] == -reference.tanh([z])[0]


def test_nan_and_infinities():
    assert reference.sigmoid([math.inf, -math.inf]) == [1, 0]
    assert reference.tanh([math.inf, -math.inf]) == [1, -1]
    assert all(map(math.isnan, reference.sigmoid([math.nan]) + reference.tanh([math.nan])))
    assert all(map(math.isnan, reference.softmax([1.0, math.nan])))


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


@pytest.mark.parametrize("function", ELEMENTWISE)
@pytest.mark.parametrize(
    ("z", "message"),
    [
        ([], "z: wanted a nested list of numbers, none of them empty; got an empty list"),
        ([[1.0], []], "z: wanted a nested list of numbers, none of them empty; got an empty list"),
        (
            [[1.0], [2.0, 3.0]],
            r"z: wanted a nested list of numbers, all of one length; got parts of shapes \[\[1\], \[2\]\]",
        ),
        ([1.0, [2.0]], "z: wanted a nested list of numbers; got lists and numbers side by side"),
        (["one"], "z: wanted a nested list of numbers; got 'one' inside"),
        ([None], "z: wanted a nested list of numbers; got None inside"),
        (1.0, "z: wanted a nested list of numbers; got float"),
    ],
)
def test_what_is_no_array_says_so(function, z, message):
    with pytest.raises(InvalidArgument, match=f"^{message}$"):
        function(z)


@pytest.mark.parametrize("function", VJPS)
def test_a_cotangent_of_another_shape_says_so(function):
    with pytest.raises(InvalidArgument, match=r"^cotangent: wanted shape \[2\] as z has; got shape \[1\]$"):
        function([1.0, 2.0], [1.0])
