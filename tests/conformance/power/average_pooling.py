"""Average poolings: what is counted, what it is divided by, and which cells get a share."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.implementations import numpy as base
from conformance.implementations.numpy.arguments import Array
from conformance.implementations.numpy.pooling import counts, require_pooling
from conformance.implementations.numpy.windows import crop, pad, reached, window_view
from tests.conformance.power.calls import max_pool2d_call, max_pool2d_vjp_call, pooling
from tests.conformance.power.entering import BOUND, GRADIENTS, LATTICE, LAWS, SPECIAL, right, wrong
from tests.conformance.power.pieces import one_by_one, zeroed

# --- wrong ------------------------------------------------------------------------------------------------------------


@wrong("average_pool2d", LATTICE, BOUND, LAWS)
def padding_counts(images: Array, *, pool_size: Any = 2, strides: Any = None, padding: str = "valid") -> Array:
    """A window at the edge is divided by its size, as if the padding were data."""
    where, size = require_pooling(images, pool_size, strides, padding)
    return window_view(pad(images, where, 0), size, where).mean(axis=(4, 5))


@wrong("average_pool2d", LATTICE, BOUND, LAWS)
def mean_over_the_channels_too(images: Array, **how: Any) -> Array:
    """The mean over the wrong axis as well: every channel gets the same."""
    averages = base.average_pool2d(images, **how)
    return np.broadcast_to(averages.mean(axis=3, keepdims=True), averages.shape).copy()


@wrong("average_pool2d", LATTICE, BOUND, LAWS)
def windows_are_summed(images: Array, *, pool_size: Any = 2, strides: Any = None, padding: str = "valid") -> Array:
    """Nothing is divided."""
    where, size = require_pooling(images, pool_size, strides, padding)
    return window_view(pad(images, where, 0), size, where).sum(axis=(4, 5))


@wrong("average_pool2d", LATTICE, BOUND)
def windows_are_taken_for_squares(
    images: Array, *, pool_size: Any = 2, strides: Any = None, padding: str = "valid"
) -> Array:
    """The sum is divided by the number of rows, squared."""
    _, (rows, columns) = require_pooling(images, pool_size, strides, padding)
    averages = base.average_pool2d(images, pool_size=pool_size, strides=strides, padding=padding)
    return averages * images.dtype.type(columns / rows)


@wrong("average_pool2d", LATTICE, BOUND)
def every_window_is_divided_as_the_first_one(images: Array, **how: Any) -> Array:
    """The divisor of the first window serves for all; only at the edges are there others."""
    asked = (how.get("pool_size", 2), how.get("strides"), how.get("padding", "valid"))
    where, size = require_pooling(images, *asked)
    divisors = counts(images, where, size)
    return base.average_pool2d(images, **how) * (divisors / divisors[:, :1, :1])


@wrong(
    "average_pool2d",
    LATTICE,
    cases=200,
    where=pooling(lambda p: p.channels > 8 and p.channels % 8 == 1),
    witness=max_pool2d_call((1, 2, 2, 17)),
)
def channel_after_a_vector_of_8_not_averaged(images: Array, **how: Any) -> Array:
    """The remainder after full vectors is left as the memory was."""
    return zeroed(base.average_pool2d(images, **how), np.s_[..., -1])


@wrong(
    "average_pool2d",
    LATTICE,
    cases=200,
    where=pooling(lambda p: p.kernel[0] * p.kernel[1] > 16),
    witness=max_pool2d_call((1, 4, 5, 1), pool_size=(4, 5)),
)
def cells_beyond_16_left_out(images: Array, *, pool_size: Any = 2, strides: Any = None, padding: Any = "valid") -> Any:
    """A register holds sixteen, and the seventeenth cell is forgotten."""
    where, size = require_pooling(images, pool_size, strides, padding)
    windows = window_view(pad(images, where, 0), size, where)
    kept = windows.reshape(*windows.shape[:4], -1)[..., :16]
    return kept.sum(axis=-1) / counts(images, where, size)


@wrong("average_pool2d", f"{SPECIAL}: NaN", cases=200)
def average_skips_nan(images: Array, **how: Any) -> Array:
    """A NaN is taken for 0."""
    return base.average_pool2d(np.nan_to_num(images, nan=0.0, posinf=np.inf, neginf=-np.inf), **how)


@wrong("average_pool2d_vjp", LATTICE, BOUND, LAWS, GRADIENTS)
def padding_gets_a_share(
    images: Array, cotangent: Array, *, pool_size: Any = 2, strides: Any = None, padding: str = "valid"
) -> Array:
    """The gradient of a window at the edge is divided among cells that aren't there, too."""
    where, (rows, columns) = require_pooling(images, pool_size, strides, padding)
    lost = counts(images, where, (rows, columns)) / images.dtype.type(rows * columns)
    how = {"pool_size": pool_size, "strides": strides, "padding": padding}
    return base.average_pool2d_vjp(images, cotangent * lost, **how)


