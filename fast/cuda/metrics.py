"""Confusion matrices and what is read off them, on the GPU.

The ladder that led here:

1. One thread for each example, adding to its place in the matrix: threads meet there, and atomic additions of floats
   come in another order every time.
2. So one thread for each place in the matrix, which looks at all examples: K² threads read the same indices at the same
   time, which caches answer, and the bits are the same every time.
3. What is read off the matrix are sums of K numbers: one thread for each class, and one thread for what is averaged.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fast.cuda.device import cuda, device_function, empty, kernel, launch_over, to_device
from fast.cuda.device_arrays import takes_device_arrays
from fast.validation import require_scalars
from fast.validation.metrics import require_average, require_confusion, require_counting
from reference.errors import require_number

__all__ = ["accuracy", "confusion_matrix", "f_score", "precision", "recall"]


@device_function
def ratio(part: Any, whole: Any) -> Any:
    """part/whole, and 0 of nothing."""
    return part / whole if whole != type(whole)(0) else type(whole)(0)


@device_function
def harmonic(p: Any, r: Any, beta: Any) -> Any:
    """The weighted harmonic mean of precision and recall."""
    square = beta * beta
    return ratio((type(beta)(1) + square) * p * r, square * p + r)


@kernel
def count_kernel(predictions: Any, labels: Any, weights: Any, matrix: Any) -> None:
    """`confusion_matrix`, one thread a place. Where there is one weight, it is that of all examples."""
    for place in range(cuda.grid(1), matrix.size, cuda.gridsize(1)):
        row, column = place // matrix.shape[1], place % matrix.shape[1]
        total = matrix.dtype.type(0)
        for n in range(predictions.size):
            if predictions[n] == row and labels[n] == column:
                total += weights[min(n, weights.size - 1)]
        matrix[row, column] = total


@kernel
def sums_kernel(confusion: Any, sums: Any) -> None:
    """For each class, one thread: what was right, what was predicted, what occurred."""
    for k in range(cuda.grid(1), confusion.shape[0], cuda.gridsize(1)):
        predicted = occurred = confusion.dtype.type(0)
        for other in range(confusion.shape[0]):
            predicted += confusion[k, other]
            occurred += confusion[other, k]
        sums[0, k], sums[1, k], sums[2, k] = confusion[k, k], predicted, occurred


@kernel
def total_kernel(sums: Any, result: Any) -> None:
    """The sums over all classes, one thread each."""
    for which in range(cuda.grid(1), result.shape[0], cuda.gridsize(1)):
        total = sums[which, 0]
        for k in range(1, sums.shape[1]):
            total += sums[which, k]
        result[which, 0] = total


@kernel
def precision_kernel(sums: Any, scores: Any) -> None:
    """`precision` of each class."""
    for k in range(cuda.grid(1), scores.size, cuda.gridsize(1)):
        scores[k] = ratio(sums[0, k], sums[1, k])


@kernel
def recall_kernel(sums: Any, scores: Any) -> None:
    """`recall` of each class."""
    for k in range(cuda.grid(1), scores.size, cuda.gridsize(1)):
        scores[k] = ratio(sums[0, k], sums[2, k])


@kernel
def f_score_kernel(sums: Any, beta: Any, scores: Any) -> None:
    """`f_score` of each class."""
    for k in range(cuda.grid(1), scores.size, cuda.gridsize(1)):
        scores[k] = harmonic(ratio(sums[0, k], sums[1, k]), ratio(sums[0, k], sums[2, k]), beta)


@kernel
def mean_of_scores_kernel(scores: Any, result: Any) -> None:
    """The mean over the classes, by one thread."""
    for place in range(cuda.grid(1), result.size, cuda.gridsize(1)):
        total = scores[0]
        for k in range(1, scores.size):
            total += scores[k]
        result[place] = total / result.dtype.type(scores.size)


@takes_device_arrays
def confusion_matrix(
    predictions: np.ndarray, labels: np.ndarray, weights: np.ndarray | None = None, *, classes: int
) -> np.ndarray:
    """As `reference.confusion_matrix`, on the GPU: [N], [N] and [N] to [K, K]; int64 without weights."""
    rows, columns, each, classes = require_counting(predictions, labels, weights, classes)
    matrix, each = empty((classes, classes), each.dtype), each[:1] if weights is None else each
    launch_over(count_kernel, matrix.size, to_device(rows), to_device(columns), to_device(each), matrix)
    return matrix


@takes_device_arrays
def accuracy(confusion: np.ndarray) -> np.ndarray:
    """As `reference.accuracy`, on the GPU: [K, K] to an array without axes."""
    return scored(precision_kernel, confusion, "micro")


@takes_device_arrays
def precision(confusion: np.ndarray, *, average: str = "none") -> np.ndarray:
    """As `reference.precision`, on the GPU: [K, K] to [K], or to an array without axes."""
    return scored(precision_kernel, confusion, average)


@takes_device_arrays
def recall(confusion: np.ndarray, *, average: str = "none") -> np.ndarray:
    """As `reference.recall`, on the GPU: [K, K] to [K], or to an array without axes."""
    return scored(recall_kernel, confusion, average)


@takes_device_arrays
def f_score(confusion: np.ndarray, *, beta: float = 1, average: str = "none") -> np.ndarray:
    """As `reference.f_score`, on the GPU: [K, K] to [K], or to an array without axes."""
    dtype = require_confusion(confusion).dtype
    return scored(f_score_kernel, confusion, average, *require_scalars(dtype, beta=require_number("beta", beta, 0)))


def scored(compiled: Any, confusion: np.ndarray, average: str, *numbers: Any) -> Any:
    """A kernel's scores of all classes, their mean, or the score of the classes' sums."""
    classes, dtype = len(require_confusion(confusion)), confusion.dtype
    require_average(average)
    sums = empty((3, classes), dtype)
    launch_over(sums_kernel, classes, to_device(confusion), sums)
    if average == "micro":
        sums_of_classes, sums, classes = sums, empty((3, 1), dtype), 1
        launch_over(total_kernel, 3, sums_of_classes, sums)
    scores = empty(classes, dtype)
    launch_over(compiled, classes, sums, *numbers, scores)
    if average == "macro":
        of_classes, scores = scores, empty(1, dtype)
        launch_over(mean_of_scores_kernel, 1, of_classes, scores)
    return scores if average == "none" else scores.reshape(())
