"""What metrics ask of their arguments."""

from __future__ import annotations

from typing import Any

import numpy as np

from fast.validation import looks_by_itself, require_array, require_like
from reference.errors import InvalidArgument, require_choice, require_positive_integer


def require_counting(
    predictions: Any, labels: Any, weights: Any, classes: Any
) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """Return predictions and labels as class indices, the weights, integers 1 if none are given, and the classes."""
    count = len(require_indexing("predictions", predictions))
    if len(require_indexing("labels", labels)) != count:
        raise InvalidArgument("labels", f"shape [{count}] for {count} predictions", f"shape {list(labels.shape)}")
    if weights is not None:
        dtype = require_array("weights", weights, "N").dtype
        require_like("weights", weights, (count,), dtype, f"for {count} predictions")
    number = require_positive_integer("classes", classes)
    indices = (require_indices(*given, number) for given in (("predictions", predictions), ("labels", labels)))
    return *indices, np.ones(count, np.int64) if weights is None else weights, number


def require_indexing(argument: str, values: Any) -> np.ndarray:
    """Return a non-empty vector of numbers, of any numeric dtype."""
    wanted = "an array of class indices [N]"
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "iuf":
        raise InvalidArgument(argument, wanted, str(getattr(values, "dtype", type(values).__name__)))
    if values.ndim != 1 or values.size == 0:
        raise InvalidArgument(argument, f"{wanted}, not empty", f"shape {list(values.shape)}")
    return values


def require_indices(argument: str, values: np.ndarray, classes: int) -> np.ndarray:
    """Return class indices as int64, all of them from 0 and below the number of classes."""
    wrong = values.outside(range(classes)) if looks_by_itself(values) else _no_indices(values, classes)
    if wrong.size:
        raise InvalidArgument(argument, f"integers from 0 to {classes - 1}", f"{wrong[0]!r} among them")
    return values.astype(np.int64)


def _no_indices(values: np.ndarray, classes: int) -> np.ndarray:
    """The numbers that aren't integers from 0 and below the number of classes."""
    # NaN fails every comparison.
    fits = (values >= 0) & (values < classes)
    if values.dtype.kind == "f":
        fits &= values == np.floor(values)
    return values[:0] if fits.all() else values[~fits]


def require_confusion(confusion: Any) -> np.ndarray:
    """Return a matrix with a row and a column for each class."""
    rows, columns = require_array("confusion", confusion, "K K").shape
    if rows != columns:
        raise InvalidArgument("confusion", "as many rows as columns, one for each class", f"shape {[rows, columns]}")
    return confusion


def require_average(average: Any) -> str:
    """Return how to average, if that is known."""
    return require_choice("average", average, ("none", "macro", "micro"))
