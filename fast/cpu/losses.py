"""Losses: how far a classifier's output is from its labels.

The ladder:
1. NumPy's `exp`, `sum` and `log` one after the other: an array through memory for each.
2. one loop over the rows: nothing but the losses is written, but exponentials are taken one at a time.
3. blocks of rows as in `activations.softmax`: the exponentials of a block are one flat, vectorised run.

One logarithm a row is taken, in float64, and the row's loss is summed in float64: it costs nothing and leaves one
rounding to float32.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from fast.cpu import elementary
from fast.cpu.activations import PARALLEL_SIZE, rows_per_block, shift_rows, softmax_rows
from fast.cpu.arguments import contiguous
from fast.cpu.compilation import compiled
from fast.validation import require_like
from fast.validation.losses import require_classes

__all__ = ["cross_entropy", "softmax_cross_entropy_with_logits", "softmax_cross_entropy_with_logits_vjp"]


def cross_entropy(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The cross entropy -Σᵢ labels[n, i]·log(probabilities[n, i]); a class with label 0 contributes 0.

    Args: probabilities [N, K]; labels [N, K].
    Returns: [N].
    Raises: InvalidArgument, as `reference.cross_entropy`.
    """
    require_classes("probabilities", probabilities, labels)
    losses = np.empty(len(probabilities), probabilities.dtype)
    _cross_entropy_loop(contiguous(probabilities), contiguous(labels), losses)
    return losses


def softmax_cross_entropy_with_logits(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """`cross_entropy` of `softmax`, computed together so that no probability underflows on the way.

    Args: logits [N, K]; labels [N, K].
    Returns: [N].
    Raises: InvalidArgument, as `reference.softmax_cross_entropy_with_logits`.
    """
    require_classes("logits", logits, labels)
    losses = np.empty(len(logits), logits.dtype)
    kernel = _logits_loop if logits.size < PARALLEL_SIZE else _logits_threads
    kernel(contiguous(logits).reshape(-1), contiguous(labels).reshape(-1), losses)
    return losses


def softmax_cross_entropy_with_logits_vjp(logits: np.ndarray, labels: np.ndarray, cotangent: np.ndarray) -> np.ndarray:
    """Carry a gradient back through `softmax_cross_entropy_with_logits`: with labels summing to 1, prediction - label.

    Args: logits [N, K]; labels [N, K]; cotangent [N].
    Returns: [N, K].
    Raises: InvalidArgument, as `reference.softmax_cross_entropy_with_logits_vjp`.
    """
    require_classes("logits", logits, labels)
    require_like("cotangent", cotangent, logits.shape[:1], logits.dtype, "of the losses")
    gradients = np.empty(logits.shape, logits.dtype)
    flat_logits, flat_labels = contiguous(logits).reshape(-1), contiguous(labels).reshape(-1)
    kernel = _logits_vjp_loop if logits.size < PARALLEL_SIZE else _logits_vjp_threads
    kernel(flat_logits, flat_labels, contiguous(cotangent), gradients.reshape(-1))
    return gradients


@compiled()
def _cross_entropy_loop(probabilities, labels, losses):
    rows, classes = probabilities.shape
    for row in range(rows):
        total = 0.0
        for i in range(classes):
            if labels[row, i] != 0:
                total += labels[row, i] * elementary.log(probabilities[row, i])
        losses[row] = 0.0 - total


@compiled()
def loss_rows(logits, labels, first, rows, classes, losses):
    """The losses of a block of rows."""
    shifted = np.empty(rows * classes, logits.dtype)
    exponentials = np.empty(rows * classes, logits.dtype)
    shift_rows(logits, first, rows, classes, shifted, 0)
    for i in range(rows * classes):
        exponentials[i] = elementary.exp(shifted[i])
    for row in range(rows):
        normalizer = 0.0
        for i in range(row * classes, (row + 1) * classes):
            normalizer += exponentials[i]
        log_normalizer, total = elementary.log(normalizer), 0.0
        for i in range(row * classes, (row + 1) * classes):
            total += labels[first * classes + i] * (log_normalizer - shifted[i])
        losses[first + row] = total


@compiled()
def _logits_loop(logits, labels, losses):
    rows, classes = losses.size, logits.size // losses.size
    height = rows_per_block(classes)
    for first in range(0, rows, height):
        loss_rows(logits, labels, first, min(height, rows - first), classes, losses)


@compiled(parallel=True)
def _logits_threads(logits, labels, losses):
    rows, classes = losses.size, logits.size // losses.size
    height = rows_per_block(classes)
    for block in prange((rows + height - 1) // height):
        first = np.intp(block) * height
        loss_rows(logits, labels, first, min(height, rows - first), classes, losses)


@compiled()
def gradient_rows(logits, labels, cotangent, first, rows, classes, gradients):
    """The gradients of a block of rows."""
    softmax_rows(logits, first, rows, classes, gradients, first * classes)
    for row in range(first, first + rows):
        start = row * classes
        mass = labels[start]
        for i in range(start + 1, start + classes):
            mass += labels[i]
        for i in range(start, start + classes):
            gradients[i] = cotangent[row] * (gradients[i] * mass - labels[i])


@compiled()
def _logits_vjp_loop(logits, labels, cotangent, gradients):
    rows, classes = cotangent.size, logits.size // cotangent.size
    height = rows_per_block(classes)
    for first in range(0, rows, height):
        gradient_rows(logits, labels, cotangent, first, min(height, rows - first), classes, gradients)


@compiled(parallel=True)
def _logits_vjp_threads(logits, labels, cotangent, gradients):
    rows, classes = cotangent.size, logits.size // cotangent.size
    height = rows_per_block(classes)
    for block in prange((rows + height - 1) // height):
        first = np.intp(block) * height
        gradient_rows(logits, labels, cotangent, first, min(height, rows - first), classes, gradients)
