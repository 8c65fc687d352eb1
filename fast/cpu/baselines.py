"""Baselines: guesses, votes of neighbors, and the loss of linear classifiers with its gradient.

The ladder of the loss:
1. NumPy: an array through memory for each of product, difference and maximum.
2. one loop over the examples, which the compiler vectorises: memory is read once and written once.

The ladder of the neighbors:
1. NumPy: the differences of all examples and all queries go through memory, and all distances are sorted.
2. one query at a time, with the k nearest so far kept in order: nearly all examples are farther than the last of these,
   and cost a distance and a comparison. Queries are spread over threads.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from fast.cpu.arguments import INDEX, Form, contiguous, deliver, destination, destinations
from fast.cpu.compilation import compiled, leaf
from fast.cpu.elementwise import PARALLEL_SIZE
from fast.results import NeighborsPrediction
from fast.validation import require_array, require_like
from fast.validation.baselines import require_neighbors, require_scores, require_training_labels
from reference.errors import require_positive_integer

__all__ = ["hinge_loss", "hinge_loss_vjp", "most_frequent_class", "nearest_neighbors", "random_baseline"]


def hinge_loss(scores: np.ndarray, labels: np.ndarray, *, out: np.ndarray | None = None) -> np.ndarray:
    """How far each score is from being on the right side by a margin of 1.

    Args: scores [N]; labels [N], +1 or -1, of any numeric dtype; out [N] to write into, which may be scores.
    Returns: [N].
    Memory: a copy of the labels.
    Raises: InvalidArgument, as `reference.hinge_loss`.
    """
    signs = require_scores(scores, labels)
    target = destination(out, scores.shape, scores.dtype, scores, elementwise=True)
    _hinge(contiguous(scores), contiguous(signs), target)
    return deliver(target, out)


def hinge_loss_vjp(
    scores: np.ndarray, labels: np.ndarray, cotangent: np.ndarray, *, out: np.ndarray | None = None
) -> np.ndarray:
    """Carry a gradient back through `hinge_loss`, to its scores.

    Args: scores [N]; labels [N], +1 or -1, of any numeric dtype; cotangent [N]; out [N] to write into, which may be
        scores or cotangent.
    Returns: [N].
    Memory: a copy of the labels.
    Raises: InvalidArgument, as `reference.hinge_loss_vjp`.
    """
    signs = require_scores(scores, labels)
    require_like("cotangent", cotangent, scores.shape, scores.dtype, "of the losses")
    target = destination(out, scores.shape, scores.dtype, scores, cotangent, elementwise=True)
    _hinge_vjp(contiguous(scores), contiguous(signs), contiguous(cotangent), target)
    return deliver(target, out)


def random_baseline(draws: np.ndarray, *, classes: int, out: np.ndarray | None = None) -> np.ndarray:
    """Guess a class for each example: ⌊K·u⌋.

    Args: draws [N], uniform in [0, 1); classes, K; out [N] of int64 to write into.
    Returns: [N] of int64.
    Raises: InvalidArgument, as `reference.random_baseline`.
    """
    require_array("draws", draws, "N")
    classes = require_positive_integer("classes", classes)
    target = destination(out, draws.shape, INDEX, draws)
    _guess(contiguous(draws), classes, target)
    return deliver(target, out)


def most_frequent_class(
    labels: np.ndarray, queries: np.ndarray, *, classes: int, out: np.ndarray | None = None
) -> np.ndarray:
    """Predict the class that occurred most often in training, of several the first.

    Args: labels [N], class indices of any numeric dtype; queries [M, D], of which only M matters; classes, K;
        out [M] of int64 to write into.
    Returns: [M] of int64.
    Memory: a copy of the labels, and a count for each class.
    Raises: InvalidArgument, as `reference.most_frequent_class`.
    """
    counts = np.bincount(require_training_labels(labels, classes))
    target = destination(out, require_array("queries", queries, "M D").shape[:1], INDEX)
    target.fill(counts.argmax())
    return deliver(target, out)


def nearest_neighbors(
    features: np.ndarray,
    labels: np.ndarray,
    queries: np.ndarray,
    *,
    neighbors: int,
    classes: int,
    out: NeighborsPrediction | None = None,
) -> NeighborsPrediction:
    """Predict for each query the class that is most frequent among the examples next to it.

    Args: features [N, D]; labels [N], class indices of any numeric dtype; queries [M, D]; neighbors, k; classes, K;
        out, the three arrays to write into.
    Returns: NeighborsPrediction(distances [M, k], places [M, k] and classes [M] as int64).
    Memory: a copy of the labels.
    Raises: InvalidArgument, as `reference.nearest_neighbors`.
    """
    known, neighbors = require_neighbors(features, labels, queries, neighbors, classes)
    shape: Any = (len(queries), neighbors)
    like: Any = NeighborsPrediction(Form(shape, features.dtype), Form(shape, INDEX), Form(shape[:1], INDEX))
    targets = destinations(out, like, features, queries)
    kernel = _neighbors_loop if features.size * len(queries) < PARALLEL_SIZE else _neighbors_threads
    kernel(contiguous(features), contiguous(known), contiguous(queries), *targets)
    return deliver(targets, out)


@leaf
def _guess(draws, classes, guesses):
    zero, last = draws.dtype.type(0), draws.dtype.type(classes - 1)
    for n in range(draws.size):
        scaled = draws[n] * draws.dtype.type(classes)
        # NaN, of which nothing is true, guesses the first class.
        guesses[n] = classes - 1 if scaled >= last else np.int64(scaled) if scaled > zero else 0


@leaf
def _neighbors_loop(features, labels, queries, distances, places, votes):
    for m in range(len(queries)):
        look_around(features, queries[m], distances[m], places[m])
        votes[m] = vote(labels, places[m])


@compiled(parallel=True)
def _neighbors_threads(features, labels, queries, distances, places, votes):
    for m in prange(len(queries)):
        look_around(features, queries[m], distances[m], places[m])
        votes[m] = vote(labels, places[m])


@leaf
def look_around(features, query, distances, places):
    """Find the examples nearest to a query: as many as there are places."""
    for n in range(len(features)):
        total = query.dtype.type(0)
        for i in range(query.size):
            difference = features[n, i] - query[i]
            total += difference * difference
        if n >= places.size and not is_nearer(total, distances[-1]):
            continue
        place = min(n, places.size - 1)
        while place > 0 and is_nearer(total, distances[place - 1]):
            distances[place], places[place] = distances[place - 1], places[place - 1]
            place -= 1
        distances[place], places[place] = total, n


@leaf
def is_nearer(distance, other):
    """Whether a distance is smaller than another one; NaN is larger than any number."""
    return distance < other or (other != other and distance == distance)


@leaf
def vote(labels, places):
    """The class that most of some examples have; of several the first."""
    winner, most = np.int64(0), 0
    for place in places:
        label, count = labels[place], 0
        for other in places:
            count += labels[other] == label
        if count > most or (count == most and label < winner):
            winner, most = label, count
    return winner


@leaf
def _hinge(scores, signs, losses):
    zero, one = scores.dtype.type(0), scores.dtype.type(1)
    for n in range(scores.size):
        lacking = one - signs[n] * scores[n]
        losses[n] = zero if lacking <= zero else lacking


@leaf
def _hinge_vjp(scores, signs, cotangent, gradients):
    zero, one = scores.dtype.type(0), scores.dtype.type(1)
    for n in range(scores.size):
        gradients[n] = -signs[n] * cotangent[n] if one - signs[n] * scores[n] > zero else zero
