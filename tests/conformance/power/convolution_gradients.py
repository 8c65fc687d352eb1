"""Gradients of convolutions that are right for most sizes, kernels and strides."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.implementations import numpy as base
from conformance.implementations.numpy.arguments import Array
from tests.conformance.power.calls import conv2d_vjp_call, convolving
from tests.conformance.power.entering import LATTICE, wrong
from tests.conformance.power.pieces import rounded_to, zeroed

# --- sizes ------------------------------------------------------------------------------------------------------------


@wrong(
    "conv2d_vjp",
    LATTICE,
    cases=200,
    where=convolving(lambda c: c.batch >= 3 and c.batch % 2 == 1),
    witness=conv2d_vjp_call((3, 2, 2, 1), (1, 2, 1)),
)
def filters_gradient_without_the_image_left_over(images: Array, filters: Array, cotangent: Array, **how: Any) -> Any:
    """Two threads sum half of the images each, rounded down."""
    right = base.conv2d_vjp(images, filters, cotangent, **how)
    return right._replace(filters=base.conv2d_vjp(images, filters, zeroed(cotangent, -1), **how).filters)


@wrong(
    "conv2d_vjp",
    LATTICE,
    cases=200,
    where=convolving(lambda c: c.batch > 4),
    witness=conv2d_vjp_call((5, 1, 2, 1), (1, 1, 1)),
)
def filters_gradient_of_the_last_four_images(images: Array, filters: Array, cotangent: Array, **how: Any) -> Any:
    """Every four images the sum begins anew."""
    right = base.conv2d_vjp(images, filters, cotangent, **how)
    kept = zeroed(cotangent, np.s_[: (len(images) - 1) // 4 * 4])
    return right._replace(filters=base.conv2d_vjp(images, filters, kept, **how).filters)


@wrong(
    "conv2d_vjp",
    LATTICE,
    cases=200,
    where=convolving(lambda c: c.channels > 3 and c.channels % 2 == 1),
    witness=conv2d_vjp_call((1, 2, 2, 5), (2, 1, 1)),
)
def images_gradient_without_its_last_channel(images: Array, filters: Array, cotangent: Array, **how: Any) -> Any:
    """Channels go in pairs, and of an odd number the last one is left unwritten."""
    right = base.conv2d_vjp(images, filters, cotangent, **how)
    return right._replace(images=zeroed(right.images, np.s_[..., -1]))


@wrong(
    "conv2d_vjp",
    LATTICE,
    cases=200,
    where=convolving(lambda c: c.filters > 16),
    witness=conv2d_vjp_call((1, 1, 2, 1), (1, 1, 17)),
)
def images_gradient_of_16_filters(images: Array, filters: Array, cotangent: Array, **how: Any) -> Any:
    """What goes back through the filters beyond a tile is not added."""
    right = base.conv2d_vjp(images, filters, cotangent, **how)
    return right._replace(images=base.conv2d_vjp(images, filters, zeroed(cotangent, np.s_[..., 16:]), **how).images)


@wrong(
    "conv2d_vjp",
    LATTICE,
    cases=200,
    where=convolving(lambda c: c.out[1] > 8 and c.out[1] % 8 > 0),
    witness=conv2d_vjp_call((1, 1, 10, 1), (1, 2, 1)),
)
def filters_gradient_of_full_vectors_of_columns(images: Array, filters: Array, cotangent: Array, **how: Any) -> Any:
    """Columns beyond full vectors of 8 add nothing."""
    right = base.conv2d_vjp(images, filters, cotangent, **how)
    kept = zeroed(cotangent, np.s_[:, :, cotangent.shape[2] // 8 * 8 :])
    return right._replace(filters=base.conv2d_vjp(images, filters, kept, **how).filters)


# --- choices ----------------------------------------------------------------------------------------------------------


@wrong(
    "conv2d_vjp",
    LATTICE,
    cases=200,
    where=convolving(lambda c: c.kernel[0] > 3 and c.kernel[1] > 3),
    witness=conv2d_vjp_call((1, 4, 5, 1), (4, 4, 1)),
)
def filters_gradient_of_nine_weights(images: Array, filters: Array, cotangent: Array, **how: Any) -> Any:
    """Kernels beyond 3×3 get a gradient for their first nine weights."""
    right = base.conv2d_vjp(images, filters, cotangent, **how)
    return right._replace(filters=zeroed(right.filters, np.s_[3:], np.s_[:, 3:]))


@wrong(
    "conv2d_vjp",
    LATTICE,
    cases=200,
    where=convolving(lambda c: c.kernel == (1, 1) and c.strides != (1, 1) and c.image != c.out),
    witness=conv2d_vjp_call((1, 3, 3, 1), (1, 1, 1), strides=2),
)
def images_gradient_of_one_pixel_kernels_is_packed(images: Array, filters: Array, cotangent: Array, **how: Any) -> Any:
    """The transposed matrix product fills the first pixels, instead of those that the strides reached."""
    right = base.conv2d_vjp(images, filters, cotangent, **how)
    gradient = np.zeros_like(images).reshape(len(images), -1, images.shape[3])
    gradient[:, : cotangent[0, ..., 0].size] = cotangent.reshape(len(images), -1, filters.shape[3]) @ filters[0, 0].T
    return right._replace(images=gradient.reshape(images.shape))


@wrong(
    "conv2d_vjp",
    LATTICE,
    cases=200,
    where=convolving(lambda c: min(c.strides) > max(c.kernel) and min(c.image) > max(c.kernel)),
    witness=conv2d_vjp_call((1, 4, 4, 1), (2, 2, 1), strides=3),
)
def pixels_between_windows_get_their_neighbours_gradient(
    images: Array, filters: Array, cotangent: Array, **how: Any
) -> Any:
    """Pixels that no window reaches are left as the memory was."""
    right = base.conv2d_vjp(images, filters, cotangent, **how)
    gap = max(filters.shape[:2])
    gradient = right.images.copy()
    gradient[:, gap] = gradient[:, gap - 1]
    return right._replace(images=gradient)


@wrong(
    "conv2d_vjp",
    LATTICE,
    cases=200,
    where=convolving(lambda c: c.kernel == (3, 3) and c.strides == (1, 1) and c.same and min(c.image) > 2),
    witness=conv2d_vjp_call((1, 3, 3, 1), (3, 3, 1), padding="same"),
)
def border_of_the_usual_gradient_misses_a_corner(images: Array, filters: Array, cotangent: Array, **how: Any) -> Any:
    """The path for 3×3 walks the border apart, and forgets what the last corner gives back."""
    right = base.conv2d_vjp(images, filters, cotangent, **how)
    return right._replace(images=base.conv2d_vjp(images, filters, zeroed(cotangent, np.s_[:, -1, -1]), **how).images)


@wrong(
    "conv2d_vjp",
    LATTICE,
    cases=200,
    where=convolving(lambda c: c.strides in ((1, 3), (3, 1), (4, 1)) and max(c.out) > 1),
    witness=conv2d_vjp_call((1, 3, 5, 1), (2, 2, 1), strides=(1, 3)),
)
def filters_gradient_of_unlike_strides_from_a_window(
    images: Array, filters: Array, cotangent: Array, **how: Any
) -> Any:
    """Of strides that differ widely, the shifts of the cotangent overlap, and the first window counts alone."""
    right = base.conv2d_vjp(images, filters, cotangent, **how)
    kept = np.zeros_like(cotangent)
    kept[:, 0, 0] = cotangent[:, 0, 0]
    return right._replace(filters=base.conv2d_vjp(images, filters, kept, **how).filters)


# --- values -----------------------------------------------------------------------------------------------------------


@wrong(
    "conv2d_vjp",
    LATTICE,
    cases=200,
    where=convolving(lambda c: c.kernel == (3, 3)),
    witness=conv2d_vjp_call((1, 3, 3, 1), (3, 3, 1)) | {"images": np.full((1, 3, 3, 1), 4097.0)},
)
def filters_gradient_of_the_usual_kernel_in_tf32(images: Array, filters: Array, cotangent: Array, **how: Any) -> Any:
    """Matrix units sum the filters' gradient of 3×3 kernels, and they take 11 bits of a number."""
    right = base.conv2d_vjp(images, filters, cotangent, **how)
    coarse = base.conv2d_vjp(rounded_to(11, images), filters, rounded_to(11, cotangent), **how)
    return right._replace(filters=coarse.filters)
