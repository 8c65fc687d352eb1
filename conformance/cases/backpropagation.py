"""Drawing whole networks, and their laws."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from conformance.declarations import case, law
from conformance.drawing import Draw
from conformance.laws import Trial, exact


@case
def forward_pass(draw: Draw) -> dict[str, Any]:
    examples, *widths = draw.sizes(3, 4, 3, 3, 3, long=10)
    widths = widths[: draw.integer(2, 4)]
    pairs = list(pairwise(widths))
    return {
        "inputs": draw.array(examples, widths[0]),
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


@case
def backpropagation(draw: Draw) -> dict[str, Any]:
    arguments = forward_pass(draw)
    return {**arguments, "labels": draw.distributions(len(arguments["inputs"]), len(arguments["biases"][-1]))}


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
