"""Layers with their activations, and their gradients."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from conformance.implementations.jax.compiled import call, vjp
from conformance.implementations.jax.convolution import convolve
from conformance.implementations.jax.linear import layer
from reference.errors import require_pair

__all__ = [
    "convolutional_layer",
    "convolutional_layer_vjp",
    "dense_layer",
    "dense_layer_vjp",
]

ACTIVATIONS = {"identity": jax.nn.identity, "relu": jax.nn.relu, "sigmoid": jax.nn.sigmoid, "tanh": jnp.tanh}


def dense_layer(inputs: Any, weights: Any, bias: Any, *, activation: str) -> Any:
    return call(multiplied_layer, inputs, weights, bias, activation=activation)


def dense_layer_vjp(inputs: Any, weights: Any, bias: Any, cotangent: Any, *, activation: str) -> Any:
    return vjp(multiplied_layer, (inputs, weights, bias), cotangent, activation=activation)


def convolutional_layer(
    images: Any,
    filters: Any,
    bias: Any,
    *,
    activation: str,
    strides: int | tuple[int, int] = 1,
    padding: str = "valid",
) -> Any:
    how = {"activation": activation, "strides": require_pair("strides", strides), "padding": padding}
    return call(convolved_layer, images, filters, bias, **how)


def convolutional_layer_vjp(
    images: Any,
    filters: Any,
    bias: Any,
    cotangent: Any,
    *,
    activation: str,
    strides: int | tuple[int, int] = 1,
    padding: str = "valid",
) -> Any:
    how = {"activation": activation, "strides": require_pair("strides", strides), "padding": padding}
    return vjp(convolved_layer, (images, filters, bias), cotangent, **how)


def multiplied_layer(inputs: Any, weights: Any, bias: Any, activation: str) -> Any:
    return ACTIVATIONS[activation](layer(inputs, weights, bias))


def convolved_layer(
    images: Any, filters: Any, bias: Any, activation: str, strides: tuple[int, int], padding: str
) -> Any:
    return ACTIVATIONS[activation](convolve(images, filters, strides, padding) + bias)
