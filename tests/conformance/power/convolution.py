"""Convolutions: the conventions that get misread, gradients, indices, and other ways to sum."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from conformance.implementations import numpy as base
from conformance.implementations.numpy.arguments import Array
from conformance.implementations.numpy.convolution import require_convolution
from conformance.implementations.numpy.windows import crop, pad, reached, window_view
from tests.conformance.power.entering import BAD_INPUT, BOUND, GRADIENTS, LATTICE, LAWS, MANNERS, WORKED, right, wrong
from tests.conformance.power.pieces import one_by_one, raw_memory, rounded_to, through_a_wider_format

# --- conventions ------------------------------------------------------------------------------------------------------


@wrong("conv2d", WORKED, LATTICE, BOUND, LAWS, cases=200)
def flipped_kernel(images: Array, filters: Array, **how: Any) -> Array:
    """A true convolution, where everyone means cross-correlation."""
    return base.conv2d(images, filters[::-1, ::-1], **how)


@wrong("conv2d", WORKED, LATTICE, cases=800)
def transposed_kernel(images: Array, filters: Array, **how: Any) -> Array:
    """Rows and columns of square kernels are swapped."""
    square = filters.shape[0] == filters.shape[1]
    return base.conv2d(images, filters.transpose(1, 0, 2, 3) if square else filters, **how)


@wrong("conv2d", LATTICE, BOUND, cases=200)
def swapped_strides(images: Array, filters: Array, *, strides: Any = 1, padding: str = "valid") -> Array:
    """(rows, columns) is read as (columns, rows)."""
    return base.conv2d(
        images, filters, strides=strides[::-1] if isinstance(strides, tuple) else strides, padding=padding
    )


@wrong("conv2d", LATTICE, BOUND, cases=200)
def column_stride_ignored(images: Array, filters: Array, *, strides: Any = 1, padding: str = "valid") -> Array:
    """The first stride is used for columns too."""
    return base.conv2d(images, filters, strides=strides[0] if isinstance(strides, tuple) else strides, padding=padding)


def _conv2d_padded(
    images: Array, filters: Array, strides: Any, padding: str, pads: Callable[[int], tuple[int, int]]
) -> Array:
    """`conv2d` with another way to split the missing rows and columns of "same" into before and after."""
    where = require_convolution(images, filters, strides, padding)
    padded = np.pad(images, ((0, 0), *(pads(sum(both)) for both in where.padding), (0, 0)))
    rows, columns = where.outputs
    return base.conv2d(padded, filters, strides=strides)[:, :rows, :columns]


@wrong("conv2d", LATTICE, BOUND, cases=200)
def same_padding_on_the_wrong_side(images: Array, filters: Array, *, strides: Any = 1, padding: str = "valid") -> Array:
    """The odd cell of "same" comes before the image."""
    return _conv2d_padded(images, filters, strides, padding, lambda missing: (missing - missing // 2, missing // 2))


@wrong("conv2d", LATTICE, BOUND, cases=200)
def same_padding_all_behind(images: Array, filters: Array, *, strides: Any = 1, padding: str = "valid") -> Array:
    """ "same" pads only behind the image."""
    return _conv2d_padded(images, filters, strides, padding, lambda missing: (0, missing))


@wrong("conv2d", LATTICE, BOUND, cases=200)
def same_padding_is_symmetric(images: Array, filters: Array, *, strides: Any = 1, padding: str = "valid") -> Array:
    """ "same" pads half a kernel on either side, whatever the strides."""
    where = require_convolution(images, filters, strides, padding)
    if padding == "valid":
        return base.conv2d(images, filters, strides=strides)
    halves = [(size // 2, size // 2) for size in filters.shape[:2]]
    rows, columns = where.outputs
    return base.conv2d(np.pad(images, ((0, 0), *halves, (0, 0))), filters, strides=strides)[:, :rows, :columns]


@wrong("conv2d", LATTICE, BOUND, cases=200)
def same_padding_repeats_the_edge(images: Array, filters: Array, *, strides: Any = 1, padding: str = "valid") -> Array:
    """ "same" pads with the nearest pixel instead of zero."""
    where = require_convolution(images, filters, strides, padding)
    return base.conv2d(np.pad(images, ((0, 0), *where.padding, (0, 0)), mode="edge"), filters, strides=strides)


# --- indices ----------------------------------------------------------------------------------------------------------


@wrong("conv2d", WORKED, LATTICE, BOUND, cases=200)
def last_kernel_row_dropped(images: Array, filters: Array, **how: Any) -> Array:
    """The loop over kernel rows ends one too early."""
    kept = filters.copy()
    kept[-1] = 0
    return base.conv2d(images, kept, **how)


@wrong("conv2d", LATTICE, BOUND, cases=200)
def channels_mixed_up(images: Array, filters: Array, **how: Any) -> Array:
    """An image's channels meet the filter's in reverse."""
    return base.conv2d(images[..., ::-1], filters, **how)


@wrong("conv2d", LATTICE, BOUND, cases=200)
def only_the_first_channel(images: Array, filters: Array, **how: Any) -> Array:
    """Channels are not summed over."""
    return base.conv2d(images[..., :1], filters[:, :, :1], **how)


@wrong("conv2d", LATTICE, BOUND, cases=200)
def one_image_for_the_whole_batch(images: Array, filters: Array, **how: Any) -> Array:
    """Every example gets the first image's result."""
    return np.repeat(base.conv2d(images, filters, **how)[:1], len(images), axis=0)


