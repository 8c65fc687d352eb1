"""Recurrent networks: what a step does, what goes from step to step, and what is said of arguments that don't fit."""

from __future__ import annotations

import pytest

import reference
from reference import InvalidArgument
from reference.elementary import tanh

STEP = [[1.0, -2.0]], [[0.5], [0.25]], [[-1.0]], [0.125], [[0.75]]
#: On zeros tanh is the identity, and gradients are exact.
ZEROS = [[[0.0], [0.0], [0.0]]], [[2.0]], [[-3.0]], [0.0], [[0.0]]


def test_a_step_is_tanh_of_one_sum():
    assert reference.simple_rnn_step(*STEP) == [[tanh(0.5 - 0.5 - 0.75 + 0.125)]]


def test_a_sequence_hands_its_state_on():
    inputs, *weights, state = STEP
    twice = reference.simple_rnn([[inputs[0], inputs[0]]], *weights, state)
    first = reference.simple_rnn_step(inputs, *weights, state)
    assert twice == [[first[0], reference.simple_rnn_step(inputs, *weights, first)[0]]]


def test_a_state_that_is_not_given_is_zero():
    inputs, *weights, _ = STEP
    assert reference.simple_rnn([inputs], *weights) == reference.simple_rnn([inputs], *weights, [[0.0]])


def test_a_gradient_goes_back_through_every_step():
    gradients = reference.simple_rnn_vjp(*ZEROS, [[[0.0], [0.0], [1.0]]])
    assert gradients.state == [[(-3) ** 3]]
    assert gradients.inputs == [[[2 * 9], [2 * -3], [2]]]
    assert gradients.bias == [9 - 3 + 1]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({0: [[[1.0]]]}, r"inputs: wanted a nested list of numbers \[N, D\]; got shape \[1, 1, 1\]"),
        ({1: [[0.5]]}, r"kernel: wanted shape \[2, 1\] for inputs with 2 features; got shape \[1, 1\]"),
        ({2: [[1.0, 2.0]]}, r"recurrent_kernel: wanted shape \[1, 1\] for 1 units; got shape \[1, 2\]"),
        ({3: [1.0, 2.0]}, r"bias: wanted shape \[1\] for 1 units; got shape \[2\]"),
        ({4: [[1.0], [2.0]]}, r"state: wanted shape \[1, 1\] for 1 examples and 1 units; got shape \[2, 1\]"),
        ({4: None}, r"state: wanted a nested list of numbers; got NoneType"),
    ],
)
def test_what_does_not_fit_is_said(changed, message):
    with pytest.raises(InvalidArgument, match=f"^{message}$"):
        reference.simple_rnn_step(*[changed.get(place, argument) for place, argument in enumerate(STEP)])


def test_a_gradient_wants_a_state():
    inputs, *weights, _ = STEP
    with pytest.raises(InvalidArgument, match=r"^state: wanted"):
        reference.simple_rnn_vjp([inputs], *weights, None, [[[1.0]]])
