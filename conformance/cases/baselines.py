"""Drawing baselines, and their laws."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np

from conformance.declarations import case, law
from conformance.drawing import Draw
from conformance.laws import Trial, exact
from conformance.spaces import EDGES, Configuration, Space

SCORES = Space(
    sizes={"N": EDGES},
    choices={"size": ("as drawn", "near the margin")},
    small={"N": range(1, 17)},
    work=lambda c: 3 * c.N,
    common={"a batch": {"N": 100}},
)


#: N draws, K classes.
GUESSES = Space(
    sizes={"N": (1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 33), "K": (1, 2, 3, 4, 5, 7, 8, 9, 10, 16, 17)},
    small={"N": range(1, 10), "K": range(1, 10)},
    work=lambda c: c.N * c.K,
    common={"ten digits": {"N": 33, "K": 10}},
)


@case(GUESSES)
def random_baseline(draw: Draw, c: Configuration) -> dict[str, Any]:
    # In [0, 1), and beyond it now and then.
    return {"draws": draw.probabilities(c.N) * draw.dtype.type(draw.choice(0.875, 1.0, 0.25, -1.0)), "classes": c.K}


@law(random_baseline)
def random_baseline_cuts_the_draws_into_equal_parts(draw: Draw, trial: Trial) -> None:
    """Draws somewhere in each K-th of [0, 1), at its ends or in the middle, give each class, in order."""
    (classes,) = draw.sizes(50)
    places = np.arange(classes) + draw.choice(1 / 16, 15 / 16, 1 / 2)
    trial.agree(trial.run((places / classes).astype(draw.dtype), classes=classes), np.arange(classes))


@law(random_baseline)
def random_baseline_turns_with_the_draws(draw: Draw, trial: Trial) -> None:
    """The opposite draw gives the opposite class: no class has a larger part than the one at the other end."""
    classes = draw.integer(1, 20)
    draws = ((2 * np.arange(32) + 1) / 64).astype(draw.dtype)
    # Where a draw lies on a border between two classes, its opposite does, too: those have to be left out.
    inside = draws[[(Fraction(u) * classes).denominator > 1 for u in draws.tolist()]]
    trial.agree(trial.run(inside, classes=classes) + trial.run(1 - inside, classes=classes), classes - 1)


TRAINING = Space(
    sizes={"N": EDGES, "K": (1, 2, 3, 4, 5, 8, 9, 16, 17), "M": (1, 2, 3, 8, 9)},
    small={"N": range(1, 10), "K": range(1, 6), "M": range(1, 4)},
    work=lambda c: c.N * c.K + c.M,
    common={"ten digits": {"N": 100, "K": 10, "M": 9}},
)


@case(TRAINING)
def most_frequent_class(draw: Draw, c: Configuration) -> dict[str, Any]:
    return {"labels": draw.indices(c.N, c.K), "queries": draw.array(c.M, 2), "classes": c.K}


@law(most_frequent_class)
def most_frequent_class_of_a_majority_is_that(draw: Draw, trial: Trial) -> None:
    """Whatever the labels are: as many again and one of a class, and that is it."""
    labels, queries, classes = most_frequent_class(draw).values()
    chosen = draw.integer(0, classes - 1)
    more = np.concatenate([labels, np.full(len(labels) + 1, chosen, labels.dtype)])
    trial.agree(trial.run(more, queries, classes=classes), np.full(len(queries), chosen))


@law(most_frequent_class)
def most_frequent_class_of_a_tie_is_the_first(draw: Draw, trial: Trial) -> None:
    """Each class as often as the others, in any order: also where the last one comes first."""
    (classes,) = draw.sizes(20)
    labels = np.roll(np.arange(classes)[::-1], draw.integer(0, 5))
    trial.agree(trial.run(np.concatenate([labels, labels]), draw.array(2, 2), classes=classes), 0)


#: N examples and M queries of D features, K classes; of neighbors as many as vote.
NEIGHBORS = Space(
    sizes={
        "N": (1, 2, 3, 4, 5, 8, 9),
        "M": (1, 2, 3, 5),
        "D": (1, 2, 3, 4, 5, 8, 9),
        "K": (1, 2, 3, 5),
    },
    choices={"neighbors": (1, 2, 3, 4, 5, 8), "queries": ("as drawn", "near the examples")},
    small={"N": range(1, 7), "M": (1, 2), "D": range(1, 4), "K": (1, 2, 3), "neighbors": range(1, 7)},
    valid=lambda c: c.neighbors <= c.N,
    work=lambda c: 2 * c.M * c.N * c.D + c.M * c.neighbors * c.neighbors,
    common={"points in the plane": {"N": 17, "M": 5, "D": 2, "K": 3, "neighbors": 3}},
)


@case(NEIGHBORS)
def nearest_neighbors(draw: Draw, c: Configuration) -> dict[str, Any]:
    features, queries = draw.array(c.N, c.D), draw.array(c.M, c.D)
    if c.queries == "near the examples":
        with np.errstate(all="ignore"):
            queries = features[np.arange(c.M) % c.N] + queries * draw.dtype.type(2.0**-10)
    labels = draw.indices(c.N, c.K)
    return {"features": features, "labels": labels, "queries": queries, "neighbors": c.neighbors, "classes": c.K}


@law(nearest_neighbors)
def nearest_neighbors_of_an_example_are_those_like_it(draw: Draw, trial: Trial) -> None:
    """Nothing is nearer than itself: at no distance there is an example like it, and the first of these."""
    features, labels, _, _, classes = nearest_neighbors(draw).values()
    came = trial.run(features, labels, features, neighbors=1, classes=classes)
    trial.agree(came.distances, 0)
    first = [int(np.flatnonzero((features == example).all(axis=1))[0]) for example in features]
    trial.agree(came.places[:, 0], first)
    trial.agree(came.classes, labels[first])


@law(nearest_neighbors)
def nearest_neighbors_may_be_all_of_them(draw: Draw, trial: Trial) -> None:
    """Then each occurs once, in the order of distances, and the most frequent class of all wins."""
    features, labels, queries, _, classes = nearest_neighbors(draw).values()
    came = trial.run(features, labels, queries, neighbors=len(labels), classes=classes)
    for distances, places in zip(came.distances, came.places, strict=True):
        trial.agree(sorted(int(place.low) for place in places), np.arange(len(labels)))
        in_order = all(a.low <= b.high for a, b in pairwise(distances))
        trial.holds(in_order, "distances in order, the smallest first", distances)
    trial.agree(came.classes, np.bincount(labels).argmax())


@law(nearest_neighbors)
def nearest_neighbors_move_with_their_queries(draw: Draw, trial: Trial) -> None:
    """Where examples and queries are moved alike, nothing changes: whoever multiplies squares out loses digits."""
    features, labels, queries, neighbors, classes = nearest_neighbors(draw).values()
    near, far = np.round(features).astype(draw.dtype), np.round(queries).astype(draw.dtype)
    shift = draw.dtype.type(draw.integer(1, 1000))
    if np.abs(near).max() > 1000 or np.abs(far).max() > 1000:
        return
    one = trial.run(near, labels, far, neighbors=neighbors, classes=classes)
    other = trial.run(near + shift, labels, far + shift, neighbors=neighbors, classes=classes)
    trial.agree(one.distances, other.distances)


@case(SCORES)
def hinge_loss(draw: Draw, c: Configuration) -> dict[str, Any]:
    # Distinct integers have the margin among them once; quarters of them lie on both sides of it, too.
    size = draw.dtype.type(1 if c.size == "as drawn" else 0.25)
    return {"scores": draw.array(c.N) * size, "labels": draw.signs(c.N)}


@law(hinge_loss)
def hinge_loss_of_a_score_and_its_opposite(draw: Draw, trial: Trial) -> None:
    """Inside the margin they add up to 2, and beyond it only the wrong one counts, with the margin."""
    scores, labels = hinge_loss(draw).values()
    both = trial.run(scores, labels) + trial.run(-scores, labels)
    trial.agree(both, [max(Fraction(2), 1 + abs(score)) for score in exact(scores)])


@law(hinge_loss)
def hinge_loss_is_zero_from_the_margin_on(draw: Draw, trial: Trial) -> None:
    """At it and beyond nothing is left to lose, and before it there is."""
    scores, labels = hinge_loss(draw).values()
    beyond = (1 + np.abs(scores)).astype(scores.dtype)
    trial.agree(trial.run(beyond * labels.astype(scores.dtype), labels), 0)
    trial.agree(trial.run(np.zeros_like(scores), labels), 1)


@case(SCORES)
def hinge_loss_vjp(draw: Draw, c: Configuration) -> dict[str, Any]:
    return {**hinge_loss.draw(draw, c), "cotangent": draw.array(c.N)}


@law(hinge_loss_vjp)
def hinge_loss_vjp_draws_scores_to_their_labels(draw: Draw, trial: Trial) -> None:
    """On the wrong side the whole gradient comes back with the label's sign turned, and beyond the margin nothing."""
    scores, labels, cotangent = hinge_loss_vjp(draw).values()
    signs, far = labels.astype(scores.dtype), (2 + np.abs(scores)).astype(scores.dtype)
    trial.agree(trial.run(-signs * far, labels, cotangent), exact(-signs * cotangent))
    trial.agree(trial.run(signs * far, labels, cotangent), 0)
