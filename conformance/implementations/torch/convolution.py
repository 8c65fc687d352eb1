"""Convolutions and their gradients."""

from __future__ import annotations

from typing import Any

from torch.nn import functional

from conformance.implementations.torch.tape import tensor, vjp
from conformance.implementations.torch.windows import channels_first, channels_last, padded

__all__ = ["conv2d", "conv2d_vjp"]


def conv2d(images: Any, filters: Any, *, strides: int | tuple[int, int] = 1, padding: str = "valid") -> Any:
    return convolve(tensor(images), tensor(filters), strides, padding).contiguous().numpy()


def conv2d_vjp(
    images: Any, filters: Any, cotangent: Any, *, strides: int | tuple[int, int] = 1, padding: str = "valid"
) -> Any:
    return vjp(lambda x, w: convolve(x, w, strides, padding), (images, filters), cotangent)


def convolve(images: Any, filters: Any, strides: Any, padding: str, bias: Any = None) -> Any:
    """Filters [KH, KW, C, F], which PyTorch has as [F, C, KH, KW]."""
    own = filters.permute(3, 2, 0, 1).contiguous()
    whole = padded(channels_first(images), tuple(own.shape[2:]), strides, padding)
    return channels_last(functional.conv2d(whole, own, bias, stride=strides))
