"""Matrix products, dense layers and their gradients; flat arrays and one-hot labels."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from conformance.implementations.jax.compiled import call, vjp

__all__ = ["dense", "dense_vjp", "flatten", "layer", "matrix_product", "matrix_product_vjp", "one_hot"]


def matrix_product(a: Any, b: Any) -> Any:
    return call(jnp.matmul, a, b)


def matrix_product_vjp(a: Any, b: Any, cotangent: Any) -> Any:
    return vjp(jnp.matmul, (a, b), cotangent)


def flatten(values: Any) -> Any:
    return call(jnp.ravel, values)


def one_hot(indices: Any, *, classes: int) -> Any:
    return call(labels_of, indices, classes=classes)


def labels_of(indices: Any, classes: int) -> Any:
    return jax.nn.one_hot(indices, classes, dtype=jnp.int64)


def dense(inputs: Any, weights: Any, bias: Any) -> Any:
    return call(layer, inputs, weights, bias)


def dense_vjp(inputs: Any, weights: Any, bias: Any, cotangent: Any) -> Any:
    return vjp(layer, (inputs, weights, bias), cotangent)


def layer(inputs: Any, weights: Any, bias: Any) -> Any:
    return inputs @ weights + bias
