"""Simple recurrent networks: how a state is handed on, and back."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.implementations import numpy as base
from conformance.implementations.numpy.arguments import Array
from tests.conformance.power.entering import BAD_INPUT, BOUND, GRADIENTS, LAWS, MANNERS, right, wrong
from tests.conformance.power.pieces import wider

# --- wrong ------------------------------------------------------------------------------------------------------------


@wrong("simple_rnn_step", BOUND, LAWS)
def state_is_added_without_its_kernel(
    inputs: Array, kernel: Array, recurrent_kernel: Array, bias: Array, state: Array
) -> Array:
    """The state is a shortcut past its kernel."""
    return base.simple_rnn_step(inputs, kernel, np.eye(len(bias), dtype=bias.dtype), bias, state)


@wrong("simple_rnn_step", BOUND)
def recurrent_kernel_transposed(
    inputs: Array, kernel: Array, recurrent_kernel: Array, bias: Array, state: Array
) -> Array:
    """The recurrent kernel is square, and read the other way round."""
    return base.simple_rnn_step(inputs, kernel, np.ascontiguousarray(recurrent_kernel.T), bias, state)


@wrong("simple_rnn_step", BOUND)
def bias_added_with_input_and_state(
    inputs: Array, kernel: Array, recurrent_kernel: Array, bias: Array, state: Array
) -> Array:
    """A dense layer for the input and one for the state, each with the bias."""
    return base.simple_rnn_step(inputs, kernel, recurrent_kernel, 2 * bias, state)


@wrong("simple_rnn_step", BOUND)
def tanh_of_the_state_once_more(
    inputs: Array, kernel: Array, recurrent_kernel: Array, bias: Array, state: Array
) -> Array:
    """The state is taken for a weighted sum that hasn't been activated yet."""
    return base.simple_rnn_step(inputs, kernel, recurrent_kernel, bias, np.tanh(state))


@wrong("simple_rnn", BOUND, LAWS)
def last_output_for_all_steps(*network: Any) -> Array:
    """What is meant to be returned without sequences is broadcast over the steps."""
    outputs = base.simple_rnn(*network)
    return np.repeat(outputs[:, -1:], outputs.shape[1], axis=1)


@wrong("simple_rnn", BOUND, LAWS)
def state_ignored(inputs: Array, kernel: Array, recurrent_kernel: Array, bias: Array, state: Any = None) -> Array:
    """Every sequence begins with zeros."""
    base.simple_rnn(inputs, kernel, recurrent_kernel, bias, state)
    return base.simple_rnn(inputs, kernel, recurrent_kernel, bias)


@wrong("simple_rnn", BOUND, LAWS)
def state_forgotten_after_the_first_step(
    inputs: Array, kernel: Array, recurrent_kernel: Array, bias: Array, state: Any = None
) -> Array:
    """Each step starts from the given state, not from the one before."""
    steps = [
        base.simple_rnn(inputs[:, t : t + 1], kernel, recurrent_kernel, bias, state) for t in range(inputs.shape[1])
    ]
    return np.concatenate(steps, axis=1)


@wrong("simple_rnn", BOUND, LAWS)
def sequences_read_backwards(inputs: Array, *weights: Any) -> Array:
    """The last step comes first, as in the second half of a bidirectional layer."""
    return base.simple_rnn(np.ascontiguousarray(inputs[:, ::-1]), *weights)[:, ::-1]


@wrong("simple_rnn", BOUND, LAWS, cases=100)
def first_examples_state_for_all(
    inputs: Array, kernel: Array, recurrent_kernel: Array, bias: Array, state: Any = None
) -> Array:
    """One state serves for the batch."""
    base.simple_rnn(inputs, kernel, recurrent_kernel, bias, state)
    shared = None if state is None else np.repeat(state[:1], len(state), axis=0)
    return base.simple_rnn(inputs, kernel, recurrent_kernel, bias, shared)


@wrong("simple_rnn_step_vjp", BOUND, GRADIENTS)
def slope_of_the_weighted_sum(*arguments: Any) -> Any:
    """1 - z² in place of 1 - tanh²(z)."""
    *call, cotangent = arguments
    inputs, kernel, recurrent_kernel, bias, state = call
    right, output = base.simple_rnn_step_vjp(*arguments), base.simple_rnn_step(*call)
    sums = inputs @ kernel + state @ recurrent_kernel + bias
    factor = (1 - sums * sums) / np.where(output * output == 1, 1, 1 - output * output)
    deltas = cotangent * (1 - output * output) * factor
    return right._replace(bias=deltas.sum(axis=0))


@wrong("simple_rnn_step_vjp", BOUND, GRADIENTS, LAWS)
def kernels_gradients_swapped(*arguments: Any) -> Any:
    """Where a layer is square, input's and state's gradients change places."""
    result = base.simple_rnn_step_vjp(*arguments)
    square = result.kernel.shape == result.recurrent_kernel.shape
    return result._replace(kernel=result.recurrent_kernel, recurrent_kernel=result.kernel) if square else result


