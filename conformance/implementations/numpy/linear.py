"""Dense layers and their gradients."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from conformance.implementations.numpy.arguments import Array, require_array

__all__ = ["DenseGradients", "dense", "dense_vjp"]


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
