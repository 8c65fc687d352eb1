"""Losses and gradients by the logarithm of a sum of exponentials."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from conformance.implementations import numpy as base
from conformance.implementations.numpy.arguments import Array
from reference import alternatives
from tests.conformance.claims.ways import computes, telling, wrong


def _log_sum_exp(z: Array, shift: bool = True) -> Array:
    m = z.max(axis=-1, keepdims=True) if shift else np.zeros_like(z[..., :1])
    return m + np.log(np.exp(z - m).sum(axis=-1, keepdims=True))


@computes("log_softmax_vjp", alternatives.exponentiated_log_softmax_vjp)
def exponentiated(z: Array, cotangent: Array) -> Array:
    return cotangent - np.exp(base.log_softmax(z)) * cotangent.sum(axis=-1, keepdims=True)


@wrong
def exponentiated_without_the_normalizer(z: Array, cotangent: Array) -> Array:
    """What is kept are the shifted scores, not yet normalized."""
    return cotangent - np.exp(z - z.max(axis=-1, keepdims=True)) * cotangent.sum(axis=-1, keepdims=True)


@telling
def scores_far_below_the_largest(dtype: str) -> tuple[Callable[..., Any], list[Array]]:
    z = np.array([[0, 0, -places] for places in range(41, 81)], dtype)
    return exponentiated, [z, np.eye(3, dtype=dtype)[np.zeros(40, int)]]


# No call tells: the reference's own bound leaves zᵢ - m open, and covers every order of lse's terms.
@computes("softmax_cross_entropy_with_logits", alternatives.log_sum_exp_softmax_cross_entropy_with_logits)
def log_sum_exp(logits: Array, labels: Array) -> Array:
    return (labels * (_log_sum_exp(logits) - logits)).sum(axis=-1)


@wrong
def log_sum_exp_unshifted(logits: Array, labels: Array) -> Array:
    """Overflows where a logit is large, and underflows where all are small."""
    return (labels * (_log_sum_exp(logits, shift=False) - logits)).sum(axis=-1)


@computes("softmax_cross_entropy_with_logits_vjp", alternatives.log_softmax_cross_entropy_with_logits_vjp)
def log_softmax(logits: Array, labels: Array, cotangent: Array) -> Array:
    shifted = logits - logits.max(axis=-1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return cotangent[:, None] * (np.exp(logs) * labels.sum(axis=-1, keepdims=True) - labels)


@wrong
def log_softmax_of_the_logits(logits: Array, labels: Array, cotangent: Array) -> Array:
    """The logarithm of the sum is taken from the logits, not from the shifted ones."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    logs = logits - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return cotangent[:, None] * (np.exp(logs) * labels.sum(axis=-1, keepdims=True) - labels)


@telling
def logits_far_below_the_largest(dtype: str) -> tuple[Callable[..., Any], list[Array]]:
    logits = np.array([[0, 0, -places] for places in range(41, 81)], dtype)
    return log_softmax, [logits, np.eye(3, dtype=dtype)[np.zeros(40, int)], np.ones(40, dtype)]
