"""What neurons of binary inputs ask of their arguments."""

from __future__ import annotations

from typing import Any

import numpy as np

from fast.validation import looks_by_itself, require_array, require_like, require_scalars
from fast.validation.metrics import require_indexing, require_indices
from reference.errors import InvalidArgument, require_number, require_positive_integer


def require_neurons(inputs: Any, connections: Any, thresholds: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs and connections as int8, if these and the thresholds fit."""
    width = require_binary("inputs", inputs, "N D").shape[1]
    require_integers("connections", connections, "D U")
    if len(connections) != width:
        wanted = f"shape {[width, connections.shape[1]]} for {width} inputs"
        raise InvalidArgument("connections", wanted, f"shape {list(connections.shape)}")
    require_values("connections", connections, (1, -1, 0))
    units = connections.shape[1]
    require_array("thresholds", thresholds, "U")
    require_like("thresholds", thresholds, (units,), thresholds.dtype, f"for {units} neurons")
    return inputs.astype(np.int8), connections.astype(np.int8)


def require_learning(
    inputs: Any, labels: Any, weights: Any, epochs: Any, learning_rate: Any
) -> tuple[np.ndarray, np.ndarray, int, np.floating[Any]]:
    """Return inputs and labels as int8, the number of epochs, and the learning rate in the weights' dtype."""
    count, width = require_binary("inputs", inputs, "N D").shape
    require_binary("labels", labels, "N")
    if len(labels) != count:
        raise InvalidArgument("labels", f"shape [{count}] for {count} examples", f"shape {list(labels.shape)}")
    dtype = require_array("weights", weights, "D").dtype
    require_like("weights", weights, (width + 1,), dtype, f"for {width} inputs and a bias")
    number = require_positive_integer("epochs", epochs)
    (rate,) = require_scalars(dtype, learning_rate=require_number("learning_rate", learning_rate, 0))
    return inputs.astype(np.int8), labels.astype(np.int8), number, rate


def require_scoring(features: Any, weights: Any) -> None:
    """Check that a perceptron's weights for each class, the biases last, fit some features."""
    width = require_array("features", features, "N D").shape[1]
    classes = require_array("weights", weights, "D K").shape[1]
    because = f"for {width} features and a bias"
    require_like("weights", weights, (width + 1, classes), features.dtype, because)


def require_lessons(
    features: Any, labels: Any, weights: Any, epochs: Any, learning_rate: Any
) -> tuple[np.ndarray, int, np.floating[Any]]:
    """Return labels as class indices, the number of epochs, and the learning rate in the features' dtype."""
    require_scoring(features, weights)
    if require_indexing("labels", labels).shape != features.shape[:1]:
        wanted = f"shape [{len(features)}] for {len(features)} examples"
        raise InvalidArgument("labels", wanted, f"shape {list(labels.shape)}")
    classes = require_indices("labels", labels, weights.shape[1])
    number = require_positive_integer("epochs", epochs)
    (rate,) = require_scalars(features.dtype, learning_rate=require_number("learning_rate", learning_rate, 0))
    return classes, number, rate


def require_binary(argument: str, values: Any, axes: str) -> np.ndarray:
    """Return a non-empty array of zeros and ones, of any numeric dtype."""
    return require_values(argument, require_integers(argument, values, axes), (0, 1))


def require_integers(argument: str, values: Any, axes: str) -> np.ndarray:
    """Return a non-empty array of numbers, of any numeric dtype, with the axes named."""
    names = axes.split()
    wanted = f"an array of numbers [{', '.join(names)}]"
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "iuf":
        raise InvalidArgument(argument, wanted, str(getattr(values, "dtype", type(values).__name__)))
    if values.ndim != len(names) or values.size == 0:
        raise InvalidArgument(argument, f"{wanted}, not empty", f"shape {list(values.shape)}")
    return values


def require_values(argument: str, values: np.ndarray, allowed: tuple[int, ...]) -> np.ndarray:
    """Return an array if each of its numbers is one of a few that follow each other."""
    whole = range(min(allowed), max(allowed) + 1)
    wrong = values.outside(whole) if looks_by_itself(values) else _others(values, allowed)
    if wrong.size:
        raise InvalidArgument(argument, " or ".join(map(str, allowed)), f"{wrong[0]!r} among them")
    return values


def _others(values: np.ndarray, allowed: tuple[int, ...]) -> np.ndarray:
    """The numbers of an array that are none of a few."""
    fits = np.zeros(values.shape, bool)
    for value in allowed:
        fits |= values == value
    return values[:0] if fits.all() else values[~fits]
