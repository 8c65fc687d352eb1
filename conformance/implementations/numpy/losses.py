"""Losses and their gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.implementations.numpy.arguments import Array, require_array
from conformance.implementations.numpy.softmax import softmax
from reference.errors import InvalidArgument

__all__ = [
    "cross_entropy",
    "cross_entropy_vjp",
    "empirical_loss",
    "empirical_loss_vjp",
    "mean_squared_error",
    "mean_squared_error_vjp",
    "softmax_cross_entropy_with_logits",
    "softmax_cross_entropy_with_logits_vjp",
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


def empirical_loss_vjp(losses: Array, cotangent: Array) -> Array:
    (count,) = require_array("losses", losses, "N")
    if not isinstance(cotangent, np.ndarray) or cotangent.shape or cotangent.dtype != losses.dtype:
        raise InvalidArgument("cotangent", "an array without axes, of the losses' dtype", f"{cotangent!r:.40}")
    with np.errstate(all="ignore"):
        return np.full(count, cotangent / count, losses.dtype)


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
