"""Simple recurrent networks and their gradients.

The ladder (a sequence of T steps):
1. the dense layer and tanh of `linear` and `squashing` for each step: T times the checking and dispatching, which for
   a few units is most of the work.
2. all products with inputs at once: they don't wait for any state, so [N, T, D] is one matrix of N·T rows.
3. the steps in one compiled loop, which is left with a product of the state and the recurrent kernel.
4. time first in memory: then a step's states are one matrix without gaps, and for the gradients all steps are one.

Back through time it is the same the other way round: the loop only makes the gradients of the weighted sums, from which
two products over all steps make those of the kernels.
"""

from __future__ import annotations

import numpy as np

from fast.cpu.arguments import contiguous, deliver, destination, destinations
from fast.cpu.compilation import compiled
from fast.cpu.finishing import BIAS_ONLY
from fast.cpu.linear import dense_vjp_kernel, product_kernel
from fast.cpu.matrix_product import Matrix, matrix_product, multiplier
from fast.cpu.squashing import tanh_loop
from fast.results import RecurrentGradients
from fast.validation import require_like
from fast.validation.recurrent import require_state, require_weights

__all__ = ["RecurrentGradients", "simple_rnn", "simple_rnn_step", "simple_rnn_step_vjp", "simple_rnn_vjp"]

Network = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def simple_rnn_step(
    inputs: np.ndarray,
    kernel: np.ndarray,
    recurrent_kernel: np.ndarray,
    bias: np.ndarray,
    state: np.ndarray,
    *,
    out: np.ndarray | None = None,
) -> np.ndarray:
    """One step of a simple recurrent network: tanh(x·W + h·R + b).

    Args: inputs [N, D]; kernel [D, U]; recurrent_kernel [U, U]; bias [U]; state [N, U]; out [N, U].
    Returns: [N, U].
    Memory: as `simple_rnn` for a single step.
    Raises: InvalidArgument, as `reference.simple_rnn_step`.
    """
    shape = require_weights(inputs, kernel, recurrent_kernel, bias, "N D", 1)
    require_like("state", state, shape, inputs.dtype, "for {0} examples and {1} units")
    target = destination(out, shape, inputs.dtype)
    target[...] = hidden_states((inputs[:, None], kernel, recurrent_kernel, bias), state)[1]
    return deliver(target, out)


def simple_rnn_step_vjp(
    inputs: np.ndarray,
    kernel: np.ndarray,
    recurrent_kernel: np.ndarray,
    bias: np.ndarray,
    state: np.ndarray,
    cotangent: np.ndarray,
    *,
    out: RecurrentGradients | None = None,
) -> RecurrentGradients:
    """Carry a gradient back through one step of a simple recurrent network.

    Args: as `simple_rnn_step`; cotangent [N, U]; out, the five arrays to write into.
    Returns: RecurrentGradients, of the shapes of the inputs.
    Memory: as `simple_rnn_vjp` for a single step.
    Raises: InvalidArgument, as `reference.simple_rnn_step_vjp`.
    """
    shape = require_weights(inputs, kernel, recurrent_kernel, bias, "N D", 1)
    require_like("state", state, shape, inputs.dtype, "for {0} examples and {1} units")
    require_like("cotangent", cotangent, shape, inputs.dtype, "of the output")
    targets = _targets(out, inputs, kernel, recurrent_kernel, bias, state, cotangent)
    _vjp((inputs[:, None], kernel, recurrent_kernel, bias), state, cotangent[:, None], targets)
    return deliver(targets, out)


def simple_rnn(
    inputs: np.ndarray,
    kernel: np.ndarray,
    recurrent_kernel: np.ndarray,
    bias: np.ndarray,
    state: np.ndarray | None = None,
    *,
    out: np.ndarray | None = None,
) -> np.ndarray:
    """A simple recurrent network over whole sequences: the output of every step.

    Args: inputs [N, T, D]; kernel [D, U]; recurrent_kernel [U, U]; bias [U]; state [N, U], zeros when not given;
        out [N, T, U].
    Returns: [N, T, U].
    Memory: two arrays of that size, and one of the size of the inputs.
    Raises: InvalidArgument, as `reference.simple_rnn`.
    """
    shape = require_weights(inputs, kernel, recurrent_kernel, bias, "N T D", 1)
    state = require_state(state, shape, inputs.dtype)
    target = destination(out, (*inputs.shape[:2], shape[1]), inputs.dtype)
    target[...] = hidden_states((inputs, kernel, recurrent_kernel, bias), state)[1:].swapaxes(0, 1)
    return deliver(target, out)