@wrong("average_pool2d_vjp", LATTICE, BOUND, LAWS, GRADIENTS)
def every_cell_gets_the_whole_gradient(
    images: Array, cotangent: Array, *, pool_size: Any = 2, strides: Any = None, padding: str = "valid"
) -> Array:
    """The gradient of a sum."""
    where, size = require_pooling(images, pool_size, strides, padding)
    how = {"pool_size": pool_size, "strides": strides, "padding": padding}
    return base.average_pool2d_vjp(images, cotangent * counts(images, where, size), **how)


@wrong("average_pool2d_vjp", LATTICE, BOUND, LAWS, GRADIENTS)
def gradient_of_the_maximum(images: Array, cotangent: Array, **how: Any) -> Array:
    """All goes to the largest cell."""
    return base.max_pool2d_vjp(images, cotangent, **how)


@wrong("average_pool2d_vjp", LATTICE, BOUND, LAWS)
def shares_of_overlapping_windows_overwrite(
    images: Array, cotangent: Array, *, pool_size: Any = 2, strides: Any = None, padding: str = "valid"
) -> Array:
    """A cell that several windows cover keeps only one window's share."""
    where, size = require_pooling(images, pool_size, strides, padding)
    gradient, shares = np.zeros_like(pad(images, where, 0)), cotangent / counts(images, where, size)
    for cell in np.ndindex(*size):
        gradient[reached(cell, where)] = shares
    return crop(gradient, where)


@wrong(
    "average_pool2d_vjp",
    LATTICE,
    LAWS,
    cases=200,
    where=pooling(lambda p: p.batch > 2),
    witness=max_pool2d_vjp_call((3, 2, 2, 1)),
)
def third_image_gets_no_share(images: Array, cotangent: Array, **how: Any) -> Array:
    """Images are taken in pairs."""
    return base.average_pool2d_vjp(images, zeroed(cotangent, np.s_[2:]), **how)


# --- right ------------------------------------------------------------------------------------------------------------


@right("average_pool2d")
def means_in_a_wider_format(images: Array, **how: Any) -> Array:
    """Sums and quotients in float64, or what the processor has beyond."""
    wide = np.float64 if images.dtype == np.float32 else np.longdouble
    return base.average_pool2d(images.astype(wide), **how).astype(images.dtype)


@right("average_pool2d")
def cell_by_cell_from_the_last(
    images: Array, *, pool_size: Any = 2, strides: Any = None, padding: str = "valid"
) -> Array:
    """One cell of every window after the other, the last one first."""
    where, size = require_pooling(images, pool_size, strides, padding)
    padded = pad(images, where, 0)
    cells = np.array([padded[reached(cell, where)] for cell in np.ndindex(*size)])
    return one_by_one(cells[::-1]) / counts(images, where, size)


@right("average_pool2d")
def sums_of_rows_then_of_columns(
    images: Array, *, pool_size: Any = 2, strides: Any = None, padding: str = "valid"
) -> Array:
    """The sum of every row of a window, then of those, divided once."""
    where, size = require_pooling(images, pool_size, strides, padding)
    return window_view(pad(images, where, 0), size, where).sum(axis=5).sum(axis=4) / counts(images, where, size)


@right("average_pool2d_vjp")
def shares_gathered_by_cell(
    images: Array, cotangent: Array, *, pool_size: Any = 2, strides: Any = None, padding: str = "valid"
) -> Array:
    """For each cell of the window an image of the shares, and then their sum, the last one first."""
    where, size = require_pooling(images, pool_size, strides, padding)
    shares, parts = cotangent / counts(images, where, size), []
    for cell in np.ndindex(*size):
        part = np.zeros_like(pad(images, where, 0))
        part[reached(cell, where)] = shares
        parts.append(part)
    return crop(one_by_one(np.array(parts[::-1])), where)