@wrong("conv2d", LATTICE, cases=800)
def filters_beyond_a_vector_repeat_the_first(images: Array, filters: Array, **how: Any) -> Array:
    """From the ninth filter on, as many as a vector has lanes are confused with the first ones."""
    return base.conv2d(images, filters[..., np.arange(filters.shape[3]) % 8], **how)


# --- gradients --------------------------------------------------------------------------------------------------------


@wrong("conv2d_vjp", LATTICE, BOUND, LAWS, GRADIENTS)
def filters_gradient_flipped(images: Array, filters: Array, cotangent: Array, **how: Any) -> Any:
    """The filters' gradient comes out turned by half a turn."""
    gradients = base.conv2d_vjp(images, filters, cotangent, **how)
    return gradients._replace(filters=gradients.filters[::-1, ::-1])


@wrong("conv2d_vjp", LATTICE, BOUND, LAWS, GRADIENTS)
def images_gradient_with_flipped_filters(images: Array, filters: Array, cotangent: Array, **how: Any) -> Any:
    """The images' gradient uses the kernel where it needs the flipped one."""
    gradients = base.conv2d_vjp(images, filters[::-1, ::-1], cotangent, **how)
    return gradients._replace(filters=base.conv2d_vjp(images, filters, cotangent, **how).filters)


@wrong("conv2d_vjp", LATTICE, BOUND, cases=200)
def overlapping_windows_overwrite(
    images: Array, filters: Array, cotangent: Array, *, strides: Any = 1, padding: str = "valid"
) -> Any:
    """Where windows overlap, the last one's gradient is kept instead of the sum."""
    where = require_convolution(images, filters, strides, padding)
    gradient = np.zeros_like(pad(images, where, 0))
    for cell in np.ndindex(*filters.shape[:2]):
        gradient[reached(cell, where)] = cotangent @ filters[cell].T
    right = base.conv2d_vjp(images, filters, cotangent, strides=strides, padding=padding)
    return right._replace(images=crop(gradient, where))


@wrong("conv2d_vjp", LATTICE, BOUND)
def filters_gradient_is_a_mean(images: Array, filters: Array, cotangent: Array, **how: Any) -> Any:
    """The filters' gradient is averaged over the batch."""
    gradients = base.conv2d_vjp(images, filters, cotangent, **how)
    return gradients._replace(filters=gradients.filters / len(images))


@wrong("conv2d_vjp", LATTICE, BOUND, cases=200)
def gradient_cropped_at_the_corner(
    images: Array, filters: Array, cotangent: Array, *, strides: Any = 1, padding: str = "valid"
) -> Any:
    """The border that "same" put around the images is taken off behind only."""
    where = require_convolution(images, filters, strides, padding)
    gradient = np.zeros_like(pad(images, where, 0))
    for cell in np.ndindex(*filters.shape[:2]):
        gradient[reached(cell, where)] += cotangent @ filters[cell].T
    right = base.conv2d_vjp(images, filters, cotangent, strides=strides, padding=padding)
    return right._replace(images=gradient[:, : images.shape[1], : images.shape[2]])


# --- precision --------------------------------------------------------------------------------------------------------


@wrong("conv2d", LATTICE, BOUND, cases=200)
def tf32_convolution(images: Array, filters: Array, **how: Any) -> Array:
    """Images and filters are rounded to 11 bits."""
    return base.conv2d(rounded_to(11, images), rounded_to(11, filters), **how)


