"""The first artificial neurons: McCulloch and Pitts's, which is wired, and Rosenblatt's, which learns."""

from __future__ import annotations

from typing import NamedTuple

from reference.arrays import Array, Number, dot, require_array, require_shape, total, transpose
from reference.elementary import weigh
from reference.errors import InvalidArgument, require_number, require_positive_integer
from reference.metrics import require_class_indices

__all__ = [
    "MulticlassPrediction",
    "MulticlassTrace",
    "RosenblattTrace",
    "mcculloch_pitts",
    "multiclass_perceptron_predict",
    "multiclass_perceptron_train",
    "rosenblatt_train",
]


class RosenblattTrace(NamedTuple):
    """What `rosenblatt_train` did: one entry of each column but the first for each example looked at."""

    final_weights: Array
    weights: Array
    activations: Array
    outputs: Array
    changes: Array


class MulticlassPrediction(NamedTuple):
    """What `multiclass_perceptron_predict` returns: each perceptron's score, and the class of the highest."""

    scores: Array
    classes: Array


class MulticlassTrace(NamedTuple):
    """What `multiclass_perceptron_train` did: one entry of each column but the first for each example looked at."""

    final_weights: Array
    scores: Array
    predictions: Array


def mcculloch_pitts(inputs: Array, connections: Array, thresholds: Array) -> Array:
    """Let neurons fire whose excited inputs are as many as their threshold, unless an inhibitory one is on.

    Why: the first artificial neuron, of 1943. One of them is AND, OR or NOT, and a net of them is any function of
    binary inputs; but all of it is wired, nothing is learnt.

    Formula:
        y[n, u] = 1 if Σ inputs[n, i] over the i with connections[i, u] = 1 is ≥ thresholds[u], and inputs[n, i] = 0
        for each i with connections[i, u] = -1; else 0. A single inhibitory input vetoes, it isn't subtracted.

    Args:
        inputs: [N, D], each 0 or 1.
        connections: [D, U], of each input to each neuron: 1 excites, -1 inhibits, 0 isn't there.
        thresholds: [U]. NaN is never reached.

    Returns:
        [N, U], each 0 or 1.

    Raises:
        InvalidArgument: if a shape doesn't fit, an input isn't 0 or 1, or a connection isn't 1, -1 or 0.

    Source:
        goldsborough-methods, "Neural Networks: Mathematical Model", the figure of a neuron, and "Artificial Neural
        Networks": summed binary inputs and thresholded them; the veto is McCulloch and Pitts, A Logical Calculus of the
        Ideas Immanent in Nervous Activity.

    >>> both = [[0, 0], [0, 1], [1, 0], [1, 1]]
    >>> mcculloch_pitts(both, [[1, 1], [1, 1]], [2, 1])  # AND, OR
    [[0, 0], [0, 1], [0, 1], [1, 1]]
    >>> mcculloch_pitts([[0], [1]], [[-1]], [0])  # NOT
    [[1], [0]]
    """
    _, width = require_array("inputs", inputs, "N D")
    units = require_array("connections", connections, "D U")[1]
    require_shape("connections", connections, (width, units), f"for {width} inputs")
    require_shape("thresholds", thresholds, (units,), f"for {units} neurons")
    require_values("inputs", inputs, (0, 1))
    require_values("connections", connections, (1, -1, 0))
    return [[fires(row, wires, threshold) for wires, threshold in _neurons(connections, thresholds)] for row in inputs]


def fires(inputs: Array, wires: Array, threshold: Number) -> int:
    """What one neuron says to one example."""
    excited = [on for on, wire in zip(inputs, wires, strict=True) if wire == 1]
    inhibited = any(on == 1 for on, wire in zip(inputs, wires, strict=True) if wire == -1)
    return int(not inhibited and sum(excited) >= threshold)


