"""Baselines."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from conformance.implementations.numpy.arguments import Array, require_array
from conformance.implementations.numpy.metrics import require_indices
from conformance.implementations.numpy.perceptron import require_labels
from reference.errors import InvalidArgument, require_positive_integer

__all__ = ["hinge_loss", "hinge_loss_vjp", "most_frequent_class", "nearest_neighbors", "random_baseline"]


class NeighborsPrediction(NamedTuple):
    distances: Array
    places: Array
    classes: Array


def random_baseline(draws: Array, *, classes: Any) -> Array:
    require_array("draws", draws, "N")
    count = require_positive_integer("classes", classes)
    with np.errstate(all="ignore"):
        return np.nan_to_num(np.clip(draws * draws.dtype.type(count), 0, count - 1)).astype(np.int64)


def most_frequent_class(labels: Array, queries: Array, *, classes: Any) -> Array:
    count, _ = require_array("queries", queries, "M D")
    require_array("labels", labels, "N", kinds="iuf")
    require_indices("labels", labels, require_positive_integer("classes", classes))
    return np.full(count, np.bincount(labels.astype(np.int64)).argmax())


def nearest_neighbors(
    features: Array, labels: Array, queries: Array, *, neighbors: Any, classes: Any
) -> NeighborsPrediction:
    require_points(features, labels, queries, neighbors, classes)
    with np.errstate(all="ignore"):
        distances = np.square(features - queries[:, None]).sum(axis=-1)
    places = np.argsort(distances, axis=1, kind="stable")[:, :neighbors]
    votes = (labels[places][:, :, None] == np.arange(classes)).sum(axis=1)
    return NeighborsPrediction(np.take_along_axis(distances, places, axis=1), places, votes.argmax(axis=1))


def require_points(features: Array, labels: Array, queries: Array, neighbors: Any, classes: Any) -> None:
    count, width = require_array("features", features, "N D")
    require_array("labels", labels, "N", (count,), kinds="iuf")
    rows, _ = require_array("queries", queries, "M D")
    require_array("queries", queries, "M D", (rows, width))
    require_indices("labels", labels, require_positive_integer("classes", classes))
    if require_positive_integer("neighbors", neighbors) > count:
        raise InvalidArgument("neighbors", f"an integer from 1 to {count}", repr(neighbors))


def hinge_loss(scores: Array, labels: Array) -> Array:
    (count,) = require_array("scores", scores, "N")
    require_labels(labels, count)
    with np.errstate(all="ignore"):
        return np.maximum(0, 1 - labels.astype(scores.dtype) * scores)


def hinge_loss_vjp(scores: Array, labels: Array, cotangent: Array) -> Array:
    (count,) = require_array("scores", scores, "N")
    require_labels(labels, count)
    require_array("cotangent", cotangent, "N", (count,))
    signs = labels.astype(scores.dtype)
    with np.errstate(all="ignore"):
        return np.where(1 - signs * scores > 0, -signs * cotangent, scores.dtype.type(0))
