"""Losses of questions with two answers, and their gradients."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import tensorflow as tf

from conformance.implementations.tensorflow.calls import leniency, numbers, shape
from conformance.implementations.tensorflow.tape import vjp
from reference.alternatives import multiplied_out_binary_cross_entropy_vjp, relu_binary_cross_entropy_with_logits

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_vjp",
    "binary_cross_entropy_with_logits",
    "binary_cross_entropy_with_logits_vjp",
]


def binary_cross_entropy(probabilities: Any, labels: Any) -> Any:
    return of_each_entry(probabilities, labels).numpy()


def binary_cross_entropy_vjp(probabilities: Any, labels: Any, cotangent: Any) -> Any:
    return vjp(lambda p: of_each_entry(p, labels), (probabilities,), cotangent)[0]


def of_each_entry(probabilities: Any, labels: Any) -> Any:
    """As for `cross_entropy`; Keras's loss keeps probabilities away from 0 and 1, and has others for those."""
    return -(tf.math.xlogy(labels, probabilities) + tf.math.xlog1py(1 - labels, -probabilities))


def binary_cross_entropy_with_logits(logits: Any, labels: Any) -> Any:
    return tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits).numpy()


def binary_cross_entropy_with_logits_vjp(logits: Any, labels: Any, cotangent: Any) -> Any:
    return vjp(lambda z: tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=z), (logits,), cotangent)[0]


def entries_are_broadcast(probabilities: Any, labels: Any) -> bool:
    """Whether TensorFlow makes arrays of one shape of these, which they aren't of, or of a shape without entries."""
    both = shape(probabilities), shape(labels)
    wide = np.broadcast_shapes(*both)
    return both != (wide, wide) or wide == () or 0 in wide


def entry_gradient_is_defined(probabilities: Any, labels: Any, cotangent: Any) -> bool:
    """Whether TensorFlow finds a gradient for arrays that aren't all of one shape, or of one without entries."""
    wide = np.broadcast_shapes(shape(probabilities), shape(labels))
    same = shape(cotangent) == wide and not entries_are_broadcast(probabilities, labels)
    return math.prod(shape(cotangent)) == math.prod(wide) and not same


def another_shape_of_as_many(logits: Any, labels: Any, cotangent: Any) -> bool:
    same = shape(logits) == shape(labels)
    return same and shape(cotangent) != shape(labels) and np.size(cotangent) == np.size(labels)


ALGORITHMS = {
    "binary_cross_entropy_with_logits": relu_binary_cross_entropy_with_logits,
    "binary_cross_entropy_vjp": multiplied_out_binary_cross_entropy_vjp,
}

KNOWN_DEVIATIONS = [
    leniency(
        "binary_cross_entropy",
        "arrays are broadcast to each other, and may be empty",
        entries_are_broadcast,
        {"probabilities": numbers(1, 2) / 2, "labels": numbers(2)},
        "the losses of arrays of the larger shape",
    ),
    leniency(
        "binary_cross_entropy_vjp",
        "arrays are broadcast to each other, and a cotangent need only have as many elements",
        entry_gradient_is_defined,
        {"probabilities": numbers(2) / 2, "labels": numbers(2), "cotangent": numbers(1, 2)},
        "the gradient, with the elements paired in the order in which they lie in memory",
    ),
    leniency(
        "binary_cross_entropy_with_logits_vjp",
        "a cotangent need only have as many elements as the input, whatever its shape",
        another_shape_of_as_many,
        {"logits": numbers(2), "labels": numbers(2), "cotangent": numbers(1, 2)},
        "the gradient, with the elements paired in the order in which they lie in memory",
    ),
]
