"""Losses on the GPU whose labels name a class: as in `losses` one thread for each example, which picks one number."""

from __future__ import annotations

from typing import Any

import numpy as np

from fast.cuda.activations import exp_at, log_at
from fast.cuda.device import cuda, empty, kernel, launch_over, to_device
from fast.cuda.device_arrays import takes_device_arrays
from fast.cuda.softmax import largest_of_row, normalizer_of_row
from fast.validation import require_like
from fast.validation.class_index_losses import require_class_indices

__all__ = [
    "negative_log_likelihood",
    "negative_log_likelihood_vjp",
    "sparse_softmax_cross_entropy_with_logits",
    "sparse_softmax_cross_entropy_with_logits_vjp",
]


@kernel
def sparse_loss_kernel(logits: Any, labels: Any, losses: Any) -> None:
    """`sparse_softmax_cross_entropy_with_logits` of each row, by one thread a row."""
    for row in range(cuda.grid(1), losses.size, cuda.gridsize(1)):
        largest = largest_of_row(logits, row)
        log_normalizer = log_at(normalizer_of_row(logits, row, largest))
        losses[row] = log_normalizer - (logits[row, labels[row]] - largest)


@kernel
def sparse_loss_vjp_kernel(logits: Any, labels: Any, cotangent: Any, result: Any) -> None:
    """`sparse_softmax_cross_entropy_with_logits_vjp` of each row, by one thread a row."""
    one = result.dtype.type(1)
    for row in range(cuda.grid(1), result.shape[0], cuda.gridsize(1)):
        largest = largest_of_row(logits, row)
        normalizer = normalizer_of_row(logits, row, largest)
        for column in range(result.shape[1]):
            probability = exp_at(logits[row, column] - largest) / normalizer
            result[row, column] = cotangent[row] * (probability - one if column == labels[row] else probability)


@kernel
def likelihood_kernel(log_probabilities: Any, labels: Any, losses: Any) -> None:
    """`negative_log_likelihood` of each row, by one thread a row."""
    for row in range(cuda.grid(1), losses.size, cuda.gridsize(1)):
        losses[row] = -log_probabilities[row, labels[row]]


@kernel
def likelihood_vjp_kernel(labels: Any, cotangent: Any, result: Any) -> None:
    """`negative_log_likelihood_vjp` of each row, by one thread a row."""
    for row in range(cuda.grid(1), result.shape[0], cuda.gridsize(1)):
        for column in range(result.shape[1]):
            result[row, column] = -cotangent[row] if column == labels[row] else result.dtype.type(0)


@takes_device_arrays
def sparse_softmax_cross_entropy_with_logits(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """As `reference.sparse_softmax_cross_entropy_with_logits`, on the GPU: [N, K] and [N] to [N]."""
    require_class_indices("logits", logits, labels)
    losses = empty(len(logits), logits.dtype)
    launch_over(sparse_loss_kernel, len(logits), to_device(logits), places(labels), losses)
    return losses


@takes_device_arrays
def sparse_softmax_cross_entropy_with_logits_vjp(
    logits: np.ndarray, labels: np.ndarray, cotangent: np.ndarray
) -> np.ndarray:
    """As `reference.sparse_softmax_cross_entropy_with_logits_vjp`, on the GPU: [N, K], [N] and [N] to [N, K]."""
    require_class_indices("logits", logits, labels)
    require_like("cotangent", cotangent, labels.shape, logits.dtype, "of the losses")
    result = empty(logits.shape, logits.dtype)
    launch_over(sparse_loss_vjp_kernel, len(logits), to_device(logits), places(labels), to_device(cotangent), result)
    return result


@takes_device_arrays
def negative_log_likelihood(log_probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """As `reference.negative_log_likelihood`, on the GPU: [N, K] and [N] to [N]."""
    require_class_indices("log_probabilities", log_probabilities, labels)
    losses = empty(len(labels), log_probabilities.dtype)
    launch_over(likelihood_kernel, len(labels), to_device(log_probabilities), places(labels), losses)
    return losses


@takes_device_arrays
def negative_log_likelihood_vjp(log_probabilities: np.ndarray, labels: np.ndarray, cotangent: np.ndarray) -> np.ndarray:
    """As `reference.negative_log_likelihood_vjp`, on the GPU: [N, K], [N] and [N] to [N, K]."""
    require_class_indices("log_probabilities", log_probabilities, labels)
    require_like("cotangent", cotangent, labels.shape, log_probabilities.dtype, "of the losses")
    result = empty(log_probabilities.shape, log_probabilities.dtype)
    launch_over(likelihood_vjp_kernel, len(labels), places(labels), to_device(cotangent), result)
    return result


def places(labels: np.ndarray) -> Any:
    """Indices on the device, of one type of integers whatever they came in."""
    return to_device(labels.astype(np.int64))
