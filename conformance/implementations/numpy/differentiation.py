"""Gradients of graphs that are given as plain data: run on a tape, and gone back over it, once or twice."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from conformance.implementations.numpy import losses, sessions
from conformance.implementations.numpy.activations import sigmoid
from conformance.implementations.numpy.arguments import Array, Pair
from conformance.implementations.numpy.convolution import require_convolution
from conformance.implementations.numpy.graph_data import Kinds, Library, Program
from conformance.implementations.numpy.pooling import counts, require_pooling
from conformance.implementations.numpy.taped import (
    Taped,
    by_slope,
    constant,
    gradients,
    places_of,
    product,
    reshaped,
    spread_to,
    summed_to,
    taken,
    transposed,
    where,
)
from conformance.implementations.numpy.windows import Windows, pad, window_view

__all__ = ["graph_gradients"]


def graph_gradients(
    feeds: tuple[Array, ...],
    *,
    graph: Sequence[Mapping[str, Any]],
    fed: Sequence[str],
    outputs: Sequence[str],
    inputs: Sequence[str],
    twice: bool = False,
) -> tuple[Array, ...]:
    with np.errstate(all="ignore"):
        program = Program(feeds, graph, fed, sessions.KINDS)
        _, found = on_a_tape(program, outputs, inputs, twice, KINDS)
        return tuple(np.array(gradient.value, order="C") for gradient in found)


def on_a_tape(program: Program, outputs: Any, inputs: Any, twice: Any, kinds: Kinds) -> tuple[list[Taped], list[Taped]]:
    """The inputs, and the gradients for them, by operations of some kinds."""
    given, towards = program.to_differentiate(outputs, inputs, twice)
    values = program.run([*given, *towards], taping(program, kinds), by_itself)
    wanted = [values[name] for name in towards]
    found = gradients([values[name] for name in given], wanted)
    return wanted, gradients(found, wanted) if twice and found else found


def by_itself(name: str, array: Taped) -> Taped:
    """The same numbers on the tape once more: of a number, the total is the number, and yet another tensor."""
    return Taped(array.value, (array, lambda g: g))


def taping(program: Program, kinds: Kinds) -> Library:
    """NumPy with a tape."""
    plain = sessions.library(program)
    return Library(
        lambda value: Taped(plain.array(value)),
        lambda shape: Taped(plain.random(shape)),
        kinds,
    )


def exponential(x: Taped) -> Taped:
    return by_slope(np.exp(x.value), x, lambda y: y)


def logarithm(x: Taped) -> Taped:
    return Taped(np.log(x.value), (x, lambda g: g / x))


def root(x: Taped) -> Taped:
    return by_slope(np.sqrt(x.value), x, lambda y: constant(y, 1) / (constant(y, 2) * y))


def tanh(x: Taped) -> Taped:
    return by_slope(np.tanh(x.value), x, lambda y: constant(y, 1) - y * y)


def logistic(x: Taped) -> Taped:
    return by_slope(sessions.smooth(sigmoid)(x.value), x, lambda y: y * (constant(y, 1) - y))


def maximum(x: Taped, y: Taped) -> Taped:
    """The first of two that tie gets the gradient."""
    second = y.value > x.value
    return Taped(
        np.maximum(x.value, y.value),
        (x, lambda g: summed_to(where(~second, g, 0), x.shape)),
        (y, lambda g: summed_to(where(second, g, 0), y.shape)),
    )


def relu(z: Taped) -> Taped:
    return Taped(np.maximum(z.value, 0), (z, lambda g: where(z.value > 0, g, 0)))


def leaky_relu(z: Taped, *, slope: float = 0.01) -> Taped:
    return where(z.value > 0, z, slope)


def rows(array: Taped) -> Taped:
    """The sums over the last axis, which stays."""
    return summed_to(array, (*array.shape[:-1], 1))


def softmax(z: Taped) -> Taped:
    exponentials = np.exp(z.value - z.value.max(axis=-1, keepdims=True))
    y = Taped(
        exponentials / exponentials.sum(axis=-1, keepdims=True),
        (z, lambda g: y * (g - rows(y * g))),
    )
    return y


def log_softmax(z: Taped) -> Taped:
    shifted = z.value - z.value.max(axis=-1, keepdims=True)
    value = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return Taped(value, (z, lambda g: g - softmax(z) * rows(g)))


def softmax_cross_entropy_with_logits(logits: Taped, labels: Taped) -> Taped:
    def to_logits(g: Taped) -> Taped:
        return reshaped(g, (len(g.value), 1)) * (softmax(logits) * rows(labels) - labels)

    value = losses.softmax_cross_entropy_with_logits(logits.value, labels.value)
    return Taped(
        value,
        (logits, to_logits),
        (labels, lambda g: -(reshaped(g, (len(g.value), 1)) * log_softmax(logits))),
    )


def mean_squared_error(predictions: Taped, targets: Taped) -> Taped:
    differences = predictions - targets
    total = rows(differences * differences)
    return reshaped(total / constant(total, predictions.shape[-1]), total.shape[:1])


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


def unstack(values: Taped) -> tuple[Taped, ...]:
    return tuple(taken(values, place) for place in places_of(values.shape).ravel())


def stack(*numbers: Taped, shape: Sequence[int]) -> Taped:
    """Each number at its place, in the sum of all of them."""
    value = np.stack([number.value for number in numbers]).reshape(tuple(shape))
    ways = (
        (number, lambda g, place=place: taken(g, place))
        for number, place in zip(numbers, places_of(value.shape).ravel(), strict=True)
    )
    return Taped(value, *ways)


KINDS: dict[str, Callable[..., Any]] = {
    "add": Taped.__add__,
    "multiply": Taped.__mul__,
    "divide": Taped.__truediv__,
    "negative": Taped.__neg__,
    "exp": exponential,
    "log": logarithm,
    "sqrt": root,
    "tanh": tanh,
    "sigmoid": logistic,
    "maximum": maximum,
    "total": lambda values: summed_to(values, ()),
    "fill": lambda value, *, shape: spread_to(value, shape),
    "reshape": lambda values, *, shape: reshaped(values, shape),
    "transpose": transposed,
    "unstack": unstack,
    "stack": stack,
    "flatten": lambda values: reshaped(values, (-1,)),
    "relu": relu,
    "leaky_relu": leaky_relu,
    "softmax": softmax,
    "log_softmax": log_softmax,
    "matrix_product": product,
    "dense": dense,
    "conv2d": conv2d,
    "max_pool2d": max_pool2d,
    "average_pool2d": average_pool2d,
    "softmax_cross_entropy_with_logits": softmax_cross_entropy_with_logits,
    "mean_squared_error": mean_squared_error,
}