def simple_rnn_vjp(
    inputs: np.ndarray,
    kernel: np.ndarray,
    recurrent_kernel: np.ndarray,
    bias: np.ndarray,
    state: np.ndarray,
    cotangent: np.ndarray,
    *,
    out: RecurrentGradients | None = None,
) -> RecurrentGradients:
    """Carry a gradient back through whole sequences: backpropagation through time.

    Args: as `simple_rnn`, with a state; cotangent [N, T, U]; out, the five arrays to write into.
    Returns: RecurrentGradients, of the shapes of the inputs.
    Memory: four arrays of the size of the outputs, and two of that of the inputs.
    Raises: InvalidArgument, as `reference.simple_rnn_vjp`.
    """
    shape = require_weights(inputs, kernel, recurrent_kernel, bias, "N T D", 1)
    require_like("state", state, shape, inputs.dtype, "for {0} examples and {1} units")
    require_like("cotangent", cotangent, (*inputs.shape[:2], shape[1]), inputs.dtype, "of the outputs")
    targets = _targets(out, inputs, kernel, recurrent_kernel, bias, state, cotangent)
    _vjp((inputs, kernel, recurrent_kernel, bias), state, cotangent, targets)
    return deliver(targets, out)


def _targets(out: RecurrentGradients | None, *arrays: np.ndarray) -> RecurrentGradients:
    """Where the gradients of all arrays but the last, which is the cotangent, are written."""
    return destinations(out, RecurrentGradients(*arrays[:-1]), *arrays)


def hidden_states(network: Network, state: np.ndarray) -> np.ndarray:
    """The states of all steps and the one before them, time first: [T + 1, N, U]."""
    inputs, _, recurrent_kernel, _ = network
    hidden = np.empty((inputs.shape[1] + 1, *state.shape), inputs.dtype)
    hidden[0] = state
    _go_forward(multiplier(inputs.dtype), sums_of_inputs(network), contiguous(recurrent_kernel), hidden)
    return hidden


def sums_of_inputs(network: Network) -> np.ndarray:
    """x·W + b of all steps, time first: [T, N, columns of W]."""
    inputs, kernel, _, bias = network
    sums = np.empty((inputs.shape[1], inputs.shape[0], len(bias)), inputs.dtype)
    rows = steps_as_rows(time_first(inputs))
    arrays = rows, contiguous(kernel), contiguous(bias), steps_as_rows(sums)
    product_kernel(multiplier(inputs.dtype), BIAS_ONLY, *arrays)
    return sums


def _vjp(network: Network, state: np.ndarray, cotangent: np.ndarray, targets: RecurrentGradients) -> None:
    hidden, deltas = hidden_states(network, state), time_first(cotangent).copy()
    _go_back(multiplier(state.dtype), hidden[1:], contiguous(network[2]), deltas, targets.state)
    gradients_of_sums(network, hidden[:-1], deltas, targets)


def gradients_of_sums(network: Network, before: np.ndarray, deltas: np.ndarray, targets: RecurrentGradients) -> None:
    """The gradients of all but the state, from those of the weighted sums [T, N, columns]."""
    inputs, kernel, recurrent_kernel, _ = network
    rows, slopes, address = steps_as_rows(time_first(inputs)), steps_as_rows(deltas), multiplier(deltas.dtype)
    d_inputs, d_bias = np.empty(rows.shape, rows.dtype), targets.bias
    dense_vjp_kernel(address, rows, contiguous(kernel), slopes, targets.kernel, d_bias, d_inputs, True)
    states, recurrent_kernel = steps_as_rows(before), contiguous(recurrent_kernel)
    dense_vjp_kernel(address, states, recurrent_kernel, slopes, targets.recurrent_kernel, d_bias, states, False)
    shape = (inputs.shape[1], inputs.shape[0], inputs.shape[2])
    targets.inputs.reshape(inputs.shape)[...] = d_inputs.reshape(shape).swapaxes(0, 1)


def time_first(array: np.ndarray) -> np.ndarray:
    """[N, T, …] as [T, N, …], without gaps."""
    return contiguous(array.swapaxes(0, 1))


def steps_as_rows(array: np.ndarray) -> np.ndarray:
    """[T, N, K] as the same memory [T·N, K]."""
    return array.reshape(-1, array.shape[-1])


@compiled()
def _go_forward(address, sums, recurrent_kernel, hidden):
    steps, rows, units = sums.shape
    products, right = np.empty(rows * units, sums.dtype), Matrix(recurrent_kernel.ravel(), 0, units, 1)
    for t in range(steps):
        left = Matrix(hidden[t].ravel(), 0, units, 1)
        matrix_product(address, left, right, products[:0], products, rows, units, units)
        own, after = sums[t].ravel(), hidden[t + 1].ravel()
        for i in range(rows * units):
            products[i] += own[i]
        tanh_loop(products, after)


@compiled()
def _go_back(address, outputs, recurrent_kernel, deltas, handed_back):
    """Make of each step's cotangent the gradient of its weighted sums; what is left to hand back is the state's."""
    steps, rows, units = outputs.shape
    back, right, one = handed_back.ravel(), Matrix(recurrent_kernel.ravel(), 0, 1, units), deltas.dtype.type(1)
    for i in range(back.size):
        back[i] = 0
    for t in range(steps - 1, -1, -1):
        delta, output = deltas[t].ravel(), outputs[t].ravel()
        for i in range(rows * units):
            delta[i] = (delta[i] + back[i]) * (one - output[i] * output[i])
        matrix_product(address, Matrix(delta, 0, units, 1), right, back[:0], back, rows, units, units)
