"""Softmax, its logarithm and their gradients."""

from __future__ import annotations

from typing import Any

import jax

from conformance.implementations.jax.compiled import call, vjp

__all__ = ["log_softmax", "log_softmax_vjp", "softmax", "softmax_vjp"]


def softmax(z: Any) -> Any:
    return call(jax.nn.softmax, z)


def softmax_vjp(z: Any, cotangent: Any) -> Any:
    return vjp(jax.nn.softmax, (z,), cotangent)[0]


def log_softmax(z: Any) -> Any:
    return call(jax.nn.log_softmax, z)


def log_softmax_vjp(z: Any, cotangent: Any) -> Any:
    return vjp(jax.nn.log_softmax, (z,), cotangent)[0]
