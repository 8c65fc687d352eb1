"""Poolings and gradients found in other ways: all of them right."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.implementations import numpy as base
from conformance.implementations.numpy.arguments import Array
from conformance.implementations.numpy.pooling import require_pooling
from conformance.implementations.numpy.windows import Windows, crop, pad, reached, window_view
from tests.conformance.power.entering import right
from tests.conformance.power.pieces import one_by_one


def _cells(images: Array, pool_size: Any, strides: Any, padding: str) -> tuple[Windows, Array]:
    """Where windows stand, and the cells of each in a row: [N, OH, OW, C, cells]."""
    where, size = require_pooling(images, pool_size, strides, padding)
    windows = window_view(pad(images, where, -np.inf), size, where)
    return where, windows.reshape(*windows.shape[:4], -1)


@right("max_pool2d")
def largest_by_sorting(images: Array, *, pool_size: Any = 2, strides: Any = None, padding: str = "valid") -> Array:
    """The last one of a window's sorted cells; NaN sorts behind everything."""
    return np.sort(_cells(images, pool_size, strides, padding)[1], axis=-1)[..., -1]


@right("max_pool2d")
def largest_by_partition(images: Array, *, pool_size: Any = 2, strides: Any = None, padding: str = "valid") -> Array:
    """Only the last one is put in its place."""
    return np.partition(_cells(images, pool_size, strides, padding)[1], -1, axis=-1)[..., -1]


@right("max_pool2d")
def smallest_of_negatives(images: Array, *, pool_size: Any = 2, strides: Any = None, padding: str = "valid") -> Array:
    """max x = -min -x."""
    return -(-_cells(images, pool_size, strides, padding)[1]).min(axis=-1)


@right("max_pool2d")
def columns_then_rows(images: Array, *, pool_size: Any = 2, strides: Any = None, padding: str = "valid") -> Array:
    """A pooling along rows at stride 1, and one along columns of what came."""
    where, (height, width) = require_pooling(images, pool_size, strides, padding)
    along = base.max_pool2d(pad(images, where, -np.inf), pool_size=(1, width), strides=(1, where.strides[1]))
    return base.max_pool2d(along, pool_size=(height, 1), strides=(where.strides[0], 1))


@right("max_pool2d")
def tournament(images: Array, *, pool_size: Any = 2, strides: Any = None, padding: str = "valid") -> Array:
    """Cells meet in pairs, then the winners do."""
    _, cells = _cells(images, pool_size, strides, padding)
    while (count := cells.shape[-1]) > 1:
        winners = np.maximum(cells[..., 0 : count - count % 2 : 2], cells[..., 1::2])
        cells = np.concatenate([winners, cells[..., count - count % 2 :]], axis=-1)
    return cells[..., 0].copy()  # of a window of one cell it is a view of the images


# --- gradients --------------------------------------------------------------------------------------------------------


def _first_largest(images: Array, pool_size: Any, strides: Any, padding: str) -> tuple[Windows, Array, tuple[int, int]]:
    """Where windows stand, the number of the first largest cell in each, and the windows' size."""
    where, cells = _cells(images, pool_size, strides, padding)
    inside = _cells(np.ones_like(images), pool_size, strides, padding)[1] == 1
    largest = (cells == cells.max(axis=-1, keepdims=True)) | np.isnan(cells)
    return where, (largest & inside).argmax(axis=-1), require_pooling(images, pool_size, strides, padding)[1]


@right("max_pool2d_vjp")
def gradient_scattered_by_place(
    images: Array, cotangent: Array, *, pool_size: Any = 2, strides: Any = None, padding: str = "valid"
) -> Array:
    """Each window's gradient is added at the place that won, the last window first."""
    where, first, size = _first_largest(images, pool_size, strides, padding)
    gradient = np.zeros_like(pad(images, where, 0))
    for n, i, j, channel in list(np.ndindex(*cotangent.shape))[::-1]:
        row, column = np.unravel_index(first[n, i, j, channel], size)
        place = (n, i * where.strides[0] + row, j * where.strides[1] + column, channel)
        gradient[place] += cotangent[n, i, j, channel]
    return crop(gradient, where)


@right("max_pool2d_vjp")
def gradient_gathered_by_cell(
    images: Array, cotangent: Array, *, pool_size: Any = 2, strides: Any = None, padding: str = "valid"
) -> Array:
    """For each cell of the window an image of what it won, and then their sum, the last one first."""
    where, first, size = _first_largest(images, pool_size, strides, padding)
    parts = []
    for place, cell in enumerate(np.ndindex(*size)):
        part = np.zeros_like(pad(images, where, 0))
        part[reached(cell, where)] = np.where(first == place, cotangent, 0)
        parts.append(part)
    return crop(one_by_one(np.array(parts[::-1])), where)


@right("max_pool2d_vjp")
def gradient_image_by_image(images: Array, cotangent: Array, **how: Any) -> Array:
    """Images and channels have nothing to do with each other."""
    alone = [
        base.max_pool2d_vjp(images[n : n + 1, ..., c : c + 1], cotangent[n : n + 1, ..., c : c + 1], **how)
        for n in range(len(images))
        for c in range(images.shape[3])
    ]
    return np.concatenate(alone, axis=3).reshape(*images.shape[1:3], *images.shape[::3]).transpose(2, 0, 1, 3)
