"""Baselines: simple models that a complex one must beat to be justified."""

from __future__ import annotations

from typing import NamedTuple

from reference.arrays import Array, Number, dot, require_array, require_shape
from reference.elementary import maximum, where_positive
from reference.errors import InvalidArgument, require_positive_integer
from reference.metrics import require_class_indices
from reference.perceptron import require_labels

__all__ = [
    "NeighborsPrediction",
    "hinge_loss",
    "hinge_loss_vjp",
    "most_frequent_class",
    "nearest_neighbors",
    "random_baseline",
]


class NeighborsPrediction(NamedTuple):
    """What `nearest_neighbors` returns: of each query the nearest examples, how far they are, and the class.

    Args:
        distances: [M, k], squared, the smallest first.
        places: [M, k], which examples these are.
        classes: [M].
    """

    distances: Array
    places: Array
    classes: Array


def random_baseline(draws: Array, *, classes: int) -> Array:
    """Guess: of each example any class, all of them as likely.

    Why: what is learned at all must be better than this, which is right once in K times. Its random numbers are given,
    so that everybody guesses the same.

    Formula:
        ⌊K·u⌋ for each draw u; the first class for draws below 0, the last one for draws from 1 on

    Args:
        draws: [N], uniform in [0, 1), one for each example.
        classes: K, how many classes there are.

    Returns:
        [N], class indices from 0 to K - 1.

    Raises:
        InvalidArgument: if draws isn't a list of numbers or classes isn't a positive integer.

    Source:
        ruppert-ml2, "Baselines": simple baselines, random.

    >>> random_baseline([0.125, 0.75, 0.5, 0.375], classes=3)
    [0, 2, 1, 1]
    """
    require_array("draws", draws, "N")
    classes = require_positive_integer("classes", classes)
    return [sum(classes * draw >= k for k in range(1, classes)) for draw in draws]


def most_frequent_class(labels: Array, queries: Array, *, classes: int) -> Array:
    """Predict the class that occurred most often in training, without a look at what is to be classified.

    Why: where one class is nine tenths of all examples, this is right nine times in ten, and knows nothing.

    Formula:
        of each query: the first k with the most examples n with labels[n] = k

    Args:
        labels: [N], of the training data, class indices from 0 to K - 1.
        queries: [M, D], what to predict; only M matters.
        classes: K, how many classes there are.

    Returns:
        [M], all the same.

    Raises:
        InvalidArgument: if classes isn't a positive integer, labels isn't a list of class indices, or queries isn't a
            matrix of numbers.

    Source:
        ruppert-ml2, "Baselines": simple baselines, most frequent class.

    >>> most_frequent_class([2, 0, 1, 2, 1], [[0.5], [8.0]], classes=3)
    [1, 1]
    """
    require_array("labels", labels, "N")
    (count, _) = require_array("queries", queries, "M D")
    require_class_indices("labels", labels, require_positive_integer("classes", classes))
    return [most_frequent(labels, classes)] * count


def nearest_neighbors(
    features: Array, labels: Array, queries: Array, *, neighbors: int, classes: int
) -> NeighborsPrediction:
    """Predict for each query the class that is most frequent among the examples next to it.

    Why: nothing is learned, the examples are only kept. It shows what a prior is: that a function changes little within
    a small region. For a region that no example lies in, it has nothing to say.

    Formula:
        distances of query m: Σᵢ (features[n, i] - queries[m, i])² of all n, and the k smallest of them, in order;
        of equal distances the earlier example comes first, NaN is farther than any number, and of classes equally
        frequent among the k the first one wins

    Args:
        features: [N, D], the training data, one example a row.
        labels: [N], class indices from 0 to K - 1.
        queries: [M, D], what to predict.
        neighbors: k, how many examples vote, at most N.
        classes: K, how many classes there are.

    Returns:
        NeighborsPrediction(distances [M, k], places [M, k], classes [M]).

    Raises:
        InvalidArgument: if a shape doesn't fit, an entry isn't a number, a label isn't a class, or neighbors isn't an
            integer from 1 to N.

    Source:
        goldsborough-deep, "The Curse of Dimensionality": the local constancy assumption; ruppert-ml2, "Baselines".

    >>> nearest_neighbors([[0], [1], [5], [6]], [0, 0, 1, 1], [[4], [2]], neighbors=3, classes=2)
    NeighborsPrediction(distances=[[1, 4, 9], [1, 4, 9]], places=[[2, 3, 1], [1, 0, 2]], classes=[1, 0])
    """
    count, width = require_array("features", features, "N D")
    require_shape("labels", labels, (count,), f"for {count} examples")
    require_shape("queries", queries, (require_array("queries", queries, "M D")[0], width), "as features has columns")
    require_class_indices("labels", labels, require_positive_integer("classes", classes))
    if require_positive_integer("neighbors", neighbors) > count:
        raise InvalidArgument("neighbors", f"an integer from 1 to {count}", repr(neighbors))
    table = [[squared_distance(example, query) for example in features] for query in queries]
    places = [order_of(distances)[:neighbors] for distances in table]
    return NeighborsPrediction(
        [[distances[place] for place in chosen] for distances, chosen in zip(table, places, strict=True)],
        places,
        [most_frequent([labels[place] for place in chosen], classes) for chosen in places],
    )


