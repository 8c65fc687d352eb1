"""Neurons of binary inputs."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from conformance.implementations.numpy.arguments import Array, require_array
from conformance.implementations.numpy.metrics import require_indices
from reference.errors import InvalidArgument, require_number, require_positive_integer

__all__ = [
    "MulticlassPrediction",
    "MulticlassTrace",
    "RosenblattTrace",
    "mcculloch_pitts",
    "multiclass_perceptron_predict",
    "multiclass_perceptron_train",
    "rosenblatt_train",
]


class RosenblattTrace(NamedTuple):
    final_weights: Array
    weights: Array
    activations: Array
    outputs: Array
    changes: Array


class MulticlassPrediction(NamedTuple):
    scores: Array
    classes: Array


class MulticlassTrace(NamedTuple):
    final_weights: Array
    scores: Array
    predictions: Array


def mcculloch_pitts(inputs: Array, connections: Array, thresholds: Array) -> Array:
    _, width = require_array("inputs", inputs, "N D", kinds="iuf")
    _, units = require_array("connections", connections, "D U", kinds="iuf")
    require_array("connections", connections, "D U", (width, units), kinds="iuf")
    require_array("thresholds", thresholds, "U", (units,))
    require_values("inputs", inputs, (0, 1))
    require_values("connections", connections, (1, -1, 0))
    on = inputs.astype(np.int64)
    excited, inhibited = (on @ (connections == kind).astype(np.int64) for kind in (1, -1))
    with np.errstate(all="ignore"):
        return ((excited >= thresholds) & (inhibited == 0)).astype(np.int64)


def rosenblatt_train(
    inputs: Array, labels: Array, weights: Array, *, epochs: int, learning_rate: Any = 1
) -> RosenblattTrace:
    count, width = require_array("inputs", inputs, "N D", kinds="iuf")
    require_array("labels", labels, "N", (count,), kinds="iuf")
    require_array("weights", weights, "D+1", (width + 1,))
    require_values("inputs", inputs, (0, 1))
    require_values("labels", labels, (0, 1))
    rate = weights.dtype.type(require_number("learning_rate", learning_rate, 0))
    examples = np.hstack([inputs, np.ones((count, 1))]).astype(weights.dtype)
    steps: list[tuple[Any, ...]] = []
    right_in_a_row, weights = 0, weights.copy()
    with np.errstate(all="ignore"):
        for step in range(count * require_positive_integer("epochs", epochs)):
            if right_in_a_row == count:
                break
            example, label = examples[step % count], labels[step % count]
            activation = example @ weights
            output = int(activation > 0)
            change = int(label) - output
            steps.append((weights, activation, output, change))
            right_in_a_row = 0 if change else right_in_a_row + 1
            weights = np.where(example == 1, weights + change * rate, weights) if change else weights
    before, activations, outputs, changes = map(np.array, zip(*steps, strict=True))
    return RosenblattTrace(weights, before, activations, outputs, changes)


def multiclass_perceptron_predict(features: Array, weights: Array) -> MulticlassPrediction:
    _, width = require_array("features", features, "N D")
    require_weights(weights, width)
    with np.errstate(all="ignore"):
        scores = features @ weights[:-1] + weights[-1]
    return MulticlassPrediction(scores, place_of_highest(scores))


def multiclass_perceptron_train(
    features: Array, labels: Array, weights: Array, *, epochs: int, learning_rate: Any = 1
) -> MulticlassTrace:
    count, width = require_array("features", features, "N D")
    require_array("labels", labels, "N", (count,), kinds="iuf")
    require_indices("labels", labels, require_weights(weights, width))
    rate = weights.dtype.type(require_number("learning_rate", learning_rate, 0))
    examples = np.hstack([features, np.ones((count, 1), features.dtype)])
    steps: list[tuple[Any, ...]] = []
    right_in_a_row, weights = 0, weights.copy()
    with np.errstate(all="ignore"):
        for step in range(count * require_positive_integer("epochs", epochs)):
            if right_in_a_row == count:
                break
            example, label = examples[step % count], int(labels[step % count])
            scores = example[:-1] @ weights[:-1] + weights[-1]
            chosen = int(place_of_highest(scores))
            steps.append((scores, chosen))
            right_in_a_row = right_in_a_row + 1 if chosen == label else 0
            if chosen != label:
                weights[:, label] += rate * example
                weights[:, chosen] -= rate * example
    scores, predictions = map(np.array, zip(*steps, strict=True))
    return MulticlassTrace(weights, scores, predictions)


def place_of_highest(scores: Array) -> Array:
    """The first place of the highest; NaN in the first place stays there, and elsewhere loses."""
    first, compared = scores[..., 0], np.where(np.isnan(scores), -np.inf, scores)
    return np.where(np.isnan(first), 0, compared.argmax(axis=-1))


def require_weights(weights: Array, width: int) -> int:
    classes = require_array("weights", weights, "D+1 K")[1]
    require_array("weights", weights, "D+1 K", (width + 1, classes))
    return classes


def require_values(argument: str, values: Array, allowed: tuple[int, ...]) -> None:
    if not np.isin(values, allowed).all():
        raise InvalidArgument(argument, " or ".join(map(str, allowed)), f"{np.unique(values)}")
