"""Kernels that take every number of an array by itself: when threads share the array, in blocks, and who is called."""

from __future__ import annotations

import numpy as np

from fast.cpu.arguments import deliver, destination, flat
from fast.cpu.compilation import leaf

#: Numbers below which one thread is faster; and those that take an exponential each.
PARALLEL_SIZE, PARALLEL_EXPONENTIALS = 1 << 16, 1 << 14


def map_numbers(
    loop, threads, z: np.ndarray, out: np.ndarray | None, *scalars: np.floating, least: int = PARALLEL_SIZE
) -> np.ndarray:
    """Run a kernel, from so many numbers on with threads, over all numbers of an array."""
    # Of few numbers, calls are most of the work: `destination` and `deliver` have nothing to do where memory is new.
    target = np.empty(z.shape, z.dtype) if out is None else destination(out, z.shape, z.dtype, z, elementwise=True)
    kernel = loop if z.size < least else threads
    kernel(flat(z), flat(target), *scalars)
    return target if out is None else deliver(target, out)


def map_numbers_back(
    loop,
    threads,
    z: np.ndarray,
    cotangent: np.ndarray,
    out: np.ndarray | None,
    *scalars: np.floating,
    least: int = PARALLEL_SIZE,
) -> np.ndarray:
    """`map_numbers` over those of an array and its cotangent."""
    target = destination(out, z.shape, z.dtype, z, cotangent, elementwise=True)
    kernel = loop if z.size < least else threads
    kernel(flat(z), flat(cotangent), flat(target), *scalars)
    return deliver(target, out)


@leaf
def block_count(size):
    """How many blocks of `PARALLEL_SIZE` numbers so many numbers make, two at least."""
    return max(2, size // PARALLEL_SIZE)


@leaf
def block_slice(block, size):
    """The numbers of one of those blocks."""
    # prange counts in unsigned integers, and Numba takes a signed and an unsigned one together for floats.
    number, count = np.intp(block), block_count(size)
    return slice(number * size // count, (number + 1) * size // count)
