"""Simple recurrent networks on the GPU.

The ladder that led here:

1. The dense layer and tanh for each step, as kernels of their own: three launches a step, each for a handful of units.
2. The products with inputs wait for no state: one product in tiles for all steps (`matrix_product`).
3. What is left of a step is one kernel, a thread for each unit of each example: it adds the products with the state,
   which neighbouring threads read from neighbouring columns, and the activation comes while the sum is in a register.
4. Back through time it is the same: a thread makes the gradient of one unit's sum. The products that make gradients of
   weights, inputs and the first state of all those are products in tiles again, over all steps at once.

One launch a step remains: its threads need all states of the step before, and blocks can't wait for each other.
Arrays lie with time first, so that a step is one piece of memory.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fast.cuda.activations import tanh_at
from fast.cuda.device import cuda, device_function, empty, kernel, launch_over, to_device
from fast.cuda.linear import dense_on_device, dense_vjp_on_device
from fast.results import RecurrentGradients
from fast.validation import require_like
from fast.validation.recurrent import require_state, require_weights

__all__ = ["simple_rnn", "simple_rnn_step", "simple_rnn_step_vjp", "simple_rnn_vjp"]

Network = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


@device_function
def product_with_state(hidden: Any, recurrent_kernel: Any, step: int, row: int, column: int) -> Any:
    """One entry of the product of a step's states and the recurrent kernel."""
    total = hidden.dtype.type(0)
    for unit in range(recurrent_kernel.shape[0]):
        total += hidden[step, row, unit] * recurrent_kernel[unit, column]
    return total


@device_function
def handed_back(deltas: Any, recurrent_kernel: Any, step: int, row: int, unit: int) -> Any:
    """What a step hands back to one unit of the step before; nothing after the last step."""
    total = deltas.dtype.type(0)
    if step < deltas.shape[0]:
        for column in range(recurrent_kernel.shape[1]):
            total += deltas[step, row, column] * recurrent_kernel[unit, column]
    return total


@kernel
def step_forward(sums: Any, recurrent_kernel: Any, hidden: Any, step: int) -> None:
    """The states after a step, one thread a unit of an example."""
    rows, units = hidden.shape[1], hidden.shape[2]
    for place in range(cuda.grid(1), rows * units, cuda.gridsize(1)):
        row, unit = place // units, place % units
        total = sums[step, row, unit] + product_with_state(hidden, recurrent_kernel, step, row, unit)
        hidden[step + 1, row, unit] = tanh_at(total)


@kernel
def step_back(cotangent: Any, recurrent_kernel: Any, hidden: Any, deltas: Any, step: int) -> None:
    """The gradients of a step's weighted sums, one thread a unit of an example."""
    rows, units = hidden.shape[1], hidden.shape[2]
    for place in range(cuda.grid(1), rows * units, cuda.gridsize(1)):
        row, unit = place // units, place % units
        arriving = cotangent[step, row, unit] + handed_back(deltas, recurrent_kernel, step + 1, row, unit)
        output = hidden[step + 1, row, unit]
        deltas[step, row, unit] = arriving * (deltas.dtype.type(1) - output * output)


def simple_rnn_step(
    inputs: np.ndarray, kernel: np.ndarray, recurrent_kernel: np.ndarray, bias: np.ndarray, state: np.ndarray
) -> np.ndarray:
    """As `reference.simple_rnn_step`, on the GPU.

    Args:
        inputs: [N, D].
        kernel: [D, U].
        recurrent_kernel: [U, U].
        bias: [U].
        state: [N, U].

    Returns:
        [N, U].

    Raises:
        InvalidArgument: as the reference, and if an array isn't float32 or float64, or the dtypes differ.
    """
    network = inputs, kernel, recurrent_kernel, bias
    shape = require_weights(*network, "N D", 1)
    require_like("state", state, shape, inputs.dtype, "for {0} examples and {1} units")
    return states_on_device((inputs[:, None], *network[1:]), state).copy_to_host()[1].copy()


def simple_rnn_step_vjp(
    inputs: np.ndarray,
    kernel: np.ndarray,
    recurrent_kernel: np.ndarray,
    bias: np.ndarray,
    state: np.ndarray,
    cotangent: np.ndarray,
) -> RecurrentGradients:
    """As `reference.simple_rnn_step_vjp`, on the GPU: arguments of `simple_rnn_step` and a cotangent [N, U]."""
    network = inputs, kernel, recurrent_kernel, bias
    shape = require_weights(*network, "N D", 1)
    require_like("state", state, shape, inputs.dtype, "for {0} examples and {1} units")
    require_like("cotangent", cotangent, shape, inputs.dtype, "of the output")
    gradients = back_through_time((inputs[:, None], *network[1:]), state, cotangent[:, None])
    return gradients._replace(inputs=gradients.inputs[:, 0].copy())


