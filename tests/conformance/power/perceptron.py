"""The perceptron: every step of its training, one replaced at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from conformance.implementations import numpy as base
from conformance.implementations.numpy.arguments import Array
from conformance.implementations.numpy.perceptron import learning_rates
from tests.conformance.power.entering import BAD_INPUT, BOUND, LATTICE, LAWS, WORKED, wrong
from tests.conformance.power.pieces import through_a_wider_format

# --- wrong ------------------------------------------------------------------------------------------------------------


def _train(
    features: Array,
    labels: Array,
    *,
    epochs: int,
    learning_rate: Any = 1,
    initial_weights: Array | None = None,
    threshold: float = -1.0,
    fold_label: bool = True,
    is_wrong: Callable[[Any], Any] = lambda activation: activation <= 0,
    rate_of: Callable[[Array, int], Any] = lambda rates, epoch: rates[epoch],
    stop_after: Callable[[int], float] = lambda count: count,
    sign: int = 1,
) -> Any:
    """`perceptron_sgd` with one of its steps replaced."""
    rates = learning_rates(learning_rate, epochs, features.dtype)
    examples = np.column_stack([features, np.full(len(features), threshold, features.dtype)])
    examples = examples * labels.astype(features.dtype)[:, None] if fold_label else examples
    weights = np.zeros(examples.shape[1], features.dtype) if initial_weights is None else initial_weights.copy()
    steps, right_in_a_row = [], 0
    for epoch in range(epochs):
        for example in examples:
            if right_in_a_row >= stop_after(len(examples)):
                break
            activation = example @ weights
            wrong_side = is_wrong(activation)
            steps.append((weights, example, activation, wrong_side))
            right_in_a_row = 0 if wrong_side else right_in_a_row + 1
            weights = weights + sign * rate_of(rates, epoch) * example if wrong_side else weights
    return base.PerceptronTrace(weights, *map(np.array, zip(*steps, strict=True)))


@wrong("perceptron_sgd", WORKED, LATTICE, BOUND, LAWS)
def no_update_on_the_hyperplane(*data: Array, **how: Any) -> Any:
    """`<` for `<=`: from zero weights, nothing is ever learnt."""
    return _train(*data, **how, is_wrong=lambda activation: activation < 0)


@wrong("perceptron_sgd", WORKED, LATTICE, BOUND, LAWS)
def threshold_not_folded(*data: Array, **how: Any) -> Any:
    """The threshold's component is 0 instead of -1: the hyperplane never leaves the origin."""
    return _train(*data, **how, threshold=0.0)


@wrong("perceptron_sgd", WORKED, LATTICE, BOUND)
def threshold_folded_with_a_plus(*data: Array, **how: Any) -> Any:
    """The threshold's component is +1, as a bias's would be."""
    return _train(*data, **how, threshold=1.0)


@wrong("perceptron_sgd", WORKED, LATTICE, BOUND, LAWS)
def label_not_folded(*data: Array, **how: Any) -> Any:
    """Every example is taken as a positive one."""
    return _train(*data, **how, fold_label=False)


@wrong("perceptron_sgd", BOUND, cases=200)
def learning_rate_of_the_next_epoch(*data: Array, **how: Any) -> Any:
    """The rates are counted from 1, the epochs from 0."""
    return _train(*data, **how, rate_of=lambda rates, epoch: rates[min(epoch + 1, len(rates) - 1)])


@wrong("perceptron_sgd", WORKED, BOUND)
def perceptron_never_stops_early(*data: Array, **how: Any) -> Any:
    """The trace goes on after every example is right."""
    return _train(*data, **how, stop_after=lambda count: np.inf)


@wrong("perceptron_sgd", LATTICE, BOUND)
def perceptron_stops_one_example_early(*data: Array, **how: Any) -> Any:
    """N - 1 right answers in a row are taken for all N."""
    return _train(*data, **how, stop_after=lambda count: max(1, count - 1))


@wrong("perceptron_sgd", LATTICE, BOUND)
def initial_weights_ignored(*data: Array, initial_weights: Array | None = None, **how: Any) -> Any:
    """Training always starts from zeros."""
    return _train(*data, **how)


@wrong("perceptron_sgd", WORKED, LATTICE, BOUND)
def mistakes_are_subtracted(*data: Array, **how: Any) -> Any:
    """The update goes the wrong way."""
    return _train(*data, **how, sign=-1)


@wrong("perceptron_predict", LATTICE, BOUND)
def threshold_added(features: Array, weights: Array) -> Any:
    """f(x) = ⟨x, w⟩ + ρ."""
    return base.perceptron_predict(features, np.append(weights[:-1], -weights[-1]))


@wrong("perceptron_predict", LAWS)
def the_hyperplane_counts_as_positive(features: Array, weights: Array) -> Any:
    """Label +1 on the hyperplane itself."""
    scores = base.perceptron_predict(features, weights).scores
    return base.PerceptronPrediction(scores, np.where(scores >= 0, 1, -1))


# --- bad input --------------------------------------------------------------------------------------------------------


@wrong("perceptron_sgd", f"{BAD_INPUT}: labels is refused", cases=200)
def any_label_will_do(features: Array, labels: Array, **how: Any) -> Any:
    """Labels ±3 are taken for ±1."""
    return base.perceptron_sgd(features, np.sign(labels), **how)


# --- right ------------------------------------------------------------------------------------------------------------


through_a_wider_format("perceptron_sgd")
through_a_wider_format("perceptron_predict")
