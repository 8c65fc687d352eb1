"""Confusion matrices and what is read off them."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.implementations.numpy.arguments import Array, require_array
from reference.errors import InvalidArgument, require_choice, require_number, require_positive_integer

__all__ = ["accuracy", "confusion_matrix", "f_score", "precision", "recall"]

AVERAGES = ("none", "macro", "micro")


def confusion_matrix(predictions: Array, labels: Array, weights: Array | None = None, *, classes: int) -> Array:
    shape = require_array("predictions", predictions, "N", kinds="iuf")
    require_array("labels", labels, "N", shape, kinds="iuf")
    if weights is None:
        weights = np.ones(shape, np.int64)
    require_array("weights", weights, "N", shape, kinds="if")
    classes = require_positive_integer("classes", classes)
    require_indices("predictions", predictions, classes)
    require_indices("labels", labels, classes)
    matrix = np.zeros((classes, classes), weights.dtype)
    with np.errstate(all="ignore"):
        np.add.at(matrix, (predictions.astype(np.intp), labels.astype(np.intp)), weights)
    return matrix


def accuracy(confusion: Array) -> Array:
    require_confusion(confusion)
    with np.errstate(all="ignore"):
        return ratio(np.trace(confusion), confusion.sum())


def precision(confusion: Array, *, average: str = "none") -> Array:
    require_confusion(confusion)
    return averaged(np.diagonal(confusion), confusion, 1, require_choice("average", average, AVERAGES))


def recall(confusion: Array, *, average: str = "none") -> Array:
    require_confusion(confusion)
    return averaged(np.diagonal(confusion), confusion, 0, require_choice("average", average, AVERAGES))


def f_score(confusion: Array, *, beta: Any = 1, average: str = "none") -> Array:
    require_number("beta", beta, 0)
    among = "micro" if require_choice("average", average, AVERAGES) == "micro" else "none"
    p, r = precision(confusion, average=among), recall(confusion, average=among)
    with np.errstate(all="ignore"):
        square = confusion.dtype.type(beta) * confusion.dtype.type(beta)
        scores = ratio((1 + square) * p * r, square * p + r)
        return np.asarray(scores.mean()) if average == "macro" else scores


def averaged(parts: Array, confusion: Array, axis: int, average: str) -> Array:
    with np.errstate(all="ignore"):
        if average == "micro":
            return ratio(parts.sum(), confusion.sum())
        ratios = ratio(parts, confusion.sum(axis=axis))
        return ratios if average == "none" else np.asarray(ratios.mean())


def ratio(part: Array, whole: Array) -> Array:
    """part/whole, and 0 of nothing."""
    return np.asarray(np.where(whole == 0, 0, part / np.where(whole == 0, 1, whole)), np.asarray(part).dtype)


def require_confusion(confusion: Array) -> None:
    rows, columns = require_array("confusion", confusion, "K K")
    if rows != columns:
        raise InvalidArgument("confusion", "as many rows as columns", f"shape {[rows, columns]}")


def require_indices(argument: str, values: Array, classes: int) -> None:
    if not np.isin(values, np.arange(classes)).all():
        raise InvalidArgument(argument, f"integers from 0 to {classes - 1}", f"{np.unique(values)}")
