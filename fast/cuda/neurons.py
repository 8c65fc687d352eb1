"""Neurons of binary inputs on the GPU.

The ladder that led here:

1. One thread for each output of `mcculloch_pitts`: it looks at the connections of its neuron and stops at the first
   veto. Nothing is summed but ones.
2. Training is a chain of small steps, each of which needs the one before. The threads of one block share an example's
   weights, as in `perceptron`, with one barrier a step: each adds up all partial sums for itself, in the same order,
   and partial sums of even and odd steps lie apart.
3. Of several perceptrons each belongs to one thread, which computes its scores and changes its weights; what the
   threads share are the scores. Shared memory has room for those of some 6,000 classes; the trace has room for all,
   and they are written there anyway.

A launch trains for a few epochs, so that the trace it leaves has a bounded size however many epochs are allowed.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fast.cuda.device import changeable, cuda, device_function, empty, kernel, launch, launch_over, to_device
from fast.cuda.device_arrays import takes_device_arrays
from fast.cuda.perceptron import SHARING_THREADS, in_launches
from fast.results import MulticlassPrediction, MulticlassTrace, RosenblattTrace
from fast.validation.neurons import require_learning, require_lessons, require_neurons, require_scoring

__all__ = [
    "mcculloch_pitts",
    "multiclass_perceptron_predict",
    "multiclass_perceptron_train",
    "rosenblatt_train",
]


@kernel
def fire(inputs: Any, connections: Any, thresholds: Any, fired: Any) -> None:
    """`mcculloch_pitts`, one thread an output."""
    for place in range(cuda.grid(1), fired.size, cuda.gridsize(1)):
        n, u = place // fired.shape[1], place % fired.shape[1]
        excited, vetoed = thresholds.dtype.type(0), False
        for i in range(inputs.shape[1]):
            if inputs[n, i] == 1:
                if connections[i, u] == 1:
                    excited += thresholds.dtype.type(1)
                vetoed = vetoed or connections[i, u] == -1
        fired[n, u] = 1 if not vetoed and excited >= thresholds[u] else 0


@kernel
def add_bias(inputs: Any, examples: Any) -> None:
    """Inputs and, behind them, a 1 for the bias."""
    one, width = examples.dtype.type(1), examples.shape[1]
    for place in range(cuda.grid(1), examples.size, cuda.gridsize(1)):
        n, d = place // width, place % width
        examples[n, d] = examples.dtype.type(inputs[n, d]) if d < width - 1 else one


@kernel
def learn(
    examples: Any,
    labels: Any,
    rate: Any,
    epochs: int,
    weights: Any,
    progress: Any,
    weights_before: Any,
    activations: Any,
    outputs: Any,
    changes: Any,
) -> None:
    """Go through the examples for some epochs; progress is how many in a row were right, and the steps taken."""
    partial_sums = cuda.shared.array(0, weights.dtype)
    zero, thread, threads = weights.dtype.type(0), cuda.threadIdx.x, cuda.blockDim.x
    count, width = examples.shape
    right_in_a_row, step = progress[0], 0
    for _ in range(epochs):
        for n in range(count):
            if right_in_a_row == count:
                break
            mine = step % 2 * threads
            activation = zero
            for d in range(thread, width, threads):
                weights_before[step, d] = weights[d]
                activation += examples[n, d] * weights[d]
            partial_sums[mine + thread] = activation
            cuda.syncthreads()
            activation = partial_sums[mine]
            for other in range(1, threads):
                activation += partial_sums[mine + other]
            output = 1 if activation > zero else 0
            change = labels[n] - output
            right_in_a_row = 0 if change != 0 else right_in_a_row + 1
            for d in range(thread, width, threads):
                if change != 0 and examples[n, d] > zero:
                    weights[d] += weights.dtype.type(change) * rate
            if thread == 0:
                activations[step], outputs[step], changes[step] = activation, output, change
            step += 1
    if thread == 0:
        progress[0], progress[1] = right_in_a_row, step


@device_function
def score_of(features: Any, n: int, weights: Any, k: int) -> Any:
    """What a class's perceptron makes of an example."""
    score = features.dtype.type(0)
    for i in range(features.shape[1]):
        score += features[n, i] * weights[i, k]
    return score + weights[features.shape[1], k]


@kernel
def score_classes(features: Any, weights: Any, scores: Any, classes: Any) -> None:
    """`multiclass_perceptron_predict`, one thread an example."""
    for n in range(cuda.grid(1), classes.size, cuda.gridsize(1)):
        best = 0
        for k in range(scores.shape[1]):
            scores[n, k] = score_of(features, n, weights, k)
            if scores[n, k] > scores[n, best]:
                best = k
        classes[n] = best


