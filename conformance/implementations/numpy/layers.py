"""Layers with their activations, and the gradients of these."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from conformance.implementations.numpy import activations
from conformance.implementations.numpy.arguments import Array, Pair, require_array
from conformance.implementations.numpy.convolution import conv2d, conv2d_vjp, require_convolution
from conformance.implementations.numpy.linear import DenseGradients, dense, dense_vjp, require_dense
from reference.errors import require_choice

__all__ = [
    "ConvolutionalLayerGradients",
    "convolutional_layer",
    "convolutional_layer_vjp",
    "dense_layer",
    "dense_layer_vjp",
]

ACTIVATIONS = ("identity", "relu", "sigmoid", "tanh")


class ConvolutionalLayerGradients(NamedTuple):
    images: Array
    filters: Array
    bias: Array


def dense_layer(inputs: Array, weights: Array, bias: Array, *, activation: str) -> Array:
    function = activation_named(activation)
    return function(dense(inputs, weights, bias))


def dense_layer_vjp(inputs: Array, weights: Array, bias: Array, cotangent: Array, *, activation: str) -> DenseGradients:
    back = activation_named(activation, "_vjp")
    require_dense(inputs, weights, bias)
    require_array("cotangent", cotangent, "N H", (len(inputs), len(bias)))
    return dense_vjp(inputs, weights, bias, back(dense(inputs, weights, bias), cotangent))


def convolutional_layer(
    images: Array, filters: Array, bias: Array, *, activation: str, strides: int | Pair = 1, padding: str = "valid"
) -> Array:
    function = activation_named(activation)
    return function(weighted_sums(images, filters, bias, strides, padding))


def convolutional_layer_vjp(
    images: Array,
    filters: Array,
    bias: Array,
    cotangent: Array,
    *,
    activation: str,
    strides: int | Pair = 1,
    padding: str = "valid",
) -> ConvolutionalLayerGradients:
    back = activation_named(activation, "_vjp")
    sums = weighted_sums(images, filters, bias, strides, padding)
    require_array("cotangent", cotangent, "N OH OW F", sums.shape)
    slopes = back(sums, cotangent)
    gradients = conv2d_vjp(images, filters, slopes, strides=strides, padding=padding)
    with np.errstate(all="ignore"):
        return ConvolutionalLayerGradients(*gradients, slopes.sum(axis=(0, 1, 2)))


def weighted_sums(images: Array, filters: Array, bias: Array, strides: Any, padding: Any) -> Array:
    require_convolution(images, filters, strides, padding)
    require_array("bias", bias, "F", filters.shape[3:])
    with np.errstate(all="ignore"):
        return conv2d(images, filters, strides=strides, padding=padding) + bias


def activation_named(activation: Any, ending: str = "") -> Callable[..., Array]:
    function: Callable[..., Array] = getattr(activations, require_activation(activation) + ending)
    return function


def require_activation(activation: Any) -> str:
    return require_choice("activation", activation, ACTIVATIONS)
