"""Rosenblatt's perceptron and its training rule, step by step as the slides trace it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from reference.arrays import Array, Number, dot, require_array, require_shape
from reference.errors import InvalidArgument, is_number, require_positive_integer
from reference.tables import html_table

__all__ = [
    "PerceptronPrediction",
    "PerceptronTrace",
    "fold_label",
    "fold_threshold",
    "perceptron_predict",
    "perceptron_sgd",
]

#: The columns of the slide's table; the last one says whether the weights were changed.
HEADER = "w", "x_i", "x_i · w", ""

LearningRate = Number | Sequence[Number] | Callable[[int], Number]


class PerceptronTrace(NamedTuple):
    """What `perceptron_sgd` did: one entry of each column for each example looked at. Prints as the slide's table."""

    final_weights: Array
    weights: Array
    examples: Array
    activations: Array
    updated: Array

    def _rows(self) -> list[tuple[str, str, str, str]]:
        """The cells of the slide's table."""

        def row(weights: Array, example: Array, activation: Number, updated: int) -> tuple[str, str, str, str]:
            sign = "+" if isinstance(activation, (int, float, Fraction, Decimal)) and activation > 0 else ""
            shown = f"{sign}{activation}" if activation else "0"
            return _tuple(weights), _tuple(example), shown, "update" if updated else ""

        return list(map(row, *self[1:]))

    def _end(self) -> str:
        return f"{_tuple(self.final_weights)} at the end"

    def __str__(self) -> str:
        rows = [HEADER, *self._rows()]
        lines = [f"{weights:<24}{example:<20}{f_x:>8}   {updated}".rstrip() for weights, example, f_x, updated in rows]
        return "\n".join([*lines, self._end()])

    def _repr_html_(self) -> str:
        return html_table(HEADER, self._rows(), self._end())


class PerceptronPrediction(NamedTuple):
    """What `perceptron_predict` returns for every example: f(x), and the side of the hyperplane."""

    scores: Array
    labels: Array


def fold_threshold(features: Array) -> Array:
    """Append -1 to every example, so that the threshold becomes one more weight.

    Why: ⟨x, w⟩ - ρ = ⟨(x, -1), (w, ρ)⟩, and the training rule needs no special case for ρ.

    Formula:
        x ↦ (x, -1)

    Args:
        features: [N, D].

    Returns:
        [N, D + 1].

    Raises:
        InvalidArgument: if it isn't a matrix of numbers.

    Source:
        ruppert-ml2, "Perceptron example": we fold the distance to the hyperplane ρ into x_i.

    >>> fold_threshold([[-1, 2], [3, 0]])
    [[-1, 2, -1], [3, 0, -1]]
    """
    require_array("features", features, "N D")
    return [[*row, -1] for row in features]


def fold_label(examples: Array, labels: Array) -> Array:
    """Multiply every example by its label, so that a right answer is always a positive dot product.

    Why: one comparison, y·⟨x, w⟩ ≤ 0, tells every mistake.

    Formula:
        x ↦ y·x

    Args:
        examples: [N, D].
        labels: [N], each +1 or -1.

    Returns:
        [N, D].

    Raises:
        InvalidArgument: if the shapes don't fit, or a label is neither +1 nor -1.

    Source:
        ruppert-ml2, "Perceptron example": then we fold the label into the instance.

    >>> fold_label([[-1, 2, -1], [0, 4, -1]], [-1, 1])
    [[1, -2, 1], [0, 4, -1]]
    """
    count = require_array("examples", examples, "N D")[0]
    require_labels(labels, count)
    return [[label * value for value in row] for row, label in zip(examples, labels, strict=True)]


