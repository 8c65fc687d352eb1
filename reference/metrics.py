"""Evaluation: how often a classifier is right, and in which ways it is wrong."""

from __future__ import annotations

from reference.arrays import Array, Number, require_array, require_shape, total, transpose, zeros
from reference.errors import InvalidArgument, require_choice, require_number, require_positive_integer

__all__ = ["accuracy", "confusion_matrix", "f_score", "precision", "recall"]

AVERAGES = ("none", "macro", "micro")


def confusion_matrix(predictions: Array, labels: Array, weights: Array | None = None, *, classes: int) -> Array:
    """Count how often each class was predicted where each class was right.

    Why: everything else in evaluation is read off this table. With two classes, the positive one first, it is the
    slide's: [[TP, FP], [FN, TN]].

    Formula:
        C[i, j] = Σ weights[n] over the examples n with predictions[n] = i and labels[n] = j
        A row is a predicted class, a column an actual one, as on the slide; TensorFlow and scikit-learn have it the
        other way round.

    Args:
        predictions: [N], class indices from 0 to K - 1.
        labels: [N], the classes that are right.
        weights: [N], what each example counts; 1 each when not given.
        classes: K, how many classes there are.

    Returns:
        [K, K].

    Raises:
        InvalidArgument: if the shapes differ, classes isn't a positive integer, or an index isn't an integer below it.

    Source:
        ruppert-ml2, "Evaluation".

    >>> confusion_matrix([0, 0, 1, 0, 1], [0, 1, 1, 0, 0], classes=2)
    [[2, 1], [1, 1]]
    """
    count = require_array("predictions", predictions, "N")[0]
    require_shape("labels", labels, (count,), f"for {count} predictions")
    if weights is not None:
        require_shape("weights", weights, (count,), f"for {count} predictions")
    classes = require_positive_integer("classes", classes)
    require_class_indices("predictions", predictions, classes)
    require_class_indices("labels", labels, classes)
    matrix: Array = zeros((classes, classes))
    for prediction, label, weight in zip(predictions, labels, weights or [1] * count, strict=True):
        matrix[int(prediction)][int(label)] += weight
    return matrix


def accuracy(confusion: Array) -> Number:
    """The part of all examples that was classified right.

    Why: the one number that everybody asks for. Where one class is rare it says little: whoever never predicts it is
    right nearly always.

    Formula:
        Σₖ C[k, k] / Σᵢⱼ C[i, j], with two classes (TP + TN)/(TP + FP + TN + FN); 0/0 = 0

    Args:
        confusion: [K, K], a row for each predicted class, a column for each actual one; entries ≥ 0.

    Returns:
        A number from 0 to 1; 0 without any example, of which none was right.

    Raises:
        InvalidArgument: if the matrix isn't square, is empty, or an entry isn't a number.

    Source:
        ruppert-ml2, "Evaluation", whose formula leaves TN out of the numerator.

    >>> accuracy([[5, 1], [2, 8]])
    0.8125
    """
    require_confusion(confusion)
    return ratio(total(diagonal(confusion)), total(total(row) for row in confusion))


def precision(confusion: Array, *, average: str = "none") -> Number | Array:
    """Of the examples that were predicted to be of a class, the part that is.

    Why: what a prediction is worth. A class that is never predicted gets 0, as in Keras and scikit-learn, since no
    prediction of it was right; it shall not raise the mean over the classes, nor make NaN of it.

    Formula:
        P[k] = C[k, k] / Σⱼ C[k, j], which for the positive class is TP/(TP + FP); 0/0 = 0
        "macro": their mean over the classes; "micro": Σₖ C[k, k] / Σₖⱼ C[k, j], all classes' counts taken together

    Args:
        confusion: [K, K], a row for each predicted class, a column for each actual one; entries ≥ 0.
        average: "none", "macro" or "micro".

    Returns:
        [K], or a number if it is averaged; from 0 to 1.

    Raises:
        InvalidArgument: if the matrix isn't square, is empty, an entry isn't a number, or the average is unknown.

    Source:
        ruppert-ml2, "Evaluation".

    >>> precision([[6, 2], [1, 7]])
    [0.75, 0.875]
    """
    require_confusion(confusion)
    return averaged(diagonal(confusion), [total(row) for row in confusion], require_average(average))


