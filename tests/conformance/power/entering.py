"""How a function is entered as a wrong or a right implementation of an operation.

The mistakes are those that get made: in reading a convention, in a gradient, in an index at the end of a tile, in the
precision of an accumulator, in the care for special values, in manners. What is right is right in many ways: other
orders of summation, other precisions, other formulas.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from threading import RLock
from typing import Any

import numpy as np

from conformance.implementations import numpy as base
from conformance.operation import Arguments

FLOAT32, FLOAT64 = ("float32",), ("float64",)
BOTH = FLOAT32 + FLOAT64

LATTICE, BOUND, LAWS, GRADIENTS = "lattice probes", "rounding bound", "laws", "gradients"
SPECIAL, BAD_INPUT, MANNERS, WORKED = "special values", "bad input", "manners", "worked examples"


#: Held by who replaces a part of the base, while that is replaced: two threads would put back each other's.
REPLACING = RLock()


@dataclass(frozen=True)
class WrongImplementation:
    """A function in place of one operation, the beginnings of the names of the checks that must catch it, and where.

    The witness is a call that it gets wrong: proof, without any check, that there is something to catch.
    """

    operation: str
    function: Callable[..., Any]
    caught_by: tuple[str, ...]
    dtypes: tuple[str, ...]
    cases: int
    witness: Arguments | None = None

    @property
    def name(self) -> str:
        return self.function.__name__


@dataclass(frozen=True)
class RightImplementation:
    """A function in place of one operation, which the suite must pass in every kind of check."""

    operation: str
    function: Callable[..., Any]
    cases: int

    @property
    def name(self) -> str:
        return self.function.__name__


WRONG_IMPLEMENTATIONS: list[WrongImplementation] = []
RIGHT_IMPLEMENTATIONS: list[RightImplementation] = []


def wrong(
    operation: str,
    *caught_by: str,
    dtypes: tuple[str, ...] = FLOAT32,
    cases: int = 50,
    where: Callable[..., bool] | None = None,
    witness: Arguments | None = None,
    silent: bool = True,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Enter a wrong implementation of an operation, with the kinds of checks (or single checks) that must catch it.

    The number of cases is itself a measure of power: a mistake that only few shapes betray needs many. `where` tells
    the calls in which the mistake is made: all others the base answers. With a witness, a mistake is one in numbers
    only: the base refuses what is no valid call. Unless it must be heard, NumPy warns of nothing in it.
    """

    def enter(function: Callable[..., Any]) -> Callable[..., Any]:
        confined = where is not None or witness is not None
        mistaken = _only_where(where, function, operation) if confined else function
        entered = np.errstate(all="ignore")(mistaken) if silent else mistaken
        WRONG_IMPLEMENTATIONS.append(WrongImplementation(operation, entered, caught_by, dtypes, cases, witness))
        return function

    return enter


def _only_where(where: Callable[..., bool] | None, function: Callable[..., Any], operation: str) -> Callable[..., Any]:
    @wraps(function)
    def mistaken(*arguments: Any, **how: Any) -> Any:
        right = getattr(base, operation)(*arguments, **how)
        return function(*arguments, **how) if where is None or where(*arguments, **how) else right

    return mistaken


def named(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Name one of several functions that differ in a number, so that each is told by it."""

    def rename(function: Callable[..., Any]) -> Callable[..., Any]:
        function.__name__ = name
        return function

    return rename


def right(operation: str, cases: int = 20) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Enter a right implementation of an operation."""

    def enter(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def checked(*arguments: Any, **how: Any) -> Any:
            getattr(base, operation)(*arguments, **how)  # refuses what is no valid call
            with np.errstate(all="ignore"):
                return function(*arguments, **how)

        RIGHT_IMPLEMENTATIONS.append(RightImplementation(operation, checked, cases))
        return function

    return enter
