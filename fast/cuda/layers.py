"""Layers on the GPU, each with its bias and its activation.

The ladder that led here:

1. The public functions one after the other: sums travel to the host and back, to get a bias, and again for the
   activation.
2. Everything on the device, and the bias and the activation in one kernel behind the product. Not in the product's
   own: where its sums are sliced, no block has a whole one.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fast.cuda.activations import (
    identity_at,
    identity_vjp_kernel,
    map_on_device,
    relu_at,
    relu_vjp_kernel,
    sigmoid_at,
    sigmoid_vjp_kernel,
    tanh_at,
    tanh_vjp_kernel,
)
from fast.cuda.column_sums import column_sums
from fast.cuda.convolution import Size, conv2d_on_device
from fast.cuda.convolution_gradients import filters_gradient, images_gradient
from fast.cuda.device import THREADS, cuda, device_function, empty, kernel, to_device
from fast.cuda.device_arrays import takes_device_arrays
from fast.cuda.elementwise import (
    ROOM,
    launch_over_numbers,
    pieces_of,
    read_numbers,
    write_numbers,
)
from fast.cuda.linear import dense_vjp_on_device
from fast.cuda.matrix_product import matrix, multiply, plain_product
from fast.cuda.vectors import begins_vector, lanes_of, move_vector
from fast.results import ConvolutionalLayerGradients, DenseGradients
from fast.validation import require_like
from fast.validation.layers import require_activation, require_convolutional_layer
from fast.validation.linear import require_dense

__all__ = ["convolutional_layer", "convolutional_layer_vjp", "dense_layer", "dense_layer_vjp"]


@device_function
def read_biases(bias: Any, first: int, in_pieces: bool, pieces: int, biases: Any) -> None:
    """The biases of a thread's numbers: one division by the length of a row, then on from column to column."""
    lanes, units = lanes_of(bias), bias.size
    step = THREADS * (lanes if in_pieces else 1)
    column, hop = first % units, step % units
    if in_pieces:
        for piece in range(pieces):
            move_vector(bias, column, biases, piece * lanes)
            column = column + hop if column + hop < units else column + hop - units
    else:
        for place in range(pieces * lanes):
            biases[place] = bias[column]
            column = column + hop if column + hop < units else column + hop - units


def finishing_kernel(function: Any) -> Any:
    """Make a kernel that adds a bias to rows of sums, which follow each other, and applies a device function."""
    pieces = pieces_of(1)

    @kernel
    def finish(sums: Any, bias: Any, result: Any) -> None:
        numbers, biases = cuda.local.array(ROOM, result.dtype), cuda.local.array(ROOM, result.dtype)
        aligned = begins_vector(sums) and begins_vector(bias) and begins_vector(result)
        lanes = lanes_of(result)
        aligned_size = result.size if aligned and bias.size % lanes == 0 else 0
        chunk = THREADS * pieces * lanes
        start = cuda.blockIdx.x * chunk
        while start < result.size:
            in_pieces = start + chunk <= aligned_size
            first = start + cuda.threadIdx.x * (lanes if in_pieces else 1)
            read_numbers(sums, first, in_pieces, pieces, numbers)
            read_biases(bias, first, in_pieces, pieces, biases)
            for place in range(pieces * lanes):
                numbers[place] = function(numbers[place] + biases[place])
            write_numbers(numbers, first, in_pieces, pieces, result)
            start += cuda.gridDim.x * chunk

    return finish


finish_with_identity, finish_with_relu = finishing_kernel(identity_at), finishing_kernel(relu_at)
finish_with_sigmoid, finish_with_tanh = finishing_kernel(sigmoid_at), finishing_kernel(tanh_at)

FINISHING = {
    "identity": finish_with_identity,
    "relu": finish_with_relu,
    "sigmoid": finish_with_sigmoid,
    "tanh": finish_with_tanh,
}
BACK = {
    "identity": identity_vjp_kernel,
    "relu": relu_vjp_kernel,
    "sigmoid": sigmoid_vjp_kernel,
    "tanh": tanh_vjp_kernel,
}


@takes_device_arrays
def dense_layer(inputs: np.ndarray, weights: np.ndarray, bias: np.ndarray, *, activation: str) -> np.ndarray:
    """As `reference.dense_layer`, on the GPU.

    Args:
        inputs: [N, D].
        weights: [D, H].
        bias: [H].
        activation: "identity", "relu", "sigmoid" or "tanh".

    Returns:
        [N, H].

    Raises:
        InvalidArgument: as the reference, and if an array isn't float32 or float64, or the dtypes differ.
    """
    require_activation(activation)
    require_dense(inputs, weights, bias)
    sums = product_on_device(to_device(inputs), to_device(weights))
    return finished(sums, to_device(bias), activation)


