"""Nested lists: their shapes, and what is said of lists that are no arrays."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
from reference import InvalidArgument
from reference.arrays import require_array, zeros
from tests.reference.support import many

lengths = st.lists(st.integers(1, 4), min_size=1, max_size=4)


@given(lengths)
@many
def test_reshaping_keeps_numbers_and_order(axes):
    numbers = list(range(math.prod(axes)))
    array = reference.reshape(numbers, axes)
    assert reference.shape(array) == tuple(axes)
    assert reference.flatten(array) == numbers
    assert reference.reshape(array, (len(numbers),)) == numbers
    assert reference.reshape(zeros(axes), [1, *axes]) == [zeros(axes)]


def test_a_single_number_has_no_axes():
    assert reference.shape(5) == ()
    assert reference.reshape([[5]], ()) == 5


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        ((3,), r"lengths: wanted a shape of 4 numbers; got \(3,\)"),
        ((), r"lengths: wanted a shape of 4 numbers; got \(\)"),
        ((-2, -2), r"lengths: wanted a positive integer; got -2"),
        ((0, 4), r"lengths: wanted a positive integer; got 0"),
        ((2.0, 2), r"lengths: wanted a positive integer; got 2\.0"),
        (4, r"lengths: wanted a tuple of positive integers; got 4"),
    ],
)
def test_lengths_that_do_not_fit_say_so(axes, message):
    with pytest.raises(InvalidArgument, match=f"^{message}$"):
        reference.reshape([[1, 2], [3, 4]], axes)


class LooksLikeAnArray:
    def tolist(self):
        return [1]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([[1, 2], [3]], r"x: wanted .*, all of one length; got parts of shapes \[\[1\], \[2\]\]"),
        ([[1], 2], r"x: wanted .*; got lists and numbers side by side"),
        ([[]], r"x: wanted .*, none of them empty; got an empty list"),
        ([[1, None]], r"x: wanted .*; got None inside"),
        ([(1, 2)], r"x: wanted .*; got \(1, 2\) inside"),
        ("12", r"x: wanted .*; got str"),
        (LooksLikeAnArray(), r"x: wanted .*; got LooksLikeAnArray \(its \.tolist\(\) is one\)"),
        ([1, 2], r"x: wanted a nested list of numbers \[N, D\]; got shape \[2\]"),
        ([[[1]]], r"x: wanted a nested list of numbers \[N, D\]; got shape \[1, 1, 1\]"),
    ],
)
def test_what_is_no_matrix_says_so(value, message):
    with pytest.raises(InvalidArgument, match=f"^{message}$"):
        require_array("x", value, "N D")
