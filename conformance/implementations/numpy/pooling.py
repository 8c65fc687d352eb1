"""Poolings and their gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.implementations.numpy.arguments import Array, Pair, require_array
from conformance.implementations.numpy.windows import Windows, crop, pad, place_windows, reached, window_view
from reference.errors import require_pair

__all__ = ["average_pool2d", "average_pool2d_vjp", "max_pool2d", "max_pool2d_vjp"]


def max_pool2d(
    images: Array, *, pool_size: int | Pair = 2, strides: int | Pair | None = None, padding: str = "valid"
) -> Array:
    where, size = require_pooling(images, pool_size, strides, padding)
    with np.errstate(all="ignore"):
        return window_view(pad(images, where, -np.inf), size, where).max(axis=(4, 5))


def max_pool2d_vjp(
    images: Array,
    cotangent: Array,
    *,
    pool_size: int | Pair = 2,
    strides: int | Pair | None = None,
    padding: str = "valid",
) -> Array:
    where, size = require_pooling(images, pool_size, strides, padding)
    require_array("cotangent", cotangent, "N OH OW C", (len(images), *where.outputs, images.shape[3]))
    padded = pad(images, where, -np.inf)
    d_padded = np.zeros_like(padded)
    with np.errstate(all="ignore"):
        windows = window_view(padded, size, where)
        inside = window_view(pad(np.ones_like(images, bool), where, False), size, where)
        largest = (windows == windows.max(axis=(4, 5), keepdims=True)) | np.isnan(windows)
        first = (largest & inside).reshape(*cotangent.shape, -1).argmax(axis=-1)
        for place, cell in enumerate(np.ndindex(*size)):
            d_padded[reached(cell, where)] += np.where(first == place, cotangent, 0)
    return crop(d_padded, where)


def average_pool2d(
    images: Array, *, pool_size: int | Pair = 2, strides: int | Pair | None = None, padding: str = "valid"
) -> Array:
    where, size = require_pooling(images, pool_size, strides, padding)
    with np.errstate(all="ignore"):
        return window_view(pad(images, where, 0), size, where).sum(axis=(4, 5)) / counts(images, where, size)


def average_pool2d_vjp(
    images: Array,
    cotangent: Array,
    *,
    pool_size: int | Pair = 2,
    strides: int | Pair | None = None,
    padding: str = "valid",
) -> Array:
    where, size = require_pooling(images, pool_size, strides, padding)
    require_array("cotangent", cotangent, "N OH OW C", (len(images), *where.outputs, images.shape[3]))
    d_padded = np.zeros_like(pad(images, where, 0))
    with np.errstate(all="ignore"):
        shares = cotangent / counts(images, where, size)
        for cell in np.ndindex(*size):
            d_padded[reached(cell, where)] += shares
    return crop(d_padded, where)


def counts(images: Array, where: Windows, size: Pair) -> Array:
    """How many cells of the image each window covers: [1, OH, OW, 1]."""
    inside = np.ones((1, *images.shape[1:3], 1), images.dtype)
    return window_view(pad(inside, where, 0), size, where).sum(axis=(4, 5))


def require_pooling(images: Array, pool_size: Any, strides: Any, padding: Any) -> tuple[Windows, Pair]:
    _, rows, columns, _ = require_array("images", images, "N H W C")
    size = require_pair("pool_size", pool_size)
    return place_windows("pool_size", (rows, columns), size, size if strides is None else strides, padding), size