def hinge_loss(scores: Array, labels: Array) -> Array:
    """How far each score of a linear classifier is from being on the right side by a margin of 1.

    Why: what the linear classifiers and support vector machines are trained with that others are compared to. Unlike a
    perceptron, such a classifier isn't content with an example that is just about right. Its prediction is that of
    `perceptron_predict`, the sign of the score.

    Formula:
        loss[n] = max(0, 1 - labels[n]·scores[n])

    Args:
        scores: [N], as of `perceptron_predict`.
        labels: [N], each +1 or -1.

    Returns:
        [N], entries ≥ 0.

    Raises:
        InvalidArgument: if the shapes differ, a score isn't a number, or a label is neither +1 nor -1.

    Source:
        ruppert-ml2, "Baselines" and "MNIST Results": linear, SVM; the loss is Cortes and Vapnik's, Support-Vector
        Networks.

    >>> hinge_loss([2.0, 0.25, 0.25], [1, 1, -1])
    [0, 0.75, 1.25]
    """
    require_scores(scores, labels)
    return [maximum(0, 1 - label * score) for score, label in zip(scores, labels, strict=True)]


def hinge_loss_vjp(scores: Array, labels: Array, cotangent: Array) -> Array:
    """Carry a gradient back through `hinge_loss`, to its scores.

    Why: the first step of gradient descent on a linear classifier. Examples that are right by the margin have no part
    in it; what is left are the support vectors. At the margin there is a kink, and any slope between is a subgradient;
    this one is 0.

    Formula:
        d scores[n] = -labels[n]·cotangent[n] if 1 - labels[n]·scores[n] > 0 else 0

    Args:
        scores: [N].
        labels: [N], each +1 or -1.
        cotangent: [N], the loss's gradient with respect to each example's loss.

    Returns:
        [N].

    Raises:
        InvalidArgument: as `hinge_loss`, and if the cotangent isn't one number an example.

    Source:
        ruppert-ml2, "Forward and Back Propagation": the gradient of the error can be computed.

    >>> hinge_loss_vjp([2.0, 0.25, 0.25], [1, 1, -1], [1.0, 1.0, 3.0])
    [0, -1.0, 3.0]
    """
    count = require_scores(scores, labels)
    require_shape("cotangent", cotangent, (count,), "of the losses")
    return [
        where_positive(1 - label * score, -label * gradient, 0)
        for score, label, gradient in zip(scores, labels, cotangent, strict=True)
    ]


def require_scores(scores: Array, labels: Array) -> int:
    """Check that there is a label for each score; return how many there are."""
    (count,) = require_array("scores", scores, "N")
    require_labels(labels, count)
    return count


def most_frequent(labels: Array, classes: int) -> int:
    """The first class of those that occur most often."""
    return max(range(classes), key=list(map(int, labels)).count)


def squared_distance(left: Array, right: Array) -> Number:
    """How far two points are apart, squared."""
    differences = [x - y for x, y in zip(left, right, strict=True)]
    return dot(differences, differences)


def order_of(distances: Array) -> list[int]:
    """The places of numbers from 0, the smallest first and NaN at the end, each before those equal to it."""
    if len(distances) == 1:
        return [0]  # whatever it is: of a number that may have overflowed, no comparison is known
    numbers = [place for place, distance in enumerate(distances) if distance > -1]  # only NaN isn't
    return sorted(numbers, key=distances.__getitem__) + [p for p in range(len(distances)) if p not in numbers]
