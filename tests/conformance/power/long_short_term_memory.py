"""Long short-term memories: gates, their order, what they are applied to."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.implementations import numpy as base
from conformance.implementations.numpy.arguments import Array
from tests.conformance.power.entering import BOUND, GRADIENTS, LAWS, MANNERS, right, wrong
from tests.conformance.power.pieces import wider

# --- wrong ------------------------------------------------------------------------------------------------------------


def _reordered(order: tuple[int, ...], *weights: Array) -> list[Array]:
    """Weights whose gates lie in another order."""
    return [np.concatenate([np.split(array, 4, axis=-1)[gate] for gate in order], axis=-1) for array in weights]


@wrong("lstm_step", BOUND, LAWS)
def gates_in_the_order_of_the_formula(
    inputs: Array, kernel: Array, recurrent_kernel: Array, bias: Array, state: Any
) -> Any:
    """Input, forget, output, candidate: the gates first, as many write them, in place of Keras' order."""
    return base.lstm_step(inputs, *_reordered((0, 1, 3, 2), kernel, recurrent_kernel, bias), state)


@wrong("lstm_step", BOUND, LAWS)
def gates_in_the_order_of_blocks(inputs: Array, kernel: Array, recurrent_kernel: Array, bias: Array, state: Any) -> Any:
    """Input, candidate, forget, output: the order of TensorFlow 1's cells."""
    return base.lstm_step(inputs, *_reordered((0, 2, 1, 3), kernel, recurrent_kernel, bias), state)


@wrong("lstm_step", BOUND, LAWS)
def cell_shown_as_it_is(*network: Any) -> Any:
    """The tanh on the cell's way out is missing."""
    hidden, cell = base.lstm_step(*network)
    shown = np.tanh(cell)
    return base.LSTMState(np.where(shown == 0, hidden, hidden / np.where(shown == 0, 1, shown) * cell), cell)


@wrong("lstm_step", BOUND, LAWS)
def tanh_of_the_old_cell_is_shown(
    inputs: Array, kernel: Array, recurrent_kernel: Array, bias: Array, state: Any
) -> Any:
    """The output gate is held over the cell state before the step."""
    after = base.lstm_step(inputs, kernel, recurrent_kernel, bias, state)
    sums = inputs @ kernel + state[0] @ recurrent_kernel + bias
    return after._replace(hidden=base.sigmoid(sums[:, 3 * len(recurrent_kernel) :]) * np.tanh(state[1]))


@wrong("lstm_step", BOUND)
def unit_forget_bias(inputs: Array, kernel: Array, recurrent_kernel: Array, bias: Array, state: Any) -> Any:
    """What initializes the forget gate's bias is added to it at every step."""
    units = len(recurrent_kernel)
    ones = np.zeros_like(bias)
    ones[units : 2 * units] = 1
    return base.lstm_step(inputs, kernel, recurrent_kernel, bias + ones, state)


@wrong("lstm_step", BOUND)
def forget_gate_is_what_the_input_gate_leaves(
    inputs: Array, kernel: Array, recurrent_kernel: Array, bias: Array, state: Any
) -> Any:
    """Coupled gates: f = 1 - i."""
    changed = [array.copy() for array in (kernel, recurrent_kernel, bias)]
    units = len(recurrent_kernel)
    for array in changed:
        array[..., units : 2 * units] = -array[..., :units]
    return base.lstm_step(inputs, *changed, state)


@wrong("lstm", BOUND)
def bias_added_twice(inputs: Array, kernel: Array, recurrent_kernel: Array, bias: Array, state: Any = None) -> Any:
    """Once with the inputs and once with the states, as where each has a bias of its own."""
    return base.lstm(inputs, kernel, recurrent_kernel, 2 * bias, state)


@wrong("lstm", BOUND, LAWS)
def hidden_state_ignored(inputs: Array, kernel: Array, recurrent_kernel: Array, bias: Array, state: Any = None) -> Any:
    """Only the cell state that is given is used."""
    base.lstm(inputs, kernel, recurrent_kernel, bias, state)
    return base.lstm(inputs, kernel, recurrent_kernel, bias, None if state is None else (0 * state[0], state[1]))


@wrong("lstm", BOUND, LAWS)
def cell_state_ignored(inputs: Array, kernel: Array, recurrent_kernel: Array, bias: Array, state: Any = None) -> Any:
    """Only the hidden state that is given is used."""
    base.lstm(inputs, kernel, recurrent_kernel, bias, state)
    return base.lstm(inputs, kernel, recurrent_kernel, bias, None if state is None else (state[0], 0 * state[1]))


@wrong("lstm", BOUND, LAWS)
def states_swapped(inputs: Array, kernel: Array, recurrent_kernel: Array, bias: Array, state: Any = None) -> Any:
    """The state is given as (cell, hidden)."""
    return base.lstm(inputs, kernel, recurrent_kernel, bias, None if state is None else state[::-1])


@wrong("lstm", BOUND, LAWS)
def last_output_in_all_places(*network: Any) -> Any:
    """The last step's output for all steps."""
    outputs, cell = base.lstm(*network)
    return base.LSTMSequence(np.repeat(outputs[:, -1:], outputs.shape[1], axis=1), cell)


@wrong("lstm", BOUND, LAWS)
def hidden_state_for_the_cell(*network: Any) -> Any:
    """What is returned to go on from is the hidden state twice."""
    outputs, _ = base.lstm(*network)
    return base.LSTMSequence(outputs, outputs[:, -1].copy())


