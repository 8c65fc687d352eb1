"""Matrix products, the dense layer and one-hot labels on the GPU.

Forward and both matrices of the gradient are products in tiles (`matrix_product` tells how they came about). Products
of their own instead of one and two transpositions: a strip is read along whichever axis is contiguous in memory, and a
bias, relu and relu's gradient come where the sum is still in a register.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fast.cuda.column_sums import column_sums
from fast.cuda.device import cuda, empty, kernel, launch_over, to_device
from fast.cuda.device_arrays import takes_device_arrays
from fast.cuda.matrix_product import (
    matrix,
    multiply,
    plain_product,
    product_back_through_relu,
    product_of_transpose,
    product_plus_bias,
    product_then_relu,
    product_with_transpose,
)
from fast.results import DenseGradients, MatrixProductGradients
from fast.validation import require_like
from fast.validation.linear import require_dense, require_one_hot, require_product

__all__ = ["dense", "dense_vjp", "matrix_product", "matrix_product_vjp", "one_hot"]


@kernel
def one_hot_kernel(indices: Any, result: Any) -> None:
    """`one_hot`, one thread a place."""
    for place in range(cuda.grid(1), result.size, cuda.gridsize(1)):
        row, column = place // result.shape[1], place % result.shape[1]
        result[row, column] = 1 if indices[row] == column else 0


@takes_device_arrays
def matrix_product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """As `reference.matrix_product`, on the GPU: [N, K] and [K, M] to [N, M]."""
    lengths = (*require_product(a, b), a.shape[1])
    return multiply(plain_product, matrix(to_device(a)), matrix(to_device(b)), lengths, of_given=True)


@takes_device_arrays
def matrix_product_vjp(a: np.ndarray, b: np.ndarray, cotangent: np.ndarray) -> MatrixProductGradients:
    """As `reference.matrix_product_vjp`, on the GPU: the gradients of [N, K] and [K, M] for a cotangent [N, M]."""
    require_like("cotangent", cotangent, require_product(a, b), a.dtype, "of the product")
    slopes = to_device(cotangent)
    of_a = inputs_gradient(to_device(b), slopes, of_given=True)
    return MatrixProductGradients(of_a, weights_gradient(to_device(a), slopes, of_given=True))


@takes_device_arrays
def one_hot(indices: np.ndarray, *, classes: int) -> np.ndarray:
    """As `reference.one_hot`, on the GPU: [N] integers to [N, K] of int64."""
    places, count = require_one_hot(indices, classes)
    result = empty((places.size, count), places.dtype)
    launch_over(one_hot_kernel, result.size, to_device(places), result)
    return result


@takes_device_arrays
def dense(inputs: np.ndarray, weights: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """As `reference.dense`, on the GPU.

    Args:
        inputs: [N, D].
        weights: [D, H].
        bias: [H].

    Returns:
        [N, H].

    Raises:
        InvalidArgument: as the reference, and if an array isn't float32 or float64, or the dtypes differ.
    """
    require_dense(inputs, weights, bias)
    return dense_on_device(to_device(inputs), to_device(weights), to_device(bias), of_given=True)


@takes_device_arrays
def dense_vjp(inputs: np.ndarray, weights: np.ndarray, bias: np.ndarray, cotangent: np.ndarray) -> DenseGradients:
    """As `reference.dense_vjp`, on the GPU.

    Args:
        inputs: [N, D].
        weights: [D, H].
        bias: [H].
        cotangent: [N, H].

    Returns:
        DenseGradients(inputs [N, D], weights [D, H], bias [H]).

    Raises:
        InvalidArgument: as `dense`, and if the cotangent's shape isn't the output's.
    """
    output_shape = require_dense(inputs, weights, bias)
    require_like("cotangent", cotangent, output_shape, inputs.dtype, "of the layer's output")
    on_device = to_device(inputs), to_device(weights), to_device(cotangent)
    return DenseGradients(*dense_vjp_on_device(*on_device, of_given=True))


def dense_on_device(inputs: Any, weights: Any, bias: Any, *, of_given: bool = False) -> Any:
    """`dense` from device arrays to a device array."""
    operands, lengths = (matrix(inputs), matrix(weights)), (len(inputs), *weights.shape[::-1])
    return multiply(product_plus_bias, *operands, lengths, bias, of_given=of_given)


def relu_of_dense_on_device(inputs: Any, weights: Any, bias: Any) -> Any:
    """relu of `dense`, from device arrays to a device array."""
    return multiply(product_then_relu, matrix(inputs), matrix(weights), (len(inputs), *weights.shape[::-1]), bias)


def inputs_gradient(weights: Any, cotangent: Any, *, of_given: bool = False) -> Any:
    """cotangent · weightsᵀ, on the device."""
    operands, lengths = (matrix(cotangent), matrix(weights)), (len(cotangent), *weights.shape)
    return multiply(product_with_transpose, *operands, lengths, of_given=of_given)


def inputs_gradient_behind_relu(inputs: Any, weights: Any, cotangent: Any) -> Any:
    """`inputs_gradient` where the inputs are what relu put out: the gradient with respect to what relu got."""
    lengths, outputs = (len(cotangent), *weights.shape), inputs.reshape(inputs.size)
    return multiply(product_back_through_relu, matrix(cotangent), matrix(weights), lengths, outputs)


def weights_gradient(inputs: Any, cotangent: Any, *, of_given: bool = False) -> Any:
    """inputsᵀ · cotangent, on the device."""
    lengths = inputs.shape[1], cotangent.shape[1], len(inputs)
    return multiply(product_of_transpose, matrix(inputs), matrix(cotangent), lengths, sliced=True, of_given=of_given)


def dense_vjp_on_device(inputs: Any, weights: Any, cotangent: Any, *, of_given: bool = False) -> tuple[Any, Any, Any]:
    """`dense_vjp` from device arrays to device arrays."""
    of_inputs = inputs_gradient(weights, cotangent, of_given=of_given)
    return of_inputs, weights_gradient(inputs, cotangent, of_given=of_given), column_sums(cotangent)
