"""How a function is entered that computes as one of the alternatives does, and those that get it wrong.

Each room has a module of them, over NumPy arrays.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

import numpy as np

from conformance.implementations import numpy as base
from conformance.implementations.numpy.arguments import Array

BOTH = ("float32", "float64")
#: What the telling calls claim in both formats.
ULPS = {"exp": 3, "log": 4, "tanh": 2}


@dataclass
class Way:
    """A way to compute an operation: its text, a function that computes so, and functions that get it wrong.

    `cases`: how many are to decide where it is got wrong.
    `telling`: gives, for a dtype, a call in which a right function is beyond the bounds of the reference's own text.
    """

    operation: str
    text: Callable[..., Any]
    right: Callable[..., Any]
    cases: int = 200
    wrong: list[Callable[..., Any]] = field(default_factory=list)
    telling: Callable[[str], tuple[Callable[..., Any], list[Array]]] | None = None


WAYS: list[Way] = []


def refusing(operation: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that refuses what is no valid call."""

    @wraps(function)
    def checked(*arguments: Any, **how: Any) -> Any:
        getattr(base, operation)(*arguments, **how)
        with np.errstate(all="ignore"):
            return function(*arguments, **how)

    return checked


def computes(
    operation: str, text: Callable[..., Any], cases: int = 200
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Enter a function that computes an operation as a text does, and, for every text, the one that is off by 0.1%."""

    def enter(function: Callable[..., Any]) -> Callable[..., Any]:
        way = Way(operation, text, refusing(operation, function), cases)
        WAYS.append(way)

        def a_thousandth_too_much(*arguments: Any, **how: Any) -> Any:
            """Every number is 0.1% too large."""
            result = function(*arguments, **how)
            parts = [part * part.dtype.type(1.001) for part in (result if isinstance(result, tuple) else (result,))]
            return tuple(parts) if isinstance(result, tuple) else parts[0]

        way.wrong.append(refusing(operation, a_thousandth_too_much))
        return function

    return enter


def wrong(function: Callable[..., Any]) -> Callable[..., Any]:
    """Enter a function that gets the way before it wrong."""
    WAYS[-1].wrong.append(refusing(WAYS[-1].operation, function))
    return function


def telling(call: Callable[[str], tuple[Callable[..., Any], list[Array]]]) -> None:
    """Enter the call in which the way before it is beyond the bounds of the reference's own text."""
    WAYS[-1].telling = call


def dtype_of(name: str) -> Any:
    """What makes numbers of a format."""
    return np.dtype(name).type
