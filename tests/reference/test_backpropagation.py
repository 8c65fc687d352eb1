"""Whole networks: what passes from layer to layer, and what is said of layers that don't fit."""

from __future__ import annotations

import pytest

import reference
from reference import InvalidArgument

BOTH = pytest.mark.parametrize("function", [reference.backpropagation, reference.backpropagation_by_graph])
INPUTS, LABELS = [[1, 2]], [[1, 0]]
WEIGHTS, BIASES = ([[1, 2, 3], [4, 5, 6]], [[1, 0], [0, 1], [1, 1]]), ([0, 0, 0], [0, 0])


def test_every_layer_feeds_the_next():
    inputs = [[1, -2], [3, 1]]
    sums, activations = reference.forward_pass(inputs, WEIGHTS, BIASES)
    assert sums[0] == reference.dense(inputs, WEIGHTS[0], BIASES[0])
    assert activations[0] == reference.relu(sums[0])
    assert sums[1] == reference.dense(activations[0], WEIGHTS[1], BIASES[1])
    assert activations[1] == reference.softmax(sums[1])


@BOTH
def test_gradients_have_the_shapes_of_the_parameters(function):
    came = function(INPUTS, WEIGHTS, BIASES, LABELS)
    assert tuple(map(reference.shape, came.weights)) == tuple(map(reference.shape, WEIGHTS))
    assert tuple(map(reference.shape, came.biases)) == tuple(map(reference.shape, BIASES))


@BOTH
def test_a_step_against_the_gradient_lowers_the_loss(function):
    before = function([[1.0, 2.0]], ([[1.0, 2.0], [-1.0, 0.5]],), ([0.0, 0.0],), LABELS)
    weights = [
        [w - g / 64 for w, g in zip(*rows, strict=True)]
        for rows in zip([[1.0, 2.0], [-1.0, 0.5]], before.weights[0], strict=True)
    ]
    assert function([[1.0, 2.0]], (weights,), ([0.0, 0.0],), LABELS).loss < before.loss


@BOTH
@pytest.mark.parametrize(
    ("weights", "biases", "labels", "message"),
    [
        (list(WEIGHTS), BIASES, LABELS, r"weights: wanted a tuple of arrays, one for each layer; got list .*"),
        ((), BIASES, LABELS, r"weights: wanted a tuple of arrays, one for each layer; got tuple \(\)"),
        (WEIGHTS, [0], LABELS, r"biases: wanted a tuple of arrays, one for each layer; got list \[0\]"),
        (WEIGHTS, BIASES[:1], LABELS, r"biases: wanted 2 vectors for as many weight matrices; got 1"),
        (
            (WEIGHTS[0], [1, 2]),
            BIASES,
            LABELS,
            r"weights\[1\]: wanted a nested list of numbers \[D, H\]; got shape \[2\]",
        ),
        (
            (WEIGHTS[0], [[1, 2]]),
            BIASES,
            LABELS,
            r"weights\[1\]: wanted shape \[3, 2\] after a layer of 3 units; got .*\[1, 2\]",
        ),
        (WEIGHTS, (BIASES[0], [0]), LABELS, r"biases\[1\]: wanted shape \[2\] for 2 units; got shape \[1\]"),
        (WEIGHTS, ([0], BIASES[1]), LABELS, r"bias(es\[0\])?: wanted shape \[3\] for 3 units; got shape \[1\]"),
        (WEIGHTS[1:], BIASES[1:], LABELS, r"weights(\[0\])?: wanted shape \[2, 2\] .*; got shape \[3, 2\]"),
        (WEIGHTS, BIASES, [[1, 0, 0]], r"labels: wanted shape \[1, 2\] of the network's output; got shape \[1, 3\]"),
        (WEIGHTS, BIASES, 1, r"labels: wanted a nested list of numbers; got int"),
    ],
)
def test_layers_that_do_not_fit_say_so(function, weights, biases, labels, message):
    with pytest.raises(InvalidArgument, match=f"^{message}$"):
        function(INPUTS, weights, biases, labels)
