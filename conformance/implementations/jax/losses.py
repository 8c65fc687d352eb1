"""Losses and their gradients."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax.scipy.special import xlogy

from conformance.implementations.jax.compiled import call, vjp

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


def empirical_loss(losses: Any) -> Any:
    return call(jnp.mean, losses)


def empirical_loss_vjp(losses: Any, cotangent: Any) -> Any:
    return vjp(jnp.mean, (losses,), cotangent)[0]


def mean_squared_error(predictions: Any, targets: Any) -> Any:
    return call(mean_of_squares, predictions, targets)


def mean_squared_error_vjp(predictions: Any, targets: Any, cotangent: Any) -> Any:
    return vjp(mean_of_squares, (predictions,), targets, cotangent)[0]


def cross_entropy(probabilities: Any, labels: Any) -> Any:
    return call(loss_of_probabilities, probabilities, labels)


def cross_entropy_vjp(probabilities: Any, labels: Any, cotangent: Any) -> Any:
    return vjp(loss_of_probabilities, (probabilities,), labels, cotangent)[0]


def softmax_cross_entropy_with_logits(logits: Any, labels: Any) -> Any:
    return call(loss_of_logits, logits, labels)


def softmax_cross_entropy_with_logits_vjp(logits: Any, labels: Any, cotangent: Any) -> Any:
    return vjp(loss_of_logits, (logits,), labels, cotangent)[0]


def mean_of_squares(predictions: Any, targets: Any) -> Any:
    return jnp.mean(jnp.square(predictions - targets), -1)


def loss_of_probabilities(probabilities: Any, labels: Any) -> Any:
    return -xlogy(labels.astype(probabilities.dtype), probabilities).sum(-1)


def loss_of_logits(logits: Any, labels: Any) -> Any:
    """JAX has no such loss; this is how its users, and Optax, write it."""
    return -(labels.astype(logits.dtype) * jax.nn.log_softmax(logits)).sum(-1)