def rosenblatt_train(
    inputs: Array, labels: Array, weights: Array, *, epochs: int, learning_rate: Number = 1
) -> RosenblattTrace:
    """Train a perceptron of binary inputs: after a mistake, change the weights of those inputs that were 1.

    Why: the first learning algorithm for neurons, as the slide puts it. What was 0 had no part in the mistake, and its
    weight stays. Functions that no line separates, XOR for one, are never learnt: the weights go round in circles.

    Formula:
        for each epoch, for each example:  y ← 1 if ⟨w, x⟩ + b > 0 else 0
        if y = 1 and the label is 0, decrease by η, if y = 0 and the label is 1, increase by η: all w_i where x_i is 1,
        and b, whose input is always 1 (the slide leaves it out, but without it no neuron learns to be on at x = 0)
        It stops as soon as N examples in a row were right, since from then on nothing would change. An infinite weight
        of an input that is 0 makes NaN here; leaving it out is as right.

    Args:
        inputs: [N, D], each 0 or 1.
        labels: [N], each 0 or 1.
        weights: [D + 1], to start from, the bias b last.
        epochs: at most this many passes over the examples.
        learning_rate: η, a number ≥ 0.

    Returns:
        RosenblattTrace(final_weights [D + 1], and for each of S steps: weights [S, D + 1] before it, activations
        [S] = ⟨w, x⟩ + b, outputs [S], each 0 or 1, changes [S], each 1, 0 or -1).

    Raises:
        InvalidArgument: if a shape doesn't fit, an input or a label isn't 0 or 1, epochs isn't a positive integer, or
            the learning rate isn't a number ≥ 0.

    Source:
        goldsborough-methods, "Artificial Neural Networks", Algorithm Train Perceptron; that a neuron fires if its input
        exceeds the threshold, "Neural Networks: Biological Motivation".

    >>> trace = rosenblatt_train([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 0, 0, 1], [0, 0, 0], epochs=20)  # AND
    >>> trace.final_weights, trace.changes[-4:]
    ([2, 1, -2], [0, 0, 0, 0])
    """
    count, width = require_array("inputs", inputs, "N D")
    require_shape("labels", labels, (count,), f"for {count} examples")
    require_shape("weights", weights, (width + 1,), f"for {width} inputs and a bias")
    require_values("inputs", inputs, (0, 1))
    require_values("labels", [labels], (0, 1))
    require_positive_integer("epochs", epochs)
    require_number("learning_rate", learning_rate, 0)
    steps: list[tuple[Array, Number, int, int]] = []
    right_in_a_row = 0
    for example, label in list(zip(inputs, labels, strict=True)) * epochs:
        if right_in_a_row == count:
            break
        with_bias = [*example, 1]
        activation = total(weigh(on, w) for on, w in zip(with_bias, weights, strict=True))
        output = int(activation > 0)
        change = int(label) - output
        steps.append((weights, activation, output, change))
        right_in_a_row = 0 if change else right_in_a_row + 1
        if change:
            weights = [w + change * learning_rate if on == 1 else w for w, on in zip(weights, with_bias, strict=True)]
    return RosenblattTrace(weights, *(list(column) for column in zip(*steps, strict=True)))


def multiclass_perceptron_predict(features: Array, weights: Array) -> MulticlassPrediction:
    """Give each example the class whose perceptron has the highest score.

    Why: a perceptron tells two classes apart. For more of them, just use more perceptrons, one for each class.

    Formula:
        scores[n, k] = Σᵢ features[n, i]·weights[i, k] + weights[D, k]
        classes[n] = the first k with the highest score; NaN isn't higher than any number, nor is any higher than NaN

    Args:
        features: [N, D].
        weights: [D + 1, K], a column for each class, the biases last.

    Returns:
        MulticlassPrediction(scores [N, K], classes [N], each from 0 to K - 1).

    Raises:
        InvalidArgument: if the features aren't a matrix of numbers or the weights don't fit them.

    Source:
        goldsborough-methods, "Artificial Neural Networks": perceptrons even work for multi-class classification.

    >>> multiclass_perceptron_predict([[2, 0], [0, 3]], [[1, 0, -1], [0, 1, -1], [0, 0, 1]])
    MulticlassPrediction(scores=[[2, 0, -1], [0, 3, -2]], classes=[0, 1])
    """
    width = require_array("features", features, "N D")[1]
    require_classes_weights(weights, width)
    scores = [scores_of(example, weights) for example in features]
    return MulticlassPrediction(scores, [place_of_highest(row) for row in scores])


