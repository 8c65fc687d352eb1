"""Simple recurrent networks on the GPU.

The ladder that led here:

1. The dense layer and tanh for each step, as kernels of their own: three launches a step, each for a handful of units.
2. The products with inputs wait for no state: one product in tiles for all steps (`matrix_product`).
3. What is left are the products with states, and the activation comes while the sum is in a register: one launch a
   step, or one for all (`recurrent_steps`).
4. Back through time it is the same: a thread makes the gradient of one unit's sum, and what the first step hands back
   is the gradient of the state before it. The products that make gradients of weights and inputs of all those are
   products in tiles again, over all steps at once.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fast.cuda.activations import tanh_at
from fast.cuda.device import cuda, empty, kernel, launch_over, synchronizing_function, to_device
from fast.cuda.device_arrays import takes_device_arrays
from fast.cuda.linear import dense_on_device, dense_vjp_on_device, weights_gradient
from fast.cuda.recurrent_steps import kernels_of_steps, run_steps
from fast.results import RecurrentGradients
from fast.validation import require_like
from fast.validation.recurrent import require_weights

__all__ = ["simple_rnn", "simple_rnn_step", "simple_rnn_step_vjp", "simple_rnn_vjp"]

Network = tuple[Any, Any, Any, Any]


@synchronizing_function
def state_before(state: Any, outputs: Any, example: int, step: int, unit: int) -> Any:
    """A unit's state before a step."""
    return state[example, unit] if step == 0 else outputs[example, step - 1, unit]


@synchronizing_function
def state_carried(details: Any, example: int, step: int, k: int) -> Any:
    """A unit's state before a step."""
    return state_before(details[0], details[1], example, step, k)


@synchronizing_function
def delta_carried(details: Any, example: int, step: int, k: int) -> Any:
    """The gradient of a sum of the step that comes later."""
    return details[0][example, step + 1, k]


@synchronizing_function
def make_state(totals: Any, row: int, details: Any, example: int, step: int, unit: int, carries: Any) -> None:
    """tanh of the sum of both products and the bias."""
    _, outputs, sums = details
    carries[0] = tanh_at(sums[example, step, unit] + totals[row, 0])
    outputs[example, step, unit] = carries[0]


@synchronizing_function
def make_delta(totals: Any, row: int, details: Any, example: int, step: int, unit: int, carries: Any) -> None:
    """The gradient of a weighted sum, from that of the output and what the step after hands back."""
    deltas, of_state, cotangent, outputs = details
    if step < 0:
        of_state[example, unit] = totals[row, 0]
        return
    output = outputs[example, step, unit]
    arriving = cotangent[example, step, unit] + totals[row, 0]
    carries[0] = arriving * (deltas.dtype.type(1) - output * output)
    deltas[example, step, unit] = carries[0]


FORWARDS = forward_in_block, forward_step = kernels_of_steps(1, 1, True, state_carried, make_state)
BACK = back_in_block, back_step = kernels_of_steps(1, 1, False, delta_carried, make_delta)


@kernel
def states_before_kernel(state: Any, outputs: Any, result: Any) -> None:
    """The states before all steps, one thread a unit of an example at a step."""
    steps, units = outputs.shape[1], outputs.shape[2]
    for place in range(cuda.grid(1), outputs.size, cuda.gridsize(1)):
        row, unit = place // units, place % units
        result[row, unit] = state_before(state, outputs, row // steps, row % steps, unit)


@kernel
def zeros_kernel(state: Any) -> None:
    """The state of units that have seen nothing yet."""
    for place in range(cuda.grid(1), state.size, cuda.gridsize(1)):
        state[place] = 0


@takes_device_arrays
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
    return states_on_device(network_on_device(*network), to_device(state)).reshape(*shape)


@takes_device_arrays
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
    slopes = to_device(cotangent).reshape(shape[0], 1, shape[1])
    gradients = back_through_time(network_on_device(*network), to_device(state), slopes)
    return gradients._replace(inputs=gradients.inputs.reshape(*inputs.shape))


@takes_device_arrays
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
    shape = require_weights(*network, "N T D", 1)
    if state is not None:
        require_like("state", state, shape, inputs.dtype, "for {0} examples and {1} units")
    return states_on_device(network_on_device(*network), state_on_device(state, shape, inputs.dtype))


@takes_device_arrays
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
    return back_through_time(network_on_device(*network), to_device(state), to_device(cotangent))


def states_on_device(network: Network, state: Any) -> Any:
    """The states after all steps [N, T, U], of device arrays."""
    inputs, _, recurrent_kernel, _ = network
    outputs = empty((*inputs.shape[:2], state.shape[1]), state.dtype)
    details = state, outputs, sums_of_inputs(network)
    run_steps(FORWARDS, recurrent_kernel, details, state.shape[0], range(inputs.shape[1]), forwards=True)
    return outputs


def back_through_time(network: Network, state: Any, cotangent: Any) -> RecurrentGradients:
    """All gradients, of device arrays."""
    outputs = states_on_device(network, state)
    deltas, of_state = empty(outputs.shape, state.dtype), empty(state.shape, state.dtype)
    details = deltas, of_state, cotangent, outputs
    run_steps(BACK, network[2], details, state.shape[0], range(outputs.shape[1] - 1, -2, -1), forwards=False)
    return gradients_of_sums(network, state, outputs, deltas, of_state)


def network_on_device(*network: Any) -> Network:
    """Inputs [N, T, D], of which [N, D] are one step, and the weights, on the device."""
    inputs, matrix, recurrent_kernel, bias = map(to_device, network)
    steps = inputs.shape[1] if inputs.ndim == 3 else 1
    return inputs.reshape(inputs.shape[0], steps, matrix.shape[0]), matrix, recurrent_kernel, bias


def state_on_device(state: Any, shape: tuple[int, int], dtype: np.dtype) -> Any:
    """The state before the first step; zeros if there is none."""
    if state is not None:
        return to_device(state)
    zeros = empty(shape, dtype)
    launch_over(zeros_kernel, zeros.size, zeros.reshape(zeros.size))
    return zeros


def sums_of_inputs(network: Network) -> Any:
    """x·W + b of all steps: [N, T, columns of W]."""
    inputs, matrix, _, bias = network
    return dense_on_device(rows_of(inputs), matrix, bias).reshape(*inputs.shape[:2], bias.size)


def gradients_of_sums(network: Network, state: Any, outputs: Any, deltas: Any, of_state: Any) -> RecurrentGradients:
    """All gradients, from the state before the first step, those after all, and gradients of sums [N, T, columns]."""
    inputs, matrix, _, _ = network
    slopes, before = rows_of(deltas), empty(rows_of(outputs).shape, state.dtype)
    launch_over(states_before_kernel, before.size, state, outputs, before)
    of_inputs, of_kernel, of_bias = dense_vjp_on_device(rows_of(inputs), matrix, slopes)
    of_recurrent = weights_gradient(before, slopes)
    return RecurrentGradients(of_inputs.reshape(*inputs.shape), of_kernel, of_recurrent, of_bias, of_state)


def rows_of(sequences: Any) -> Any:
    """[N, T, …] on the device as [N·T, …]."""
    examples, steps, length = sequences.shape
    return sequences.reshape(examples * steps, length)
