"""How a function is entered as a wrong or a right implementation of an operation.

The mistakes are those that get made: in reading a convention, in a gradient, in an index at the end of a tile, in the
precision of an accumulator, in the care for special values, in manners. What is right is right in many ways: other
orders of summation, other precisions, other formulas.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

import numpy as np

from conformance.implementations import numpy as base

FLOAT32, FLOAT64 = ("float32",), ("float64",)
BOTH = FLOAT32 + FLOAT64

LATTICE, BOUND, LAWS, GRADIENTS = "lattice probes", "rounding bound", "laws", "gradients"
SPECIAL, BAD_INPUT, MANNERS, WORKED = "special values", "bad input", "manners", "worked examples"


@dataclass(frozen=True)
class WrongImplementation:
    """A function in place of one operation, the beginnings of the names of the checks that must catch it, and where."""

    operation: str
    function: Callable[..., Any]
    caught_by: tuple[str, ...]
    dtypes: tuple[str, ...]
    cases: int

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
    operation: str, *caught_by: str, dtypes: tuple[str, ...] = FLOAT32, cases: int = 50, silent: bool = True
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Enter a wrong implementation of an operation, with the kinds of checks (or single checks) that must catch it.

    The number of cases is itself a measure of power: a mistake that only few shapes betray needs many. Unless it must
    be heard, NumPy warns of nothing in it.
    """

    def enter(function: Callable[..., Any]) -> Callable[..., Any]:
        entered = np.errstate(all="ignore")(function) if silent else function
        WRONG_IMPLEMENTATIONS.append(WrongImplementation(operation, entered, caught_by, dtypes, cases))
        return entered

    return enter


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
