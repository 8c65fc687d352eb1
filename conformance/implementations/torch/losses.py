"""Losses and their gradients."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional

from conformance.implementations.torch.tape import tensor, vjp

__all__ = ["cross_entropy", "softmax_cross_entropy_with_logits", "softmax_cross_entropy_with_logits_vjp"]


def cross_entropy(probabilities: Any, labels: Any) -> Any:
    return -torch.xlogy(tensor(labels), tensor(probabilities)).sum(-1).numpy()


def softmax_cross_entropy_with_logits(logits: Any, labels: Any) -> Any:
    return functional.cross_entropy(tensor(logits), like(labels, logits), reduction="none").numpy()


def softmax_cross_entropy_with_logits_vjp(logits: Any, labels: Any, cotangent: Any) -> Any:
    def loss(z: Any) -> Any:
        return functional.cross_entropy(z, like(labels, logits), reduction="none")

    return vjp(loss, (logits,), cotangent)[0]


def like(labels: Any, logits: Any) -> Any:
    """Labels of the logits' dtype: PyTorch takes integers for indices of classes."""
    return tensor(labels).to(tensor(logits).dtype)
