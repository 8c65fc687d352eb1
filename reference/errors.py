"""What every function of the project says when its input is wrong, or its question has no answer.

Reference and fast paths raise the same errors with the same words, so that a message learnt on one floor is understood
on all of them: the argument, what was wanted, and what came.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from numbers import Real
from typing import Any, TypeGuard


class InvalidArgument(ValueError):
    """An argument is not what the function can work with; says which, what was wanted and what came.

    >>> raise InvalidArgument("strides", "a positive integer, or two of them", 0)
    Traceback (most recent call last):
        ...
    reference.errors.InvalidArgument: strides: wanted a positive integer, or two of them; got 0
    """

    def __init__(self, argument: str, wanted: str, got: object) -> None:
        super().__init__(f"{argument}: wanted {wanted}; got {got if isinstance(got, str) else repr(got)}")
        self.argument, self.wanted, self.got = argument, wanted, got

    def __reduce__(self) -> tuple[type[InvalidArgument], tuple[str, str, object]]:
        """How it gets from one process to another: made anew, of all three."""
        return InvalidArgument, (self.argument, self.wanted, self.got)


class Undecidable(ArithmeticError):
    """A comparison whose operands are nearer to each other than their errors: either answer could be right."""


def is_number(value: object) -> bool:
    """Whether a value can be divided, as numbers can and texts, lists and None cannot."""
    return hasattr(value, "__truediv__") and not hasattr(value, "__len__")


def is_integer(value: object) -> TypeGuard[int]:
    """Whether a value counts as an integer: Python's and NumPy's do, True and False do not."""
    return hasattr(value, "__index__") and not isinstance(value, bool) and getattr(value, "shape", ()) == ()


def require_positive_integer(argument: str, value: object) -> int:
    """Return the value as an int, or say that a positive integer was wanted."""
    # Plain integers are most of what comes: of a short call, the other questions would be a good part.
    if type(value) is int and value > 0:
        return value
    if not is_integer(value) or int(value) < 1:
        raise InvalidArgument(argument, "a positive integer", repr(value))
    return int(value)


def require_number(
    argument: str,
    value: Any,
    low: float = -math.inf,
    high: float = math.inf,
    *,
    above: float = -math.inf,
    below: float = math.inf,
) -> Any:
    """Return the value unchanged if it is a finite number from low to high, or say that one was wanted.

    `above` and `below` bound the range, too, and lie outside. Python's and NumPy's real numbers count, and whatever
    number type an algorithm is read with; True and False do not.
    """
    if type(value) is float and low <= value <= high and above < value < below:
        return value
    if not _is_real(value) or not _lies_within(value, low, high, above, below):
        raise InvalidArgument(argument, _range_in_words(low, high, above, below), repr(value))
    return value


def _is_real(value: object) -> bool:
    if isinstance(value, bool) or not is_number(value):
        return False
    # NumPy's complex numbers and truth values divide and compare too.
    return isinstance(value, (Real, Decimal)) or not hasattr(value, "dtype")


def _lies_within(value: Any, low: float, high: float, above: float, below: float) -> bool:
    """Whether a number is known to lie in a range, or may: a type that can't decide is taken at its word."""
    value = value.item() if hasattr(value, "item") else value
    try:
        # NaN fails every comparison.
        return bool(above < value < below and low <= value <= high)
    except Undecidable:
        return True
    except (TypeError, InvalidOperation):
        return False


def _range_in_words(low: float, high: float, above: float, below: float) -> str:
    if above > -math.inf:
        return f"a number above {above:g}"
    if below < math.inf:
        return f"a number from {low:g} to below {below:g}"
    if low == -math.inf:
        return "a number" if high == math.inf else f"a number of at most {high:g}"
    return f"a number of at least {low:g}" if high == math.inf else f"a number from {low:g} to {high:g}"


def require_pair(argument: str, value: object) -> tuple[int, int]:
    """Return (rows, columns) from a positive integer or a pair of them."""
    if type(value) is int and value > 0:
        return value, value
    pair = tuple(value) if isinstance(value, Sequence) and not isinstance(value, str) else (value, value)
    if len(pair) != 2 or not all(is_integer(entry) and int(entry) >= 1 for entry in pair):
        raise InvalidArgument(argument, "a positive integer, or two of them for rows and columns", repr(value))
    return int(pair[0]), int(pair[1])


def require_choice(argument: str, value: object, choices: Sequence[str]) -> str:
    """Return the value if it is one of the choices."""
    if not isinstance(value, str) or value not in choices:
        raise InvalidArgument(argument, " or ".join(repr(choice) for choice in choices), repr(value))
    return value
