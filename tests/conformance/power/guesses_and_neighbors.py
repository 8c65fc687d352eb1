"""Simple baselines: parts of unequal size, ties that the wrong one wins, neighbors that aren't the nearest."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.implementations import numpy as base
from conformance.implementations.numpy.arguments import Array
from conformance.implementations.numpy.baselines import NeighborsPrediction
from tests.conformance.power.entering import BOTH, BOUND, LATTICE, LAWS, SPECIAL, right, wrong

GUESSES = {"draws": np.array([0.0, 0.3, 0.6, 0.9]), "classes": 3}
LABELS = {"labels": np.array([2, 2, 0, 1, 1]), "queries": np.ones((3, 2)), "classes": 3}
POINTS = {
    "features": np.array([[0.0, 0.0], [3.0, 0.0], [2.0, 2.0], [0.0, 5.0]]),
    "labels": np.array([1, 2, 0, 1]),
    "queries": np.array([[0.0, 1.0], [3.0, 1.0]]),
    "neighbors": 3,
    "classes": 3,
}


def _voted(labels: Array, came: NeighborsPrediction, votes: Array) -> NeighborsPrediction:
    return came._replace(classes=votes.astype(came.classes.dtype))


# --- wrong: guesses ---------------------------------------------------------------------------------------------------


@wrong("random_baseline", BOUND, LAWS, witness=GUESSES)
def guesses_rounded(draws: Array, *, classes: Any) -> Array:
    """To the nearest class: the first and the last have half a part only."""
    return np.clip(np.rint(draws * (classes - 1)), 0, classes - 1).astype(np.int64)


@wrong("random_baseline", BOUND, LAWS, cases=200, witness=GUESSES)
def never_the_last_class(draws: Array, *, classes: Any) -> Array:
    """An upper end that is taken for exclusive twice."""
    return np.clip(draws * max(1, classes - 1), 0, max(0, classes - 2)).astype(np.int64)


@wrong("random_baseline", BOUND, LAWS, witness=GUESSES)
def guesses_from_the_other_end(draws: Array, *, classes: Any) -> Array:
    """1 - u is as uniform, and gives other guesses."""
    return base.random_baseline(1 - draws, classes=classes)


@wrong("random_baseline", f"{SPECIAL}: -infinity", BOUND, cases=200)
def guesses_that_wrap_around(draws: Array, *, classes: Any) -> Array:
    """A draw beyond the ends begins from the other one again."""
    base.random_baseline(draws, classes=classes)
    scaled = np.nan_to_num(np.floor(draws * draws.dtype.type(classes)), posinf=0, neginf=-1)
    return (scaled % classes).astype(np.int64)


# --- wrong: the most frequent class -----------------------------------------------------------------------------------


@wrong("most_frequent_class", BOUND, LAWS, cases=200, witness=LABELS)
def the_last_of_classes_that_tie(labels: Array, queries: Array, *, classes: Any) -> Array:
    """A maximum that takes over what is as large."""
    counts = np.bincount(labels.astype(np.int64), minlength=classes)
    return np.full(len(queries), classes - 1 - counts[::-1].argmax())


@wrong("most_frequent_class", BOUND, LAWS, cases=200, witness=LABELS)
def the_first_that_occurs_of_classes_that_tie(labels: Array, queries: Array, *, classes: Any) -> Array:
    """As a counter has it that keeps the order of insertion."""
    counts = np.bincount(labels.astype(np.int64))
    return np.full(len(queries), labels[counts[labels.astype(np.int64)].argmax()].astype(np.int64))


@wrong("most_frequent_class", BOUND, cases=200, witness={**LABELS, "labels": np.array([0, 0, 1, 2, 2])})
def the_median_class(labels: Array, queries: Array, *, classes: Any) -> Array:
    """The middle label, which is that of a majority, too."""
    return np.full(len(queries), np.sort(labels)[len(labels) // 2].astype(np.int64))


@wrong("most_frequent_class", BOUND, cases=200, where=lambda labels, queries, **_: len(labels) > 16)
def labels_beyond_16_are_not_counted(labels: Array, queries: Array, *, classes: Any) -> Array:
    """What is left over of a block of sixteen."""
    return base.most_frequent_class(labels[:16], queries, classes=classes)


# --- wrong: neighbors -------------------------------------------------------------------------------------------------


@wrong("nearest_neighbors", LATTICE, BOUND, witness=POINTS)
def distances_with_their_root(features: Array, labels: Array, queries: Array, **how: Any) -> Any:
    """Euclidean ones, which aren't squared: the order is the same."""
    came = base.nearest_neighbors(features, labels, queries, **how)
    return came._replace(distances=np.sqrt(came.distances))


