"""Metrics: which side is which, what is divided by what, and what 0/0 is."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.implementations import numpy as base
from conformance.implementations.numpy.arguments import Array
from conformance.implementations.numpy.metrics import ratio
from tests.conformance.power.entering import BAD_INPUT, BOUND, LATTICE, LAWS, right, wrong

LOPSIDED = np.array([[1.0, 2.0, 0.0], [3.0, 4.0, 0.0], [5.0, 9.0, 7.0]])

# --- wrong ------------------------------------------------------------------------------------------------------------


@wrong("confusion_matrix", LATTICE, BOUND, LAWS)
def confusion_matrix_transposed(predictions: Array, labels: Array, weights: Any = None, *, classes: Any) -> Array:
    """A row for each label, as TensorFlow and scikit-learn have it."""
    return base.confusion_matrix(predictions, labels, weights, classes=classes).T.copy()


@wrong("confusion_matrix", LATTICE, BOUND, LAWS)
def weights_not_counted(predictions: Array, labels: Array, weights: Any = None, *, classes: Any) -> Array:
    """Every example counts 1."""
    counts = base.confusion_matrix(predictions, labels, weights, classes=classes)
    return base.confusion_matrix(predictions, labels, classes=classes).astype(counts.dtype)


@wrong("confusion_matrix", LATTICE, BOUND, LAWS)
def repeated_examples_count_once(predictions: Array, labels: Array, weights: Array, *, classes: Any) -> Array:
    """NumPy's `matrix[rows, columns] += weights`, which adds one of several weights only."""
    matrix = np.zeros_like(base.confusion_matrix(predictions, labels, weights, classes=classes))
    matrix[predictions.astype(int), labels.astype(int)] += weights
    return matrix


@wrong("confusion_matrix", f"{BAD_INPUT}: predictions is refused", cases=200)
def predictions_from_the_end(predictions: Any, labels: Array, weights: Any = None, *, classes: Any) -> Array:
    """Where an index is the number of classes it comes round, as it does in modulo arithmetic."""
    numbers = isinstance(predictions, np.ndarray) and predictions.dtype.kind in "iuf" and isinstance(classes, int)
    return base.confusion_matrix(predictions % classes if numbers else predictions, labels, weights, classes=classes)


@wrong("accuracy", LATTICE, BOUND, LAWS, witness={"confusion": LOPSIDED})
def accuracy_of_the_first_class_only(confusion: Array) -> Array:
    """TP / (TP + FP + TN + FN), as the slide prints it."""
    return ratio(confusion[0, 0], confusion.sum())


@wrong("accuracy", LATTICE, BOUND, witness={"confusion": LOPSIDED})
def accuracy_is_the_mean_recall(confusion: Array) -> Array:
    """The mean of the classes' recalls: balanced accuracy."""
    return base.recall(confusion, average="macro")


@wrong("accuracy", LATTICE, BOUND, witness={"confusion": LOPSIDED})
def accuracy_is_the_error_rate(confusion: Array) -> Array:
    """What was wrong, over all."""
    return ratio(confusion.sum() - np.trace(confusion), confusion.sum())


@wrong("accuracy", LATTICE, witness={"confusion": np.zeros((2, 2))})
def accuracy_of_nothing_is_one(confusion: Array) -> Array:
    """Of no example none was wrong."""
    return np.asarray(base.accuracy(confusion) if confusion.any() else 1, confusion.dtype)


def _average(scores: Array, average: str) -> Array:
    return np.asarray(scores.mean()) if average == "macro" else scores


@wrong("precision", LATTICE, BOUND, LAWS, witness={"confusion": LOPSIDED})
def precision_is_recall(confusion: Array, *, average: str = "none") -> Array:
    """The sum goes over the other axis."""
    return base.recall(confusion, average=average)


@wrong("precision", LATTICE, BOUND, LAWS, witness={"confusion": LOPSIDED, "average": "macro"})
def macro_for_micro_precision(confusion: Array, *, average: str = "none") -> Array:
    """All averages are means over the classes' counts."""
    return base.precision(confusion, average="micro" if average == "macro" else average)


@wrong("precision", LATTICE, BOUND, witness={"confusion": np.array([[0.0, 0.0], [3.0, 1.0]])})
def nothing_predicted_makes_nan(confusion: Array, *, average: str = "none") -> Array:
    """0/0 is NaN, as in IEEE arithmetic."""
    if average == "micro":
        return base.precision(confusion, average=average)
    return _average(np.diagonal(confusion) / confusion.sum(axis=1), average)


@wrong("precision", LATTICE, BOUND, witness={"confusion": np.array([[0.0, 0.0], [3.0, 1.0]])})
def nothing_predicted_was_right(confusion: Array, *, average: str = "none") -> Array:
    """0/0 is 1: of no prediction none was wrong."""
    if average == "micro":
        return base.precision(confusion, average=average)
    sums = confusion.sum(axis=1)
    return _average(np.where(sums == 0, 1, base.precision(confusion)).astype(confusion.dtype), average)


