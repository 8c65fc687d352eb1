"""Matrix products, dense layers and their gradients; flat arrays and one-hot labels."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch.nn import functional

from conformance.implementations.torch.tape import tensor, vjp

__all__ = ["dense", "dense_vjp", "flatten", "matrix_product", "matrix_product_vjp", "one_hot"]


def matrix_product(a: Any, b: Any) -> Any:
    return torch.mm(tensor(a), tensor(b)).numpy()


def matrix_product_vjp(a: Any, b: Any, cotangent: Any) -> Any:
    return vjp(torch.mm, (a, b), cotangent)


def flatten(values: Any) -> Any:
    return torch.flatten(tensor(values)).numpy()


def one_hot(indices: Any, *, classes: int) -> Any:
    return functional.one_hot(tensor(indices.astype(np.int64, casting="safe")), classes).numpy()


def dense(inputs: Any, weights: Any, bias: Any) -> Any:
    return torch.addmm(tensor(bias), tensor(inputs), tensor(weights)).numpy()


def dense_vjp(inputs: Any, weights: Any, bias: Any, cotangent: Any) -> Any:
    return vjp(lambda x, w, b: torch.addmm(b, x, w), (inputs, weights, bias), cotangent)
