"""Long short-term memories on the GPU.

The ladder is that of `recurrent`: a product in tiles for the inputs of all steps, a launch for all steps or one for
each, products in tiles for the gradients of the weights. Here a thread has four sums for each unit of an example, makes
gates of them and at once the state, and leaves the gates where the sums were, for the way back.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fast.cuda.activations import sigmoid_at, tanh_at
from fast.cuda.device import empty, synchronizing_function, to_device
from fast.cuda.device_arrays import takes_device_arrays
from fast.cuda.recurrent import (
    Network,
    delta_carried,
    gradients_of_sums,
    network_on_device,
    state_before,
    state_carried,
    state_on_device,
    sums_of_inputs,
)
from fast.cuda.recurrent_steps import kernels_of_steps, run_steps
from fast.results import LSTMSequence, LSTMState, RecurrentGradients
from fast.validation.recurrent import require_pair, require_weights

__all__ = ["lstm", "lstm_step", "lstm_step_vjp", "lstm_vjp"]

Pair = tuple[Any, Any]


@synchronizing_function
def make_state(totals: Any, row: int, details: Any, example: int, step: int, unit: int, carries: Any) -> None:
    """The gates, in place of a step's x·W + b, and the states after it."""
    _, outputs, gates, state, cells, last_cell = details
    units = outputs.shape[2]
    enters = sigmoid_at(gates[example, step, unit] + totals[row, 0])
    stays = sigmoid_at(gates[example, step, units + unit] + totals[row, 1])
    candidate = tanh_at(gates[example, step, 2 * units + unit] + totals[row, 2])
    shown = sigmoid_at(gates[example, step, 3 * units + unit] + totals[row, 3])
    gates[example, step, unit], gates[example, step, units + unit] = enters, stays
    gates[example, step, 2 * units + unit], gates[example, step, 3 * units + unit] = candidate, shown
    cell = stays * state_before(state, cells, example, step, unit) + enters * candidate
    cells[example, step, unit] = cell
    if step == outputs.shape[1] - 1:
        last_cell[example, unit] = cell
    carries[0] = shown * tanh_at(cell)
    outputs[example, step, unit] = carries[0]


@synchronizing_function
def make_deltas(totals: Any, row: int, details: Any, example: int, step: int, unit: int, carries: Any) -> None:
    """The gradients of a step's weighted sums, and of the cell before it."""
    deltas, of_state, of_cells, of_output, of_last_cell, gates, cell, cells = details
    units, one = cells.shape[2], deltas.dtype.type(1)
    if step < 0:
        of_state[example, unit] = totals[row, 0]
        return
    enters, stays = gates[example, step, unit], gates[example, step, units + unit]
    candidate, shown = gates[example, step, 2 * units + unit], gates[example, step, 3 * units + unit]
    output = tanh_at(cells[example, step, unit])
    of_hidden = of_output[example, step, unit] + totals[row, 0]
    later = of_last_cell[example, unit] if step == cells.shape[1] - 1 else of_cells[example, unit]
    of_cell = later + of_hidden * shown * (one - output * output)
    carries[0] = of_cell * candidate * (enters * (one - enters))
    carries[1] = of_cell * state_before(cell, cells, example, step, unit) * (stays * (one - stays))
    carries[2] = of_cell * enters * (one - candidate * candidate)
    carries[3] = of_hidden * output * (shown * (one - shown))
    for gate in range(4):
        deltas[example, step, gate * units + unit] = carries[gate]
    of_cells[example, unit] = of_cell * stays


FORWARDS = forward_in_block, forward_step = kernels_of_steps(4, 1, True, state_carried, make_state)
BACK = back_in_block, back_step = kernels_of_steps(1, 4, False, delta_carried, make_deltas)


@takes_device_arrays
def lstm_step(
    inputs: np.ndarray, kernel: np.ndarray, recurrent_kernel: np.ndarray, bias: np.ndarray, state: Pair
) -> LSTMState:
    """As `reference.lstm_step`, on the GPU.

    Args:
        inputs: [N, D].
        kernel: [D, 4U].
        recurrent_kernel: [U, 4U].
        bias: [4U].
        state: the tuple (hidden [N, U], cell [N, U]).

    Returns:
        LSTMState(hidden [N, U], cell [N, U]).

    Raises:
        InvalidArgument: as the reference, and if an array isn't float32 or float64, or the dtypes differ.
    """
    network = inputs, kernel, recurrent_kernel, bias
    shape = require_weights(*network, "N D", 4)
    require_pair("state", state, (shape, shape), inputs.dtype)
    before = to_device(state[0]), to_device(state[1])
    outputs, cell, _, _ = states_on_device(network_on_device(*network), before)
    return LSTMState(outputs.reshape(*shape), cell)


