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
from fast.cuda.matrix_product import (
    as_it_is,
    by_columns,
    matrix,
    move_piece,
    multiply,
    product_kernels,
    product_with_transpose,
)
from fast.cuda.tiles import Operand
from fast.cuda.vectors import in_vectors, lanes_of, number_at
from fast.results import Conv2DGradients
from fast.validation import require_like
from fast.validation.convolution import Geometry, require_convolution

__all__ = ["conv2d", "conv2d_vjp"]

#: Numbers owed by windows to cells that are kept at a time (1 GiB of float32).
MOST_OWED = 2**28

Size = int | tuple[int, int]


@device_function
def over(number: int, divisor: int) -> tuple[int, int]:
    """The quotient and what is left, of numbers from 0 to below 2³²: of Numba's 64 bits they take a GPU much longer."""
    quotient = int(np.uint32(number) // np.uint32(divisor))
    return quotient, number - quotient * divisor


@device_function
def line_of_place(details: Any, place: int) -> tuple[int, int, int]:
    """The window at a place: the number of its image's first row, and its own first row and column in that image."""
    _, _, _, rows, _, output_rows, output_columns, row_stride, column_stride, top, left = details
    row_place, j = over(place, output_columns)
    n, i = over(row_place, output_rows)
    return n * rows, i * row_stride - top, j * column_stride - left


@device_function
def line_of_tap(details: Any, tap: int) -> tuple[int, int, int]:
    """A tap of the filters: its row, its column, its channel."""
    cell, channel = over(tap, details[1])
    row, column = over(cell, details[2])
    return row, column, channel


@device_function
def pixel(details: Any, window: Any, row: int, column: int, channel: int) -> int:
    """Where in the images a window's number is, or -1 on the padding."""
    (_, channels, _, rows, columns, _, _, _, _, _, _), (first, top_row, left_column) = details, window
    in_image = 0 <= top_row + row < rows and 0 <= left_column + column < columns
    return ((first + top_row + row) * columns + left_column + column) * channels + channel if in_image else -1


@device_function
def along_taps(images: Any, details: Any, window: Any, tap: int, count: int, numbers: Any, at: int) -> None:
    """A piece of one window: at once if it lies in one cell, whose channels are whole pieces."""
    if details[0]:
        row, column, channel = line_of_tap(details, tap)
        place = pixel(details, window, row, column, channel)
        move_piece(images, place, 1, count if place >= 0 else 0, numbers, at)
    else:
        for lane in range(lanes_of(numbers)):
            row, column, channel = line_of_tap(details, tap + lane)
            place = pixel(details, window, row, column, channel) if lane < count else -1
            numbers[at + lane] = number_at(images, place) if place >= 0 else images.dtype.type(0)


@device_function
def across_taps(images: Any, details: Any, tap: Any, place: int, count: int, numbers: Any, at: int) -> None:
    """What the windows at one place have at neighbouring taps."""
    window, (row, column, channel) = line_of_place(details, place), tap
    if details[0]:
        start = pixel(details, window, row, column, channel)
        move_piece(images, start, 1, count if start >= 0 else 0, numbers, at)
    else:
        for lane in range(lanes_of(numbers)):
            start = pixel(details, window, row, column, channel) if lane < count else -1
            numbers[at + lane] = number_at(images, start) if start >= 0 else images.dtype.type(0)
            row, column, channel = next_tap(details, row, column, channel)


@device_function
def next_tap(details: Any, row: int, column: int, channel: int) -> tuple[int, int, int]:
    """The tap after another."""
    if channel + 1 < details[1]:
        return row, column, channel + 1
    return (row, column + 1, 0) if column + 1 < details[2] else (row + 1, 0, 0)


windows, windows_transposed = Operand(line_of_place, along_taps, True), Operand(line_of_tap, across_taps, False)
convolve = product_kernels(windows, by_columns, as_it_is)
correlate = product_kernels(windows_transposed, by_columns, as_it_is)


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
    cell, channel = over(place, channels)
    row_place, column = over(cell, columns)
    n, row = over(row_place, rows)
    return n, row, column, channel


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
    those = matrix(filters.reshape(taps, count))
    return multiply(convolve, windows_of(images, filters, geometry), those, (places, count, taps)).reshape(*shape)


def filters_gradient(images: Any, filters: Any, cotangent: Any, geometry: Geometry) -> Any:
    """windowsᵀ · cotangent, on the device."""
    count = filters.shape[3]
    taps, places = filters.size // count, cotangent.size // count
    slopes, lengths = matrix(cotangent.reshape(places, count)), (taps, count, places)
    gradient = multiply(correlate, windows_of(images, filters, geometry), slopes, lengths, sliced=True)
    return gradient.reshape(*filters.shape)


def images_gradient(images: Any, filters: Any, cotangent: Any, geometry: Geometry) -> Any:
    """cotangent · filtersᵀ, collected for each cell, a few images at a time, on the device."""
    kernel_rows, kernel_columns, channels, count = filters.shape
    taps, places = filters.size // count, cotangent.size // cotangent.shape[0] // count
    those, details = matrix(filters.reshape(taps, count)), (kernel_columns, *geometry[:6])
    result = empty(images.shape, images.dtype)
    step = max(1, MOST_OWED // (places * taps))
    for first in range(0, images.shape[0], step):
        some, collected = cotangent[first : first + step], result[first : first + step]
        slopes = some.reshape(some.shape[0] * places, count)
        owed = multiply(product_with_transpose, matrix(slopes), those, (slopes.shape[0], taps, count))
        owed = owed.reshape(*some.shape[:3], kernel_rows, kernel_columns, channels)
        launch_over(collect, collected.size, owed, details, collected)
    return result


def windows_of(images: Any, filters: Any, geometry: Geometry) -> tuple[Any, tuple[int, ...]]:
    """The windows of images as an operand: the images, flat, and where their windows are."""
    _, rows, columns, channels = images.shape
    whole = int(in_vectors(images, channels))
    return images.reshape(images.size), (whole, channels, filters.shape[1], rows, columns, *geometry[:6])