def recall(confusion: Array, *, average: str = "none") -> Number | Array:
    """Of the examples that are of a class, the part that was found.

    Why: what precision doesn't tell. A class that never occurs gets 0, as in Keras and scikit-learn.

    Formula:
        R[k] = C[k, k] / Σᵢ C[i, k], which for the positive class is TP/(TP + FN); 0/0 = 0
        "macro": their mean over the classes; "micro": Σₖ C[k, k] / Σₖᵢ C[i, k], all classes' counts taken together

    Args:
        confusion: [K, K], a row for each predicted class, a column for each actual one; entries ≥ 0.
        average: "none", "macro" or "micro".

    Returns:
        [K], or a number if it is averaged; from 0 to 1.

    Raises:
        InvalidArgument: as `precision`.

    Source:
        ruppert-ml2, "Evaluation".

    >>> recall([[6, 2], [2, 6]], average="macro")
    0.75
    """
    require_confusion(confusion)
    return averaged(diagonal(confusion), [total(row) for row in transpose(confusion)], require_average(average))


def f_score(confusion: Array, *, beta: Number = 1, average: str = "none") -> Number | Array:
    """Precision and recall in one number, their weighted harmonic mean.

    Why: it is small where either is small, so that predicting a class always, or hardly ever, doesn't pay.

    Formula:
        F[k] = (1 + β²)·P·R / (β²·P + R), with the precision P and recall R of class k, each 0 if it is 0/0; 0/0 = 0
        "macro": the mean of the classes' scores; "micro": the formula of the precision and recall of all together

    Args:
        confusion: [K, K], a row for each predicted class, a column for each actual one; entries ≥ 0.
        beta: how much more recall weighs than precision, a number ≥ 0; 1 is the slide's formula 2·P·R/(P + R).
        average: "none", "macro" or "micro".

    Returns:
        [K], or a number if it is averaged; from 0 to 1.

    Raises:
        InvalidArgument: as `precision`, and if beta isn't a number ≥ 0.

    Source:
        ruppert-ml2, "Evaluation"; with β van Rijsbergen, Information Retrieval.

    >>> f_score([[6, 2], [2, 6]])
    [0.75, 0.75]
    """
    require_number("beta", beta, 0)
    among = "micro" if require_average(average) == "micro" else "none"
    both = precision(confusion, average=among), recall(confusion, average=among)
    square = beta * beta

    def score(p: Number, r: Number) -> Number:
        return ratio((1 + square) * p * r, square * p + r)

    if average == "micro":
        return score(*both)
    scores = [score(p, r) for p, r in zip(*both, strict=True)]
    return scores if average == "none" else total(scores) / len(scores)


def diagonal(matrix: Array) -> Array:
    """The numbers of what was right."""
    return [row[place] for place, row in enumerate(matrix)]


def ratio(part: Number, whole: Number) -> Number:
    """part/whole, and 0 of nothing."""
    return 0 if whole == 0 else part / whole


def averaged(parts: Array, wholes: Array, average: str) -> Number | Array:
    """The ratios of all classes, their mean, or the ratio of the sums."""
    if average == "micro":
        return ratio(total(parts), total(wholes))
    ratios = [ratio(part, whole) for part, whole in zip(parts, wholes, strict=True)]
    return ratios if average == "none" else total(ratios) / len(ratios)


def require_average(average: object) -> str:
    """Return how to average, if that is known."""
    return require_choice("average", average, AVERAGES)


def require_confusion(confusion: Array) -> None:
    """Check that there is a row and a column for each class."""
    rows, columns = require_array("confusion", confusion, "K K")
    if rows != columns:
        raise InvalidArgument("confusion", "as many rows as columns, one for each class", f"shape {[rows, columns]}")


def require_class_indices(argument: str, values: Array, classes: int) -> None:
    """Check that each of some numbers is a class."""
    for value in values:
        if value not in range(classes):
            raise InvalidArgument(argument, f"integers from 0 to {classes - 1}", f"{value!r} among them")
