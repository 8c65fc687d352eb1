"""Losses whose labels name a class: as in `losses`, but of a row one number is picked, and none weighed."""

from __future__ import annotations

import numpy as np
from numba import prange

from fast.cpu.arguments import contiguous, deliver, destination, flat
from fast.cpu.compilation import compiled, leaf
from fast.cpu.elementwise import PARALLEL_EXPONENTIALS
from fast.cpu.softmax import log_normalizer, rows_per_block, softmax_rows
from fast.validation import require_like
from fast.validation.class_index_losses import require_class_indices

__all__ = [
    "negative_log_likelihood",
    "negative_log_likelihood_vjp",
    "sparse_softmax_cross_entropy_with_logits",
    "sparse_softmax_cross_entropy_with_logits_vjp",
]


def sparse_softmax_cross_entropy_with_logits(
    logits: np.ndarray, labels: np.ndarray, *, out: np.ndarray | None = None
) -> np.ndarray:
    """`softmax_cross_entropy_with_logits` with labels that name a class.

    Args: logits [N, K]; labels [N], integers from 0 to K - 1; out [N] to write into.
    Returns: [N].
    Raises: InvalidArgument, as `reference.sparse_softmax_cross_entropy_with_logits`.
    """
    require_class_indices("logits", logits, labels)
    target = destination(out, labels.shape, logits.dtype, logits, labels)
    kernel = _sparse_loop if logits.size < PARALLEL_EXPONENTIALS else _sparse_threads
    kernel(flat(logits), places(labels), target)
    return deliver(target, out)


def sparse_softmax_cross_entropy_with_logits_vjp(
    logits: np.ndarray, labels: np.ndarray, cotangent: np.ndarray, *, out: np.ndarray | None = None
) -> np.ndarray:
    """Carry a gradient back through `sparse_softmax_cross_entropy_with_logits`: prediction minus label.

    Args: logits [N, K]; labels [N], integers from 0 to K - 1; cotangent [N]; out [N, K].
    Returns: [N, K].
    Raises: InvalidArgument, as `reference.sparse_softmax_cross_entropy_with_logits_vjp`.
    """
    require_class_indices("logits", logits, labels)
    require_like("cotangent", cotangent, logits.shape[:1], logits.dtype, "of the losses")
    target = destination(out, logits.shape, logits.dtype, logits, labels, cotangent)
    kernel = _sparse_vjp_loop if logits.size < PARALLEL_EXPONENTIALS else _sparse_vjp_threads
    kernel(flat(logits), places(labels), contiguous(cotangent), target.ravel())
    return deliver(target, out)


def negative_log_likelihood(
    log_probabilities: np.ndarray, labels: np.ndarray, *, out: np.ndarray | None = None
) -> np.ndarray:
    """What `log_softmax` says of the right class, without the minus.

    Args: log_probabilities [N, K]; labels [N], integers from 0 to K - 1; out [N] to write into.
    Returns: [N].
    Memory: twice as many indices as labels.
    Raises: InvalidArgument, as `reference.negative_log_likelihood`.
    """
    require_class_indices("log_probabilities", log_probabilities, labels)
    target = destination(out, labels.shape, log_probabilities.dtype)
    # One number of each row is read: whatever copies the rows first would read all of them.
    np.negative(log_probabilities[np.arange(len(labels)), labels], out=target)
    return deliver(target, out)


def negative_log_likelihood_vjp(
    log_probabilities: np.ndarray, labels: np.ndarray, cotangent: np.ndarray, *, out: np.ndarray | None = None
) -> np.ndarray:
    """Carry a gradient back through `negative_log_likelihood`: -cotangent to the right class, 0 to the others.

    Args: log_probabilities [N, K]; labels [N], integers from 0 to K - 1; cotangent [N]; out [N, K].
    Returns: [N, K].
    Raises: InvalidArgument, as `reference.negative_log_likelihood_vjp`.
    """
    require_class_indices("log_probabilities", log_probabilities, labels)
    require_like("cotangent", cotangent, labels.shape, log_probabilities.dtype, "of the losses")
    target = destination(out, log_probabilities.shape, log_probabilities.dtype, labels, cotangent)
    target.fill(0)
    target[np.arange(len(labels)), labels] = -cotangent
    return deliver(target, out)


def places(labels: np.ndarray) -> np.ndarray:
    """Indices as the kernels want them, of one type of integers whatever they came in."""
    return np.ascontiguousarray(labels, np.int64)


@leaf
def sparse_rows(logits, labels, first, rows, classes, losses):
    """The losses of a block of rows whose labels name a class."""
    for row in range(first, first + rows):
        largest, logarithm = log_normalizer(logits, row * classes, classes)
        losses[row] = logarithm - (logits[row * classes + labels[row]] - largest)


@leaf
def _sparse_loop(logits, labels, losses):
    sparse_rows(logits, labels, 0, losses.size, logits.size // losses.size, losses)


@compiled(parallel=True)
def _sparse_threads(logits, labels, losses):
    rows, classes = losses.size, logits.size // losses.size
    height = rows_per_block(classes)
    for block in prange((rows + height - 1) // height):
        first = np.intp(block) * height
        sparse_rows(logits, labels, first, min(height, rows - first), classes, losses)


@leaf
def sparse_vjp_rows(logits, labels, cotangent, first, rows, classes, gradients):
    """The gradients of a block of rows whose labels name a class."""
    for row in range(first, first + rows):
        softmax_rows(logits, row, 1, classes, gradients, row * classes)
        gradients[row * classes + labels[row]] -= logits.dtype.type(1)
        line, factor = gradients[row * classes : (row + 1) * classes], cotangent[row]
        for i in range(classes):
            line[i] *= factor


@leaf
def _sparse_vjp_loop(logits, labels, cotangent, gradients):
    sparse_vjp_rows(logits, labels, cotangent, 0, cotangent.size, logits.size // cotangent.size, gradients)


@compiled(parallel=True)
def _sparse_vjp_threads(logits, labels, cotangent, gradients):
    rows, classes = cotangent.size, logits.size // cotangent.size
    height = rows_per_block(classes)
    for block in prange((rows + height - 1) // height):
        first = np.intp(block) * height
        sparse_vjp_rows(logits, labels, cotangent, first, min(height, rows - first), classes, gradients)