@kernel
def learn_classes(
    features: Any, labels: Any, rate: Any, epochs: int, weights: Any, progress: Any, scores: Any, predictions: Any
) -> None:
    """Go through the examples for some epochs; progress is how many in a row were right, and the steps taken."""
    thread, threads, classes = cuda.threadIdx.x, cuda.blockDim.x, weights.shape[1]
    count, width = features.shape
    right_in_a_row, step = progress[0], 0
    for _ in range(epochs):
        for n in range(count):
            if right_in_a_row == count:
                break
            for k in range(thread, classes, threads):
                scores[step, k] = score_of(features, n, weights, k)
            cuda.syncthreads()
            chosen, best = 0, scores[step, 0]
            for k in range(1, classes):
                if scores[step, k] > best:
                    chosen, best = k, scores[step, k]
            right_in_a_row = right_in_a_row + 1 if chosen == labels[n] else 0
            for k in range(thread, classes, threads):
                if chosen != labels[n] and (k == chosen or k == labels[n]):
                    signed = rate if k == labels[n] else -rate
                    for i in range(width):
                        weights[i, k] += signed * features[n, i]
                    weights[width, k] += signed
            if thread == 0:
                predictions[step] = chosen
            step += 1
    if thread == 0:
        progress[0], progress[1] = right_in_a_row, step


@takes_device_arrays
def mcculloch_pitts(inputs: np.ndarray, connections: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """As `reference.mcculloch_pitts`, on the GPU: [N, D], [D, U] and [U] to [N, U] of int64."""
    on, wires = require_neurons(inputs, connections, thresholds)
    fired = empty((len(on), len(thresholds)), np.dtype(np.int64))
    launch_over(fire, fired.size, to_device(on), to_device(wires), to_device(thresholds), fired)
    return fired


@takes_device_arrays
def rosenblatt_train(
    inputs: np.ndarray, labels: np.ndarray, weights: np.ndarray, *, epochs: int, learning_rate: float = 1
) -> RosenblattTrace:
    """As `reference.rosenblatt_train`, on the GPU.

    Args:
        inputs: [N, D], each 0 or 1, of any numeric dtype.
        labels: [N], each 0 or 1, of any numeric dtype.
        weights: [D + 1], to start from, the bias last.
        epochs: at most this many passes over the examples.
        learning_rate: a number ≥ 0.

    Returns:
        RosenblattTrace(final_weights [D + 1], weights [S, D + 1], activations [S], outputs [S], changes [S]).

    Raises:
        InvalidArgument: as the reference, and if the weights aren't float32 or float64.
    """
    on, wanted, epochs, rate = require_learning(inputs, labels, weights, epochs, learning_rate)
    (count, width), dtype, integers = (len(on), len(weights)), weights.dtype, np.dtype(np.int64)
    examples, changed = empty((count, width), dtype), changeable(weights)
    launch_over(add_bias, examples.size, to_device(on), examples)
    given, shared_bytes = (examples, to_device(wanted.astype(integers)), rate), 2 * SHARING_THREADS * dtype.itemsize

    def learn_further(some: slice, progress: Any) -> tuple[Any, ...]:
        often = some.stop - some.start
        most = count * often
        trace = empty((most, width), dtype), empty(most, dtype), empty(most, integers), empty(most, integers)
        launch(learn, 1, SHARING_THREADS, *given, often, changed, progress, *trace, shared_bytes=shared_bytes)
        return trace

    return RosenblattTrace(changed, *in_launches(count, epochs, learn_further))


@takes_device_arrays
def multiclass_perceptron_predict(features: np.ndarray, weights: np.ndarray) -> MulticlassPrediction:
    """As `reference.multiclass_perceptron_predict`, on the GPU: [N, D] and [D + 1, K] to [N, K] and [N] of int64."""
    require_scoring(features, weights)
    scores = empty((len(features), weights.shape[1]), features.dtype)
    classes = empty(len(features), np.dtype(np.int64))
    launch_over(score_classes, len(features), to_device(features), to_device(weights), scores, classes)
    return MulticlassPrediction(scores, classes)


@takes_device_arrays
def multiclass_perceptron_train(
    features: np.ndarray, labels: np.ndarray, weights: np.ndarray, *, epochs: int, learning_rate: float = 1
) -> MulticlassTrace:
    """As `reference.multiclass_perceptron_train`, on the GPU.

    Args:
        features: [N, D].
        labels: [N], class indices of any numeric dtype.
        weights: [D + 1, K], to start from, the biases last.
        epochs: at most this many passes over the examples.
        learning_rate: a number ≥ 0.

    Returns:
        MulticlassTrace(final_weights [D + 1, K], scores [S, K], predictions [S] of int64).

    Raises:
        InvalidArgument: as the reference, and if an array isn't float32 or float64, or the dtypes differ.
    """
    wanted, epochs, rate = require_lessons(features, labels, weights, epochs, learning_rate)
    count, classes, dtype = len(features), weights.shape[1], features.dtype
    given, changed = (to_device(features), to_device(wanted), rate), changeable(weights)

    def learn_further(some: slice, progress: Any) -> tuple[Any, ...]:
        often = some.stop - some.start
        trace = empty((count * often, classes), dtype), empty(count * often, np.dtype(np.int64))
        launch(learn_classes, 1, SHARING_THREADS, *given, often, changed, progress, *trace)
        return trace

    return MulticlassTrace(changed, *in_launches(count, epochs, learn_further))
