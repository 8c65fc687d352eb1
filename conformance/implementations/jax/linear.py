"""Dense layers and their gradients."""

from __future__ import annotations

from typing import Any

from conformance.implementations.jax.compiled import call, vjp

__all__ = ["dense", "dense_vjp", "layer"]


def dense(inputs: Any, weights: Any, bias: Any) -> Any:
    return call(layer, inputs, weights, bias)


def dense_vjp(inputs: Any, weights: Any, bias: Any, cotangent: Any) -> Any:
    return vjp(layer, (inputs, weights, bias), cotangent)


def layer(inputs: Any, weights: Any, bias: Any) -> Any:
    return inputs @ weights + bias
