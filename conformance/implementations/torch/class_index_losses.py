"""Losses whose labels name a class, and their gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch.nn import functional

from conformance.implementations.torch.tape import tensor, vjp
from reference.alternatives import log_softmax_sparse_softmax_cross_entropy_with_logits_vjp

__all__ = [
    "negative_log_likelihood",
    "negative_log_likelihood_vjp",
    "sparse_softmax_cross_entropy_with_logits",
    "sparse_softmax_cross_entropy_with_logits_vjp",
]


def sparse_softmax_cross_entropy_with_logits(logits: Any, labels: Any) -> Any:
    return functional.cross_entropy(tensor(logits), indices(labels), reduction="none").numpy()


def sparse_softmax_cross_entropy_with_logits_vjp(logits: Any, labels: Any, cotangent: Any) -> Any:
    return vjp(lambda z: functional.cross_entropy(z, indices(labels), reduction="none"), (logits,), cotangent)[0]


def negative_log_likelihood(log_probabilities: Any, labels: Any) -> Any:
    return functional.nll_loss(tensor(log_probabilities), indices(labels), reduction="none").numpy()


def negative_log_likelihood_vjp(log_probabilities: Any, labels: Any, cotangent: Any) -> Any:
    return vjp(lambda x: functional.nll_loss(x, indices(labels), reduction="none"), (log_probabilities,), cotangent)[0]


def indices(labels: Any) -> Any:
    """PyTorch takes indices of 64 bits; a user whose labels have fewer gives them more."""
    whole = isinstance(labels, np.ndarray) and labels.dtype.kind in "iu"
    return tensor(labels.astype(np.int64) if whole else labels)


ALGORITHMS = {"sparse_softmax_cross_entropy_with_logits_vjp": log_softmax_sparse_softmax_cross_entropy_with_logits_vjp}
