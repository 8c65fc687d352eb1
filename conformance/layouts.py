"""How arrays may lie in memory, and in which dtypes they may hold integers: each means the same."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from conformance.arrays import Array

#: What stands around an array that is a part of a larger one: whoever reads beyond its end reads this.
AROUND = {"f": np.nan, "i": 99}


def _read_only(array: Array) -> Array:
    locked = array.copy()
    locked.flags.writeable = False
    return locked


def _strided(array: Array) -> Array:
    return np.repeat(array, 2, axis=-1)[..., ::2] if array.ndim else array


def _reversed(array: Array) -> Array:
    return np.ascontiguousarray(array[::-1])[::-1] if array.ndim else array


def _mirrored(array: Array) -> Array:
    return np.ascontiguousarray(array[..., ::-1])[..., ::-1] if array.ndim else array


def _offset(array: Array) -> Array:
    larger = np.full(array.size + 2, AROUND.get(array.dtype.kind, 0), array.dtype)
    larger[1:-1] = array.ravel()
    return larger[1:-1].reshape(array.shape)


def _inside(array: Array) -> Array:
    larger = np.full([length + 2 for length in array.shape], AROUND.get(array.dtype.kind, 0), array.dtype)
    inner: tuple[Any, ...] = (slice(1, -1),) * array.ndim
    part = larger[(*inner, ...)]
    part[...] = array
    return part


def _unaligned(array: Array) -> Array:
    copy = np.empty(array.nbytes + 1, np.uint8)[1:].view(array.dtype).reshape(array.shape)
    copy[...] = array
    return copy


def _byte_swapped(array: Array) -> Array:
    return array.astype(array.dtype.newbyteorder("S"))


def _repeated(array: Array) -> Array:
    """One slice, with a stride of 0 along the first axis longer than 1, if all slices are alike."""
    axis = long_axis(array)
    if axis is None or not (array == (slice_ := np.take(array, [0], axis))).all():
        return array.copy()
    return np.broadcast_to(slice_, array.shape)


def _whole_numbers(dtype: str, array: Array) -> Array:
    return array.astype(dtype) if array.dtype.kind == "i" else array.copy()


#: Dtypes that hold the same small integers.
DTYPES_OF_WHOLE_NUMBERS = ("int8", "int16", "int32", "float32", "float64")
LAYOUTS: dict[str, Callable[[Array], Array]] = {
    "as drawn": np.copy,
    "read-only": _read_only,
    "strided": _strided,
    "reversed": _reversed,
    "mirrored": _mirrored,
    "column-major": partial(np.asarray, order="F"),
    "offset": _offset,
    "inside a larger array": _inside,
    "repeated": _repeated,
    "unaligned": _unaligned,
    "byte-swapped": _byte_swapped,
    **{dtype: partial(_whole_numbers, dtype) for dtype in DTYPES_OF_WHOLE_NUMBERS},
}


def long_axis(array: Array) -> int | None:
    """The first axis longer than 1."""
    return next((axis for axis, length in enumerate(array.shape) if length > 1), None)
