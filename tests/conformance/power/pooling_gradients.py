"""Gradients of poolings that are right for most sizes, windows and ties."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from conformance.implementations import numpy as base
from conformance.implementations.numpy.arguments import Array
from conformance.implementations.numpy.pooling import require_pooling
from conformance.implementations.numpy.windows import crop, pad, reached, window_view
from tests.conformance.power.calls import Sizes, max_pool2d_vjp_call, pooling
from tests.conformance.power.entering import LATTICE, LAWS, named, wrong
from tests.conformance.power.pieces import zeroed

FLAT = np.ones((1, 8, 8, 1))
#: Numbers that rise along the rows, with a peak in each row's third column, which several windows see.
PEAKED = np.arange(81.0).reshape(1, 9, 9, 1) / 128
PEAKED[:, :, 2] += 9


def _each(images: Array, cotangent: Array, pool_size: Any, strides: Any, padding: str, add: Any) -> Array:
    """What every largest cell of every window gets, added or put in some other way."""
    where, size = require_pooling(images, pool_size, strides, padding)
    padded = pad(images, where, -np.inf)
    gradient = np.zeros_like(padded)
    largest = window_view(padded, size, where).max(axis=(4, 5))
    for cell in np.ndindex(*size):
        covered = reached(cell, where)
        gradient[covered] = np.where(padded[covered] == largest, add(gradient[covered], cotangent), gradient[covered])
    return crop(gradient, where)


# --- ties -------------------------------------------------------------------------------------------------------------


def _ties(name: str, condition: Callable[[Sizes], bool], **how: Any) -> None:
    @wrong(
        "max_pool2d_vjp",
        LAWS,
        cases=200,
        where=pooling(condition),
        witness=max_pool2d_vjp_call(FLAT, **how),
    )
    @named(name)
    def tied(
        images: Array, cotangent: Array, *, pool_size: Any = 2, strides: Any = None, padding: str = "valid"
    ) -> Array:
        """Every cell that ties gets the whole gradient: in windows of one kind only, for which a path was written."""
        return _each(images, cotangent, pool_size, strides, padding, np.add)


_ties("tied_cells_of_windows_of_3_get_it_all", lambda p: p.kernel == (3, 3), pool_size=3)
_ties("tied_cells_of_windows_of_one_row_get_it_all", lambda p: p.kernel[0] == 1 < p.kernel[1], pool_size=(1, 2))
_ties("tied_cells_of_padded_windows_get_it_all", lambda p: p.same, pool_size=3, padding="same")
_ties(
    "tied_cells_of_overlapping_windows_get_it_all",
    lambda p: p.strides[0] < p.kernel[0] and p.strides[1] < p.kernel[1],
    pool_size=3,
    strides=2,
)
_ties("tied_cells_of_windows_apart_get_it_all", lambda p: min(p.strides) > max(p.kernel), pool_size=2, strides=3)


@wrong(
    "max_pool2d_vjp",
    LAWS,
    cases=200,
    where=pooling(lambda p: p.kernel == (2, 2)),
    witness=max_pool2d_vjp_call(FLAT),
)
def neighbours_that_tie_both_get_it(
    images: Array, cotangent: Array, *, pool_size: Any = 2, strides: Any = None, padding: str = "valid"
) -> Array:
    """The tournament of a 2×2 window compares rows with >= on both sides."""
    where, _ = require_pooling(images, pool_size, strides, padding)
    padded = pad(images, where, -np.inf)
    gradient = np.zeros_like(padded)
    rows = [np.maximum(padded[reached((r, 0), where)], padded[reached((r, 1), where)]) for r in (0, 1)]
    for r, largest in enumerate(rows):
        left = padded[reached((r, 0), where)] == largest
        wins = largest >= rows[1 - r]
        gradient[reached((r, 0), where)] += np.where(wins & left, cotangent, 0)
        gradient[reached((r, 1), where)] += np.where(wins & ~left, cotangent, 0)
    return crop(gradient, where)


# --- windows and strides ----------------------------------------------------------------------------------------------


def _overwriting(name: str, condition: Callable[[Sizes], bool], **how: Any) -> None:
    @wrong(
        "max_pool2d_vjp",
        LATTICE,
        cases=200,
        where=pooling(condition),
        witness=max_pool2d_vjp_call(PEAKED, **how),
    )
    @named(name)
    def overwriting(
        images: Array, cotangent: Array, *, pool_size: Any = 2, strides: Any = None, padding: str = "valid"
    ) -> Array:
        """A cell that wins several windows keeps one window's gradient."""
        where, size = require_pooling(images, pool_size, strides, padding)
        padded, inside = pad(images, where, -np.inf), pad(np.ones_like(images, bool), where, False)
        windows = window_view(padded, size, where)
        largest = (windows == windows.max(axis=(4, 5), keepdims=True)) & window_view(inside, size, where)
        first = largest.reshape(*cotangent.shape, -1).argmax(axis=-1)
        gradient = np.zeros_like(padded)
        for place, cell in enumerate(np.ndindex(*size)):
            covered = reached(cell, where)
            gradient[covered] = np.where(first == place, cotangent, gradient[covered])
        return crop(gradient, where)


