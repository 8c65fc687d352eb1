"""Losses and their gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch.nn import functional

from conformance.implementations.torch.deviating import other_numbers
from conformance.implementations.torch.tape import tensor, vjp
from reference.alternatives import log_softmax_cross_entropy_with_logits_vjp

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


def cross_entropy(probabilities: Any, labels: Any) -> Any:
    return -torch.xlogy(tensor(labels), tensor(probabilities)).sum(-1).numpy()


def cross_entropy_vjp(probabilities: Any, labels: Any, cotangent: Any) -> Any:
    return vjp(lambda p: -torch.xlogy(tensor(labels), p).sum(-1), (probabilities,), cotangent)[0]


def softmax_cross_entropy_with_logits(logits: Any, labels: Any) -> Any:
    return functional.cross_entropy(tensor(logits), like(labels, logits), reduction="none").numpy()


def softmax_cross_entropy_with_logits_vjp(logits: Any, labels: Any, cotangent: Any) -> Any:
    def loss(z: Any) -> Any:
        return functional.cross_entropy(z, like(labels, logits), reduction="none")

    return vjp(loss, (logits,), cotangent)[0]


def empirical_loss(losses: Any) -> Any:
    return torch.mean(tensor(losses)).numpy()


def empirical_loss_vjp(losses: Any, cotangent: Any) -> Any:
    return vjp(torch.mean, (losses,), cotangent)[0]


def mean_squared_error(predictions: Any, targets: Any) -> Any:
    return of_each_example(tensor(predictions), targets).numpy()


def mean_squared_error_vjp(predictions: Any, targets: Any, cotangent: Any) -> Any:
    return vjp(lambda x: of_each_example(x, targets), (predictions,), cotangent)[0]


def of_each_example(predictions: Any, targets: Any) -> Any:
    """Of each example by itself: PyTorch's own mean is one over all of them."""
    return functional.mse_loss(predictions, tensor(targets), reduction="none").mean(-1)


def like(labels: Any, logits: Any) -> Any:
    """Labels of the logits' dtype: PyTorch takes integers for indices of classes."""
    return tensor(labels).to(tensor(logits).dtype)


#: The loss keeps the logarithms of the probabilities, and its gradient takes their exponentials.
ALGORITHMS = {"softmax_cross_entropy_with_logits_vjp": log_softmax_cross_entropy_with_logits_vjp}

KNOWN_DEVIATIONS = [
    other_numbers(
        "cross_entropy_vjp",
        "0/0 where a label of 0 meets a probability of 0",
        lambda probabilities, labels, **_: bool(((probabilities == 0) & (labels == 0)).any()),
        {"probabilities": np.zeros((1, 1)), "labels": np.zeros((1, 1)), "cotangent": np.ones(1)},
        "NaN",
    ),
]