def multiclass_perceptron_train(
    features: Array, labels: Array, weights: Array, *, epochs: int, learning_rate: Number = 1
) -> MulticlassTrace:
    """Train a perceptron for each class: add an example to the right one's weights, subtract it from the wrong one's.

    Why: what `perceptron_sgd` is for two classes. Only the two perceptrons that took part in the mistake are changed.

    Formula:
        for each epoch, for each example:  k ← the first class with the highest score
        if k isn't the label: weights[·, label] += η·(x, 1), weights[·, k] -= η·(x, 1)
        It stops as soon as N examples in a row were right, since from then on nothing would change.

    Args:
        features: [N, D], one example a row.
        labels: [N], class indices from 0 to K - 1.
        weights: [D + 1, K], to start from, a column for each class, the biases last.
        epochs: at most this many passes over the examples.
        learning_rate: η, a number ≥ 0.

    Returns:
        MulticlassTrace(final_weights [D + 1, K], and for each of S steps: scores [S, K], predictions [S]).

    Raises:
        InvalidArgument: if a shape doesn't fit, a label isn't a class, epochs isn't a positive integer, or the learning
            rate isn't a number ≥ 0.

    Source:
        goldsborough-methods, "Artificial Neural Networks": just use more perceptrons; the rule is Kesler's, in
        Duda and Hart, Pattern Classification and Scene Analysis.

    >>> trace = multiclass_perceptron_train([[1], [-1]], [0, 1], [[0, 0], [0, 0]], epochs=9)
    >>> trace.final_weights, trace.predictions
    ([[1, -1], [-1, 1]], [0, 0, 0, 1])
    """
    count, width = require_array("features", features, "N D")
    require_shape("labels", labels, (count,), f"for {count} examples")
    require_class_indices("labels", labels, require_classes_weights(weights, width))
    require_positive_integer("epochs", epochs)
    require_number("learning_rate", learning_rate, 0)
    steps: list[tuple[Array, int]] = []
    right_in_a_row = 0
    for example, label in list(zip(features, map(int, labels), strict=True)) * epochs:
        if right_in_a_row == count:
            break
        scores = scores_of(example, weights)
        steps.append((scores, place_of_highest(scores)))
        wrong = steps[-1][1]
        right_in_a_row = right_in_a_row + 1 if wrong == label else 0
        if wrong != label:
            moved = [learning_rate * x for x in example] + [learning_rate]
            weights = [
                [w + step if k == label else w - step if k == wrong else w for k, w in enumerate(row)]
                for row, step in zip(weights, moved, strict=True)
            ]
    return MulticlassTrace(weights, *(list(column) for column in zip(*steps, strict=True)))


def scores_of(example: Array, weights: Array) -> Array:
    """What each class's perceptron makes of an example."""
    return [dot(example, column[:-1]) + column[-1] for column in transpose(weights)]


def place_of_highest(scores: Array) -> int:
    """The first place of the highest score."""
    best = 0
    for place, score in enumerate(scores):
        best = place if score > scores[best] else best
    return best


def require_classes_weights(weights: Array, width: int) -> int:
    """Check that there are weights for each feature and a bias; return how many classes they are for."""
    classes = require_array("weights", weights, "D K")[1]
    require_shape("weights", weights, (width + 1, classes), f"for {width} features and a bias")
    return classes


def require_values(argument: str, matrix: Array, allowed: tuple[int, ...]) -> None:
    """Check that each number of a matrix is one of a few."""
    for row in matrix:
        for value in row:
            if value not in allowed:
                raise InvalidArgument(argument, " or ".join(map(str, allowed)), f"{value!r} among them")


def _neurons(connections: Array, thresholds: Array) -> list[tuple[Array, Number]]:
    return [([row[u] for row in connections], threshold) for u, threshold in enumerate(thresholds)]
