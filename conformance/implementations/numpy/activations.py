"""Activation functions and their gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.implementations.numpy.arguments import Array, require_array, require_cotangent
from reference.errors import require_number

__all__ = [
    "identity",
    "identity_vjp",
    "leaky_relu",
    "leaky_relu_vjp",
    "logistic",
    "logistic_vjp",
    "relu",
    "relu_vjp",
    "sigmoid",
    "sigmoid_vjp",
    "step",
    "step_vjp",
    "tanh",
    "tanh_vjp",
]


def identity(z: Array) -> Array:
    require_array("z", z)
    return np.positive(z)


def identity_vjp(z: Array, cotangent: Array) -> Array:
    require_cotangent(z, cotangent)
    return np.positive(cotangent)


def step(z: Array) -> Array:
    require_array("z", z)
    return np.heaviside(z, 0)


def step_vjp(z: Array, cotangent: Array) -> Array:
    require_cotangent(z, cotangent)
    return np.zeros_like(cotangent, order="C")


def logistic(z: Array, *, L: Any = 1.0, k: Any = 1.0, x_0: Any = 0.0) -> Array:
    require_array("z", z)
    height, steepness, place = require_logistic(z, L, k, x_0)
    with np.errstate(all="ignore"):
        return height * sigmoid(steepness * (z - place))


def logistic_vjp(z: Array, cotangent: Array, *, L: Any = 1.0, k: Any = 1.0, x_0: Any = 0.0) -> Array:
    require_cotangent(z, cotangent)
    height, steepness, place = require_logistic(z, L, k, x_0)
    with np.errstate(all="ignore"):
        s = sigmoid(steepness * (z - place))
        return cotangent * (height * steepness * (s * (1 - s)))


def require_logistic(z: Array, L: Any, k: Any, x_0: Any) -> tuple[Any, Any, Any]:
    numbers = require_number("L", L, above=0), require_number("k", k, above=0), require_number("x_0", x_0)
    height, steepness, place = map(z.dtype.type, numbers)
    return height, steepness, place


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
