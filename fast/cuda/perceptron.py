"""Rosenblatt's perceptron on the GPU.

The ladder that led here:

1. A launch for every example: training is a chain of small steps, each of which needs the one before, and a launch
   takes longer than the step.
2. One block for the whole training: the threads share an example's components, so that the dot product and the update
   are parallel, which is all the parallelism that the algorithm has.
3. One barrier a step: every thread adds up the threads' partial sums for itself, in the same order, so all of them take
   the same decision without being told. Partial sums of even and odd steps lie apart: a thread that is already at
   the next step overwrites nothing that another still reads.

A launch trains for a few epochs, so that the trace it leaves has a bounded size however many epochs are allowed. In
between, the host asks how far it came, and nothing else: what is traced stays on the device.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fast.cuda.device import (
    SIMULATED,
    changeable,
    copy_into,
    cuda,
    empty,
    kernel,
    launch,
    launch_over,
    to_device,
    to_host,
)
from fast.cuda.device_arrays import takes_device_arrays
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
def fold(features: Any, labels: Any, examples: Any) -> None:
    """The examples with threshold and label folded in, which rounds nothing."""
    width = examples.shape[1]
    for place in range(cuda.grid(1), examples.size, cuda.gridsize(1)):
        n, d = place // width, place % width
        examples[n, d] = (features[n, d] if d < width - 1 else examples.dtype.type(-1)) * labels[n]


@kernel
def train(
    examples: Any,
    rates: Any,
    weights: Any,
    progress: Any,
    weights_before: Any,
    looked_at: Any,
    activations: Any,
    updated: Any,
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
                weights_before[step, d], looked_at[step, d] = weights[d], examples[n, d]
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


@takes_device_arrays(hyperparameters=["learning_rate"])
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


@takes_device_arrays
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
    return PerceptronPrediction(scores, labels)


def folded(features: np.ndarray, labels: np.ndarray) -> Any:
    """The examples with threshold and label folded in, on the device."""
    examples = empty((len(features), features.shape[1] + 1), features.dtype)
    signs = to_device(labels.astype(features.dtype))
    launch_over(fold, examples.size, to_device(features), signs, examples)
    return examples


def trace_of(examples: Any, rates: np.ndarray, initial_weights: np.ndarray) -> PerceptronTrace:
    """Train on the device, for one epoch a rate, from some weights."""
    (count, width), dtype, weights = examples.shape, examples.dtype, changeable(initial_weights)
    shared_bytes = 2 * SHARING_THREADS * dtype.itemsize

    def train_further(epochs: slice, progress: Any) -> tuple[Any, ...]:
        some_rates = to_device(rates[epochs])
        most = count * some_rates.size
        trace = *(empty((most, width), dtype) for _ in range(2)), empty(most, dtype), empty(most, np.dtype(np.int64))
        given = examples, some_rates, weights, progress
        launch(train, 1, SHARING_THREADS, *given, *trace, shared_bytes=shared_bytes)
        return trace

    return PerceptronTrace(weights, *in_launches(count, len(rates), train_further))


def in_launches(count: int, epochs: int, train_further: Callable[[slice, Any], tuple[Any, ...]]) -> list[Any]:
    """Train for a few epochs at a time, until nothing would change any more or all epochs are over; return the trace.

    Args:
        count: how many examples there are; so many right in a row, and nothing changes any more.
        epochs: how many there may be.
        train_further: trains for some epochs from some progress, which it brings up to date: how many examples in a row
            were right, and the steps taken. It returns the columns of a trace with room for all steps.
    """
    progress, parts, epochs_of_launch = to_device(np.zeros(2, np.int64)), [], max(1, STEPS_OF_LAUNCH // count)
    for first in range(0, epochs, epochs_of_launch):
        trace = train_further(slice(first, min(first + epochs_of_launch, epochs)), progress)
        right_in_a_row, steps = to_host(progress)
        parts.append([column[:steps] for column in trace])
        if right_in_a_row == count:
            break
    return [joined(column) for column in zip(*parts, strict=True)]


def joined(parts: Sequence[Any]) -> Any:
    """Arrays on the device, one after the other in one array."""
    if len(parts) == 1:
        return parts[0]
    result, first = empty((sum(map(len, parts)), *parts[0].shape[1:]), parts[0].dtype), 0
    for part in parts:
        copy_into(result[first : first + len(part)], part)
        first += len(part)
    return result
