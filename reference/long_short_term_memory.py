"""Long short-term memory: a recurrent cell with a state besides its output, which gates decide to fill, keep and show.

Gradients go back through time as in `recurrent`, and along the cell state past no matrix and no tanh.
"""

from __future__ import annotations

from operator import add, mul
from typing import Any, NamedTuple

from reference.activations import sigmoid_vjp, tanh_vjp
from reference.arrays import PADDING, Array, elementwise, require_shape, transpose, zeros
from reference.elementary import sigmoid, tanh
from reference.errors import InvalidArgument
from reference.recurrent import RecurrentGradients, require_weights, summed_over_time, weighted_sums, weighted_sums_vjp

__all__ = ["LSTMSequence", "LSTMState", "lstm", "lstm_step", "lstm_step_vjp", "lstm_vjp"]

#: The weighted sums of a unit: those of the input gate, the forget gate, the candidate and the output gate.
SUMS = 4


class LSTMState(NamedTuple):
    """What an LSTM hands on to its next step: what it says, and what it keeps to itself; [N, U] each."""

    hidden: Array
    cell: Array


class LSTMSequence(NamedTuple):
    """What `lstm` returns: the hidden state after every step [N, T, U], and the cell state after the last [N, U]."""

    outputs: Array
    cell: Array


def lstm_step(
    inputs: Array, kernel: Array, recurrent_kernel: Array, bias: Array, state: tuple[Array, Array]
) -> LSTMState:
    """One step of a long short-term memory: gates decide what enters the cell, what stays, and what is shown.

    Why: the cell state is carried on by a product with the forget gate and a sum, not through a matrix and a tanh.
    Where the gate is open, it keeps its value, and its gradient, for as long as need be.

    Formula:
        zᵢ, z_f, z_g, z_o = x·W + h·R + b, a quarter of the columns each, in this order;
        c' = σ(z_f)·c + σ(zᵢ)·tanh(z_g);  h' = σ(z_o)·tanh(c')

    Args:
        inputs: x [N, D], one step of each example.
        kernel: W [D, 4U], for input gate, forget gate, candidate and output gate.
        recurrent_kernel: R [U, 4U].
        bias: b [4U].
        state: the tuple (hidden h [N, U], cell c [N, U]) that the step before returned.

    Returns:
        LSTMState(hidden [N, U], cell [N, U]).

    Raises:
        InvalidArgument: if a shape doesn't fit, the kernel's columns are no multiple of 4, an array is empty, or an
            entry isn't a number.

    Source:
        ruppert-ml2, "Long Short-Term Memory", which names an input, a keep and a forget gate: to keep is not to forget,
        one gate; the output gate is missing. The order is that of Keras.

    >>> lstm_step([[0.0]], [[1.0] * 4], [[1.0] * 4], [-1000.0, 1000.0, 0.0, 1000.0], ([[0.0]], [[0.0]]))
    LSTMState(hidden=[[0.0]], cell=[[0.0]])
    """
    require_lstm((inputs, kernel, recurrent_kernel, bias), "N D", state, given=True)
    enters, stays, candidate, shown = gates(weighted_sums(inputs, kernel, recurrent_kernel, bias, state[0]))
    cell = elementwise(lambda i, f, g, c: f * c + i * g, enters, stays, candidate, state[1])
    return LSTMState(elementwise(lambda o, c: o * tanh(c), shown, cell), cell)


