"""Poolings by other formulas."""

from __future__ import annotations

from fractions import Fraction

from reference.arrays import Array, require_array, require_shape, zeros
from reference.numbers.mixing import multiply
from reference.pooling import require_pooling, windows

__all__ = ["reciprocal_average_pool2d_vjp"]


def reciprocal_average_pool2d_vjp(
    images: Array,
    cotangent: Array,
    *,
    pool_size: int | tuple[int, int] = 2,
    strides: int | tuple[int, int] | None = None,
    padding: str = "valid",
) -> Array:
    """`average_pool2d_vjp` with each share as a product with the reciprocal of the number of cells.

    Why: a product takes less time than a quotient. Where the reciprocal isn't a number of the format it is rounded,
    and then the product is, too.

    Formula:
        d images[n, i·sₕ + a, j·s_w + b, c] += cotangent[n, i, j, c]·(1/|cells|), for every cell that the window covers

    Args:
        images: [N, H, W, C].
        cotangent: [N, OH, OW, C], the loss's gradient with respect to the output.
        pool_size: as in `average_pool2d`.
        strides: as in `average_pool2d`.
        padding: as in `average_pool2d`.

    Returns:
        [N, H, W, C].

    Raises:
        InvalidArgument: as `average_pool2d_vjp`.

    Source:
        TensorFlow's kernel of AvgPoolGrad, its `divide_coeff`.

    >>> reciprocal_average_pool2d_vjp([[[[3.0], [5.0]]]], [[[[1.0]]]], pool_size=(1, 2))
    [[[[0.5], [0.5]]]]
    """
    geometry, window = require_pooling(images, pool_size, strides, padding)
    _, rows, columns, channels = require_array("images", images, "N H W C")
    require_shape("cotangent", cotangent, (len(images), *geometry.outputs, channels), "of the pooling's output")
    gradients: Array = zeros((len(images), rows, columns, channels))
    for n, image in enumerate(images):
        for i, j, cells in windows(geometry, window, image):
            for c in range(channels):
                share = multiply(cotangent[n][i][j][c], Fraction(1, len(cells)))
                for row, column in cells:
                    gradients[n][row][column][c] += share
    return gradients
