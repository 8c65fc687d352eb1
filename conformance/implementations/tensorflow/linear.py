"""Matrix products, dense layers and their gradients; flat arrays and one-hot labels."""

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
from reference.errors import is_integer

__all__ = ["dense", "dense_vjp", "flatten", "matrix_product", "matrix_product_vjp", "one_hot"]


def matrix_product(a: Any, b: Any) -> Any:
    return tf.matmul(a, b).numpy()


def matrix_product_vjp(a: Any, b: Any, cotangent: Any) -> Any:
    return vjp(tf.matmul, (a, b), cotangent)


def flatten(values: Any) -> Any:
    # The layer keeps the axis of a batch: this is a batch of one.
    return tf.keras.layers.Flatten(dtype=values.dtype)(values[None])[0].numpy()


def one_hot(indices: Any, *, classes: int) -> Any:
    return tf.one_hot(indices, classes, dtype=tf.int64).numpy()


def dense(inputs: Any, weights: Any, bias: Any) -> Any:
    return tf.nn.bias_add(tf.matmul(inputs, weights), bias).numpy()


def dense_vjp(inputs: Any, weights: Any, bias: Any, cotangent: Any) -> Any:
    return vjp(lambda x, w, b: tf.nn.bias_add(tf.matmul(x, w), b), (inputs, weights, bias), cotangent)


def shape_of_matrix_product(a: Any, b: Any) -> Shape:
    """The shape that TensorFlow's product has, whatever the number of axes; raises if it has none."""
    (*batches, rows, depth), (*other_batches, own_depth, columns) = shape(a), shape(b)
    if depth != own_depth:
        raise ValueError("no product")
    return (*np.broadcast_shapes(tuple(batches), tuple(other_batches)), rows, columns)


def is_batched_product(a: Any, b: Any) -> bool:
    return len(shape_of_matrix_product(a, b)) > 2 or is_empty(a) or is_empty(b)


def is_taken_for_labels(indices: Any, classes: Any) -> bool:
    """Whether TensorFlow makes rows of what are no labels: of any numbers, for any number of columns."""
    if not isinstance(indices, np.ndarray) or indices.dtype.kind not in "iufbc":
        return False
    if not isinstance(classes, (int, np.generic)) or int(classes) < 0:
        return False
    labels = indices.ndim == 1 and indices.size > 0 and indices.dtype.kind in "iuf"
    return not (labels and is_integer(classes) and bool(np.isin(indices, np.arange(int(classes))).all()))


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
    """Whether TensorFlow has gradients of a layer for each batch."""
    wanted = shape_of_product(inputs, weights, bias)
    return is_batched(inputs, weights, bias) and fits_batches(inputs, weights, cotangent, wanted)


def fits_batches(a: Any, b: Any, cotangent: Any, wanted: Shape) -> bool:
    """Whether a cotangent is of a product's shape; or of one batch's, where nothing need be summed."""
    shared = (a.ndim == 2 or a.shape[-2] == 1) and (b.ndim == 2 or b.shape[-2] == 1)
    return shape(cotangent) == wanted or (shared and shape(cotangent) == wanted[-2:])


BATCHES = "further axes are taken for batches, and a batch may be empty"

KNOWN_DEVIATIONS = [
    leniency(
        "matrix_product",
        BATCHES,
        is_batched_product,
        {"a": numbers(1, 1, 1), "b": numbers(1, 1)},
        "each batch's product",
    ),
    none_as_nan("matrix_product", {"a": numbers(1, 1), "b": np.array([[None]])}),
    leniency(
        "matrix_product_vjp",
        BATCHES,
        lambda a, b, cotangent: (
            is_batched_product(a, b) and fits_batches(a, b, cotangent, shape_of_matrix_product(a, b))
        ),
        {"a": numbers(1, 1, 1), "b": numbers(1, 1), "cotangent": numbers(1, 1, 1)},
        "the gradients of each batch's product",
    ),
    leniency(
        "flatten",
        "an array may be empty, or have no axis",
        lambda values: isinstance(values, np.ndarray) and (is_empty(values) or values.ndim == 0),
        {"values": numbers(0)},
        "an empty array, or one of one number",
    ),
    leniency(
        "one_hot",
        "of what is no class there is no 1; indices may have any axes and are cut to integers, and classes need not be",
        is_taken_for_labels,
        {"indices": np.array([1]), "classes": 1},
        "[[0]]",
    ),
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
