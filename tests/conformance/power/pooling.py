"""Poolings: padding, ties, NaN, strides."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.implementations import numpy as base
from conformance.implementations.numpy.arguments import Array
from conformance.implementations.numpy.pooling import require_pooling
from conformance.implementations.numpy.windows import crop, pad, reached, window_view
from tests.conformance.power.entering import (
    BAD_INPUT,
    BOUND,
    FLOAT64,
    GRADIENTS,
    LATTICE,
    LAWS,
    SPECIAL,
    WORKED,
    right,
    wrong,
)

# --- wrong ------------------------------------------------------------------------------------------------------------


@wrong("max_pool2d", LATTICE, BOUND, cases=200)
def pooling_pads_with_zero(images: Array, *, pool_size: Any = 2, strides: Any = None, padding: str = "valid") -> Array:
    """Padding wins over negative numbers."""
    where, size = require_pooling(images, pool_size, strides, padding)
    return window_view(pad(images, where, 0), size, where).max(axis=(4, 5))


@wrong("max_pool2d", f"{SPECIAL}: NaN", cases=200)
def pooling_swallows_nan(images: Array, *, pool_size: Any = 2, strides: Any = None, padding: str = "valid") -> Array:
    """A window's NaN loses to any number, as in fmax."""
    where, size = require_pooling(images, pool_size, strides, padding)
    return np.fmax.reduce(window_view(pad(images, where, -np.inf), size, where), axis=(4, 5))


@wrong("max_pool2d", WORKED, LATTICE, BOUND, cases=200)
def pooling_takes_the_mean(images: Array, *, pool_size: Any = 2, strides: Any = None, padding: str = "valid") -> Array:
    """Average pooling."""
    where, size = require_pooling(images, pool_size, strides, padding)
    return window_view(pad(images, where, 0), size, where).mean(axis=(4, 5))


@wrong("max_pool2d", LATTICE, cases=1600)
def pooling_steps_by_one(images: Array, *, pool_size: Any = 2, strides: Any = None, padding: str = "valid") -> Array:
    """Windows overlap when no strides are given."""
    return base.max_pool2d(images, pool_size=pool_size, strides=strides or 1, padding=padding)


@wrong("max_pool2d", LATTICE, BOUND, cases=200)
def pooling_starts_from_zero(images: Array, **how: Any) -> Array:
    """The running maximum starts at 0, which beats windows of negative numbers."""
    return np.maximum(base.max_pool2d(images, **how), 0)


@wrong("max_pool2d", BOUND, SPECIAL, cases=200)
def pooling_starts_from_the_smallest_normal(images: Array, **how: Any) -> Array:
    """The running maximum starts at what C calls FLT_MIN, the smallest positive normal number."""
    return np.maximum(base.max_pool2d(images, **how), np.finfo(images.dtype).tiny)


@wrong("max_pool2d_vjp", LAWS, cases=200)
def every_tied_cell_gets_the_whole_gradient(
    images: Array, cotangent: Array, *, pool_size: Any = 2, strides: Any = None, padding: str = "valid"
) -> Array:
    """Where cells tie, the gradient is handed out more than once."""
    where, size = require_pooling(images, pool_size, strides, padding)
    padded = pad(images, where, -np.inf)
    gradient = np.zeros_like(padded)
    largest = window_view(padded, size, where).max(axis=(4, 5))
    for cell in np.ndindex(*size):
        covered = reached(cell, where)
        gradient[covered] += np.where(padded[covered] == largest, cotangent, 0)
    return crop(gradient, where)


@wrong("max_pool2d_vjp", LATTICE, BOUND, LAWS, GRADIENTS)
def last_row_gets_no_gradient(images: Array, cotangent: Array, **how: Any) -> Array:
    """The loop over rows of the output ends one too early."""
    kept = cotangent.copy()
    kept[:, -1] = 0
    return base.max_pool2d_vjp(images, kept, **how)


