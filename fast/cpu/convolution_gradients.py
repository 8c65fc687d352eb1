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

from fast.cpu.compilation import compiled, leaf
from fast.cpu.panels import (
    PANEL_DEPTH,
    Matrix,
    multiples,
    multiply_packed,
    pack,
    pack_panel,
    padded_columns,
    panel_count,
    panel_place,
)
from fast.cpu.rows import aligned, copy_row
from fast.cpu.shuffles import fold_sum
from fast.cpu.threads import PARALLEL_WORK
from fast.cpu.tiles import ROWS_1, Depth, Rows
from fast.cpu.vectors import VECTOR_BYTES, load, load_part, multiply_add, vector_of
from fast.cpu.windows import Window, copy_window_rows, extent, tap_places

#: Bytes of a band of an image to which gradients are added.
BAND_BYTES = 26 << 10
#: Pixels that are summed together where there are few channels.
TOGETHER = 4
#: Channels that leave most of a tile empty.
FEW_CHANNELS = 2
#: Bands to make of a batch at least, where several threads share them.
LEAST_BANDS = 4
#: Partial sums of the gradient of filters, or of their biases; a fixed number, lest the order of additions depend on
#: the threads.
GROUPS = 8
#: Tasks to make of the gradient of filters at least, if there are so many tiles.
LEAST_TASKS = 4


def image_gradient_kernel(cotangent: np.ndarray, filters: np.ndarray, column_stride: int):
    """What computes the gradient of the images."""
    alone = one_thread_does(cotangent, filters)
    if filters.shape[2] <= FEW_CHANNELS and column_stride == 1:
        return _pixel_gradient_loop if alone else _pixel_gradient_threads
    return _image_gradient_loop if alone else _image_gradient_threads


def filter_gradient_kernel(cotangent: np.ndarray, filters: np.ndarray):
    """What computes the gradient of the filters."""
    return _filter_gradient_loop if one_thread_does(cotangent, filters) else _filter_gradient_threads


def one_thread_does(cotangent: np.ndarray, filters: np.ndarray) -> bool:
    """Whether one thread computes the gradients of so many outputs as fast as several."""
    return cotangent.size * filters.size < PARALLEL_WORK * filters.shape[3]


