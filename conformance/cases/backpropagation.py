"""Drawing whole networks, and their laws."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from conformance.declarations import case, law
from conformance.drawing import Draw
from conformance.lanes.reading import Axes
from conformance.laws import Trial, exact
from conformance.spaces import Configuration, Space

WIDTHS = ("D0", "D1", "D2", "D3", "D4", "D5")


def _weights(c: Configuration) -> Any:
    """How many weights a network has."""
    return sum(c[a] * c[b] * (c.layers > layer) for layer, (a, b) in enumerate(pairwise(WIDTHS)))


def _widths_beyond_the_last_are_1(c: Configuration) -> Any:
    return (
        ((c.layers >= 2) | (c.D2 == 1))
        & ((c.layers >= 3) | (c.D3 == 1))
        & (((c.layers >= 4) | (c.D4 == 1)) & ((c.layers >= 5) | (c.D5 == 1)))
    )


#: N examples through one to five layers, the widths of which are D0, D1, ….
NETWORKS = Space(
    sizes={"N": (1, 2, 3, 4, 5, 8, 9, 16, 17, 33), **dict.fromkeys(WIDTHS, (1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 32, 33))},
    choices={"layers": (1, 2, 3, 4, 5)},
    small={"N": (1, 2, 3, 4), **dict.fromkeys(WIDTHS, (1, 2, 3, 4))},
    valid=_widths_beyond_the_last_are_1,
    steps=lambda c: 2 * _weights(c),
    work=lambda c: 2 * c.N * _weights(c),
    common={
        "the slides' three layers": {"layers": 3, "N": 1, "D0": 4, "D1": 3, "D2": 3, "D3": 2},
        "five layers": {"layers": 5, "N": 4, "D0": 12, "D1": 10, "D2": 8, "D3": 6, "D4": 5, "D5": 4},
    },
)


@case(NETWORKS, Axes(("N D", "D U", "U"), ("N U",), "N"))
def forward_pass(draw: Draw, c: Configuration) -> dict[str, Any]:
    pairs = [(c[a], c[b]) for a, b in list(pairwise(WIDTHS))[: c.layers]]
    return {
        "inputs": draw.array(c.N, c.D0),
        "weights": tuple(draw.array(*pair) for pair in pairs),
        "biases": tuple(draw.array(units) for _, units in pairs),
    }


@law(forward_pass)
def forward_pass_ends_in_probabilities(draw: Draw, trial: Trial) -> None:
    """The last layer's activation is softmax, and no other one's."""
    trial.agree(trial.run(*forward_pass(draw).values()).activations[-1].sum(axis=-1), 1)


@law(forward_pass)
def forward_pass_keeps_hidden_activations_that_are_positive(draw: Draw, trial: Trial) -> None:
    """The hidden layers' is relu, applied to the very sums that are returned."""
    result = trial.run(*forward_pass(draw).values())
    for weighted_sum, activation in zip(result.weighted_sums[:-1], result.activations[:-1], strict=True):
        positive = np.vectorize(lambda entry: entry.maximum(0), otypes=[object])(weighted_sum)
        trial.agree(activation, positive)


@law(forward_pass)
def forward_pass_treats_every_example_alone(draw: Draw, trial: Trial) -> None:
    """Nothing leaks from one row of the batch into another."""
    inputs, weights, biases = forward_pass(draw).values()
    together, alone = trial.run(inputs, weights, biases), trial.run(inputs[-1:], weights, biases)
    trial.agree(together.weighted_sums[-1][-1:], alone.weighted_sums[-1])


@case(NETWORKS)
def backpropagation(draw: Draw, c: Configuration) -> dict[str, Any]:
    return {**forward_pass.draw(draw, c), "labels": draw.distributions(c.N, c[WIDTHS[c.layers]])}


@law(backpropagation)
def backpropagation_gives_output_biases_gradients_that_sum_to_zero(draw: Draw, trial: Trial) -> None:
    """Softmax doesn't feel a common shift of its logits, so no gradient pushes that way."""
    trial.agree(trial.run(*backpropagation(draw).values()).biases[-1].sum(), 0)


@law(backpropagation)
def backpropagation_of_one_layer_is_prediction_minus_label(draw: Draw, trial: Trial) -> None:
    """The textbook's result: with one layer the gradient is (p - y)·x, without any chain rule."""
    # With one example and one layer, the weights' gradient is the outer product of input and bias gradient.
    features, classes = draw.sizes(5, 4)
    x, w, b = draw.array(1, features), draw.array(features, classes), draw.array(classes)
    result = trial.run(x, (w,), (b,), draw.distributions(1, classes))
    trial.agree(result.weights[0], exact(x[0])[:, None] * result.biases[0][None, :])
