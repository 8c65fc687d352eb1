"""Long short-term memories and their gradients."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from conformance.implementations.numpy.activations import sigmoid
from conformance.implementations.numpy.arguments import Array, require_array
from conformance.implementations.numpy.recurrent import (
    RecurrentGradients,
    require_network,
    sequence_vjp,
    sums_vjp,
    with_state_first,
)
from reference.errors import InvalidArgument

__all__ = ["LSTMSequence", "LSTMState", "lstm", "lstm_step", "lstm_step_vjp", "lstm_vjp"]


class LSTMState(NamedTuple):
    hidden: Array
    cell: Array


class LSTMSequence(NamedTuple):
    outputs: Array
    cell: Array


def lstm_step(
    inputs: Array, kernel: Array, recurrent_kernel: Array, bias: Array, state: tuple[Array, Array]
) -> LSTMState:
    shape = require_network(inputs, kernel, recurrent_kernel, bias, "N D", 4)
    require_pair("state", state, shape, shape)
    return step(inputs, kernel, recurrent_kernel, bias, state)[0]


def lstm_step_vjp(
    inputs: Array,
    kernel: Array,
    recurrent_kernel: Array,
    bias: Array,
    state: tuple[Array, Array],
    cotangent: tuple[Array, Array],
) -> RecurrentGradients:
    after = lstm_step(inputs, kernel, recurrent_kernel, bias, state)
    require_pair("cotangent", cotangent, after.hidden.shape, after.cell.shape)
    _, gates = step(inputs, kernel, recurrent_kernel, bias, state)
    deltas, of_cell = step_vjp(gates, state[1], after.cell, *cotangent)
    gradients = sums_vjp(inputs, kernel, recurrent_kernel, state[0], deltas)
    return gradients._replace(state=LSTMState(gradients.state, of_cell))


def lstm(
    inputs: Array,
    kernel: Array,
    recurrent_kernel: Array,
    bias: Array,
    state: tuple[Array, Array] | None = None,
) -> LSTMSequence:
    shape = require_network(inputs, kernel, recurrent_kernel, bias, "N T D", 4)
    state = (np.zeros(shape, inputs.dtype),) * 2 if state is None else state
    require_pair("state", state, shape, shape)
    states, _ = sequence(inputs, kernel, recurrent_kernel, bias, state)
    return LSTMSequence(np.stack([after.hidden for after in states[1:]], axis=1), states[-1].cell)


def lstm_vjp(
    inputs: Array,
    kernel: Array,
    recurrent_kernel: Array,
    bias: Array,
    state: tuple[Array, Array],
    cotangent: tuple[Array, Array],
) -> RecurrentGradients:
    shape = require_network(inputs, kernel, recurrent_kernel, bias, "N T D", 4)
    require_pair("state", state, shape, shape)
    outputs, _ = lstm(inputs, kernel, recurrent_kernel, bias, state)
    require_pair("cotangent", cotangent, outputs.shape, shape)
    states, gates = sequence(inputs, kernel, recurrent_kernel, bias, state)
    deltas: list[Array] = []
    of_hidden, of_cell = np.zeros_like(state[0]), cotangent[1]
    with np.errstate(all="ignore"):
        for t in reversed(range(inputs.shape[1])):
            arriving = cotangent[0][:, t] + of_hidden
            delta, of_cell = step_vjp(gates[t], states[t].cell, states[t + 1].cell, arriving, of_cell)
            of_hidden = delta @ recurrent_kernel.T
            deltas.insert(0, delta)
    before = with_state_first(outputs, state[0])
    gradients = sequence_vjp(inputs, kernel, recurrent_kernel, before, np.stack(deltas, axis=1))
    return gradients._replace(state=LSTMState(gradients.state, of_cell))


def step(inputs: Array, kernel: Array, recurrent_kernel: Array, bias: Array, state: Any) -> tuple[LSTMState, Any]:
    """The state after a step, and the gates: what enters, what stays, the candidate, what is shown."""
    with np.errstate(all="ignore"):
        sums = np.split(inputs @ kernel + state[0] @ recurrent_kernel + bias, 4, axis=1)
        i, f, g, o = sigmoid(sums[0]), sigmoid(sums[1]), np.tanh(sums[2]), sigmoid(sums[3])
        cell = f * state[1] + i * g
        return LSTMState(o * np.tanh(cell), cell), (i, f, g, o)


def step_vjp(gates: Any, before: Array, after: Array, of_hidden: Array, of_cell: Array) -> tuple[Array, Array]:
    """The gradients of a step's weighted sums, and of the cell state before it."""
    with np.errstate(all="ignore"):
        (i, f, g, o), shown = gates, np.tanh(after)
        arriving = of_cell + of_hidden * o * (1 - shown * shown)
        deltas = (
            arriving * g * (i * (1 - i)),
            arriving * before * (f * (1 - f)),
            arriving * i * (1 - g * g),
            of_hidden * shown * (o * (1 - o)),
        )
        return np.concatenate(deltas, axis=1), arriving * f


def sequence(
    inputs: Array, kernel: Array, recurrent_kernel: Array, bias: Array, state: Any
) -> tuple[list[LSTMState], list[Any]]:
    """All states from the first one on, and the gates of every step."""
    states, gates = [LSTMState(*state)], []
    for x in np.moveaxis(inputs, 1, 0):
        after, of_step = step(x, kernel, recurrent_kernel, bias, states[-1])
        states.append(after)
        gates.append(of_step)
    return states, gates


def require_pair(argument: str, value: Any, *shapes: tuple[int, ...]) -> None:
    if not isinstance(value, tuple) or len(value) != 2:
        raise InvalidArgument(argument, "a tuple of two arrays", f"{type(value).__name__}")
    for place, (part, shape) in enumerate(zip(value, shapes, strict=True)):
        require_array(f"{argument}[{place}]", part, " ".join(map(str, shape)), shape)
