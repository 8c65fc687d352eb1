"""Losses: how far a network's output is from what it should be, and how that changes with the output.

The ladder:
1. NumPy's `exp`, `sum` and `log` one after the other: an array through memory for each.
2. one loop over the rows: nothing but the losses is written, but exponentials are taken one at a time.
3. vectors along a row, as in `softmax`, and nothing written but results.

Sums along a row are those of `rows`. Where whole arrays are read once, memory is the limit, and threads take part from
as many numbers on as for activations.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from fast.cpu import elementary
from fast.cpu.arguments import contiguous, deliver, destination, flat
from fast.cpu.compilation import compiled, leaf
from fast.cpu.elementwise import PARALLEL_EXPONENTIALS, PARALLEL_SIZE, block_count
from fast.cpu.rows import exponentiate_row, row_maximum, row_squares, row_sum, vector_exponentials
from fast.cpu.shuffles import fold_sum
from fast.cpu.softmax import log_normalizer, rows_per_block
from fast.cpu.vectors import VECTOR_BYTES, load, load_part, load_part_or, multiply_add, store, store_part
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


def empirical_loss(losses: np.ndarray, *, out: np.ndarray | None = None) -> np.ndarray:
    """The mean of the losses of all examples.

    Args: losses [N]; out, an array without axes to write into.
    Returns: an array without axes, of the losses' dtype.
    Raises: InvalidArgument, as `reference.empirical_loss`.
    """
    target = destination(out, (), require_array("losses", losses, "N").dtype)
    target[...] = _mean(contiguous(losses))
    return deliver(target, out)


def empirical_loss_vjp(losses: np.ndarray, cotangent: np.ndarray, *, out: np.ndarray | None = None) -> np.ndarray:
    """Carry a gradient back through `empirical_loss`: to each example the same share.

    Args: losses [N]; cotangent, an array without axes; out [N] to write into.
    Returns: [N].
    Raises: InvalidArgument, as `reference.empirical_loss_vjp`.
    """
    slope = require_mean(losses, cotangent)
    target = destination(out, losses.shape, losses.dtype)
    target.fill(slope / losses.dtype.type(losses.size))
    return deliver(target, out)


def mean_squared_error(predictions: np.ndarray, targets: np.ndarray, *, out: np.ndarray | None = None) -> np.ndarray:
    """The mean of the squared differences between an example's outputs and what they should be.

    Args: predictions [N, K]; targets [N, K]; out [N] to write into.
    Returns: [N].
    Raises: InvalidArgument, as `reference.mean_squared_error`.
    """
    require_outputs(predictions, targets)
    target = destination(out, predictions.shape[:1], predictions.dtype, predictions, targets)
    kernel = _squares_loop if predictions.size < PARALLEL_SIZE else _squares_threads
    kernel(contiguous(predictions), contiguous(targets), target)
    return deliver(target, out)


def mean_squared_error_vjp(
    predictions: np.ndarray, targets: np.ndarray, cotangent: np.ndarray, *, out: np.ndarray | None = None
) -> np.ndarray:
    """Carry a gradient back through `mean_squared_error`: cotangent/K·2·(prediction - target).

    Args: predictions [N, K]; targets [N, K]; cotangent [N]; out [N, K] to write into.
    Returns: [N, K].
    Raises: InvalidArgument, as `reference.mean_squared_error_vjp`.
    """
    require_outputs(predictions, targets)
    require_like("cotangent", cotangent, predictions.shape[:1], predictions.dtype, "of the losses")
    target = destination(out, predictions.shape, predictions.dtype, predictions, targets, cotangent)
    kernel = _squares_vjp_loop if predictions.size < PARALLEL_SIZE else _squares_vjp_threads
    kernel(contiguous(predictions), contiguous(targets), contiguous(cotangent), target)
    return deliver(target, out)


def cross_entropy(probabilities: np.ndarray, labels: np.ndarray, *, out: np.ndarray | None = None) -> np.ndarray:
    """The cross entropy -Σᵢ labels[n, i]·log(probabilities[n, i]); a class with label 0 contributes 0.

    Args: probabilities [N, K]; labels [N, K]; out [N] to write into.
    Returns: [N].
    Raises: InvalidArgument, as `reference.cross_entropy`.
    """
    require_classes("probabilities", probabilities, labels)
    target = destination(out, probabilities.shape[:1], probabilities.dtype, probabilities, labels)
    kernel = _cross_entropy_loop if labels.size < PARALLEL_SIZE else _cross_entropy_threads
    kernel(contiguous(probabilities), contiguous(labels), target)
    return deliver(target, out)


def cross_entropy_vjp(
    probabilities: np.ndarray, labels: np.ndarray, cotangent: np.ndarray, *, out: np.ndarray | None = None
) -> np.ndarray:
    """Carry a gradient back through `cross_entropy`: -cotangent·label/probability, 0 where the label is.

    Args: probabilities [N, K]; labels [N, K]; cotangent [N]; out [N, K] to write into.
    Returns: [N, K].
    Raises: InvalidArgument, as `reference.cross_entropy_vjp`.
    """
    require_classes("probabilities", probabilities, labels)
    require_like("cotangent", cotangent, probabilities.shape[:1], probabilities.dtype, "of the losses")
    target = destination(out, probabilities.shape, probabilities.dtype, probabilities, labels, cotangent)
    kernel = _cross_entropy_vjp_loop if probabilities.size < PARALLEL_SIZE else _cross_entropy_vjp_threads
    kernel(contiguous(probabilities), contiguous(labels), contiguous(cotangent), target)
    return deliver(target, out)


def softmax_cross_entropy_with_logits(
    logits: np.ndarray, labels: np.ndarray, *, out: np.ndarray | None = None
) -> np.ndarray:
    """`cross_entropy` of `softmax`, computed together so that no probability underflows on the way.

    Args: logits [N, K]; labels [N, K]; out [N] to write into.
    Returns: [N].
    Raises: InvalidArgument, as `reference.softmax_cross_entropy_with_logits`.
    """
    require_classes("logits", logits, labels)
    target = destination(out, logits.shape[:1], logits.dtype, logits, labels)
    kernel = _logits_loop if logits.size < PARALLEL_EXPONENTIALS else _logits_threads
    kernel(flat(logits), flat(labels), target)
    return deliver(target, out)


def softmax_cross_entropy_with_logits_vjp(
    logits: np.ndarray, labels: np.ndarray, cotangent: np.ndarray, *, out: np.ndarray | None = None
) -> np.ndarray:
    """Carry a gradient back through `softmax_cross_entropy_with_logits`: with labels summing to 1, prediction - label.

    Args: logits [N, K]; labels [N, K]; cotangent [N]; out [N, K] to write into.
    Returns: [N, K].
    Raises: InvalidArgument, as `reference.softmax_cross_entropy_with_logits_vjp`.
    """
    require_classes("logits", logits, labels)
    require_like("cotangent", cotangent, logits.shape[:1], logits.dtype, "of the losses")
    target = destination(out, logits.shape, logits.dtype, logits, labels, cotangent)
    flat_logits, flat_labels = flat(logits), flat(labels)
    kernel = _logits_vjp_loop if logits.size < PARALLEL_EXPONENTIALS else _logits_vjp_threads
    kernel(flat_logits, flat_labels, contiguous(cotangent), target.ravel())
    return deliver(target, out)


def require_outputs(predictions: np.ndarray, targets: np.ndarray) -> None:
    """Check the outputs of a regression, one row an example, and what they should be."""
    require_array("predictions", predictions, "N K")
    require_like("targets", targets, predictions.shape, predictions.dtype, "as predictions has")


@leaf
def _mean(values):
    return row_sum(values, 0, values.size) / values.dtype.type(values.size)


@compiled()
def squares_rows(predictions, targets, losses, rows):
    """The mean squared errors of some rows."""
    outputs, x, y = predictions.shape[1], predictions.ravel(), targets.ravel()
    count = predictions.dtype.type(outputs)
    for row in range(rows.start, rows.stop):
        losses[row] = row_squares(x, row * outputs, y, row * outputs, outputs) / count


@compiled()
def _squares_loop(predictions, targets, losses):
    squares_rows(predictions, targets, losses, slice(0, losses.size))


@compiled(parallel=True)
def _squares_threads(predictions, targets, losses):
    for block in prange(block_count(predictions.size)):
        squares_rows(predictions, targets, losses, rows_of_block(block, predictions))


@leaf
def squares_vjp_rows(predictions, targets, cotangent, gradients, rows):
    """The gradients of some rows' mean squared errors."""
    outputs, two = predictions.shape[1], predictions.dtype.type(2)
    count = predictions.dtype.type(outputs)
    for row in range(rows.start, rows.stop):
        share = cotangent[row] / count
        for i in range(outputs):
            gradients[row, i] = share * (two * (predictions[row, i] - targets[row, i]))


