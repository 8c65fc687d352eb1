"""JAX: every call compiled as a whole for its shapes, its own arrays in and out.

What runs beneath a network is that of JAX's counterparts in the suite; gradients are JAX's own, from `jax.vjp`, of
which the compiler keeps what is asked for.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from conformance.implementations.jax.backpropagation import layers, loss_and_gradients
from conformance.implementations.jax.convolution import convolve
from conformance.implementations.jax.layers import convolved_layer, multiplied_layer
from conformance.implementations.jax.linear import layer
from conformance.implementations.jax.losses import loss_of_logits
from conformance.implementations.jax.pooling import max_pool
from conformance.operations import operations
from reference.errors import require_pair
from tests.benchmarks.engines.prepared import Prepared, as_arrays, each


def prepare(way: str, operation: str, arguments: dict[str, Any]) -> Prepared | None:
    """A compiled call."""
    name, data, settings = operation.removesuffix("_vjp"), *operations()[operation].split(arguments)
    if operation == "adam":
        return adam(**arguments)
    if name not in FUNCTIONS:
        return None
    function = partial(FUNCTIONS[name], **constants(name, settings))
    compiled = jax.jit(function if name == operation else partial(gradients, function, DIFFERENTIATED.get(name, 1)))
    given = each(jnp.asarray, tuple(data.values()))
    laid_out = rearranged if operation == "backpropagation" else as_arrays
    return Prepared(lambda: jax.block_until_ready(compiled(*given)), laid_out)


def gradients(function: Callable[..., Any], count: int, *arguments: Any) -> Any:
    """Those of the first arguments; the cotangent comes last."""
    inputs, rest, cotangent = arguments[:count], arguments[count:-1], arguments[-1]
    found = jax.vjp(lambda *given: function(*given, *rest), *inputs)[1](cotangent)
    return found if count > 1 else found[0]


def constants(name: str, settings: dict[str, Any]) -> dict[str, Any]:
    """Hyperparameters, which are constants of the compiled program."""
    if name in ("conv2d", "convolutional_layer"):
        strides, padding = require_pair("strides", settings.get("strides", 1)), settings.get("padding", "valid")
        return {**settings, "strides": strides, "padding": padding}
    if name.endswith("_pool2d"):
        size, strides = settings["pool_size"], settings.get("strides") or settings["pool_size"]
        window = {"window": require_pair("pool_size", size), "strides": require_pair("strides", strides)}
        return {**window, "padding": settings.get("padding", "valid")}
    return settings


def average_pool(images: Any, window: tuple[int, int], strides: tuple[int, int], padding: str) -> Any:
    """Of windows that all lie inside, as those of the grid do."""
    sums = lax.reduce_window(images, 0.0, lax.add, (1, *window, 1), (1, *strides, 1), padding.upper())
    return sums / math.prod(window)


def simple_rnn(inputs: Any, kernel: Any, recurrent_kernel: Any, bias: Any, state: Any) -> Any:
    """A scan over the steps, as JAX's users and Flax write it: inputs are multiplied beforehand, all steps at once."""

    def step(hidden: Any, sums: Any) -> tuple[Any, Any]:
        after = jnp.tanh(sums + hidden @ recurrent_kernel)
        return after, after

    return jnp.moveaxis(lax.scan(step, state, jnp.moveaxis(inputs @ kernel + bias, 1, 0))[1], 0, 1)


def lstm(inputs: Any, kernel: Any, recurrent_kernel: Any, bias: Any, state: Any) -> tuple[Any, Any]:
    def step(before: tuple[Any, Any], sums: Any) -> tuple[Any, Any]:
        i, f, g, o = jnp.split(sums + before[0] @ recurrent_kernel, 4, axis=-1)
        cell = jax.nn.sigmoid(f) * before[1] + jax.nn.sigmoid(i) * jnp.tanh(g)
        hidden = jax.nn.sigmoid(o) * jnp.tanh(cell)
        return (hidden, cell), hidden

    (_, cell), outputs = lax.scan(step, state, jnp.moveaxis(inputs @ kernel + bias, 1, 0))
    return jnp.moveaxis(outputs, 0, 1), cell


def adam(parameters: Any, gradients: Any, first_moment: Any, second_moment: Any, **rates: Any) -> Prepared:
    """As Optax writes it; what is updated is given away, so that each call is a further step."""
    step, b1, b2 = (rates[name] for name in ("step", "beta_1", "beta_2"))

    @partial(jax.jit, donate_argnums=(0, 1, 2))
    def stepped(p: Any, m: Any, v: Any, g: Any) -> tuple[Any, Any, Any]:
        m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g * g
        m_hat, v_hat = m / (1 - b1**step), v / (1 - b2**step)
        return p - rates["learning_rate"] * m_hat / (jnp.sqrt(v_hat) + rates["epsilon"]), m, v

    state, given = tuple(map(jnp.array, (parameters, first_moment, second_moment))), jnp.asarray(gradients)

    def call() -> Any:
        nonlocal state
        state = jax.block_until_ready(stepped(*state, given))
        return state

    return Prepared(call, as_arrays)


def rearranged(result: Any) -> Any:
    loss, (of_weights, of_biases) = result
    return as_arrays((loss, of_weights, of_biases))


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "relu": jax.nn.relu,
    "tanh": jnp.tanh,
    "sigmoid": jax.nn.sigmoid,
    "softmax": jax.nn.softmax,
    "softmax_cross_entropy_with_logits": loss_of_logits,
    "max_pool2d": max_pool,
    "average_pool2d": average_pool,
    "matrix_product": jnp.matmul,
    "dense": layer,
    "conv2d": convolve,
    "dense_layer": multiplied_layer,
    "convolutional_layer": convolved_layer,
    "simple_rnn": simple_rnn,
    "lstm": lstm,
    "forward_pass": layers,
    "backpropagation": loss_and_gradients,
}

#: How many arguments have gradients, where it isn't the first alone.
DIFFERENTIATED = {"matrix_product": 2, "dense": 3, "conv2d": 2, "dense_layer": 3, "convolutional_layer": 3}
