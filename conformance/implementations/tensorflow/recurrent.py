"""Keras' simple recurrent networks and their gradients.

A Keras layer is made for one number of units and takes a fifth of a second for a call by itself, so that each is traced
once, as a graph in which weights and states are inputs: for arrays of whatever lengths.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import tensorflow as tf

from conformance.deviations import Deviation
from conformance.implementations.tensorflow.calls import leniency, numbers, shape

__all__ = ["simple_rnn", "simple_rnn_step", "simple_rnn_step_vjp", "simple_rnn_vjp"]


def simple_rnn_step(inputs: Any, kernel: Any, recurrent_kernel: Any, bias: Any, state: Any) -> Any:
    return run(tf.keras.layers.SimpleRNNCell, (inputs, kernel, recurrent_kernel, bias, state))[0]


def simple_rnn_step_vjp(
    inputs: Any, kernel: Any, recurrent_kernel: Any, bias: Any, state: Any, cotangent: Any
) -> tuple[Any, ...]:
    return run(tf.keras.layers.SimpleRNNCell, (inputs, kernel, recurrent_kernel, bias, state), (cotangent,))


def simple_rnn(inputs: Any, kernel: Any, recurrent_kernel: Any, bias: Any, state: Any = None) -> Any:
    state = zero_state(inputs, recurrent_kernel) if state is None else state
    return run(tf.keras.layers.SimpleRNN, (inputs, kernel, recurrent_kernel, bias, state))[0]


def simple_rnn_vjp(
    inputs: Any, kernel: Any, recurrent_kernel: Any, bias: Any, state: Any, cotangent: Any
) -> tuple[Any, ...]:
    return run(tf.keras.layers.SimpleRNN, (inputs, kernel, recurrent_kernel, bias, state), (cotangent,))


def zero_state(inputs: Any, recurrent_kernel: Any) -> Any:
    """What Keras begins with where no state is given."""
    return tf.zeros([inputs.shape[0], recurrent_kernel.shape[0]], inputs.dtype)


def run(layer: Callable[..., Any], arguments: tuple[Any, ...], cotangents: tuple[Any, ...] = ()) -> tuple[Any, ...]:
    """What a layer returns, or if there are cotangents, the gradients of all its arguments."""
    tensors = [tf.constant(array) for array in (*arguments, *cotangents)]
    refuse_other_weights(layer, *tensors[:4])
    traced = (graph_of_gradients if cotangents else graph)(layer, tensors[0].dtype.name)
    return tuple(tensor.numpy() for tensor in traced(*tensors))


def refuse_other_weights(layer: Any, inputs: Any, kernel: Any, recurrent_kernel: Any, bias: Any) -> None:
    """Refuse what `build` and `set_weights` do: weights of other shapes than the layer's, and inputs of other ranks."""
    units, sums = recurrent_kernel.shape[0], 4 if "LSTM" in layer.__name__ else 1
    rank = 2 if layer.__name__.endswith("Cell") else 3
    wanted = [(inputs.shape[-1], sums * units), (units, sums * units), (sums * units,)]
    came = [tuple(weight.shape) for weight in (kernel, recurrent_kernel, bias)]
    if came != wanted or units == 0 or inputs.ndim != rank:
        raise ValueError(f"weights of shapes {wanted} are not compatible with {came}")


@cache
def graph(layer: Callable[..., Any], dtype: str) -> Any:
    call, signature, _ = opened(layer, dtype)
    return tf.function(call, input_signature=signature).get_concrete_function()


@cache
def graph_of_gradients(layer: Callable[..., Any], dtype: str) -> Any:
    call, signature, results = opened(layer, dtype)

    def gradients(*tensors: Any) -> Any:
        inputs, cotangents = tensors[: len(signature)], tensors[len(signature) :]
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = call(*inputs)
        return tape.gradient(list(outputs), inputs, output_gradients=list(cotangents))

    return tf.function(gradients, input_signature=[*signature, *results]).get_concrete_function()


