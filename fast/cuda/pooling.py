"""Pooling on the GPU: windows' maxima and means, and their gradients.

The ladder that led here:

1. One thread for each output, looking through its window. Windows hardly overlap, so tiles in shared memory would save
   nothing.
2. Backwards, the threads could send each output's gradient to its winner; where windows overlap two of them meet in one
   cell, and adding atomically would give other bits every time.
3. So the forward search is run once more and writes down where each window's winner stands; then one thread for each
   cell of the images looks through the windows that cover it and collects the gradients of those it won. Of means it
   collects a share of every window that covers it, and there is nothing to write down.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fast.cuda.device import cuda, device_function, empty, kernel, launch_over, to_device
from fast.cuda.device_arrays import takes_device_arrays
from fast.cuda.windows import indices, windows_over
from fast.validation import require_like
from fast.validation.convolution import Geometry
from fast.validation.pooling import require_pooling

__all__ = ["average_pool2d", "average_pool2d_vjp", "max_pool2d", "max_pool2d_vjp"]

Size = int | tuple[int, int]


@device_function
def winner_of_window(images: Any, details: Any, n: int, i: int, j: int, c: int) -> tuple[int, int]:
    """The row and column of a window's first largest cell, or of its first NaN. Padding takes no part."""
    window_rows, window_columns, row_stride, column_stride, top, left = details
    first_row, first_column = i * row_stride - top, j * column_stride - left
    best_row, best_column = max(first_row, 0), max(first_column, 0)
    best = images[n, best_row, best_column, c]
    for row in range(best_row, min(first_row + window_rows, images.shape[1])):
        for column in range(max(first_column, 0), min(first_column + window_columns, images.shape[2])):
            value = images[n, row, column, c]
            is_first_nan = value != value and best == best  # only NaN differs from itself
            if value > best or is_first_nan:
                best, best_row, best_column = value, row, column
    return best_row, best_column


@kernel
def largest_kernel(images: Any, details: Any, result: Any) -> None:
    """`max_pool2d`, one thread an output."""
    for place in range(cuda.grid(1), result.size, cuda.gridsize(1)):
        n, i, j, c = indices(place, result.shape)
        row, column = winner_of_window(images, details, n, i, j, c)
        result[n, i, j, c] = images[n, row, column, c]


@kernel
def winners_kernel(images: Any, details: Any, winners: Any) -> None:
    """Where each window's winner stands, as row·columns + column."""
    for place in range(cuda.grid(1), winners.size, cuda.gridsize(1)):
        n, i, j, c = indices(place, winners.shape)
        row, column = winner_of_window(images, details, n, i, j, c)
        winners[n, i, j, c] = row * images.shape[2] + column


@kernel
def collect(winners: Any, cotangent: Any, details: Any, result: Any) -> None:
    """For each cell of the images, add up the gradients of the windows that it won."""
    window_rows, window_columns, row_stride, column_stride, top, left = details
    for place in range(cuda.grid(1), result.size, cuda.gridsize(1)):
        n, row, column, c = indices(place, result.shape)
        first_i, past_i = windows_over(row, top, window_rows, row_stride, winners.shape[1])
        first_j, past_j = windows_over(column, left, window_columns, column_stride, winners.shape[2])
        total = result.dtype.type(0)
        for i in range(first_i, past_i):
            for j in range(first_j, past_j):
                if winners[n, i, j, c] == row * result.shape[2] + column:
                    total += cotangent[n, i, j, c]
        result[n, row, column, c] = total


@device_function
def covered(place: int, extent: int, stride: int, padding: int, length: int) -> tuple[int, int]:
    """The first row or column of an image that a window covers, and the one past the last; one axis of a window."""
    first = place * stride - padding
    return max(first, 0), min(first + extent, length)


@kernel
def mean_kernel(images: Any, details: Any, result: Any) -> None:
    """`average_pool2d`, one thread an output."""
    window_rows, window_columns, row_stride, column_stride, top, left = details
    for place in range(cuda.grid(1), result.size, cuda.gridsize(1)):
        n, i, j, c = indices(place, result.shape)
        first_row, past_row = covered(i, window_rows, row_stride, top, images.shape[1])
        first_column, past_column = covered(j, window_columns, column_stride, left, images.shape[2])
        total = result.dtype.type(0)
        for row in range(first_row, past_row):
            for column in range(first_column, past_column):
                total += images[n, row, column, c]
        result[n, i, j, c] = total / result.dtype.type((past_row - first_row) * (past_column - first_column))


