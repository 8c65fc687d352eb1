"""Losses on the GPU.

The ladder that led here:

1. softmax, logarithm, product with the labels, sum: four kernels, with [N, K] numbers written and read in between, and
   an infinite loss wherever a probability underflows to 0.
2. One kernel, one thread for each example: the normalizer stays in a register, the logarithm is taken of it and not of
   a probability, and nothing but the loss is written.

As for `softmax`, rows are many and short, so no two threads share one.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from fast.cuda.activations import exp_at, log_at
from fast.cuda.device import THREADS, cuda, device_function, empty, kernel, launch, launch_over, to_device
from fast.cuda.device_arrays import takes_device_arrays
from fast.cuda.softmax import largest_of_row, mass_of_row, normalizer_of_row
from fast.validation import require_array, require_like
from fast.validation.losses import require_classes, require_mean

__all__ = [
    "cross_entropy",
    "cross_entropy_vjp",
    "empirical_loss",
    "empirical_loss_vjp",
    "mean_squared_error",
    "mean_squared_error_vjp",
    "softmax_cross_entropy_with_logits",
    "softmax_cross_entropy_with_logits_vjp",
]


@device_function
def divide_at(share: Any, x: Any) -> Any:
    """share/x for a share above 0, infinite where x is 0. (Python raises an error instead.)"""
    return share / x if x != type(x)(0) else type(x)(math.inf)


@device_function
def logit_slope(logits: Any, labels: Any, row: int, column: int, largest: Any, normalizer: Any, mass: Any) -> Any:
    """The slope of an example's loss in one of its logits: probability times the labels' mass, minus label."""
    return exp_at(logits[row, column] - largest) / normalizer * mass - labels[row, column]


@kernel
def squares_kernel(predictions: Any, targets: Any, losses: Any) -> None:
    """`mean_squared_error` of each row, by one thread a row."""
    outputs = losses.dtype.type(predictions.shape[1])
    for row in range(cuda.grid(1), losses.size, cuda.gridsize(1)):
        total = losses.dtype.type(0)
        for column in range(predictions.shape[1]):
            difference = predictions[row, column] - targets[row, column]
            total += difference * difference
        losses[row] = total / outputs


@kernel
def squares_vjp_kernel(predictions: Any, targets: Any, cotangent: Any, result: Any) -> None:
    """`mean_squared_error_vjp` of each row, by one thread a row."""
    two, outputs = result.dtype.type(2), result.dtype.type(predictions.shape[1])
    for row in range(cuda.grid(1), result.shape[0], cuda.gridsize(1)):
        share = cotangent[row] / outputs
        for column in range(result.shape[1]):
            result[row, column] = share * (two * (predictions[row, column] - targets[row, column]))


@kernel
def cross_entropy_vjp_kernel(probabilities: Any, labels: Any, cotangent: Any, result: Any) -> None:
    """`cross_entropy_vjp` of each row, by one thread a row."""
    zero = result.dtype.type(0)
    for row in range(cuda.grid(1), result.shape[0], cuda.gridsize(1)):
        for column in range(result.shape[1]):
            label = labels[row, column]
            share = zero if label == zero else divide_at(label, probabilities[row, column])
            result[row, column] = zero if label == zero else -cotangent[row] * share


@kernel
def cross_entropy_kernel(probabilities: Any, labels: Any, losses: Any) -> None:
    """`cross_entropy` of each row, by one thread a row."""
    zero = losses.dtype.type(0)
    for row in range(cuda.grid(1), losses.size, cuda.gridsize(1)):
        total = zero
        for column in range(labels.shape[1]):
            label = labels[row, column]
            if label != zero:
                total += label * log_at(probabilities[row, column])
        losses[row] = zero - total


@kernel
def loss_kernel(logits: Any, labels: Any, losses: Any) -> None:
    """`softmax_cross_entropy_with_logits` of each row, by one thread a row."""
    for row in range(cuda.grid(1), losses.size, cuda.gridsize(1)):
        largest = largest_of_row(logits, row)
        log_normalizer = log_at(normalizer_of_row(logits, row, largest))
        total = losses.dtype.type(0)
        for column in range(labels.shape[1]):
            total += labels[row, column] * (log_normalizer - (logits[row, column] - largest))
        losses[row] = total


@kernel
def loss_vjp_kernel(logits: Any, labels: Any, cotangent: Any, result: Any) -> None:
    """`softmax_cross_entropy_with_logits_vjp` of each row, by one thread a row."""
    for row in range(cuda.grid(1), result.shape[0], cuda.gridsize(1)):
        largest, mass = largest_of_row(logits, row), mass_of_row(labels, row)
        normalizer = normalizer_of_row(logits, row, largest)
        for column in range(result.shape[1]):
            slope = logit_slope(logits, labels, row, column, largest, normalizer, mass)
            result[row, column] = cotangent[row] * slope


@kernel
def mean_loss_vjp_kernel(logits: Any, labels: Any, result: Any) -> None:
    """The gradient of the mean loss: divided by the count, since its reciprocal would be rounded first."""
    count = result.dtype.type(result.shape[0])
    for row in range(cuda.grid(1), result.shape[0], cuda.gridsize(1)):
        largest, mass = largest_of_row(logits, row), mass_of_row(labels, row)
        normalizer = normalizer_of_row(logits, row, largest)
        for column in range(result.shape[1]):
            result[row, column] = logit_slope(logits, labels, row, column, largest, normalizer, mass) / count


@kernel
def mean_kernel(values: Any, result: Any) -> None:
    """The mean, by one block: each thread adds every THREADS-th value, then the first adds what the threads have."""
    partial_sums = cuda.shared.array(0, values.dtype)
    thread, total = cuda.threadIdx.x, values.dtype.type(0)
    for place in range(thread, values.size, THREADS):
        total += values[place]
    partial_sums[thread] = total
    cuda.syncthreads()
    if thread == 0:
        for other in range(1, THREADS):
            total += partial_sums[other]
        result[0] = total / values.dtype.type(values.size)


@kernel
def share_kernel(slope: Any, result: Any) -> None:
    """To each example the same share of the mean's gradient."""
    share = slope[0] / result.dtype.type(result.size)
    for place in range(cuda.grid(1), result.size, cuda.gridsize(1)):
        result[place] = share


