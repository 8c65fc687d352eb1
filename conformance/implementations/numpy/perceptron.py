"""The perceptron: training and predicting."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from conformance.implementations.numpy.arguments import Array, require_array
from reference.errors import InvalidArgument, require_positive_integer

__all__ = ["PerceptronPrediction", "PerceptronTrace", "perceptron_predict", "perceptron_sgd"]


class PerceptronTrace(NamedTuple):
    final_weights: Array
    weights: Array
    examples: Array
    activations: Array
    updated: Array


class PerceptronPrediction(NamedTuple):
    scores: Array
    labels: Array


def perceptron_sgd(
    features: Array,
    labels: Array,
    *,
    epochs: int,
    learning_rate: Any = 1,
    initial_weights: Array | None = None,
) -> PerceptronTrace:
    count, width = require_array("features", features, "N D")
    require_labels(labels, count)
    rates = learning_rates(learning_rate, require_positive_integer("epochs", epochs), features.dtype)
    if initial_weights is not None:
        require_array("initial_weights", initial_weights, "D+1", (width + 1,))
    weights = np.zeros(width + 1, features.dtype) if initial_weights is None else initial_weights.copy()
    with np.errstate(all="ignore"):
        examples = fold_threshold(features) * labels.astype(features.dtype)[:, None]
        steps: list[tuple[Array, ...]] = []
        right_in_a_row = 0
        for rate in rates:
            for example in examples:
                if right_in_a_row == count:
                    break
                activation = example @ weights
                wrong = activation <= 0
                steps.append((weights, example, activation, wrong))
                right_in_a_row = 0 if wrong else right_in_a_row + 1
                weights = weights + rate * example if wrong else weights
    before, looked_at, activations, updated = map(np.array, zip(*steps, strict=True))
    return PerceptronTrace(weights, before, looked_at, activations, updated.astype(np.int64))


def perceptron_predict(features: Array, weights: Array) -> PerceptronPrediction:
    _, width = require_array("features", features, "N D")
    require_array("weights", weights, "D+1", (width + 1,))
    with np.errstate(all="ignore"):
        scores = fold_threshold(features) @ weights
    return PerceptronPrediction(scores, np.where(scores > 0, 1, -1))


def fold_threshold(features: Array) -> Array:
    return np.concatenate([features, np.full((len(features), 1), -1, features.dtype)], axis=1)


def learning_rates(learning_rate: Any, epochs: int, dtype: np.dtype[Any]) -> Array:
    """One learning rate for each epoch, from a number, a sequence of them, or a function of the epoch's number."""
    if callable(learning_rate):
        learning_rate = [learning_rate(epoch) for epoch in range(1, epochs + 1)]
    wanted = f"a number, {epochs} numbers for as many epochs, or a function of the epoch's number"
    try:
        rates = np.asarray(learning_rate)
    except ValueError:  # lists of different lengths
        raise InvalidArgument("learning_rate", wanted, f"{learning_rate!r:.60}") from None
    if rates.dtype.kind not in "iuf" or rates.shape not in ((), (epochs,)):
        raise InvalidArgument("learning_rate", wanted, f"{learning_rate!r:.60}")
    return np.broadcast_to(rates.astype(dtype), (epochs,))


def require_labels(labels: Array, count: int) -> None:
    require_array("labels", labels, "N", (count,), kinds="iuf")
    if not np.isin(labels, (1, -1)).all():
        raise InvalidArgument("labels", "+1 or -1 for each example", f"{np.unique(labels)}")
