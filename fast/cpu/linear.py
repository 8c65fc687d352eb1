"""Matrix products, the dense layer and their gradients, on the kernel of `matrix_product`; flat arrays, one-hot labels.

The ladder for 100 examples of 784 features and 200 units is that module's. Here it only matters that transposed
matrices are never made: the product takes both matrices with any steps between entries.
"""

from __future__ import annotations

import numpy as np

from fast.cpu.arguments import INDEX, contiguous, deliver, destination, destinations, is_transposed
from fast.cpu.compilation import compiled
from fast.cpu.finishing import BIAS_ONLY
from fast.cpu.matrix_product import matrix_product as multiply
from fast.cpu.matrix_product import no_bias
from fast.cpu.panels import Matrix, multiplier
from fast.results import DenseGradients, MatrixProductGradients
from fast.validation import require_array, require_like
from fast.validation.linear import require_dense, require_one_hot, require_product

__all__ = [
    "DenseGradients",
    "MatrixProductGradients",
    "dense",
    "dense_vjp",
    "flatten",
    "matrix_product",
    "matrix_product_vjp",
    "one_hot",
]


def matrix_product(a: np.ndarray, b: np.ndarray, *, out: np.ndarray | None = None) -> np.ndarray:
    """Multiply two matrices.

    Args: a [N, K]; b [K, M]; out [N, M] to write into.
    Returns: [N, M].
    Memory: a copy of b, if a has more than a few rows and columns, and 540 KB for each thread at most; none for the
        transpose of either.
    Raises: InvalidArgument, as `reference.matrix_product`.
    """
    target = destination(out, require_product(a, b), a.dtype, a, b)
    turned = is_transposed(a), is_transposed(b)
    if any(turned):
        arrays = (contiguous(x.T if swap else x) for x, swap in zip((a, b), turned, strict=True))
        transposed_product_kernel(multiplier(a.dtype), *arrays, *turned, no_bias(a.dtype), target)
    else:
        product_kernel(multiplier(a.dtype), BIAS_ONLY, contiguous(a), contiguous(b), no_bias(a.dtype), target)
    return deliver(target, out)


def matrix_product_vjp(
    a: np.ndarray, b: np.ndarray, cotangent: np.ndarray, *, out: MatrixProductGradients | None = None
) -> MatrixProductGradients:
    """Carry the gradient of a loss back through a matrix product.

    Args: a [N, K]; b [K, M]; cotangent [N, M]; out, the two arrays to write into.
    Returns: MatrixProductGradients(a [N, K], b [K, M]).
    Memory: as the larger one of two products.
    Raises: InvalidArgument, as `reference.matrix_product_vjp`.
    """
    require_like("cotangent", cotangent, require_product(a, b), a.dtype, "of the product")
    targets = destinations(out, MatrixProductGradients(a, b), a, b, cotangent)
    arrays = contiguous(a), contiguous(b), contiguous(cotangent)
    product_vjp_kernel(multiplier(a.dtype), *arrays, targets.b, targets.a, True)
    return deliver(targets, out)


def flatten(values: np.ndarray, *, out: np.ndarray | None = None) -> np.ndarray:
    """All numbers of an array along one axis, the last axis running fastest.

    Args: values, any shape from rank 1; out [the count of numbers] to write into.
    Returns: [the count of numbers], with memory of its own.
    Raises: InvalidArgument, as `reference.flatten`.
    """
    target = destination(out, (require_array("values", values).size,), values.dtype, values)
    target.reshape(values.shape)[...] = values
    return deliver(target, out)


def one_hot(indices: np.ndarray, *, classes: int, out: np.ndarray | None = None) -> np.ndarray:
    """Labels as rows of zeros with a single one, in the column of the label's class.

    Args: indices [N], whole numbers of any numeric dtype; classes, K; out [N, K] of int64 to write into.
    Returns: [N, K] of int64.
    Memory: twice as many indices of int64.
    Raises: InvalidArgument, as `reference.one_hot`.
    """
    places, count = require_one_hot(indices, classes)
    target = destination(out, (places.size, count), INDEX)
    target.fill(0)
    target[np.arange(places.size), places] = 1
    return deliver(target, out)


