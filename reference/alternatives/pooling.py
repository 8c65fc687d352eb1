"""Poolings by other formulas."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from reference.arrays import Array, Number
from reference.numbers.mixing import multiply
from reference.pooling import share_out

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

    def equal_shares(numbers: Sequence[Number], gradient: Number) -> list[Number]:
        return [multiply(gradient, Fraction(1, len(numbers)))] * len(numbers)

    return share_out(equal_shares, images, cotangent, pool_size, strides, padding)
