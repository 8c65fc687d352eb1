"""Convolutions that are right for most kernels, strides and paddings: special paths, and choices few people try."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from conformance.implementations import numpy as base
from conformance.implementations.numpy.arguments import Array
from conformance.implementations.numpy.convolution import require_convolution
from conformance.implementations.numpy.windows import pad, window_view
from tests.conformance.power.calls import Sizes, conv2d_call, convolving
from tests.conformance.power.entering import LATTICE, named, wrong
from tests.conformance.power.pieces import rounded_to, zeroed

# --- kernels ----------------------------------------------------------------------------------------------------------


def _kernel_of(rows: int, columns: int, forgotten: Any, padding: str = "valid") -> None:
    @wrong(
        "conv2d",
        LATTICE,
        cases=200,
        where=convolving(lambda c: c.kernel == (rows, columns)),
        witness=conv2d_call((1, rows, columns, 1), (rows, columns, 1), padding=padding),
    )
    @named(f"kernel_of_{rows}_by_{columns}_not_quite_unrolled")
    def not_quite_unrolled(images: Array, filters: Array, **how: Any) -> Array:
        """Loops over the kernel are written out for its size, and one of the products is missing."""
        return base.conv2d(images, zeroed(filters, forgotten), **how)


_kernel_of(4, 4, np.s_[3, 3])
_kernel_of(5, 5, np.s_[4], "same")
_kernel_of(7, 7, np.s_[6, 6])
_kernel_of(1, 5, np.s_[0, 4])


@wrong(
    "conv2d",
    LATTICE,
    cases=200,
    where=convolving(lambda c: c.kernel == (1, 3) and c.same and c.strides == (1, 1)),
    witness=conv2d_call((1, 3, 3, 1), (1, 3, 1), padding="same"),
)
def kernel_of_one_row_read_as_a_column(images: Array, filters: Array, **how: Any) -> Array:
    """1×3 and 3×1 share a path, which looks at the number of weights only."""
    return base.conv2d(images, filters.transpose(1, 0, 2, 3), **how)


@wrong(
    "conv2d",
    LATTICE,
    cases=200,
    where=convolving(lambda c: c.kernel == (3, 1) and c.channels > 1),
    witness=conv2d_call((1, 3, 1, 2), (3, 1, 1)),
)
def kernel_of_one_column_of_the_first_channel(images: Array, filters: Array, **how: Any) -> Array:
    """A path for separable filters, which takes each channel for the first."""
    return base.conv2d(images[..., :1], filters.sum(axis=2, keepdims=True), **how)


@wrong(
    "conv2d",
    LATTICE,
    cases=200,
    where=convolving(lambda c: c.kernel == (1, 1) and c.strides != (1, 1) and c.image != c.out),
    witness=conv2d_call((1, 3, 3, 1), (1, 1, 1), strides=2),
)
def kernel_of_one_pixel_as_a_matrix_product(images: Array, filters: Array, **how: Any) -> Array:
    """A 1×1 convolution is a product of matrices; strides would have to leave out rows of one."""
    result = base.conv2d(images, filters, **how)
    pixels = images.reshape(len(images), -1, images.shape[3])[:, : result[0, ..., 0].size]
    return (pixels @ filters[0, 0]).reshape(result.shape)


@wrong(
    "conv2d",
    LATTICE,
    cases=200,
    where=convolving(lambda c: c.kernel == (1, 1) and c.batch > 1 and c.channels > c.filters),
    witness=conv2d_call((2, 1, 1, 3), (1, 1, 2)),
)
def kernel_of_one_pixel_with_the_rows_of_the_result(images: Array, filters: Array, **how: Any) -> Array:
    """The pixels' rows are as far apart as the result's, which has fewer channels than the images have."""
    result = base.conv2d(images, filters, **how)
    channels, units = filters.shape[2:]
    starts = np.arange(result[..., 0].size) * units
    return (images.ravel()[starts[:, None] + np.arange(channels)] @ filters[0, 0]).reshape(result.shape)


# --- the kernel that everybody uses -----------------------------------------------------------------------------------


def _everybodys(condition: Callable[[Sizes], bool]) -> Callable[..., bool]:
    return convolving(lambda c: c.kernel == (3, 3) and c.strides == (1, 1) and condition(c))


@wrong(
    "conv2d",
    LATTICE,
    cases=200,
    where=_everybodys(lambda c: c.out[0] >= 3 and c.out[0] % 2 == 1),
    witness=conv2d_call((1, 5, 3, 1), (3, 3, 1)),
)
def winograd_tiles_drop_an_odd_row(images: Array, filters: Array, **how: Any) -> Array:
    """Results come in tiles of 2×2, and what a whole tile doesn't hold is left unwritten."""
    return zeroed(base.conv2d(images, filters, **how), np.s_[:, -1])


