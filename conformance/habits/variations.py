"""The same call with other numbers: what is looked at when one call is to be told from another."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from conformance.arrays import Array, map_arrays
from conformance.layouts import long_axis
from conformance.operation import Arguments

#: More other calls in a row than anyone has buffers to hand out in turn.
OTHERS = 4


def others(arguments: Arguments) -> list[Arguments]:
    """Calls of the same shapes with other numbers, in the same ranges."""
    return [_varied(partial(_moved, places), arguments) for places in range(1, OTHERS + 1)]


def turned(arguments: Arguments) -> Arguments:
    """A call with the same numbers in another order."""
    return _varied(partial(_rolled, 1), arguments)


def with_another_end(arguments: Arguments) -> Arguments:
    """A call with the same numbers but the last one of each array of floats: its beginning tells nothing."""
    return _varied(_ending_otherwise, arguments)


def constant_along_an_axis(arguments: Arguments) -> Arguments:
    """A call with arrays that are constant along their first axis longer than 1."""
    return _varied(_constant, arguments)


def _moved(places: int, array: Array) -> Array:
    """Every number some places on in its row; floats are nearer to zero, and not negative now and then."""
    moved = _rolled(places, array)
    if array.dtype.kind != "f" or holds_shares(array):
        return moved
    return np.asarray((np.abs(moved) if places % 2 == 0 else moved) * array.dtype.type(2.0**-places))


def _rolled(places: int, array: Array) -> Array:
    return np.roll(array, places, axis=-1) if array.ndim else array


def _ending_otherwise(array: Array) -> Array:
    if array.dtype.kind != "f" or holds_shares(array):
        return array
    other = array.copy()
    other.flat[-1] = array.flat[-1] / 2 or 0.5
    return other


def _constant(array: Array) -> Array:
    axis = long_axis(array)
    if axis is None or (axis == array.ndim - 1 and holds_shares(array)):
        return array
    return np.repeat(np.take(array, [0], axis), array.shape[axis], axis)


def holds_shares(array: Array) -> bool:
    """Whether each row sums to 1, as rows of a distribution do; they must still do so when they are varied."""
    return array.ndim > 0 and array.dtype.kind == "f" and bool((array.sum(axis=-1) == 1).all())


def _varied(change: Callable[[Array], Array], arguments: Arguments) -> Arguments:
    return dict(map_arrays(change, arguments))
