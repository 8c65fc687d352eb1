"""Convolution and its gradients as matrix products over windows that are never copied out.

The ladder (100 images 28×28×12, 24 filters 6×6, stride 2, float32):
1. seven nested loops: see `matrix_product` for what that costs.
2. im2col: copy every window to a row of a matrix, multiply by the filters [KH·KW·C, F]. Fast arithmetic, but each pixel
   is copied KH·KW/(strides) times, and the copy no longer fits a cache.
3. the implicit product: in an image [H, W, C], a window is KH pieces of KW·C neighbouring numbers, and the pieces are a
   row of the image apart. `tiles.tile` walks just that, so the only copy is the image with its zero border.
4. tasks of `BLOCK_BYTES`: several small images, or a band of rows of a large one. Their padded pixels stay in the
   second-level cache, and few tiles are left half empty at an edge: 57 GFLOP/s on one core, of the 65 that the tile can
   do.
5. some rows of the filters at a time, so that their panels stay in the first-level cache: for 32 filters 6×6×24 that
   made 11 ms of a core into 7.
6. the border's copy by vectors: number by number, it took a third of the time.

The gradients are those of `convolution_gradients`.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from fast.cpu.arguments import contiguous, deliver, destination, destinations
from fast.cpu.compilation import compiled, leaf
from fast.cpu.convolution_gradients import filter_gradient_kernel, image_gradient_kernel
from fast.cpu.finishing import BIAS_ONLY, finish_rows
from fast.cpu.panels import (
    PANEL_DEPTH,
    Matrix,
    multiples,
    multiplier,
    multiply_packed,
    pack,
    padded_columns,
)
from fast.cpu.rows import aligned
from fast.cpu.threads import PARALLEL_WORK
from fast.cpu.tiles import Depth, Rows
from fast.cpu.windows import Window, copy_window_rows, extent, window_places, window_steps
from fast.results import Conv2DGradients
from fast.validation import FLOATS, require_like
from fast.validation.convolution import require_convolution

__all__ = ["Conv2DGradients", "conv2d", "conv2d_vjp"]

#: Bytes of images and of outputs that a task is made of.
BLOCK_BYTES = 128 << 10
#: Output pixels that a task has at least, if there are so many: fewer make too many half empty tiles.
LEAST_PIXELS = 64
#: Tasks to make of a batch at least.
LEAST_TASKS = 4
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
    kernel, arrays = conv2d_kernel(target, filters), (contiguous(images), contiguous(filters), NO_BIAS[images.dtype])
    kernel(multiplier(images.dtype), BIAS_ONLY, *arrays, target, *window_steps(g))
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
    address, steps = multiplier(images.dtype), window_steps(g)
    image_gradient_kernel(cotangent, filters, steps[1])(address, filters, cotangent, targets.images, *steps)
    filter_gradient_kernel(cotangent, filters)(address, images, cotangent, targets.filters, *steps)
    return deliver(targets, out)


def conv2d_kernel(output: np.ndarray, filters: np.ndarray):
    """What computes a convolution of some size: f(images * filters + bias), or without a bias, images * filters."""
    return _conv2d_loop if output.size * filters.size < PARALLEL_WORK * filters.shape[3] else _conv2d_threads


@leaf
def steps_of_block(images, out, window, rows):
    """How far apart the images' rows lie, and the images, where a task of so many rows of output reads them."""
    _, height, width, channels = images.shape
    if reaches_over(images, out, window):
        needed_rows, columns = extent(window, rows, out.shape[2])
        return columns * channels, needed_rows * columns * channels
    return width * channels, height * width * channels


@leaf
def reaches_over(images, out, window):
    """Whether windows reach over an edge of the images."""
    rows, columns = extent(window, out.shape[1], out.shape[2])
    return window.top > 0 or window.left > 0 or rows > images.shape[1] or columns > images.shape[2]