def lstm_step_vjp(
    inputs: Array,
    kernel: Array,
    recurrent_kernel: Array,
    bias: Array,
    state: tuple[Array, Array],
    cotangent: tuple[Array, Array],
) -> RecurrentGradients:
    """Carry a gradient back through one step of a long short-term memory.

    Why: the step that backpropagation through time repeats; what it hands back to the cell state has only been
    multiplied by the forget gate.

    Formula:
        with (d h', d c') the cotangent:  e = d c' + d h'·o·(1 - tanh²(c'));  d c = e·f;
        δ = (e·g·i(1 - i), e·c·f(1 - f), e·i·(1 - g²), d h'·tanh(c')·o(1 - o)), and from δ as in `simple_rnn_step_vjp`

    Args:
        inputs, kernel, recurrent_kernel, bias, state: as in `lstm_step`.
        cotangent: a tuple of the loss's gradients with respect to hidden [N, U] and cell [N, U].

    Returns:
        RecurrentGradients(inputs, kernel, recurrent_kernel, bias, state: LSTMState), of the shapes of the inputs.

    Raises:
        InvalidArgument: as `lstm_step`, and if the cotangent isn't a tuple of two arrays of the state's shapes.

    Source:
        ruppert-ml2, "Long Short-Term Memory": LSTMs solve RNN problems like vanishing/exploding gradient.

    >>> lstm_step_vjp([[0.0]], [[0.0] * 4], [[0.0] * 4], [0.0] * 4, ([[0.0]], [[0.0]]), ([[0.0]], [[8.0]])).state.cell
    [[4.0]]
    """
    require_lstm((inputs, kernel, recurrent_kernel, bias), "N D", state, given=True)
    require_state("cotangent", cotangent, (len(inputs), len(recurrent_kernel)))
    sums = weighted_sums(inputs, kernel, recurrent_kernel, bias, state[0])
    enters, stays, candidate, shown = gates(sums)
    cell = elementwise(lambda i, f, g, c: f * c + i * g, enters, stays, candidate, state[1])
    of_hidden, of_cell = cotangent
    arriving = elementwise(add, of_cell, tanh_vjp(cell, elementwise(mul, of_hidden, shown)))
    sums_of_enters, sums_of_stays, sums_of_candidate, sums_of_shown = quarters(sums)
    deltas = (
        sigmoid_vjp(sums_of_enters, elementwise(mul, arriving, candidate)),
        sigmoid_vjp(sums_of_stays, elementwise(mul, arriving, state[1])),
        tanh_vjp(sums_of_candidate, elementwise(mul, arriving, enters)),
        sigmoid_vjp(sums_of_shown, elementwise(lambda g, c: g * tanh(c), of_hidden, cell)),
    )
    side_by_side = [[delta for part in rows for delta in part] for rows in zip(*deltas, strict=True)]
    gradients = weighted_sums_vjp(inputs, kernel, recurrent_kernel, bias, state[0], side_by_side)
    return gradients._replace(state=LSTMState(gradients.state, elementwise(mul, arriving, stays)))


def lstm(
    inputs: Array, kernel: Array, recurrent_kernel: Array, bias: Array, state: tuple[Array, Array] | None = None
) -> LSTMSequence:
    """A long short-term memory over whole sequences: the same step again and again.

    Why: captures dependencies over many steps, where a simple recurrent network forgets.

    Formula:
        (hₜ, cₜ) = lstm_step(xₜ, W, R, b, (hₜ₋₁, cₜ₋₁)), t = 1 … T

    Args:
        inputs: [N, T, D].
        kernel: [D, 4U].
        recurrent_kernel: [U, 4U].
        bias: [4U].
        state: the tuple (h₀ [N, U], c₀ [N, U]); zeros when not given, which whoever skips them never multiplies.

    Returns:
        LSTMSequence(outputs [N, T, U], cell [N, U]): the last output and the cell are the state to go on from.

    Raises:
        InvalidArgument: as `lstm_step`.

    Source:
        ruppert-ml2, "Long Short-Term Memory" and "LSTM to generate Code"; goldsborough-deep, "LSTMs".

    >>> lstm([[[0.0], [0.0]]], [[1.0] * 4], [[1.0] * 4], [0.0] * 4).outputs
    [[[0.0], [0.0]]]
    """
    examples, _, units = require_lstm((inputs, kernel, recurrent_kernel, bias), "N T D", state)
    nothing = zeros((examples, units), PADDING)
    after = LSTMState(nothing, nothing) if state is None else state
    outputs = []
    for step in transpose(inputs):
        after = lstm_step(step, kernel, recurrent_kernel, bias, after)
        outputs.append(after.hidden)
    return LSTMSequence(transpose(outputs), after[1])


