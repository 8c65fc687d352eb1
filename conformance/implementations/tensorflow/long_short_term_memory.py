"""Keras' long short-term memories and their gradients."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from conformance.implementations.tensorflow.calls import leniency, numbers
from conformance.implementations.tensorflow.recurrent import broadcasting, run, zero_state

__all__ = ["lstm", "lstm_step", "lstm_step_vjp", "lstm_vjp"]


def lstm_step(inputs: Any, kernel: Any, recurrent_kernel: Any, bias: Any, state: Any) -> tuple[Any, ...]:
    hidden, cell = state
    return run(tf.keras.layers.LSTMCell, (inputs, kernel, recurrent_kernel, bias, hidden, cell))


def lstm_step_vjp(
    inputs: Any, kernel: Any, recurrent_kernel: Any, bias: Any, state: Any, cotangent: Any
) -> tuple[Any, ...]:
    (hidden, cell), (of_hidden, of_cell) = state, cotangent
    arguments = inputs, kernel, recurrent_kernel, bias, hidden, cell
    *gradients, d_hidden, d_cell = run(tf.keras.layers.LSTMCell, arguments, (of_hidden, of_cell))
    return (*gradients, (d_hidden, d_cell))


def lstm(inputs: Any, kernel: Any, recurrent_kernel: Any, bias: Any, state: Any = None) -> tuple[Any, ...]:
    hidden, cell = (zero_state(inputs, recurrent_kernel),) * 2 if state is None else state
    return run(tf.keras.layers.LSTM, (inputs, kernel, recurrent_kernel, bias, hidden, cell))


def lstm_vjp(inputs: Any, kernel: Any, recurrent_kernel: Any, bias: Any, state: Any, cotangent: Any) -> tuple[Any, ...]:
    (hidden, cell), (of_outputs, of_cell) = state, cotangent
    arguments = inputs, kernel, recurrent_kernel, bias, hidden, cell
    *gradients, d_hidden, d_cell = run(tf.keras.layers.LSTM, arguments, (of_outputs, of_cell))
    return (*gradients, (d_hidden, d_cell))


def in_a_list(state: Any = None, cotangent: Any = (), **_: Any) -> bool:
    return isinstance(state, list) or isinstance(cotangent, list)


def calls_of(operation: str, examples: int, state: Any) -> dict[str, Any]:
    """The call of an operation with some states, for a smallest case."""
    rows = numbers(2, 1)
    is_sequence = operation in ("lstm", "lstm_vjp")
    call = {"inputs": numbers(examples, 1, 1) if is_sequence else numbers(examples, 1), **WEIGHTS, "state": state}
    of_outputs = numbers(2, 1, 1) if is_sequence else rows
    return {**call, "cotangent": (of_outputs, rows)} if operation.endswith("_vjp") else call


WEIGHTS = {"kernel": numbers(1, 4), "recurrent_kernel": numbers(1, 4), "bias": numbers(4)}
OPERATIONS = ("lstm_step", "lstm", "lstm_step_vjp", "lstm_vjp")

KNOWN_DEVIATIONS = [
    *(broadcasting(operation, calls_of(operation, 1, (numbers(2, 1), numbers(2, 1)))) for operation in OPERATIONS),
    *(
        leniency(
            operation,
            "states and cotangents may be in a list",
            in_a_list,
            calls_of(operation, 2, [numbers(2, 1), numbers(2, 1)]),
            "the result",
        )
        for operation in OPERATIONS
    ),
]