_overwriting(
    "windows_of_3_at_stride_2_overwrite",
    lambda p: p.kernel == (3, 3) and p.strides == (2, 2),
    pool_size=3,
    strides=2,
)
_overwriting(
    "windows_that_overlap_in_columns_overwrite",
    lambda p: p.strides[1] < p.kernel[1] and p.strides[0] >= p.kernel[0],
    pool_size=(1, 3),
    strides=1,
)


@wrong(
    "max_pool2d_vjp",
    LATTICE,
    cases=200,
    where=pooling(lambda p: p.padding[0][0] + p.padding[1][0] > 0),
    witness=max_pool2d_vjp_call(-np.arange(1.0, 10.0).reshape(1, 3, 3, 1), pool_size=3, strides=1, padding="same"),
)
def gradient_to_the_padding(
    images: Array, cotangent: Array, *, pool_size: Any = 2, strides: Any = None, padding: str = "valid"
) -> Array:
    """Padding of zeros wins over negative numbers, and the gradient is cropped away with it."""
    where, size = require_pooling(images, pool_size, strides, padding)
    padded = pad(images, where, 0)
    gradient = np.zeros_like(padded)
    first = window_view(padded, size, where).reshape(*cotangent.shape, -1).argmax(axis=-1)
    for place, cell in enumerate(np.ndindex(*size)):
        gradient[reached(cell, where)] += np.where(first == place, cotangent, 0)
    return crop(gradient, where)


@wrong(
    "max_pool2d_vjp",
    LATTICE,
    cases=200,
    where=pooling(lambda p: min(p.strides) > max(p.kernel) and min(p.image) > max(p.kernel)),
    witness=max_pool2d_vjp_call((1, 4, 4, 1), strides=3),
)
def pixels_that_no_window_saw_get_a_gradient(images: Array, cotangent: Array, **how: Any) -> Array:
    """Where windows stand apart, what lies between is left as the memory was."""
    gradient = base.max_pool2d_vjp(images, cotangent, **how).copy()
    gap = max(np.ravel(how.get("pool_size", 2)))
    gradient[:, gap] += cotangent[:, :1, :1, :].max(axis=2)
    return gradient


# --- sizes ------------------------------------------------------------------------------------------------------------


def _left_out(name: str, condition: Callable[[Sizes], bool], place: Any, images: tuple[int, ...]) -> None:
    @wrong("max_pool2d_vjp", LATTICE, cases=200, where=pooling(condition), witness=max_pool2d_vjp_call(images))
    @named(name)
    def left_out(images: Array, cotangent: Array, **how: Any) -> Array:
        """What full tiles don't hold gives nothing back."""
        return base.max_pool2d_vjp(images, zeroed(cotangent, place), **how)


_left_out("third_image_gets_no_gradient", lambda p: p.batch > 2, np.s_[2:], (3, 2, 2, 1))
_left_out("channels_beyond_8_get_no_gradient", lambda p: p.channels > 8, np.s_[..., 8:], (1, 2, 2, 9))
_left_out("pools_beyond_8_rows_get_no_gradient", lambda p: p.out[0] > 8, np.s_[:, 8:], (1, 18, 2, 1))
_left_out(
    "last_of_an_odd_number_of_pools_gets_no_gradient",
    lambda p: p.out[1] > 4 and p.out[1] % 2 == 1,
    np.s_[:, :, -1],
    (1, 2, 10, 1),
)


@wrong(
    "max_pool2d_vjp",
    LATTICE,
    cases=200,
    where=pooling(lambda p: p.image[0] * p.image[1] > 256),
    witness=max_pool2d_vjp_call((1, 2, 130, 1)),
)
def places_of_the_largest_in_a_byte(images: Array, cotangent: Array, **how: Any) -> Array:
    """The place of a window's largest pixel is kept in eight bits."""
    gradient = base.max_pool2d_vjp(images, cotangent, **how)
    pixels = gradient.reshape(len(images), -1, images.shape[3])
    wrapped = np.zeros_like(pixels)
    np.add.at(wrapped, (slice(None), np.arange(pixels.shape[1]) % 256), pixels)
    return wrapped.reshape(images.shape)
