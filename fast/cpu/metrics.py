"""Confusion matrices and what is read off them.

The ladder:
1. a comparison with every class for every example, as products of one-hot matrices: K² times the work.
2. one compiled pass over the examples, each of which is added to its place. Counting is a few memory accesses for an
   example; threads would each need a matrix of their own.
"""

from __future__ import annotations

import numpy as np

from fast.cpu.arguments import contiguous
from fast.cpu.compilation import compiled
from fast.validation import require_scalars
from fast.validation.metrics import require_average, require_confusion, require_counting
from reference.errors import require_number

__all__ = ["accuracy", "confusion_matrix", "f_score", "precision", "recall"]


def confusion_matrix(
    predictions: np.ndarray, labels: np.ndarray, weights: np.ndarray | None = None, *, classes: int
) -> np.ndarray:
    """Count how often each class, a row, was predicted where each class, a column, was right.

    Args: predictions [N] and labels [N], class indices of any numeric dtype; weights [N], or None; classes, K.
    Returns: [K, K], of the weights' dtype; int64 without weights.
    Raises: InvalidArgument, as `reference.confusion_matrix`.
    """
    rows, columns, weights, classes = require_counting(predictions, labels, weights, classes)
    matrix = np.zeros((classes, classes), weights.dtype)
    _count(contiguous(rows), contiguous(columns), contiguous(weights), matrix)
    return matrix


def accuracy(confusion: np.ndarray) -> np.ndarray:
    """The part of all examples that was classified right; 0 of none.

    Args: confusion [K, K].
    Returns: an array without axes.
    Raises: InvalidArgument, as `reference.accuracy`.
    """
    result = np.empty(1, require_confusion(confusion).dtype)
    _precision(contiguous(confusion), result)
    return result.reshape(())


def precision(confusion: np.ndarray, *, average: str = "none") -> np.ndarray:
    """Of the examples that were predicted to be of a class, the part that is; 0 of none.

    Args: confusion [K, K], a row for each predicted class; average, "none", "macro" or "micro".
    Returns: [K], or an array without axes if it is averaged.
    Raises: InvalidArgument, as `reference.precision`.
    """
    scores = np.empty(_count_of_scores(confusion, average), confusion.dtype)
    _precision(contiguous(confusion), scores)
    return _averaged(scores, average)


def recall(confusion: np.ndarray, *, average: str = "none") -> np.ndarray:
    """Of the examples that are of a class, the part that was found; 0 of none.

    Args: confusion [K, K], a row for each predicted class; average, "none", "macro" or "micro".
    Returns: [K], or an array without axes if it is averaged.
    Raises: InvalidArgument, as `reference.recall`.
    """
    scores = np.empty(_count_of_scores(confusion, average), confusion.dtype)
    _precision(contiguous(confusion.T), scores)
    return _averaged(scores, average)


def f_score(confusion: np.ndarray, *, beta: float = 1, average: str = "none") -> np.ndarray:
    """The weighted harmonic mean of precision and recall; 0 where both are.

    Args: confusion [K, K], a row for each predicted class; beta, a number ≥ 0; average, "none", "macro" or "micro".
    Returns: [K], or an array without axes if it is averaged.
    Raises: InvalidArgument, as `reference.f_score`.
    """
    scores = np.empty(_count_of_scores(confusion, average), confusion.dtype)
    recalls = np.empty_like(scores)
    (weight,) = require_scalars(confusion.dtype, beta=require_number("beta", beta, 0))
    _precision(contiguous(confusion), scores)
    _precision(contiguous(confusion.T), recalls)
    _combine(scores, recalls, weight)
    return _averaged(scores, average)


def _count_of_scores(confusion: np.ndarray, average: str) -> int:
    """How many ratios there are: one for each class, or one of all classes' sums."""
    classes = len(require_confusion(confusion))
    return 1 if require_average(average) == "micro" else classes


def _averaged(scores: np.ndarray, average: str) -> np.ndarray:
    if average == "macro":
        _mean(scores)
    return scores if average == "none" else scores[:1].copy().reshape(())


@compiled()
def _count(rows, columns, weights, matrix):
    for n in range(rows.size):
        matrix[rows[n], columns[n]] += weights[n]


@compiled()
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


@compiled()
def _combine(scores, recalls, beta):
    square, zero = beta * beta, scores.dtype.type(0)
    one = scores.dtype.type(1)
    for k in range(scores.size):
        whole = square * scores[k] + recalls[k]
        scores[k] = (one + square) * scores[k] * recalls[k] / whole if whole != zero else zero


@compiled()
def _mean(scores):
    total = scores[0]
    for k in range(1, scores.size):
        total += scores[k]
    scores[0] = total / scores.dtype.type(scores.size)