@takes_device_arrays
def dense_layer_vjp(
    inputs: np.ndarray, weights: np.ndarray, bias: np.ndarray, cotangent: np.ndarray, *, activation: str
) -> DenseGradients:
    """As `reference.dense_layer_vjp`, on the GPU.

    Args:
        inputs: [N, D].
        weights: [D, H].
        bias: [H].
        cotangent: [N, H].
        activation: as in `dense_layer`.

    Returns:
        DenseGradients(inputs [N, D], weights [D, H], bias [H]).

    Raises:
        InvalidArgument: as `dense_layer`, and if the cotangent's shape isn't the output's.
    """
    require_activation(activation)
    output_shape = require_dense(inputs, weights, bias)
    require_like("cotangent", cotangent, output_shape, inputs.dtype, "of the layer's output")
    features, matrix, slopes = to_device(inputs), to_device(weights), to_device(cotangent)
    weighted_sums = finished(product_on_device(features, matrix), to_device(bias), "identity")
    slopes = map_on_device(BACK[activation], weighted_sums, slopes)
    return DenseGradients(*dense_vjp_on_device(features, matrix, slopes))


@takes_device_arrays
def convolutional_layer(
    images: np.ndarray,
    filters: np.ndarray,
    bias: np.ndarray,
    *,
    activation: str,
    strides: Size = 1,
    padding: str = "valid",
) -> np.ndarray:
    """As `reference.convolutional_layer`, on the GPU.

    Args:
        images: [N, H, W, C].
        filters: [KH, KW, C, F].
        bias: [F].
        activation: as in `dense_layer`.
        strides: step between windows, a positive integer or (rows, columns).
        padding: "valid" or "same".

    Returns:
        [N, OH, OW, F].

    Raises:
        InvalidArgument: as the reference, and if an array isn't float32 or float64, or the dtypes differ.
    """
    require_activation(activation)
    geometry = require_convolutional_layer(images, filters, bias, strides, padding)
    sums = conv2d_on_device(to_device(images), to_device(filters), geometry)
    return finished(sums, to_device(bias), activation)


@takes_device_arrays
def convolutional_layer_vjp(
    images: np.ndarray,
    filters: np.ndarray,
    bias: np.ndarray,
    cotangent: np.ndarray,
    *,
    activation: str,
    strides: Size = 1,
    padding: str = "valid",
) -> ConvolutionalLayerGradients:
    """As `reference.convolutional_layer_vjp`, on the GPU.

    Args:
        images: [N, H, W, C].
        filters: [KH, KW, C, F].
        bias: [F].
        cotangent: [N, OH, OW, F].
        activation: as in `dense_layer`.
        strides: as in `convolutional_layer`.
        padding: as in `convolutional_layer`.

    Returns:
        ConvolutionalLayerGradients(images [N, H, W, C], filters [KH, KW, C, F], bias [F]).

    Raises:
        InvalidArgument: as `convolutional_layer`, and if the cotangent's shape isn't the output's.
    """
    require_activation(activation)
    geometry = require_convolutional_layer(images, filters, bias, strides, padding)
    output_shape = (len(images), geometry.output_rows, geometry.output_columns, filters.shape[3])
    require_like("cotangent", cotangent, output_shape, images.dtype, "of the layer's output")
    pixels, those = to_device(images), to_device(filters)
    weighted_sums = finished(conv2d_on_device(pixels, those, geometry), to_device(bias), "identity")
    slopes = map_on_device(BACK[activation], weighted_sums, to_device(cotangent))
    given = pixels, those, slopes, geometry
    of_bias = column_sums(slopes.reshape(slopes.size // len(bias), len(bias)))
    return ConvolutionalLayerGradients(images_gradient(*given), filters_gradient(*given), of_bias)


def product_on_device(inputs: Any, weights: Any) -> Any:
    """inputs · weights, from device arrays to a device array."""
    return multiply(plain_product, matrix(inputs), matrix(weights), (inputs.shape[0], *weights.shape[::-1]))


def finished(sums: Any, bias: Any, activation: str) -> Any:
    """f(sums + bias), the bias of each unit, from device arrays to a device array."""
    result = empty(sums.size, sums.dtype)
    launch_over_numbers(FINISHING[activation], (sums.reshape(sums.size),), bias, result)
    return result.reshape(*sums.shape)
