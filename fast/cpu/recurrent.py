"""Simple recurrent networks and their gradients.

The ladder is that of `time_steps`. Weighted sums are written to where the outputs belong, and squashed there; back
through time, the gradients of the weighted sums take the outputs' place. What is left then is a single product over all
steps: that of the transposed [x | h | 1] and these gradients, which are those of kernel, recurrent kernel and bias.
"""

from __future__ import annotations

import numpy as np
from numba import get_num_threads, prange

from fast.cpu import elementary
from fast.cpu.arguments import contiguous, deliver, destination, destinations
from fast.cpu.compilation import compiled, leaf
from fast.cpu.linear import product_vjp_kernel
from fast.cpu.panels import multiplier, rows_of_block
from fast.cpu.rows import copy_row
from fast.cpu.time_steps import (
    Weights,
    add_up,
    add_up_back,
    begin,
    block_count,
    hand_back,
    hand_on,
    join,
    pack_transposed,
    pack_weights,
    place_of,
    steps_of,
)
from fast.cpu.vectors import VECTOR_BYTES, load, load_pair, load_part, store, store_part
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
    target = destination(out, shape, inputs.dtype, inputs, kernel, recurrent_kernel, bias, state)
    _forward((inputs[:, None], kernel, recurrent_kernel, bias), state, target[:, None], False)
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
    Memory: two copies of all weights, and one of a step's inputs and states.
    Raises: InvalidArgument, as `reference.simple_rnn`.
    """
    shape = require_weights(inputs, kernel, recurrent_kernel, bias, "N T D", 1)
    state = require_state(state, shape, inputs.dtype)
    shape = inputs.shape[0], inputs.shape[1], shape[1]
    target = destination(out, shape, inputs.dtype, inputs, kernel, recurrent_kernel, bias, state)
    _forward((inputs, kernel, recurrent_kernel, bias), state, target, False)
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
    Memory: two arrays of the size of the outputs, one of that of the inputs, and two copies of all weights.
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


def _forward(network: Network, state: np.ndarray, outputs: np.ndarray, kept: bool) -> np.ndarray:
    """Write the outputs of all steps; return [x | h | 1] of all steps if they are kept."""
    inputs, kernel, recurrent_kernel, bias = map(contiguous, network)
    joined = room_for_joined(network, kept)
    given = inputs, kernel, recurrent_kernel, bias, contiguous(state), joined, outputs
    _go_forward(multiplier(inputs.dtype), get_num_threads(), *given)
    return joined


def room_for_joined(network: Network, kept: bool) -> np.ndarray:
    """Memory for [x | h | 1] of each example: of all steps if they are kept, or of one after the other."""
    inputs, kernel, recurrent_kernel, _ = network
    return np.empty(
        (len(inputs), inputs.shape[1] if kept else 1, len(kernel) + len(recurrent_kernel) + 1), inputs.dtype
    )


def _vjp(network: Network, state: np.ndarray, cotangent: np.ndarray, targets: RecurrentGradients) -> None:
    slopes = np.empty(cotangent.shape, cotangent.dtype)
    joined = _forward(network, state, slopes, True)
    given = *map(contiguous, network[1:3]), contiguous(cotangent)
    inputs = targets.inputs.reshape(network[0].shape)
    _go_back(multiplier(cotangent.dtype), get_num_threads(), *given, slopes, inputs, targets.state)
    gradients_of_weights(joined, slopes, targets)


def gradients_of_weights(joined: np.ndarray, slopes: np.ndarray, targets: RecurrentGradients) -> None:
    """Those of kernel, recurrent kernel and bias, from [x | h | 1] and the gradients of the weighted sums."""
    rows, sums = joined.reshape(-1, joined.shape[-1]), slopes.reshape(-1, slopes.shape[-1])
    found = np.empty((rows.shape[1], sums.shape[1]), rows.dtype)
    product_vjp_kernel(multiplier(rows.dtype), rows, found, sums, found, rows, False)
    features = len(targets.kernel)
    targets.kernel[...], targets.recurrent_kernel[...] = found[:features], found[features:-1]
    targets.bias[...] = found[-1]


@leaf
def squash_row(sums, place, units):
    """The hyperbolic tangents of a row's weighted sums, in place."""
    size, u = VECTOR_BYTES // sums.itemsize, 0
    while u + 2 * size <= units:
        store(sums, place + u, elementary.tanh(load_pair(sums, place + u)))
        u += 2 * size
    while u < units:
        store_part(sums, place + u, units - u, elementary.tanh(load_part(sums, place + u, units - u)))
        u += size


