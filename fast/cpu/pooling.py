"""Pooling: windows' maxima and means, and their gradients.

The ladder (100 images 28×28×12, windows 2×2, float32):
1. the reference's loops compiled: a comparison of single numbers that waits for the one before.
2. channels innermost, since they are neighbours in memory: the compiler could vectorise, but for twelve channels its
   loop falls back to single numbers.
3. a row of windows in one call: what counts an array's users does so with each call, and took longer than a window.
4. LLVM vectors over channels, the last one moved back to end with the last channel and so overlapping the one before:
   no remainder; 0.2 ms on two cores. Fewer channels than a vector has lanes are loaded in part.
5. back: where the maximum was is a vector, too, of the cells' numbers in the window; a cell gets the gradient in those
   lanes that have its number. 2.6 ms became 0.6.

A mean takes rung 4 as a maximum does: 0.18 ms, 0.29 where it added up in the output's own row of channels. Back it
stops at rung 2.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from fast.cpu.arguments import contiguous, deliver, destination
from fast.cpu.compilation import compiled, leaf
from fast.cpu.elementwise import PARALLEL_SIZE
from fast.cpu.shuffles import last_lanes
from fast.cpu.vectors import (
    VECTOR_BYTES,
    load,
    load_part,
    maximum,
    store,
    store_part,
    vector_of,
    where_beaten,
    where_equal,
)
from fast.cpu.windows import Window, window_steps
from fast.validation import require_like
from fast.validation.convolution import Geometry
from fast.validation.pooling import require_pooling

__all__ = ["average_pool2d", "average_pool2d_vjp", "max_pool2d", "max_pool2d_vjp"]

#: Channels from which on a vector that isn't full is faster than one channel after the other.
FEWEST_LANES = 3
#: Cells of a window whose numbers float32 holds.
COUNTABLE_CELLS = 1 << 24


def max_pool2d(
    images: np.ndarray,
    *,
    pool_size: int | tuple[int, int] = 2,
    strides: int | tuple[int, int] | None = None,
    padding: str = "valid",
    out: np.ndarray | None = None,
) -> np.ndarray:
    """Keep the largest number of every window; NaN if there is one, and padding never wins.

    Args: images [N, H, W, C]; pool_size, strides and padding as `reference.max_pool2d`; out [N, OH, OW, C].
    Returns: [N, OH, OW, C].
    Raises: InvalidArgument, as `reference.max_pool2d`.
    """
    return _pooled(_pool_loop, _pool_threads, images, (pool_size, strides, padding), out)


def max_pool2d_vjp(
    images: np.ndarray,
    cotangent: np.ndarray,
    *,
    pool_size: int | tuple[int, int] = 2,
    strides: int | tuple[int, int] | None = None,
    padding: str = "valid",
    out: np.ndarray | None = None,
) -> np.ndarray:
    """Carry a gradient back through `max_pool2d`: all of it goes to the first cell that won.

    Args: images [N, H, W, C]; cotangent [N, OH, OW, C]; the others as in `max_pool2d`; out [N, H, W, C].
    Returns: [N, H, W, C].
    Raises: InvalidArgument, as `reference.max_pool2d_vjp`.
    """
    window = _require_windows(images, cotangent, pool_size, strides, padding)
    target = destination(out, images.shape, images.dtype, images, cotangent)
    kernel = _pool_vjp_loop if images.size < PARALLEL_SIZE else _pool_vjp_threads
    kernel(contiguous(images), contiguous(cotangent), target, *window)
    return deliver(target, out)


def average_pool2d(
    images: np.ndarray,
    *,
    pool_size: int | tuple[int, int] = 2,
    strides: int | tuple[int, int] | None = None,
    padding: str = "valid",
    out: np.ndarray | None = None,
) -> np.ndarray:
    """Keep the mean of every window; padding isn't counted.

    Args: images [N, H, W, C]; pool_size, strides and padding as `reference.average_pool2d`; out [N, OH, OW, C].
    Returns: [N, OH, OW, C].
    Raises: InvalidArgument, as `reference.average_pool2d`.
    """
    return _pooled(_average_loop, _average_threads, images, (pool_size, strides, padding), out)


def average_pool2d_vjp(
    images: np.ndarray,
    cotangent: np.ndarray,
    *,
    pool_size: int | tuple[int, int] = 2,
    strides: int | tuple[int, int] | None = None,
    padding: str = "valid",
    out: np.ndarray | None = None,
) -> np.ndarray:
    """Carry a gradient back through `average_pool2d`: every cell of a window gets an equal share.

    Args: images [N, H, W, C]; cotangent [N, OH, OW, C]; the others as in `average_pool2d`; out [N, H, W, C].
    Returns: [N, H, W, C].
    Raises: InvalidArgument, as `reference.average_pool2d_vjp`.
    """
    window = _require_windows(images, cotangent, pool_size, strides, padding)
    target = destination(out, images.shape, images.dtype, cotangent)
    kernel = _average_vjp_loop if images.size < PARALLEL_SIZE else _average_vjp_threads
    kernel(contiguous(cotangent), target, *window)
    return deliver(target, out)


def _pooled(loop, threads, images: np.ndarray, how: tuple, out: np.ndarray | None) -> np.ndarray:
    """Apply a kernel to the windows of images, in threads if there are many numbers."""
    geometry, size = require_pooling(images, *how)
    target = destination(out, _output_shape(images, geometry), images.dtype, images)
    kernel = loop if images.size < PARALLEL_SIZE else threads
    kernel(contiguous(images), target, *size, *window_steps(geometry))
    return deliver(target, out)


def _require_windows(images: np.ndarray, cotangent: np.ndarray, *how: Any) -> tuple[int, ...]:
    """Check the arguments of a gradient; return the size of the windows and where they stand."""
    geometry, size = require_pooling(images, *how)
    require_like("cotangent", cotangent, _output_shape(images, geometry), images.dtype, "of the pooling's output")
    return *size, *window_steps(geometry)


def _output_shape(images: np.ndarray, geometry: Geometry) -> tuple[int, ...]:
    return len(images), geometry.output_rows, geometry.output_columns, images.shape[3]


@leaf
def columns_of_window(window, place, width):
    """The first column of one of the windows side by side, and the one behind its last, padding left out."""
    first_column = place * window.column_stride - window.left
    return max(0, first_column), min(width, first_column + window.columns)


@leaf
def pool_row(source, row_start, rows, width, channels, out, place_start, out_columns, window):
    """The maxima of a row of windows for all channels: the cells innermost, so that the maxima stay in a register."""
    lanes = VECTOR_BYTES // source.itemsize
    row_step = width * channels
    for j in range(out_columns):
        x, x_end = columns_of_window(window, j, width)
        columns, start = x_end - x, (row_start + x) * channels
        place = (place_start + j) * channels
        if channels >= lanes:
            for block in range(0, channels, lanes):
                c = min(block, channels - lanes)
                largest = load(source, start + c)
                for a in range(rows):
                    for b in range(columns):
                        largest = maximum(largest, load(source, start + a * row_step + b * channels + c))
                store(out, place + c, largest)
        elif channels >= FEWEST_LANES:
            largest = load_part(source, start, channels)
            for a in range(rows):
                for b in range(columns):
                    largest = maximum(largest, load_part(source, start + a * row_step + b * channels, channels))
            store_part(out, place, channels, largest)
        else:
            for c in range(channels):
                best = source[start + c]
                for a in range(rows):
                    for b in range(columns):
                        value = source[start + a * row_step + b * channels + c]
                        best = value if value > best or value != value else best
                out[place + c] = best


@compiled()
def _pool_image(n, images, out, window):
    _, height, width, channels = images.shape
    _, out_rows, out_columns, _ = out.shape
    source, target = images.ravel(), out.ravel()
    for i in range(out_rows):
        first_row = i * window.row_stride - window.top
        y, y_end = max(0, first_row), min(height, first_row + window.rows)
        row_start, place_start = (n * height + y) * width, (n * out_rows + i) * out_columns
        pool_row(source, row_start, y_end - y, width, channels, target, place_start, out_columns, window)


@compiled()
def _pool_loop(images, out, rows, columns, row_stride, column_stride, top, left):
    window = Window(rows, columns, row_stride, column_stride, top, left)
    for n in range(len(images)):
        _pool_image(n, images, out, window)


@compiled(parallel=True)
def _pool_threads(images, out, rows, columns, row_stride, column_stride, top, left):
    window = Window(rows, columns, row_stride, column_stride, top, left)
    for n in prange(len(images)):
        _pool_image(np.intp(n), images, out, window)


@leaf
def unpool_row(source, row_start, rows, width, channels, given, place_start, out_columns, window, gradients):
    """Add each cotangent of a row of windows to where its first maximum is; the first NaN beats everything."""
    lanes, number = VECTOR_BYTES // source.itemsize, source.dtype.type
    row_step = width * channels
    for j in range(out_columns):
        x, x_end = columns_of_window(window, j, width)
        columns, start = x_end - x, (row_start + x) * channels
        place = (place_start + j) * channels
        if channels < FEWEST_LANES or rows * columns > COUNTABLE_CELLS:
            for c in range(channels):
                cell, best = start + c, source[start + c]
                for a in range(rows):
                    for b in range(columns):
                        value = source[start + a * row_step + b * channels + c]
                        if value > best or (value != value and best == best):
                            cell, best = start + a * row_step + b * channels + c, value
                gradients[cell] += given[place + c]
        elif channels < lanes:
            best, winner = load_part(source, start, channels), vector_of(source, number(0))
            for a in range(rows):
                for b in range(columns):
                    value = load_part(source, start + a * row_step + b * channels, channels)
                    winner = where_beaten(best, value, number(a * columns + b), winner)
                    best = where_beaten(best, value, value, best)
            gradient = load_part(given, place, channels)
            for a in range(rows):
                for b in range(columns):
                    cell, here = start + a * row_step + b * channels, number(a * columns + b)
                    total = load_part(gradients, cell, channels) + where_equal(winner, here, gradient)
                    store_part(gradients, cell, channels, total)
        else:
            for block in range(0, channels, lanes):
                c = min(block, channels - lanes)
                best, winner = load(source, start + c), vector_of(source, number(0))
                for a in range(rows):
                    for b in range(columns):
                        value = load(source, start + a * row_step + b * channels + c)
                        winner = where_beaten(best, value, number(a * columns + b), winner)
                        best = where_beaten(best, value, value, best)
                # The last vector ends with the last channel: of what the one before has done, too, nothing is added.
                gradient = last_lanes(load(given, place + c), channels - block)
                for a in range(rows):
                    for b in range(columns):
                        cell, here = start + a * row_step + b * channels + c, number(a * columns + b)
                        store(gradients, cell, load(gradients, cell) + where_equal(winner, here, gradient))


@compiled()
def _pool_image_vjp(n, images, cotangent, gradients, window):
    _, height, width, channels = images.shape
    _, out_rows, out_columns, _ = cotangent.shape
    source, given, target = images.ravel(), cotangent.ravel(), gradients.ravel()
    size = height * width * channels
    target[n * size : (n + 1) * size] = 0
    # An image is one task's: where windows overlap, their gradients are added in the same order with any threads.
    for i in range(out_rows):
        first_row = i * window.row_stride - window.top
        y, y_end = max(0, first_row), min(height, first_row + window.rows)
        row_start, place_start = (n * height + y) * width, (n * out_rows + i) * out_columns
        unpool_row(source, row_start, y_end - y, width, channels, given, place_start, out_columns, window, target)


@compiled()
def _pool_vjp_loop(images, cotangent, gradients, rows, columns, row_stride, column_stride, top, left):
    window = Window(rows, columns, row_stride, column_stride, top, left)
    for n in range(len(images)):
        _pool_image_vjp(n, images, cotangent, gradients, window)


@compiled(parallel=True)
def _pool_vjp_threads(images, cotangent, gradients, rows, columns, row_stride, column_stride, top, left):
    window = Window(rows, columns, row_stride, column_stride, top, left)
    for n in prange(len(images)):
        _pool_image_vjp(np.intp(n), images, cotangent, gradients, window)


@leaf
def average_row(source, row_start, rows, width, channels, out, place_start, out_columns, window):
    """The means of a row of windows for all channels, as `pool_row`; the cells are added up in the same order."""
    lanes, number = VECTOR_BYTES // source.itemsize, source.dtype.type
    row_step = width * channels
    for j in range(out_columns):
        x, x_end = columns_of_window(window, j, width)
        columns, start = x_end - x, (row_start + x) * channels
        place, cells = (place_start + j) * channels, number(rows * columns)
        if channels >= lanes:
            for block in range(0, channels, lanes):
                c = min(block, channels - lanes)
                # -0 is what changes no sum; 0 would make 0 of -0.
                total = vector_of(source, number(-0.0))
                for a in range(rows):
                    for b in range(columns):
                        total = total + load(source, start + a * row_step + b * channels + c)
                store(out, place + c, total / cells)
        elif channels >= FEWEST_LANES:
            total = vector_of(source, number(-0.0))
            for a in range(rows):
                for b in range(columns):
                    total = total + load_part(source, start + a * row_step + b * channels, channels)
            store_part(out, place, channels, total / cells)
        else:
            for c in range(channels):
                mean = number(-0.0)
                for a in range(rows):
                    for b in range(columns):
                        mean += source[start + a * row_step + b * channels + c]
                out[place + c] = mean / cells


@compiled()
def _average_image(n, images, out, window):
    _, height, width, channels = images.shape
    _, out_rows, out_columns, _ = out.shape
    source, target = images.ravel(), out.ravel()
    for i in range(out_rows):
        first_row = i * window.row_stride - window.top
        y, y_end = max(0, first_row), min(height, first_row + window.rows)
        row_start, place_start = (n * height + y) * width, (n * out_rows + i) * out_columns
        average_row(source, row_start, y_end - y, width, channels, target, place_start, out_columns, window)


@compiled()
def _average_loop(images, out, rows, columns, row_stride, column_stride, top, left):
    window = Window(rows, columns, row_stride, column_stride, top, left)
    for n in range(len(images)):
        _average_image(n, images, out, window)


@compiled(parallel=True)
def _average_threads(images, out, rows, columns, row_stride, column_stride, top, left):
    window = Window(rows, columns, row_stride, column_stride, top, left)
    for n in prange(len(images)):
        _average_image(np.intp(n), images, out, window)


@compiled()
def _average_image_vjp(n, cotangent, gradients, window):
    _, height, width, channels = gradients.shape
    _, out_rows, out_columns, _ = cotangent.shape
    shares = np.empty(channels, gradients.dtype)
    for y in range(height):
        for x in range(width):
            for c in range(channels):
                gradients[n, y, x, c] = 0
    for i in range(out_rows):
        first_row = i * window.row_stride - window.top
        y, y_end = max(0, first_row), min(height, first_row + window.rows)
        for j in range(out_columns):
            first_column = j * window.column_stride - window.left
            x, x_end = max(0, first_column), min(width, first_column + window.columns)
            cells = gradients.dtype.type((y_end - y) * (x_end - x))
            for c in range(channels):
                shares[c] = cotangent[n, i, j, c] / cells
            for a in range(y, y_end):
                for b in range(x, x_end):
                    for c in range(channels):
                        gradients[n, a, b, c] += shares[c]


@compiled()
def _average_vjp_loop(cotangent, gradients, rows, columns, row_stride, column_stride, top, left):
    window = Window(rows, columns, row_stride, column_stride, top, left)
    for n in range(len(gradients)):
        _average_image_vjp(n, cotangent, gradients, window)


@compiled(parallel=True)
def _average_vjp_threads(cotangent, gradients, rows, columns, row_stride, column_stride, top, left):
    window = Window(rows, columns, row_stride, column_stride, top, left)
    for n in prange(len(gradients)):
        _average_image_vjp(np.intp(n), cotangent, gradients, window)
