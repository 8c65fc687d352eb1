"""Convolution: one small filter, slid over a whole image, so that what is learnt in one place serves in all."""

from __future__ import annotations

from typing import NamedTuple

from reference.arrays import PADDING, Array, require_array, require_shape, total, zeros
from reference.errors import InvalidArgument, require_choice, require_pair

__all__ = ["Conv2DGradients", "conv2d", "conv2d_vjp"]

PADDINGS = ("valid", "same")


class Conv2DGradients(NamedTuple):
    """What `conv2d_vjp` returns: one gradient for each input of `conv2d`, of that input's shape."""

    images: Array
    filters: Array


class Geometry(NamedTuple):
    """Where a sliding window stands: how many places, how far apart, and how many cells of padding come first."""

    outputs: tuple[int, int]
    strides: tuple[int, int]
    padding_before: tuple[int, int]
    padded: tuple[int, int]


def conv2d(images: Array, filters: Array, *, strides: int | tuple[int, int] = 1, padding: str = "valid") -> Array:
    """Slide filters across images and take the dot product at each place.

    Why: the layer of convolutional networks. What the slides and every library call convolution is cross-correlation:
    the filter isn't flipped.

    Formula:
        y[n, i, j, f] = Σ images[n, i·sₕ + a, j·s_w + b, c]·filters[a, b, c, f]  over a, b, c, on the padded images.
        "valid" pads nothing and drops what the last window doesn't reach; "same" pads with zeros so that the output has
        ⌈size/stride⌉ places, the odd cell at the end (TensorFlow's rule). A filter's NaN or ∞ on the padding makes NaN
        here; leaving the padding out is as right.

    Args:
        images: [N, H, W, C].
        filters: [KH, KW, C, F].
        strides: step between windows, a positive integer or (rows, columns).
        padding: "valid" or "same".

    Returns:
        [N, OH, OW, F].

    Raises:
        InvalidArgument: if a shape doesn't fit, a filter is larger than the padded image, a stride isn't positive, or
            the padding is unknown.

    Source:
        goldsborough-deep, "Convolutional Neural Network: Mechanics", "Convolutional Neural Networks: Mechanics" and
        "Convolutional Neural Network: Hyperparameters"; ruppert-ml2, "Convolutional Layer".

    >>> from reference import flatten, reshape
    >>> image = reshape([[0.4, 0.9, 0.1], [0.7, 0.2, 0.6], [0.8, 0.3, 0.5]], (1, 3, 3, 1))
    >>> kernel = reshape([[5.7, 2.4], [3.1, 0.9]], (2, 2, 1, 1))
    >>> [round(value, 2) for value in flatten(conv2d(image, kernel))]
    [6.79, 6.53, 7.22, 3.96]
    """
    geometry, filters_count = require_convolution(images, filters, strides, padding)
    kernel_rows, kernel_columns = len(filters), len(filters[0])
    taps = [
        (a, b, c, filters[a][b][c])
        for a in range(kernel_rows)
        for b in range(kernel_columns)
        for c in range(len(filters[a][b]))
    ]

    def at(image: Array, top: int, left: int, f: int) -> object:
        return total(weights[f] * image[top + a][left + b][c] for a, b, c, weights in taps)

    return [
        [
            [[at(image, top, left, f) for f in range(filters_count)] for left in window_starts(geometry, 1)]
            for top in window_starts(geometry, 0)
        ]
        for image in (pad(image, geometry) for image in images)
    ]


