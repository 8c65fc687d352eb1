"""What every engine's room makes of an operation and its arguments."""

from __future__ import annotations

from collections.abc import Callable
from itertools import repeat
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np


def wall_clock(call: Callable[[], Any], count: int) -> float:
    """The seconds that so many calls take, one after the other."""
    start = perf_counter()
    for _ in repeat(None, count):
        call()
    return perf_counter() - start


class Prepared(NamedTuple):
    """A call with its arguments converted beforehand to the engine's own kind of array, all of it in memory.

    Args:
        call: does nothing but what is timed; when it returns, its result has been computed, or the clock knows better.
        arrays: makes what `call` returns into NumPy arrays, as the reference lays them out.
        clock: the seconds that so many calls take: of what runs on after they return, by a device's own clock.
    """

    call: Callable[[], Any]
    arrays: Callable[[Any], Any]
    clock: Callable[[Callable[[], Any], int], float] = wall_clock


def each(function: Callable[[Any], Any], value: Any) -> Any:
    """A function of every array, in tuples and lists where they are in some; hyperparameters stay as they are."""
    if isinstance(value, (tuple, list)):
        return tuple(each(function, part) for part in value)
    return value if isinstance(value, (bool, int, float, str, type(None))) else function(value)


def as_arrays(result: Any) -> Any:
    """Whatever NumPy takes for an array, as one of its own."""
    return each(np.asarray, result)
