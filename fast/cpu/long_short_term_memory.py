"""Long short-term memories and their gradients.

The ladder is that of `recurrent`, whose products these are, and one more step: the gates take the place of the weighted
sums that they are made of, so that the way back finds them where it writes the gradients of those sums.
"""

from __future__ import annotations

import numpy as np

from fast.cpu import elementary
from fast.cpu.arguments import Form, contiguous, deliver, destinations
from fast.cpu.compilation import compiled
from fast.cpu.matrix_product import Matrix, matrix_product, multiplier
from fast.cpu.recurrent import Network, gradients_of_sums, sums_of_inputs, time_first
from fast.cpu.squashing import sigmoid_loop, tanh_loop
from fast.results import LSTMSequence, LSTMState, RecurrentGradients
from fast.validation.recurrent import require_pair, require_weights

__all__ = ["LSTMSequence", "LSTMState", "lstm", "lstm_step", "lstm_step_vjp", "lstm_vjp"]

Pair = tuple[np.ndarray, np.ndarray]


def lstm_step(
    inputs: np.ndarray,
    kernel: np.ndarray,
    recurrent_kernel: np.ndarray,
    bias: np.ndarray,
    state: Pair,
    *,
    out: LSTMState | None = None,
) -> LSTMState:
    """One step of a long short-term memory; gates in the order input, forget, candidate, output.

    Args: inputs [N, D]; kernel [D, 4U]; recurrent_kernel [U, 4U]; bias [4U]; state, the tuple (hidden, cell), [N, U];
        out, two arrays [N, U].
    Returns: LSTMState(hidden, cell), [N, U] each.
    Memory: as `lstm` for a single step.
    Raises: InvalidArgument, as `reference.lstm_step`.
    """
    shape = require_weights(inputs, kernel, recurrent_kernel, bias, "N D", 4)
    require_pair("state", state, (shape, shape), inputs.dtype)
    targets = destinations(out, LSTMState(*state))
    hidden, cell, _ = _states((inputs[:, None], kernel, recurrent_kernel, bias), state)
    targets.hidden[...], targets.cell[...] = hidden[1], cell[1]
    return deliver(targets, out)


def lstm_step_vjp(
    inputs: np.ndarray,
    kernel: np.ndarray,
    recurrent_kernel: np.ndarray,
    bias: np.ndarray,
    state: Pair,
    cotangent: Pair,
    *,
    out: RecurrentGradients | None = None,
) -> RecurrentGradients:
    """Carry a gradient back through one step of a long short-term memory.

    Args: as `lstm_step`; cotangent, a tuple of the gradients of hidden and cell, [N, U] each; out, the arrays to write
        into, those of the state in a tuple.
    Returns: RecurrentGradients, of the shapes of the inputs; its state is an LSTMState.
    Memory: as `lstm_vjp` for a single step.
    Raises: InvalidArgument, as `reference.lstm_step_vjp`.
    """
    shape = require_weights(inputs, kernel, recurrent_kernel, bias, "N D", 4)
    require_pair("state", state, (shape, shape), inputs.dtype)
    require_pair("cotangent", cotangent, (shape, shape), inputs.dtype)
    network = inputs[:, None], kernel, recurrent_kernel, bias
    targets = _targets(out, inputs, network[1:], state, cotangent)
    _vjp(network, state, (cotangent[0][:, None], cotangent[1]), targets)
    return deliver(targets, out)


def lstm(
    inputs: np.ndarray,
    kernel: np.ndarray,
    recurrent_kernel: np.ndarray,
    bias: np.ndarray,
    state: Pair | None = None,
    *,
    out: LSTMSequence | None = None,
) -> LSTMSequence:
    """A long short-term memory over whole sequences.

    Args: inputs [N, T, D]; the others as `lstm_step`, the state zeros when not given; out, the two arrays.
    Returns: LSTMSequence(outputs [N, T, U], cell [N, U]).
    Memory: six arrays of the size of the outputs, and one of that of the inputs.
    Raises: InvalidArgument, as `reference.lstm`.
    """
    shape = require_weights(inputs, kernel, recurrent_kernel, bias, "N T D", 4)
    state = (np.zeros(shape, inputs.dtype),) * 2 if state is None else state
    require_pair("state", state, (shape, shape), inputs.dtype)
    like = LSTMSequence(Form((*inputs.shape[:2], shape[1]), inputs.dtype), Form(shape, inputs.dtype))
    targets = destinations(out, like)
    hidden, cell, _ = _states((inputs, kernel, recurrent_kernel, bias), state)
    targets.outputs[...], targets.cell[...] = hidden[1:].swapaxes(0, 1), cell[-1]
    return deliver(targets, out)


