"""Matrix products, dense layers and their gradients; flat arrays and one-hot labels."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from conformance.implementations.numpy.arguments import Array, require_array
from reference.errors import InvalidArgument, require_positive_integer

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


class MatrixProductGradients(NamedTuple):
    a: Array
    b: Array


def matrix_product(a: Array, b: Array) -> Array:
    require_product(a, b)
    with np.errstate(all="ignore"):
        return np.matmul(a, b)


def matrix_product_vjp(a: Array, b: Array, cotangent: Array) -> MatrixProductGradients:
    require_product(a, b)
    require_array("cotangent", cotangent, "N M", (len(a), b.shape[1]))
    with np.errstate(all="ignore"):
        return MatrixProductGradients(cotangent @ b.T, a.T @ cotangent)


def flatten(values: Array) -> Array:
    require_array("values", values)
    return values.flatten()


def one_hot(indices: Array, *, classes: int) -> Array:
    require_array("indices", indices, "N", kinds="iuf")
    count = require_positive_integer("classes", classes)
    wrong = indices[~np.isin(indices, np.arange(count))]
    if wrong.size:
        raise InvalidArgument("indices", f"integers from 0 to {count - 1}", f"{wrong[0]!r} among them")
    return np.eye(count, dtype=np.int64)[indices.astype(np.intp)]


def require_product(a: Array, b: Any) -> None:
    _, depth = require_array("a", a, "N K")
    _, columns = require_array("b", b, "K M")
    require_array("b", b, "K M", (depth, columns))


class DenseGradients(NamedTuple):
    inputs: Array
    weights: Array
    bias: Array


def dense(inputs: Array, weights: Array, bias: Array) -> Array:
    require_dense(inputs, weights, bias)
    with np.errstate(all="ignore"):
        return inputs @ weights + bias


def dense_vjp(inputs: Array, weights: Array, bias: Array, cotangent: Array) -> DenseGradients:
    require_dense(inputs, weights, bias)
    require_array("cotangent", cotangent, "N H", (len(inputs), len(bias)))
    with np.errstate(all="ignore"):
        return DenseGradients(cotangent @ weights.T, inputs.T @ cotangent, cotangent.sum(axis=0))


def require_dense(inputs: Array, weights: Array, bias: Array) -> None:
    _, features = require_array("inputs", inputs, "N D")
    _, units = require_array("weights", weights, "D H")
    require_array("weights", weights, "D H", (features, units))
    require_array("bias", bias, "H", (units,))
