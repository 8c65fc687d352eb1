"""Arrays as tensors, and gradients from PyTorch's tape."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch


def tensor(array: Any) -> Any:
    """A tensor of its own: PyTorch takes no arrays that run backwards."""
    return torch.tensor(np.asarray(array, order="C") if isinstance(array, np.ndarray) else array)


def vjp(function: Callable[..., Any], inputs: Sequence[Any], *cotangents: Any) -> tuple[Any, ...]:
    """The gradients of all inputs, from a cotangent for each result."""
    tensors = [tensor(array).requires_grad_() for array in inputs]
    results = function(*tensors)
    torch.autograd.backward(results if isinstance(results, tuple) else (results,), [*map(tensor, cotangents)])
    return tuple(each.grad.numpy() for each in tensors)