def lstm_vjp(
    inputs: np.ndarray,
    kernel: np.ndarray,
    recurrent_kernel: np.ndarray,
    bias: np.ndarray,
    state: Pair,
    cotangent: Pair,
    *,
    out: RecurrentGradients | None = None,
) -> RecurrentGradients:
    """Carry a gradient back through whole sequences of a long short-term memory.

    Args: as `lstm`, with a state; cotangent, a tuple of the gradients of outputs [N, T, U] and cell [N, U]; out, the
        arrays to write into, those of the state in a tuple.
    Returns: RecurrentGradients, of the shapes of the inputs; its state is an LSTMState.
    Memory: seven arrays of the size of the outputs, and two of that of the inputs.
    Raises: InvalidArgument, as `reference.lstm_vjp`.
    """
    shape = require_weights(inputs, kernel, recurrent_kernel, bias, "N T D", 4)
    require_pair("state", state, (shape, shape), inputs.dtype)
    require_pair("cotangent", cotangent, ((*inputs.shape[:2], shape[1]), shape), inputs.dtype)
    targets = _targets(out, inputs, (kernel, recurrent_kernel, bias), state, cotangent)
    _vjp((inputs, kernel, recurrent_kernel, bias), state, cotangent, targets)
    return deliver(targets, out)


def _targets(
    out: RecurrentGradients | None, inputs: np.ndarray, weights: tuple[np.ndarray, ...], state: Pair, cotangent: Pair
) -> RecurrentGradients:
    """Where the gradients are written."""
    like = RecurrentGradients(inputs, *weights, LSTMState(*state))
    return destinations(out, like, inputs, *weights, *state, *cotangent)


def _states(network: Network, state: Pair) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Hidden and cell states of all steps and before them, time first [T + 1, N, U]; and the gates [T, N, 4U]."""
    gates, recurrent_kernel = sums_of_inputs(network), contiguous(network[2])
    hidden, cell = (np.empty((len(gates) + 1, *before.shape), gates.dtype) for before in state)
    hidden[0], cell[0] = state
    _go_forward(multiplier(gates.dtype), gates, recurrent_kernel, hidden, cell)
    return hidden, cell, gates


def _vjp(network: Network, state: Pair, cotangent: Pair, targets: RecurrentGradients) -> None:
    hidden, cell, gates = _states(network, state)
    d_hidden, d_cell = targets.state
    d_cell[...], recurrent_kernel = cotangent[1], contiguous(network[2])
    _go_back(multiplier(gates.dtype), time_first(cotangent[0]), recurrent_kernel, cell, gates, d_hidden, d_cell)
    gradients_of_sums(network, hidden[:-1], gates, targets)


@compiled()
def _go_forward(address, gates, recurrent_kernel, hidden, cell):
    """Make of each step's x·W + b its gates, and write the states after it."""
    steps, rows, columns = gates.shape
    units = columns // 4
    products, right = np.empty(rows * columns, gates.dtype), Matrix(recurrent_kernel.ravel(), 0, columns, 1)
    for t in range(steps):
        matrix_product(
            address, Matrix(hidden[t].ravel(), 0, units, 1), right, products[:0], products, rows, units, columns
        )
        for n in range(rows):
            own, added = gates[t, n], products[n * columns : (n + 1) * columns]
            for j in range(columns):
                own[j] += added[j]
            sigmoid_loop(own[: 2 * units], own[: 2 * units])
            tanh_loop(own[2 * units : 3 * units], own[2 * units : 3 * units])
            sigmoid_loop(own[3 * units :], own[3 * units :])
            before, after, shown = cell[t, n], cell[t + 1, n], hidden[t + 1, n]
            for u in range(units):
                after[u] = own[units + u] * before[u] + own[u] * own[2 * units + u]
            tanh_loop(after, shown)
            for u in range(units):
                shown[u] *= own[3 * units + u]


@compiled()
def _go_back(address, cotangent, recurrent_kernel, cell, gates, d_hidden, d_cell):
    """Write the gradient of each step's weighted sums over its gates; what is left to hand back is the state's."""
    steps, rows, columns = gates.shape
    units, one = columns // 4, gates.dtype.type(1)
    back, right = d_hidden.ravel(), Matrix(recurrent_kernel.ravel(), 0, 1, columns)
    for i in range(back.size):
        back[i] = 0
    for t in range(steps - 1, -1, -1):
        for n in range(rows):
            own, before, after = gates[t, n], cell[t, n], cell[t + 1, n]
            for u in range(units):
                enters, stays, candidate = own[u], own[units + u], own[2 * units + u]
                output, shown = own[3 * units + u], elementary.tanh(after[u])
                of_hidden = cotangent[t, n, u] + d_hidden[n, u]
                of_cell = d_cell[n, u] + of_hidden * output * (one - shown * shown)
                own[u] = of_cell * candidate * (enters * (one - enters))
                own[units + u] = of_cell * before[u] * (stays * (one - stays))
                own[2 * units + u] = of_cell * enters * (one - candidate * candidate)
                own[3 * units + u] = of_hidden * shown * (output * (one - output))
                d_cell[n, u] = of_cell * stays
        matrix_product(address, Matrix(gates[t].ravel(), 0, columns, 1), right, back[:0], back, rows, columns, units)
