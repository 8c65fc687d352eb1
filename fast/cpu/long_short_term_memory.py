"""Long short-term memories and their gradients.

The ladder is that of `time_steps`. Each step's weighted sums become its gates, in place; back through time, the gates
become the gradients of those sums, of which the gradients of the weights are a single product, as in `recurrent`.
"""

from __future__ import annotations

import numpy as np
from numba import get_num_threads, prange

from fast.cpu import elementary
from fast.cpu.arguments import Form, contiguous, deliver, destinations
from fast.cpu.compilation import compiled, leaf
from fast.cpu.panels import multiplier, rows_of_block
from fast.cpu.recurrent import Network, gradients_of_weights, room_for_joined
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
from fast.cpu.vectors import VECTOR_BYTES, load_pair, load_part, multiply_add, store, store_part
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
    targets = destinations(out, LSTMState(*state), inputs, kernel, recurrent_kernel, bias, *state)
    network = inputs[:, None], kernel, recurrent_kernel, bias
    _forward(network, state, targets.hidden[:, None], targets.cell[:, None], False)
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
    Memory: two copies of all weights, and of a step the inputs, the outputs and the gates.
    Raises: InvalidArgument, as `reference.lstm`.
    """
    shape = require_weights(inputs, kernel, recurrent_kernel, bias, "N T D", 4)
    state = (np.zeros(shape, inputs.dtype),) * 2 if state is None else state
    require_pair("state", state, (shape, shape), inputs.dtype)
    like = LSTMSequence(Form((*inputs.shape[:2], shape[1]), inputs.dtype), Form(shape, inputs.dtype))
    targets = destinations(out, like, inputs, kernel, recurrent_kernel, bias, *state)
    _forward((inputs, kernel, recurrent_kernel, bias), state, targets.outputs, targets.cell[:, None], False)
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
    Memory: six arrays of the size of the outputs, one of that of the inputs, and two copies of all weights.
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


def _forward(
    network: Network, state: Pair, hidden: np.ndarray, cell: np.ndarray, kept: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Write states where there is room for all steps' or the last's; return [x | h | 1] and gates, likewise."""
    inputs, kernel, recurrent_kernel, bias = map(contiguous, network)
    joined = room_for_joined(network, kept)
    gates = np.empty((*joined.shape[:2], len(bias)), inputs.dtype)
    given = inputs, kernel, recurrent_kernel, bias, *map(contiguous, state)
    _go_forward(multiplier(inputs.dtype), get_num_threads(), *given, joined, gates, hidden, cell, kept)
    return joined, gates


def _vjp(network: Network, state: Pair, cotangent: Pair, targets: RecurrentGradients) -> None:
    of_hidden, of_cell = cotangent
    hidden, cell = (
        np.empty((len(of_cell), 1, of_cell.shape[1]), of_cell.dtype),
        np.empty(of_hidden.shape, of_cell.dtype),
    )
    joined, gates = _forward(network, state, hidden, cell, True)
    d_hidden, d_cell = targets.state
    d_cell[...] = of_cell
    given = *map(contiguous, network[1:3]), contiguous(of_hidden), contiguous(state[1]), cell
    inputs = targets.inputs.reshape(network[0].shape)
    _go_back(multiplier(of_cell.dtype), get_num_threads(), *given, gates, inputs, d_hidden, d_cell)
    gradients_of_weights(joined, gates, targets)


@leaf
def remember_row(sums, place, cells, before, cell, after, units, kept):
    """From a row's weighted sums, write the cell after the step; and the gates in their place if they are kept."""
    size, u, i, f, g = VECTOR_BYTES // sums.itemsize, 0, place, place + units, place + 2 * units
    while u + 2 * size <= units:
        enters, stays = elementary.sigmoid(load_pair(sums, i + u)), elementary.sigmoid(load_pair(sums, f + u))
        candidate = elementary.tanh(load_pair(sums, g + u))
        store(cell, after + u, multiply_add(stays, load_pair(cells, before + u), enters * candidate))
        if kept:
            store(sums, i + u, enters)
            store(sums, f + u, stays)
            store(sums, g + u, candidate)
        u += 2 * size
    while u < units:
        n = units - u
        enters, stays = elementary.sigmoid(load_part(sums, i + u, n)), elementary.sigmoid(load_part(sums, f + u, n))
        candidate = elementary.tanh(load_part(sums, g + u, n))
        store_part(cell, after + u, n, multiply_add(stays, load_part(cells, before + u, n), enters * candidate))
        if kept:
            store_part(sums, i + u, n, enters)
            store_part(sums, f + u, n, stays)
            store_part(sums, g + u, n, candidate)
        u += size


@leaf
def say_row(sums, place, cell, after, hidden, shown, units, kept):
    """From a row's weighted sums and the cell after the step, write the hidden state."""
    size, u, o = VECTOR_BYTES // sums.itemsize, 0, place + 3 * units
    while u + 2 * size <= units:
        shows = elementary.sigmoid(load_pair(sums, o + u))
        store(hidden, shown + u, shows * elementary.tanh(load_pair(cell, after + u)))
        if kept:
            store(sums, o + u, shows)
        u += 2 * size
    while u < units:
        n = units - u
        shows = elementary.sigmoid(load_part(sums, o + u, n))
        store_part(hidden, shown + u, n, shows * elementary.tanh(load_part(cell, after + u, n)))
        if kept:
            store_part(sums, o + u, n, shows)
        u += size


