"""What perceptrons ask of their arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fast.validation import looks_by_itself, require_array, require_like
from reference.errors import InvalidArgument, require_positive_integer


def require_training(
    features: Any, labels: Any, epochs: Any, learning_rate: Any, initial_weights: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Check the arguments of a training; return the learning rate of each epoch and the weights to start from."""
    count, width = require_array("features", features, "N D").shape
    require_labels(labels, count)
    rates = require_learning_rates(learning_rate, require_positive_integer("epochs", epochs), features.dtype)
    weights = np.zeros(width + 1, features.dtype) if initial_weights is None else initial_weights
    return rates, require_weights("initial_weights", weights, features)


def require_weights(argument: str, weights: Any, features: np.ndarray) -> np.ndarray:
    """Return a perceptron's weights, the threshold last, that fit some features."""
    width = features.shape[1]
    because = f"for {width} features and a threshold"
    return require_like(argument, weights, (width + 1,), features.dtype, because)


def require_labels(labels: Any, count: int) -> np.ndarray:
    """Return an array of one label for each example, each +1 or -1, of any numeric dtype."""
    wanted = "+1 or -1 for each example"
    if not isinstance(labels, np.ndarray) or labels.dtype.kind not in "if":
        raise InvalidArgument("labels", wanted, str(getattr(labels, "dtype", type(labels).__name__)))
    if labels.shape != (count,):
        raise InvalidArgument("labels", f"shape [{count}] for {count} examples", f"shape {list(labels.shape)}")
    wrong = labels.outside(range(-1, 2, 2)) if looks_by_itself(labels) else labels[np.abs(labels) != 1]
    if wrong.size:
        raise InvalidArgument("labels", wanted, f"{wrong[0]!r} among them")
    return labels


def require_learning_rates(learning_rate: Any, epochs: int, dtype: np.dtype) -> np.ndarray:
    """Return one learning rate for each epoch, from a number, a sequence, or a function of the epoch's number."""
    wanted = f"a number, {epochs} numbers for as many epochs, or a function of the epoch's number"
    rates: Callable[[int], Any] | Any = learning_rate
    if callable(learning_rate):
        rates = [learning_rate(epoch) for epoch in range(1, epochs + 1)]
    try:
        array = np.asarray(rates)
        if array.dtype.kind not in "iuf":
            raise TypeError(array.dtype)
        array = np.full(epochs, array, dtype) if array.ndim == 0 else array.astype(dtype)
    except (TypeError, ValueError):
        raise InvalidArgument("learning_rate", wanted, f"{learning_rate!r:.60}") from None
    if array.shape != (epochs,):
        raise InvalidArgument("learning_rate", wanted, f"{learning_rate!r:.60}")
    return array
