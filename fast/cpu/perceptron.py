"""Rosenblatt's perceptron: training that records its steps, and prediction.

The ladder:
1. tensor operations for each step, as a framework would: a step is two dot products of three numbers, and every one of
   them pays for a dispatch.
2. the whole training as one compiled loop, its record written to arrays that double when they are full, since nobody
   knows beforehand when it stops: one dispatch for everything.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fast.cpu.arguments import INDEX, Form, contiguous, deliver, delivered, destinations
from fast.cpu.compilation import compiled, leaf
from fast.results import PerceptronPrediction, PerceptronTrace
from fast.validation import require_array
from fast.validation.perceptron import require_training, require_weights

__all__ = ["PerceptronPrediction", "PerceptronTrace", "perceptron_predict", "perceptron_sgd"]

LearningRate = float | Sequence[float] | np.ndarray | Callable[[int], float]


def perceptron_sgd(
    features: np.ndarray,
    labels: np.ndarray,
    *,
    epochs: int,
    learning_rate: LearningRate = 1,
    initial_weights: np.ndarray | None = None,
    out: PerceptronTrace | None = None,
) -> PerceptronTrace:
    """Train a perceptron, threshold folded in, until N examples in a row needed no update or the epochs are over.

    Args: features [N, D]; labels [N], +1 or -1; the others as `reference.perceptron_sgd`; out, arrays that a trace of
        as many steps fits.
    Returns: PerceptronTrace; `updated` is int64, all else has the features' dtype.
    Memory: up to three times the trace.
    Raises: InvalidArgument, as `reference.perceptron_sgd`.
    """
    rates, weights = require_training(features, labels, epochs, learning_rate, initial_weights)
    signs = labels.astype(features.dtype)
    trace = PerceptronTrace(*_train(contiguous(features), signs, contiguous(rates), contiguous(weights)))
    return delivered(trace, out)


def perceptron_predict(
    features: np.ndarray, weights: np.ndarray, *, out: PerceptronPrediction | None = None
) -> PerceptronPrediction:
    """Tell on which side of a perceptron's hyperplane each example lies, and how far.

    Args: features [N, D]; weights [D + 1], the threshold last; out, the two arrays to write into.
    Returns: PerceptronPrediction(scores [N], labels [N] as int64).
    Raises: InvalidArgument, as `reference.perceptron_predict`.
    """
    shape = require_array("features", features, "N D").shape[:1]
    require_weights("weights", weights, features)
    like: Any = PerceptronPrediction(Form(shape, features.dtype), Form(shape, INDEX))
    targets = destinations(out, like, features, weights)
    _predict(contiguous(features), contiguous(weights), *targets)
    return deliver(targets, out)


@compiled()
def fold(features, labels):
    """Append -1 to every example and multiply it by its label."""
    count, width = features.shape
    examples = np.empty((count, width + 1), features.dtype)
    for n in range(count):
        for i in range(width):
            examples[n, i] = labels[n] * features[n, i]
        examples[n, width] = -labels[n]
    return examples


@compiled()
def grown(rows, used):
    """The first `used` rows in an array with room for twice as many."""
    larger = np.empty((2 * used, rows.shape[1]), rows.dtype)
    for row in range(used):
        for i in range(rows.shape[1]):
            larger[row, i] = rows[row, i]
    return larger


@compiled()
def _train(features, labels, rates, initial_weights):
    examples, weights = fold(features, labels), np.empty_like(initial_weights)
    count, width = examples.shape
    for i in range(width):
        weights[i] = initial_weights[i]
    # A row of the record: the weights before the step, the activation, 1 if there was an update; and which example.
    record, looked_at = np.empty((max(16, count), width + 2), features.dtype), 0
    right_in_a_row = 0
    for rate in rates:
        if right_in_a_row == count:
            break
        for n in range(count):
            if right_in_a_row == count:
                break
            if looked_at == len(record):
                record = grown(record, looked_at)
            activation = examples[n, 0] * weights[0]
            for i in range(1, width):
                activation += examples[n, i] * weights[i]
            wrong = activation <= 0
            for i in range(width):
                record[looked_at, i] = weights[i]
            record[looked_at, width], record[looked_at, width + 1] = activation, wrong
            looked_at += 1
            right_in_a_row = 0 if wrong else right_in_a_row + 1
            if wrong:
                for i in range(width):
                    weights[i] += rate * examples[n, i]
    return (weights, *unfold(record, looked_at, examples))


@compiled()
def unfold(record, steps, examples):
    """The columns of the trace; the examples came round in order, so that step s looked at example s mod N."""
    count, width = examples.shape
    weights, shown = np.empty((steps, width), record.dtype), np.empty((steps, width), record.dtype)
    activations, updated = np.empty(steps, record.dtype), np.empty(steps, np.int64)
    for step in range(steps):
        for i in range(width):
            weights[step, i] = record[step, i]
            shown[step, i] = examples[step % count, i]
        activations[step] = record[step, width]
        updated[step] = int(record[step, width + 1])
    return weights, shown, activations, updated


@leaf
def _predict(features, weights, scores, labels):
    count, width = features.shape
    for n in range(count):
        score = features[n, 0] * weights[0]
        for i in range(1, width):
            score += features[n, i] * weights[i]
        scores[n] = score - weights[width]
        labels[n] = 1 if scores[n] > 0 else -1