@takes_device_arrays
def lstm_step_vjp(
    inputs: np.ndarray,
    kernel: np.ndarray,
    recurrent_kernel: np.ndarray,
    bias: np.ndarray,
    state: Pair,
    cotangent: Pair,
) -> RecurrentGradients:
    """As `reference.lstm_step_vjp`, on the GPU: arguments of `lstm_step` and a cotangent, a tuple of two [N, U]."""
    network = inputs, kernel, recurrent_kernel, bias
    shape = require_weights(*network, "N D", 4)
    require_pair("state", state, (shape, shape), inputs.dtype)
    require_pair("cotangent", cotangent, (shape, shape), inputs.dtype)
    slopes = to_device(cotangent[0]).reshape(shape[0], 1, shape[1]), to_device(cotangent[1])
    before = to_device(state[0]), to_device(state[1])
    gradients = back_through_time(network_on_device(*network), before, slopes)
    return gradients._replace(inputs=gradients.inputs.reshape(*inputs.shape))


@takes_device_arrays
def lstm(
    inputs: np.ndarray, kernel: np.ndarray, recurrent_kernel: np.ndarray, bias: np.ndarray, state: Pair | None = None
) -> LSTMSequence:
    """As `reference.lstm`, on the GPU.

    Args:
        inputs: [N, T, D].
        kernel: [D, 4U].
        recurrent_kernel: [U, 4U].
        bias: [4U].
        state: the tuple (hidden [N, U], cell [N, U]); zeros when not given.

    Returns:
        LSTMSequence(outputs [N, T, U], cell [N, U]).

    Raises:
        InvalidArgument: as the reference, and if an array isn't float32 or float64, or the dtypes differ.
    """
    network = inputs, kernel, recurrent_kernel, bias
    shape = require_weights(*network, "N T D", 4)
    hidden, cell = (None, None) if state is None else require_pair("state", state, (shape, shape), inputs.dtype)
    before = state_on_device(hidden, shape, inputs.dtype), state_on_device(cell, shape, inputs.dtype)
    outputs, cell, _, _ = states_on_device(network_on_device(*network), before)
    return LSTMSequence(outputs, cell)


@takes_device_arrays
def lstm_vjp(
    inputs: np.ndarray,
    kernel: np.ndarray,
    recurrent_kernel: np.ndarray,
    bias: np.ndarray,
    state: Pair,
    cotangent: Pair,
) -> RecurrentGradients:
    """As `reference.lstm_vjp`, on the GPU: arguments of `lstm`, with a state; a cotangent ([N, T, U], [N, U])."""
    network = inputs, kernel, recurrent_kernel, bias
    shape = require_weights(*network, "N T D", 4)
    require_pair("state", state, (shape, shape), inputs.dtype)
    require_pair("cotangent", cotangent, ((*inputs.shape[:2], shape[1]), shape), inputs.dtype)
    before, slopes = (tuple(map(to_device, pair)) for pair in (state, cotangent))
    return back_through_time(network_on_device(*network), before, slopes)


def states_on_device(network: Network, state: Pair) -> tuple[Any, Any, Any, Any]:
    """The states after all steps [N, T, U], the last cells [N, U], all cells and gates [N, T, 4U], of device arrays."""
    inputs, _, recurrent_kernel, _ = network
    hidden, cell = state
    shape, gates = (*inputs.shape[:2], hidden.shape[1]), sums_of_inputs(network)
    outputs, cells, last_cell = (empty(lengths, hidden.dtype) for lengths in (shape, shape, cell.shape))
    details = hidden, outputs, gates, cell, cells, last_cell
    run_steps(FORWARDS, recurrent_kernel, details, shape[0], range(shape[1]), forwards=True)
    return outputs, last_cell, cells, gates


def back_through_time(network: Network, state: Pair, cotangent: Pair) -> RecurrentGradients:
    """All gradients, of device arrays."""
    outputs, _, cells, gates = states_on_device(network, state)
    deltas, of_hidden, of_cell = (empty(array.shape, array.dtype) for array in (gates, *state))
    details = deltas, of_hidden, of_cell, *cotangent, gates, state[1], cells
    examples, steps, _ = outputs.shape
    run_steps(BACK, network[2], details, examples, range(steps - 1, -2, -1), forwards=False)
    return gradients_of_sums(network, state[0], outputs, deltas, LSTMState(of_hidden, of_cell))
