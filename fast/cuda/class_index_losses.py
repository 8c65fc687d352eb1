"""Losses on the GPU whose labels name a class: as in `losses` a few threads share a row, and one picks its number."""

from __future__ import annotations

from typing import Any

import numpy as np

from fast.cuda.activations import log_at
from fast.cuda.device import cuda, device_function, empty, kernel, launch_over, to_device
from fast.cuda.device_arrays import takes_device_arrays
from fast.cuda.reductions import launch_reducing
from fast.cuda.rows import (
    bits_of_lanes,
    blocks_of_rows,
    first_row,
    in_layouts,
    keep,
    launch_over_rows,
    rows_of_blocks,
    share_of,
    shift,
)
from fast.cuda.softmax import probabilities_kernel, rows_like
from fast.validation import require_like
from fast.validation.class_index_losses import require_class_indices

__all__ = [
    "negative_log_likelihood",
    "negative_log_likelihood_vjp",
    "sparse_softmax_cross_entropy_with_logits",
    "sparse_softmax_cross_entropy_with_logits_vjp",
]


def sparse_loss_kernel(bits: int, count: int) -> Any:
    """Make a kernel of `sparse_softmax_cross_entropy_with_logits`."""

    @kernel
    def of_rows(logits: Any, labels: Any, shuffled: int, losses: Any) -> None:
        kept, meeting_place = cuda.local.array(count, logits.dtype), cuda.shared.array(0, logits.dtype)
        for first in range(first_row(bits), logits.shape[0], rows_of_blocks(bits)):
            share = row, lane, rest, _ = share_of(logits, first, bits)
            keep(logits, share, kept)
            largest, normalizer = shift(logits, share, kept, bits, shuffled, meeting_place)
            if lane == 0 and rest > 0:
                losses[row] = log_at(normalizer) - (logits[row, labels[row]] - largest)

    return of_rows


@device_function
def sparse_loss_slope(probability: Any, column: int, row: int, details: Any) -> Any:
    """Probability minus one for the class that is meant, times the cotangent."""
    labels, cotangent = details
    return cotangent[row] * (probability - type(probability)(1) if column == labels[row] else probability)


SPARSE_LOSS = sparse_loss_of_few, sparse_loss_of_some, sparse_loss_of_many = in_layouts(sparse_loss_kernel)
SPARSE_LOSS_VJP = sparse_loss_vjp_of_few, sparse_loss_vjp_of_some, sparse_loss_vjp_of_many = in_layouts(
    probabilities_kernel(sparse_loss_slope)
)


@kernel
def likelihood_kernel(log_probabilities: Any, labels: Any, losses: Any) -> None:
    """`negative_log_likelihood` of each row, by one thread a row."""
    for row in range(cuda.grid(1), losses.size, cuda.gridsize(1)):
        losses[row] = -log_probabilities[row, labels[row]]


@kernel
def likelihood_vjp_kernel(labels: Any, cotangent: Any, bits: int, result: Any) -> None:
    """`negative_log_likelihood_vjp` of each row, by a few threads."""
    for first in range(first_row(bits), result.shape[0], rows_of_blocks(bits)):
        row, lane, rest, lanes = share_of(result, first, bits)
        for column in range(lane, lane + rest, lanes):
            result[row, column] = -cotangent[row] if column == labels[row] else result.dtype.type(0)


@takes_device_arrays
def sparse_softmax_cross_entropy_with_logits(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """As `reference.sparse_softmax_cross_entropy_with_logits`, on the GPU: [N, K] and [N] to [N]."""
    require_class_indices("logits", logits, labels)
    losses = empty(len(logits), logits.dtype)
    launch_over_rows(SPARSE_LOSS, to_device(logits), places(labels), losses)
    return losses


@takes_device_arrays
def sparse_softmax_cross_entropy_with_logits_vjp(
    logits: np.ndarray, labels: np.ndarray, cotangent: np.ndarray
) -> np.ndarray:
    """As `reference.sparse_softmax_cross_entropy_with_logits_vjp`, on the GPU: [N, K], [N] and [N] to [N, K]."""
    require_class_indices("logits", logits, labels)
    require_like("cotangent", cotangent, labels.shape, logits.dtype, "of the losses")
    details = places(labels), to_device(cotangent)
    return rows_like(SPARSE_LOSS_VJP, to_device(logits), details)


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
    blocks, bits = blocks_of_rows(result, bits_of_lanes(result)), bits_of_lanes(result)
    launch_reducing(likelihood_vjp_kernel, blocks, places(labels), to_device(cotangent), bits, result)
    return result


def places(labels: np.ndarray) -> Any:
    """Indices on the device, of one type of integers whatever they came in."""
    return to_device(labels.astype(np.int64))
