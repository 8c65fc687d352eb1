"""Poolings that are right for most sizes and windows, and gradients that are right for most strides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from conformance.implementations import numpy as base
from conformance.implementations.numpy.arguments import Array
from conformance.implementations.numpy.pooling import require_pooling
from conformance.implementations.numpy.windows import pad, window_view
from tests.conformance.power.calls import Sizes, max_pool2d_call, pooling
from tests.conformance.power.entering import BOUND, FLOAT64, LATTICE, named, wrong
from tests.conformance.power.pieces import copied, zeroed

# --- sizes ------------------------------------------------------------------------------------------------------------


def _unwritten(name: str, condition: Callable[[Sizes], bool], place: Any, witness: Any) -> None:
    @wrong("max_pool2d", LATTICE, cases=200, where=pooling(condition), witness=witness)
    @named(name)
    def unwritten(images: Array, **how: Any) -> Array:
        """The remainder after full tiles is left as the memory was."""
        return zeroed(base.max_pool2d(images, **how), place)


_unwritten(
    "third_image_of_three_unpooled",
    lambda p: p.batch > 2 and p.batch % 2 == 1,
    np.s_[-1],
    max_pool2d_call((3, 2, 2, 1)),
)
_unwritten("images_beyond_4_unpooled", lambda p: p.batch > 4, np.s_[4:], max_pool2d_call((5, 2, 2, 1)))
_unwritten(
    "channel_after_a_vector_of_8_unpooled",
    lambda p: p.channels > 8 and p.channels % 8 == 1,
    np.s_[..., -1],
    max_pool2d_call((1, 2, 2, 9)),
)
_unwritten("channels_beyond_16_unpooled", lambda p: p.channels > 16, np.s_[..., 16:], max_pool2d_call((1, 2, 2, 17)))
_unwritten("rows_beyond_8_unpooled", lambda p: p.out[0] > 8, np.s_[:, 8:], max_pool2d_call((1, 18, 2, 1)))
_unwritten("columns_beyond_16_unpooled", lambda p: p.out[1] > 16, np.s_[:, :, 16:], max_pool2d_call((1, 2, 34, 1)))
_unwritten(
    "corner_of_tiles_of_4_unpooled",
    lambda p: p.out[0] > 4 and p.out[1] > 4,
    np.s_[:, 4:, 4:],
    max_pool2d_call((1, 10, 10, 1)),
)


@wrong(
    "max_pool2d",
    LATTICE,
    cases=200,
    where=pooling(lambda p: p.channels > 2 and p.channels % 4 == 3),
    witness=max_pool2d_call((1, 2, 2, 3)),
)
def third_channel_reads_the_second(images: Array, **how: Any) -> Array:
    """Of three channels left over, the last one is loaded from the place before it."""
    return base.max_pool2d(copied(images, np.s_[..., -1], np.s_[..., -2]), **how)


@wrong(
    "max_pool2d",
    LATTICE,
    cases=200,
    where=pooling(lambda p: p.image[1] == 1 and p.image[0] > 2),
    witness=max_pool2d_call((1, 4, 1, 1), pool_size=(2, 1)),
)
def an_image_one_pixel_wide_is_one_window(images: Array, **how: Any) -> Array:
    """A column is taken for a vector, whose largest number is wanted."""
    result = base.max_pool2d(images, **how)
    return np.broadcast_to(images.max(axis=1, keepdims=True), result.shape).copy()


# --- windows and strides ----------------------------------------------------------------------------------------------


def _window(name: str, condition: Callable[[Sizes], bool], cell: tuple[int, int], witness: Any) -> None:
    @wrong("max_pool2d", LATTICE, cases=200, where=pooling(condition), witness=witness)
    @named(name)
    def one_cell_missing(images: Array, *, pool_size: Any = 2, strides: Any = None, padding: str = "valid") -> Array:
        """A window's size has loops of its own, and one cell isn't compared."""
        where, size = require_pooling(images, pool_size, strides, padding)
        windows = window_view(pad(images, where, -np.inf), size, where).copy()
        right = windows.max(axis=(4, 5))
        windows[..., cell[0], cell[1]] = -np.inf
        return np.where(np.isinf(windows.max(axis=(4, 5))), right, windows.max(axis=(4, 5)))


RISING = np.arange(1.0, 82.0).reshape(1, 9, 9, 1)

_window(
    "window_of_3_at_stride_2_misses_its_last_cell",
    lambda p: p.kernel == (3, 3) and p.strides == (2, 2),
    (2, 2),
    {"images": RISING, "pool_size": 3, "strides": 2},
)
_window("window_of_4_misses_its_last_cell", lambda p: p.kernel == (4, 4), (3, 3), {"images": RISING, "pool_size": 4})
_window(
    "window_of_one_row_misses_its_last_cell",
    lambda p: p.kernel[0] == 1 and p.kernel[1] > 3,
    (0, 3),
    {"images": RISING, "pool_size": (1, 4)},
)


@wrong("max_pool2d", LATTICE, cases=200, witness={"images": RISING, "pool_size": 3})
def a_number_as_pool_size_steps_by_2(images: Array, *, pool_size: Any = 2, strides: Any = None, **how: Any) -> Array:
    """Strides that aren't given are a pair's own, and a number's are the default window's."""
    steps = 2 if strides is None and isinstance(pool_size, int) else strides
    return base.max_pool2d(images, pool_size=pool_size, strides=steps, **how)


@wrong(
    "max_pool2d",
    LATTICE,
    cases=200,
    where=pooling(lambda p: p.kernel == p.strides == (2, 2) and p.same and p.image[1] % 2 == 1 and p.image[1] > 1),
    witness={"images": -RISING[:, :2, :3], "padding": "same"},
)
def half_a_window_at_the_end_repeats_the_one_before(images: Array, **how: Any) -> Array:
    """The path for 2×2 takes whole windows only, and moves the last one back."""
    result = base.max_pool2d(images, **how)
    result[:, :, -1] = np.maximum(result[:, :, -1], base.max_pool2d(images[:, :, -2:], **how)[:, :, 0])
    return result


def _walk(name: str, condition: Callable[[Sizes], bool], place: Callable[[int, int], int], how: Any) -> None:
    @wrong(
        "max_pool2d",
        LATTICE,
        cases=200,
        where=pooling(lambda p: max(p.out) > 1 and condition(p)),
        witness={"images": RISING, **how},
    )
    @named(name)
    def misplaced(images: Array, *, pool_size: Any = 2, strides: Any = None, padding: str = "valid") -> Array:
        """The places of windows are computed for the strides that somebody thought of."""
        where, size = require_pooling(images, pool_size, strides, padding)
        windows = window_view(pad(images, where, -np.inf), size, where._replace(strides=(1, 1))).max(axis=(4, 5))
        rows, columns = (
            [place(i, step) for i in range(count)] for count, step in zip(where.outputs, where.strides, strict=True)
        )
        return windows[:, rows][:, :, columns]


_walk(
    "pools_a_stride_apart_stand_side_by_side",
    lambda p: p.kernel == (2, 2) and min(p.strides) > 2,
    lambda i, step: 2 * i,
    {"pool_size": 2, "strides": 3},
)
_walk(
    "pools_at_stride_4_overlap",
    lambda p: max(p.strides) >= 4,
    lambda i, step: min(step, 3) * i,
    {"pool_size": 3, "strides": 4},
)
_walk(
    "pools_at_strides_1_and_3_walk_by_1",
    lambda p: p.strides == (1, 3),
    lambda i, step: i,
    {"pool_size": 2, "strides": (1, 3)},
)
_walk(
    "pools_larger_than_their_stride_walk_by_1",
    lambda p: p.kernel[0] > p.strides[0] > 1 and p.kernel[1] > p.strides[1] > 1,
    lambda i, step: i,
    {"pool_size": 3, "strides": 2},
)


# --- values -----------------------------------------------------------------------------------------------------------


@wrong(
    "max_pool2d",
    BOUND,
    dtypes=FLOAT64,
    cases=200,
    witness={"images": np.full((1, 2, 2, 1), -1e39)},
)
def pooling_starts_from_the_lowest_float32(images: Array, **how: Any) -> Array:
    """The running maximum of float64 starts from the lowest number of another type, as Paddle's did."""
    return np.maximum(base.max_pool2d(images, **how), float(np.finfo(np.float32).min))


@wrong("max_pool2d", BOUND, cases=200, witness={"images": np.full((1, 2, 2, 1), -1e5)})
def pooling_starts_from_the_lowest_half(images: Array, **how: Any) -> Array:
    """-65504 is the lowest number of float16, and of nothing else."""
    return np.maximum(base.max_pool2d(images, **how), images.dtype.type(-65504))


@wrong("max_pool2d", LATTICE, BOUND, cases=200, witness={"images": 1000 + RISING[:, :2, :2] / 1024})
def pooling_in_bfloat16(images: Array, **how: Any) -> Array:
    """The largest of numbers that are near each other is chosen by their first 8 bits."""
    keys = images.astype(np.float32).view(np.uint32) & np.uint32(0xFFFF0000)
    coarse = keys.view(np.float32).astype(images.dtype)
    return base.max_pool2d(coarse, **how)
