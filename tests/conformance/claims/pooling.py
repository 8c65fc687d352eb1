"""Gradients of means by reciprocals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from conformance.implementations.numpy.arguments import Array
from conformance.implementations.numpy.pooling import counts, require_pooling
from conformance.implementations.numpy.windows import crop, pad, reached
from reference import alternatives
from tests.conformance.claims.ways import computes, wrong


# No call tells with arrays alone: the four cells of the window that is taken by default have an exact reciprocal.
@computes("average_pool2d_vjp", alternatives.reciprocal_average_pool2d_vjp)
def reciprocals(images: Array, cotangent: Array, **how: Any) -> Array:
    return _shares(images, cotangent, lambda counts: 1 / counts, **how)


@wrong
def reciprocal_of_the_window(images: Array, cotangent: Array, **how: Any) -> Array:
    """One reciprocal for all windows, also at the edges."""
    return _shares(images, cotangent, lambda counts: 1 / counts.max(), **how)


def _shares(
    images: Array,
    cotangent: Array,
    factor: Callable[[Array], Array],
    pool_size: Any = 2,
    strides: Any = None,
    padding: str = "valid",
) -> Array:
    where, size = require_pooling(images, pool_size, strides, padding)
    shares = cotangent * factor(counts(images, where, size)).astype(cotangent.dtype)
    gradient = np.zeros_like(pad(images, where, 0))
    for cell in np.ndindex(*size):
        gradient[reached(cell, where)] += shares
    return crop(gradient, where)
