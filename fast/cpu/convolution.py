"""Convolution and its gradients as matrix products over windows that are never copied out.

The ladder (100 images 28×28×12, 24 filters 6×6, stride 2, float32):
1. seven nested loops: see `matrix_product` for what that costs.
2. im2col: copy every window to a row of a matrix, multiply by the filters [KH·KW·C, F]. Fast arithmetic, but each pixel
   is copied KH·KW/(strides) times, and the copy no longer fits a cache.
3. the implicit product: in an image [H, W, C], a window is KH pieces of KW·C neighbouring numbers, and the pieces are a
   row of the image apart. `matrix_product.tile` walks just that, so the only copy is the image with its zero border.
4. tasks of about `BLOCK_PIXELS` output pixels: several small images, or a band of rows of a large one. Their padded
   pixels stay in the second-level cache, and few tiles are left half empty at an edge: 57 GFLOP/s on one core, of the
   65 that the tile can do.
5. some rows of the filters at a time, so that their panels stay in the first-level cache: for 32 filters 6×6×24 that
   made 11 ms of a core into 7.

The gradient for the filters is the same walk the other way round: a filter's entry sees OH pieces of OW pixels. The
gradient for the images adds each tile to overlapping rows of the padded image. Both keep a fixed order of additions:
an image's gradient is one task's, and the filters' is summed over a number of groups that depends on shapes only.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from fast.cpu.arguments import contiguous, deliver, destination, destinations
from fast.cpu.compilation import compiled
from fast.cpu.matrix_product import (
    DEPTH_BLOCK,
    PARALLEL_WORK,
    Matrix,
    multiples,
    multiplier,
    multiply_packed,
    pack,
    padded_columns,
)
from fast.cpu.tiles import Depth, Rows
from fast.cpu.windows import Window, extent, tap_places, window_places, window_steps
from fast.results import Conv2DGradients
from fast.validation import FLOATS, require_like
from fast.validation.convolution import require_convolution

__all__ = ["Conv2DGradients", "conv2d", "conv2d_vjp"]

#: Output pixels that a task is made of.
BLOCK_PIXELS = 256
#: Bytes of a padded image that a gradient is added to row by row of the filters: with these in a first-level cache.
PIECE_BYTES = 20 << 10
#: Partial sums of the gradient of filters, or of their biases; a fixed number, lest the order of additions depend on
#: the threads.
GROUPS = 8
#: What stands in the place of a bias that there isn't.
NO_BIAS = {dtype: np.empty(0, dtype) for dtype in FLOATS}


def conv2d(
    images: np.ndarray,
    filters: np.ndarray,
    *,
    strides: int | tuple[int, int] = 1,
    padding: str = "valid",
    out: np.ndarray | None = None,
) -> np.ndarray:
    """Slide filters across images and take the dot product at each place.

    Args: images [N, H, W, C]; filters [KH, KW, C, F]; strides and padding as `reference.conv2d`; out [N, OH, OW, F].
    Returns: [N, OH, OW, F].
    Memory: a copy of the filters, and for each thread one of a task's images if they are padded.
    Raises: InvalidArgument, as `reference.conv2d`.
    """
    g = require_convolution(images, filters, strides, padding)
    shape = (len(images), g.output_rows, g.output_columns, filters.shape[3])
    target = destination(out, shape, images.dtype, images, filters)
    kernel, no_bias = conv2d_kernel(target, filters), NO_BIAS[images.dtype]
    kernel(multiplier(images.dtype), contiguous(images), contiguous(filters), no_bias, target, *window_steps(g))
    return deliver(target, out)


def conv2d_vjp(
    images: np.ndarray,
    filters: np.ndarray,
    cotangent: np.ndarray,
    *,
    strides: int | tuple[int, int] = 1,
    padding: str = "valid",
    out: Conv2DGradients | None = None,
) -> Conv2DGradients:
    """Carry a gradient back through `conv2d`, to its images and its filters.

    Args: images [N, H, W, C]; filters [KH, KW, C, F]; cotangent [N, OH, OW, F]; strides and padding as in `conv2d`;
        out, the two arrays to write into.
    Returns: Conv2DGradients(images [N, H, W, C], filters [KH, KW, C, F]).
    Memory: up to nine times the filters, and for each thread a padded image and a copy of its cotangent.
    Raises: InvalidArgument, as `reference.conv2d_vjp`.
    """
    g = require_convolution(images, filters, strides, padding)
    shape = (len(images), g.output_rows, g.output_columns, filters.shape[3])
    require_like("cotangent", cotangent, shape, images.dtype, "of the convolution's output")
    targets = destinations(out, Conv2DGradients(images, filters), images, filters, cotangent)
    images, filters, cotangent = contiguous(images), contiguous(filters), contiguous(cotangent)
    steps, (of_images, of_filters) = window_steps(g), conv2d_vjp_kernels(cotangent, filters)
    of_images(multiplier(images.dtype), filters, cotangent, targets.images, *steps)
    of_filters(multiplier(images.dtype), images, cotangent, targets.filters, *steps)
    return deliver(targets, out)


def is_small(output: np.ndarray, filters: np.ndarray) -> bool:
    """Whether one thread computes so many outputs, or their gradients, as fast as several."""
    return output.size * filters.size < PARALLEL_WORK * filters.shape[3]


def conv2d_kernel(output: np.ndarray, filters: np.ndarray):
    """What computes a convolution of some size: relu(images * filters + bias), or without a bias, images * filters."""
    return _conv2d_loop if is_small(output, filters) else _conv2d_threads


def conv2d_vjp_kernels(cotangent: np.ndarray, filters: np.ndarray):
    """What computes the gradients of the images and of the filters."""
    if is_small(cotangent, filters):
        return _image_gradient_loop, _filter_gradient_loop
    return _image_gradient_threads, _filter_gradient_threads


@compiled()
def copy_window_rows(images, n, first_row, first_column, padded, start, rows, columns):
    """Copy part of an image, which may reach over its edges, into a zeroed place."""
    pixels, (_, height, width, channels) = images.ravel(), images.shape
    left, right = max(0, -first_column), min(columns, width - first_column)
    for y in range(max(0, -first_row), min(rows, height - first_row)):
        target = start + y * columns * channels
        source = ((n * height + first_row + y) * width + first_column) * channels
        for x in range(left * channels, right * channels):
            padded[target + x] = pixels[source + x]


@compiled()
def conv2d_block(address, images, packed, bias, out, n, count, i, rows, window):
    """Output rows i … i + rows - 1 of `count` images from n on; rows of a block are neighbours in `out`."""
    _, height, width, channels = images.shape
    _, out_rows, out_columns, filters = out.shape
    (all_rows, all_columns), (needed_rows, _) = extent(window, out_rows, out_columns), extent(window, rows, out_columns)
    if window.top or window.left or all_rows > height or all_columns > width:
        row_step, image_step, start = all_columns * channels, needed_rows * all_columns * channels, 0
        source, y, x = np.zeros(count * image_step, images.dtype), i * window.row_stride - window.top, -window.left
        for g in range(count):
            copy_window_rows(images, n + g, y, x, source, g * image_step, needed_rows, all_columns)
    else:
        row_step, image_step = width * channels, height * width * channels
        source, start = images.ravel(), n * image_step + i * window.row_stride * row_step
    pixels = count * rows * out_columns
    places = window_places(window, count, rows, out_columns, image_step, row_step, channels)
    target = Rows(out.ravel(), (n * out_rows + i) * out_columns * filters, multiples(pixels, filters))
    # A window is as many pieces as it has rows, and the pixels of each are neighbours.
    run, width = window.columns * channels, padded_columns(filters, images.itemsize)
    at_once = rows_at_once(run)
    for a in range(0, window.rows, at_once):
        depth = Depth(1, run, min(at_once, window.rows - a), row_step)
        rows_from_here = Rows(source, start + a * row_step, places)
        multiply_packed(address, rows_from_here, depth, packed, a * run * width, target, pixels, filters, a > 0)
    if bias.size:
        add_bias_and_rectify(target.data, target.start, pixels, bias)


@compiled()
def add_bias_and_rectify(sums, start, pixels, bias):
    """Make z of each pixel relu(z + bias), while it is still in a cache; NaN stays NaN."""
    zero, filters = sums.dtype.type(0), bias.size
    for m in range(pixels):
        line = sums[start + m * filters : start + (m + 1) * filters]
        for f in range(filters):
            z = line[f] + bias[f]
            line[f] = zero if z <= zero else z


@compiled()
def rows_at_once(run):
    """How many rows of the filters a product walks at a time, so that their panels stay in the first-level cache."""
    return max(1, DEPTH_BLOCK // run)


@compiled()
def conv2d_prepare(filters, out):
    """The filters in panels, and how many images and rows of output make a task.

    A task is several whole images, but there are four tasks if there are four images; or a band of rows of one image.
    """
    count, out_rows, out_columns, units = out.shape
    pixels, width = out_rows * out_columns, padded_columns(units, filters.itemsize)
    rows, columns, channels, _ = filters.shape
    run = columns * channels
    packed, at_once = np.empty(rows * run * width, filters.dtype), rows_at_once(run)
    for a in range(0, rows, at_once):
        piece = Matrix(filters.ravel(), a * run * units, units, 1)
        pack(piece, min(at_once, rows - a) * run, units, packed, a * run * width)
    if pixels > 2 * BLOCK_PIXELS:
        return packed, 1, max(1, BLOCK_PIXELS // out_columns)
    return packed, max(1, min(BLOCK_PIXELS // pixels + 1, (count + 3) // 4)), out_rows


@compiled()
def _conv2d_loop(address, images, filters, bias, out, row_stride, column_stride, top, left):
    window = Window(*filters.shape[:2], row_stride, column_stride, top, left)
    packed, together, height = conv2d_prepare(filters, out)
    for n in range(0, len(images), together):
        for i in range(0, out.shape[1], height):
            count, rows = min(together, len(images) - n), min(height, out.shape[1] - i)
            conv2d_block(address, images, packed, bias, out, n, count, i, rows, window)


@compiled(parallel=True)
def _conv2d_threads(address, images, filters, bias, out, row_stride, column_stride, top, left):
    window = Window(*filters.shape[:2], row_stride, column_stride, top, left)
    packed, together, height = conv2d_prepare(filters, out)
    bands, groups = (out.shape[1] + height - 1) // height, (len(images) + together - 1) // together
    for task in prange(bands * groups):
        n, i = np.intp(task) // bands * together, np.intp(task) % bands * height
        count, rows = min(together, len(images) - n), min(height, out.shape[1] - i)
        conv2d_block(address, images, packed, bias, out, n, count, i, rows, window)


@compiled()
def rows_in_cache(window, row_bytes):
    """How many rows of output a piece of a padded image has that stays in the first-level cache; one at least."""
    return max(1, (PIECE_BYTES // row_bytes - window.rows) // window.row_stride + 1)


@compiled()
def image_gradient(address, n, cotangent, packed, d_images, window):
    """The gradient of one image: every tile of cotangent·filtersᵀ is added to the windows that it came from."""
    _, height, width, channels = d_images.shape
    _, out_rows, out_columns, units = cotangent.shape
    rows, columns = extent(window, out_rows, out_columns)
    row_step, pixels, run = columns * channels, out_rows * out_columns, window.columns * channels
    padded = np.zeros(rows * row_step, d_images.dtype)
    height_of_piece = rows_in_cache(window, row_step * d_images.itemsize)
    most = min(height_of_piece, out_rows) * out_columns
    places = window_places(window, 1, min(height_of_piece, out_rows), out_columns, 0, row_step, channels)
    sources, depth = multiples(most, units), Depth(1, units, 1, 0)
    for i in range(0, out_rows, height_of_piece):
        first, count = n * pixels + i * out_columns, min(height_of_piece, out_rows - i) * out_columns
        source, start = Rows(cotangent.ravel(), first * units, sources), i * window.row_stride * row_step
        # One row of each filter after the other: what one product adds to must be pieces of neighbours.
        for a in range(window.rows):
            panels = a * units * padded_columns(run, d_images.itemsize)
            target = Rows(padded, start + a * row_step, places)
            multiply_packed(address, source, depth, packed, panels, target, count, run, True)
    # What lies inside the image; where no window reaches, at its end, there is nothing.
    numbers, line = d_images.ravel(), width * channels
    reached = min(width, columns - window.left) * channels
    for y in range(height):
        row, inside = y + window.top, reached if y + window.top < rows else 0
        start = row * row_step + window.left * channels
        line_of_image, source = numbers[(n * height + y) * line :], padded[start : start + inside]
        for i in range(inside):
            line_of_image[i] = source[i]
        for i in range(inside, line):
            line_of_image[i] = 0


@compiled()
def image_gradient_prepare(filters):
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
    packed = image_gradient_prepare(filters)
    for n in range(len(d_images)):
        image_gradient(address, n, cotangent, packed, d_images, window)


@compiled(parallel=True)
def _image_gradient_threads(address, filters, cotangent, d_images, row_stride, column_stride, top, left):
    window = Window(*filters.shape[:2], row_stride, column_stride, top, left)
    packed = image_gradient_prepare(filters)
    for n in prange(len(d_images)):
        image_gradient(address, np.intp(n), cotangent, packed, d_images, window)


@compiled()
def filter_gradient(address, first, last, images, cotangent, sums, window):
    """The gradient of the filters from some of the images: their windows' pixels times the cotangent."""
    channels = images.shape[3]
    _, out_rows, out_columns, units = cotangent.shape
    rows, columns = extent(window, out_rows, out_columns)
    row_step, pixels, taps = columns * channels, out_rows * out_columns, window.rows * window.columns * channels
    padded = np.zeros(rows * row_step, images.dtype)
    packed = np.empty(pixels * padded_columns(units, images.itemsize), images.dtype)
    source, target = Rows(padded, 0, tap_places(window, row_step, channels)), Rows(sums, 0, multiples(taps, units))
    # What a tap of the filters meets: as many pieces as the output has rows, with the stride between their pixels.
    depth = Depth(window.column_stride * channels, out_columns, out_rows, window.row_stride * row_step)
    for n in range(first, last):
        copy_window_rows(images, n, -window.top, -window.left, padded, 0, rows, columns)
        pack(Matrix(cotangent.ravel(), n * pixels * units, units, 1), pixels, units, packed, np.intp(0))
        multiply_packed(address, source, depth, packed, 0, target, taps, units, n > first)


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
    count, height = len(images), group_height(len(images))
    sums = np.empty(((count + height - 1) // height, d_filters.size), d_filters.dtype)
    for g in range(len(sums)):
        first, last = g * height, min(count, (g + 1) * height)
        filter_gradient(address, first, last, images, cotangent, sums[g], window)
    add_groups(sums, d_filters.ravel())


@compiled(parallel=True)
def _filter_gradient_threads(address, images, cotangent, d_filters, row_stride, column_stride, top, left):
    window = Window(*d_filters.shape[:2], row_stride, column_stride, top, left)
    count, height = len(images), group_height(len(images))
    sums = np.empty(((count + height - 1) // height, d_filters.size), d_filters.dtype)
    for g in prange(len(sums)):
        first, last = np.intp(g) * height, min(count, (np.intp(g) + 1) * height)
        filter_gradient(address, first, last, images, cotangent, sums[g], window)
    add_groups(sums, d_filters.ravel())