def opened(layer: Callable[..., Any], dtype: str) -> tuple[Callable[..., Any], list[Any], list[Any]]:
    """A layer as a function of inputs, weights and states; the signatures of its arguments and of its results."""
    is_cell, is_lstm = layer.__name__.endswith("Cell"), layer.__name__.startswith("LSTM")
    made = layer(1, dtype=dtype) if is_cell else layer(1, dtype=dtype, return_sequences=True, return_state=True)
    cell = made if is_cell else made.cell
    cell.built = True  # or it would make weights of its own

    def call(inputs: Any, kernel: Any, recurrent_kernel: Any, bias: Any, *state: Any) -> tuple[Any, ...]:
        cell.kernel, cell.recurrent_kernel, cell.bias = kernel, recurrent_kernel, bias
        if is_cell:
            return tuple(made.call(inputs, list(state))[1])
        outputs, *last = made.call(inputs, initial_state=list(state))
        return (outputs, last[1]) if is_lstm else (outputs,)

    def of_rank(rank: int) -> Any:
        return tf.TensorSpec([None] * rank, dtype)

    states = [of_rank(2)] * (2 if is_lstm else 1)
    results = states if is_cell else [of_rank(3), *states[1:]]
    return call, [of_rank(2 if is_cell else 3), of_rank(2), of_rank(2), of_rank(1), *states], results


def is_broadcast(
    inputs: Any, kernel: Any, recurrent_kernel: Any, bias: Any, state: Any = None, cotangent: Any = ()
) -> bool:
    """Whether inputs, states and cotangents don't fit, but can be broadcast to each other at each step."""
    (rows, *steps, features), (units, columns) = shape(inputs), shape(recurrent_kernel)
    if shape(kernel) != (features, columns) or shape(bias) != (columns,) or units == 0 or columns % units:
        raise ValueError("other weights are refused")
    states, slopes = (several(part) for part in (state, cotangent))
    wanted = [*[(rows, units)] * len(states), (rows, *steps, units), (rows, units)]
    came = [shape(part) for part in (*states, *slopes)]
    if came == wanted[: len(came)] and 0 not in shape(inputs):
        return False
    if steps and slopes:
        first_rows, first_steps, first_units = came[len(states)]
        if first_steps < steps[0]:
            raise ValueError("not enough steps")
        came[len(states)] = (first_rows, first_units)
    # TensorFlow's gradient of tanh only counts the elements of its cotangent.
    np.broadcast_shapes((rows, units), *(part for part in came if math.prod(part) != rows * units))
    return True


def several(part: Any) -> list[Any]:
    """The arrays of a state or a cotangent."""
    return [*part] if isinstance(part, (tuple, list)) else [] if part is None else [part]


def broadcasting(operation: str, smallest: dict[str, Any]) -> Deviation:
    """What is accepted of inputs, states and cotangents."""
    reason = (
        "rows of inputs, states and cotangents are broadcast, a cotangent's further steps left out, no rows accepted"
    )
    instead = "the result of the arrays broadcast to each other"
    return leniency(operation, reason, is_broadcast, smallest, instead)


#: One example has two states.
BROADCAST = {
    "inputs": numbers(1, 1),
    "kernel": numbers(1, 1),
    "recurrent_kernel": numbers(1, 1),
    "bias": numbers(1),
    "state": numbers(2, 1),
}

KNOWN_DEVIATIONS = [
    broadcasting("simple_rnn_step", BROADCAST),
    broadcasting("simple_rnn", {**BROADCAST, "inputs": numbers(1, 1, 1)}),
    broadcasting("simple_rnn_step_vjp", {**BROADCAST, "cotangent": numbers(2, 1)}),
    broadcasting("simple_rnn_vjp", {**BROADCAST, "inputs": numbers(1, 1, 1), "cotangent": numbers(2, 1, 1)}),
]
