"""Rosenblatt's perceptron on the GPU.

The ladder that led here:

1. A launch for every example: training is a chain of small steps, each of which needs the one before, and a launch
   takes longer than the step.
2. One block for the whole training: the threads share an example's components, so that the dot product and the update
   are parallel, which is all the parallelism that the algorithm has.
3. One barrier a step: every thread adds up the threads' partial sums for itself, in the same order, so all of them take
   the same decision without being told. Partial sums of even and odd steps lie apart: a thread that is already at
   the next step overwrites nothing that another still reads.

A launch trains for a few epochs, so that the trace it leaves has a bounded size however many epochs are allowed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fast.cuda.device import SIMULATED, cuda, empty, kernel, launch, launch_over, to_device
from fast.results import PerceptronPrediction, PerceptronTrace
from fast.validation import require_array
from fast.validation.perceptron import require_training, require_weights

__all__ = ["perceptron_predict", "perceptron_sgd"]

#: Threads that share an example: more of them would have more partial sums to add up.
SHARING_THREADS = 2 if SIMULATED else 32
#: About as many steps are traced by one launch.
STEPS_OF_LAUNCH = 32 if SIMULATED else 2**16

LearningRate = float | Sequence[float] | Callable[[int], float]


@kernel
def train(
    examples: Any, rates: Any, weights: Any, progress: Any, weights_before: Any, activations: Any, updated: Any
) -> None:
    """Go through the examples once for each rate; progress is how many in a row were right, and the steps taken."""
    partial_sums = cuda.shared.array(0, weights.dtype)
    zero, thread, threads = weights.dtype.type(0), cuda.threadIdx.x, cuda.blockDim.x
    count, width = examples.shape
    right_in_a_row, step = progress[0], 0
    for epoch in range(rates.size):
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
            wrong = activation <= zero
            right_in_a_row = 0 if wrong else right_in_a_row + 1
            if wrong:
                for d in range(thread, width, threads):
                    weights[d] += rates[epoch] * examples[n, d]
            if thread == 0:
                activations[step] = activation
                updated[step] = 1 if wrong else 0
            step += 1
    if thread == 0:
        progress[0], progress[1] = right_in_a_row, step


@kernel
def predict(features: Any, weights: Any, scores: Any, labels: Any) -> None:
    """`perceptron_predict`, one thread an example."""
    width = features.shape[1]
    for n in range(cuda.grid(1), scores.size, cuda.gridsize(1)):
        score = scores.dtype.type(0)
        for d in range(width):
            score += features[n, d] * weights[d]
        score -= weights[width]
        scores[n] = score
        labels[n] = 1 if score > scores.dtype.type(0) else -1


def perceptron_sgd(
    features: np.ndarray,
    labels: np.ndarray,
    *,
    epochs: int,
    learning_rate: LearningRate = 1,
    initial_weights: np.ndarray | None = None,
) -> PerceptronTrace:
    """As `reference.perceptron_sgd`, on the GPU.

    Args:
        features: [N, D], one example a row.
        labels: [N], each +1 or -1, of any numeric dtype.
        epochs: at most this many passes over the examples.
        learning_rate: a number, one number for each epoch, or a function of the epoch's number from 1.
        initial_weights: [D + 1], threshold last; zeros when not given.

    Returns:
        PerceptronTrace(final_weights [D + 1], weights [S, D + 1], examples [S, D + 1], activations [S], updated [S]).

    Raises:
        InvalidArgument: as the reference, and if an array isn't float32 or float64, or the dtypes differ.
    """
    rates, weights = require_training(features, labels, epochs, learning_rate, initial_weights)
    return trace_of(folded(features, labels), rates, weights)


def perceptron_predict(features: np.ndarray, weights: np.ndarray) -> PerceptronPrediction:
    """As `reference.perceptron_predict`, on the GPU.

    Args:
        features: [N, D].
        weights: [D + 1], the threshold last.

    Returns:
        PerceptronPrediction(scores [N], labels [N] as int64, each +1 or -1).

    Raises:
        InvalidArgument: as the reference, and if an array isn't float32 or float64, or the dtypes differ.
    """
    count = len(require_array("features", features, "N D"))
    require_weights("weights", weights, features)
    scores, labels = empty(count, features.dtype), empty(count, np.dtype(np.int64))
    launch_over(predict, count, to_device(features), to_device(weights), scores, labels)
    return PerceptronPrediction(scores.copy_to_host(), labels.copy_to_host())


def folded(features: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The examples with threshold and label folded in, which rounds nothing."""
    thresholds = np.full((len(features), 1), -1, features.dtype)
    return np.hstack([features, thresholds]) * labels.astype(features.dtype)[:, None]


def trace_of(examples: np.ndarray, rates: np.ndarray, initial_weights: np.ndarray) -> PerceptronTrace:
    """Launch the training for a few epochs at a time, until nothing would change any more or all epochs are over."""
    count = len(examples)
    on_device, weights = to_device(examples), to_device(initial_weights)
    progress = to_device(np.zeros(2, np.int64))
    epochs_of_launch = max(1, STEPS_OF_LAUNCH // count)
    parts: list[tuple[np.ndarray, ...]] = []
    for first in range(0, len(rates), epochs_of_launch):
        some_rates = rates[first : first + epochs_of_launch]
        parts.append(train_further(on_device, some_rates, weights, progress))
        if progress.copy_to_host()[0] == count:
            break
    weights_before, activations, updated = (np.concatenate(column) for column in zip(*parts, strict=True))
    looked_at = examples[np.arange(len(updated)) % count]
    return PerceptronTrace(weights.copy_to_host(), weights_before, looked_at, activations, updated)


def train_further(examples: Any, rates: np.ndarray, weights: Any, progress: Any) -> tuple[np.ndarray, ...]:
    """Train on the device, for one epoch a rate; return the weights before each step, the activations, and updates."""
    (count, width), dtype = examples.shape, weights.dtype
    most = count * len(rates)
    trace = empty((most, width), dtype), empty(most, dtype), empty(most, np.dtype(np.int64))
    shared_bytes = 2 * SHARING_THREADS * dtype.itemsize
    launch(train, 1, SHARING_THREADS, examples, to_device(rates), weights, progress, *trace, shared_bytes=shared_bytes)
    steps = progress.copy_to_host()[1]
    return tuple(column.copy_to_host()[:steps].copy() for column in trace)
