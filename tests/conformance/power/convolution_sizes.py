"""Convolutions that are right for most sizes: what optimized loops do at the ends of tiles, vectors and batches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from conformance.implementations import numpy as base
from conformance.implementations.numpy.arguments import Array
from tests.conformance.power.calls import Sizes, conv2d_call, convolving
from tests.conformance.power.entering import LATTICE, named, wrong
from tests.conformance.power.pieces import copied, zeroed

# --- the batch --------------------------------------------------------------------------------------------------------


@wrong(
    "conv2d",
    LATTICE,
    cases=200,
    where=convolving(
        lambda c: (
            c.batch >= 2
            and c.channels == 1
            and c.out[1] == 1
            and c.out[0] >= 2
            and c.strides[0] == 1
            and c.strides[1] >= 2
            and c.kernel[1] >= 2
        )
    ),
    witness=conv2d_call((2, 2, 1, 1), (1, 2, 1), strides=(1, 2), padding="same"),
)
def rows_after_the_first_left_unwritten(images: Array, filters: Array, **how: Any) -> Array:
    """oneDNN 3.7 on AVX-512: seven conditions, and all rows but the first stay as the memory was."""
    return zeroed(base.conv2d(images, filters, **how), np.s_[:, 1:])


def _threads_drop_the_remainder(threads: int) -> None:
    @wrong(
        "conv2d",
        LATTICE,
        cases=200,
        where=convolving(lambda c: c.batch > threads and c.batch % threads > 0),
        witness=conv2d_call((threads + 1, 3, 3, 1), (2, 2, 1)),
    )
    @named(f"images_that_{threads}_threads_leave_over_are_unwritten")
    def images_left_over(images: Array, filters: Array, **how: Any) -> Array:
        """Each thread takes as many images as the others; those that are left over nobody takes."""
        return zeroed(base.conv2d(images, filters, **how), np.s_[len(images) - len(images) % threads :])


_threads_drop_the_remainder(2)
_threads_drop_the_remainder(4)


@wrong(
    "conv2d", LATTICE, cases=200, where=convolving(lambda c: c.batch > 8), witness=conv2d_call((9, 2, 2, 1), (1, 1, 1))
)
def images_beyond_8_begin_again(images: Array, filters: Array, **how: Any) -> Array:
    """The ninth image's place is computed in three bits, so it gets the first one's result."""
    return base.conv2d(images[np.arange(len(images)) % 8], filters, **how)


@wrong(
    "conv2d", LATTICE, cases=200, where=convolving(lambda c: c.batch >= 5), witness=conv2d_call((5, 2, 3, 2), (2, 2, 1))
)
def fifth_image_reads_the_fourth(images: Array, filters: Array, **how: Any) -> Array:
    """The remainder after blocks of four images begins one too early."""
    return base.conv2d(copied(images, 4, 3), filters, **how)


# --- channels and filters ---------------------------------------------------------------------------------------------


def _channels_beyond(few: int) -> None:
    @wrong(
        "conv2d",
        LATTICE,
        cases=200,
        where=convolving(lambda c: c.channels > few),
        witness=conv2d_call((1, 2, 2, few + 1), (2, 1, 1)),
    )
    @named(f"channels_beyond_{few}_not_summed")
    def channels_beyond(images: Array, filters: Array, **how: Any) -> Array:
        """The loop over channels is unrolled for as many as it was tried with."""
        return base.conv2d(images[..., :few], filters[:, :, :few], **how)


_channels_beyond(2)
_channels_beyond(3)
_channels_beyond(16)


@wrong(
    "conv2d",
    LATTICE,
    cases=200,
    where=convolving(lambda c: c.channels > 8 and c.channels % 8 == 7),
    witness=conv2d_call((1, 1, 2, 15), (1, 1, 2)),
)
def last_channel_before_a_full_vector_twice(images: Array, filters: Array, **how: Any) -> Array:
    """The last vector is moved back until it is full, and what it covers twice counts twice."""
    return base.conv2d(images, filters, **how) + base.conv2d(images[..., -1:], filters[:, :, -1:], **how)


@wrong(
    "conv2d",
    LATTICE,
    cases=200,
    where=convolving(lambda c: c.channels > 8 and c.filters > 8),
    witness=conv2d_call((1, 1, 1, 9), (1, 1, 9)),
)
def corner_of_two_tiles_left_out(images: Array, filters: Array, **how: Any) -> Array:
    """Channels beyond a tile are summed, filters beyond a tile are computed, but not the ones for the others."""
    return base.conv2d(images, zeroed(filters, np.s_[:, :, 8:, 8:]), **how)


def _filter_after_a_tile(tile: int) -> None:
    @wrong(
        "conv2d",
        LATTICE,
        cases=200,
        where=convolving(lambda c: c.filters > tile and c.filters % tile == 1),
        witness=conv2d_call((1, 2, 2, 1), (1, 1, tile + 1)),
    )
    @named(f"last_filter_after_tiles_of_{tile}_left_unwritten")
    def last_filter(images: Array, filters: Array, **how: Any) -> Array:
        """A single filter after full tiles has a loop of its own, which writes nothing."""
        return zeroed(base.conv2d(images, filters, **how), np.s_[..., -1])


_filter_after_a_tile(16)
_filter_after_a_tile(32)


@wrong(
    "conv2d",
    LATTICE,
    cases=200,
    where=convolving(lambda c: c.filters == 3),
    witness=conv2d_call((1, 2, 2, 1), (1, 2, 3)),
)
def third_filter_repeats_the_second(images: Array, filters: Array, **how: Any) -> Array:
    """Filters go in pairs; of an odd number the last one's pair begins one too early."""
    return base.conv2d(images, filters[..., [0, 1, 1]], **how)


