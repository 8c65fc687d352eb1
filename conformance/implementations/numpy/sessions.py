"""Running graphs that are given as plain data, with the functions of the other rooms."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any

import numpy as np

from conformance.implementations.numpy.activations import identity, leaky_relu, logistic, relu, sigmoid, step
from conformance.implementations.numpy.arguments import Array, require_array
from conformance.implementations.numpy.baselines import hinge_loss
from conformance.implementations.numpy.binary_losses import binary_cross_entropy, binary_cross_entropy_with_logits
from conformance.implementations.numpy.class_index_losses import (
    negative_log_likelihood,
    sparse_softmax_cross_entropy_with_logits,
)
from conformance.implementations.numpy.convolution import conv2d
from conformance.implementations.numpy.graph_data import Library, Program
from conformance.implementations.numpy.layers import convolutional_layer, dense_layer
from conformance.implementations.numpy.linear import dense, flatten, matrix_product
from conformance.implementations.numpy.losses import (
    cross_entropy,
    empirical_loss,
    mean_squared_error,
    softmax_cross_entropy_with_logits,
)
from conformance.implementations.numpy.pooling import average_pool2d, max_pool2d
from conformance.implementations.numpy.recurrent import simple_rnn, simple_rnn_step
from conformance.implementations.numpy.regularization import dropout
from conformance.implementations.numpy.softmax import log_softmax, softmax
from reference.errors import InvalidArgument

__all__ = ["run_graph"]


def run_graph(
    feeds: tuple[Array, ...], *, graph: Sequence[Mapping[str, Any]], fed: Sequence[str], fetches: Sequence[str]
) -> tuple[Array, ...]:
    with np.errstate(all="ignore"):
        program = Program(feeds, graph, fed, KINDS)
        wanted = program.to_fetch(fetches)
        values = program.run(wanted, library(program))
        return tuple(np.array(values[name], order="C") for name in wanted)


def library(program: Program) -> Library:
    """NumPy, in the dtype of what a program is fed."""
    generator = np.random.default_rng()
    return Library(program.of_dtype, lambda shape: generator.random(shape, program.dtype.type), KINDS)


def of_one_shape(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of numbers at every place of arrays of one shape, among which numbers may stand."""

    @wraps(function)
    def checked(*values: Array) -> Any:
        shapes = {value.shape for value in values} - {()}
        if len(shapes) > 1:
            raise InvalidArgument("graph", "inputs of one shape, and numbers", str(sorted(shapes)))
        return function(*values)

    return checked


def fill(value: Array, *, shape: Sequence[int]) -> Array:
    if value.shape:
        raise InvalidArgument("graph", "a number to fill with", f"shape {list(value.shape)}")
    return np.full(shape, value)


def reshape(values: Array, *, shape: Sequence[int]) -> Array:
    if math.prod(shape) != values.size or min(shape, default=1) < 1:
        raise InvalidArgument("graph", f"lengths for {values.size} numbers", str(list(shape)))
    return values.reshape(shape)


def transpose(matrix: Array) -> Array:
    require_array("matrix", matrix, "N M")
    return matrix.T


def unstack(values: Array) -> tuple[Array, ...]:
    return tuple(np.asarray(value, values.dtype) for value in values.ravel())


def stack(*numbers: Array, shape: Sequence[int]) -> Array:
    return reshape(np.stack(numbers), shape=shape)


def smooth(function: Callable[..., Array]) -> Callable[..., Array]:
    """A function of an array that has axes, of a number too."""

    @wraps(function)
    def of_any(values: Array) -> Array:
        return function(values.reshape(-1)).reshape(values.shape)

    return of_any


def where_positive(x: Array, yes: Array, no: Array) -> Array:
    return np.where(x > 0, yes, no)


def of_indices(loss: Callable[[Array, Array], Array]) -> Callable[[Array, Array], Array]:
    """A loss whose labels are indices: in a graph all constants are of one dtype."""

    @wraps(loss)
    def of_floats(scores: Array, labels: Array) -> Array:
        return loss(scores, labels.astype(np.int64))

    return of_floats


KINDS: dict[str, Callable[..., Any]] = {
    "add": of_one_shape(np.add),
    "multiply": of_one_shape(np.multiply),
    "divide": of_one_shape(np.divide),
    "negative": np.negative,
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "tanh": np.tanh,
    "sigmoid": smooth(sigmoid),
    "maximum": of_one_shape(np.maximum),
    "where_positive": of_one_shape(where_positive),
    "total": np.sum,
    "fill": fill,
    "reshape": reshape,
    "transpose": transpose,
    "unstack": unstack,
    "stack": stack,
    "flatten": flatten,
    "identity": identity,
    "step": step,
    "logistic": logistic,
    "relu": relu,
    "leaky_relu": leaky_relu,
    "softmax": softmax,
    "log_softmax": log_softmax,
    "matrix_product": matrix_product,
    "dense": dense,
    "dense_layer": dense_layer,
    "conv2d": conv2d,
    "convolutional_layer": convolutional_layer,
    "max_pool2d": max_pool2d,
    "average_pool2d": average_pool2d,
    "simple_rnn_step": simple_rnn_step,
    "simple_rnn": simple_rnn,
    "dropout": dropout,
    "softmax_cross_entropy_with_logits": softmax_cross_entropy_with_logits,
    "mean_squared_error": mean_squared_error,
    "cross_entropy": cross_entropy,
    "empirical_loss": empirical_loss,
    "sparse_softmax_cross_entropy_with_logits": of_indices(sparse_softmax_cross_entropy_with_logits),
    "negative_log_likelihood": of_indices(negative_log_likelihood),
    "binary_cross_entropy": binary_cross_entropy,
    "binary_cross_entropy_with_logits": binary_cross_entropy_with_logits,
    "hinge_loss": hinge_loss,
}