@compiled()
def run_block(address, packed, inputs, kernel, recurrent_kernel, bias, state, joined, outputs, rows):
    """Take some examples through all steps."""
    weights = Weights(kernel.ravel(), recurrent_kernel.ravel(), bias, packed, len(inputs) == 1)
    x, a, y, last = steps_of(inputs), steps_of(joined), steps_of(outputs), inputs.shape[1] - 1
    begin(state.ravel(), a, x.width, y.width, rows)
    for t in range(inputs.shape[1]):
        join(x, a, rows, t)
        add_up(address, weights, a, y, rows, t)
        for n in range(rows.start, rows.stop):
            squash_row(y.data, place_of(y, n, t), y.width)
            if t < last:
                hand_on(y, a, n, t)


@compiled(parallel=True)
def _go_forward(address, threads, inputs, kernel, recurrent_kernel, bias, state, joined, outputs):
    given = inputs, kernel, recurrent_kernel, bias, state, joined, outputs
    examples, steps = inputs.shape[:2]
    packed = pack_weights(kernel, recurrent_kernel, bias, examples, steps)
    count = block_count(threads, examples, joined.shape[2] * outputs.size)
    if count == 1:
        run_block(address, packed, *given, slice(0, examples))
    else:
        for block in prange(count):
            run_block(address, packed, *given, rows_of_block(block, count, examples))


@leaf
def slopes_at(output, arriving, one):
    """The gradient of a weighted sum, or of a vector of them."""
    return arriving * (one - output * output)


@leaf
def slope_row(outputs, place, cotangent, back, start, units):
    """Make of a row's outputs the gradients of its weighted sums."""
    size, u, one = VECTOR_BYTES // outputs.itemsize, 0, outputs.dtype.type(1)
    while u + size <= units:
        arriving = load(cotangent, place + u) + load(back, start + u)
        store(outputs, place + u, slopes_at(load(outputs, place + u), arriving, one))
        u += size
    if u < units:
        left = units - u
        arriving = load_part(cotangent, place + u, left) + load_part(back, start + u, left)
        store_part(outputs, place + u, left, slopes_at(load_part(outputs, place + u, left), arriving, one))


@compiled()
def run_block_back(address, packed, cotangent, outputs, d_inputs, d_state, rows):
    """Take the gradients of some examples back through all steps."""
    given, y, x, h = cotangent.ravel(), steps_of(outputs), steps_of(d_inputs), d_state.ravel()
    width, first = x.width + y.width, rows.start
    back = np.zeros((rows.stop - first) * width, y.data.dtype)
    for t in range(outputs.shape[1] - 1, -1, -1):
        for n in range(first, rows.stop):
            slope_row(y.data, place_of(y, n, t), given, back, (n - first) * width + x.width, y.width)
        add_up_back(address, packed, y, back, width, rows, t)
        hand_back(back, width, x, rows, t)
    for n in range(first, rows.stop):
        copy_row(back, (n - first) * width + x.width, y.width, h, n * y.width)


@compiled(parallel=True)
def _go_back(address, threads, kernel, recurrent_kernel, cotangent, outputs, d_inputs, d_state):
    """Make of all outputs the gradients of their weighted sums, and write those of inputs and state."""
    given, packed = (cotangent, outputs, d_inputs, d_state), pack_transposed(kernel, recurrent_kernel)
    examples, width = len(outputs), len(kernel) + len(recurrent_kernel)
    count = block_count(threads, examples, width * outputs.size)
    if count == 1:
        run_block_back(address, packed, *given, slice(0, examples))
    else:
        for block in prange(count):
            run_block_back(address, packed, *given, rows_of_block(block, count, examples))
