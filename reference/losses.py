"""Losses: how far a classifier's output is from its labels."""

from __future__ import annotations

from reference.activations import softmax_of_row
from reference.arrays import Array, require_array, require_shape, total
from reference.elementary import exp, log, shift_by_maximum, times_log, weigh

__all__ = ["cross_entropy", "softmax_cross_entropy_with_logits", "softmax_cross_entropy_with_logits_vjp"]


def cross_entropy(probabilities: Array, labels: Array) -> Array:
    """The cross entropy between label distributions and computed probabilities, one number an example.

    Why: the loss of a classifier that outputs probabilities. Where a label is 0 its class contributes 0, even if the
    computed probability is 0 too.

    Formula:
        loss[n] = -Σᵢ labels[n, i]·log(probabilities[n, i]), with 0·log(p) = 0 for any p; 0·log(NaN) may as well be NaN

    Args:
        probabilities: [N, K], entries in [0, 1].
        labels: [N, K], a distribution over the classes in each row, usually one-hot.

    Returns:
        [N], entries ≥ 0, infinite where a labelled class was given probability 0.

    Raises:
        InvalidArgument: if the shapes differ, an array is empty, or an entry isn't a number.

    Source:
        ruppert-ml2, "Cross Entropy Loss": -Σ Y'ᵢ·log(Yᵢ).

    >>> cross_entropy([[0.25, 0.75], [0.0, 1.0]], [[1, 0], [0, 1]])
    [1.3862943611198906, 0.0]
    """
    require_shape("labels", labels, require_array("probabilities", probabilities, "N K"), "as probabilities has")
    return [
        0 - total(times_log(label, probability) for label, probability in zip(row_labels, row, strict=True))
        for row, row_labels in zip(probabilities, labels, strict=True)
    ]


def softmax_cross_entropy_with_logits(logits: Array, labels: Array) -> Array:
    """`cross_entropy` of `softmax`, computed together so that no probability underflows to 0 on the way.

    Why: the loss that classifiers are trained with.

    Formula:
        loss[n] = Σᵢ labels[n, i]·(log Σⱼ e^(zⱼ - m) - (zᵢ - m)), with z = logits[n], m = maxⱼ zⱼ
        A label of 0 beside a logit of -∞ makes it NaN; leaving that class out is as right.

    Args:
        logits: [N, K], unnormalized scores.
        labels: [N, K], a distribution over the classes in each row, usually one-hot.

    Returns:
        [N], entries ≥ 0.

    Raises:
        InvalidArgument: if the shapes differ, an array is empty, or an entry isn't a number.

    Source:
        reinert-intro, "Common Loss Functions": tf.nn.softmax_cross_entropy_with_logits.

    >>> softmax_cross_entropy_with_logits([[1000.0, 0.0]], [[0.0, 1.0]])
    [1000.0]
    """
    require_shape("labels", labels, require_array("logits", logits, "N K"), "as logits has")
    losses = []
    for row, row_labels in zip(logits, labels, strict=True):
        shifted = shift_by_maximum(row)
        log_normalizer = log(total(exp(score) for score in shifted))
        losses.append(total(weigh(label, log_normalizer - z) for label, z in zip(row_labels, shifted, strict=True)))
    return losses


def softmax_cross_entropy_with_logits_vjp(logits: Array, labels: Array, cotangent: Array) -> Array:
    """Carry a gradient back through `softmax_cross_entropy_with_logits`, to its logits.

    Why: the first step of backpropagation through a classifier. With labels that sum to 1 it is the slides' favourite
    surprise: what comes back is prediction minus label.

    Formula:
        d logits[n, i] = cotangent[n]·(softmax(logits[n])ᵢ·Σⱼ labels[n, j] - labels[n, i])
        An infinite cotangent may as well be multiplied with both sides of the difference, which makes NaN.

    Args:
        logits: [N, K].
        labels: [N, K].
        cotangent: [N], the loss's gradient with respect to each example's loss.

    Returns:
        [N, K], the gradient with respect to the logits.

    Raises:
        InvalidArgument: as the loss, and if the cotangent isn't one number an example.

    Source:
        ruppert-ml2, "Forward and Back Propagation": the error is computed on the output layer.

    >>> softmax_cross_entropy_with_logits_vjp([[0.0, 0.0]], [[1, 0]], [1.0])
    [[-0.5, 0.5]]
    """
    examples, classes = require_array("logits", logits, "N K")
    require_shape("labels", labels, (examples, classes), "as logits has")
    require_shape("cotangent", cotangent, (examples,), "of the losses")
    weights = map(total, labels)
    return [
        [gradient * (probability * weight - label) for probability, label in zip(row, row_labels, strict=True)]
        for row, row_labels, weight, gradient in zip(
            map(softmax_of_row, logits), labels, weights, cotangent, strict=True
        )
    ]
