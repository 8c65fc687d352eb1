"""What functions are given instead of arrays on the device: an array of NumPy with the shape and the dtype, no more.

Whoever checks arguments asks for shapes and dtypes, and need not know of a device. Whoever wants to compute asks
`device.to_device` for the array itself. In between, a stand-in can be given another shape, but nothing can be computed
with it: it has one number, for all places, which is NaN or the one that is in the range of nothing.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NoReturn

import numpy as np


class StandIn(np.ndarray):
    """Shape and dtype of an array on the device, which it carries."""

    #: None in whatever NumPy makes of a stand-in, in its own ways.
    array: Any = None

    def reshape(self, *shape: Any) -> StandIn:  # type: ignore[override]
        """That of the array in another shape."""
        return stand_in(self.array.reshape(*np.ndarray.reshape(self, *shape).shape))

    def __array_ufunc__(self, *_: Any, **__: Any) -> NoReturn:
        """Nothing is computed of numbers that aren't there."""
        raise TypeError("an array on the device is computed with in kernels, not by NumPy")

    __array_function__ = __array_ufunc__


@cache
def number_in_no_range(dtype: np.dtype) -> np.ndarray:
    """An array with one number, which no check of values lets pass if any other number would not."""
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        return np.full(1, limits.min if dtype.kind == "i" else limits.max, dtype)
    return np.full(1, np.nan, dtype) if dtype.kind in "fc" else np.zeros(1, dtype)


def stand_in(array: Any) -> StandIn:
    """What a function is given instead of an array on the device."""
    shape, number = tuple(array.shape), number_in_no_range(array.dtype)
    shown = StandIn.__new__(StandIn, shape, array.dtype, number, 0, (0,) * len(shape))
    shown.flags.writeable = False
    shown.array = array
    return shown