def conv2d_vjp(
    images: Array, filters: Array, cotangent: Array, *, strides: int | tuple[int, int] = 1, padding: str = "valid"
) -> Conv2DGradients:
    """Carry a gradient back through `conv2d`, to its images and its filters.

    Why: a step of backpropagation through a convolutional network. Every product of the forward pass sends the
    cotangent to each of its two factors, multiplied by the other one.

    Formula:
        d images[n, i·sₕ + a, j·s_w + b, c] += cotangent[n, i, j, f]·filters[a, b, c, f]
        d filters[a, b, c, f] += cotangent[n, i, j, f]·images[n, i·sₕ + a, j·s_w + b, c]

    Args:
        images: [N, H, W, C].
        filters: [KH, KW, C, F].
        cotangent: [N, OH, OW, F], the loss's gradient with respect to the output.
        strides: as in `conv2d`.
        padding: as in `conv2d`.

    Returns:
        Conv2DGradients(images [N, H, W, C], filters [KH, KW, C, F]).

    Raises:
        InvalidArgument: as `conv2d`, and if the cotangent's shape isn't the output's.

    Source:
        reinert-intro, "Computing the Gradient through Backpropagation".

    >>> from reference import flatten, reshape
    >>> images, filters = reshape([1, 2, 3], (1, 1, 3, 1)), reshape([10, 20], (1, 2, 1, 1))
    >>> gradients = conv2d_vjp(images, filters, reshape([1, 1], (1, 1, 2, 1)))
    >>> flatten(gradients.images), flatten(gradients.filters)
    ([10, 30, 20], [3, 5])
    """
    geometry, filters_count = require_convolution(images, filters, strides, padding)
    require_shape(
        "cotangent", cotangent, (len(images), *geometry.outputs, filters_count), "of the convolution's output"
    )
    kernel_rows, kernel_columns, channels = require_array("filters", filters, "KH KW C F")[:3]
    d_images = zeros((len(images), *geometry.padded, channels))
    d_filters = zeros((kernel_rows, kernel_columns, channels, filters_count))
    for n, image in enumerate(pad(image, geometry) for image in images):
        for i, top in enumerate(window_starts(geometry, 0)):
            for j, left in enumerate(window_starts(geometry, 1)):
                for a in range(kernel_rows):
                    for b in range(kernel_columns):
                        for c in range(channels):
                            for f, gradient in enumerate(cotangent[n][i][j]):
                                d_images[n][top + a][left + b][c] += gradient * filters[a][b][c][f]
                                d_filters[a][b][c][f] += gradient * image[top + a][left + b][c]
    return Conv2DGradients([crop(image, geometry, images[0]) for image in d_images], d_filters)


def slide(argument: str, size: tuple[int, int], window: tuple[int, int], strides: object, padding: object) -> Geometry:
    """Where a window of some size stands on an image of some size, or what is wrong with the request."""
    steps = require_pair("strides", strides)
    if require_choice("padding", padding, PADDINGS) == "same":
        outputs = [-(-length // step) for length, step in zip(size, steps, strict=True)]
        missing = [
            max((count - 1) * step + extent - length, 0)
            for count, step, extent, length in zip(outputs, steps, window, size, strict=True)
        ]
    else:
        if any(extent > length for extent, length in zip(window, size, strict=True)):
            raise InvalidArgument(argument, f"a window no larger than the image's {list(size)}", str(list(window)))
        outputs = [(length - extent) // step + 1 for length, extent, step in zip(size, window, steps, strict=True)]
        missing = [0, 0]
    return Geometry(
        outputs=(outputs[0], outputs[1]),
        strides=steps,
        padding_before=(missing[0] // 2, missing[1] // 2),
        padded=(size[0] + missing[0], size[1] + missing[1]),
    )


def window_starts(geometry: Geometry, axis: int) -> range:
    """The first row (axis 0) or column (axis 1) of each window on the padded image."""
    step = geometry.strides[axis]
    return range(0, geometry.outputs[axis] * step, step)


def pad(image: Array, geometry: Geometry) -> Array:
    """Put a border of zeros around an image [H, W, C]."""
    (top, left), (rows, columns), channels = geometry.padding_before, geometry.padded, len(image[0][0])
    padded: Array = zeros((rows, columns, channels), PADDING)
    for i, row in enumerate(image):
        padded[top + i][left : left + len(row)] = row
    return padded


def crop(padded: Array, geometry: Geometry, like: Array) -> Array:
    """Take the border off again."""
    top, left = geometry.padding_before
    return [row[left : left + len(like[0])] for row in padded[top : top + len(like)]]


def require_convolution(images: Array, filters: Array, strides: object, padding: object) -> tuple[Geometry, int]:
    """Check the arguments of a convolution; return where its windows stand and how many filters it has."""
    _, rows, columns, channels = require_array("images", images, "N H W C")
    kernel_rows, kernel_columns, _, count = require_array("filters", filters, "KH KW C F")
    require_shape(
        "filters", filters, (kernel_rows, kernel_columns, channels, count), f"for images with {channels} channels"
    )
    return slide("filters", (rows, columns), (kernel_rows, kernel_columns), strides, padding), count
