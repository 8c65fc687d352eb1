"""Poolings and their gradients."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from conformance.implementations.jax.compiled import call, vjp
from reference.errors import require_pair

__all__ = ["average_pool2d", "average_pool2d_vjp", "max_pool2d", "max_pool2d_vjp"]


def max_pool2d(images: Any, *, pool_size: Any = 2, strides: Any = None, padding: str = "valid") -> Any:
    return call(max_pool, images, **windows(pool_size, strides, padding))


def max_pool2d_vjp(
    images: Any, cotangent: Any, *, pool_size: Any = 2, strides: Any = None, padding: str = "valid"
) -> Any:
    return vjp(max_pool, (images,), cotangent, **windows(pool_size, strides, padding))[0]


def average_pool2d(images: Any, *, pool_size: Any = 2, strides: Any = None, padding: str = "valid") -> Any:
    return call(average_pool, images, **windows(pool_size, strides, padding))


def average_pool2d_vjp(
    images: Any, cotangent: Any, *, pool_size: Any = 2, strides: Any = None, padding: str = "valid"
) -> Any:
    return vjp(average_pool, (images,), cotangent, **windows(pool_size, strides, padding))[0]


def windows(pool_size: Any, strides: Any, padding: str) -> dict[str, Any]:
    window = require_pair("pool_size", pool_size)
    steps = window if strides is None else require_pair("strides", strides)
    return {"window": window, "strides": steps, "padding": padding}


def max_pool(images: Any, window: tuple[int, int], strides: tuple[int, int], padding: str) -> Any:
    return lax.reduce_window(images, -np.inf, lax.max, (1, *window, 1), (1, *strides, 1), padding.upper())


def average_pool(images: Any, window: tuple[int, int], strides: tuple[int, int], padding: str) -> Any:
    """JAX has sums over windows only; who doesn't count padding divides by the sums of ones, as Flax does."""
    sizes = (1, *window, 1), (1, *strides, 1), padding.upper()
    sums, cells = (lax.reduce_window(numbers, 0.0, lax.add, *sizes) for numbers in (images, jnp.ones_like(images)))
    return sums / cells
