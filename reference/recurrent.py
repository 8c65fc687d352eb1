"""Recurrent networks: a cell that reads a sequence step by step and hands its state on from each step to the next.

Gradients go back through time: what arrives at a step is what the loss says of its own output, plus what the later
steps hand back.
"""

from __future__ import annotations

from operator import add
from typing import Any, NamedTuple

from reference.activations import tanh_vjp
from reference.arrays import PADDING, Array, dot, elementwise, require_array, require_shape, transpose, zeros
from reference.elementary import tanh
from reference.errors import InvalidArgument
from reference.linear import dense_vjp

__all__ = ["RecurrentGradients", "simple_rnn", "simple_rnn_step", "simple_rnn_step_vjp", "simple_rnn_vjp"]


class RecurrentGradients(NamedTuple):
    """What the gradients of recurrent networks return: one for each input, of that input's shape."""

    inputs: Array
    kernel: Array
    recurrent_kernel: Array
    bias: Array
    state: Any


def simple_rnn_step(inputs: Array, kernel: Array, recurrent_kernel: Array, bias: Array, state: Array) -> Array:
    """One step of a simple recurrent network: a dense layer over the input and the state, then tanh.

    Why: the smallest network with a memory; what it says at one step, it hears at the next.

    Formula:
        h' = tanh(x·W + h·R + b)

    Args:
        inputs: x [N, D], one step of each example.
        kernel: W [D, U].
        recurrent_kernel: R [U, U].
        bias: b [U].
        state: h [N, U], what the step before returned.

    Returns:
        [N, U], the output and the next state.

    Raises:
        InvalidArgument: if a shape doesn't fit, an array is empty, or an entry isn't a number.

    Source:
        ruppert-ml2, "Recurrent Neural Networks", a figure; the formula is that of Keras' SimpleRNN (Elman 1990).

    >>> simple_rnn_step([[1.0]], [[2.0]], [[-1.0]], [0.5], [[2.5]])
    [[0.0]]
    """
    require_recurrent((inputs, kernel, recurrent_kernel, bias), "N D", state, given=True)
    return elementwise(tanh, weighted_sums(inputs, kernel, recurrent_kernel, bias, state))


def simple_rnn_step_vjp(
    inputs: Array, kernel: Array, recurrent_kernel: Array, bias: Array, state: Array, cotangent: Array
) -> RecurrentGradients:
    """Carry a gradient back through one step of a simple recurrent network.

    Why: the step that backpropagation through time repeats.

    Formula:
        δ = cotangent·(1 - h'²);  d x = δ·Wᵀ;  d W = xᵀ·δ;  d R = hᵀ·δ;  d b = Σₙ δ;  d h = δ·Rᵀ

    Args:
        inputs, kernel, recurrent_kernel, bias, state: as in `simple_rnn_step`.
        cotangent: [N, U], the loss's gradient with respect to the step's output.

    Returns:
        RecurrentGradients(inputs, kernel, recurrent_kernel, bias, state), of the shapes of the inputs.

    Raises:
        InvalidArgument: as `simple_rnn_step`, and if the cotangent isn't of the output's shape.

    Source:
        ruppert-ml2, "Recurrent Neural Networks" and "Forward and Back Propagation".

    >>> simple_rnn_step_vjp([[1.0]], [[2.0]], [[-1.0]], [0.5], [[2.5]], [[3.0]]).state
    [[-3.0]]
    """
    require_recurrent((inputs, kernel, recurrent_kernel, bias), "N D", state, given=True)
    require_shape("cotangent", cotangent, (len(inputs), len(recurrent_kernel)), "of the output")
    sums = weighted_sums(inputs, kernel, recurrent_kernel, bias, state)
    return weighted_sums_vjp(inputs, kernel, recurrent_kernel, bias, state, tanh_vjp(sums, cotangent))


def simple_rnn(inputs: Array, kernel: Array, recurrent_kernel: Array, bias: Array, state: Array | None = None) -> Array:
    """A simple recurrent network over whole sequences: the same step again and again.

    Why: sequences have no fixed length, so a network that reads them has weights for a step, not for a place.

    Formula:
        hₜ = tanh(xₜ·W + hₜ₋₁·R + b), t = 1 … T

    Args:
        inputs: [N, T, D].
        kernel: W [D, U].
        recurrent_kernel: R [U, U].
        bias: b [U].
        state: h₀ [N, U]; zeros when not given, which whoever skips them never multiplies.

    Returns:
        [N, T, U], the output of every step; the last one is the state to go on from.

    Raises:
        InvalidArgument: as `simple_rnn_step`.

    Source:
        ruppert-ml2, "Recurrent Neural Networks"; goldsborough-deep, "Recurrent Neural Networks"; figures both.

    >>> simple_rnn([[[0.0], [0.0]]], [[2.0]], [[-1.0]], [0.0])
    [[[0.0], [0.0]]]
    """
    examples, _, units = require_recurrent((inputs, kernel, recurrent_kernel, bias), "N T D", state)
    hidden = zeros((examples, units), PADDING) if state is None else state
    outputs = []
    for step in transpose(inputs):
        hidden = simple_rnn_step(step, kernel, recurrent_kernel, bias, hidden)
        outputs.append(hidden)
    return transpose(outputs)