@wrong(
    "conv2d",
    LATTICE,
    cases=200,
    where=_everybodys(lambda c: c.out[1] > 4 and c.out[1] % 4 > 0),
    witness=conv2d_call((1, 3, 7, 1), (3, 3, 1)),
)
def winograd_tiles_of_4_repeat_a_column(images: Array, filters: Array, **how: Any) -> Array:
    """The last tile of 4 is moved back until it fits, and its results aren't."""
    result = base.conv2d(images, filters, **how)
    result[:, :, -1] = result[:, :, result.shape[2] // 4 * 4 - 1]
    return result


@wrong(
    "conv2d",
    LATTICE,
    cases=200,
    where=_everybodys(lambda c: c.same and c.image[1] % 2 == 0),
    witness=conv2d_call((1, 2, 4, 1), (3, 3, 1), padding="same"),
)
def last_column_of_an_even_image_without_its_neighbour(images: Array, filters: Array, **how: Any) -> Array:
    """The special path for "same" treats the last column as if its left neighbours were padding too."""
    result = base.conv2d(images, filters, **how)
    result[:, :, -1] = base.conv2d(images[:, :, -1:], filters, **how)[:, :, 0]
    return result


@wrong(
    "conv2d",
    LATTICE,
    cases=200,
    where=_everybodys(lambda c: c.same and c.image[0] % 2 == 1 and c.image[0] > 1),
    witness=conv2d_call((1, 3, 3, 1), (3, 3, 1), padding="same"),
)
def first_row_of_an_odd_image_wraps_around(images: Array, filters: Array, **how: Any) -> Array:
    """Above the first row stands the last one, which the memory has there."""
    result = base.conv2d(images, filters, **how)
    result[:, :1] += base.conv2d(images[:, -1:], filters[:1], padding="same")
    return result


@wrong(
    "conv2d",
    LATTICE,
    cases=200,
    where=convolving(
        lambda c: c.kernel == (3, 3) and c.strides == (2, 2) and c.same and c.image[0] % 2 == c.image[1] % 2 == 0
    ),
    witness=conv2d_call((1, 4, 4, 1), (3, 3, 1), strides=2, padding="same"),
)
def three_by_three_at_stride_2_pads_both_sides(images: Array, filters: Array, **how: Any) -> Array:
    """One row on either side, as PyTorch's padding=1; "same" of an even image puts one behind only."""
    return base.conv2d(
        np.pad(images, ((0, 0), (1, 0), (1, 0), (0, 0)))[:, :-1, :-1], filters, strides=2, padding="same"
    )


@wrong(
    "conv2d",
    LATTICE,
    cases=200,
    where=_everybodys(lambda c: c.channels > 1),
    witness=conv2d_call((1, 3, 3, 2), (3, 3, 1)) | {"images": np.full((1, 3, 3, 2), 1 + 2.0**-13)},
)
def three_by_three_in_tf32(images: Array, filters: Array, **how: Any) -> Array:
    """Matrix units are used for the usual kernel, and they take 11 bits of a number."""
    return base.conv2d(rounded_to(11, images), rounded_to(11, filters), **how)


# --- strides ----------------------------------------------------------------------------------------------------------


def _at(images: Array, filters: Array, strides: Any, padding: str, place: Callable[[int, int], int]) -> Array:
    """`conv2d` with another place for the window of number i at a stride."""
    where = require_convolution(images, filters, strides, padding)
    windows = window_view(pad(images, where, 0), filters.shape[:2], where._replace(strides=(1, 1)))
    rows, columns = (
        [place(i, step) for i in range(count)] for count, step in zip(where.outputs, where.strides, strict=True)
    )
    return np.tensordot(windows[:, rows][:, :, columns], filters, axes=((3, 4, 5), (2, 0, 1)))


def _strides(name: str, condition: Callable[[Sizes], bool], place: Callable[[int, int], int], strides: Any) -> None:
    @wrong(
        "conv2d",
        LATTICE,
        cases=200,
        where=convolving(lambda c: max(c.out) > 1 and condition(c)),
        witness=conv2d_call((1, 9, 9, 1), (2, 2, 1), strides=strides),
    )
    @named(name)
    def misplaced(images: Array, filters: Array, *, strides: Any = 1, padding: str = "valid") -> Array:
        """The places of windows are computed for the strides that somebody thought of."""
        return _at(images, filters, strides, padding, place)


_strides("stride_3_counts_as_2", lambda c: 3 in c.strides, lambda i, step: i * (2 if step == 3 else step), 3)
_strides("strides_in_two_bits", lambda c: max(c.strides) > 3, lambda i, step: i * (step & 3), 4)
_strides("strides_beyond_4_count_as_4", lambda c: max(c.strides) > 4, lambda i, step: i * min(step, 4), 5)
_strides("strides_1_and_3_walk_both_by_1", lambda c: c.strides == (1, 3), lambda i, step: i, (1, 3))
_strides("strides_3_and_1_walk_both_by_1", lambda c: c.strides == (3, 1), lambda i, step: i, (3, 1))
_strides("strides_4_and_1_halve", lambda c: c.strides == (4, 1), lambda i, step: i * max(1, step // 2), (4, 1))
_strides(
    "strides_beyond_the_kernel_count_as_the_kernel",
    lambda c: c.kernel == (2, 2) and min(c.strides) > 2,
    lambda i, step: i * 2,
    3,
)


@wrong(
    "conv2d",
    LATTICE,
    cases=200,
    where=convolving(lambda c: c.same and min(c.strides) > max(c.image)),
    witness=conv2d_call((1, 2, 2, 1), (3, 3, 1), strides=3, padding="same"),
)
def stride_beyond_the_image_pads_half_a_kernel(images: Array, filters: Array, **how: Any) -> Array:
    """The kernel's middle is put on the first pixel, where only what is missing should be padded."""
    return base.conv2d(images, filters, padding="same")[:, :1, :1]


# --- "same" -----------------------------------------------------------------------------------------------------------


@wrong(
    "conv2d",
    LATTICE,
    cases=200,
    where=convolving(lambda c: c.same and c.kernel == (4, 4)),
    witness=conv2d_call((1, 4, 4, 1), (4, 4, 1), padding="same"),
)
def kernel_of_4_pads_more_before_than_behind(images: Array, filters: Array, **how: Any) -> Array:
    """The odd cell of an even kernel's padding comes first; nobody had tried more than 2×2."""
    turned = base.conv2d(images[:, ::-1, ::-1], filters[::-1, ::-1], padding="same")
    return turned[:, ::-1, ::-1] if how.get("strides", 1) == 1 else base.conv2d(images, filters, **how)


@wrong(
    "conv2d",
    LATTICE,
    cases=200,
    where=convolving(lambda c: c.same and min(c.kernel) > 3 and c.strides == (2, 2) and c.padding[0][0] > 0),
    witness=conv2d_call((1, 6, 6, 1), (5, 5, 1), strides=2, padding="same"),
)
def strided_same_of_large_kernels_pads_as_without(images: Array, filters: Array, **how: Any) -> Array:
    """Padding is computed for stride 1, and every second place taken, from a place of its own."""
    whole, right = base.conv2d(images, filters, padding="same"), base.conv2d(images, filters, **how)
    return whole[:, ::2, ::2][:, : right.shape[1], : right.shape[2]]
