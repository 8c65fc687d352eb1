"""Convolution on the GPU.

The ladder that led here:

1. One thread for each output, looping over the filter: every pixel is fetched from global memory once for each filter
   and each window that covers it.
2. Unfold the windows into the rows of a matrix and multiply by the filters as a matrix [KH·KW·C, F]: a matrix product,
   which tiles well, but the unfolded matrix is KH·KW times as large as the images.
3. Implicit: the tiles of that matrix are filled straight from the images and nobody stores it. Forward,
   y = windows · filters; and the filters' gradient, windowsᵀ · cotangent, whose long sum over all places is sliced.
4. The images' gradient is the other way round: cotangent · filtersᵀ gives what each window owes each of its cells, and
   a second kernel collects for every cell what is owed to it. Collecting needs no atomics, so the bits are the same
   every time; and where a window doesn't reach a cell there is no term at all, where a zero in a tile would
   make NaN of an infinite filter. What is owed takes KH·KW times the cotangent's memory, so it is computed for a few
   images at a time.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from fast.cuda.device import cuda, device_function, empty, kernel, launch_over, to_device
from fast.cuda.device_arrays import takes_device_arrays
from fast.cuda.matrix_product import as_it_is, entry, multiply, product_kernel, product_with_transpose
from fast.results import Conv2DGradients
from fast.validation import require_like
from fast.validation.convolution import Geometry, require_convolution

__all__ = ["conv2d", "conv2d_vjp"]

#: Numbers owed by windows to cells that are kept at a time (1 GiB of float32).
MOST_OWED = 2**28

Size = int | tuple[int, int]


@device_function
def window_entry(images: Any, details: Any, place: int, tap: int) -> Any:
    """The matrix of windows: the number that a filter's tap meets at a place; zero on the padding."""
    kernel_columns, output_rows, output_columns, row_stride, column_stride, top, left = details
    _, rows, columns, channels = images.shape
    i, j = place // output_columns % output_rows, place % output_columns
    row = i * row_stride - top + tap // channels // kernel_columns
    column = j * column_stride - left + tap // channels % kernel_columns
    if 0 <= row < rows and 0 <= column < columns:
        return images[place // output_columns // output_rows, row, column, tap % channels]
    return images.dtype.type(0)


@device_function
def transposed_window_entry(images: Any, details: Any, tap: int, place: int) -> Any:
    """The matrix of windows with its rows and columns exchanged."""
    return window_entry(images, details, place, tap)


convolve = product_kernel(window_entry, entry, as_it_is, left_runs_deep=True, right_runs_deep=False)
correlate = product_kernel(transposed_window_entry, entry, as_it_is, left_runs_deep=False, right_runs_deep=False)


@device_function
def windows_over(position: int, padding: int, extent: int, stride: int, count: int) -> tuple[int, int]:
    """The first window that covers a row or column, and the one past the last; one axis of a sliding window.

    Window i covers i·stride - padding up to i·stride - padding + extent.
    """
    first = max(0, (position + padding - extent + stride) // stride)
    return first, min(count, (position + padding) // stride + 1)


@device_function
def indices(place: int, shape: Any) -> tuple[int, int, int, int]:
    """The four indices of a place in an array of rank 4."""
    _, rows, columns, channels = shape
    row_place = place // channels // columns
    return row_place // rows, row_place % rows, place // channels % columns, place % channels


@kernel
def collect(owed: Any, details: Any, result: Any) -> None:
    """For each cell of the images, add up what the windows that cover it owe it: owed[n, i, j, a, b, c]."""
    _, output_rows, output_columns, row_stride, column_stride, top, left = details
    for place in range(cuda.grid(1), result.size, cuda.gridsize(1)):
        n, row, column, c = indices(place, result.shape)
        first_i, past_i = windows_over(row, top, owed.shape[3], row_stride, output_rows)
        first_j, past_j = windows_over(column, left, owed.shape[4], column_stride, output_columns)
        total = result.dtype.type(0)
        for i in range(first_i, past_i):
            a = row + top - i * row_stride
            for j in range(first_j, past_j):
                total += owed[n, i, j, a, column + left - j * column_stride, c]
        result[n, row, column, c] = total


@takes_device_arrays
def conv2d(images: np.ndarray, filters: np.ndarray, *, strides: Size = 1, padding: str = "valid") -> np.ndarray:
    """As `reference.conv2d`, on the GPU.

    Args:
        images: [N, H, W, C].
        filters: [KH, KW, C, F].
        strides: step between windows, a positive integer or (rows, columns).
        padding: "valid" or "same".

    Returns:
        [N, OH, OW, F].

    Raises:
        InvalidArgument: as the reference, and if an array isn't float32 or float64, or the dtypes differ.
    """
    geometry = require_convolution(images, filters, strides, padding)
    return conv2d_on_device(to_device(images), to_device(filters), geometry)


@takes_device_arrays
def conv2d_vjp(
    images: np.ndarray, filters: np.ndarray, cotangent: np.ndarray, *, strides: Size = 1, padding: str = "valid"
) -> Conv2DGradients:
    """As `reference.conv2d_vjp`, on the GPU.

    Args:
        images: [N, H, W, C].
        filters: [KH, KW, C, F].
        cotangent: [N, OH, OW, F].
        strides: as in `conv2d`.
        padding: as in `conv2d`.

    Returns:
        Conv2DGradients(images [N, H, W, C], filters [KH, KW, C, F]).

    Raises:
        InvalidArgument: as `conv2d`, and if the cotangent's shape isn't the output's.
    """
    geometry = require_convolution(images, filters, strides, padding)
    output_shape = (len(images), geometry.output_rows, geometry.output_columns, filters.shape[3])
    require_like("cotangent", cotangent, output_shape, images.dtype, "of the convolution's output")
    on_device = to_device(images), to_device(filters), to_device(cotangent)
    return Conv2DGradients(*(function(*on_device, geometry) for function in (images_gradient, filters_gradient)))


def conv2d_on_device(images: Any, filters: Any, geometry: Geometry) -> Any:
    """`conv2d` from device arrays to a device array."""
    count = filters.shape[3]
    shape = images.shape[0], geometry.output_rows, geometry.output_columns, count
    taps, places = filters.size // count, math.prod(shape[:3])
    matrix, details = filters.reshape(taps, count), details_of(geometry, filters)
    return multiply(convolve, images, matrix, details, (places, count, taps)).reshape(*shape)


def filters_gradient(images: Any, filters: Any, cotangent: Any, geometry: Geometry) -> Any:
    """windowsᵀ · cotangent, on the device."""
    count = filters.shape[3]
    taps, places = filters.size // count, cotangent.size // count
    slopes, details = cotangent.reshape(places, count), details_of(geometry, filters)
    return multiply(correlate, images, slopes, details, (taps, count, places)).reshape(*filters.shape)


def images_gradient(images: Any, filters: Any, cotangent: Any, geometry: Geometry) -> Any:
    """cotangent · filtersᵀ, collected for each cell, a few images at a time, on the device."""
    kernel_rows, kernel_columns, channels, count = filters.shape
    taps, places = filters.size // count, cotangent.size // cotangent.shape[0] // count
    matrix, details = filters.reshape(taps, count), details_of(geometry, filters)
    result = empty(images.shape, images.dtype)
    step = max(1, MOST_OWED // (places * taps))
    for first in range(0, images.shape[0], step):
        some, collected = cotangent[first : first + step], result[first : first + step]
        slopes = some.reshape(some.shape[0] * places, count)
        owed = multiply(product_with_transpose, slopes, matrix, 0, (slopes.shape[0], taps, count))
        owed = owed.reshape(*some.shape[:3], kernel_rows, kernel_columns, channels)
        launch_over(collect, collected.size, owed, details, collected)
    return result


def details_of(geometry: Geometry, filters: Any) -> tuple[int, ...]:
    """What a kernel needs to know to place a window."""
    return filters.shape[1], *geometry[:6]