def simple_rnn_vjp(
    inputs: Array, kernel: Array, recurrent_kernel: Array, bias: Array, state: Array, cotangent: Array
) -> RecurrentGradients:
    """Carry a gradient back through whole sequences: backpropagation through time.

    Why: how recurrent networks learn. A gradient that goes back k steps has been multiplied by k Jacobians
    diag(1 - h²)·Rᵀ; where their norms lie below 1 it vanishes, and what happened long ago is never learnt.

    Formula:
        for t = T … 1: δₜ = (cotangentₜ + δₜ₊₁·Rᵀ)·(1 - hₜ²), and the gradients of the weights are summed over t

    Args:
        inputs, kernel, recurrent_kernel, bias: as in `simple_rnn`.
        state: [N, U], always given: a gradient is taken somewhere.
        cotangent: [N, T, U], the loss's gradient with respect to every output.

    Returns:
        RecurrentGradients(inputs, kernel, recurrent_kernel, bias, state), of the shapes of the inputs.

    Raises:
        InvalidArgument: as `simple_rnn_step`, if there is no state, or if the cotangent isn't of the outputs' shape.

    Source:
        ruppert-ml2, "Long Short-Term Memory": RNN problems like vanishing/exploding gradient.

    >>> simple_rnn_vjp([[[0.0], [0.0]]], [[2.0]], [[-0.5]], [0.0], [[0.0]], [[[0.0], [8.0]]]).state
    [[2.0]]
    """
    shape = require_recurrent((inputs, kernel, recurrent_kernel, bias), "N T D", state, given=True)
    require_shape("cotangent", cotangent, shape, "of the outputs")
    states = [state, *transpose(simple_rnn(inputs, kernel, recurrent_kernel, bias, state))]
    handed_back = zeros((shape[0], shape[2]))
    gradients = []
    for step, before, slopes in reversed([*zip(transpose(inputs), states[:-1], transpose(cotangent), strict=True)]):
        arriving = elementwise(add, slopes, handed_back)
        gradients.append(simple_rnn_step_vjp(step, kernel, recurrent_kernel, bias, before, arriving))
        handed_back = gradients[-1].state
    return summed_over_time(gradients)


def weighted_sums(inputs: Array, kernel: Array, recurrent_kernel: Array, bias: Array, hidden: Array) -> Array:
    """x·W + h·R + b, one sum each: [N, U], or [N, 4U]."""
    columns = [*zip(transpose(kernel), transpose(recurrent_kernel), bias, strict=True)]
    return [
        [dot(row, column) + dot(own, recurrent) + b for column, recurrent, b in columns]
        for row, own in zip(inputs, hidden, strict=True)
    ]


def weighted_sums_vjp(
    inputs: Array, kernel: Array, recurrent_kernel: Array, bias: Array, hidden: Array, deltas: Array
) -> RecurrentGradients:
    """From the gradient of the weighted sums, those of all that is in them: two dense layers with one bias."""
    of_inputs = dense_vjp(inputs, kernel, bias, deltas)
    of_hidden = dense_vjp(hidden, recurrent_kernel, bias, deltas)
    return RecurrentGradients(of_inputs.inputs, of_inputs.weights, of_hidden.weights, of_inputs.bias, of_hidden.inputs)


def summed_over_time(gradients: list[RecurrentGradients]) -> RecurrentGradients:
    """The gradients of a sequence from those of its steps, the last one first."""
    last, *earlier = gradients
    kernel, recurrent_kernel, bias = last.kernel, last.recurrent_kernel, last.bias
    for gradient in earlier:
        kernel = elementwise(add, kernel, gradient.kernel)
        recurrent_kernel = elementwise(add, recurrent_kernel, gradient.recurrent_kernel)
        bias = elementwise(add, bias, gradient.bias)
    inputs = transpose([gradient.inputs for gradient in reversed(gradients)])
    return RecurrentGradients(inputs, kernel, recurrent_kernel, bias, gradients[-1].state)


def require_recurrent(
    network: tuple[Array, Array, Array, Array], axes: str, state: Array | None, given: bool = False
) -> tuple[int, int, int]:
    """Check the arguments of a simple recurrent network, and a state that is given or must be; return N, T and U."""
    examples, steps, units = require_weights(network, axes)
    if state is not None or given:
        require_shape("state", state, (examples, units), f"for {examples} examples and {units} units")
    return examples, steps, units


def require_weights(network: tuple[Array, Array, Array, Array], axes: str, sums: int = 1) -> tuple[int, int, int]:
    """Check the inputs and weights of a network whose units have so many weighted sums each; return N, T and U."""
    inputs, kernel, recurrent_kernel, bias = network
    *batch, features = require_array("inputs", inputs, axes)
    columns = require_array("kernel", kernel, "D U" if sums == 1 else f"D {sums}U")[1]
    require_shape("kernel", kernel, (features, columns), f"for inputs with {features} features")
    if columns % sums:
        raise InvalidArgument("kernel", f"{sums} columns for each unit", f"{columns} columns")
    units = columns // sums
    require_shape("recurrent_kernel", recurrent_kernel, (units, columns), f"for {units} units")
    require_shape("bias", bias, (columns,), f"for {units} units")
    return batch[0], batch[-1], units
