"""Poolings and their gradients."""

from __future__ import annotations

import math
from typing import Any

from torch.nn import functional

from conformance.implementations.torch.tape import tensor, vjp
from conformance.implementations.torch.windows import channels_first, channels_last, padded

__all__ = ["max_pool2d", "max_pool2d_vjp"]


def max_pool2d(images: Any, *, pool_size: Any = 2, strides: Any = None, padding: str = "valid") -> Any:
    return max_pool(tensor(images), pool_size, strides, padding).contiguous().numpy()


def max_pool2d_vjp(
    images: Any, cotangent: Any, *, pool_size: Any = 2, strides: Any = None, padding: str = "valid"
) -> Any:
    return vjp(lambda x: max_pool(x, pool_size, strides, padding), (images,), cotangent)[0]


def max_pool(images: Any, pool_size: Any, strides: Any, padding: str) -> Any:
    steps = pool_size if strides is None else strides
    whole = padded(channels_first(images), pool_size, steps, padding, -math.inf)
    return channels_last(functional.max_pool2d(whole, pool_size, steps))
