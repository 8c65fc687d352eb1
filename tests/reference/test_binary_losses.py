"""Losses of questions with two answers: certain answers, and logits without bounds."""

from __future__ import annotations

import math

import reference


def test_certain_answers_cost_nothing_if_they_are_right_and_everything_if_not():
    assert reference.binary_cross_entropy([0.0, 1.0, 0.0, 1.0], [0, 1, 1, 0]) == [0, 0, math.inf, math.inf]
    assert reference.binary_cross_entropy_vjp([0.0, 1.0, 0.0, 1.0], [0, 1, 1, 0], [2.0] * 4) == [
        2,
        -2,
        -math.inf,
        math.inf,
    ]


def test_logits_of_answers_never_overflow():
    assert reference.binary_cross_entropy_with_logits([1e300, -1e300], [1, 0]) == [0, 0]
    assert reference.binary_cross_entropy_with_logits([1e300, -1e300], [0, 1]) == [1e300, 1e300]
    assert reference.binary_cross_entropy_with_logits([math.inf, -math.inf], [0.5, 0.5]) == [math.inf, math.inf]
