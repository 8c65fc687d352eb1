"""The dense layer and its gradients, on the matrix product of `matrix_product`.

The ladder for 100 examples of 784 features and 200 units is that module's. Here it only matters that transposed
matrices are never made: the product takes both matrices with any steps between entries.
"""

from __future__ import annotations

import numpy as np

from fast.cpu.arguments import contiguous, deliver, destination
from fast.cpu.compilation import compiled
from fast.cpu.matrix_product import Matrix, matrix_product, multiplier
from fast.results import DenseGradients
from fast.validation import require_like
from fast.validation.linear import require_dense

__all__ = ["DenseGradients", "dense", "dense_vjp"]


def dense(inputs: np.ndarray, weights: np.ndarray, bias: np.ndarray, *, out: np.ndarray | None = None) -> np.ndarray:
    """Multiply a batch of rows by a weight matrix and add the bias to every row.

    Args: inputs [N, D]; weights [D, H]; bias [H]; out [N, H] to write into.
    Returns: [N, H].
    Raises: InvalidArgument, as `reference.dense`.
    """
    shape = require_dense(inputs, weights, bias)
    target = destination(out, shape, inputs.dtype, inputs, weights, bias)
    dense_kernel(multiplier(inputs.dtype), contiguous(inputs), contiguous(weights), contiguous(bias), target)
    return deliver(target, out)


def dense_vjp(inputs: np.ndarray, weights: np.ndarray, bias: np.ndarray, cotangent: np.ndarray) -> DenseGradients:
    """Carry the gradient of a loss back through a dense layer.

    Args: inputs [N, D]; weights [D, H]; bias [H]; cotangent [N, H].
    Returns: DenseGradients(inputs [N, D], weights [D, H], bias [H]).
    Raises: InvalidArgument, as `reference.dense_vjp`.
    """
    shape = require_dense(inputs, weights, bias)
    require_like("cotangent", cotangent, shape, inputs.dtype, "of the layer's output")
    gradients = DenseGradients(*(np.empty(array.shape, array.dtype) for array in (inputs, weights, bias)))
    arrays = map(contiguous, (inputs, weights, cotangent))
    dense_vjp_kernel(multiplier(inputs.dtype), *arrays, gradients.weights, gradients.bias, gradients.inputs, True)
    return gradients


@compiled()
def dense_kernel(address, inputs, weights, bias, sums):
    """sums = inputs·weights + bias"""
    examples, features = inputs.shape
    units = weights.shape[1]
    left, right = Matrix(inputs.ravel(), 0, features, 1), Matrix(weights.ravel(), 0, units, 1)
    matrix_product(address, left, right, sums.ravel(), examples, features, units)
    for n in range(examples):
        for j in range(units):
            sums[n, j] += bias[j]


@compiled()
def dense_vjp_kernel(address, inputs, weights, cotangent, d_weights, d_bias, d_inputs, hidden):
    """d_weights = inputsᵀ·cotangent, d_bias = Σ rows of cotangent, and if hidden, d_inputs = cotangent·weightsᵀ"""
    examples, features = inputs.shape
    units = cotangent.shape[1]
    # One loop around the one call, since Numba would compile a second call of the product a second time.
    for product in range(2 if hidden else 1):
        if product == 0:
            left, right = Matrix(inputs.ravel(), 0, 1, features), Matrix(cotangent.ravel(), 0, units, 1)
            target, rows, depth, columns = d_weights, features, examples, units
        else:
            left, right = Matrix(cotangent.ravel(), 0, units, 1), Matrix(weights.ravel(), 0, 1, units)
            target, rows, depth, columns = d_inputs, examples, units, features
        matrix_product(address, left, right, target.ravel(), rows, depth, columns)
    for j in range(units):
        d_bias[j] = cotangent[0, j]
    for n in range(1, examples):
        for j in range(units):
            d_bias[j] += cotangent[n, j]
