"""Softmax, its logarithm and their gradients."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch

from conformance.implementations.torch.tape import tensor, vjp
from reference.alternatives import exponentiated_log_softmax_vjp

__all__ = ["log_softmax", "log_softmax_vjp", "softmax", "softmax_vjp"]


def softmax(z: Any) -> Any:
    return torch.softmax(tensor(z), dim=-1).numpy()


def softmax_vjp(z: Any, cotangent: Any) -> Any:
    return vjp(partial(torch.softmax, dim=-1), (z,), cotangent)[0]


def log_softmax(z: Any) -> Any:
    return torch.log_softmax(tensor(z), dim=-1).numpy()


def log_softmax_vjp(z: Any, cotangent: Any) -> Any:
    return vjp(partial(torch.log_softmax, dim=-1), (z,), cotangent)[0]


ALGORITHMS = {"log_softmax_vjp": exponentiated_log_softmax_vjp}