@wrong("simple_rnn_step_vjp", BOUND, GRADIENTS, LAWS)
def states_gradient_through_the_kernel_itself(*arguments: Any) -> Any:
    """δ·R in place of δ·Rᵀ."""
    result = base.simple_rnn_step_vjp(*arguments)
    deltas = arguments[-1] * (1 - base.simple_rnn_step(*arguments[:-1]) ** 2)
    return result._replace(state=deltas @ arguments[2])


def _truncated(steps: int) -> Any:
    def truncated(
        inputs: Array, kernel: Array, recurrent_kernel: Array, bias: Array, state: Array, cotangent: Array
    ) -> Any:
        right = base.simple_rnn_vjp(inputs, kernel, recurrent_kernel, bias, state, cotangent)
        if inputs.shape[1] <= steps:
            return right
        cut = inputs.shape[1] - steps
        later = base.simple_rnn(inputs, kernel, recurrent_kernel, bias, state)[:, cut - 1]
        back = [np.ascontiguousarray(array[:, cut:]) for array in (inputs, cotangent)]
        part = base.simple_rnn_vjp(back[0], kernel, recurrent_kernel, bias, later, back[1])
        return part._replace(inputs=np.concatenate([0 * inputs[:, :cut], part.inputs], axis=1), state=0 * right.state)

    return truncated


@wrong("simple_rnn_vjp", BOUND, GRADIENTS, LAWS)
def gradient_cut_after_one_step(*arguments: Any) -> Any:
    """Truncated backpropagation through time: nothing goes back further than one step."""
    return _truncated(1)(*arguments)


@wrong("simple_rnn_vjp", BOUND, LAWS, cases=100)
def gradient_cut_after_three_steps(*arguments: Any) -> Any:
    """The same, where few sequences are long enough to show it."""
    return _truncated(3)(*arguments)


@wrong("simple_rnn_vjp", BOUND, GRADIENTS, LAWS)
def only_the_last_steps_cotangent(
    inputs: Array, kernel: Array, recurrent_kernel: Array, bias: Array, state: Array, cotangent: Array
) -> Any:
    """As if the loss saw the last output only."""
    last = cotangent.copy()
    last[:, :-1] = 0
    return base.simple_rnn_vjp(inputs, kernel, recurrent_kernel, bias, state, last)


@wrong("simple_rnn_vjp", BOUND, GRADIENTS)
def gradients_are_a_mean_over_time(*arguments: Any) -> Any:
    """The weights' gradients are divided by the number of steps."""
    result, steps = base.simple_rnn_vjp(*arguments), arguments[0].dtype.type(arguments[0].shape[1])
    return result._replace(kernel=result.kernel / steps, recurrent_kernel=result.recurrent_kernel / steps)


@wrong("simple_rnn", BAD_INPUT, cases=200)
def state_of_any_batch(inputs: Array, kernel: Array, recurrent_kernel: Array, bias: Array, state: Any = None) -> Array:
    """States are broadcast, as Keras does."""
    wide = isinstance(state, np.ndarray) and state.ndim == 2 and 1 in (len(inputs), len(state))
    if wide and len(state) != len(inputs) and state.size and inputs.size:
        rows = max(len(inputs), len(state))
        inputs = np.broadcast_to(inputs, (rows, *inputs.shape[1:]))
        state = np.broadcast_to(state, (rows, *state.shape[1:]))
    return base.simple_rnn(inputs, kernel, recurrent_kernel, bias, state)


@wrong("simple_rnn", f"{MANNERS}: leaves its inputs alone", cases=200)
def state_handed_on_in_place(
    inputs: Array, kernel: Array, recurrent_kernel: Array, bias: Array, state: Any = None
) -> Array:
    """The caller's state is used for the next one's memory."""
    outputs = base.simple_rnn(inputs, kernel, recurrent_kernel, bias, state)
    if state is not None and state.flags.writeable:
        state[...] = outputs[:, -1]
    return outputs


# --- right ------------------------------------------------------------------------------------------------------------


@right("simple_rnn")
def inputs_of_all_steps_at_once(
    inputs: Array, kernel: Array, recurrent_kernel: Array, bias: Array, state: Any = None
) -> Array:
    """The products with the inputs are made first, with the bias; the states' are added in the loop."""
    sums = inputs @ kernel + bias
    state = np.zeros((len(inputs), len(bias)), inputs.dtype) if state is None else state
    outputs = []
    for t in range(inputs.shape[1]):
        state = np.tanh(state @ recurrent_kernel + sums[:, t])
        outputs.append(state)
    return np.stack(outputs, axis=1)


@right("simple_rnn_step")
def one_product_of_both(inputs: Array, kernel: Array, recurrent_kernel: Array, bias: Array, state: Array) -> Array:
    """Input and state side by side, their kernels one above the other, and a one for the bias; the last unit first."""
    ones = np.ones((len(inputs), 1), inputs.dtype)
    left = np.concatenate([ones, state[:, ::-1], inputs], axis=1)
    return np.tanh(left @ np.concatenate([bias[None], recurrent_kernel[::-1], kernel]))


@right("simple_rnn_vjp")
def through_a_wider_format(*arguments: Any) -> Any:
    """Everything in the next wider format, rounded once."""
    wide = [array.astype(wider(array.dtype)) for array in arguments]
    return base.RecurrentGradients(*(part.astype(arguments[0].dtype) for part in base.simple_rnn_vjp(*wide)))
