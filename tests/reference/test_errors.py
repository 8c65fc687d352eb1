"""Errors carry what they say; arguments of the kinds that NumPy has count too."""

from __future__ import annotations

import math
import re
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reference import InvalidArgument, Undecidable
from reference.errors import (
    is_integer,
    is_number,
    require_choice,
    require_number,
    require_pair,
    require_positive_integer,
)
from reference.numbers import Arithmetic, Dual, Formula, Interval, Node, Rounded

SINGLE = Arithmetic("float32")
#: A half in every kind of number that an algorithm may be read with.
HALVES: list[Any] = [
    0.5,
    Fraction(1, 2),
    Decimal("0.5"),
    *(dtype(0.5) for dtype in (np.float16, np.float32, np.float64, np.longdouble)),
    Rounded(0.5, SINGLE),
    Interval(0.5),
    Dual(Fraction(1, 2), 1),
    Node(0.5),
    Formula("0.50"),
    Node(Rounded(0.5, SINGLE)),
]


def test_an_invalid_argument_carries_what_it_says():
    error = InvalidArgument("strides", "a positive integer", 0)
    assert isinstance(error, ValueError)
    assert (error.argument, error.wanted, error.got) == ("strides", "a positive integer", 0)
    assert str(error) == "strides: wanted a positive integer; got 0"
    assert str(InvalidArgument("z", "numbers", "shape [2]")) == "z: wanted numbers; got shape [2]"


def test_undecidable_is_an_error_of_arithmetic():
    assert issubclass(Undecidable, ArithmeticError)


@pytest.mark.parametrize("value", [1, np.int64(1), np.uint8(1)])
def test_whole_numbers_of_python_and_numpy_are_integers(value):
    assert is_integer(value)
    came = require_positive_integer("epochs", value)
    assert (came, type(came)) == (1, int)
    assert require_pair("strides", (value, 2)) == (1, 2)
    assert require_pair("strides", value) == (1, 1)


@pytest.mark.parametrize("value", [True, 1.0, "1", None, [1], np.float64(1), np.ones(1, int)], ids=repr)
def test_nothing_else_is_an_integer(value):
    assert not is_integer(value)
    with pytest.raises(InvalidArgument, match=r"^epochs: wanted a positive integer; got "):
        require_positive_integer("epochs", value)


@pytest.mark.parametrize("value", [(), (1,), (1, 2, 3), "12", (1, "2"), (1, -1), (0, 1), 0, None, 1.5])
def test_what_is_no_pair_says_so(value):
    with pytest.raises(
        InvalidArgument, match=r"^strides: wanted a positive integer, or two of them for rows and columns; got "
    ):
        require_pair("strides", value)


@pytest.mark.parametrize("value", ["full", "", None, 1, ["same"]])
def test_a_choice_is_one_of_the_choices(value):
    assert require_choice("padding", "same", ("valid", "same")) == "same"
    with pytest.raises(InvalidArgument, match=r"^padding: wanted 'valid' or 'same'; got "):
        require_choice("padding", value, ("valid", "same"))


@pytest.mark.parametrize("value", ["1", None, [1], (1,), {}, len])
def test_what_cannot_be_divided_is_no_number(value):
    assert not is_number(value)


@pytest.mark.parametrize("value", [*HALVES, 0, 1, np.int64(1), np.uint8(0), 5e-324], ids=repr)
def test_every_kind_of_number_comes_back_as_it_is(value):
    assert require_number("slope", value) is value
    assert require_number("slope", value, 0) is value
    assert require_number("slope", value, 0, 1) is value
    assert require_number("slope", value, high=1) is value


@pytest.mark.parametrize("value", HALVES, ids=repr)
@pytest.mark.parametrize(
    ("low", "high", "wanted"),
    [
        (1, math.inf, "a number of at least 1"),
        (-math.inf, 0.25, "a number of at most 0.25"),
        (0.75, 1, "a number from 0.75 to 1"),
        (0, 0.25, "a number from 0 to 0.25"),
    ],
)
def test_every_kind_of_number_is_held_to_its_range(value, low, high, wanted):
    message = f"^slope: wanted {wanted}; got {re.escape(repr(value))}$"
    with pytest.raises(InvalidArgument, match=message) as raised:
        require_number("slope", value, low, high)
    assert raised.value.argument == "slope"


@pytest.mark.parametrize("value", HALVES, ids=repr)
def test_a_range_may_end_before_its_bounds(value):
    assert require_number("slope", value, 0, below=1) is value
    assert require_number("slope", value, above=0) is value
    with pytest.raises(InvalidArgument, match=r"^slope: wanted a number above 0\.5; got "):
        require_number("slope", value, above=0.5)
    with pytest.raises(InvalidArgument, match=r"^slope: wanted a number from 0 to below 0\.5; got "):
        require_number("slope", value, 0, below=0.5)


@pytest.mark.parametrize("value", [10**400, Fraction(1, 10**400), Decimal("1e-4000"), np.float16(6e4)], ids=type)
def test_a_number_that_no_float_holds_is_one_all_the_same(value):
    assert require_number("slope", value, 0) is value


NOT_NUMBERS: list[Any] = [
    *(True, False, np.True_, 1j, np.complex64(1), "1", b"1", None, [1], (1,), {1: 2}, np.ones(1), np.ones(())),
    *(len, timedelta(1), Path("1"), np.datetime64("2020"), np.timedelta64(1, "s")),
    *(math.nan, math.inf, -math.inf, np.float32("nan"), np.float64("inf")),
    *(Decimal("nan"), Decimal("snan"), Decimal("inf"), Rounded(math.nan, SINGLE), Rounded(-math.inf, SINGLE)),
    *(Node(math.nan), Dual(math.inf), Formula(math.nan)),
]


@pytest.mark.parametrize("value", NOT_NUMBERS, ids=repr)
@pytest.mark.parametrize(("limits", "wanted"), [((), "a number"), ((0, 1), "a number from 0 to 1")])
def test_nothing_else_is_a_number(value, limits, wanted):
    with pytest.raises(InvalidArgument, match=f"^slope: wanted {wanted}; got {re.escape(repr(value))}$"):
        require_number("slope", value, *limits)


@pytest.mark.parametrize(
    "value", [Rounded(0, SINGLE, error=0.1), Interval(-1, 1), Interval(-math.inf, math.inf), Rounded(1, SINGLE, 1e30)]
)
def test_a_number_that_may_lie_in_the_range_is_taken_at_its_word(value):
    assert require_number("slope", value, 0) is value


def test_a_range_beyond_a_coarse_format_is_none_the_narrower():
    half = np.float16(0.5)
    assert require_number("slope", half, -1e300, 1e300) is half
    with pytest.raises(InvalidArgument, match=r"^slope: wanted a number of at least 1e\+300; got "):
        require_number("slope", half, 1e300)
    # Beside a float16, NumPy takes 1 + 2⁻²⁰ for 1.
    with pytest.raises(InvalidArgument):
        require_number("slope", np.float16(1), 1 + 2.0**-20)
