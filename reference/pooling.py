"""Pooling: an image made smaller by keeping one number of every window."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from reference.arrays import Array, Number, require_array, require_shape, total, zeros
from reference.convolution import Geometry, slide, window_starts
from reference.elementary import largest, shares_of_largest
from reference.errors import require_pair

__all__ = ["average_pool2d", "average_pool2d_vjp", "max_pool2d", "max_pool2d_vjp"]


def max_pool2d(
    images: Array,
    *,
    pool_size: int | tuple[int, int] = 2,
    strides: int | tuple[int, int] | None = None,
    padding: str = "valid",
) -> Array:
    """Keep the largest number of every window.

    Why: halves an image while the strongest response of a filter stays, wherever in the window it was.

    Formula:
        y[n, i, j, c] = max images[n, i·sₕ + a, j·s_w + b, c]  over a, b inside the window and the image.
        Padding never wins: "same" only lets windows reach over the edge. NaN in a window makes its output NaN.

    Args:
        images: [N, H, W, C].
        pool_size: the window, a positive integer or (rows, columns).
        strides: step between windows; the pool size when not given.
        padding: "valid" or "same".

    Returns:
        [N, OH, OW, C].

    Raises:
        InvalidArgument: if the images aren't of rank 4, the window doesn't fit, a size isn't positive, or the padding
            is unknown.

    Source:
        ruppert-ml2, "Max Pooling Example"; goldsborough-deep, "Convolutional Neural Networks: Pooling".

    >>> from reference import flatten, reshape
    >>> flatten(max_pool2d(reshape([[66, 2], [6, 32]], (1, 2, 2, 1))))
    [66]
    """
    return summarize(largest, images, pool_size, strides, padding)


def max_pool2d_vjp(
    images: Array,
    cotangent: Array,
    *,
    pool_size: int | tuple[int, int] = 2,
    strides: int | tuple[int, int] | None = None,
    padding: str = "valid",
) -> Array:
    """Carry a gradient back through `max_pool2d`: all of it goes to the cell that won.

    Why: a step of backpropagation through a convolutional network. Where cells tie, any split between them is a
    subgradient; this one gives everything to the first, as TensorFlow does.

    Formula:
        d images[n, i·sₕ + a*, j·s_w + b*, c] += cotangent[n, i, j, c], with (a*, b*) the window's first largest cell;
        of several that are NaN the first, though any would do

    Args:
        images: [N, H, W, C].
        cotangent: [N, OH, OW, C], the loss's gradient with respect to the output.
        pool_size: as in `max_pool2d`.
        strides: as in `max_pool2d`.
        padding: as in `max_pool2d`.

    Returns:
        [N, H, W, C].

    Raises:
        InvalidArgument: as `max_pool2d`, and if the cotangent's shape isn't the output's.

    Source:
        reinert-intro, "Computing the Gradient through Backpropagation".

    >>> from reference import flatten, reshape
    >>> flatten(max_pool2d_vjp(reshape([[66, 2], [6, 32]], (1, 2, 2, 1)), [[[[5]]]]))
    [5, 0, 0, 0]
    """
    return share_out(shares_of_largest, images, cotangent, pool_size, strides, padding)


def average_pool2d(
    images: Array,
    *,
    pool_size: int | tuple[int, int] = 2,
    strides: int | tuple[int, int] | None = None,
    padding: str = "valid",
) -> Array:
    """Keep the mean of every window.

    Why: blurs the image for further processing. Where a maximum keeps the strongest response, a mean keeps them all.

    Formula:
        y[n, i, j, c] = 1/|cells| · Σ images[n, i·sₕ + a, j·s_w + b, c]  over the cells a, b inside the window and the
        image. Padding isn't counted: "same" only lets windows reach over the edge, where they have fewer cells.

    Args:
        images: [N, H, W, C].
        pool_size: the window, a positive integer or (rows, columns).
        strides: step between windows; the pool size when not given.
        padding: "valid" or "same".

    Returns:
        [N, OH, OW, C].

    Raises:
        InvalidArgument: as `max_pool2d`.

    Source:
        ruppert-ml2, "Pooling Layer": max pooling or average pooling, or: blurring the image. That padding isn't
        counted is TensorFlow's rule.

    >>> from reference import flatten, reshape
    >>> flatten(average_pool2d(reshape([[66, 2], [6, 32]], (1, 2, 2, 1))))
    [26.5]
    """
    return summarize(lambda numbers: total(numbers) / len(numbers), images, pool_size, strides, padding)


def average_pool2d_vjp(
    images: Array,
    cotangent: Array,
    *,
    pool_size: int | tuple[int, int] = 2,
    strides: int | tuple[int, int] | None = None,
    padding: str = "valid",
) -> Array:
    """Carry a gradient back through `average_pool2d`: every cell of a window gets an equal share.

    Why: a step of backpropagation through a convolutional network. The mean is linear, so the images' own numbers
    don't matter.

    Formula:
        d images[n, i·sₕ + a, j·s_w + b, c] += cotangent[n, i, j, c]/|cells|, for every cell that the window covers

    Args:
        images: [N, H, W, C].
        cotangent: [N, OH, OW, C], the loss's gradient with respect to the output.
        pool_size: as in `average_pool2d`.
        strides: as in `average_pool2d`.
        padding: as in `average_pool2d`.

    Returns:
        [N, H, W, C].

    Raises:
        InvalidArgument: as `average_pool2d`, and if the cotangent's shape isn't the output's.

    Source:
        reinert-intro, "Computing the Gradient through Backpropagation".

    >>> from reference import flatten, reshape
    >>> flatten(average_pool2d_vjp(reshape([[66, 2], [6, 32]], (1, 2, 2, 1)), [[[[5]]]]))
    [1.25, 1.25, 1.25, 1.25]
    """

    def equal_shares(numbers: Sequence[Number], gradient: Number) -> list[Number]:
        return [gradient / len(numbers)] * len(numbers)

    return share_out(equal_shares, images, cotangent, pool_size, strides, padding)


def summarize(
    summary: Callable[[Sequence[Number]], Number], images: Array, pool_size: object, strides: object, padding: object
) -> Array:
    """Make one number of each channel of every window."""
    geometry, window = require_pooling(images, pool_size, strides, padding)
    output: Array = zeros((len(images), *geometry.outputs, len(images[0][0][0])))
    for n, image in enumerate(images):
        for i, j, cells in windows(geometry, window, image):
            for c in range(len(image[0][0])):
                output[n][i][j][c] = summary([image[row][column][c] for row, column in cells])
    return output


def share_out(
    shares_of: Callable[[Sequence[Number], Number], list[Number]],
    images: Array,
    cotangent: Array,
    pool_size: object,
    strides: object,
    padding: object,
) -> Array:
    """Give each cell of every window its share of the gradient, which depends on the window's numbers."""
    geometry, window = require_pooling(images, pool_size, strides, padding)
    _, rows, columns, channels = require_array("images", images, "N H W C")
    require_shape("cotangent", cotangent, (len(images), *geometry.outputs, channels), "of the pooling's output")
    gradients: Array = zeros((len(images), rows, columns, channels))
    for n, image in enumerate(images):
        for i, j, cells in windows(geometry, window, image):
            for c in range(channels):
                shares = shares_of([image[row][column][c] for row, column in cells], cotangent[n][i][j][c])
                for (row, column), share in zip(cells, shares, strict=True):
                    gradients[n][row][column][c] += share
    return gradients


def windows(geometry: Geometry, window: tuple[int, int], image: Array) -> list[tuple[int, int, list[tuple[int, int]]]]:
    """Every output's row and column, with the cells of the image that its window covers."""
    (top, left), rows, columns = geometry.padding_before, len(image), len(image[0])

    def covered(start: int, extent: int, size: int) -> range:
        return range(max(start, 0), min(start + extent, size))

    return [
        (i, j, [(r, c) for r in covered(y - top, window[0], rows) for c in covered(x - left, window[1], columns)])
        for i, y in enumerate(window_starts(geometry, 0))
        for j, x in enumerate(window_starts(geometry, 1))
    ]


def require_pooling(
    images: Array, pool_size: object, strides: object, padding: object
) -> tuple[Geometry, tuple[int, int]]:
    """Check the arguments of a pooling; return where its windows stand and how large they are."""
    _, rows, columns, _ = require_array("images", images, "N H W C")
    window = require_pair("pool_size", pool_size)
    return slide("pool_size", (rows, columns), window, window if strides is None else strides, padding), window
