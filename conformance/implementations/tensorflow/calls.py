"""What calls are, for the sets of calls that deviate: predicates and sizes that several rooms need.

An argument of a call may be anything, text or None too. What raises here makes the call one of no set.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from conformance.arrays import arrays_in
from conformance.deviations import Deviation
from conformance.outcomes import Severity
from reference.errors import is_integer

SINCE = "TensorFlow 2.21.0"

Shape = tuple[int, ...]
Pair = tuple[int, int]


def leniency(
    operation: str, reason: str, calls: Callable[..., bool], smallest: dict[str, Any], instead: str, **more: Any
) -> Deviation:
    """A set of calls that get an answer where the reference refuses them."""
    return Deviation(
        operation=operation,
        reason=reason,
        severity=Severity.ACCEPTS,
        calls=calls,
        smallest=smallest,
        instead=instead,
        since=SINCE,
        **more,
    )


def numbers(*shape: int) -> Any:
    """Ones, for a smallest case."""
    return np.ones(shape)


def shape(array: Any) -> Shape:
    """The shape of an array of numbers, or of a number; raises for anything else."""
    if isinstance(array, float):
        return ()
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "iuf":
        raise TypeError(f"{type(array).__name__} is no array of numbers")
    return array.shape


def has_objects(**arguments: Any) -> bool:
    return any(array.dtype.kind == "O" for array in arrays_in(arguments))


def none_as_nan(operation: str, smallest: dict[str, Any]) -> Deviation:
    """What TensorFlow makes of None among the numbers of an array of objects."""
    reason = "None inside an array of objects is taken for NaN"
    return leniency(operation, reason, has_objects, smallest, "the result with NaN in that place")


def rounds_to_float32(*hyperparameters: Any) -> bool:
    """Whether one of some numbers isn't one of float32's."""
    return any(float(np.float32(number)) != number for number in hyperparameters)


def is_empty(array: Any) -> bool:
    return 0 in shape(array)


def infinite_or_nan(array: Any) -> Any:
    return ~np.isfinite(array)


def is_cut(size: Any) -> bool:
    """Whether a stride or window size is neither an integer nor a pair of them."""
    entries = size if isinstance(size, (tuple, list)) and len(size) == 2 else (size,)
    return not all(is_integer(entry) for entry in entries)


def cut(size: Any) -> Pair:
    """The (rows, columns) that TensorFlow makes of a stride or window size: 1 of None, and integers of numbers."""
    several = isinstance(size, (tuple, list, set)) or np.ndim(size) == 1
    entries = (1,) if size is None else tuple(size) if several else (size,)
    rows, columns = {1: entries * 2, 2: entries, 4: entries[1:3]}[len(entries)]
    if min(int(rows), int(columns)) < 1 or isinstance(rows, str) or isinstance(columns, str):
        raise ValueError(f"{size!r} makes no steps")
    return int(rows), int(columns)


def places(size: Pair, window: Pair, strides: Pair, padding: str) -> Pair:
    """How many places a window has, by TensorFlow's rule: 0 where it is a little larger than the image."""
    pairs = []
    for length, extent, step in zip(size, window, strides, strict=True):
        count = -(-length // step) if padding == "same" else int((length - extent + step) / step)
        if count < 0 or padding not in ("same", "valid"):
            raise ValueError("no place")
        pairs.append(count)
    return pairs[0], pairs[1]
