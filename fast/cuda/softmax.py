"""Softmax, its logarithm and their gradients on the GPU.

Each row goes to one thread, three times over it: its maximum, the sum of exponentials, the division. Threads that share
a row would have to synchronize; a classifier has many rows, and short ones.

Exponentials are taken of numbers ≤ 0 only, so they can't overflow.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fast.cuda.activations import exp_at, log_at
from fast.cuda.device import cuda, device_function, empty, kernel, launch_over, to_device
from fast.cuda.device_arrays import takes_device_arrays
from fast.validation import require_array
from fast.validation.activations import require_cotangent

__all__ = ["log_softmax", "log_softmax_vjp", "softmax", "softmax_vjp"]


@device_function
def largest_of_row(scores: Any, row: int) -> Any:
    """The maximum of a row. A NaN may be passed over: it makes NaN of the normalizer, and so of the whole row."""
    largest = scores[row, 0]
    for column in range(1, scores.shape[1]):
        score = scores[row, column]
        if score > largest:
            largest = score
    return largest


@device_function
def normalizer_of_row(scores: Any, row: int, largest: Any) -> Any:
    """The sum of the exponentials of a row, shifted by its maximum."""
    total = exp_at(scores[row, 0] - largest)
    for column in range(1, scores.shape[1]):
        total += exp_at(scores[row, column] - largest)
    return total


@device_function
def mass_of_row(values: Any, row: int) -> Any:
    """The sum of a row: of labels, 1 if they are a distribution."""
    total = values[row, 0]
    for column in range(1, values.shape[1]):
        total += values[row, column]
    return total


@kernel
def softmax_kernel(z: Any, result: Any) -> None:
    """`softmax` of each row, by one thread a row."""
    for row in range(cuda.grid(1), z.shape[0], cuda.gridsize(1)):
        largest = largest_of_row(z, row)
        normalizer = normalizer_of_row(z, row, largest)
        for column in range(z.shape[1]):
            result[row, column] = exp_at(z[row, column] - largest) / normalizer


@kernel
def log_softmax_kernel(z: Any, result: Any) -> None:
    """`log_softmax` of each row, by one thread a row."""
    for row in range(cuda.grid(1), z.shape[0], cuda.gridsize(1)):
        largest = largest_of_row(z, row)
        log_normalizer = log_at(normalizer_of_row(z, row, largest))
        for column in range(z.shape[1]):
            result[row, column] = z[row, column] - largest - log_normalizer


@kernel
def softmax_vjp_kernel(z: Any, cotangent: Any, result: Any) -> None:
    """`softmax_vjp` of each row, by one thread a row: the probabilities lie in the result for a while."""
    for row in range(cuda.grid(1), z.shape[0], cuda.gridsize(1)):
        largest = largest_of_row(z, row)
        normalizer = normalizer_of_row(z, row, largest)
        mean = z.dtype.type(0)
        for column in range(z.shape[1]):
            probability = exp_at(z[row, column] - largest) / normalizer
            mean += probability * cotangent[row, column]
            result[row, column] = probability
        for column in range(z.shape[1]):
            result[row, column] *= cotangent[row, column] - mean


@kernel
def log_softmax_vjp_kernel(z: Any, cotangent: Any, result: Any) -> None:
    """`log_softmax_vjp` of each row, by one thread a row."""
    for row in range(cuda.grid(1), z.shape[0], cuda.gridsize(1)):
        largest = largest_of_row(z, row)
        normalizer, mass = normalizer_of_row(z, row, largest), mass_of_row(cotangent, row)
        for column in range(z.shape[1]):
            probability = exp_at(z[row, column] - largest) / normalizer
            result[row, column] = cotangent[row, column] - probability * mass


@takes_device_arrays
def softmax(z: np.ndarray) -> np.ndarray:
    """As `reference.softmax`, on the GPU: along the last axis of [..., K]."""
    require_array("z", z)
    return softmax_on_device(rows_of(z)).reshape(*z.shape)


@takes_device_arrays
def log_softmax(z: np.ndarray) -> np.ndarray:
    """As `reference.log_softmax`, on the GPU: along the last axis of [..., K]."""
    require_array("z", z)
    return map_rows(log_softmax_kernel, rows_of(z)).reshape(*z.shape)


@takes_device_arrays
def softmax_vjp(z: np.ndarray, cotangent: np.ndarray) -> np.ndarray:
    """As `reference.softmax_vjp`, on the GPU: along the last axis of two arrays [..., K]."""
    require_cotangent(z, cotangent)
    return map_rows(softmax_vjp_kernel, rows_of(z), rows_of(cotangent)).reshape(*z.shape)


@takes_device_arrays
def log_softmax_vjp(z: np.ndarray, cotangent: np.ndarray) -> np.ndarray:
    """As `reference.log_softmax_vjp`, on the GPU: along the last axis of two arrays [..., K]."""
    require_cotangent(z, cotangent)
    return map_rows(log_softmax_vjp_kernel, rows_of(z), rows_of(cotangent)).reshape(*z.shape)


def softmax_on_device(rows: Any) -> Any:
    """`softmax` of the rows of a device array."""
    return map_rows(softmax_kernel, rows)


def rows_of(array: np.ndarray) -> Any:
    """An array [..., K] on the device, as a matrix of its rows."""
    return to_device(array).reshape(array.size // array.shape[-1], array.shape[-1])


def map_rows(compiled: Any, *arrays: Any) -> Any:
    """Run a kernel over the rows of device matrices of one shape."""
    result = empty(arrays[0].shape, arrays[0].dtype)
    launch_over(compiled, result.shape[0], *arrays, result)
    return result