@leaf
def _squares_vjp_loop(predictions, targets, cotangent, gradients):
    squares_vjp_rows(predictions, targets, cotangent, gradients, slice(0, cotangent.size))


@compiled(parallel=True)
def _squares_vjp_threads(predictions, targets, cotangent, gradients):
    for block in prange(block_count(predictions.size)):
        squares_vjp_rows(predictions, targets, cotangent, gradients, rows_of_block(block, predictions))


@leaf
def rows_of_block(block, matrix):
    """The rows of a matrix that belong to one of its blocks of numbers; of few rows some blocks have none."""
    number, count, rows = np.intp(block), block_count(matrix.size), len(matrix)
    return slice(number * rows // count, (number + 1) * rows // count)


@leaf
def cross_entropy_vjp_rows(probabilities, labels, cotangent, gradients, rows):
    """The gradients of some rows' cross entropies."""
    zero = labels.dtype.type(0)
    for row in range(rows.start, rows.stop):
        for i in range(labels.shape[1]):
            label = labels[row, i]
            share = label / probabilities[row, i]
            gradients[row, i] = zero if label == zero else -cotangent[row] * share


@leaf
def _cross_entropy_vjp_loop(probabilities, labels, cotangent, gradients):
    cross_entropy_vjp_rows(probabilities, labels, cotangent, gradients, slice(0, cotangent.size))


@compiled(parallel=True)
def _cross_entropy_vjp_threads(probabilities, labels, cotangent, gradients):
    for block in prange(block_count(labels.size)):
        cross_entropy_vjp_rows(probabilities, labels, cotangent, gradients, rows_of_block(block, labels))


@leaf
def cross_entropy_rows(probabilities, labels, losses, rows):
    """The cross entropies of some rows."""
    for row in range(rows.start, rows.stop):
        total = 0.0
        for i in range(labels.shape[1]):
            if labels[row, i] != 0:
                total += labels[row, i] * elementary.log(probabilities[row, i])
        losses[row] = 0.0 - total


@leaf
def _cross_entropy_loop(probabilities, labels, losses):
    cross_entropy_rows(probabilities, labels, losses, slice(0, losses.size))


@compiled(parallel=True)
def _cross_entropy_threads(probabilities, labels, losses):
    for block in prange(block_count(labels.size)):
        cross_entropy_rows(probabilities, labels, losses, rows_of_block(block, labels))


@leaf
def row_loss(logits, labels, start, classes):
    """The loss of a row: what each label weighs is how far the logarithm of its probability lies below 0."""
    largest, logarithm = log_normalizer(logits, start, classes)
    size, i = VECTOR_BYTES // logits.itemsize, 0
    total = logits.dtype.type(0)
    if classes >= size:
        p, i = load(labels, start) * (logarithm - (load(logits, start) - largest)), size
        while i + size <= classes:
            p = multiply_add(load(labels, start + i), logarithm - (load(logits, start + i) - largest), p)
            i += size
        total = fold_sum(p)
    if i < classes:
        # Where lanes are empty, labels are 0.
        scores, truth = load_part(logits, start + i, classes - i), load_part(labels, start + i, classes - i)
        total += fold_sum(truth * (logarithm - (scores - largest)))
    return total


@leaf
def loss_rows(logits, labels, first, rows, classes, losses):
    """The losses of a block of rows."""
    if classes <= VECTOR_BYTES // logits.itemsize:
        for row in range(first, first + rows):
            scores = load_part_or(logits, row * classes, classes, logits.dtype.type(-np.inf))
            shifted, powers = vector_exponentials(scores, classes)
            logarithm = elementary.log(fold_sum(powers))
            losses[row] = fold_sum(load_part(labels, row * classes, classes) * (logarithm - shifted))
        return
    for row in range(first, first + rows):
        losses[row] = row_loss(logits, labels, row * classes, classes)


@leaf
def _logits_loop(logits, labels, losses):
    loss_rows(logits, labels, 0, losses.size, logits.size // losses.size, losses)


@compiled(parallel=True)
def _logits_threads(logits, labels, losses):
    rows, classes = losses.size, logits.size // losses.size
    height = rows_per_block(classes)
    for block in prange((rows + height - 1) // height):
        first = np.intp(block) * height
        loss_rows(logits, labels, first, min(height, rows - first), classes, losses)


@leaf
def gradient_rows(logits, labels, cotangent, first, rows, classes, gradients):
    """The gradients of a block of rows."""
    size = VECTOR_BYTES // logits.itemsize
    if classes <= size:
        for row in range(first, first + rows):
            start, factor = row * classes, cotangent[row]
            scores = load_part_or(logits, start, classes, logits.dtype.type(-np.inf))
            _, powers = vector_exponentials(scores, classes)
            probabilities, truth = powers / fold_sum(powers), load_part(labels, start, classes)
            store_part(gradients, start, classes, factor * (probabilities * fold_sum(truth) - truth))
        return
    for row in range(first, first + rows):
        start, factor, i = row * classes, cotangent[row], 0
        mass = row_sum(labels, start, classes)
        largest = row_maximum(logits, start, classes)
        normalizer = exponentiate_row(logits, start, classes, largest, gradients, start)
        while i + size <= classes:
            probabilities = load(gradients, start + i) / normalizer
            store(gradients, start + i, factor * (probabilities * mass - load(labels, start + i)))
            i += size
        if i < classes:
            rest = classes - i
            probabilities = load_part(gradients, start + i, rest) / normalizer
            gradient = factor * (probabilities * mass - load_part(labels, start + i, rest))
            store_part(gradients, start + i, rest, gradient)


@leaf
def _logits_vjp_loop(logits, labels, cotangent, gradients):
    gradient_rows(logits, labels, cotangent, 0, cotangent.size, logits.size // cotangent.size, gradients)


@compiled(parallel=True)
def _logits_vjp_threads(logits, labels, cotangent, gradients):
    rows, classes = cotangent.size, logits.size // cotangent.size
    height = rows_per_block(classes)
    for block in prange((rows + height - 1) // height):
        first = np.intp(block) * height
        gradient_rows(logits, labels, cotangent, first, min(height, rows - first), classes, gradients)
