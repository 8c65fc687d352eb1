"""Arrays as tensors, and gradients from PyTorch's tape."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch


def tensor(array: Any) -> Any:
    """A tensor of its own: PyTorch takes no arrays that run backwards."""
    return torch.tensor(np.ascontiguousarray(array) if isinstance(array, np.ndarray) else array)


def vjp(function: Callable[..., Any], inputs: Sequence[Any], cotangent: Any) -> tuple[Any, ...]:
    tensors = [tensor(array).requires_grad_() for array in inputs]
    function(*tensors).backward(tensor(cotangent))
    return tuple(each.grad.numpy() for each in tensors)
