"""Simple recurrent networks and their gradients."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from conformance.implementations.numpy.arguments import Array, require_array
from reference.errors import InvalidArgument

__all__ = ["RecurrentGradients", "simple_rnn", "simple_rnn_step", "simple_rnn_step_vjp", "simple_rnn_vjp"]


class RecurrentGradients(NamedTuple):
    inputs: Array
    kernel: Array
    recurrent_kernel: Array
    bias: Array
    state: Any


def simple_rnn_step(inputs: Array, kernel: Array, recurrent_kernel: Array, bias: Array, state: Array) -> Array:
    require_array("state", state, "N U", require_network(inputs, kernel, recurrent_kernel, bias, "N D"))
    with np.errstate(all="ignore"):
        return np.tanh(inputs @ kernel + state @ recurrent_kernel + bias)


def simple_rnn_step_vjp(
    inputs: Array, kernel: Array, recurrent_kernel: Array, bias: Array, state: Array, cotangent: Array
) -> RecurrentGradients:
    output = simple_rnn_step(inputs, kernel, recurrent_kernel, bias, state)
    require_array("cotangent", cotangent, "N U", output.shape)
    with np.errstate(all="ignore"):
        return sums_vjp(inputs, kernel, recurrent_kernel, state, cotangent * (1 - output * output))


def simple_rnn(inputs: Array, kernel: Array, recurrent_kernel: Array, bias: Array, state: Array | None = None) -> Array:
    shape = require_network(inputs, kernel, recurrent_kernel, bias, "N T D")
    state = np.zeros(shape, inputs.dtype) if state is None else state
    require_array("state", state, "N U", shape)
    outputs = []
    for step in np.moveaxis(inputs, 1, 0):
        state = simple_rnn_step(step, kernel, recurrent_kernel, bias, state)
        outputs.append(state)
    return np.stack(outputs, axis=1)


def simple_rnn_vjp(
    inputs: Array, kernel: Array, recurrent_kernel: Array, bias: Array, state: Array, cotangent: Array
) -> RecurrentGradients:
    require_array("state", state, "N U", require_network(inputs, kernel, recurrent_kernel, bias, "N T D"))
    outputs = simple_rnn(inputs, kernel, recurrent_kernel, bias, state)
    require_array("cotangent", cotangent, "N T U", outputs.shape)
    with np.errstate(all="ignore"):
        deltas, handed_back = np.empty_like(outputs), np.zeros_like(state)
        for t in reversed(range(inputs.shape[1])):
            deltas[:, t] = (cotangent[:, t] + handed_back) * (1 - outputs[:, t] * outputs[:, t])
            handed_back = deltas[:, t] @ recurrent_kernel.T
    return sequence_vjp(inputs, kernel, recurrent_kernel, with_state_first(outputs, state), deltas)


def with_state_first(outputs: Array, state: Array) -> Array:
    """The states before each step: [N, T, U]."""
    return np.concatenate([state[:, None], outputs[:, :-1]], axis=1)


def sequence_vjp(inputs: Array, kernel: Array, recurrent_kernel: Array, before: Array, deltas: Array) -> Any:
    """The gradients of whole sequences, from those of the weighted sums: one product for all examples and steps."""
    gradients = sums_vjp(*(flat(a) if a.ndim == 3 else a for a in (inputs, kernel, recurrent_kernel, before, deltas)))
    state = gradients.state.reshape(before.shape)[:, 0].copy()
    return gradients._replace(inputs=gradients.inputs.reshape(inputs.shape), state=state)


def sums_vjp(inputs: Array, kernel: Array, recurrent_kernel: Array, state: Array, deltas: Array) -> RecurrentGradients:
    with np.errstate(all="ignore"):
        return RecurrentGradients(
            deltas @ kernel.T, inputs.T @ deltas, state.T @ deltas, deltas.sum(axis=0), deltas @ recurrent_kernel.T
        )


def flat(array: Array) -> Array:
    return array.reshape(-1, array.shape[-1])


def require_network(
    inputs: Array, kernel: Array, recurrent_kernel: Array, bias: Array, axes: str, sums: int = 1
) -> tuple[int, int]:
    """Check a network whose units have so many weighted sums each; return the shape of its state."""
    examples, *_, features = require_array("inputs", inputs, axes)
    columns = require_array("kernel", kernel, "D U")[1]
    require_array("kernel", kernel, "D U", (features, columns))
    if columns % sums:
        raise InvalidArgument("kernel", f"{sums} columns for each unit", f"{columns} columns")
    require_array("recurrent_kernel", recurrent_kernel, "U U", (columns // sums, columns))
    require_array("bias", bias, "U", (columns,))
    return examples, columns // sums
