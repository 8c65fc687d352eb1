"""Neurons of binary inputs: McCulloch and Pitts's, and Rosenblatt's training rule.

The ladder:
1. two matrix products, of the exciting and of the inhibiting connections, whose products are all by 0 or 1.
2. one compiled loop over the inputs for each example, which adds the connections of those that are on.
3. training as one compiled loop with a record that grows, as in `perceptron`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from fast.cpu.arguments import INDEX, Form, contiguous, deliver, delivered, destination, destinations
from fast.cpu.compilation import compiled, leaf
from fast.cpu.elementwise import PARALLEL_SIZE
from fast.cpu.perceptron import grown
from fast.results import MulticlassPrediction, MulticlassTrace, RosenblattTrace
from fast.validation.neurons import require_learning, require_lessons, require_neurons, require_scoring

__all__ = [
    "MulticlassPrediction",
    "MulticlassTrace",
    "RosenblattTrace",
    "mcculloch_pitts",
    "multiclass_perceptron_predict",
    "multiclass_perceptron_train",
    "rosenblatt_train",
]


def mcculloch_pitts(
    inputs: np.ndarray, connections: np.ndarray, thresholds: np.ndarray, *, out: np.ndarray | None = None
) -> np.ndarray:
    """Let neurons fire whose excited inputs are as many as their threshold, unless an inhibitory one is on.

    Args: inputs [N, D], 0 or 1, and connections [D, U], 1, -1 or 0, of any numeric dtype; thresholds [U];
        out [N, U] of int64 to write into.
    Returns: [N, U] of int64, 0 or 1.
    Memory: copies of inputs and connections as int8.
    Raises: InvalidArgument, as `reference.mcculloch_pitts`.
    """
    on, wires = require_neurons(inputs, connections, thresholds)
    target = destination(out, (len(on), len(thresholds)), INDEX, thresholds)
    kernel = _fire_loop if on.size < PARALLEL_SIZE else _fire_threads
    kernel(contiguous(on), contiguous(wires), contiguous(thresholds), target)
    return deliver(target, out)


def rosenblatt_train(
    inputs: np.ndarray,
    labels: np.ndarray,
    weights: np.ndarray,
    *,
    epochs: int,
    learning_rate: float = 1,
    out: RosenblattTrace | None = None,
) -> RosenblattTrace:
    """Train a perceptron of binary inputs: after a mistake, change the weights of those inputs that were 1.

    Args: inputs [N, D] and labels [N], 0 or 1, of any numeric dtype; weights [D + 1]; the others as the reference;
        out, arrays that a trace of as many steps fits.
    Returns: RosenblattTrace; `outputs` and `changes` are int64, all else has the weights' dtype.
    Memory: up to three times the trace.
    Raises: InvalidArgument, as `reference.rosenblatt_train`.
    """
    on, wanted, epochs, rate = require_learning(inputs, labels, weights, epochs, learning_rate)
    trace = RosenblattTrace(*_learn(contiguous(on), contiguous(wanted), contiguous(weights), epochs, rate))
    return delivered(trace, out)


def multiclass_perceptron_predict(
    features: np.ndarray, weights: np.ndarray, *, out: MulticlassPrediction | None = None
) -> MulticlassPrediction:
    """Give each example the class whose perceptron has the highest score, of several the first.

    Args: features [N, D]; weights [D + 1, K], the biases last; out, the two arrays to write into.
    Returns: MulticlassPrediction(scores [N, K], classes [N] as int64).
    Raises: InvalidArgument, as `reference.multiclass_perceptron_predict`.
    """
    require_scoring(features, weights)
    shape = (len(features), weights.shape[1])
    like: Any = MulticlassPrediction(Form(shape, features.dtype), Form(shape[:1], INDEX))
    targets = destinations(out, like, features, weights)
    kernel = _predict_loop if features.size < PARALLEL_SIZE else _predict_threads
    kernel(contiguous(features), contiguous(weights), *targets)
    return deliver(targets, out)


def multiclass_perceptron_train(
    features: np.ndarray,
    labels: np.ndarray,
    weights: np.ndarray,
    *,
    epochs: int,
    learning_rate: float = 1,
    out: MulticlassTrace | None = None,
) -> MulticlassTrace:
    """Train a perceptron for each class: after a mistake, change the right one's weights and the wrong one's.

    Args: features [N, D]; labels [N], class indices of any numeric dtype; weights [D + 1, K]; the others as the
        reference; out, arrays that a trace of as many steps fits.
    Returns: MulticlassTrace; `predictions` is int64, all else has the features' dtype.
    Memory: up to three times the trace.
    Raises: InvalidArgument, as `reference.multiclass_perceptron_train`.
    """
    classes, epochs, rate = require_lessons(features, labels, weights, epochs, learning_rate)
    trace = MulticlassTrace(*_learn_classes(contiguous(features), classes, contiguous(weights), epochs, rate))
    return delivered(trace, out)


@compiled()
def _fire_example(n, on, wires, thresholds, fired):
    width, units = wires.shape
    excited, vetoed = np.zeros(units, np.int64), np.zeros(units, np.int64)
    for i in range(width):
        if on[n, i] == 1:
            for u in range(units):
                excited[u] += wires[i, u] == 1
                vetoed[u] += wires[i, u] == -1
    for u in range(units):
        fired[n, u] = int(vetoed[u] == 0 and thresholds.dtype.type(excited[u]) >= thresholds[u])


@compiled()
def _fire_loop(on, wires, thresholds, fired):
    for n in range(len(on)):
        _fire_example(n, on, wires, thresholds, fired)


@compiled(parallel=True)
def _fire_threads(on, wires, thresholds, fired):
    for n in prange(len(on)):
        _fire_example(np.intp(n), on, wires, thresholds, fired)


@compiled()
def _learn(on, labels, initial_weights, epochs, rate):
    (count, width), weights = on.shape, initial_weights.copy()
    zero = weights.dtype.type(0)
    # A row of the record: the weights before the step with the bias, the activation, the output and the change.
    record, step = np.empty((max(16, count), width + 4), weights.dtype), 0
    right_in_a_row = 0
    for _ in range(epochs):
        for n in range(count):
            if right_in_a_row == count:
                break
            if step == len(record):
                record = grown(record, step)
            activation = weights[width]
            for i in range(width):
                if on[n, i] == 1:
                    activation += weights[i]
            output = 1 if activation > zero else 0
            change = labels[n] - output
            for i in range(width + 1):
                record[step, i] = weights[i]
            record[step, width + 1], record[step, width + 2], record[step, width + 3] = activation, output, change
            step += 1
            right_in_a_row = 0 if change else right_in_a_row + 1
            if change != 0:
                moved = rate if change > 0 else -rate
                for i in range(width):
                    if on[n, i] == 1:
                        weights[i] += moved
                weights[width] += moved
    before, activations = np.empty((step, width + 1), weights.dtype), np.empty(step, weights.dtype)
    outputs, changes = np.empty(step, np.int64), np.empty(step, np.int64)
    for s in range(step):
        for i in range(width + 1):
            before[s, i] = record[s, i]
        activations[s] = record[s, width + 1]
        outputs[s], changes[s] = int(record[s, width + 2]), int(record[s, width + 3])
    return weights, before, activations, outputs, changes


@leaf
def _score(features, n, weights, scores):
    """The scores of an example, and the place of the first highest."""
    width, classes = features.shape[1], weights.shape[1]
    for k in range(classes):
        scores[k] = features[n, 0] * weights[0, k]
    for i in range(1, width):
        for k in range(classes):
            scores[k] += features[n, i] * weights[i, k]
    best = 0
    for k in range(classes):
        scores[k] += weights[width, k]
        if scores[k] > scores[best]:
            best = k
    return best


@leaf
def _predict_loop(features, weights, scores, classes):
    for n in range(len(features)):
        classes[n] = _score(features, n, weights, scores[n])


@compiled(parallel=True)
def _predict_threads(features, weights, scores, classes):
    for n in prange(len(features)):
        classes[n] = _score(features, np.intp(n), weights, scores[n])


@compiled()
def _learn_classes(features, labels, initial_weights, epochs, rate):
    (count, width), weights = features.shape, initial_weights.copy()
    classes = weights.shape[1]
    # A row of the record: the scores, and the class that was chosen.
    record, step, right_in_a_row = np.empty((max(16, count), classes + 1), weights.dtype), 0, 0
    for _ in range(epochs):
        for n in range(count):
            if right_in_a_row == count:
                break
            if step == len(record):
                record = grown(record, step)
            chosen, label = _score(features, n, weights, record[step]), labels[n]
            record[step, classes] = chosen
            step += 1
            right_in_a_row = right_in_a_row + 1 if chosen == label else 0
            if chosen != label:
                for i in range(width):
                    weights[i, label] += rate * features[n, i]
                    weights[i, chosen] -= rate * features[n, i]
                weights[width, label] += rate
                weights[width, chosen] -= rate
    scores, predictions = np.empty((step, classes), weights.dtype), np.empty(step, np.int64)
    for s in range(step):
        for k in range(classes):
            scores[s, k] = record[s, k]
        predictions[s] = int(record[s, classes])
    return weights, scores, predictions
