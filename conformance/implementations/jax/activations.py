"""Activation functions and their gradients."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from conformance.implementations.jax.compiled import call, vjp

__all__ = [
    "identity",
    "identity_vjp",
    "leaky_relu",
    "leaky_relu_vjp",
    "relu",
    "relu_vjp",
    "sigmoid",
    "sigmoid_vjp",
    "step",
    "tanh",
    "tanh_vjp",
]


def identity(z: Any) -> Any:
    return call(jax.nn.identity, z)


def identity_vjp(z: Any, cotangent: Any) -> Any:
    return vjp(jax.nn.identity, (z,), cotangent)[0]


def step(z: Any) -> Any:
    return call(jnp.heaviside, z, np.zeros((), z.dtype))


def relu(z: Any) -> Any:
    return call(jax.nn.relu, z)


def relu_vjp(z: Any, cotangent: Any) -> Any:
    return vjp(jax.nn.relu, (z,), cotangent)[0]


def leaky_relu(z: Any, *, slope: Any = 0.01) -> Any:
    return call(jax.nn.leaky_relu, z, slope)


def leaky_relu_vjp(z: Any, cotangent: Any, *, slope: Any = 0.01) -> Any:
    return vjp(jax.nn.leaky_relu, (z,), slope, cotangent)[0]


def sigmoid(z: Any) -> Any:
    return call(jax.nn.sigmoid, z)


def sigmoid_vjp(z: Any, cotangent: Any) -> Any:
    return vjp(jax.nn.sigmoid, (z,), cotangent)[0]


def tanh(z: Any) -> Any:
    return call(jnp.tanh, z)


def tanh_vjp(z: Any, cotangent: Any) -> Any:
    return vjp(jnp.tanh, (z,), cotangent)[0]
