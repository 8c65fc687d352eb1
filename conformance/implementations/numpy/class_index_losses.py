"""Losses whose labels name a class, and their gradients."""

from __future__ import annotations

import numpy as np

from conformance.implementations.numpy.arguments import Array, require_array
from conformance.implementations.numpy.softmax import log_softmax, softmax
from reference.errors import InvalidArgument

__all__ = [
    "negative_log_likelihood",
    "negative_log_likelihood_vjp",
    "sparse_softmax_cross_entropy_with_logits",
    "sparse_softmax_cross_entropy_with_logits_vjp",
]


def sparse_softmax_cross_entropy_with_logits(logits: Array, labels: Array) -> Array:
    require_class_indices("logits", logits, labels)
    with np.errstate(all="ignore"):
        return -np.take_along_axis(log_softmax(logits), labels[:, None], axis=1)[:, 0]


def sparse_softmax_cross_entropy_with_logits_vjp(logits: Array, labels: Array, cotangent: Array) -> Array:
    require_class_indices("logits", logits, labels)
    require_array("cotangent", cotangent, "N", labels.shape)
    with np.errstate(all="ignore"):
        return cotangent[:, None] * (softmax(logits) - one_hot(labels, logits))


def negative_log_likelihood(log_probabilities: Array, labels: Array) -> Array:
    require_class_indices("log_probabilities", log_probabilities, labels)
    return -np.take_along_axis(log_probabilities, labels[:, None], axis=1)[:, 0]


def negative_log_likelihood_vjp(log_probabilities: Array, labels: Array, cotangent: Array) -> Array:
    require_class_indices("log_probabilities", log_probabilities, labels)
    require_array("cotangent", cotangent, "N", labels.shape)
    return np.where(one_hot(labels, log_probabilities) == 1, -cotangent[:, None], 0)


def one_hot(labels: Array, scores: Array) -> Array:
    """Indices of classes as rows with a single 1."""
    return np.eye(scores.shape[1], dtype=scores.dtype)[labels]


def require_class_indices(argument: str, scores: Array, labels: Array) -> None:
    examples, classes = require_array(argument, scores, "N K")
    require_array("labels", labels, "N", (examples,), kinds="iu")
    if labels.min() < 0 or labels.max() >= classes:
        wanted = f"an integer from 0 to {classes - 1} for each example"
        raise InvalidArgument("labels", wanted, f"{np.unique(labels)}")
