"""Dense layers and their gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from conformance.implementations.tensorflow.calls import (
    Shape,
    is_empty,
    leniency,
    none_as_nan,
    numbers,
    shape,
)
from conformance.implementations.tensorflow.tape import vjp

__all__ = ["dense", "dense_vjp"]


def dense(inputs: Any, weights: Any, bias: Any) -> Any:
    return tf.nn.bias_add(tf.matmul(inputs, weights), bias).numpy()


def dense_vjp(inputs: Any, weights: Any, bias: Any, cotangent: Any) -> Any:
    return vjp(lambda x, w, b: tf.nn.bias_add(tf.matmul(x, w), b), (inputs, weights, bias), cotangent)


def shape_of_product(inputs: Any, weights: Any, bias: Any) -> Shape:
    """The shape that TensorFlow's layer has, whatever the number of axes; raises if it has none."""
    (*batches, rows, features), (*weight_batches, own_features, units) = shape(inputs), shape(weights)
    if features != own_features or shape(bias) != (units,):
        raise ValueError("no product")
    return (*np.broadcast_shapes(tuple(batches), tuple(weight_batches)), rows, units)


def is_batched(inputs: Any, weights: Any, bias: Any) -> bool:
    axes = len(shape_of_product(inputs, weights, bias))
    return axes > 2 or is_empty(inputs) or is_empty(weights)


def is_batched_gradient(inputs: Any, weights: Any, bias: Any, cotangent: Any) -> bool:
    """Whether TensorFlow has gradients; of one batch's cotangent for all, only where nothing need be summed."""
    wanted = shape_of_product(inputs, weights, bias)
    shared = (inputs.ndim == 2 or inputs.shape[-2] == 1) and (weights.ndim == 2 or weights.shape[-2] == 1)
    fits = shape(cotangent) == wanted or (shared and shape(cotangent) == wanted[-2:])
    return is_batched(inputs, weights, bias) and fits


BATCHES = "further axes are taken for batches, and a batch may be empty"

KNOWN_DEVIATIONS = [
    leniency(
        "dense",
        BATCHES,
        is_batched,
        {"inputs": numbers(1, 1, 1), "weights": numbers(1, 1), "bias": numbers(1)},
        "a layer for each batch",
    ),
    none_as_nan("dense", {"inputs": numbers(1, 1), "weights": numbers(1, 1), "bias": np.array([None])}),
    leniency(
        "dense_vjp",
        BATCHES,
        is_batched_gradient,
        {"inputs": numbers(1, 1, 1), "weights": numbers(1, 1), "bias": numbers(1), "cotangent": numbers(1, 1)},
        "the gradients of a layer for each batch, if the cotangent can be broadcast to it",
    ),
]