@wrong("lstm_step_vjp", BOUND, GRADIENTS)
def cells_own_cotangent_left_out(
    inputs: Array, kernel: Array, recurrent_kernel: Array, bias: Array, state: Any, cotangent: Any
) -> Any:
    """Only what comes by the hidden state goes back."""
    return base.lstm_step_vjp(inputs, kernel, recurrent_kernel, bias, state, (cotangent[0], 0 * cotangent[1]))


@wrong("lstm_step_vjp", BOUND, GRADIENTS)
def cell_only_through_the_cell(
    inputs: Array, kernel: Array, recurrent_kernel: Array, bias: Array, state: Any, cotangent: Any
) -> Any:
    """The hidden state's share of the old cell's gradient is missing."""
    call = inputs, kernel, recurrent_kernel, bias, state
    alone = base.lstm_step_vjp(*call, (0 * cotangent[0], cotangent[1]))
    whole = base.lstm_step_vjp(*call, cotangent)
    return whole._replace(state=whole.state._replace(cell=alone.state.cell))


@wrong("lstm_step_vjp", BOUND, GRADIENTS, LAWS)
def output_gate_gets_no_gradient(*arguments: Any) -> Any:
    """Three gates learn, the fourth one's bias doesn't."""
    result = base.lstm_step_vjp(*arguments)
    bias = result.bias.copy()
    bias[3 * len(bias) // 4 :] = 0
    return result._replace(bias=bias)


@wrong("lstm_vjp", BOUND, GRADIENTS, LAWS)
def cell_gradient_cut_between_steps(
    inputs: Array, kernel: Array, recurrent_kernel: Array, bias: Array, state: Any, cotangent: Any
) -> Any:
    """Gradients go back by the hidden state only: the cell's way is the one that would not vanish."""
    call = inputs, kernel, recurrent_kernel, bias
    right = base.lstm_vjp(*call, state, cotangent)
    if inputs.shape[1] == 1:
        return right
    shorter = tuple(np.ascontiguousarray(part[:, :-1]) for part in (inputs, cotangent[0]))
    before = base.lstm(shorter[0], *call[1:], state)
    last = base.lstm_step_vjp(
        inputs[:, -1], *call[1:], (before.outputs[:, -1], before.cell), (cotangent[0][:, -1], cotangent[1])
    )
    slopes = shorter[1].copy()
    slopes[:, -1] += last.state.hidden
    part = base.lstm_vjp(shorter[0], *call[1:], state, (slopes, 0 * cotangent[1]))
    return base.RecurrentGradients(
        np.concatenate([part.inputs, last.inputs[:, None]], axis=1),
        part.kernel + last.kernel,
        part.recurrent_kernel + last.recurrent_kernel,
        part.bias + last.bias,
        part.state,
    )


@wrong("lstm_vjp", BOUND, GRADIENTS)
def outputs_cotangent_at_the_last_step_only(
    inputs: Array, kernel: Array, recurrent_kernel: Array, bias: Array, state: Any, cotangent: Any
) -> Any:
    """As if the loss saw the last output only."""
    last = cotangent[0].copy()
    last[:, :-1] = 0
    return base.lstm_vjp(inputs, kernel, recurrent_kernel, bias, state, (last, cotangent[1]))


@wrong("lstm_vjp", BOUND, GRADIENTS, LAWS)
def states_gradients_swapped(*arguments: Any) -> Any:
    """(cell, hidden) in place of (hidden, cell)."""
    result = base.lstm_vjp(*arguments)
    return result._replace(state=base.LSTMState(*result.state[::-1]))


@wrong("lstm", f"{MANNERS}: leaves its inputs alone", cases=200)
def cell_kept_in_the_callers_array(
    inputs: Array, kernel: Array, recurrent_kernel: Array, bias: Array, state: Any = None
) -> Any:
    """The cell state that is given is where the cell state is kept."""
    outputs, cell = base.lstm(inputs, kernel, recurrent_kernel, bias, state)
    if state is not None and state[1].flags.writeable:
        state[1][...] = cell
    return base.LSTMSequence(outputs, cell)


# --- right ------------------------------------------------------------------------------------------------------------


@right("lstm")
def gate_by_gate(inputs: Array, kernel: Array, recurrent_kernel: Array, bias: Array, state: Any = None) -> Any:
    """Keras' other implementation: a product for each gate, the inputs' for all steps at once; the last gate first."""
    kernels, recurrent_kernels, biases = (np.split(a, 4, axis=-1) for a in (kernel, recurrent_kernel, bias))
    sums = [inputs @ own + b for own, b in zip(kernels, biases, strict=True)]
    hidden, cell = (np.zeros((len(inputs), len(recurrent_kernel)), inputs.dtype),) * 2 if state is None else state
    outputs = []
    for t in range(inputs.shape[1]):
        o, g, f, i = (sums[gate][:, t] + hidden @ recurrent_kernels[gate] for gate in (3, 2, 1, 0))
        cell = base.sigmoid(i) * np.tanh(g) + base.sigmoid(f) * cell
        hidden = np.tanh(cell) * base.sigmoid(o)
        outputs.append(hidden)
    return base.LSTMSequence(np.stack(outputs, axis=1), cell)


@right("lstm_step_vjp")
def back_through_a_wider_format(*arguments: Any) -> Any:
    """Everything in the next wider format, rounded once."""

    def cast(value: Any, dtype: Any) -> Any:
        return tuple(cast(part, dtype) for part in value) if isinstance(value, tuple) else value.astype(dtype)

    narrow = arguments[0].dtype
    *gradients, state = base.lstm_step_vjp(*(cast(argument, wider(narrow)) for argument in arguments))
    return base.RecurrentGradients(*cast(tuple(gradients), narrow), cast(tuple(state), narrow))
