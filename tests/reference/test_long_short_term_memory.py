"""Long short-term memories: the gates and their order, the cell state, and what is said of arguments that don't fit."""

from __future__ import annotations

import pytest

import reference
from reference import InvalidArgument
from reference.elementary import sigmoid, tanh

OPEN, SHUT = 1000.0, -1000.0
STEP = [[1.0]], [[0.5, -0.25, 1.5, 2.0]], [[0.25, 1.0, -0.5, 0.75]], [0.125, 0.0, -1.0, 0.5], ([[0.5]], [[-2.0]])


def test_the_gates_are_input_forget_candidate_output():
    i, f, g, o = (w + 0.5 * r + b for w, r, b in zip(STEP[1][0], STEP[2][0], STEP[3], strict=True))
    cell = sigmoid(f) * -2.0 + sigmoid(i) * tanh(g)
    assert reference.lstm_step(*STEP) == ([[sigmoid(o) * tanh(cell)]], [[cell]])


def test_every_unit_has_a_place_in_each_quarter():
    bias = [SHUT, SHUT, OPEN, OPEN, 0.0, 0.0, OPEN, SHUT]
    nothing = [[0.0] * 8]
    came = reference.lstm_step([[0.0]], nothing, 2 * nothing, bias, ([[0.0, 0.0]], [[3.0, 4.0]]))
    assert came == ([[tanh(3.0), 0.0]], [[3.0, 4.0]])


def test_a_sequence_hands_both_states_on():
    inputs, *weights, state = STEP
    first = reference.lstm_step(inputs, *weights, state)
    second = reference.lstm_step(inputs, *weights, first)
    whole = reference.lstm([[inputs[0], inputs[0]]], *weights, state)
    assert whole == ([[first.hidden[0], second.hidden[0]]], second.cell)


def test_a_state_that_is_not_given_is_zero():
    inputs, *weights, _ = STEP
    assert reference.lstm([inputs], *weights) == reference.lstm([inputs], *weights, ([[0.0]], [[0.0]]))


def test_a_gradient_survives_twenty_steps_behind_an_open_forget_gate():
    nothing, inputs = [[0.0] * 4], [[[0.0]] * 20]
    call = inputs, nothing, nothing, [SHUT, OPEN, 0.0, 0.0], ([[0.0]], [[0.25]])
    gradients = reference.lstm_vjp(*call, ([[[0.0]] * 20], [[3.0]]))
    assert gradients.state.cell == [[3.0]]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({1: [[0.5] * 3]}, r"kernel: wanted 4 columns for each unit; got 3 columns"),
        ({2: [[0.5]]}, r"recurrent_kernel: wanted shape \[1, 4\] for 1 units; got shape \[1, 1\]"),
        (
            {4: [[[0.5]], [[1.0]]]},
            r"state: wanted a tuple of 2 arrays, of the hidden state and of the cell; got list .*",
        ),
        ({4: ([[0.5]],)}, r"state: wanted a tuple of 2 arrays, of the hidden state and of the cell; got tuple .*"),
        ({4: ([[0.5]], [[0.5, 1.0]])}, r"state\[1\]: wanted shape \[1, 1\] of the cell; got shape \[1, 2\]"),
    ],
)
def test_what_does_not_fit_is_said(changed, message):
    with pytest.raises(InvalidArgument, match=f"^{message}$"):
        reference.lstm_step(*[changed.get(place, argument) for place, argument in enumerate(STEP)])
