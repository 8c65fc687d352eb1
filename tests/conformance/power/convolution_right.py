"""Convolutions and gradients in other orders, tiles and directions: all of them right."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.implementations import numpy as base
from conformance.implementations.numpy.arguments import Array
from conformance.implementations.numpy.convolution import require_convolution
from conformance.implementations.numpy.windows import Windows, crop, pad, reached, window_view
from tests.conformance.power.entering import right
from tests.conformance.power.pieces import compensated_sum, one_by_one


def _windows(images: Array, filters: Array, strides: Any, padding: str) -> tuple[Windows, Array]:
    """Where windows stand, and each of them: [N, OH, OW, C, KH, KW]."""
    where = require_convolution(images, filters, strides, padding)
    return where, window_view(pad(images, where, 0), filters.shape[:2], where)


@right("conv2d")
def place_by_place_from_the_end(images: Array, filters: Array, *, strides: Any = 1, padding: str = "valid") -> Array:
    """A product of vectors for every place and filter, the last ones first."""
    where, windows = _windows(images, filters, strides, padding)
    result = np.empty((len(images), *where.outputs, filters.shape[3]), images.dtype)
    weights = filters.transpose(3, 2, 0, 1)
    for n, i, j, unit in list(np.ndindex(*result.shape))[::-1]:
        result[n, i, j, unit] = windows[n, i, j].ravel() @ weights[unit].ravel()
    return result


@right("conv2d")
def rows_of_windows_by_sevens(images: Array, filters: Array, *, strides: Any = 1, padding: str = "valid") -> Array:
    """Windows become rows of a matrix, and seven of them are multiplied at a time."""
    where, windows = _windows(images, filters, strides, padding)
    rows = windows.transpose(0, 1, 2, 4, 5, 3).reshape(-1, filters[..., 0].size)
    matrix = filters.reshape(-1, filters.shape[3])
    tiles = [rows[start : start + 7] @ matrix for start in range(0, len(rows), 7)]
    return np.concatenate(tiles).reshape(len(images), *where.outputs, filters.shape[3])


@right("conv2d")
def every_place_then_every_second(images: Array, filters: Array, *, strides: Any = 1, padding: str = "valid") -> Array:
    """Computed at stride 1, and what the strides skip thrown away."""
    where = require_convolution(images, filters, strides, padding)
    rows, columns = where.strides
    return base.conv2d(pad(images, where, 0), filters)[:, ::rows, ::columns]


@right("conv2d")
def channels_by_threes(images: Array, filters: Array, **how: Any) -> Array:
    """A sum of convolutions of three channels each."""
    starts = range(0, filters.shape[2], 3)
    return one_by_one(np.array([base.conv2d(images[..., c : c + 3], filters[:, :, c : c + 3], **how) for c in starts]))


@right("conv2d")
def images_one_by_one_from_the_last(images: Array, filters: Array, **how: Any) -> Array:
    """A convolution for each image."""
    alone = [base.conv2d(images[n : n + 1], filters, **how) for n in range(len(images))[::-1]]
    return np.concatenate(alone[::-1])


@right("conv2d")
def rows_of_the_kernel_one_by_one(images: Array, filters: Array, *, strides: Any = 1, padding: str = "valid") -> Array:
    """A sum of convolutions with kernels of one row."""
    where = require_convolution(images, filters, strides, padding)
    padded = pad(images, where, 0)
    height = padded.shape[1] - len(filters) + 1
    parts = [
        base.conv2d(padded[:, row : row + height], filters[row : row + 1], strides=strides)
        for row in range(len(filters))
    ]
    return one_by_one(np.array(parts[::-1]))


@right("conv2d")
def compensated_sums_of_products(images: Array, filters: Array, *, strides: Any = 1, padding: str = "valid") -> Array:
    """A compensated sum over kernel cells and channels."""
    where = require_convolution(images, filters, strides, padding)
    padded = pad(images, where, 0)
    cells = list(np.ndindex(*filters.shape[:3]))
    return compensated_sum(np.array([padded[reached(c[:2], where)][..., c[2], None] * filters[c] for c in cells]))


@right("conv2d")
def images_times_a_wide_matrix(images: Array, filters: Array, *, strides: Any = 1, padding: str = "valid") -> Array:
    """The whole convolution as one matrix, which is mostly zeros."""
    if not (np.isfinite(images).all() and np.isfinite(filters).all()):
        return base.conv2d(images, filters, strides=strides, padding=padding)  # 0·∞ would be NaN
    where = require_convolution(images, filters, strides, padding)
    padded = pad(images, where, 0)
    matrix = np.zeros((*padded.shape[1:], *where.outputs, filters.shape[3]), images.dtype)
    for i, j in np.ndindex(*where.outputs):
        top, left = i * where.strides[0], j * where.strides[1]
        matrix[top : top + filters.shape[0], left : left + filters.shape[1], :, i, j] = filters
    product = padded.reshape(len(images), -1) @ matrix.reshape(padded[0].size, -1)
    return product.reshape(len(images), *where.outputs, filters.shape[3])


# --- gradients --------------------------------------------------------------------------------------------------------


@right("conv2d_vjp")
def gradients_scattered_window_by_window(
    images: Array, filters: Array, cotangent: Array, *, strides: Any = 1, padding: str = "valid"
) -> Any:
    """Each place of the output gives its share to the pixels and weights that it saw."""
    where, windows = _windows(images, filters, strides, padding)
    d_padded, d_filters = np.zeros_like(pad(images, where, 0)), np.zeros_like(filters)
    for n, i, j in np.ndindex(*cotangent.shape[:3]):
        rows = slice(i * where.strides[0], i * where.strides[0] + filters.shape[0])
        columns = slice(j * where.strides[1], j * where.strides[1] + filters.shape[1])
        d_padded[n, rows, columns] += filters @ cotangent[n, i, j]
        d_filters += windows[n, i, j].transpose(1, 2, 0)[..., None] * cotangent[n, i, j]
    return base.Conv2DGradients(crop(d_padded, where), d_filters)


@right("conv2d_vjp")
def gradients_gathered_pixel_by_pixel(
    images: Array, filters: Array, cotangent: Array, *, strides: Any = 1, padding: str = "valid"
) -> Any:
    """Each pixel asks the windows that saw it."""
    where = require_convolution(images, filters, strides, padding)
    gradient = np.zeros_like(pad(images, where, 0))
    for row, column in np.ndindex(*gradient.shape[1:3]):
        for cell in list(np.ndindex(*filters.shape[:2]))[::-1]:
            i, top = divmod(row - cell[0], where.strides[0])
            j, left = divmod(column - cell[1], where.strides[1])
            if top == left == 0 and 0 <= i < where.outputs[0] and 0 <= j < where.outputs[1]:
                gradient[:, row, column] += cotangent[:, i, j] @ filters[cell].T
    right_filters = base.conv2d_vjp(images, filters, cotangent, strides=strides, padding=padding).filters
    return base.Conv2DGradients(crop(gradient, where), right_filters)


@right("conv2d_vjp")
def gradients_image_by_image(images: Array, filters: Array, cotangent: Array, **how: Any) -> Any:
    """The filters' gradient is a sum over the images, the last one first."""
    alone = [base.conv2d_vjp(images[n : n + 1], filters, cotangent[n : n + 1], **how) for n in range(len(images))]
    total = one_by_one(np.array([gradients.filters for gradients in alone][::-1]))
    return base.Conv2DGradients(np.concatenate([gradients.images for gradients in alone]), total)