@wrong("max_pool2d_vjp", LATTICE, BOUND)
def overlapping_pools_overwrite(
    images: Array, cotangent: Array, *, pool_size: Any = 2, strides: Any = None, padding: str = "valid"
) -> Array:
    """A cell that wins several windows keeps only one window's gradient."""
    where, size = require_pooling(images, pool_size, strides, padding)
    padded = pad(images, where, -np.inf)
    gradient = np.zeros_like(padded)
    largest = window_view(padded, size, where).max(axis=(4, 5))
    for cell in np.ndindex(*size):
        covered = reached(cell, where)
        gradient[covered] = np.where(padded[covered] == largest, cotangent, gradient[covered])
    return crop(gradient, where)


# --- precision --------------------------------------------------------------------------------------------------------


@wrong("max_pool2d", LATTICE, BOUND, dtypes=FLOAT64, cases=200)
def pooling_in_float32(images: Array, **how: Any) -> Array:
    """float64 images are pooled in float32, as TensorFlow pools NumPy's."""
    return base.max_pool2d(images.astype(np.float32), **how).astype(images.dtype)


# --- bad input --------------------------------------------------------------------------------------------------------


@wrong("max_pool2d", f"{BAD_INPUT}: padding is refused", cases=200)
def unknown_padding_counts_as_valid(images: Array, *, padding: Any = "valid", **how: Any) -> Array:
    """Whatever isn't "same" is "valid"."""
    return base.max_pool2d(images, padding="same" if padding == "same" else "valid", **how)


# --- right ------------------------------------------------------------------------------------------------------------


@right("max_pool2d")
def running_maximum(images: Array, *, pool_size: Any = 2, strides: Any = None, padding: str = "valid") -> Array:
    """One cell of the window after the other, from the last."""
    where, size = require_pooling(images, pool_size, strides, padding)
    padded = pad(images, where, -np.inf)
    cells = [padded[reached(cell, where)] for cell in np.ndindex(*size)]
    return np.maximum.reduce(cells[::-1])


@right("max_pool2d")
def rows_then_columns(images: Array, *, pool_size: Any = 2, strides: Any = None, padding: str = "valid") -> Array:
    """The maximum of every row of a window, then of those."""
    where, size = require_pooling(images, pool_size, strides, padding)
    return window_view(pad(images, where, -np.inf), size, where).max(axis=5).max(axis=4)


def tied(images: Array, pool_size: Any, strides: Any, padding: str) -> tuple[Any, Any, Array, Array]:
    """Where windows stand, how large they are, padded images, and each window's largest cells."""
    where, size = require_pooling(images, pool_size, strides, padding)
    padded, inside = pad(images, where, -np.inf), pad(np.ones_like(images, bool), where, False)
    windows = window_view(padded, size, where)
    largest = (windows == windows.max(axis=(4, 5), keepdims=True)) | np.isnan(windows)
    return where, size, padded, largest & window_view(inside, size, where)


@right("max_pool2d_vjp")
def gradient_to_the_last_tied_cell(
    images: Array, cotangent: Array, *, pool_size: Any = 2, strides: Any = None, padding: str = "valid"
) -> Array:
    """Where cells tie, the last one gets the gradient; it is a subgradient as well."""
    if np.isnan(images).any():
        return base.max_pool2d_vjp(images, cotangent, pool_size=pool_size, strides=strides, padding=padding)
    where, size, padded, largest = tied(images, pool_size, strides, padding)
    flat = largest.reshape(*cotangent.shape, -1)
    last = flat.shape[-1] - 1 - flat[..., ::-1].argmax(axis=-1)
    gradient = np.zeros_like(padded)
    for place, cell in enumerate(np.ndindex(*size)):
        gradient[reached(cell, where)] += np.where(last == place, cotangent, 0)
    return crop(gradient, where)


@right("max_pool2d_vjp")
def gradient_split_between_tied_cells(
    images: Array, cotangent: Array, *, pool_size: Any = 2, strides: Any = None, padding: str = "valid"
) -> Array:
    """Where cells tie, each gets an equal share; it is a subgradient as well."""
    if np.isnan(images).any():
        return base.max_pool2d_vjp(images, cotangent, pool_size=pool_size, strides=strides, padding=padding)
    where, size, padded, largest = tied(images, pool_size, strides, padding)
    shares = cotangent / largest.sum(axis=(4, 5)).astype(images.dtype)
    gradient = np.zeros_like(padded)
    for cell in np.ndindex(*size):
        gradient[reached(cell, where)] += np.where(largest[(..., *cell)], shares, 0)
    return crop(gradient, where)
