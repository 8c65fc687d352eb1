"""Errors carry what they say; arguments of the kinds that NumPy has count too."""

from __future__ import annotations

import numpy as np
import pytest

from reference import InvalidArgument, Undecidable
from reference.errors import is_integer, require_choice, require_pair, require_positive_integer


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
