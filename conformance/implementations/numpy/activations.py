"""Activation functions and their gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.implementations.numpy.arguments import Array, require_array, require_cotangent
from reference.errors import require_number

__all__ = [
    "leaky_relu",
    "leaky_relu_vjp",
    "relu",
    "relu_vjp",
    "sigmoid",
    "sigmoid_vjp",
    "tanh",
    "tanh_vjp",
]


def relu(z: Array) -> Array:
    require_array("z", z)
    return np.maximum(z, 0)


def relu_vjp(z: Array, cotangent: Array) -> Array:
    require_cotangent(z, cotangent)
    return np.where(z > 0, cotangent, 0)


def leaky_relu(z: Array, *, slope: Any = 0.01) -> Array:
    require_array("z", z)
    require_number("slope", slope, 0)
    with np.errstate(all="ignore"):
        return np.where(z > 0, z, z.dtype.type(slope) * z)


def leaky_relu_vjp(z: Array, cotangent: Array, *, slope: Any = 0.01) -> Array:
    require_cotangent(z, cotangent)
    require_number("slope", slope, 0)
    with np.errstate(all="ignore"):
        return np.where(z > 0, cotangent, z.dtype.type(slope) * cotangent)


def sigmoid(z: Array) -> Array:
    require_array("z", z)
    with np.errstate(all="ignore"):
        decay = np.exp(-np.abs(z))
        return np.where(z >= 0, 1, decay) / (1 + decay)


def sigmoid_vjp(z: Array, cotangent: Array) -> Array:
    require_cotangent(z, cotangent)
    with np.errstate(all="ignore"):
        f = sigmoid(z)
        return cotangent * (f * (1 - f))


def tanh(z: Array) -> Array:
    require_array("z", z)
    with np.errstate(all="ignore"):
        return np.tanh(z)


def tanh_vjp(z: Array, cotangent: Array) -> Array:
    require_cotangent(z, cotangent)
    with np.errstate(all="ignore"):
        f = np.tanh(z)
        return cotangent * (1 - f * f)
