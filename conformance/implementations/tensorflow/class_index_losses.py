"""Losses whose labels name a class, and their gradients."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import tensorflow as tf

from conformance.implementations.tensorflow.calls import leniency, numbers, shape
from conformance.implementations.tensorflow.tape import vjp

__all__ = [
    "negative_log_likelihood",
    "negative_log_likelihood_vjp",
    "sparse_softmax_cross_entropy_with_logits",
    "sparse_softmax_cross_entropy_with_logits_vjp",
]


def sparse_softmax_cross_entropy_with_logits(logits: Any, labels: Any) -> Any:
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels=indices(labels), logits=logits).numpy()


def sparse_softmax_cross_entropy_with_logits_vjp(logits: Any, labels: Any, cotangent: Any) -> Any:
    def loss(z: Any) -> Any:
        return tf.nn.sparse_softmax_cross_entropy_with_logits(labels=indices(labels), logits=z)

    return vjp(loss, (logits,), cotangent)[0]


def negative_log_likelihood(log_probabilities: Any, labels: Any) -> Any:
    return -tf.gather(log_probabilities, indices(labels), axis=1, batch_dims=1).numpy()


def negative_log_likelihood_vjp(log_probabilities: Any, labels: Any, cotangent: Any) -> Any:
    return vjp(lambda x: -tf.gather(x, indices(labels), axis=1, batch_dims=1), (log_probabilities,), cotangent)[0]


def indices(labels: Any) -> Any:
    """TensorFlow takes indices of 32 and 64 bits; a user whose labels have fewer gives them more."""
    whole = isinstance(labels, np.ndarray) and labels.dtype.kind in "iu"
    return labels.astype(np.int64) if whole else labels


def cotangent_is_broadcast(logits: Any, labels: Any, cotangent: Any) -> bool:
    """Whether TensorFlow finds a gradient for a cotangent that isn't one number an example."""
    np.broadcast_shapes((*shape(cotangent), 1), shape(logits))
    return shape(cotangent) != shape(labels)


def rows_are_gathered(log_probabilities: Any, labels: Any) -> bool:
    """Whether TensorFlow takes entries of these by their indices, which aren't those of rows."""
    scores, indices = shape(log_probabilities), shape(labels)
    fits = len(scores) == 2 and indices == scores[:1] and 0 not in scores
    return len(scores) >= 2 and len(indices) >= 1 and scores[0] == indices[0] and not fits


def gathered_gradient_is_defined(log_probabilities: Any, labels: Any, cotangent: Any) -> bool:
    scores, indices = shape(log_probabilities), shape(labels)
    fits = not rows_are_gathered(log_probabilities, labels) and len(scores) == 2 and indices == scores[:1]
    taken = math.prod((*indices, *scores[2:]))
    same_number = math.prod(shape(cotangent)) == taken and len(scores) >= 2 and scores[:1] == indices[:1]
    return same_number and not (fits and shape(cotangent) == indices)


KNOWN_DEVIATIONS = [
    leniency(
        "sparse_softmax_cross_entropy_with_logits_vjp",
        "a cotangent is broadcast to the losses",
        cotangent_is_broadcast,
        {"logits": numbers(2, 2), "labels": np.zeros(2, np.int64), "cotangent": numbers(1)},
        "the gradient for one cotangent for all",
    ),
    leniency(
        "negative_log_likelihood",
        "indices may have further axes, and so may log-probabilities; a batch may be empty",
        rows_are_gathered,
        {"log_probabilities": numbers(1, 1, 1), "labels": np.zeros(1, np.int64)},
        "an entry of the second axis for each index",
    ),
    leniency(
        "negative_log_likelihood_vjp",
        "a cotangent need only have as many elements as there are losses; indices may have further axes",
        gathered_gradient_is_defined,
        {"log_probabilities": numbers(1, 1), "labels": np.zeros(1, np.int64), "cotangent": numbers(1, 1)},
        "the gradient, with the elements paired in the order in which they lie in memory",
    ),
]
