"""Perceptrons for several classes: which one wins, and which ones a mistake changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from conformance.implementations import numpy as base
from conformance.implementations.numpy.arguments import Array
from conformance.implementations.numpy.neurons import place_of_highest
from tests.conformance.power.entering import BAD_INPUT, BOUND, LATTICE, LAWS, right, wrong
from tests.conformance.power.pieces import through_a_wider_format

# --- wrong ------------------------------------------------------------------------------------------------------------

TIED = {"features": np.zeros((1, 1)), "weights": np.zeros((2, 3))}


@wrong("multiclass_perceptron_predict", LAWS, witness=TIED)
def ties_go_to_the_last_class(features: Array, weights: Array) -> Any:
    """`>=` for `>`."""
    scores = base.multiclass_perceptron_predict(features, weights).scores
    last = scores.shape[1] - 1 - scores[:, ::-1].argmax(axis=1)
    return base.MulticlassPrediction(scores, last)


@wrong("multiclass_perceptron_predict", LATTICE, BOUND)
def biases_come_first(features: Array, weights: Array) -> Any:
    """The bias is taken from the first row instead of the last."""
    return base.multiclass_perceptron_predict(features, np.roll(weights, -1, axis=0))


@wrong("multiclass_perceptron_predict", LATTICE, BOUND)
def classes_counted_from_one(features: Array, weights: Array) -> Any:
    """As people count."""
    scores, classes = base.multiclass_perceptron_predict(features, weights)
    return base.MulticlassPrediction(scores, classes + 1)


@wrong("multiclass_perceptron_predict", LATTICE, BOUND, LAWS)
def the_largest_score_by_size_wins(features: Array, weights: Array) -> Any:
    """A large negative score wins, too."""
    scores = base.multiclass_perceptron_predict(features, weights).scores
    return base.MulticlassPrediction(scores, place_of_highest(np.abs(scores)))


def _learn(
    features: Array,
    labels: Array,
    weights: Array,
    *,
    epochs: int,
    learning_rate: Any = 1,
    choose: Callable[[Array], Any] = place_of_highest,
    punish: Callable[[Array, int, int], Any] = lambda scores, chosen, label: [chosen],
    bias: float = 1.0,
    stops: bool = True,
) -> Any:
    """`multiclass_perceptron_train` with one of its steps replaced."""
    examples = np.column_stack([features, np.full(len(features), bias, features.dtype)])
    rate, steps, right_in_a_row, weights = features.dtype.type(learning_rate), [], 0, weights.copy()
    for step in range(epochs * len(examples)):
        if stops and right_in_a_row == len(examples):
            break
        example, label = examples[step % len(examples)], int(labels[step % len(examples)])
        scores = example[:-1] @ weights[:-1] + weights[-1]
        chosen = int(choose(scores))
        steps.append((scores, chosen))
        right_in_a_row = right_in_a_row + 1 if chosen == label else 0
        if chosen != label:
            weights[:, label] += rate * example
            weights[:, punish(scores, chosen, label)] -= rate * example[:, None]
    return base.MulticlassTrace(weights, *map(np.array, zip(*steps, strict=True)))


@wrong("multiclass_perceptron_train", LATTICE, BOUND, LAWS)
def only_the_right_class_learns(*data: Array, **how: Any) -> Any:
    """The wrong one isn't punished."""
    return _learn(*data, **how, punish=lambda scores, chosen, label: np.zeros(len(scores), bool))


@wrong("multiclass_perceptron_train", LATTICE, BOUND)
def the_next_class_is_punished(*data: Array, **how: Any) -> Any:
    """Not the one that won, but the one after the label."""
    return _learn(*data, **how, punish=lambda scores, chosen, label: [(label + 1) % len(scores)])


@wrong("multiclass_perceptron_train", LATTICE, BOUND)
def biases_learn_the_other_way(*data: Array, **how: Any) -> Any:
    """The bias's input is taken for -1, as a threshold's is."""
    return _learn(*data, **how, bias=-1.0)


@wrong("multiclass_perceptron_train", LATTICE, BOUND)
def training_on_ties_from_the_last(*data: Array, **how: Any) -> Any:
    """Where scores tie, from zero weights, the last class is chosen."""
    return _learn(*data, **how, choose=lambda scores: len(scores) - 1 - scores[::-1].argmax())


@wrong("multiclass_perceptron_train", LATTICE, BOUND)
def classes_learn_for_all_epochs(*data: Array, **how: Any) -> Any:
    """The trace goes on after every example is right."""
    return _learn(*data, **how, stops=False)


@wrong("multiclass_perceptron_train", f"{BAD_INPUT}: labels is refused", cases=200)
def labels_beyond_the_classes_come_round(features: Array, labels: Any, weights: Array, **how: Any) -> Any:
    """As negative indices do in NumPy."""
    fits = isinstance(labels, np.ndarray) and labels.dtype.kind == "i" and np.ndim(weights) == 2
    return base.multiclass_perceptron_train(features, labels % weights.shape[1] if fits else labels, weights, **how)


# --- right ------------------------------------------------------------------------------------------------------------


@right("multiclass_perceptron_predict")
def one_perceptron_after_the_other(features: Array, weights: Array) -> Any:
    """A class is chosen when its score exceeds the highest so far."""
    scores = np.column_stack([features @ column[:-1] + column[-1] for column in weights.T])
    best = np.zeros(len(features), np.int64)
    for k in range(1, weights.shape[1]):
        best = np.where(scores[:, k] > scores[np.arange(len(scores)), best], k, best)
    return base.MulticlassPrediction(scores, best)


through_a_wider_format("multiclass_perceptron_predict")


@right("multiclass_perceptron_train")
def a_column_of_changes_for_each_step(features: Array, labels: Array, weights: Array, **how: Any) -> Any:
    """The changes of all classes as one outer product, of which most are 0."""
    if not (np.isfinite(features).all() and np.isfinite(weights).all()):
        return base.multiclass_perceptron_train(features, labels, weights, **how)
    if max(np.abs(features).max(), np.abs(weights).max()) > 1e30:
        return base.multiclass_perceptron_train(features, labels, weights, **how)
    each, rate = np.eye(weights.shape[1], dtype=weights.dtype), weights.dtype.type(how.get("learning_rate", 1))
    examples = np.column_stack([features, np.ones(len(features), features.dtype)])
    steps, right_in_a_row = [], 0
    for step in range(how["epochs"] * len(examples)):
        if right_in_a_row == len(examples):
            break
        example, label = examples[step % len(examples)], int(labels[step % len(examples)])
        scores = example @ weights
        chosen = int(scores.argmax())
        steps.append((scores, chosen))
        right_in_a_row = right_in_a_row + 1 if chosen == label else 0
        weights = weights + np.outer(rate * example, each[label] - each[chosen])
    return base.MulticlassTrace(weights.copy(), *map(np.array, zip(*steps, strict=True)))