@takes_device_arrays
def empirical_loss(losses: np.ndarray) -> np.ndarray:
    """As `reference.empirical_loss`, on the GPU: [N] to an array without axes."""
    require_array("losses", losses, "N")
    return mean_on_device(to_device(losses)).reshape(())


@takes_device_arrays
def empirical_loss_vjp(losses: np.ndarray, cotangent: np.ndarray) -> np.ndarray:
    """As `reference.empirical_loss_vjp`, on the GPU: [N] and an array without axes to [N]."""
    require_mean(losses, cotangent)
    slope, result = to_device(np.asanyarray(cotangent).reshape(1)), empty(losses.shape, losses.dtype)
    launch_over(share_kernel, losses.size, slope, result)
    return result


@takes_device_arrays
def mean_squared_error(predictions: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """As `reference.mean_squared_error`, on the GPU: [N, K] and [N, K] to [N]."""
    require_outputs(predictions, targets)
    losses = empty(len(targets), targets.dtype)
    launch_over(squares_kernel, len(targets), to_device(predictions), to_device(targets), losses)
    return losses


@takes_device_arrays
def mean_squared_error_vjp(predictions: np.ndarray, targets: np.ndarray, cotangent: np.ndarray) -> np.ndarray:
    """As `reference.mean_squared_error_vjp`, on the GPU: [N, K], [N, K] and [N] to [N, K]."""
    require_outputs(predictions, targets)
    require_like("cotangent", cotangent, targets.shape[:1], targets.dtype, "of the losses")
    return gradients_of(squares_vjp_kernel, predictions, targets, cotangent)


@takes_device_arrays
def cross_entropy(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """As `reference.cross_entropy`, on the GPU: [N, K] and [N, K] to [N]."""
    require_classes("probabilities", probabilities, labels)
    losses = empty(len(labels), labels.dtype)
    launch_over(cross_entropy_kernel, len(labels), to_device(probabilities), to_device(labels), losses)
    return losses


@takes_device_arrays
def cross_entropy_vjp(probabilities: np.ndarray, labels: np.ndarray, cotangent: np.ndarray) -> np.ndarray:
    """As `reference.cross_entropy_vjp`, on the GPU: [N, K], [N, K] and [N] to [N, K]."""
    require_classes("probabilities", probabilities, labels)
    require_like("cotangent", cotangent, labels.shape[:1], labels.dtype, "of the losses")
    return gradients_of(cross_entropy_vjp_kernel, probabilities, labels, cotangent)


def require_outputs(predictions: np.ndarray, targets: np.ndarray) -> None:
    """Check the outputs of a regression, one row an example, and what they should be."""
    require_array("predictions", predictions, "N K")
    require_like("targets", targets, predictions.shape, predictions.dtype, "as predictions has")


def gradients_of(compiled: Any, *arrays: np.ndarray) -> Any:
    """Run a kernel that writes a gradient of the first array's shape, row by row."""
    result = empty(arrays[0].shape, arrays[0].dtype)
    launch_over(compiled, len(arrays[0]), *map(to_device, arrays), result)
    return result


@takes_device_arrays
def softmax_cross_entropy_with_logits(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """As `reference.softmax_cross_entropy_with_logits`, on the GPU: [N, K] and [N, K] to [N]."""
    require_classes("logits", logits, labels)
    return losses_on_device(to_device(logits), to_device(labels))


@takes_device_arrays
def softmax_cross_entropy_with_logits_vjp(logits: np.ndarray, labels: np.ndarray, cotangent: np.ndarray) -> np.ndarray:
    """As `reference.softmax_cross_entropy_with_logits_vjp`, on the GPU: [N, K], [N, K] and [N] to [N, K]."""
    require_classes("logits", logits, labels)
    require_like("cotangent", cotangent, logits.shape[:1], logits.dtype, "of the losses")
    result = empty(logits.shape, logits.dtype)
    launch_over(loss_vjp_kernel, len(logits), to_device(logits), to_device(labels), to_device(cotangent), result)
    return result


def losses_on_device(logits: Any, labels: Any) -> Any:
    """The loss of each row of device arrays."""
    losses = empty(logits.shape[0], logits.dtype)
    launch_over(loss_kernel, logits.shape[0], logits, labels, losses)
    return losses


def mean_loss_on_device(logits: Any, labels: Any) -> Any:
    """The mean of the losses of all rows, a device array of one number."""
    return mean_on_device(losses_on_device(logits, labels))


def mean_on_device(losses: Any) -> Any:
    """The mean of a device array, a device array of one number."""
    result = empty(1, losses.dtype)
    launch(mean_kernel, 1, THREADS, losses, result, shared_bytes=THREADS * losses.dtype.itemsize)
    return result


def mean_loss_vjp_on_device(logits: Any, labels: Any) -> Any:
    """The gradient of the mean loss with respect to device logits."""
    result = empty(logits.shape, logits.dtype)
    launch_over(mean_loss_vjp_kernel, logits.shape[0], logits, labels, result)
    return result