@leaf
def band_height(d_images, window, out_columns, bands):
    """How many rows of an image make a band: what the cache holds, but so many bands at least."""
    count, height, _, channels = d_images.shape
    _, columns = extent(window, 1, out_columns)
    most = max(1, BAND_BYTES // (columns * channels * d_images.itemsize))
    pieces = max((height + most - 1) // most, (bands + count - 1) // count)
    return (height + pieces - 1) // pieces


@leaf
def taps_before(first, window):
    """How many rows of the filters come before those that start with row `first`, in the order of `pack_taps`."""
    count = 0
    for residue in range(min(first, window.row_stride)):
        count += max(0, (window.rows - residue + window.row_stride - 1) // window.row_stride)
    return count


@compiled()
def pack_taps(filters, window):
    """The filters transposed, in panels: rows 0, stride, 2·stride, … of each, then 1, 1 + stride, …

    In a panel one row comes after the other, so that some rows that follow each other are a panel, too.
    """
    rows, columns, channels, units = filters.shape
    run = columns * channels
    width = padded_columns(run, filters.itemsize)
    packed = aligned(rows * units * width, filters)
    for residue in range(min(rows, window.row_stride)):
        before = taps_before(residue, window)
        taps = taps_before(residue + 1, window) - before
        for p in range(panel_count(run, filters.itemsize)):
            column, wide = panel_place(p, run, filters.itemsize)
            for t in range(taps):
                a = residue + t * window.row_stride
                tap = Matrix(filters.ravel(), (a * run + column) * units, 1, units)
                place = before * units * width + (column * taps + t * wide) * units
                pack_panel(tap, units, run - column, wide, packed, place)
    return packed


@compiled()
def image_gradient(address, n, first_row, rows, cotangent, packed, d_images, window):
    """Some rows of an image's gradient."""
    _, height, width, channels = d_images.shape
    _, columns = extent(window, 1, cotangent.shape[2])
    row_step, stride = columns * channels, window.row_stride
    band = np.zeros(rows * row_step, d_images.dtype)
    # Rows of the image as far apart as the windows get what the same rows of the filters send.
    for first in range(min(stride, rows)):
        add_to_rows(address, n, first_row, rows, first, cotangent, packed, band, row_step, window)
    # What lies inside the image; where no window reaches, at its end, there is nothing.
    numbers, line, inside = d_images.ravel(), width * channels, min(width, columns - window.left) * channels
    for y in range(rows):
        start = (n * height + first_row + y) * line
        copy_row(band, y * row_step + window.left * channels, inside, numbers, start)
        for i in range(start + inside, start + line):
            numbers[i] = 0


@compiled()
def add_to_rows(address, n, first_row, rows, first, cotangent, packed, band, row_step, window):
    """Add to every row_stride-th row of a band, from the `first` on, what rows of the filters send there."""
    _, out_rows, out_columns, units = cotangent.shape
    channels = row_step // extent(window, 1, out_columns)[1]
    run, stride = window.columns * channels, window.row_stride
    width = padded_columns(run, band.itemsize)
    # Rows first_tap, first_tap + stride, … of the filters meet output rows base, base - 1, ….
    base, first_tap = (first_row + first + window.top) // stride, (first_row + first + window.top) % stride
    before = taps_before(first_tap, window)
    taps = taps_before(first_tap + 1, window) - before
    most = min(out_rows, (rows - 1 - first) // stride + 1) * out_columns
    places, sources = np.empty(most, np.intp), np.empty(most, np.intp)
    y = first
    while y < rows:
        low, high, count = max(0, base - out_rows + 1), min(taps, base + 1), 1
        if low == 0 and high == taps:
            # Rows that all these taps reach go together.
            count = min((rows - 1 - y) // stride, out_rows - 1 - base) + 1
        if low < high:
            spread_pixels(places, sources, count, out_columns, row_step, channels, units, window)
            source = Rows(cotangent.ravel(), (n * out_rows + base - low) * out_columns * units, sources)
            # One tap after the other, so upwards in the cotangent.
            depth = Depth(1, units, high - low, -out_columns * units)
            for p in range(panel_count(run, band.itemsize)):
                column, wide = panel_place(p, run, band.itemsize)
                panel = (before * width + column * taps + low * wide) * units
                target = Rows(band, y * row_step + column, places)
                part = min(wide, run - column)
                multiply_packed(address, source, depth, packed, panel, target, count * out_columns, part, True)
        y, base = y + count * stride, base + count


@leaf
def spread_pixels(places, sources, rows, columns, row_step, channels, units, window):
    """Where the windows of some rows of output start in a band, and where their cotangents do.

    Windows that overlap don't follow each other: what has just been stored is long in coming back.
    """
    apart, m = (window.columns + window.column_stride - 1) // window.column_stride, 0
    for first in range(min(apart, columns)):
        for i in range(rows):
            for j in range(first, columns, apart):
                places[m] = i * window.row_stride * row_step + j * window.column_stride * channels
                sources[m] = (i * columns + j) * units
                m += 1


@compiled()
def _image_gradient_loop(address, filters, cotangent, d_images, row_stride, column_stride, top, left):
    window = Window(*filters.shape[:2], row_stride, column_stride, top, left)
    packed, height = pack_taps(filters, window), d_images.shape[1]
    rows = band_height(d_images, window, cotangent.shape[2], 1)
    for n in range(len(d_images)):
        for y in range(0, height, rows):
            image_gradient(address, n, y, min(rows, height - y), cotangent, packed, d_images, window)


@compiled(parallel=True)
def _image_gradient_threads(address, filters, cotangent, d_images, row_stride, column_stride, top, left):
    window = Window(*filters.shape[:2], row_stride, column_stride, top, left)
    packed, height = pack_taps(filters, window), d_images.shape[1]
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
    padded, height = np.zeros(rows * row_step, images.dtype), max(1, PANEL_DEPTH // out_columns)
    packed = aligned(min(height, out_rows) * out_columns * padded_columns(units, images.itemsize), images)
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
def turn(filters):
    """For each row and channel of the filters its taps from right to left, all units of one after those of another."""
    rows, columns, channels, units = filters.shape
    turned = np.empty((rows, channels, columns, units), filters.dtype)
    for a in range(rows):
        for b in range(columns):
            for c in range(channels):
                for u in range(units):
                    turned[a, c, columns - 1 - b, u] = filters[a, b, c, u]
    return turned.ravel()


@leaf
def image_gradient_by_pixels(n, first_row, rows, slopes, of_cotangent, turned, numbers, of_images, window):
    """Some rows of an image's gradient where windows are one column apart: sums of products, pixel by pixel.

    Cotangent and gradient are flat, beside their shapes.
    """
    _, height, width, channels = of_images
    _, out_rows, out_columns, units = of_cotangent
    run, stride = window.columns * units, window.row_stride
    for y in range(first_row, first_row + rows):
        # Rows first_tap, first_tap + stride, … of the filters meet output rows base, base - 1, ….
        base, first_tap = (y + window.top) // stride, (y + window.top) % stride
        taps = (window.rows - first_tap + stride - 1) // stride
        low, high, x = max(0, base - out_rows + 1), min(taps, base + 1), 0
        while x < width:
            # The windows at these columns of the output have this one.
            leftmost = x + window.left - window.columns + 1
            first, last = max(0, leftmost), min(out_columns, x + window.left + 1)
            count, skipped = max(0, last - first) * units, (first - leftmost) * units
            # Neighbours with whole windows go together: what one sum waits for, the others compute.
            together = TOGETHER if leftmost >= 0 and last + TOGETHER - 1 <= out_columns and x + TOGETHER <= width else 1
            for c in range(channels):
                p = vector_of(numbers, numbers.dtype.type(0))
                q, r, s = p, p, p
                for t in range(low, high):
                    place = ((n * out_rows + base - t) * out_columns + first) * units
                    tap = ((first_tap + t * stride) * channels + c) * run + skipped
                    if together == 1:
                        p = add_products(slopes, place, turned, tap, count, p)
                    else:
                        p, q, r, s = add_products_together(slopes, place, units, turned, tap, count, p, q, r, s)
                pixel = ((n * height + y) * width + x) * channels + c
                numbers[pixel] = fold_sum(p)
                if together > 1:
                    numbers[pixel + channels], numbers[pixel + 2 * channels] = fold_sum(q), fold_sum(r)
                    numbers[pixel + 3 * channels] = fold_sum(s)
            x += together


@leaf
def add_products(x, x_start, y, y_start, count, total):
    """A vector of sums, and the products of two rows' numbers added to them."""
    size, i = VECTOR_BYTES // x.itemsize, 0
    while i + size <= count:
        total = multiply_add(load(x, x_start + i), load(y, y_start + i), total)
        i += size
    if i < count:
        total = multiply_add(load_part(x, x_start + i, count - i), load_part(y, y_start + i, count - i), total)
    return total


@leaf
def add_products_together(x, x_start, step, y, y_start, count, p, q, r, s):
    """The same for four rows, `step` apart, and the same other one."""
    size, i, second, third, fourth = VECTOR_BYTES // x.itemsize, 0, step, 2 * step, 3 * step
    while i + size <= count:
        other, place = load(y, y_start + i), x_start + i
        p, q = multiply_add(load(x, place), other, p), multiply_add(load(x, place + second), other, q)
        r, s = multiply_add(load(x, place + third), other, r), multiply_add(load(x, place + fourth), other, s)
        i += size
    if i < count:
        other, place, left = load_part(y, y_start + i, count - i), x_start + i, count - i
        p = multiply_add(load_part(x, place, left), other, p)
        q = multiply_add(load_part(x, place + second, left), other, q)
        r = multiply_add(load_part(x, place + third, left), other, r)
        s = multiply_add(load_part(x, place + fourth, left), other, s)
    return p, q, r, s


@compiled()
def _pixel_gradient_loop(address, filters, cotangent, d_images, row_stride, column_stride, top, left):
    window, turned = Window(*filters.shape[:2], row_stride, column_stride, top, left), turn(filters)
    slopes, numbers, rows = cotangent.ravel(), d_images.ravel(), d_images.shape[1]
    for n in range(len(d_images)):
        image_gradient_by_pixels(n, 0, rows, slopes, cotangent.shape, turned, numbers, d_images.shape, window)


@compiled(parallel=True)
def _pixel_gradient_threads(address, filters, cotangent, d_images, row_stride, column_stride, top, left):
    window, turned = Window(*filters.shape[:2], row_stride, column_stride, top, left), turn(filters)
    bands = (LEAST_BANDS + len(d_images) - 1) // len(d_images)
    rows = (d_images.shape[1] + bands - 1) // bands
    slopes, numbers = cotangent.ravel(), d_images.ravel()
    for task in prange(len(d_images) * bands):
        n, y = np.intp(task) // bands, np.intp(task) % bands * rows
        count = min(rows, d_images.shape[1] - y)
        image_gradient_by_pixels(n, y, count, slopes, cotangent.shape, turned, numbers, d_images.shape, window)


@leaf
def add_groups(sums, total):
    """Add the groups' partial sums in order."""
    for i in range(total.size):
        total[i] = sums[0, i]
    for g in range(1, len(sums)):
        for i in range(total.size):
            total[i] += sums[g, i]


@leaf
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
