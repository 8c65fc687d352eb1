"""Gradients of graphs that are given as plain data: run on a tape, and gone back over it, once or twice."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from conformance.implementations.numpy import sessions, taped_functions, taped_layers, taped_losses
from conformance.implementations.numpy.arguments import Array
from conformance.implementations.numpy.graph_data import Kinds, Library, Program
from conformance.implementations.numpy.taped import (
    Taped,
    gradients,
    places_of,
    product,
    reshaped,
    spread_to,
    summed_to,
    taken,
    transposed,
)

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
    "exp": taped_functions.exponential,
    "log": taped_functions.logarithm,
    "sqrt": taped_functions.root,
    "tanh": taped_functions.tanh,
    "sigmoid": taped_functions.sigmoid,
    "maximum": taped_functions.maximum,
    "where_positive": taped_functions.where_positive,
    "total": lambda values: summed_to(values, ()),
    "fill": lambda value, *, shape: spread_to(value, shape),
    "reshape": lambda values, *, shape: reshaped(values, shape),
    "transpose": transposed,
    "unstack": unstack,
    "stack": stack,
    "flatten": lambda values: reshaped(values, (-1,)),
    "identity": taped_functions.identity,
    "step": taped_functions.step,
    "logistic": taped_functions.logistic,
    "relu": taped_functions.relu,
    "leaky_relu": taped_functions.leaky_relu,
    "softmax": taped_functions.softmax,
    "log_softmax": taped_functions.log_softmax,
    "matrix_product": product,
    "dense": taped_layers.dense,
    "dense_layer": taped_layers.dense_layer,
    "conv2d": taped_layers.conv2d,
    "convolutional_layer": taped_layers.convolutional_layer,
    "max_pool2d": taped_layers.max_pool2d,
    "average_pool2d": taped_layers.average_pool2d,
    "simple_rnn_step": taped_layers.simple_rnn_step,
    "simple_rnn": taped_layers.simple_rnn,
    "dropout": taped_layers.dropout,
    "softmax_cross_entropy_with_logits": taped_losses.softmax_cross_entropy_with_logits,
    "mean_squared_error": taped_losses.mean_squared_error,
    "cross_entropy": taped_losses.cross_entropy,
    "empirical_loss": taped_losses.empirical_loss,
    "sparse_softmax_cross_entropy_with_logits": taped_losses.sparse_softmax_cross_entropy_with_logits,
    "negative_log_likelihood": taped_losses.negative_log_likelihood,
    "binary_cross_entropy": taped_losses.binary_cross_entropy,
    "binary_cross_entropy_with_logits": taped_losses.binary_cross_entropy_with_logits,
    "hinge_loss": taped_losses.hinge_loss,
}
