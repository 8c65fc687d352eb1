"""Baselines on the GPU: one thread an example, or a query; nothing is shared.

A query's thread keeps the nearest examples so far in the result itself, in order. Nearly all others are farther than
the last of these, and cost a distance and a comparison.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fast.cuda.device import cuda, device_function, empty, kernel, launch_over, to_device
from fast.cuda.device_arrays import takes_device_arrays
from fast.results import NeighborsPrediction
from fast.validation import require_array, require_like
from fast.validation.baselines import require_neighbors, require_scores
from reference.errors import require_positive_integer

__all__ = ["hinge_loss", "hinge_loss_vjp", "nearest_neighbors", "random_baseline"]


@kernel
def guess_kernel(draws: Any, classes: int, guesses: Any) -> None:
    """`random_baseline`; NaN, of which nothing is true, guesses the first class."""
    zero, last = draws.dtype.type(0), draws.dtype.type(classes - 1)
    for n in range(cuda.grid(1), draws.size, cuda.gridsize(1)):
        scaled = draws[n] * draws.dtype.type(classes)
        guesses[n] = classes - 1 if scaled >= last else int(scaled) if scaled > zero else 0


@device_function
def is_nearer(distance: Any, other: Any) -> Any:
    """Whether a distance is smaller than another one; NaN is larger than any number."""
    return distance < other or (other != other and distance == distance)


@device_function
def keep_nearest(distances: Any, places: Any, m: int, n: int, distance: Any) -> None:
    """Put example n among the nearest of query m, if it belongs there."""
    kept = places.shape[1]
    if n < kept or is_nearer(distance, distances[m, kept - 1]):
        place = min(n, kept - 1)
        while place > 0 and is_nearer(distance, distances[m, place - 1]):
            distances[m, place], places[m, place] = distances[m, place - 1], places[m, place - 1]
            place -= 1
        distances[m, place], places[m, place] = distance, n


@device_function
def vote(labels: Any, places: Any, m: int) -> Any:
    """The class that most of query m's neighbors have; of several the first."""
    winner, most = labels[places[m, 0]], 0
    for place in range(places.shape[1]):
        label, count = labels[places[m, place]], 0
        for other in range(places.shape[1]):
            if labels[places[m, other]] == label:
                count += 1
        if count > most or (count == most and label < winner):
            winner, most = label, count
    return winner


@kernel
def neighbors_kernel(features: Any, labels: Any, queries: Any, distances: Any, places: Any, votes: Any) -> None:
    """`nearest_neighbors`, one thread a query."""
    for m in range(cuda.grid(1), queries.shape[0], cuda.gridsize(1)):
        for n in range(features.shape[0]):
            total = distances.dtype.type(0)
            for i in range(features.shape[1]):
                difference = features[n, i] - queries[m, i]
                total += difference * difference
            keep_nearest(distances, places, m, n, total)
        votes[m] = vote(labels, places, m)


@kernel
def hinge_kernel(scores: Any, signs: Any, losses: Any) -> None:
    """`hinge_loss`; what lacks to the margin, and NaN for NaN."""
    zero, one = scores.dtype.type(0), scores.dtype.type(1)
    for n in range(cuda.grid(1), scores.size, cuda.gridsize(1)):
        lacking = one - signs[n] * scores[n]
        losses[n] = zero if lacking <= zero else lacking


@kernel
def hinge_vjp_kernel(scores: Any, signs: Any, cotangent: Any, gradients: Any) -> None:
    """`hinge_loss_vjp`."""
    zero, one = scores.dtype.type(0), scores.dtype.type(1)
    for n in range(cuda.grid(1), scores.size, cuda.gridsize(1)):
        gradients[n] = -signs[n] * cotangent[n] if one - signs[n] * scores[n] > zero else zero


@takes_device_arrays
def hinge_loss(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """As `reference.hinge_loss`, on the GPU: [N] and [N] to [N]."""
    signs, losses = require_scores(scores, labels), empty(scores.shape, scores.dtype)
    launch_over(hinge_kernel, scores.size, to_device(scores), to_device(signs), losses)
    return losses


@takes_device_arrays
def hinge_loss_vjp(scores: np.ndarray, labels: np.ndarray, cotangent: np.ndarray) -> np.ndarray:
    """As `reference.hinge_loss_vjp`, on the GPU: [N], [N] and [N] to [N]."""
    signs = require_scores(scores, labels)
    require_like("cotangent", cotangent, scores.shape, scores.dtype, "of the losses")
    gradients = empty(scores.shape, scores.dtype)
    launch_over(hinge_vjp_kernel, scores.size, to_device(scores), to_device(signs), to_device(cotangent), gradients)
    return gradients


@takes_device_arrays
def random_baseline(draws: np.ndarray, *, classes: int) -> np.ndarray:
    """As `reference.random_baseline`, on the GPU: [N] to [N] of int64."""
    require_array("draws", draws, "N")
    guesses = empty(draws.size, np.dtype(np.int64))
    launch_over(guess_kernel, draws.size, to_device(draws), require_positive_integer("classes", classes), guesses)
    return guesses


@takes_device_arrays
def nearest_neighbors(
    features: np.ndarray, labels: np.ndarray, queries: np.ndarray, *, neighbors: int, classes: int
) -> NeighborsPrediction:
    """As `reference.nearest_neighbors`, on the GPU: [N, D], [N] and [M, D] to [M, k], [M, k] and [M]."""
    known, neighbors = require_neighbors(features, labels, queries, neighbors, classes)
    distances = empty((len(queries), neighbors), features.dtype)
    places, votes = (empty(shape, np.dtype(np.int64)) for shape in ((len(queries), neighbors), len(queries)))
    given = to_device(features), to_device(known), to_device(queries)
    launch_over(neighbors_kernel, len(queries), *given, distances, places, votes)
    return NeighborsPrediction(distances, places, votes)
