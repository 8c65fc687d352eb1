"""Convolutions and their gradients."""

from __future__ import annotations

from typing import Any

from jax import lax

from conformance.implementations.jax.compiled import call, vjp
from reference.errors import require_pair

__all__ = ["conv2d", "conv2d_vjp"]


def conv2d(images: Any, filters: Any, *, strides: int | tuple[int, int] = 1, padding: str = "valid") -> Any:
    return call(convolve, images, filters, strides=require_pair("strides", strides), padding=padding)


def conv2d_vjp(
    images: Any, filters: Any, cotangent: Any, *, strides: int | tuple[int, int] = 1, padding: str = "valid"
) -> Any:
    return vjp(convolve, (images, filters), cotangent, strides=require_pair("strides", strides), padding=padding)


def convolve(images: Any, filters: Any, strides: tuple[int, int], padding: str) -> Any:
    return lax.conv_general_dilated(
        images, filters, strides, padding.upper(), dimension_numbers=("NHWC", "HWIO", "NHWC")
    )
