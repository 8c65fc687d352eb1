"""Dense layers and their gradients."""

from __future__ import annotations

from typing import Any

import torch

from conformance.implementations.torch.tape import tensor, vjp

__all__ = ["dense", "dense_vjp"]


def dense(inputs: Any, weights: Any, bias: Any) -> Any:
    return torch.addmm(tensor(bias), tensor(inputs), tensor(weights)).numpy()


def dense_vjp(inputs: Any, weights: Any, bias: Any, cotangent: Any) -> Any:
    return vjp(lambda x, w, b: torch.addmm(b, x, w), (inputs, weights, bias), cotangent)