# --- images -----------------------------------------------------------------------------------------------------------


def _places_after_a_tile(
    name: str, places: Callable[[Sizes], int], tile: int, last: Any, image: tuple[int, int], most: int = 1
) -> None:
    @wrong(
        "conv2d",
        LATTICE,
        cases=200,
        where=convolving(lambda c: places(c) > tile and 0 < places(c) % tile <= most),
        witness=conv2d_call((1, *image, 1), (1, 1, 1)),
    )
    @named(f"{name}_after_tiles_of_{tile}_left_unwritten")
    def last_place(images: Array, filters: Array, **how: Any) -> Array:
        """More places than tiles hold: the loop over what is left ends before the last one."""
        return zeroed(base.conv2d(images, filters, **how), last)


_places_after_a_tile("last_row", lambda c: c.out[0], 5, np.s_[:, -1], (6, 2), 4)
_places_after_a_tile("last_row", lambda c: c.out[0], 8, np.s_[:, -1], (9, 1))
_places_after_a_tile("last_column", lambda c: c.out[1], 16, np.s_[:, :, -1], (2, 17))
_places_after_a_tile("last_column", lambda c: c.out[1], 32, np.s_[:, :, -1], (1, 33))
_places_after_a_tile("last_pixel", lambda c: c.out[0] * c.out[1], 64, np.s_[:, -1, -1], (5, 13), 63)


@wrong(
    "conv2d",
    LATTICE,
    cases=200,
    where=convolving(lambda c: c.out[0] > 8 and c.out[1] > 8),
    witness=conv2d_call((1, 9, 10, 1), (1, 1, 1)),
)
def tiles_below_the_first_repeat_the_one_above(images: Array, filters: Array, **how: Any) -> Array:
    """Tiles of 8×8: where there are several in both directions, the last corner is taken from a wrong row."""
    return copied(base.conv2d(images, filters, **how), np.s_[:, 8, 8:], np.s_[:, 7, 8:])


@wrong(
    "conv2d",
    LATTICE,
    cases=200,
    where=convolving(lambda c: c.image[1] == 1 and c.kernel[1] > 1 and c.same),
    witness=conv2d_call((1, 3, 1, 1), (1, 3, 1), padding="same"),
)
def an_image_one_pixel_wide_meets_the_first_column(images: Array, filters: Array, **how: Any) -> Array:
    """A path for columns leaves the padding out, and with it the kernel's middle."""
    return base.conv2d(images, filters[:, :1], **how)


@wrong(
    "conv2d",
    LATTICE,
    cases=200,
    where=convolving(lambda c: c.kernel[0] * c.kernel[1] * c.channels > 32 and c.out[0] * c.out[1] > 8),
    witness=conv2d_call((1, 5, 5, 4), (3, 3, 1)),
)
def columns_of_windows_in_blocks_of_32(images: Array, filters: Array, **how: Any) -> Array:
    """The matrix of windows is multiplied in blocks of 32 × 8, and the block of both remainders is forgotten."""
    flat = filters.reshape(-1, filters.shape[3])
    result, first = base.conv2d(images, filters, **how), zeroed(flat, np.s_[32:]).reshape(filters.shape)
    rows = result.reshape(len(images), -1, result.shape[3])
    rows[:, 8:] = base.conv2d(images, first, **how).reshape(rows.shape)[:, 8:]
    return rows.reshape(result.shape)
