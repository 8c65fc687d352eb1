"""Convolution on the GPU.

The ladder that led here:

1. One thread for each output, looping over the filter: every pixel is fetched from global memory once for each filter
   and each window that covers it.
2. Unfold the windows into the rows of a matrix and multiply by the filters as a matrix [KH·KW·C, F]: a matrix product,
   which tiles well, but the unfolded matrix is KH·KW times as large as the images.
3. Implicit: the tiles of that matrix are filled straight from the images and nobody stores it (`windows`). A bias and
   relu come while a sum is in a register.

The gradients are in `convolution_gradients`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from fast.cuda.convolution_gradients import filters_gradient, images_gradient
from fast.cuda.device import to_device
from fast.cuda.device_arrays import takes_device_arrays
from fast.cuda.matrix_product import (
    Products,
    as_it_is,
    by_columns,
    matrix,
    multiply,
    product_kernels,
    relu_plus_bias,
)
from fast.cuda.windows import windows, windows_of
from fast.results import Conv2DGradients
from fast.validation import require_like
from fast.validation.convolution import Geometry, require_convolution

__all__ = ["conv2d", "conv2d_vjp"]

Size = int | tuple[int, int]

convolve = product_kernels(windows, by_columns, as_it_is)
convolve_then_relu = product_kernels(windows, by_columns, relu_plus_bias)


@takes_device_arrays
def conv2d(images: np.ndarray, filters: np.ndarray, *, strides: Size = 1, padding: str = "valid") -> np.ndarray:
    """As `reference.conv2d`, on the GPU.

    Args:
        images: [N, H, W, C].
        filters: [KH, KW, C, F].
        strides: step between windows, a positive integer or (rows, columns).
        padding: "valid" or "same".

    Returns:
        [N, OH, OW, F].

    Raises:
        InvalidArgument: as the reference, and if an array isn't float32 or float64, or the dtypes differ.
    """
    geometry = require_convolution(images, filters, strides, padding)
    return conv2d_on_device(to_device(images), to_device(filters), geometry)


@takes_device_arrays
def conv2d_vjp(
    images: np.ndarray, filters: np.ndarray, cotangent: np.ndarray, *, strides: Size = 1, padding: str = "valid"
) -> Conv2DGradients:
    """As `reference.conv2d_vjp`, on the GPU.

    Args:
        images: [N, H, W, C].
        filters: [KH, KW, C, F].
        cotangent: [N, OH, OW, F].
        strides: as in `conv2d`.
        padding: as in `conv2d`.

    Returns:
        Conv2DGradients(images [N, H, W, C], filters [KH, KW, C, F]).

    Raises:
        InvalidArgument: as `conv2d`, and if the cotangent's shape isn't the output's.
    """
    geometry = require_convolution(images, filters, strides, padding)
    output_shape = (len(images), geometry.output_rows, geometry.output_columns, filters.shape[3])
    require_like("cotangent", cotangent, output_shape, images.dtype, "of the convolution's output")
    on_device = to_device(images), to_device(filters), to_device(cotangent)
    return Conv2DGradients(*(function(*on_device, geometry) for function in (images_gradient, filters_gradient)))


def conv2d_on_device(images: Any, filters: Any, geometry: Geometry) -> Any:
    """`conv2d` from device arrays to a device array."""
    return convolved_by(convolve, images, filters, 0, geometry)


def relu_of_conv2d_on_device(images: Any, filters: Any, bias: Any, geometry: Geometry) -> Any:
    """relu of `conv2d` and a bias for each filter, from device arrays to a device array."""
    return convolved_by(convolve_then_relu, images, filters, bias, geometry)


def convolved_by(products: Products, images: Any, filters: Any, details: Any, geometry: Geometry) -> Any:
    """A product of windows and filters, and what it does with finished sums."""
    count = filters.shape[3]
    shape = images.shape[0], geometry.output_rows, geometry.output_columns, count
    taps, places = filters.size // count, math.prod(shape[:3])
    operands = windows_of(images, filters, geometry), matrix(filters.reshape(taps, count))
    return multiply(products, *operands, (places, count, taps), details).reshape(*shape)
