"""Losses on the GPU.

The ladder that led here:

1. softmax, logarithm, product with the labels, sum: four kernels, with [N, K] numbers written and read in between, and
   an infinite loss wherever a probability underflows to 0.
2. One kernel: the normalizer stays in a register, the logarithm is taken of it and not of a probability, and nothing
   but the loss is written.
3. As for `softmax`, a few threads share a row and keep it in registers; they need one sum more.
4. The mean of all losses by as many blocks as there are runs of them, then one block for what those have.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from fast.cuda import reductions
from fast.cuda.activations import log_at
from fast.cuda.device import cuda, device_function, empty, kernel, launch_over, to_device
from fast.cuda.device_arrays import takes_device_arrays
from fast.cuda.reductions import (
    fit_one_block,
    launch_reducing,
    sum_of_all,
    sum_of_lanes,
    sums_of_numbers,
    sums_of_runs,
)
from fast.cuda.rows import (
    first_row,
    in_layouts,
    keep,
    launch_over_rows,
    pairs_of_rows,
    pairs_of_rows_kernel,
    row_sums_kernel,
    rows_of_blocks,
    share_of,
    shift,
    sums_of_rows,
)
from fast.cuda.softmax import other_itself, slopes_kernel, slopes_of_rows
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


def loss_kernel(bits: int, count: int) -> Any:
    """Make a kernel of `softmax_cross_entropy_with_logits`."""

    @kernel
    def of_rows(logits: Any, labels: Any, shuffled: int, losses: Any) -> None:
        kept, meeting_place = cuda.local.array(count, logits.dtype), cuda.shared.array(0, logits.dtype)
        for first in range(first_row(bits), logits.shape[0], rows_of_blocks(bits)):
            share = row, lane, rest, lanes = share_of(logits, first, bits)
            keep(logits, share, kept)
            largest, normalizer = shift(logits, share, kept, bits, shuffled, meeting_place)
            total, log_normalizer = losses.dtype.type(0), log_at(normalizer)
            for i in range(count):
                if i * lanes < rest:
                    total += labels[row, lane + i * lanes] * (log_normalizer - kept[i])
            for column in range(lane + count * lanes, lane + rest, lanes):
                total += labels[row, column] * (log_normalizer - (logits[row, column] - largest))
            total = sum_of_lanes(total, 0, bits, shuffled, meeting_place)
            if lane == 0 and rest > 0:
                losses[row] = total

    return of_rows


@device_function
def divide_at(share: Any, x: Any) -> Any:
    """share/x for a share above 0, infinite where x is 0. (Python raises an error instead.)"""
    return share / x if x != type(x)(0) else type(x)(math.inf)


@device_function
def squared_difference(prediction: Any, target: Any) -> Any:
    """(prediction - target)²."""
    return (prediction - target) * (prediction - target)


@device_function
def mean_of_outputs(total: Any, outputs: int) -> Any:
    """The mean of an example's outputs."""
    return total / type(total)(outputs)


@device_function
def squares_slope(prediction: Any, target: Any, cotangent: Any, outputs: int) -> Any:
    """cotangent/K·2·(prediction - target)."""
    return cotangent / type(cotangent)(outputs) * (type(cotangent)(2) * (prediction - target))


@device_function
def surprise(probability: Any, label: Any) -> Any:
    """label·log(probability), and 0 for a label of 0."""
    return label * log_at(probability) if label != type(label)(0) else type(label)(0)


@device_function
def negated(total: Any, classes: int) -> Any:
    """0 - total, which is never -0."""
    return type(total)(0) - total


@device_function
def cross_entropy_slope(probability: Any, label: Any, cotangent: Any, classes: int) -> Any:
    """-cotangent·label/probability, and 0 for a label of 0."""
    return -cotangent * divide_at(label, probability) if label != type(label)(0) else type(label)(0)


@device_function
def loss_slope(probability: Any, label: Any, mass: Any, row: int, cotangent: Any) -> Any:
    """The slope of an example's loss in a logit: probability times the labels' mass, minus label; times cotangent."""
    return cotangent[row] * (probability * mass - label)


@device_function
def mean_loss_slope(probability: Any, label: Any, mass: Any, row: int, examples: Any) -> Any:
    """The slope of the mean loss: divided by the count, since its reciprocal would be rounded first."""
    return (probability * mass - label) / type(mass)(examples)


squares_kernel = row_sums_kernel(squared_difference, mean_of_outputs)
squares_vjp_kernel = pairs_of_rows_kernel(squares_slope)
cross_entropy_kernel = row_sums_kernel(surprise, negated)
cross_entropy_vjp_kernel = pairs_of_rows_kernel(cross_entropy_slope)
LOSS = loss_of_few, loss_of_some, loss_of_many = in_layouts(loss_kernel)
LOSS_VJP = loss_vjp_of_few, loss_vjp_of_some, loss_vjp_of_many = in_layouts(slopes_kernel(other_itself, loss_slope))
MEAN_LOSS_VJP = mean_loss_vjp_of_few, mean_loss_vjp_of_some, mean_loss_vjp_of_many = in_layouts(
    slopes_kernel(other_itself, mean_loss_slope)
)


@kernel
def mean_kernel(values: Any, count: int, shuffled: int, result: Any) -> None:
    """The mean of so many numbers, of which the values are the sums, or each is one; by one block."""
    total = sum_of_all(values, shuffled, cuda.shared.array(0, result.dtype))
    if cuda.threadIdx.x == 0:
        result[0] = total / result.dtype.type(count)


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
    return sums_of_rows(squares_kernel, to_device(predictions), to_device(targets))


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
    return sums_of_rows(cross_entropy_kernel, to_device(probabilities), to_device(labels))


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
    """Run a kernel that writes a gradient of the first array's shape, from another one and a slope for each row."""
    return pairs_of_rows(compiled, *map(to_device, arrays))


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
    return slopes_of_rows(LOSS_VJP, to_device(logits), to_device(labels), to_device(cotangent))


def losses_on_device(logits: Any, labels: Any) -> Any:
    """The loss of each row of device arrays."""
    losses = empty(logits.shape[0], logits.dtype)
    launch_over_rows(LOSS, logits, labels, losses)
    return losses


def mean_loss_on_device(logits: Any, labels: Any) -> Any:
    """The mean of the losses of all rows, a device array of one number."""
    return mean_on_device(losses_on_device(logits, labels))


def mean_on_device(losses: Any) -> Any:
    """The mean of a device array, a device array of one number."""
    result = empty(1, losses.dtype)
    sums = losses if fit_one_block(losses) else sums_of_runs(sums_of_numbers, losses)
    launch_reducing(mean_kernel, 1, sums, losses.size, reductions.SHUFFLED, result)
    return result


def mean_loss_vjp_on_device(logits: Any, labels: Any) -> Any:
    """The gradient of the mean loss with respect to device logits."""
    return slopes_of_rows(MEAN_LOSS_VJP, logits, labels, logits.shape[0])