@compiled()
def conv2d_block(address, finisher, images, packed, places, targets, bias, out, n, count, i, rows, window):
    """Output rows i … i + rows - 1 of `count` images from n on; rows of a block are neighbours in `out`."""
    channels = images.shape[3]
    _, out_rows, out_columns, filters = out.shape
    row_step, image_step = steps_of_block(images, out, window, rows)
    if reaches_over(images, out, window):
        needed_rows, columns = extent(window, rows, out_columns)
        source, start = np.zeros(count * image_step, images.dtype), 0
        y, x = i * window.row_stride - window.top, -window.left
        for g in range(count):
            copy_window_rows(images, n + g, y, x, source, g * image_step, needed_rows, columns)
    else:
        source, start = images.ravel(), n * image_step + i * window.row_stride * row_step
    pixels = count * rows * out_columns
    target = Rows(out.ravel(), (n * out_rows + i) * out_columns * filters, targets)
    # A window is as many pieces as it has rows, and the pixels of each are neighbours.
    run, width = window.columns * channels, padded_columns(filters, images.itemsize)
    at_once = rows_at_once(run)
    for a in range(0, window.rows, at_once):
        depth = Depth(1, run, min(at_once, window.rows - a), row_step)
        rows_from_here = Rows(source, start + a * row_step, places)
        multiply_packed(address, rows_from_here, depth, packed, a * run * width, target, pixels, filters, a > 0)
    if bias.size:
        finish_rows(finisher, target.data, target.start, filters, pixels, bias)


@leaf
def rows_at_once(run):
    """How many rows of the filters a product walks at a time, so that their panels stay in the first-level cache."""
    return max(1, PANEL_DEPTH // run)


@compiled()
def pack_filters(filters):
    """The filters in panels, some rows of them after the other."""
    rows, columns, channels, units = filters.shape
    run, width = columns * channels, padded_columns(units, filters.itemsize)
    packed, at_once = aligned(rows * run * width, filters), rows_at_once(run)
    for a in range(0, rows, at_once):
        piece = Matrix(filters.ravel(), a * run * units, units, 1)
        pack(piece, min(at_once, rows - a) * run, units, packed, a * run * width)
    return packed


@leaf
def task_size(window, channels, out, tasks):
    """How many images make a task, and how many rows of their output.

    Several whole images, or a band of rows of one, as a second-level cache holds them with what they are made from; but
    so many tasks at least.
    """
    count, rows, columns, units = out.shape
    unit = out.itemsize
    # What a row of output takes, and what the last one takes more.
    bytes_per_row = columns * (units + window.row_stride * window.column_stride * channels) * unit
    overlap = max(0, window.rows - window.row_stride)
    shared = overlap * extent(window, 1, columns)[1] * channels * unit
    most = max(1, (BLOCK_BYTES - shared) // bytes_per_row)
    # Pixels that bands share are copied for each of them: so not fewer rows than that.
    most = max(most, (LEAST_PIXELS + columns - 1) // columns, 2 * overlap // window.row_stride)
    bands = max((rows + most - 1) // most, (tasks + count - 1) // count)
    if bands > 1:
        return 1, (rows + bands - 1) // bands
    return max(1, min(BLOCK_BYTES // (rows * bytes_per_row), count // tasks)), rows


@compiled()
def conv2d_prepare(images, filters, out, window, tasks):
    """What all tasks share: the filters in panels, the sizes of a task, where its windows and its outputs start."""
    together, rows = task_size(window, images.shape[3], out, tasks)
    row_step, image_step = steps_of_block(images, out, window, rows)
    places = window_places(window, together, rows, out.shape[2], image_step, row_step, images.shape[3])
    return pack_filters(filters), together, rows, places, multiples(places.size, out.shape[3])


@compiled()
def _conv2d_loop(address, finisher, images, filters, bias, out, row_stride, column_stride, top, left):
    window = Window(*filters.shape[:2], row_stride, column_stride, top, left)
    packed, together, height, places, targets = conv2d_prepare(images, filters, out, window, 1)
    for n in range(0, len(images), together):
        for i in range(0, out.shape[1], height):
            count, rows = min(together, len(images) - n), min(height, out.shape[1] - i)
            conv2d_block(address, finisher, images, packed, places, targets, bias, out, n, count, i, rows, window)


@compiled(parallel=True)
def _conv2d_threads(address, finisher, images, filters, bias, out, row_stride, column_stride, top, left):
    window = Window(*filters.shape[:2], row_stride, column_stride, top, left)
    packed, together, height, places, targets = conv2d_prepare(images, filters, out, window, LEAST_TASKS)
    bands, groups = (out.shape[1] + height - 1) // height, (len(images) + together - 1) // together
    for task in prange(bands * groups):
        n, i = np.intp(task) // bands * together, np.intp(task) % bands * height
        count, rows = min(together, len(images) - n), min(height, out.shape[1] - i)
        conv2d_block(address, finisher, images, packed, places, targets, bias, out, n, count, i, rows, window)
