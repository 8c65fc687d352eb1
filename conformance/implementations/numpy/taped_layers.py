"""Layers of taped arrays: products, windows, and steps of recurrent networks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from conformance.implementations.numpy.arguments import Array, Pair
from conformance.implementations.numpy.convolution import require_convolution
from conformance.implementations.numpy.pooling import counts, require_pooling
from conformance.implementations.numpy.taped import (
    Taped,
    constant,
    placed,
    places_of,
    product,
    reshaped,
    taken,
    where,
)
from conformance.implementations.numpy.taped_functions import identity, relu, rows, sigmoid, tanh
from conformance.implementations.numpy.windows import Windows, pad, window_view

ACTIVATIONS = {"identity": identity, "relu": relu, "sigmoid": sigmoid, "tanh": tanh}


def dense(inputs: Taped, weights: Taped, bias: Taped) -> Taped:
    return product(inputs, weights) + bias


def places_under(shape: Sequence[int], size: Sequence[int], place: Windows) -> Array:
    """Which number lies under each cell of a window: [N, OH, OW, C, window rows, window columns], -1 for padding."""
    return window_view(pad(places_of(shape), place, -1), size, place)


def conv2d(images: Taped, filters: Taped, *, strides: int | Pair = 1, padding: str = "valid") -> Taped:
    place = require_convolution(images.value, filters.value, strides, padding)
    kernel_rows, kernel_columns, channels, units = filters.shape
    under = places_under(images.shape, (kernel_rows, kernel_columns), place).transpose(0, 1, 2, 4, 5, 3)
    cells = kernel_rows * kernel_columns * channels
    products = product(taken(images, under.reshape(-1, cells)), reshaped(filters, (cells, units)))
    return reshaped(products, (len(images.value), *place.outputs, units))


def max_pool2d(
    images: Taped, *, pool_size: int | Pair = 2, strides: int | Pair | None = None, padding: str = "valid"
) -> Taped:
    """The first of those that tie gets the gradient; one that is no number is larger than any."""
    place, size = require_pooling(images.value, pool_size, strides, padding)
    under = places_under(images.shape, size, place)
    under = under.reshape(*under.shape[:4], -1)
    inside = np.where(under < 0, -np.inf, images.value.ravel()[under])
    # Where all cells are -∞, the first of the image.
    largest = ((inside == inside.max(axis=-1, keepdims=True)) | np.isnan(inside)) & (under >= 0)
    return taken(images, np.take_along_axis(under, largest.argmax(axis=-1)[..., None], -1)[..., 0])


def average_pool2d(
    images: Taped, *, pool_size: int | Pair = 2, strides: int | Pair | None = None, padding: str = "valid"
) -> Taped:
    place, size = require_pooling(images.value, pool_size, strides, padding)
    under = places_under(images.shape, size, place)
    total = rows(taken(images, under.reshape(*under.shape[:4], -1)))
    return reshaped(total, total.shape[:4]) / constant(total, counts(images.value, place, size))


def dense_layer(inputs: Taped, weights: Taped, bias: Taped, *, activation: str) -> Taped:
    return ACTIVATIONS[activation](dense(inputs, weights, bias))


def convolutional_layer(images: Taped, filters: Taped, bias: Taped, *, activation: str, **windows: Any) -> Taped:
    return ACTIVATIONS[activation](conv2d(images, filters, **windows) + bias)


def dropout(inputs: Taped, mask: Taped, *, rate: Any) -> Taped:
    return where(mask.value == 1, inputs / constant(inputs, 1 - rate), 0)


def simple_rnn_step(inputs: Taped, kernel: Taped, recurrent_kernel: Taped, bias: Taped, state: Taped) -> Taped:
    return tanh(product(inputs, kernel) + product(state, recurrent_kernel) + bias)


def simple_rnn(inputs: Taped, kernel: Taped, recurrent_kernel: Taped, bias: Taped, state: Taped) -> Taped:
    """Each step's outputs at its place, in the sum of all of them."""
    examples, steps, _ = inputs.shape
    read, written = places_of(inputs.shape), places_of((examples, steps, len(bias.value)))
    outputs = []
    for t in range(steps):
        state = simple_rnn_step(taken(inputs, read[:, t]), kernel, recurrent_kernel, bias, state)
        outputs.append(placed(state, written[:, t], written.shape))
    total, *others = outputs
    for output in others:
        total = total + output
    return total
