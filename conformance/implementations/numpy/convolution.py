"""Convolutions and their gradients."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from conformance.implementations.numpy.arguments import Array, Pair, require_array
from conformance.implementations.numpy.windows import Windows, crop, pad, place_windows, reached, window_view

__all__ = ["Conv2DGradients", "conv2d", "conv2d_vjp"]


class Conv2DGradients(NamedTuple):
    images: Array
    filters: Array


def conv2d(images: Array, filters: Array, *, strides: int | Pair = 1, padding: str = "valid") -> Array:
    where = require_convolution(images, filters, strides, padding)
    with np.errstate(all="ignore"):
        windows = window_view(pad(images, where, 0), filters.shape[:2], where)
        return np.tensordot(windows, filters, axes=((3, 4, 5), (2, 0, 1)))


def conv2d_vjp(
    images: Array, filters: Array, cotangent: Array, *, strides: int | Pair = 1, padding: str = "valid"
) -> Conv2DGradients:
    where = require_convolution(images, filters, strides, padding)
    require_array("cotangent", cotangent, "N OH OW F", (len(images), *where.outputs, filters.shape[3]))
    padded = pad(images, where, 0)
    d_padded = np.zeros_like(padded)
    with np.errstate(all="ignore"):
        windows = window_view(padded, filters.shape[:2], where)
        # Not `tensordot`: its OpenBLAS skips a cotangent of 0, and leaves out 0·NaN, if there is one place and filter.
        places, (rows, columns, channels, units) = cotangent[..., 0].size, filters.shape
        products = windows.reshape(places, -1).T @ cotangent.reshape(places, units)
        d_filters = products.reshape(channels, rows, columns, units).transpose(1, 2, 0, 3)
        for cell in np.ndindex(*filters.shape[:2]):
            d_padded[reached(cell, where)] += cotangent @ filters[cell].T
    return Conv2DGradients(crop(d_padded, where), d_filters)


def require_convolution(images: Array, filters: Array, strides: Any, padding: Any) -> Windows:
    _, rows, columns, channels = require_array("images", images, "N H W C")
    kernel_rows, kernel_columns, _, count = require_array("filters", filters, "KH KW C F")
    require_array("filters", filters, "KH KW C F", (kernel_rows, kernel_columns, channels, count))
    return place_windows("filters", (rows, columns), (kernel_rows, kernel_columns), strides, padding)
