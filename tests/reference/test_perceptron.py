"""The perceptron: its learning rates, when it stops, what its trace says, and what is said of bad input."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
from reference import InvalidArgument
from tests.reference.support import many, random_fractions, seeds

FEATURES, LABELS = [[-1, 2], [0, 4]], [-1, 1]


def simple_perceptron(features, labels, rates, weights):
    """The update rule of the slides with the threshold kept apart: the final (w, ρ), and how many steps were taken."""
    *w, threshold = weights
    right, steps = 0, 0
    for rate in rates:
        for x, y in zip(features, labels, strict=True):
            if right == len(features):
                return [*w, threshold], steps
            steps += 1
            right += 1
            if y * (sum(a * b for a, b in zip(x, w, strict=True)) - threshold) <= 0:
                w = [a + rate * y * b for a, b in zip(w, x, strict=True)]
                threshold -= rate * y
                right = 0
    return [*w, threshold], steps


@given(seeds, st.integers(1, 4), st.integers(1, 3), st.integers(1, 6))
@many
def test_training_follows_the_rule_with_the_threshold_kept_apart(seed, examples, width, epochs):
    make, random = random_fractions(seed), Random(seed)
    features, start = make(examples, width), make(width + 1)
    labels = [random.choice((-1, 1)) for _ in range(examples)]
    rates = [Fraction(random.randint(1, 6), 3) for _ in range(epochs)]
    trace = reference.perceptron_sgd(features, labels, epochs=epochs, learning_rate=rates, initial_weights=start)
    final, steps = simple_perceptron(features, labels, rates, start)
    assert trace.final_weights == final
    assert len(trace.weights) == len(trace.examples) == len(trace.activations) == len(trace.updated) == steps
    assert trace.weights[0] == start


@given(seeds, st.integers(1, 5))
@many
def test_it_stops_after_as_many_right_answers_in_a_row_as_there_are_examples(seed, examples):
    features = random_fractions(seed)(examples, 2)
    labels = [1 if x - 2 * y > 1 else -1 for x, y in features]
    trace = reference.perceptron_sgd(features, labels, epochs=30)
    steps, updated = len(trace.updated), trace.updated
    for end in range(examples, steps):
        assert 1 in updated[end - examples : end], "it went on after all examples were right"
    if steps < 30 * examples:
        assert updated[-examples:] == [0] * examples
        assert reference.perceptron_predict(features, trace.final_weights).labels == labels


def test_a_number_is_the_rate_of_every_epoch_and_a_function_takes_the_epoch_from_one():
    def train(rate):
        return reference.perceptron_sgd(FEATURES, LABELS, epochs=4, learning_rate=rate)

    seen = []
    halving = [Fraction(1), Fraction(1, 2), Fraction(1, 4), Fraction(1, 8)]
    assert train(lambda epoch: seen.append(epoch) or halving[epoch - 1]) == train(halving) == train(tuple(halving))
    assert seen == [1, 2, 3, 4]
    assert train(Fraction(1, 2)) == train([Fraction(1, 2)] * 4)
    assert train(halving) != train(1)


def test_a_zero_activation_is_a_mistake():
    trace = reference.perceptron_sgd([[0]], [1], epochs=1)
    assert (trace.activations, trace.updated, trace.final_weights) == ([0], [1], [0, -1])


def test_initial_weights_stay_as_they_were():
    start = [0, 0, 0]
    reference.perceptron_sgd(FEATURES, LABELS, epochs=3, initial_weights=start)
    assert start == [0, 0, 0]


@pytest.mark.parametrize("number", [int, float, Fraction, Decimal])
def test_a_trace_prints_with_every_kind_of_number(number):
    features = [[number(x) for x in row] for row in FEATURES]
    text = str(reference.perceptron_sgd(features, LABELS, epochs=9))
    assert len(text.splitlines()) == 13
    assert "+7" in text
    assert " update" in text


def test_on_the_hyperplane_the_label_is_minus_one():
    assert reference.perceptron_predict([[4], [5], [3]], [1, 4]) == ([0, 1, -1], [-1, 1, -1])


RATES = "learning_rate: wanted a number, 2 numbers for as many epochs, or a function of the epoch's number; got "


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"features": [1, 2]}, r"features: wanted a nested list of numbers \[N, D\]; got shape \[2\]"),
        ({"features": []}, r"features: wanted .*; got an empty list"),
        ({"labels": [1]}, r"labels: wanted shape \[2\] for 2 examples; got shape \[1\]"),
        ({"labels": [0, 1]}, r"labels: wanted \+1 or -1 for each example; got 0 among them"),
        ({"labels": [1, 2]}, r"labels: wanted \+1 or -1 for each example; got 2 among them"),
        ({"labels": ["+1", 1]}, r"labels: wanted a nested list of numbers \[N\]; got '\+1' inside"),
        ({"epochs": 0}, r"epochs: wanted a positive integer; got 0"),
        ({"epochs": 2.0}, r"epochs: wanted a positive integer; got 2\.0"),
        ({"epochs": True}, r"epochs: wanted a positive integer; got True"),
        ({"learning_rate": [1]}, RATES + r"\[1\]"),
        ({"learning_rate": [1, "2"]}, RATES + r"\[1, '2'\]"),
        ({"learning_rate": "fast"}, RATES + "'fast'"),
        ({"learning_rate": None}, RATES + "None"),
        ({"learning_rate": lambda epoch: None}, RATES + "<function .*"),
        (
            {"initial_weights": [0, 0]},
            r"initial_weights: wanted shape \[3\] for 2 features and a threshold; got shape \[2\]",
        ),
    ],
)
def test_bad_arguments_say_what_was_wanted_and_what_came(changed, message):
    arguments = {"features": FEATURES, "labels": LABELS, "epochs": 2, **changed}
    with pytest.raises(InvalidArgument, match=f"^{message}$"):
        reference.perceptron_sgd(arguments.pop("features"), arguments.pop("labels"), **arguments)


def test_weights_fit_the_features():
    with pytest.raises(
        InvalidArgument, match=r"^weights: wanted shape \[3\] for 2 features and a threshold; got shape \[2\]$"
    ):
        reference.perceptron_predict(FEATURES, [1, 2])
    with pytest.raises(InvalidArgument, match=r"^examples: wanted a nested list of numbers \[N, D\]; got shape \[1\]$"):
        reference.fold_label([1], [1])


def test_a_notebook_shows_a_trace_as_the_slides_table():
    shown = reference.perceptron_sgd([[-1, 2], [3, 0]], [-1, 1], epochs=1)._repr_html_()
    assert shown.startswith("<table><caption>(1, -2, 1) at the end</caption><tr><th>w</th><th>x_i</th>")
    assert "<tr><td>(0, 0, 0)</td><td>(1, -2, 1)</td><td>0</td><td>update</td></tr>" in shown