def lstm_vjp(
    inputs: Array,
    kernel: Array,
    recurrent_kernel: Array,
    bias: Array,
    state: tuple[Array, Array],
    cotangent: tuple[Array, Array],
) -> RecurrentGradients:
    """Carry a gradient back through whole sequences of a long short-term memory.

    Why: backpropagation through time. Along the cell state a gradient is multiplied by forget gates only.

    Formula:
        for t = T … 1: `lstm_step_vjp` with (cotangentₜ + d hₜ, d cₜ); the gradients of the weights are summed over t

    Args:
        inputs, kernel, recurrent_kernel, bias: as in `lstm`.
        state: a tuple (hidden [N, U], cell [N, U]), always given: a gradient is taken somewhere.
        cotangent: a tuple of the loss's gradients with respect to outputs [N, T, U] and cell [N, U].

    Returns:
        RecurrentGradients(inputs, kernel, recurrent_kernel, bias, state: LSTMState), of the shapes of the inputs.

    Raises:
        InvalidArgument: as `lstm_step`, if there is no state, or if the cotangent isn't a tuple of two arrays of the
            results' shapes.

    Source:
        ruppert-ml2, "Long Short-Term Memory": long-range dependencies are captured.

    >>> nothing = [[0.0] * 4]
    >>> state, cotangent = ([[0.0]], [[0.0]]), ([[[0.0], [0.0]]], [[8.0]])
    >>> lstm_vjp([[[0.0], [0.0]]], nothing, nothing, nothing[0], state, cotangent).state.cell
    [[2.0]]
    """
    shape = require_lstm((inputs, kernel, recurrent_kernel, bias), "N T D", state, given=True)
    examples, _, units = shape
    require_parts("cotangent", cotangent, {"of the outputs": shape, "of the cell": (examples, units)})
    states = [state]
    for step in transpose(inputs)[:-1]:
        states.append(lstm_step(step, kernel, recurrent_kernel, bias, states[-1]))
    handed_back = LSTMState(zeros((examples, units)), cotangent[1])
    gradients = []
    for step, before, slopes in reversed([*zip(transpose(inputs), states, transpose(cotangent[0]), strict=True)]):
        arriving = elementwise(add, slopes, handed_back.hidden), handed_back.cell
        gradients.append(lstm_step_vjp(step, kernel, recurrent_kernel, bias, before, arriving))
        handed_back = gradients[-1].state
    return summed_over_time(gradients)


def quarters(sums: Array) -> list[Array]:
    """The columns of the four gates, in Keras' order: input, forget, candidate, output."""
    units = len(sums[0]) // SUMS
    return [[row[units * gate : units * (gate + 1)] for row in sums] for gate in range(SUMS)]


def gates(sums: Array) -> list[Array]:
    """What enters, what stays, the candidate, what is shown."""
    functions = (sigmoid, sigmoid, tanh, sigmoid)
    return [elementwise(function, part) for function, part in zip(functions, quarters(sums), strict=True)]


def require_lstm(
    network: tuple[Array, Array, Array, Array], axes: str, state: Any, given: bool = False
) -> tuple[int, int, int]:
    """Check the arguments of a long short-term memory, and a state that is given or must be; return N, T and U."""
    examples, steps, units = require_weights(network, axes, SUMS)
    if state is not None or given:
        require_state("state", state, (examples, units))
    return examples, steps, units


def require_state(argument: str, value: object, shape: tuple[int, int]) -> None:
    """Check a hidden and a cell state, or gradients of theirs."""
    require_parts(argument, value, {"of the hidden state": shape, "of the cell": shape})


def require_parts(argument: str, value: object, shapes: dict[str, tuple[int, ...]]) -> None:
    """Check a tuple of as many arrays as there are shapes."""
    if not isinstance(value, tuple) or len(value) != len(shapes):
        wanted = f"a tuple of {len(shapes)} arrays, {' and '.join(because for because in shapes)}"
        raise InvalidArgument(argument, wanted, f"{type(value).__name__} {value!r:.40}")
    for place, (part, (because, shape)) in enumerate(zip(value, shapes.items(), strict=True)):
        require_shape(f"{argument}[{place}]", part, shape, because)
