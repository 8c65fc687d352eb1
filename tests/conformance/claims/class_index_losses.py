"""Gradients for labels that are indices, by the exponentials of logarithms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from conformance.implementations.numpy.arguments import Array
from reference import alternatives
from tests.conformance.claims.ways import computes, telling, wrong


@computes(
    "sparse_softmax_cross_entropy_with_logits_vjp",
    alternatives.log_softmax_sparse_softmax_cross_entropy_with_logits_vjp,
)
def sparse_log_softmax(logits: Array, labels: Array, cotangent: Array) -> Array:
    shifted = logits - logits.max(axis=-1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return cotangent[:, None] * (np.exp(logs) - _one_hot(logits, labels))


@wrong
def sparse_log_softmax_without_the_maximum(logits: Array, labels: Array, cotangent: Array) -> Array:
    """The logarithm of the sum is taken from the logits, not from the shifted ones."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    logs = logits - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return cotangent[:, None] * (np.exp(logs) - _one_hot(logits, labels))


@telling
def indices_of_logits_far_above_the_others(dtype: str) -> tuple[Callable[..., Any], list[Array]]:
    logits = np.array([[0, 0, -places] for places in range(41, 81)], dtype)
    return sparse_log_softmax, [logits, np.zeros(40, np.int64), np.ones(40, dtype)]


def _one_hot(logits: Array, labels: Array) -> Array:
    return np.eye(logits.shape[1], dtype=logits.dtype)[labels]