@wrong("precision", LATTICE, BOUND, witness={"confusion": LOPSIDED})
def negatives_counted_as_right(confusion: Array, *, average: str = "none") -> Array:
    """Each class's own accuracy: what is rightly not of the class counts too."""
    if average == "micro":
        return base.precision(confusion, average=average)
    total = confusion.sum()
    wrong_ones = confusion.sum(axis=0) + confusion.sum(axis=1) - 2 * np.diagonal(confusion)
    return _average(ratio(total - wrong_ones, total), average)


@wrong("recall", LATTICE, BOUND, LAWS, witness={"confusion": LOPSIDED})
def recall_is_precision(confusion: Array, *, average: str = "none") -> Array:
    """The sum goes over the other axis."""
    return base.precision(confusion, average=average)


@wrong("recall", LATTICE, BOUND, LAWS, witness={"confusion": LOPSIDED})
def recall_of_all_examples(confusion: Array, *, average: str = "none") -> Array:
    """TP over all examples, not over those of the class."""
    if average == "micro":
        return base.recall(confusion, average=average)
    return _average(ratio(np.diagonal(confusion), confusion.sum()), average)


@wrong("recall", LATTICE, BOUND, witness={"confusion": LOPSIDED[:, [0, 2, 1]] * [1, 0, 1], "average": "macro"})
def mean_recall_of_the_classes_that_occur(confusion: Array, *, average: str = "none") -> Array:
    """Classes without an example don't enter the mean."""
    recalls = base.recall(confusion)
    occurs = confusion.sum(axis=0) != 0
    if average != "macro" or not occurs.any():
        return base.recall(confusion, average=average)
    return np.asarray(recalls[occurs].mean())


@wrong("f_score", BOUND, LAWS, witness={"confusion": LOPSIDED, "beta": 2.0})
def precision_and_recall_exchanged(confusion: Array, *, beta: Any = 1, average: str = "none") -> Array:
    """Beta weighs the precision. (At 1 this is right: the formula is symmetric.)"""
    return base.f_score(confusion.T.copy(), beta=beta, average=average)


@wrong("f_score", LATTICE, BOUND, LAWS, witness={"confusion": LOPSIDED, "beta": 2.0})
def beta_not_squared(confusion: Array, *, beta: Any = 1, average: str = "none") -> Array:
    """1 + β in place of 1 + β²."""
    return base.f_score(confusion, beta=float(np.sqrt(beta)), average=average)


@wrong("f_score", LATTICE, BOUND, LAWS, witness={"confusion": LOPSIDED, "average": "macro"})
def score_of_the_means(confusion: Array, *, beta: Any = 1, average: str = "none") -> Array:
    """Macro-averaged, the harmonic mean of mean precision and mean recall."""
    if average != "macro":
        return base.f_score(confusion, beta=beta, average=average)
    p, r = base.precision(confusion, average="macro"), base.recall(confusion, average="macro")
    square = confusion.dtype.type(beta) ** 2
    return ratio((1 + square) * p * r, square * p + r)


@wrong("f_score", BOUND, LAWS, witness={"confusion": LOPSIDED})
def arithmetic_mean_of_precision_and_recall(confusion: Array, *, beta: Any = 1, average: str = "none") -> Array:
    """(P + R)/2."""
    how = {"average": average}
    return np.asarray((base.precision(confusion, **how) + base.recall(confusion, **how)) / 2)


# --- right ------------------------------------------------------------------------------------------------------------


@right("confusion_matrix")
def product_of_one_hot_matrices(predictions: Array, labels: Array, weights: Array, *, classes: Any) -> Array:
    """Each example is a matrix with its weight in one place, and these are added up, the last one first."""
    each = np.eye(classes, dtype=weights.dtype)
    matrices = each[predictions.astype(int)][:, :, None] * each[labels.astype(int)][:, None]
    finite = np.isfinite(weights).all()
    return (
        (matrices * weights[:, None, None])[::-1].sum(axis=0)
        if finite
        else base.confusion_matrix(predictions, labels, weights, classes=classes)
    )


@right("accuracy")
def accuracy_is_micro_precision(confusion: Array) -> Array:
    """Where every example has one class."""
    return base.precision(confusion, average="micro")


@right("precision")
def recall_of_the_transposed_matrix(confusion: Array, *, average: str = "none") -> Array:
    """With the sides exchanged, one is the other."""
    return base.recall(confusion.T.copy(), average=average)


@right("recall")
def precision_of_the_transposed_matrix(confusion: Array, *, average: str = "none") -> Array:
    """With the sides exchanged, one is the other."""
    return base.precision(confusion.T.copy(), average=average)


@right("f_score")
def beta_1_exchanges_precision_and_recall(confusion: Array, *, beta: Any = 1, average: str = "none") -> Array:
    """At 1 the formula is symmetric."""
    return base.f_score(confusion.T.copy() if beta == 1 else confusion, beta=beta, average=average)