@compiled()
def run_block(
    address, packed, inputs, kernel, recurrent_kernel, bias, state, first_cell, joined, gates, hidden, cell, kept, rows
):
    """Take some examples through all steps."""
    weights = Weights(kernel.ravel(), recurrent_kernel.ravel(), bias, packed, len(inputs) == 1)
    x, a, z, last = steps_of(inputs), steps_of(joined), steps_of(gates), inputs.shape[1] - 1
    h, c, initial, units = steps_of(hidden), steps_of(cell), first_cell.ravel(), hidden.shape[2]
    begin(state.ravel(), a, x.width, units, rows)
    for t in range(last + 1):
        join(x, a, rows, t)
        add_up(address, weights, a, z, rows, t)
        for n in range(rows.start, rows.stop):
            before, earlier = (initial, n * units) if t == 0 else (c.data, place_of(c, n, t - 1))
            place, after = place_of(z, n, t), place_of(c, n, t)
            remember_row(z.data, place, before, earlier, c.data, after, units, kept)
            say_row(z.data, place, c.data, after, h.data, place_of(h, n, t), units, kept)
            if t < last:
                hand_on(h, a, n, t)


@compiled(parallel=True)
def _go_forward(
    address, threads, inputs, kernel, recurrent_kernel, bias, state, first_cell, joined, gates, hidden, cell, kept
):
    given = inputs, kernel, recurrent_kernel, bias, state, first_cell, joined, gates, hidden, cell, kept
    examples, steps = inputs.shape[:2]
    packed = pack_weights(kernel, recurrent_kernel, bias, examples, steps)
    count = block_count(threads, examples, examples * steps * joined.shape[2] * bias.size)
    if count == 1:
        run_block(address, packed, *given, slice(0, examples))
    else:
        for block in prange(count):
            run_block(address, packed, *given, rows_of_block(block, count, examples))


@leaf
def slopes_at(enters, stays, candidate, shows, before, after, of_hidden, of_cell, one):
    """The gradients of the weighted sums of gates, and of the cell before; of numbers, or of vectors of them."""
    shown = elementary.tanh(after)
    arriving = of_cell + of_hidden * shows * (one - shown * shown)
    return (
        arriving * candidate * (enters * (one - enters)),
        arriving * before * (stays * (one - stays)),
        arriving * enters * (one - candidate * candidate),
        of_hidden * shown * (shows * (one - shows)),
        arriving * stays,
    )


@leaf
def slope_row(gates, place, cells, before, cell, after, of_hidden, of_cell, own, units):
    """Make of a row's gates the gradients of their weighted sums, and of the cell's gradient that of the one before.

    `of_hidden` are the places in two arrays of what adds up to the gradient of the hidden state.
    """
    size, u, one = VECTOR_BYTES // gates.itemsize, 0, gates.dtype.type(1)
    i, f, g, o = place, place + units, place + 2 * units, place + 3 * units
    cotangent, given, back, start = of_hidden
    while u < units:
        left = units - u
        arriving = load_part(cotangent, given + u, left) + load_part(back, start + u, left)
        enters, stays, candidate, shows, handed_back = slopes_at(
            load_part(gates, i + u, left),
            load_part(gates, f + u, left),
            load_part(gates, g + u, left),
            load_part(gates, o + u, left),
            load_part(cells, before + u, left),
            load_part(cell, after + u, left),
            arriving,
            load_part(of_cell, own + u, left),
            one,
        )
        store_part(gates, i + u, left, enters)
        store_part(gates, f + u, left, stays)
        store_part(gates, g + u, left, candidate)
        store_part(gates, o + u, left, shows)
        store_part(of_cell, own + u, left, handed_back)
        u += size


@compiled()
def run_block_back(address, packed, cotangent, first_cell, cell, gates, d_inputs, d_hidden, d_cell, rows):
    """Take the gradients of some examples back through all steps."""
    c, z, kept, x = first_cell.ravel(), steps_of(gates), steps_of(cell), steps_of(d_inputs)
    given, of_hidden, of_cell = cotangent.ravel(), d_hidden.ravel(), d_cell.ravel()
    units, width, first = kept.width, x.width + kept.width, rows.start
    back = np.zeros((rows.stop - first) * width, z.data.dtype)
    for t in range(cell.shape[1] - 1, -1, -1):
        for n in range(first, rows.stop):
            now = place_of(kept, n, t)
            before, place = (c, n * units) if t == 0 else (kept.data, place_of(kept, n, t - 1))
            arriving = given, now, back, (n - first) * width + x.width
            slope_row(z.data, place_of(z, n, t), before, place, kept.data, now, arriving, of_cell, n * units, units)
        add_up_back(address, packed, z, back, width, rows, t)
        hand_back(back, width, x, rows, t)
    for n in range(first, rows.stop):
        copy_row(back, (n - first) * width + x.width, units, of_hidden, n * units)


@compiled(parallel=True)
def _go_back(
    address, threads, kernel, recurrent_kernel, cotangent, first_cell, cell, gates, d_inputs, d_hidden, d_cell
):
    """Make of all gates the gradients of their weighted sums, and write those of inputs and states."""
    given = cotangent, first_cell, cell, gates, d_inputs, d_hidden, d_cell
    examples, packed = len(gates), pack_transposed(kernel, recurrent_kernel)
    count = block_count(threads, examples, (len(kernel) + len(recurrent_kernel)) * gates.size)
    if count == 1:
        run_block_back(address, packed, *given, slice(0, examples))
    else:
        for block in prange(count):
            run_block_back(address, packed, *given, rows_of_block(block, count, examples))
