"""Losses and their gradients."""

from __future__ import annotations

from typing import Any

import jax
from jax.scipy.special import xlogy

from conformance.implementations.jax.compiled import call, vjp

__all__ = ["cross_entropy", "softmax_cross_entropy_with_logits", "softmax_cross_entropy_with_logits_vjp"]


def cross_entropy(probabilities: Any, labels: Any) -> Any:
    return call(loss_of_probabilities, probabilities, labels)


def softmax_cross_entropy_with_logits(logits: Any, labels: Any) -> Any:
    return call(loss_of_logits, logits, labels)


def softmax_cross_entropy_with_logits_vjp(logits: Any, labels: Any, cotangent: Any) -> Any:
    return vjp(loss_of_logits, (logits,), labels, cotangent)[0]


def loss_of_probabilities(probabilities: Any, labels: Any) -> Any:
    return -xlogy(labels.astype(probabilities.dtype), probabilities).sum(-1)


def loss_of_logits(logits: Any, labels: Any) -> Any:
    """JAX has no such loss; this is how its users, and Optax, write it."""
    return -(labels.astype(logits.dtype) * jax.nn.log_softmax(logits)).sum(-1)
