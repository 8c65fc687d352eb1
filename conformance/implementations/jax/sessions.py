"""Graphs that are given as plain data, run by JAX one operation after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from conformance.implementations.jax.convolution import convolve
from conformance.implementations.jax.losses import loss_of_logits, mean_of_squares
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
    "total": jnp.sum,
    "fill": lambda value, *, shape: jnp.broadcast_to(value, shape),
    "reshape": lambda values, *, shape: jnp.reshape(values, shape),
    "transpose": jnp.transpose,
    "unstack": lambda values: tuple(jnp.ravel(values)),
    "stack": lambda *numbers, shape: jnp.stack(numbers).reshape(shape),
    "flatten": jnp.ravel,
    "relu": jax.nn.relu,
    "leaky_relu": lambda z, *, slope=0.01: jax.nn.leaky_relu(z, slope),
    "softmax": jax.nn.softmax,
    "log_softmax": jax.nn.log_softmax,
    "matrix_product": jnp.matmul,
    "dense": lambda inputs, weights, bias: inputs @ weights + bias,
    "conv2d": conv2d,
    "max_pool2d": max_pool2d,
    "average_pool2d": average_pool2d,
    "softmax_cross_entropy_with_logits": loss_of_logits,
    "mean_squared_error": mean_of_squares,
}
