"""The dense layer on the GPU.

Forward and both matrices of the gradient are products in tiles (`matrix_product` tells how they came about). Three
kernels instead of one and two transpositions: a tile is loaded along whichever axis is contiguous in memory, and the
bias is added where the sum is still in a register.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fast.cuda.device import to_device
from fast.cuda.matrix_product import (
    column_sums,
    multiply,
    product_of_transpose,
    product_plus_bias,
    product_with_transpose,
)
from fast.results import DenseGradients
from fast.validation import require_like
from fast.validation.linear import require_dense

__all__ = ["dense", "dense_vjp"]


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
    return dense_on_device(to_device(inputs), to_device(weights), to_device(bias)).copy_to_host()


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
    gradients = dense_vjp_on_device(to_device(inputs), to_device(weights), to_device(cotangent))
    return DenseGradients(*(gradient.copy_to_host() for gradient in gradients))


def dense_on_device(inputs: Any, weights: Any, bias: Any) -> Any:
    """`dense` from device arrays to a device array."""
    return multiply(product_plus_bias, inputs, weights, bias, (inputs.shape[0], *weights.shape[::-1]))


def dense_vjp_on_device(inputs: Any, weights: Any, cotangent: Any) -> tuple[Any, Any, Any]:
    """`dense_vjp` from device arrays to device arrays."""
    (examples, features), units = inputs.shape, weights.shape[1]
    return (
        multiply(product_with_transpose, cotangent, weights, 0, (examples, features, units)),
        multiply(product_of_transpose, inputs, cotangent, 0, (features, units, examples)),
        column_sums(cotangent),
    )
