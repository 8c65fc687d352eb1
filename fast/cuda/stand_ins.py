"""What functions are given instead of arrays on the device: an array of NumPy with the shape and the dtype, no more.

Whoever checks arguments asks for shapes and dtypes, and need not know of a device. Whoever wants to compute asks
`device.to_device` for the array itself. In between, a stand-in can be given another shape or dtype, and asked for
numbers that are outside of a range: kernels do that. NumPy computes nothing of it: a stand-in has one number, for all
places, which is NaN or the one that is in the range of nothing.

The ladder that led to how numbers are looked at:

1. All of them are copied to the host, since a class index that isn't one lets a kernel read past the end of an array.
   A mask is as large as what it masks, and a copy over a bus of 64 GB/s takes fifty times as long as reading it does
   from an H100's memory of 3.35 TB/s.
2. The device looks: every thread at some, far apart, so that neighbouring threads read neighbouring numbers, and notes
   the first place where something is wrong. Then one block finds the first of these. The host waits for one integer.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any, NoReturn

import numpy as np

from fast.cuda.device import SIMULATED, THREADS, cuda, empty, kernel, launch, launch_over, to_host

#: The most blocks that look at numbers: one block has to go over what all their threads found.
LOOKING_BLOCKS = 2 if SIMULATED else 1024


@kernel
def look_kernel(values: Any, low: Any, high: Any, start: int, step: int, found: Any) -> None:
    """Each thread's first place whose number is not within limits, or none of start, start + step, …; or the size."""
    first = values.size
    for place in range(cuda.grid(1), values.size, cuda.gridsize(1)):
        value = values[place]
        # Only of what is within the limits an integer can be made; NaN fails every comparison. A remainder would take
        # longer than the memory does: steps are powers of two.
        right = low <= value <= high and type(value)(int(value)) == value and (int(value) - start) & (step - 1) == 0
        if not right and place < first:
            first = place
    found[cuda.grid(1)] = first


@kernel
def first_kernel(found: Any, result: Any) -> None:
    """The smallest of some numbers, by one block: of some by each thread, then of those by the first one."""
    smallest = cuda.shared.array(0, found.dtype)
    thread, least = cuda.threadIdx.x, found[0]
    for place in range(thread, found.size, THREADS):
        least = min(least, found[place])
    smallest[thread] = least
    cuda.syncthreads()
    if thread == 0:
        for other in range(1, THREADS):
            least = min(least, smallest[other])
        result[0] = least


@kernel
def convert_kernel(values: Any, result: Any) -> None:
    """The same numbers in another dtype."""
    for place in range(cuda.grid(1), values.size, cuda.gridsize(1)):
        result[place] = result.dtype.type(values[place])


class StandIn(np.ndarray):
    """Shape and dtype of an array on the device, which it carries."""

    #: None in whatever NumPy makes of a stand-in, in its own ways.
    on_device: Any = None

    def reshape(self, *shape: Any) -> StandIn:  # type: ignore[override]
        """That of the array in another shape."""
        return stand_in(self.on_device.reshape(*np.ndarray.reshape(self, *shape).shape))

    def astype(self, dtype: Any) -> StandIn:  # type: ignore[override]
        """That of an array with the same numbers in another dtype, which must have them."""
        if self.dtype == dtype:
            return self
        result = empty(self.size, np.dtype(dtype))
        launch_over(convert_kernel, self.size, numbers_of(self.on_device), result)
        return stand_in(result.reshape(*self.shape))

    def outside(self, allowed: range) -> np.ndarray:
        """The first number that isn't in a range whose step is 1 or 2, as an array of one number, or of none."""
        values, places = numbers_of(self.on_device), np.dtype(np.int64)
        blocks = min(math.ceil(self.size / THREADS), LOOKING_BLOCKS)
        found, first = empty(blocks * THREADS, places), empty(1, places)
        limits = limits_of(values.dtype, allowed)
        launch(look_kernel, blocks, THREADS, values, *limits, allowed.start, allowed.step, found)
        launch(first_kernel, 1, THREADS, found, first, shared_bytes=THREADS * places.itemsize)
        place = int(to_host(first)[0])
        wrong = to_host(values[place : place + 1]) if place < self.size else np.empty(0, values.dtype)
        return wrong.view(self.dtype)

    def __array_ufunc__(self, *_: Any, **__: Any) -> NoReturn:
        """Nothing is computed of numbers that aren't there."""
        raise TypeError("an array on the device is computed with in kernels, not by NumPy")

    __array_function__ = __array_ufunc__


def numbers_of(array: Any) -> Any:
    """All numbers of an array on the device in a row, those of bool as integers."""
    numbers = array.reshape(array.size)
    return numbers.view(np.uint8) if array.dtype.kind == "b" else numbers


def limits_of(dtype: np.dtype, allowed: range) -> tuple[Any, Any]:
    """The smallest and the largest number that a dtype has in a range."""
    low, high = allowed.start, allowed[-1]
    if dtype.kind == "f":
        with np.errstate(over="ignore"):  # float16 has nothing past 65,504 but infinity
            most = dtype.type(high)
        # Python compares exactly; NumPy would round the integer as well.
        return dtype.type(low), most if float(most) <= high else np.nextafter(most, dtype.type(-np.inf))
    has = np.iinfo(dtype)
    return dtype.type(max(low, has.min)), dtype.type(min(high, has.max))


@cache
def number_in_no_range(dtype: np.dtype) -> np.ndarray:
    """An array with one number, which no check of values lets pass if any other number would not."""
    if dtype.kind in "iu":
        has = np.iinfo(dtype)
        return np.full(1, has.min if dtype.kind == "i" else has.max, dtype)
    return np.full(1, np.nan, dtype) if dtype.kind in "fc" else np.zeros(1, dtype)


def stand_in(array: Any) -> StandIn:
    """What a function is given instead of an array on the device."""
    shape, number = tuple(array.shape), number_in_no_range(array.dtype)
    shown = StandIn.__new__(StandIn, shape, array.dtype, number, 0, (0,) * len(shape))
    shown.flags.writeable = False
    shown.on_device = array
    return shown
