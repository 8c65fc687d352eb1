"""Long short-term memories on the GPU.

The ladder is that of `recurrent`: a product in tiles for the inputs of all steps, a kernel for each step with a thread
for each unit of each example, products in tiles for the gradients of the weights. Here such a thread has four sums, and
leaves the gates where the sums were, for the way back.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fast.cuda.activations import sigmoid_at, tanh_at
from fast.cuda.device import cuda, empty, kernel, to_device
from fast.cuda.recurrent import (
    Network,
    examples_first,
    go,
    gradients_of_sums,
    handed_back,
    product_with_state,
    room_after,
    sums_of_inputs,
)
from fast.results import LSTMSequence, LSTMState, RecurrentGradients
from fast.validation.recurrent import require_pair, require_weights

__all__ = ["lstm", "lstm_step", "lstm_step_vjp", "lstm_vjp"]

Pair = tuple[np.ndarray, np.ndarray]


@kernel
def step_forward(gates: Any, recurrent_kernel: Any, hidden: Any, cell: Any, step: int) -> None:
    """Make gates of a step's x·W + b, and the states after it, one thread a unit of an example."""
    rows, units = hidden.shape[1], hidden.shape[2]
    for place in range(cuda.grid(1), rows * units, cuda.gridsize(1)):
        row, unit = place // units, place % units
        for gate in range(4):
            column = gate * units + unit
            total = gates[step, row, column] + product_with_state(hidden, recurrent_kernel, step, row, column)
            gates[step, row, column] = tanh_at(total) if gate == 2 else sigmoid_at(total)
        enters, stays = gates[step, row, unit], gates[step, row, units + unit]
        candidate, shown = gates[step, row, 2 * units + unit], gates[step, row, 3 * units + unit]
        kept = stays * cell[step, row, unit] + enters * candidate
        cell[step + 1, row, unit] = kept
        hidden[step + 1, row, unit] = shown * tanh_at(kept)


@kernel
def step_back(
    cotangent: Any, recurrent_kernel: Any, gates: Any, cell: Any, deltas: Any, of_cells: Any, step: int
) -> None:
    """The gradients of a step's weighted sums, and of the cell before it, one thread a unit of an example."""
    rows, units, one = of_cells.shape[0], of_cells.shape[1], deltas.dtype.type(1)
    for place in range(cuda.grid(1), rows * units, cuda.gridsize(1)):
        row, unit = place // units, place % units
        enters, stays = gates[step, row, unit], gates[step, row, units + unit]
        candidate, shown = gates[step, row, 2 * units + unit], gates[step, row, 3 * units + unit]
        output = tanh_at(cell[step + 1, row, unit])
        of_hidden = cotangent[step, row, unit] + handed_back(deltas, recurrent_kernel, step + 1, row, unit)
        of_cell = of_cells[row, unit] + of_hidden * shown * (one - output * output)
        deltas[step, row, unit] = of_cell * candidate * (enters * (one - enters))
        deltas[step, row, units + unit] = of_cell * cell[step, row, unit] * (stays * (one - stays))
        deltas[step, row, 2 * units + unit] = of_cell * enters * (one - candidate * candidate)
        deltas[step, row, 3 * units + unit] = of_hidden * output * (shown * (one - shown))
        of_cells[row, unit] = of_cell * stays


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
    hidden, cell, _ = states_on_device((inputs[:, None], *network[1:]), state)
    return LSTMState(hidden.copy_to_host()[1].copy(), cell.copy_to_host()[1].copy())


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
    gradients = back_through_time((inputs[:, None], *network[1:]), state, (cotangent[0][:, None], cotangent[1]))
    return gradients._replace(inputs=gradients.inputs[:, 0].copy())


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
    state = (np.zeros(shape, inputs.dtype),) * 2 if state is None else state
    require_pair("state", state, (shape, shape), inputs.dtype)
    hidden, cell, _ = states_on_device(network, state)
    return LSTMSequence(examples_first(hidden.copy_to_host()[1:]), cell.copy_to_host()[-1].copy())


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
    return back_through_time(network, state, cotangent)


def states_on_device(network: Network, state: Pair) -> tuple[Any, Any, Any]:
    """Hidden and cell states of all steps and before them, time first [T + 1, N, U]; and the gates [T, N, 4U]."""
    gates, recurrent_kernel = sums_of_inputs(network), to_device(network[2])
    hidden, cell = (to_device(room_after(before, network)) for before in state)
    go(step_forward, state[0].size, range(network[0].shape[1]), gates, recurrent_kernel, hidden, cell)
    return hidden, cell, gates


def back_through_time(network: Network, state: Pair, cotangent: Pair) -> RecurrentGradients:
    hidden, cell, gates = states_on_device(network, state)
    deltas, of_cells = empty(gates.shape, state[0].dtype), to_device(cotangent[1])
    arrays = to_device(cotangent[0].swapaxes(0, 1)), to_device(network[2]), gates, cell, deltas, of_cells
    go(step_back, state[0].size, reversed(range(gates.shape[0])), *arrays)
    gradients = gradients_of_sums(network, hidden, deltas)
    return gradients._replace(state=LSTMState(gradients.state, of_cells.copy_to_host()))
