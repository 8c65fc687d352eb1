"""Losses of questions with two answers, and their gradients: as JAX's users, and Optax, write them."""

from __future__ import annotations

from typing import Any

import jax
from jax.scipy.special import xlog1py, xlogy

from conformance.implementations.jax.compiled import call, vjp

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_vjp",
    "binary_cross_entropy_with_logits",
    "binary_cross_entropy_with_logits_vjp",
]


def binary_cross_entropy(probabilities: Any, labels: Any) -> Any:
    return call(loss_of_probabilities, probabilities, labels)


def binary_cross_entropy_vjp(probabilities: Any, labels: Any, cotangent: Any) -> Any:
    return vjp(loss_of_probabilities, (probabilities,), labels, cotangent)[0]


def binary_cross_entropy_with_logits(logits: Any, labels: Any) -> Any:
    return call(loss_of_logits, logits, labels)


def binary_cross_entropy_with_logits_vjp(logits: Any, labels: Any, cotangent: Any) -> Any:
    return vjp(loss_of_logits, (logits,), labels, cotangent)[0]


def loss_of_probabilities(probabilities: Any, labels: Any) -> Any:
    labels = labels.astype(probabilities.dtype)
    return -(xlogy(labels, probabilities) + xlog1py(1 - labels, -probabilities))


def loss_of_logits(logits: Any, labels: Any) -> Any:
    labels = labels.astype(logits.dtype)
    return -labels * jax.nn.log_sigmoid(logits) - (1 - labels) * jax.nn.log_sigmoid(-logits)
