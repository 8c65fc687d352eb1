"""Losses of questions with two answers: each entry of an array is one, with the probability of yes or its logit."""

from __future__ import annotations

from reference.arrays import Array, Number, elementwise, require_array, require_shape
from reference.elementary import (
    exp,
    log,
    maximum,
    over,
    sigmoid,
    times_log,
    weigh,
)

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_vjp",
    "binary_cross_entropy_with_logits",
    "binary_cross_entropy_with_logits_vjp",
]


def binary_cross_entropy(probabilities: Array, labels: Array) -> Array:
    """The cross entropy of questions with two answers: of each, how likely yes is, and what was right.

    Why: the loss of a network whose output is one number between 0 and 1; of several outputs each is a question of its
    own, so that an example may have several labels or none.

    Formula:
        loss = -(y·log(p) + (1 - y)·log(1 - p)), with 0·log(x) = 0 for any x; 0·log(NaN) may as well be NaN

    Args:
        probabilities: an array of any shape, entries in [0, 1].
        labels: the same shape: 1 for yes, 0 for no, or anything between.

    Returns:
        An array of that shape, entries ≥ 0, infinite where what was right had probability 0.

    Raises:
        InvalidArgument: if the shapes differ, an array is empty, or an entry isn't a number.

    Source:
        reinert-intro, "Common Loss Functions": Binary Cross Entropy Loss, where the minus is missing.

    >>> binary_cross_entropy([0.25, 0.0, 1.0], [1, 0, 0])
    [1.3862943611198906, 0.0, inf]
    """
    require_shape("labels", labels, require_array("probabilities", probabilities), "as probabilities has")
    return elementwise(lambda p, y: 0 - (times_log(y, p) + times_log(1 - y, 1 - p)), probabilities, labels)


def binary_cross_entropy_vjp(probabilities: Array, labels: Array, cotangent: Array) -> Array:
    """Carry a gradient back through `binary_cross_entropy`, to its probabilities.

    Why: a step of backpropagation, where the probabilities don't come from a sigmoid.

    Formula:
        d p = cotangent·((1 - y)/(1 - p) - y/p), with 0/x = 0 for any x
        An infinite cotangent may as well be multiplied with both sides of the difference, which makes NaN.

    Args:
        probabilities: an array of any shape, entries in [0, 1].
        labels: the same shape.
        cotangent: the same shape, the gradient with respect to the loss.

    Returns:
        An array of that shape, the gradient with respect to the probabilities.

    Raises:
        InvalidArgument: as the loss, and if the cotangent is of another shape.

    Source:
        reinert-intro, "Common Loss Functions": the derivative of the Binary Cross Entropy Loss.

    >>> binary_cross_entropy_vjp([0.25, 0.25, 1.0], [1, 0, 1], [3.0, 3.0, 3.0])
    [-12.0, 4.0, -3.0]
    """
    require_cotangent_of_entries("probabilities", probabilities, labels, cotangent)

    def slope(p: Number, y: Number, gradient: Number) -> Number:
        return gradient * (over(1 - y, 1 - p) - over(y, p))

    return elementwise(slope, probabilities, labels, cotangent)


def binary_cross_entropy_with_logits(logits: Array, labels: Array) -> Array:
    """`binary_cross_entropy` of `sigmoid`, computed together so that no probability becomes 0 or 1 on the way.

    Why: the loss that classifiers of two classes are trained with. 1 - σ(z) = σ(-z), and neither logarithm ever meets
    a 0: -log σ(z) is softplus(-z).

    Formula:
        loss = y·softplus(-z) + (1 - y)·softplus(z), with softplus(z) = max(z, 0) + log(1 + e^-|z|)
        A factor of 0 beside an infinite logit makes it NaN; leaving that term out is as right. So is NaN where
        softplus(z) - y·z is computed, ∞ - ∞ for a logit of ∞.

    Args:
        logits: an array of any shape, unnormalized scores.
        labels: the same shape: 1 for yes, 0 for no, or anything between.

    Returns:
        An array of that shape, entries ≥ 0.

    Raises:
        InvalidArgument: if the shapes differ, an array is empty, or an entry isn't a number.

    Source:
        reinert-intro, "Common Loss Functions": the formula of the Binary Cross Entropy Loss, for which the code beside
        it should be tf.nn.sigmoid_cross_entropy_with_logits.

    >>> binary_cross_entropy_with_logits([1000.0, 1000.0, 0.0], [1, 0, 1])
    [0.0, 1000.0, 0.6931471805599453]
    """
    require_shape("labels", labels, require_array("logits", logits), "as logits has")

    def loss(z: Number, y: Number) -> Number:
        rest = log(1 + exp(0 - maximum(z, 0 - z)))
        return weigh(y, maximum(0 - z, 0) + rest) + weigh(1 - y, maximum(z, 0) + rest)

    return elementwise(loss, logits, labels)


def binary_cross_entropy_with_logits_vjp(logits: Array, labels: Array, cotangent: Array) -> Array:
    """Carry a gradient back through `binary_cross_entropy_with_logits`, to its logits: prediction minus label.

    Why: the first step of backpropagation through a classifier of two classes.

    Formula:
        d z = cotangent·(σ(z) - y), with σ the sigmoid
        An infinite cotangent may as well be multiplied with both sides of the difference, which makes NaN.

    Args:
        logits: an array of any shape.
        labels: the same shape.
        cotangent: the same shape, the gradient with respect to the loss.

    Returns:
        An array of that shape, the gradient with respect to the logits.

    Raises:
        InvalidArgument: as the loss, and if the cotangent is of another shape.

    Source:
        reinert-intro, "Sigmoid Function" and "Common Loss Functions": the product of their derivatives.

    >>> binary_cross_entropy_with_logits_vjp([0.0, 1000.0], [1, 0], [8.0, 8.0])
    [-4.0, 8.0]
    """
    require_cotangent_of_entries("logits", logits, labels, cotangent)
    return elementwise(lambda z, y, gradient: gradient * (sigmoid(z) - y), logits, labels, cotangent)


def require_cotangent_of_entries(argument: str, outputs: Array, labels: Array, cotangent: Array) -> None:
    """Check outputs, labels and a cotangent, all of one shape."""
    lengths = require_array(argument, outputs)
    require_shape("labels", labels, lengths, f"as {argument} has")
    require_shape("cotangent", cotangent, lengths, "of the losses")