@kernel
def collect_shares(cotangent: Any, details: Any, result: Any) -> None:
    """For each cell of the images, add up its shares of the gradients of the windows that cover it."""
    window_rows, window_columns, row_stride, column_stride, top, left = details
    for place in range(cuda.grid(1), result.size, cuda.gridsize(1)):
        n, row, column, c = indices(place, result.shape)
        first_i, past_i = windows_over(row, top, window_rows, row_stride, cotangent.shape[1])
        first_j, past_j = windows_over(column, left, window_columns, column_stride, cotangent.shape[2])
        total = result.dtype.type(0)
        for i in range(first_i, past_i):
            first_row, past_row = covered(i, window_rows, row_stride, top, result.shape[1])
            for j in range(first_j, past_j):
                first_column, past_column = covered(j, window_columns, column_stride, left, result.shape[2])
                cells = (past_row - first_row) * (past_column - first_column)
                total += cotangent[n, i, j, c] / result.dtype.type(cells)
        result[n, row, column, c] = total


@takes_device_arrays
def max_pool2d(
    images: np.ndarray, *, pool_size: Size = 2, strides: Size | None = None, padding: str = "valid"
) -> np.ndarray:
    """As `reference.max_pool2d`, on the GPU.

    Args:
        images: [N, H, W, C].
        pool_size: the window, a positive integer or (rows, columns).
        strides: step between windows; the pool size when not given.
        padding: "valid" or "same".

    Returns:
        [N, OH, OW, C].

    Raises:
        InvalidArgument: as the reference, and if the images aren't float32 or float64.
    """
    return pooled(largest_kernel, images, pool_size, strides, padding)


@takes_device_arrays
def max_pool2d_vjp(
    images: np.ndarray,
    cotangent: np.ndarray,
    *,
    pool_size: Size = 2,
    strides: Size | None = None,
    padding: str = "valid",
) -> np.ndarray:
    """As `reference.max_pool2d_vjp`, on the GPU.

    Args:
        images: [N, H, W, C].
        cotangent: [N, OH, OW, C].
        pool_size: as in `max_pool2d`.
        strides: as in `max_pool2d`.
        padding: as in `max_pool2d`.

    Returns:
        [N, H, W, C].

    Raises:
        InvalidArgument: as `max_pool2d`, and if the cotangent's shape isn't the output's.
    """
    details = details_of_gradient(images, cotangent, pool_size, strides, padding)
    winners, result = empty(cotangent.shape, np.dtype(np.int64)), empty(images.shape, images.dtype)
    launch_over(winners_kernel, winners.size, to_device(images), details, winners)
    launch_over(collect, result.size, winners, to_device(cotangent), details, result)
    return result


@takes_device_arrays
def average_pool2d(
    images: np.ndarray, *, pool_size: Size = 2, strides: Size | None = None, padding: str = "valid"
) -> np.ndarray:
    """As `reference.average_pool2d`, on the GPU.

    Args:
        images: [N, H, W, C].
        pool_size: the window, a positive integer or (rows, columns).
        strides: step between windows; the pool size when not given.
        padding: "valid" or "same".

    Returns:
        [N, OH, OW, C].

    Raises:
        InvalidArgument: as the reference, and if the images aren't float32 or float64.
    """
    return pooled(mean_kernel, images, pool_size, strides, padding)


@takes_device_arrays
def average_pool2d_vjp(
    images: np.ndarray,
    cotangent: np.ndarray,
    *,
    pool_size: Size = 2,
    strides: Size | None = None,
    padding: str = "valid",
) -> np.ndarray:
    """As `reference.average_pool2d_vjp`, on the GPU.

    Args:
        images: [N, H, W, C].
        cotangent: [N, OH, OW, C].
        pool_size: as in `average_pool2d`.
        strides: as in `average_pool2d`.
        padding: as in `average_pool2d`.

    Returns:
        [N, H, W, C].

    Raises:
        InvalidArgument: as `average_pool2d`, and if the cotangent's shape isn't the output's.
    """
    details = details_of_gradient(images, cotangent, pool_size, strides, padding)
    result = empty(images.shape, images.dtype)
    launch_over(collect_shares, result.size, to_device(cotangent), details, result)
    return result


def output_shape(images: np.ndarray, geometry: Geometry) -> tuple[int, int, int, int]:
    """[N, OH, OW, C]."""
    return len(images), geometry.output_rows, geometry.output_columns, images.shape[3]


def kernel_details(geometry: Geometry, window: tuple[int, int]) -> tuple[int, ...]:
    """What a kernel needs to know of its windows: their size, step and padding."""
    return (*window, *geometry[2:6])


def pooled(compiled: Any, images: np.ndarray, pool_size: Any, strides: Any, padding: Any) -> Any:
    """Run a kernel that makes one number of every window."""
    geometry, window = require_pooling(images, pool_size, strides, padding)
    details = kernel_details(geometry, window)
    result = empty(output_shape(images, geometry), images.dtype)
    launch_over(compiled, result.size, to_device(images), details, result)
    return result


def details_of_gradient(images: np.ndarray, cotangent: np.ndarray, pool_size: Any, strides: Any, padding: Any) -> Any:
    """Check the arguments of a gradient; return what its kernels are told of the windows."""
    geometry, window = require_pooling(images, pool_size, strides, padding)
    require_like("cotangent", cotangent, output_shape(images, geometry), images.dtype, "of the pooling's output")
    return kernel_details(geometry, window)
