"""Losses whose labels name a class, and their gradients: as JAX's users, and Optax, write them."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from conformance.implementations.jax.compiled import call, vjp

__all__ = [
    "negative_log_likelihood",
    "negative_log_likelihood_vjp",
    "sparse_softmax_cross_entropy_with_logits",
    "sparse_softmax_cross_entropy_with_logits_vjp",
]


def sparse_softmax_cross_entropy_with_logits(logits: Any, labels: Any) -> Any:
    return call(loss_of_logits, logits, labels)


def sparse_softmax_cross_entropy_with_logits_vjp(logits: Any, labels: Any, cotangent: Any) -> Any:
    return vjp(loss_of_logits, (logits,), labels, cotangent)[0]


def negative_log_likelihood(log_probabilities: Any, labels: Any) -> Any:
    return call(of_the_right_class, log_probabilities, labels)


def negative_log_likelihood_vjp(log_probabilities: Any, labels: Any, cotangent: Any) -> Any:
    return vjp(of_the_right_class, (log_probabilities,), labels, cotangent)[0]


def loss_of_logits(logits: Any, labels: Any) -> Any:
    return of_the_right_class(jax.nn.log_softmax(logits), labels)


def of_the_right_class(log_probabilities: Any, labels: Any) -> Any:
    return -jnp.take_along_axis(log_probabilities, labels[:, None], -1)[:, 0]
