"""The kernels of a convolution's gradients.

For the filters it is the walk of `convolution` the other way round: an entry of a filter sees OH pieces of OW pixels. A
piece of the cotangent's rows at a time, whose panels stay in the first-level cache: 56×56×64 took 16 ms, now 11. Of few
images, the entries are shared out among tasks, too.

For the images, every tile of cotangent·filtersᵀ is added to the overlapping windows that it came from: in a band of an
image's rows, in the first-level cache, which takes what each row of the filters sends there. So a band is one task's
from beginning to end, and a single image is several tasks.

Both keep a fixed order of additions: bands and pieces depend on shapes only, and so does the number of groups of images
over which the filters' gradient is summed.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from fast.cpu.compilation import compiled
from fast.cpu.matrix_product import (
    DEPTH_BLOCK,
    PARALLEL_WORK,
    Matrix,
    multiples,
    multiply_packed,
    pack,
    padded_columns,
)
from fast.cpu.tiles import ROWS_1, Depth, Rows
from fast.cpu.windows import Window, copy_window_rows, extent, tap_places, window_places

#: Bytes of a band of an image to which gradients are added.
BAND_BYTES = 20 << 10
#: Bands to make of a batch at least, where several threads share them.
LEAST_BANDS = 4
#: Partial sums of the gradient of filters, or of their biases; a fixed number, lest the order of additions depend on
#: the threads.
GROUPS = 8
#: Tasks to make of the gradient of filters at least, if there are so many tiles.
LEAST_TASKS = 4


def conv2d_vjp_kernels(cotangent: np.ndarray, filters: np.ndarray):
    """What computes the gradients of the images and of the filters."""
    # Whether one thread does as well.
    if cotangent.size * filters.size < PARALLEL_WORK * filters.shape[3]:
        return _image_gradient_loop, _filter_gradient_loop
    return _image_gradient_threads, _filter_gradient_threads


@compiled()
def band_height(d_images, window, out_columns, bands):
    """How many rows of an image make a band: what the cache holds, but so many bands at least."""
    count, height, _, channels = d_images.shape
    _, columns = extent(window, 1, out_columns)
    most = max(1, BAND_BYTES // (columns * channels * d_images.itemsize))
    pieces = max((height + most - 1) // most, (bands + count - 1) // count)
    return (height + pieces - 1) // pieces


@compiled()
def image_gradient(address, n, first_row, rows, cotangent, packed, d_images, window):
    """Some rows of an image's gradient, of what each row of the filters sends there."""
    _, height, width, channels = d_images.shape
    _, out_rows, out_columns, units = cotangent.shape
    _, columns = extent(window, 1, out_columns)
    row_step, run = columns * channels, window.columns * channels
    band = np.zeros(rows * row_step, d_images.dtype)
    most = min(out_rows, (rows - 1) // window.row_stride + 1)
    places = window_places(window, 1, most, out_columns, 0, row_step, channels)
    sources, depth = multiples(most * out_columns, units), Depth(1, units, 1, 0)
    # One row of each filter after the other: what one product adds to must be pieces of neighbours.
    for a in range(window.rows):
        # The windows of output row i have this row at row i·stride + a - top of the image.
        above = first_row + window.top - a
        first = max(0, (above + window.row_stride - 1) // window.row_stride)
        end = min(out_rows, (above + rows - 1) // window.row_stride + 1)
        if first < end:
            source = Rows(cotangent.ravel(), (n * out_rows + first) * out_columns * units, sources)
            target = Rows(band, (first * window.row_stride - above) * row_step, places)
            panels = a * units * padded_columns(run, d_images.itemsize)
            multiply_packed(address, source, depth, packed, panels, target, (end - first) * out_columns, run, True)
    # What lies inside the image; where no window reaches, at its end, there is nothing.
    numbers, line = d_images.ravel(), width * channels
    inside = min(line, row_step - window.left * channels)
    for y in range(rows):
        start, place = (n * height + first_row + y) * line, y * row_step + window.left * channels
        row, source = numbers[start : start + line], band[place : place + inside]
        for i in range(inside):
            row[i] = source[i]
        for i in range(inside, line):
            row[i] = 0


@compiled()
def pack_transposed_filters(filters):
    """The filters transposed, in panels, one row of each filter after the other."""
    kernel_rows, kernel_columns, channels, units = filters.shape
    run = kernel_columns * channels
    size = units * padded_columns(run, filters.itemsize)
    packed = np.empty(kernel_rows * size, filters.dtype)
    for a in range(kernel_rows):
        pack(Matrix(filters.ravel(), a * run * units, 1, units), units, run, packed, a * size)
    return packed


@compiled()
def _image_gradient_loop(address, filters, cotangent, d_images, row_stride, column_stride, top, left):
    window = Window(*filters.shape[:2], row_stride, column_stride, top, left)
    packed, height = pack_transposed_filters(filters), d_images.shape[1]
    rows = band_height(d_images, window, cotangent.shape[2], 1)
    for n in range(len(d_images)):
        for y in range(0, height, rows):
            image_gradient(address, n, y, min(rows, height - y), cotangent, packed, d_images, window)


@compiled(parallel=True)
def _image_gradient_threads(address, filters, cotangent, d_images, row_stride, column_stride, top, left):
    window = Window(*filters.shape[:2], row_stride, column_stride, top, left)
    packed, height = pack_transposed_filters(filters), d_images.shape[1]
    rows = band_height(d_images, window, cotangent.shape[2], LEAST_BANDS)
    bands = (height + rows - 1) // rows
    for task in prange(len(d_images) * bands):
        n, y = np.intp(task) // bands, np.intp(task) % bands * rows
        image_gradient(address, n, y, min(rows, height - y), cotangent, packed, d_images, window)


@compiled()
def filter_gradient(address, first, last, taps, images, cotangent, sums, window):
    """The gradient of some entries of the filters from some of the images: their pixels times the cotangent."""
    channels = images.shape[3]
    _, out_rows, out_columns, units = cotangent.shape
    rows, columns = extent(window, out_rows, out_columns)
    row_step, pixels, count = columns * channels, out_rows * out_columns, taps.stop - taps.start
    padded, height = np.zeros(rows * row_step, images.dtype), max(1, DEPTH_BLOCK // out_columns)
    packed = np.empty(min(height, out_rows) * out_columns * padded_columns(units, images.itemsize), images.dtype)
    places = tap_places(window, row_step, channels)[taps]
    target = Rows(sums, taps.start * units, multiples(count, units))
    for n in range(first, last):
        copy_window_rows(images, n, -window.top, -window.left, padded, 0, rows, columns)
        for i in range(0, out_rows, height):
            # What an entry meets: as many pieces as the output has rows, with the stride between their pixels.
            piece = min(height, out_rows - i)
            depth = Depth(window.column_stride * channels, out_columns, piece, window.row_stride * row_step)
            part = Matrix(cotangent.ravel(), (n * pixels + i * out_columns) * units, units, 1)
            pack(part, piece * out_columns, units, packed, np.intp(0))
            source = Rows(padded, i * window.row_stride * row_step, places)
            multiply_packed(address, source, depth, packed, 0, target, count, units, n > first or i > 0)


@compiled()
def add_groups(sums, total):
    """Add the groups' partial sums in order."""
    for i in range(total.size):
        total[i] = sums[0, i]
    for g in range(1, len(sums)):
        for i in range(total.size):
            total[i] += sums[g, i]


@compiled()
def group_height(count):
    """How many images a group has."""
    return (count + GROUPS - 1) // GROUPS


@compiled()
def _filter_gradient_loop(address, images, cotangent, d_filters, row_stride, column_stride, top, left):
    window = Window(*d_filters.shape[:2], row_stride, column_stride, top, left)
    count, height, taps = len(images), group_height(len(images)), d_filters.size // d_filters.shape[3]
    sums = np.empty(((count + height - 1) // height, d_filters.size), d_filters.dtype)
    for g in range(len(sums)):
        first, last = g * height, min(count, (g + 1) * height)
        filter_gradient(address, first, last, slice(0, taps), images, cotangent, sums[g], window)
    add_groups(sums, d_filters.ravel())


@compiled(parallel=True)
def _filter_gradient_threads(address, images, cotangent, d_filters, row_stride, column_stride, top, left):
    window = Window(*d_filters.shape[:2], row_stride, column_stride, top, left)
    count, height, taps = len(images), group_height(len(images)), d_filters.size // d_filters.shape[3]
    sums = np.empty(((count + height - 1) // height, d_filters.size), d_filters.dtype)
    # Of few groups each is shared out, some entries of the filters to a task, whole tiles of them.
    shares = (LEAST_TASKS + len(sums) - 1) // len(sums)
    share = ((taps + shares - 1) // shares + ROWS_1 - 1) // ROWS_1 * ROWS_1
    for task in prange(len(sums) * shares):
        g, place = np.intp(task) // shares, np.intp(task) % shares * share
        first, last, part = g * height, min(count, (g + 1) * height), slice(min(taps, place), min(taps, place + share))
        filter_gradient(address, first, last, part, images, cotangent, sums[g], window)
    add_groups(sums, d_filters.ravel())
