"""Confusion matrices and what is read off them.

The ladder:
1. a comparison with every class for every example, as products of one-hot matrices: K² times the work.
2. one compiled pass over the examples, each of which is added to its place. Counting is a few memory accesses for an
   example; threads would each need a matrix of their own.
"""

from __future__ import annotations

import numpy as np

from fast.cpu.arguments import contiguous, deliver, destination
from fast.cpu.compilation import leaf
from fast.validation import require_scalar
from fast.validation.metrics import require_average, require_confusion, require_counting
from reference.errors import require_number

__all__ = ["accuracy", "confusion_matrix", "f_score", "precision", "recall"]


def confusion_matrix(
    predictions: np.ndarray,
    labels: np.ndarray,
    weights: np.ndarray | None = None,
    *,
    classes: int,
    out: np.ndarray | None = None,
) -> np.ndarray:
    """Count how often each class, a row, was predicted where each class, a column, was right.

    Args: predictions [N] and labels [N], class indices of any numeric dtype; weights [N], or None; classes, K;
        out [K, K] to write into.
    Returns: [K, K], of the weights' dtype; int64 without weights.
    Memory: copies of predictions and labels as int64.
    Raises: InvalidArgument, as `reference.confusion_matrix`.
    """
    rows, columns, weights, classes = require_counting(predictions, labels, weights, classes)
    target = destination(out, (classes, classes), weights.dtype, weights)
    target.fill(0)
    _count(contiguous(rows), contiguous(columns), contiguous(weights), target)
    return deliver(target, out)


def accuracy(confusion: np.ndarray, *, out: np.ndarray | None = None) -> np.ndarray:
    """The part of all examples that was classified right; 0 of none.

    Args: confusion [K, K]; out, an array without axes to write into.
    Returns: an array without axes.
    Raises: InvalidArgument, as `reference.accuracy`.
    """
    target = destination(out, (), require_confusion(confusion).dtype, confusion)
    _precision(contiguous(confusion), target.reshape(1))
    return deliver(target, out)


def precision(confusion: np.ndarray, *, average: str = "none", out: np.ndarray | None = None) -> np.ndarray:
    """Of the examples that were predicted to be of a class, the part that is; 0 of none.

    Args: confusion [K, K], a row for each predicted class; average, "none", "macro" or "micro";
        out, the array to write into.
    Returns: [K], or an array without axes if it is averaged.
    Raises: InvalidArgument, as `reference.precision`.
    """
    scores, target = _prepared(confusion, average, out)
    _precision(contiguous(confusion), scores)
    return deliver(_averaged(scores, target, average), out)


def recall(confusion: np.ndarray, *, average: str = "none", out: np.ndarray | None = None) -> np.ndarray:
    """Of the examples that are of a class, the part that was found; 0 of none.

    Args: confusion [K, K], a row for each predicted class; average, "none", "macro" or "micro";
        out, the array to write into.
    Returns: [K], or an array without axes if it is averaged.
    Raises: InvalidArgument, as `reference.recall`.
    """
    scores, target = _prepared(confusion, average, out)
    _precision(contiguous(confusion.T), scores)
    return deliver(_averaged(scores, target, average), out)


def f_score(
    confusion: np.ndarray, *, beta: float = 1, average: str = "none", out: np.ndarray | None = None
) -> np.ndarray:
    """The weighted harmonic mean of precision and recall; 0 where both are.

    Args: confusion [K, K], a row for each predicted class; beta, a number ≥ 0; average, "none", "macro" or "micro";
        out, the array to write into.
    Returns: [K], or an array without axes if it is averaged.
    Raises: InvalidArgument, as `reference.f_score`.
    """
    scores, target = _prepared(confusion, average, out)
    recalls = np.empty_like(scores)
    weight = require_scalar(confusion.dtype, "beta", require_number("beta", beta, 0))
    _precision(contiguous(confusion), scores)
    _precision(contiguous(confusion.T), recalls)
    _combine(scores, recalls, weight)
    return deliver(_averaged(scores, target, average), out)


def _prepared(confusion: np.ndarray, average: str, out: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """An array for the ratio of each class, or for one of all classes' sums; and where the result is written."""
    classes, dtype = len(require_confusion(confusion)), confusion.dtype
    several = require_average(average) == "none"
    target = destination(out, (classes,) if several else (), dtype, confusion)
    return np.empty(classes, dtype) if average == "macro" else target.reshape(-1), target


def _averaged(scores: np.ndarray, target: np.ndarray, average: str) -> np.ndarray:
    """The result: the mean of the scores if that is wanted, else the scores, which are there already."""
    if average == "macro":
        _mean(scores, target.reshape(-1))
    return target


@leaf
def _count(rows, columns, weights, matrix):
    for n in range(rows.size):
        matrix[rows[n], columns[n]] += weights[n]


@leaf
def _precision(confusion, scores):
    """The ratio of each row, or of all rows together if there is room for one."""
    classes, of_rows = len(confusion), scores.size == len(confusion)
    right = whole = confusion.dtype.type(0)
    for i in range(classes):
        if of_rows:
            right = whole = confusion.dtype.type(0)
        right += confusion[i, i]
        for j in range(classes):
            whole += confusion[i, j]
        if of_rows or i == classes - 1:
            scores[i if of_rows else 0] = right / whole if whole != 0 else confusion.dtype.type(0)


@leaf
def _combine(scores, recalls, beta):
    square, zero = beta * beta, scores.dtype.type(0)
    one = scores.dtype.type(1)
    for k in range(scores.size):
        whole = square * scores[k] + recalls[k]
        scores[k] = (one + square) * scores[k] * recalls[k] / whole if whole != zero else zero


@leaf
def _mean(scores, result):
    total = scores[0]
    for k in range(1, scores.size):
        total += scores[k]
    result[0] = total / scores.dtype.type(scores.size)
