"""Neurons of binary inputs: what one of them is, what none of them is, and what learning does."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import pytest

from reference import (
    InvalidArgument,
    mcculloch_pitts,
    multiclass_perceptron_predict,
    multiclass_perceptron_train,
    rosenblatt_train,
)
from tests.reference.support import random_fractions

PAIRS = [[0, 0], [0, 1], [1, 0], [1, 1]]
FUNCTIONS = list(product((0, 1), repeat=4))
#: What no line separates.
XOR, EQUAL = (0, 1, 1, 0), (1, 0, 0, 1)


def test_one_neuron_is_and_or_not():
    assert mcculloch_pitts(PAIRS, [[1], [1]], [2]) == [[0], [0], [0], [1]]
    assert mcculloch_pitts(PAIRS, [[1], [1]], [1]) == [[0], [1], [1], [1]]
    assert mcculloch_pitts([[0], [1]], [[-1]], [0]) == [[1], [0]]


def test_no_neuron_is_xor_and_two_layers_are():
    for first, second in product((1, -1, 0), repeat=2):
        for threshold in (-1, 0, Fraction(1, 2), 1, Fraction(3, 2), 2, 3):
            assert mcculloch_pitts(PAIRS, [[first], [second]], [threshold]) != [[y] for y in XOR]
    hidden = mcculloch_pitts(PAIRS, [[1, -1], [-1, 1]], [1, 1])
    assert mcculloch_pitts(hidden, [[1], [1]], [1]) == [[y] for y in XOR]


def test_one_inhibitory_input_silences_any_number_of_others():
    assert mcculloch_pitts([[1] * 9, [1] * 8 + [0]], [[1]] * 8 + [[-1]], [1]) == [[0], [1]]


@pytest.mark.parametrize("labels", FUNCTIONS)
def test_a_function_of_two_inputs_is_learnt_if_a_line_separates_it(labels):
    trace = rosenblatt_train(PAIRS, list(labels), [0, 0, 0], epochs=100)
    *weights, bias = trace.final_weights
    learnt = [int(sum(w * x for w, x in zip(weights, pair, strict=True)) + bias > 0) for pair in PAIRS]
    if labels in (XOR, EQUAL):
        assert len(trace.changes) == 400
        assert learnt != list(labels)
        assert all(any(trace.changes[start : start + 4]) for start in range(0, 400, 4))
        assert len(set(map(tuple, trace.weights))) < 20
    else:
        assert learnt == list(labels)
        assert trace.changes[-4:] == [0] * 4


def test_a_step_changes_the_weights_of_inputs_that_were_1_and_the_bias():
    trace = rosenblatt_train([[1, 0], [0, 1]], [0, 1], [Fraction(3), 5, -1], epochs=1, learning_rate=Fraction(1, 2))
    assert trace.weights == [[3, 5, -1], [Fraction(5, 2), 5, Fraction(-3, 2)]]
    assert (trace.activations, trace.outputs, trace.changes) == ([2, Fraction(7, 2)], [1, 1], [-1, 0])
    assert trace.final_weights == trace.weights[1]


def test_several_perceptrons_choose_the_first_highest():
    make = random_fractions(1)
    features, weights = make(5, 3), make(4, 4)
    came = multiclass_perceptron_predict(features, weights)
    for example, scores, chosen in zip(features, came.scores, came.classes, strict=True):
        for k in range(4):
            assert scores[k] == sum(x * weights[i][k] for i, x in enumerate(example)) + weights[3][k]
        assert chosen == scores.index(max(scores))
    assert multiclass_perceptron_predict([[7]], [[0, 0, 0], [1, 2, 2]]).classes == [1]


def test_separable_classes_are_learnt_and_the_weights_balance():
    features = [[4, 0], [5, 1], [0, 4], [1, 5], [-4, -4], [-5, -3]]
    labels = [0, 0, 1, 1, 2, 2]
    trace = multiclass_perceptron_train(features, labels, [[0] * 3 for _ in range(3)], epochs=50)
    assert multiclass_perceptron_predict(features, trace.final_weights).classes == labels
    assert [sum(row) for row in trace.final_weights] == [0, 0, 0]
    assert len(trace.predictions) < 300


def test_a_mistake_changes_two_perceptrons():
    trace = multiclass_perceptron_train([[2]], [1], [[1, 0, 0], [0, 0, 0]], epochs=1, learning_rate=Fraction(1, 2))
    assert trace == ([[0, 1, 0], [Fraction(-1, 2), Fraction(1, 2), 0]], [[2, 0, 0]], [0])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mcculloch_pitts([[2]], [[1]], [1]), "inputs: wanted 0 or 1; got 2 among them"),
        (lambda: mcculloch_pitts([[1]], [[2]], [1]), "connections: wanted 1 or -1 or 0; got 2 among them"),
        (lambda: mcculloch_pitts([[1]], [[1], [1]], [1]), r"connections: wanted shape \[1, 1\] for 1 inputs"),
        (lambda: mcculloch_pitts([[1]], [[1]], [1, 2]), r"thresholds: wanted shape \[1\] for 1 neurons"),
        (lambda: rosenblatt_train([[1]], [-1], [0, 0], epochs=1), "labels: wanted 0 or 1; got -1 among them"),
        (lambda: rosenblatt_train([[1]], [1], [0], epochs=1), r"weights: wanted shape \[2\] for 1 inputs and a bias"),
        (lambda: rosenblatt_train([[1]], [1, 0], [0, 0], epochs=1), r"labels: wanted shape \[1\] for 1 examples"),
        (lambda: rosenblatt_train([[1]], [1], [0, 0], epochs=0), "epochs: wanted a positive integer; got 0"),
        (
            lambda: multiclass_perceptron_predict([[1]], [[1, 2]]),
            r"weights: wanted shape \[2, 2\] for 1 features and a bias",
        ),
        (
            lambda: multiclass_perceptron_train([[1]], [2], [[1, 2], [0, 0]], epochs=1),
            "labels: wanted integers from 0 to 1; got 2 among them",
        ),
        (
            lambda: rosenblatt_train([[1]], [1], [0, 0], epochs=1, learning_rate=-1),
            "learning_rate: wanted a number of at least 0; got -1",
        ),
    ],
)
def test_bad_arguments_say_what_was_wanted_and_what_came(call, message):
    with pytest.raises(InvalidArgument, match=f"^{message}"):
        call()