@wrong("nearest_neighbors", LATTICE, BOUND, witness=POINTS)
def distances_by_city_blocks(features: Array, labels: Array, queries: Array, *, neighbors: Any, classes: Any) -> Any:
    """Sums of absolute differences."""
    distances = np.abs(features - queries[:, None]).sum(axis=-1)
    places = np.argsort(distances, axis=1, kind="stable")[:, :neighbors]
    votes = (labels[places][:, :, None] == np.arange(classes)).sum(axis=1).argmax(axis=1)
    return NeighborsPrediction(np.take_along_axis(distances, places, axis=1), places, votes)


@wrong("nearest_neighbors", BOUND, dtypes=BOTH, cases=200)
def distances_multiplied_out(
    features: Array, labels: Array, queries: Array, *, neighbors: Any, classes: Any
) -> NeighborsPrediction:
    """Σx² - 2Σxy + Σy², by a matrix product: near an example all digits cancel."""
    came = base.nearest_neighbors(features, labels, queries, neighbors=neighbors, classes=classes)
    squares = (features**2).sum(axis=1) - 2 * queries @ features.T + (queries**2).sum(axis=1)[:, None]
    return came._replace(distances=np.take_along_axis(squares, came.places, axis=1))


@wrong("nearest_neighbors", LATTICE, cases=200)
def the_later_of_examples_that_tie(
    features: Array, labels: Array, queries: Array, *, neighbors: Any, classes: Any
) -> NeighborsPrediction:
    """The order is turned, sorted, and turned again."""
    base.nearest_neighbors(features, labels, queries, neighbors=neighbors, classes=classes)
    came = base.nearest_neighbors(features[::-1], labels[::-1], queries, neighbors=neighbors, classes=classes)
    return came._replace(places=len(labels) - 1 - came.places)


@wrong("nearest_neighbors", LATTICE, BOUND, cases=200, witness=POINTS)
def only_the_nearest_votes(features: Array, labels: Array, queries: Array, **how: Any) -> NeighborsPrediction:
    """The class of the first neighbor, however many are asked for."""
    came = base.nearest_neighbors(features, labels, queries, **how)
    return _voted(labels, came, labels[came.places[:, 0]])


@wrong("nearest_neighbors", LATTICE, BOUND, cases=200, witness={**POINTS, "neighbors": 2})
def the_nearest_wins_a_tie(features: Array, labels: Array, queries: Array, **how: Any) -> NeighborsPrediction:
    """Of classes with as many votes the one that is nearer, not the first."""
    came = base.nearest_neighbors(features, labels, queries, **how)
    known = labels[came.places]
    counts = (known[:, :, None] == known[:, None, :]).sum(axis=2)
    return _voted(labels, came, np.take_along_axis(known, counts.argmax(axis=1)[:, None], axis=1)[:, 0])


# --- right ------------------------------------------------------------------------------------------------------------


@right("random_baseline")
def guesses_by_counting_borders(draws: Array, *, classes: Any) -> Array:
    """How many of the borders 1, 2, … K - 1 a scaled draw has reached."""
    base.random_baseline(draws, classes=classes)
    return (draws[:, None] * draws.dtype.type(classes) >= np.arange(1, classes)).sum(axis=1)


@right("most_frequent_class")
def most_frequent_of_those_that_occur(labels: Array, queries: Array, *, classes: Any) -> Array:
    """Sorted, and counted in runs."""
    base.most_frequent_class(labels, queries, classes=classes)
    occurring, counts = np.unique(labels, return_counts=True)
    return np.full(len(queries), occurring[counts.argmax()].astype(np.int64))


@right("nearest_neighbors")
def neighbors_one_query_at_a_time(features: Array, labels: Array, queries: Array, **how: Any) -> NeighborsPrediction:
    """Summed from the last feature on, in float64 where float32 came."""
    base.nearest_neighbors(features, labels, queries, **how)
    wide = features[:, ::-1].astype(np.float64), labels, queries[:, ::-1].astype(np.float64)
    parts = [base.nearest_neighbors(*wide[:2], query[None], **how) for query in wide[2]]
    distances, places, classes = (np.concatenate(column) for column in zip(*parts, strict=True))
    with np.errstate(over="ignore"):
        return NeighborsPrediction(distances.astype(features.dtype), places, classes)