def perceptron_sgd(
    features: Array,
    labels: Array,
    *,
    epochs: int,
    learning_rate: LearningRate = 1,
    initial_weights: Array | None = None,
) -> PerceptronTrace:
    """Train a perceptron: add every example that it gets wrong to its weights.

    Why: the first learning algorithm for neurons. It ends with all examples right if a hyperplane separates them. It
    stops as soon as N examples in a row needed no update, since from then on nothing would change.

    Formula:
        for t = 1 … epochs, for i = 1 … N:  if yᵢ⟨xᵢ, w⟩ ≤ 0 then w ← w + η⁽ᵗ⁾yᵢxᵢ
        with the threshold folded into x as a last component -1

    Args:
        features: [N, D], one example a row.
        labels: [N], each +1 or -1.
        epochs: at most this many passes over the examples.
        learning_rate: η: a number, one number for each epoch, or a function of the epoch's number from 1.
        initial_weights: [D + 1], threshold last; zeros when not given.

    Returns:
        PerceptronTrace(final_weights [D + 1], and for each of S steps: weights [S, D + 1] before it, examples
        [S, D + 1] with threshold and label folded in, activations [S] = ⟨example, weights⟩, updated [S], 1 or 0).

    Raises:
        InvalidArgument: if a shape doesn't fit, a label is neither +1 nor -1, epochs isn't a positive integer, or the
            learning rates aren't one number for each epoch.

    Source:
        ruppert-ml2, "SGD Algorithm for Perceptron" and "Perceptron example".

    >>> print(perceptron_sgd([[-1, 2], [0, 4]], [-1, 1], epochs=9))
    w                       x_i                  x_i · w
    (0, 0, 0)               (1, -2, 1)                 0   update
    (1, -2, 1)              (0, 4, -1)                -9   update
    (1, 2, 0)               (1, -2, 1)                -3   update
    (2, 0, 1)               (0, 4, -1)                -1   update
    (2, 4, 0)               (1, -2, 1)                -6   update
    (3, 2, 1)               (0, 4, -1)                +7
    (3, 2, 1)               (1, -2, 1)                 0   update
    (4, 0, 2)               (0, 4, -1)                -2   update
    (4, 4, 1)               (1, -2, 1)                -3   update
    (5, 2, 2)               (0, 4, -1)                +6
    (5, 2, 2)               (1, -2, 1)                +3
    (5, 2, 2) at the end
    """
    count, width = require_array("features", features, "N D")
    require_labels(labels, count)
    rates = learning_rates(learning_rate, require_positive_integer("epochs", epochs))
    if initial_weights is not None:
        require_shape("initial_weights", initial_weights, (width + 1,), f"for {width} features and a threshold")
    weights = [0] * (width + 1) if initial_weights is None else initial_weights
    examples = fold_label(fold_threshold(features), labels)
    steps: list[tuple[Array, Array, Number, int]] = []
    right_in_a_row = 0
    for rate in rates:
        for example in examples:
            if right_in_a_row == count:
                break
            activation = dot(example, weights)
            wrong = bool(activation <= 0)
            steps.append((weights, example, activation, int(wrong)))
            right_in_a_row = 0 if wrong else right_in_a_row + 1
            if wrong:
                weights = [w + rate * x for w, x in zip(weights, example, strict=True)]
    return PerceptronTrace(weights, *(list(column) for column in zip(*steps, strict=True)))


def perceptron_predict(features: Array, weights: Array) -> PerceptronPrediction:
    """Tell on which side of a perceptron's hyperplane each example lies, and how far.

    Why: what the trained weights are for.

    Formula:
        f(x) = ⟨x, w⟩ - ρ, label +1 if f(x) > 0, else -1

    Args:
        features: [N, D].
        weights: [D + 1], the threshold ρ last.

    Returns:
        PerceptronPrediction(scores [N], labels [N], each +1 or -1).

    Raises:
        InvalidArgument: if the features aren't a matrix of numbers or the weights don't fit them.

    Source:
        ruppert-ml2, "Neuron / Perceptron": weighted sum of inputs, bias, activation function, and "Perceptron example":
        f(x) = x·(1, 2) - 4; reinert-intro, "The Perceptron: Forward Propagation": g(w₀ + Xᵀ·W), where g is the sign
        here, and w₀ the last weight.

    >>> perceptron_predict([[-1, 2], [0, 4]], [1, 2, 4])
    PerceptronPrediction(scores=[-1, 4], labels=[-1, 1])
    """
    width = require_array("features", features, "N D")[1]
    require_array("weights", weights, "D")
    require_shape("weights", weights, (width + 1,), f"for {width} features and a threshold")
    scores = [dot(example, weights) for example in fold_threshold(features)]
    return PerceptronPrediction(scores, [1 if score > 0 else -1 for score in scores])


def learning_rates(learning_rate: LearningRate, epochs: int) -> list[Number]:
    """One learning rate for each epoch, from a number, a list of them, or a function of the epoch's number."""
    rates = list(learning_rate) if isinstance(learning_rate, Sequence) else [learning_rate] * epochs
    if callable(learning_rate):
        rates = [learning_rate(epoch) for epoch in range(1, epochs + 1)]
    if len(rates) != epochs or not all(map(is_number, rates)):
        wanted = f"a number, {epochs} numbers for as many epochs, or a function of the epoch's number"
        raise InvalidArgument("learning_rate", wanted, f"{learning_rate!r:.60}")
    return rates


def require_labels(labels: Array, count: int) -> None:
    """Check that there is a label +1 or -1 for each example."""
    require_array("labels", labels, "N")
    require_shape("labels", labels, (count,), f"for {count} examples")
    for label in labels:
        if label not in (1, -1):
            raise InvalidArgument("labels", "+1 or -1 for each example", f"{label!r} among them")


def _tuple(values: Array) -> str:
    return f"({', '.join(map(str, values))})"
