"""Losses of questions with two answers, and their gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch.nn import functional

from conformance.implementations.torch.deviating import other_numbers
from conformance.implementations.torch.tape import tensor, vjp
from reference.alternatives import log_sigmoid_binary_cross_entropy_with_logits, products_first_binary_cross_entropy_vjp

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_vjp",
    "binary_cross_entropy_with_logits",
    "binary_cross_entropy_with_logits_vjp",
]


def binary_cross_entropy(probabilities: Any, labels: Any) -> Any:
    return of_each_entry(tensor(probabilities), tensor(labels)).numpy()


def binary_cross_entropy_vjp(probabilities: Any, labels: Any, cotangent: Any) -> Any:
    return vjp(lambda p: of_each_entry(p, tensor(labels)), (probabilities,), cotangent)[0]


def of_each_entry(probabilities: Any, labels: Any) -> Any:
    """As for `cross_entropy`; PyTorch's loss of probabilities takes no logarithm for less than -100."""
    return -(torch.xlogy(labels, probabilities) + torch.special.xlog1py(1 - labels, -probabilities))


def binary_cross_entropy_with_logits(logits: Any, labels: Any) -> Any:
    return loss(tensor(logits), labels).numpy()


def binary_cross_entropy_with_logits_vjp(logits: Any, labels: Any, cotangent: Any) -> Any:
    return vjp(lambda z: loss(z, labels), (logits,), cotangent)[0]


def loss(logits: Any, labels: Any) -> Any:
    return functional.binary_cross_entropy_with_logits(logits, tensor(labels).to(logits.dtype), reduction="none")


ALGORITHMS = {
    "binary_cross_entropy_with_logits": log_sigmoid_binary_cross_entropy_with_logits,
    "binary_cross_entropy_vjp": products_first_binary_cross_entropy_vjp,
}

KNOWN_DEVIATIONS = [
    other_numbers(
        "binary_cross_entropy_vjp",
        "0/0 where an answer that is certain is right",
        lambda probabilities, labels, **_: bool(((probabilities == labels) & np.isin(labels, (0, 1))).any()),
        {"probabilities": np.zeros(1), "labels": np.zeros(1), "cotangent": np.ones(1)},
        "NaN",
    ),
]
