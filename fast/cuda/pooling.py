"""Pooling on the GPU: windows' maxima and means, and their gradients.

The ladder that led here:

1. One thread for each output, looking through its window. Windows hardly overlap, so tiles in shared memory would save
   nothing.
2. Backwards, the threads could send each output's gradient to its winner; where windows overlap two of them meet in one
   cell, and adding atomically would give other bits every time.
3. So one kernel notes where each window's winner stands, and in another one thread for each cell of the images looks
   through the windows that cover it and collects the gradients of those it won. Of means it gathers a share of every
   window that covers it, and there is nothing to note.
4. Where windows don't overlap, as is usual, each cell belongs to one at most. The thread of a window writes the
   gradients of its cells, and zeros in the gap before the next window: nothing is noted, and nothing looked for.
5. Memory is the limit. A thread takes 16 bytes of channels, and asks for four cells of its window before it looks at
   any of them (`windows`); a place is taken apart by divisions of 32 bits where it fits (`division`).

What goes through memory, of images of I bytes and outputs of O bytes: forward I + O; backwards without overlap 2·I + O
of maxima and I + O of means, the least that there is. With overlap, maxima cost 2·I + 3·O: winners are as wide as
numbers, written once and read once. What neighbouring threads share comes from the cache.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fast.cuda.average_pooling import (
    gather_numbers,
    gather_pieces,
    mean_of_numbers,
    mean_of_pieces,
    share_numbers,
    share_pieces,
)
from fast.cuda.device import empty, launch_over, to_device
from fast.cuda.device_arrays import takes_device_arrays
from fast.cuda.max_pooling import (
    collect_numbers,
    collect_pieces,
    give_numbers,
    give_pieces,
    largest_of_numbers,
    largest_of_pieces,
    note_numbers,
    note_pieces,
)
from fast.cuda.vectors import VECTOR_BYTES, in_vectors
from fast.validation import require_like
from fast.validation.convolution import Geometry
from fast.validation.pooling import require_pooling

__all__ = ["average_pool2d", "average_pool2d_vjp", "max_pool2d", "max_pool2d_vjp"]

Size = int | tuple[int, int]
#: The images' rows, columns and channels, the outputs' rows and columns, windows' sizes, strides and padding.
Windows = tuple[Any, ...]
#: A kernel whose threads take one number at a time, and one whose threads take 16 bytes.
Kernels = tuple[Any, Any]

LARGEST, MEAN = (largest_of_numbers, largest_of_pieces), (mean_of_numbers, mean_of_pieces)
GIVE, SHARE = (give_numbers, give_pieces), (share_numbers, share_pieces)
NOTE, COLLECT = (note_numbers, note_pieces), (collect_numbers, collect_pieces)
GATHER = gather_numbers, gather_pieces


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
    return pooled(LARGEST, images, pool_size, strides, padding)


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
    where = windows_of_gradient(images, cotangent, pool_size, strides, padding)
    return max_pool2d_vjp_on_device(to_device(images), to_device(cotangent), where)


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
    return pooled(MEAN, images, pool_size, strides, padding)


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
    where = windows_of_gradient(images, cotangent, pool_size, strides, padding)
    return average_pool2d_vjp_on_device(to_device(cotangent), images.shape, where)


def output_shape(images: Any, geometry: Geometry) -> tuple[int, int, int, int]:
    """[N, OH, OW, C]."""
    return images.shape[0], geometry.output_rows, geometry.output_columns, images.shape[3]


def windows(images: Any, geometry: Geometry, window: tuple[int, int]) -> Windows:
    """What a kernel needs to know to walk through windows."""
    output_rows, output_columns, row_stride, column_stride, top, left, *_ = geometry
    return *images.shape[1:], output_rows, output_columns, window, (row_stride, column_stride), (top, left)


def pooled(kernels: Kernels, images: np.ndarray, pool_size: Any, strides: Any, padding: Any) -> Any:
    """Check the arguments and run a kernel that makes one number of every window."""
    geometry, window = require_pooling(images, pool_size, strides, padding)
    return pool_on_device(kernels, to_device(images), geometry, window)


def windows_of_gradient(images: Any, cotangent: Any, pool_size: Any, strides: Any, padding: Any) -> Windows:
    """Check the arguments of a gradient; return what its kernels are told of the windows."""
    geometry, window = require_pooling(images, pool_size, strides, padding)
    require_like("cotangent", cotangent, output_shape(images, geometry), images.dtype, "of the pooling's output")
    return windows(images, geometry, window)


def pool_on_device(kernels: Kernels, images: Any, geometry: Geometry, window: tuple[int, int]) -> Any:
    """One number of every window, from a device array to a device array."""
    result = empty(output_shape(images, geometry), images.dtype)
    walk(kernels, result, images, windows(images, geometry, window), result)
    return result


def max_pool2d_vjp_on_device(images: Any, cotangent: Any, where: Windows) -> Any:
    """`max_pool2d_vjp` from device arrays to a device array."""
    result = empty(images.shape, images.dtype)
    if not overlap(where):
        walk(GIVE, cotangent, images, cotangent, where, result)
        return result
    winners = empty(cotangent.shape, np.dtype(f"int{8 * images.dtype.itemsize}"))
    walk(NOTE, winners, images, where, winners)
    walk(COLLECT, result, winners, cotangent, where, result)
    return result


def average_pool2d_vjp_on_device(cotangent: Any, shape: tuple[int, ...], where: Windows) -> Any:
    """`average_pool2d_vjp` from a device array to one of the images' shape."""
    result = empty(shape, cotangent.dtype)
    kernels, over = (GATHER, result) if overlap(where) else (SHARE, cotangent)
    walk(kernels, over, cotangent, where, result)
    return result


def overlap(where: Windows) -> bool:
    """Whether a cell can belong to several windows, along any axis."""
    *_, output_rows, output_columns, window, strides, _ = where
    axes = zip((output_rows, output_columns), window, strides, strict=True)
    return any(count > 1 and stride < extent for count, extent, stride in axes)


def walk(kernels: Kernels, over: Any, *arguments: Any) -> None:
    """Run one of two kernels over an array: that for pieces, if all arrays' cells are pieces, else that for numbers."""
    arrays = [argument for argument in arguments if not isinstance(argument, tuple)]
    in_pieces = all(in_vectors(array, array.shape[3]) for array in arrays)
    places = over.nbytes // VECTOR_BYTES if in_pieces else over.size
    flat = (argument if isinstance(argument, tuple) else argument.reshape(argument.size) for argument in arguments)
    launch_over(kernels[in_pieces], places, *flat)
