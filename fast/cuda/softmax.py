"""Softmax, its logarithm and their gradients on the GPU, each row by a few threads together (`rows`).

In registers, a row goes from scores to exponentials to probabilities: it is read once, and written once.

Exponentials are taken of numbers ≤ 0 only, so they can't overflow.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fast.cuda.activations import exp_at, log_at
from fast.cuda.device import cuda, device_function, empty, kernel, to_device
from fast.cuda.device_arrays import takes_device_arrays
from fast.cuda.reductions import sum_of_lanes
from fast.cuda.rows import (
    exponentiate,
    first_row,
    in_layouts,
    keep,
    launch_over_rows,
    rows_of_blocks,
    share_of,
    shift,
)
from fast.validation import require_array
from fast.validation.activations import require_cotangent

__all__ = ["log_softmax", "log_softmax_vjp", "softmax", "softmax_vjp"]


def probabilities_kernel(finish: Any) -> Any:
    """Make a function that makes kernels of rows of finish(probability, column, row, details)."""

    def make(bits: int, count: int) -> Any:
        @kernel
        def of_rows(z: Any, details: Any, shuffled: int, result: Any) -> None:
            kept, meeting_place = cuda.local.array(count, z.dtype), cuda.shared.array(0, z.dtype)
            for first in range(first_row(bits), z.shape[0], rows_of_blocks(bits)):
                share = row, lane, rest, lanes = share_of(z, first, bits)
                keep(z, share, kept)
                largest, normalizer = exponentiate(z, share, kept, bits, shuffled, meeting_place)
                for i in range(count):
                    if i * lanes < rest:
                        column = lane + i * lanes
                        result[row, column] = finish(kept[i] / normalizer, column, row, details)
                for column in range(lane + count * lanes, lane + rest, lanes):
                    probability = exp_at(z[row, column] - largest) / normalizer
                    result[row, column] = finish(probability, column, row, details)

        return of_rows

    return make


def slopes_kernel(weigh: Any, finish: Any) -> Any:
    """Make a function that makes kernels of rows of finish(probability, other, total, row, details).

    The others are a second matrix, and the total is the sum over the row of weigh(probability, other). There are not
    registers enough for both: the others are read twice, from memory and from the cache next to the threads.
    """

    def make(bits: int, count: int) -> Any:
        @kernel
        def of_rows(z: Any, others: Any, details: Any, shuffled: int, result: Any) -> None:
            kept, meeting_place = cuda.local.array(count, z.dtype), cuda.shared.array(0, z.dtype)
            for first in range(first_row(bits), z.shape[0], rows_of_blocks(bits)):
                share = row, lane, rest, lanes = share_of(z, first, bits)
                keep(z, share, kept)
                largest, normalizer = exponentiate(z, share, kept, bits, shuffled, meeting_place)
                total = z.dtype.type(0)
                for i in range(count):
                    if i * lanes < rest:
                        kept[i] /= normalizer
                        total += weigh(kept[i], others[row, lane + i * lanes])
                for column in range(lane + count * lanes, lane + rest, lanes):
                    total += weigh(exp_at(z[row, column] - largest) / normalizer, others[row, column])
                total = sum_of_lanes(total, 0, bits, shuffled, meeting_place)
                for i in range(count):
                    if i * lanes < rest:
                        column = lane + i * lanes
                        result[row, column] = finish(kept[i], others[row, column], total, row, details)
                for column in range(lane + count * lanes, lane + rest, lanes):
                    probability = exp_at(z[row, column] - largest) / normalizer
                    result[row, column] = finish(probability, others[row, column], total, row, details)

        return of_rows

    return make


def log_softmax_kernel(bits: int, count: int) -> Any:
    """Make a kernel of `log_softmax`."""

    @kernel
    def of_rows(z: Any, shuffled: int, result: Any) -> None:
        kept, meeting_place = cuda.local.array(count, z.dtype), cuda.shared.array(0, z.dtype)
        for first in range(first_row(bits), z.shape[0], rows_of_blocks(bits)):
            share = row, lane, rest, lanes = share_of(z, first, bits)
            keep(z, share, kept)
            largest, normalizer = shift(z, share, kept, bits, shuffled, meeting_place)
            log_normalizer = log_at(normalizer)
            for i in range(count):
                if i * lanes < rest:
                    result[row, lane + i * lanes] = kept[i] - log_normalizer
            for column in range(lane + count * lanes, lane + rest, lanes):
                result[row, column] = z[row, column] - largest - log_normalizer

    return of_rows


@device_function
def probability_itself(probability: Any, column: int, row: int, details: Any) -> Any:
    """The probability."""
    return probability


@device_function
def other_itself(probability: Any, other: Any) -> Any:
    """What the second matrix has: the total is its row's mass."""
    return other


