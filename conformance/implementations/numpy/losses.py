"""Losses and their gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.implementations.numpy.activations import sigmoid
from conformance.implementations.numpy.arguments import Array, require_array
from conformance.implementations.numpy.softmax import log_softmax, softmax
from reference.errors import InvalidArgument

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_vjp",
    "binary_cross_entropy_with_logits",
    "binary_cross_entropy_with_logits_vjp",
    "cross_entropy",
    "cross_entropy_vjp",
    "empirical_loss",
    "mean_squared_error",
    "mean_squared_error_vjp",
    "negative_log_likelihood",
    "negative_log_likelihood_vjp",
    "softmax_cross_entropy_with_logits",
    "softmax_cross_entropy_with_logits_vjp",
    "sparse_softmax_cross_entropy_with_logits",
    "sparse_softmax_cross_entropy_with_logits_vjp",
]


def cross_entropy(probabilities: Array, labels: Array) -> Array:
    require_array("labels", labels, "N K", require_array("probabilities", probabilities, "N K"))
    with np.errstate(all="ignore"):
        return -np.where(labels == 0, 0, labels * np.log(probabilities)).sum(axis=-1)


def softmax_cross_entropy_with_logits(logits: Array, labels: Array) -> Array:
    require_array("labels", labels, "N K", require_array("logits", logits, "N K"))
    with np.errstate(all="ignore"):
        shifted = logits - logits.max(axis=-1, keepdims=True)
        log_normalizer = np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
        return (labels * (log_normalizer - shifted)).sum(axis=-1)


def softmax_cross_entropy_with_logits_vjp(logits: Array, labels: Array, cotangent: Array) -> Array:
    examples, _ = require_array("labels", labels, "N K", require_array("logits", logits, "N K"))
    require_array("cotangent", cotangent, "N", (examples,))
    with np.errstate(all="ignore"):
        return cotangent[:, None] * (softmax(logits) * labels.sum(axis=-1, keepdims=True) - labels)


def empirical_loss(losses: Array) -> Any:
    require_array("losses", losses, "N")
    with np.errstate(all="ignore"):
        return losses.mean()


def mean_squared_error(predictions: Array, targets: Array) -> Array:
    require_array("targets", targets, "N K", require_array("predictions", predictions, "N K"))
    with np.errstate(all="ignore"):
        return np.square(predictions - targets).mean(axis=-1)


def mean_squared_error_vjp(predictions: Array, targets: Array, cotangent: Array) -> Array:
    examples, outputs = require_array("targets", targets, "N K", require_array("predictions", predictions, "N K"))
    require_array("cotangent", cotangent, "N", (examples,))
    with np.errstate(all="ignore"):
        return cotangent[:, None] / outputs * (2 * (predictions - targets))


def cross_entropy_vjp(probabilities: Array, labels: Array, cotangent: Array) -> Array:
    examples, _ = require_array("labels", labels, "N K", require_array("probabilities", probabilities, "N K"))
    require_array("cotangent", cotangent, "N", (examples,))
    with np.errstate(all="ignore"):
        return -cotangent[:, None] * np.where(labels == 0, 0, labels / probabilities)


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


def binary_cross_entropy(probabilities: Array, labels: Array) -> Array:
    require_entries("probabilities", probabilities, labels=labels)
    with np.errstate(all="ignore"):
        of_yes = np.where(labels == 0, 0, labels * np.log(probabilities))
        return -(of_yes + np.where(labels == 1, 0, (1 - labels) * np.log(1 - probabilities)))


def binary_cross_entropy_vjp(probabilities: Array, labels: Array, cotangent: Array) -> Array:
    require_entries("probabilities", probabilities, labels=labels, cotangent=cotangent)
    with np.errstate(all="ignore"):
        of_yes = np.where(labels == 0, 0, labels / probabilities)
        return cotangent * (np.where(labels == 1, 0, (1 - labels) / (1 - probabilities)) - of_yes)


def binary_cross_entropy_with_logits(logits: Array, labels: Array) -> Array:
    require_entries("logits", logits, labels=labels)
    with np.errstate(all="ignore"):
        rest = np.log1p(np.exp(-np.abs(logits)))
        return labels * (np.maximum(-logits, 0) + rest) + (1 - labels) * (np.maximum(logits, 0) + rest)


def binary_cross_entropy_with_logits_vjp(logits: Array, labels: Array, cotangent: Array) -> Array:
    require_entries("logits", logits, labels=labels, cotangent=cotangent)
    with np.errstate(all="ignore"):
        return cotangent * (sigmoid(logits) - labels)


def one_hot(labels: Array, scores: Array) -> Array:
    """Indices of classes as rows with a single 1."""
    return np.eye(scores.shape[1], dtype=scores.dtype)[labels]


def require_class_indices(argument: str, scores: Array, labels: Array) -> None:
    examples, classes = require_array(argument, scores, "N K")
    require_array("labels", labels, "N", (examples,), kinds="iu")
    if labels.min() < 0 or labels.max() >= classes:
        wanted = f"an integer from 0 to {classes - 1} for each example"
        raise InvalidArgument("labels", wanted, f"{np.unique(labels)}")


def require_entries(argument: str, outputs: Array, **others: Array) -> None:
    shape = require_array(argument, outputs)
    for name, array in others.items():
        require_array(name, array, " ".join(map(str, shape)), shape)
