"""Calls that witness a mistake, and the sizes of calls, by which mistakes are confined."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from conformance.implementations.numpy.arguments import Array, Pair
from conformance.implementations.numpy.convolution import require_convolution
from conformance.implementations.numpy.pooling import require_pooling
from conformance.operation import Arguments

Condition = Callable[..., bool]


def numbers(*shape: int, salt: int = 0) -> Array:
    """Integers from -9 to 9 without 0, whose sums of products are exact."""
    random = np.random.default_rng((salt, *shape))
    return random.integers(1, 10, shape) * random.choice((-1.0, 1.0), shape)


# --- convolutions and poolings ----------------------------------------------------------------------------------------


def conv2d_call(images: Sequence[int], filters: Sequence[int], **how: Any) -> Arguments:
    """Images [N, H, W, C] and filters [KH, KW, F]."""
    kernel = (*filters[:2], images[3], filters[2])
    return {"images": numbers(*images), "filters": numbers(*kernel, salt=1), **how}


def conv2d_vjp_call(images: Sequence[int], filters: Sequence[int], **how: Any) -> Arguments:
    call = conv2d_call(images, filters)
    where = require_convolution(call["images"], call["filters"], how.get("strides", 1), how.get("padding", "valid"))
    return {**call, "cotangent": numbers(images[0], *where.outputs, filters[2], salt=2), **how}


class Sizes(NamedTuple):
    """What a convolution or a pooling is to do."""

    batch: int
    image: Pair
    channels: int
    kernel: Pair
    filters: int
    out: Pair
    strides: Pair
    padding: tuple[Pair, Pair]
    same: bool


def convolving(condition: Callable[[Sizes], bool]) -> Condition:
    """Whether a convolution, or its gradient, is one of those."""

    def holds(images: Array, filters: Array, *_: Array, strides: Any = 1, padding: str = "valid") -> bool:
        where = require_convolution(images, filters, strides, padding)
        kernel_rows, kernel_columns, _, units = filters.shape
        return condition(_sizes(images, (kernel_rows, kernel_columns), units, where, padding))

    return holds


def max_pool2d_call(images: Sequence[int], **how: Any) -> Arguments:
    return {"images": numbers(*images), **how}


def max_pool2d_vjp_call(images: Sequence[int] | Array, **how: Any) -> Arguments:
    """Images, or the shape of some."""
    given = images if isinstance(images, np.ndarray) else numbers(*images)
    asked = (how.get("pool_size", 2), how.get("strides"), how.get("padding", "valid"))
    batch, _, _, channels = given.shape
    outputs = require_pooling(given, *asked)[0].outputs
    return {"images": given, "cotangent": np.abs(numbers(batch, *outputs, channels, salt=2)), **how}


def pooling(condition: Callable[[Sizes], bool]) -> Condition:
    """Whether a pooling, or its gradient, is one of those."""

    def holds(images: Array, *_: Array, pool_size: Any = 2, strides: Any = None, padding: str = "valid") -> bool:
        where, window = require_pooling(images, pool_size, strides, padding)
        return condition(_sizes(images, window, images.shape[3], where, padding))

    return holds


def _sizes(images: Array, kernel: Pair, filters: int, where: Any, padding: str) -> Sizes:
    batch, rows, columns, channels = images.shape
    geometry = (where.outputs, where.strides, where.padding)
    return Sizes(batch, (rows, columns), channels, kernel, filters, *geometry, padding == "same")


# --- layers -----------------------------------------------------------------------------------------------------------


def dense_call(examples: int, features: int, units: int) -> Arguments:
    weights, bias = numbers(features, units, salt=1), numbers(units, salt=2)
    return {"inputs": numbers(examples, features), "weights": weights, "bias": bias}


def dense_vjp_call(examples: int, features: int, units: int) -> Arguments:
    return {**dense_call(examples, features, units), "cotangent": numbers(examples, units, salt=3)}


def multiplying(condition: Callable[[int, int, int], bool]) -> Condition:
    """Whether a dense layer, or its gradient, has such numbers of examples, features and units."""
    return lambda inputs, weights, *_: condition(len(inputs), *weights.shape)


def network_call(examples: int, *widths: int) -> Arguments:
    """A network whose sums stay so small that softmax says something."""
    pairs = list(enumerate(pairwise(widths)))
    return {
        "inputs": numbers(examples, widths[0]) / 8,
        "weights": tuple(numbers(*pair, salt=1 + layer) / 16 for layer, pair in pairs),
        "biases": tuple(numbers(pair[1], salt=1 + layer) / 32 for layer, pair in pairs),
    }


def training_call(examples: int, *widths: int) -> Arguments:
    return {**network_call(examples, *widths), "labels": one_hot(examples, widths[-1])}


def layered(condition: Callable[..., bool]) -> Condition:
    """Whether a network has such a number of examples and such widths, the inputs' first."""
    return lambda inputs, weights, *_: condition(len(inputs), *inputs.shape[1:], *(w.shape[1] for w in weights))


# --- elementwise functions, rows and losses ---------------------------------------------------------------------------


def with_cotangent(z: Array) -> Arguments:
    return {"z": z, "cotangent": numbers(*z.shape, salt=1)}


def one_hot(rows: int, classes: int) -> Array:
    """A label for each row, each class in its turn."""
    return np.eye(classes)[np.arange(1, rows + 1) % classes]


def loss_call(logits: Array, labels: Array | None = None) -> Arguments:
    return {"logits": logits, "labels": one_hot(*logits.shape) if labels is None else labels}