def dense(inputs: np.ndarray, weights: np.ndarray, bias: np.ndarray, *, out: np.ndarray | None = None) -> np.ndarray:
    """Multiply a batch of rows by a weight matrix and add the bias to every row.

    Args: inputs [N, D]; weights [D, H]; bias [H]; out [N, H] to write into.
    Returns: [N, H].
    Memory: as `matrix_product`.
    Raises: InvalidArgument, as `reference.dense`.
    """
    shape = require_dense(inputs, weights, bias)
    target = destination(out, shape, inputs.dtype, inputs, weights, bias)
    arrays = contiguous(inputs), contiguous(weights), contiguous(bias)
    product_kernel(multiplier(inputs.dtype), BIAS_ONLY, *arrays, target)
    return deliver(target, out)


def dense_vjp(
    inputs: np.ndarray,
    weights: np.ndarray,
    bias: np.ndarray,
    cotangent: np.ndarray,
    *,
    out: DenseGradients | None = None,
) -> DenseGradients:
    """Carry the gradient of a loss back through a dense layer.

    Args: inputs [N, D]; weights [D, H]; bias [H]; cotangent [N, H]; out, the three arrays to write into.
    Returns: DenseGradients(inputs [N, D], weights [D, H], bias [H]).
    Memory: as `matrix_product_vjp`.
    Raises: InvalidArgument, as `reference.dense_vjp`.
    """
    shape = require_dense(inputs, weights, bias)
    require_like("cotangent", cotangent, shape, inputs.dtype, "of the layer's output")
    targets = destinations(out, DenseGradients(inputs, weights, bias), inputs, weights, cotangent)
    arrays = contiguous(inputs), contiguous(weights), contiguous(cotangent)
    dense_vjp_kernel(multiplier(inputs.dtype), *arrays, targets.weights, targets.bias, targets.inputs, True)
    return deliver(targets, out)


@compiled()
def product_kernel(address, finisher, a, b, bias, c):
    """c = f(a·b + bias), as the finisher says; of no numbers, a bias adds nothing."""
    rows, depth = a.shape
    columns = b.shape[1]
    left, right = Matrix(a.ravel(), 0, depth, 1), Matrix(b.ravel(), 0, columns, 1)
    multiply(address, finisher, left, right, bias, c.ravel(), rows, depth, columns)


@compiled()
def transposed_product_kernel(address, a, b, a_turned, b_turned, nothing, c):
    """c = a·b, of whose arrays some are the transposed ones."""
    (rows, columns), depth = c.shape, a.size // len(c)
    left = Matrix(a.ravel(), 0, 1, rows) if a_turned else Matrix(a.ravel(), 0, depth, 1)
    right = Matrix(b.ravel(), 0, 1, depth) if b_turned else Matrix(b.ravel(), 0, columns, 1)
    multiply(address, BIAS_ONLY, left, right, nothing, c.ravel(), rows, depth, columns)


@compiled()
def product_vjp_kernel(address, a, b, cotangent, d_b, d_a, both):
    """d_b = aᵀ·cotangent, and if both, d_a = cotangent·bᵀ"""
    rows, depth = a.shape
    columns = cotangent.shape[1]
    # One loop around the one call, since Numba would compile a second call of the product a second time.
    for product in range(2 if both else 1):
        if product == 0:
            left, right = Matrix(a.ravel(), 0, 1, depth), Matrix(cotangent.ravel(), 0, columns, 1)
            target, lengths = d_b, (depth, rows, columns)
        else:
            left, right = Matrix(cotangent.ravel(), 0, columns, 1), Matrix(b.ravel(), 0, 1, columns)
            target, lengths = d_a, (rows, columns, depth)
        multiply(address, BIAS_ONLY, left, right, target.ravel()[:0], target.ravel(), *lengths)


@compiled()
def dense_vjp_kernel(address, inputs, weights, cotangent, d_weights, d_bias, d_inputs, hidden):
    """d_weights = inputsᵀ·cotangent, d_bias = Σ rows of cotangent, and if hidden, d_inputs = cotangent·weightsᵀ"""
    product_vjp_kernel(address, inputs, weights, cotangent, d_weights, d_inputs, hidden)
    examples, units = cotangent.shape
    for j in range(units):
        d_bias[j] = cotangent[0, j]
    for n in range(1, examples):
        for j in range(units):
            d_bias[j] += cotangent[n, j]