@device_function
def weighted(probability: Any, other: Any) -> Any:
    """What the second matrix has, weighted by probability: the total is its row's mean."""
    return probability * other


@device_function
def softmax_slope(probability: Any, cotangent: Any, mean: Any, row: int, details: Any) -> Any:
    """p·(g - Σ p·g)."""
    return probability * (cotangent - mean)


@device_function
def log_softmax_slope(probability: Any, cotangent: Any, mass: Any, row: int, details: Any) -> Any:
    """g - p·Σ g."""
    return cotangent - probability * mass


SOFTMAX = softmax_of_few, softmax_of_some, softmax_of_many = in_layouts(probabilities_kernel(probability_itself))
LOG_SOFTMAX = log_softmax_of_few, log_softmax_of_some, log_softmax_of_many = in_layouts(log_softmax_kernel)
SOFTMAX_VJP = softmax_vjp_of_few, softmax_vjp_of_some, softmax_vjp_of_many = in_layouts(
    slopes_kernel(weighted, softmax_slope)
)
LOG_SOFTMAX_VJP = log_softmax_vjp_of_few, log_softmax_vjp_of_some, log_softmax_vjp_of_many = in_layouts(
    slopes_kernel(other_itself, log_softmax_slope)
)


@takes_device_arrays
def softmax(z: np.ndarray) -> np.ndarray:
    """As `reference.softmax`, on the GPU: along the last axis of [..., K]."""
    require_array("z", z)
    return softmax_on_device(rows_of(z)).reshape(*z.shape)


@takes_device_arrays
def log_softmax(z: np.ndarray) -> np.ndarray:
    """As `reference.log_softmax`, on the GPU: along the last axis of [..., K]."""
    require_array("z", z)
    return rows_like(LOG_SOFTMAX, rows_of(z)).reshape(*z.shape)


@takes_device_arrays
def softmax_vjp(z: np.ndarray, cotangent: np.ndarray) -> np.ndarray:
    """As `reference.softmax_vjp`, on the GPU: along the last axis of two arrays [..., K]."""
    require_cotangent(z, cotangent)
    return slopes_of_rows(SOFTMAX_VJP, rows_of(z), rows_of(cotangent)).reshape(*z.shape)


@takes_device_arrays
def log_softmax_vjp(z: np.ndarray, cotangent: np.ndarray) -> np.ndarray:
    """As `reference.log_softmax_vjp`, on the GPU: along the last axis of two arrays [..., K]."""
    require_cotangent(z, cotangent)
    return slopes_of_rows(LOG_SOFTMAX_VJP, rows_of(z), rows_of(cotangent)).reshape(*z.shape)


def softmax_on_device(rows: Any) -> Any:
    """`softmax` of the rows of a device array."""
    return rows_like(SOFTMAX, rows, 0)


def rows_of(array: np.ndarray) -> Any:
    """An array [..., K] on the device, as a matrix of its rows."""
    return to_device(array).reshape(array.size // array.shape[-1], array.shape[-1])


def rows_like(compiled: tuple[Any, ...], rows: Any, *details: Any) -> Any:
    """Run a kernel that makes a row of each row of a device matrix."""
    result = empty(rows.shape, rows.dtype)
    launch_over_rows(compiled, rows, *details, result)
    return result


def slopes_of_rows(compiled: tuple[Any, ...], rows: Any, others: Any, details: Any = 0) -> Any:
    """Run a kernel that makes a row of the rows of two device matrices."""
    result = empty(rows.shape, rows.dtype)
    launch_over_rows(compiled, rows, others, details, result)
    return result
