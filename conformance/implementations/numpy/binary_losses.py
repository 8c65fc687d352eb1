"""Losses of questions with two answers, and their gradients."""

from __future__ import annotations

import numpy as np

from conformance.implementations.numpy.activations import sigmoid
from conformance.implementations.numpy.arguments import Array, require_array

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_vjp",
    "binary_cross_entropy_with_logits",
    "binary_cross_entropy_with_logits_vjp",
]


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


def require_entries(argument: str, outputs: Array, **others: Array) -> None:
    shape = require_array(argument, outputs)
    for name, array in others.items():
        require_array(name, array, " ".join(map(str, shape)), shape)