def simple_rnn(
    inputs: np.ndarray,
    kernel: np.ndarray,
    recurrent_kernel: np.ndarray,
    bias: np.ndarray,
    state: np.ndarray | None = None,
) -> np.ndarray:
    """As `reference.simple_rnn`, on the GPU.

    Args:
        inputs: [N, T, D].
        kernel: [D, U].
        recurrent_kernel: [U, U].
        bias: [U].
        state: [N, U]; zeros when not given.

    Returns:
        [N, T, U].

    Raises:
        InvalidArgument: as the reference, and if an array isn't float32 or float64, or the dtypes differ.
    """
    network = inputs, kernel, recurrent_kernel, bias
    state = require_state(state, require_weights(*network, "N T D", 1), inputs.dtype)
    return examples_first(states_on_device(network, state).copy_to_host()[1:])


def simple_rnn_vjp(
    inputs: np.ndarray,
    kernel: np.ndarray,
    recurrent_kernel: np.ndarray,
    bias: np.ndarray,
    state: np.ndarray,
    cotangent: np.ndarray,
) -> RecurrentGradients:
    """As `reference.simple_rnn_vjp`, on the GPU: arguments of `simple_rnn`, with a state, and a cotangent [N, T, U]."""
    network = inputs, kernel, recurrent_kernel, bias
    shape = require_weights(*network, "N T D", 1)
    require_like("state", state, shape, inputs.dtype, "for {0} examples and {1} units")
    require_like("cotangent", cotangent, (*inputs.shape[:2], shape[1]), inputs.dtype, "of the outputs")
    return back_through_time(network, state, cotangent)


def states_on_device(network: Network, state: np.ndarray) -> Any:
    """The states of all steps and the one before them, time first: [T + 1, N, U]."""
    hidden, recurrent_kernel = to_device(room_after(state, network)), to_device(network[2])
    go(step_forward, state.size, range(network[0].shape[1]), sums_of_inputs(network), recurrent_kernel, hidden)
    return hidden


def back_through_time(network: Network, state: np.ndarray, cotangent: np.ndarray) -> RecurrentGradients:
    hidden, recurrent_kernel = states_on_device(network, state), to_device(network[2])
    deltas, slopes = empty((len(hidden) - 1, *state.shape), state.dtype), to_device(cotangent.swapaxes(0, 1))
    go(step_back, state.size, reversed(range(len(deltas))), slopes, recurrent_kernel, hidden, deltas)
    return gradients_of_sums(network, hidden, deltas)


def go(compiled: Callable[..., None], places: int, steps: Any, *arrays: Any) -> None:
    """Launch a kernel for one step after the other."""
    for step in steps:
        launch_over(compiled, places, *arrays, step)


def room_after(state: np.ndarray, network: Network) -> np.ndarray:
    """The state before the first step, with room for those of all steps behind it."""
    return np.concatenate([state[None], np.zeros((network[0].shape[1], *state.shape), state.dtype)])


def sums_of_inputs(network: Network) -> Any:
    """x·W + b of all steps, time first: [T, N, columns of W]."""
    inputs, matrix, _, bias = network
    sums = dense_on_device(to_device(rows_of(inputs)), to_device(matrix), to_device(bias))
    return sums.reshape(inputs.shape[1], inputs.shape[0], len(bias))


def gradients_of_sums(network: Network, hidden: Any, deltas: Any) -> RecurrentGradients:
    """All gradients, from those of the weighted sums [T, N, columns]; what goes back to the states is the first's."""
    inputs, matrix, recurrent_kernel, _ = network
    steps, examples, columns = deltas.shape
    slopes = deltas.reshape(steps * examples, columns)
    before = hidden[:steps].reshape(steps * examples, len(recurrent_kernel))
    d_inputs, d_kernel, d_bias = dense_vjp_on_device(to_device(rows_of(inputs)), to_device(matrix), slopes)
    d_states, d_recurrent, _ = dense_vjp_on_device(before, to_device(recurrent_kernel), slopes)
    of_inputs = d_inputs.copy_to_host().reshape(steps, examples, -1)
    kernels = d_kernel.copy_to_host(), d_recurrent.copy_to_host()
    d_state = d_states.copy_to_host()[:examples].copy()
    return RecurrentGradients(examples_first(of_inputs), *kernels, d_bias.copy_to_host(), d_state)


def rows_of(inputs: np.ndarray) -> np.ndarray:
    """[N, T, D] as [T·N, D]."""
    return inputs.swapaxes(0, 1).reshape(-1, inputs.shape[2])


def examples_first(array: np.ndarray) -> np.ndarray:
    """[T, N, …] as a new array [N, T, …]."""
    return np.array(array.swapaxes(0, 1), order="C")