# --- bad input --------------------------------------------------------------------------------------------------------


@wrong("conv2d", f"{BAD_INPUT}: strides is refused", cases=200)
def stride_0_counts_as_1(images: Array, filters: Array, *, strides: Any = 1, padding: str = "valid") -> Array:
    """A bad stride is quietly replaced by a good one."""
    return base.conv2d(images, filters, strides=strides if strides != 0 else 1, padding=padding)


# --- manners ----------------------------------------------------------------------------------------------------------


@wrong("conv2d", f"{MANNERS}: accepts any memory layout", cases=200)
def strides_of_the_filters_ignored(images: Array, filters: Array, **how: Any) -> Array:
    """The raw buffer is read, whatever the array's strides."""
    return base.conv2d(images, raw_memory(filters), **how)


# --- right ------------------------------------------------------------------------------------------------------------


@right("conv2d")
def image_to_columns(images: Array, filters: Array, *, strides: Any = 1, padding: str = "valid") -> Array:
    """Every window becomes a row of a matrix."""
    where = require_convolution(images, filters, strides, padding)
    windows = window_view(pad(images, where, 0), filters.shape[:2], where)
    rows = windows.transpose(0, 1, 2, 4, 5, 3).reshape(-1, filters[..., 0].size)
    return (rows @ filters.reshape(-1, filters.shape[3])).reshape(len(images), *where.outputs, filters.shape[3])


@right("conv2d")
def one_kernel_cell_at_a_time(images: Array, filters: Array, *, strides: Any = 1, padding: str = "valid") -> Array:
    """A sum of shifted images, one for each cell of the kernel, the last one first."""
    where = require_convolution(images, filters, strides, padding)
    padded = pad(images, where, 0)
    return one_by_one(
        np.array([padded[reached(cell, where)] @ filters[cell] for cell in np.ndindex(*filters.shape[:2])][::-1])
    )


@right("conv2d")
def explicit_padding(images: Array, filters: Array, *, strides: Any = 1, padding: str = "valid") -> Array:
    """Zeros are put around the images first, and the rest is "valid"."""
    where = require_convolution(images, filters, strides, padding)
    return base.conv2d(pad(images, where, 0), filters, strides=strides)


@right("conv2d")
def channels_first(images: Array, filters: Array, *, strides: Any = 1, padding: str = "valid") -> Array:
    """Computed in the layout [N, C, H, W], and handed out as a transposed view."""
    where = require_convolution(images, filters, strides, padding)
    windows = window_view(pad(images, where, 0), filters.shape[:2], where)
    return np.einsum("nijcab,abcf->nfij", windows, filters).transpose(0, 2, 3, 1)


@right("conv2d_vjp")
def gradients_as_convolutions(
    images: Array, filters: Array, cotangent: Array, *, strides: Any = 1, padding: str = "valid"
) -> Any:
    """Both gradients are convolutions themselves: with the flipped filters, and with the cotangent as the filter."""
    where = require_convolution(images, filters, strides, padding)
    padded, (rows, columns) = pad(images, where, 0), where.strides
    kernel_rows, kernel_columns, _, units = filters.shape
    height, width = padded.shape[1] - kernel_rows + 1, padded.shape[2] - kernel_columns + 1
    spread = np.zeros((len(images), height, width, units), images.dtype)
    spread[:, : rows * where.outputs[0] : rows, : columns * where.outputs[1] : columns] = cotangent
    edges = ((0, 0), (kernel_rows - 1,) * 2, (kernel_columns - 1,) * 2, (0, 0))
    d_padded = base.conv2d(np.pad(spread, edges), np.ascontiguousarray(filters[::-1, ::-1].transpose(0, 1, 3, 2)))
    d_filters = base.conv2d(padded.transpose(3, 1, 2, 0), spread.transpose(1, 2, 0, 3)).transpose(1, 2, 0, 3)
    # Zeros between the cotangent's numbers are no terms of the sum, but 0·∞ would be.
    finite = all(np.isfinite(array).all() for array in (images, filters, cotangent))
    gradients = base.Conv2DGradients(crop(d_padded, where), d_filters)
    return gradients if finite else base.conv2d_vjp(images, filters, cotangent, strides=strides, padding=padding)


through_a_wider_format("conv2d")
through_a_wider_format("conv2d_vjp")
