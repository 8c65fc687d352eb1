"""Baselines: simple models that a complex one must beat to be justified."""

from __future__ import annotations

from reference.arrays import Array, require_array, require_shape
from reference.elementary import maximum, where_positive
from reference.perceptron import require_labels

__all__ = ["hinge_loss", "hinge_loss_vjp"]


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
