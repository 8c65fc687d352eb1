"""Graphs that are given as plain data, run by JAX one operation after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from conformance.implementations.jax import binary_losses, losses
from conformance.implementations.jax.class_index_losses import of_the_right_class
from conformance.implementations.jax.convolution import convolve
from conformance.implementations.jax.layers import convolved_layer, multiplied_layer
from conformance.implementations.jax.pooling import average_pool, max_pool, windows
from conformance.implementations.numpy import sessions
from conformance.implementations.numpy.graph_data import Library, Program
from reference.errors import require_pair

__all__ = ["run_graph"]


def run_graph(feeds: Any, *, graph: Any, fed: Any, fetches: Any) -> Any:
    program = Program(feeds, graph, fed, sessions.KINDS)
    wanted = program.to_fetch(fetches)
    values = program.run(wanted, library(program))
    return tuple(np.array(values[name]) for name in wanted)


def library(program: Program) -> Library:
    """JAX, in the dtype of what a program is fed."""
    key = jax.random.key(0)
    return Library(
        lambda value: jnp.asarray(program.of_dtype(value)),
        lambda shape: jax.random.uniform(key, shape, program.dtype),
        KINDS,
    )


def conv2d(images: Any, filters: Any, *, strides: Any = 1, padding: str = "valid") -> Any:
    return convolve(images, filters, require_pair("strides", strides), padding)


def max_pool2d(images: Any, *, pool_size: Any = 2, strides: Any = None, padding: str = "valid") -> Any:
    return max_pool(images, **windows(pool_size, strides, padding))


def average_pool2d(images: Any, *, pool_size: Any = 2, strides: Any = None, padding: str = "valid") -> Any:
    return average_pool(images, **windows(pool_size, strides, padding))


def convolutional_layer(
    images: Any, filters: Any, bias: Any, *, activation: str, strides: Any = 1, padding: str = "valid"
) -> Any:
    return convolved_layer(images, filters, bias, activation, require_pair("strides", strides), padding)


def dropout(inputs: Any, mask: Any, *, rate: Any) -> Any:
    return jnp.where(mask == 1, inputs / (1 - rate), 0)


def simple_rnn_step(inputs: Any, kernel: Any, recurrent_kernel: Any, bias: Any, state: Any) -> Any:
    return jnp.tanh(inputs @ kernel + state @ recurrent_kernel + bias)


def simple_rnn(inputs: Any, kernel: Any, recurrent_kernel: Any, bias: Any, state: Any) -> Any:
    def step(before: Any, entry: Any) -> Any:
        after = simple_rnn_step(entry, kernel, recurrent_kernel, bias, before)
        return after, after

    return jnp.swapaxes(jax.lax.scan(step, state, jnp.swapaxes(inputs, 0, 1))[1], 0, 1)


def negative_log_likelihood(log_probabilities: Any, labels: Any) -> Any:
    """Constants are all of one dtype, indices too."""
    return of_the_right_class(log_probabilities, labels.astype(int))


KINDS: dict[str, Callable[..., Any]] = {
    "add": jnp.add,
    "multiply": jnp.multiply,
    "divide": jnp.divide,
    "negative": jnp.negative,
    "exp": jnp.exp,
    "log": jnp.log,
    "sqrt": jnp.sqrt,
    "tanh": jnp.tanh,
    "sigmoid": jax.nn.sigmoid,
    "maximum": jnp.maximum,
    "where_positive": lambda x, yes, no: jnp.where(x > 0, yes, no),
    "total": jnp.sum,
    "fill": lambda value, *, shape: jnp.broadcast_to(value, shape),
    "reshape": lambda values, *, shape: jnp.reshape(values, shape),
    "transpose": jnp.transpose,
    "unstack": lambda values: tuple(jnp.ravel(values)),
    "stack": lambda *numbers, shape: jnp.stack(numbers).reshape(shape),
    "flatten": jnp.ravel,
    "identity": jax.nn.identity,
    "step": lambda z: jnp.heaviside(z, 0),
    "logistic": lambda z, *, L=1.0, k=1.0, x_0=0.0: L * jax.nn.sigmoid(k * (z - x_0)),
    "relu": jax.nn.relu,
    "leaky_relu": lambda z, *, slope=0.01: jax.nn.leaky_relu(z, slope),
    "softmax": jax.nn.softmax,
    "log_softmax": jax.nn.log_softmax,
    "matrix_product": jnp.matmul,
    "dense": lambda inputs, weights, bias: inputs @ weights + bias,
    "dense_layer": multiplied_layer,
    "conv2d": conv2d,
    "convolutional_layer": convolutional_layer,
    "max_pool2d": max_pool2d,
    "average_pool2d": average_pool2d,
    "softmax_cross_entropy_with_logits": losses.loss_of_logits,
    "mean_squared_error": losses.mean_of_squares,
    "simple_rnn_step": simple_rnn_step,
    "simple_rnn": simple_rnn,
    "dropout": dropout,
    "cross_entropy": losses.loss_of_probabilities,
    "empirical_loss": jnp.mean,
    "sparse_softmax_cross_entropy_with_logits": lambda logits, labels: negative_log_likelihood(
        jax.nn.log_softmax(logits), labels
    ),
    "negative_log_likelihood": negative_log_likelihood,
    "binary_cross_entropy": binary_losses.loss_of_probabilities,
    "binary_cross_entropy_with_logits": binary_losses.loss_of_logits,
    "hinge_loss": lambda scores, labels: jax.nn.relu(1 - labels * scores),
}
