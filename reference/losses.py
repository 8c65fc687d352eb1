"""Losses: how far a network's output is from what it should be, and how that distance changes with the output.

Those whose labels name a class are in `class_index_losses`, those of questions with two answers in `binary_losses`.
"""

from __future__ import annotations

from reference.arrays import Array, Number, dot, elementwise, require_array, require_shape, total
from reference.elementary import (
    over,
    times_log,
    weigh,
)
from reference.errors import InvalidArgument, is_number
from reference.softmax import log_softmax_of_row, softmax_of_row

__all__ = [
    "cross_entropy",
    "cross_entropy_vjp",
    "empirical_loss",
    "empirical_loss_vjp",
    "mean_squared_error",
    "mean_squared_error_vjp",
    "softmax_cross_entropy_with_logits",
    "softmax_cross_entropy_with_logits_vjp",
]


def empirical_loss(losses: Array) -> Number:
    """The mean of the losses of all examples: the one number that training makes small.

    Why: every other function here says how wrong a network is about each example; a step of gradient descent needs to
    know how wrong it is on the whole.

    Formula:
        J = 1/N·Σₙ losses[n]

    Args:
        losses: [N], one for each example.

    Returns:
        A number.

    Raises:
        InvalidArgument: if the array is empty, has other axes, or an entry isn't a number.

    Source:
        reinert-intro, "Common Loss Functions": J(W) = 1/n Σ L(f(x; W), y), and tf.reduce_mean.

    >>> empirical_loss([0.5, 0.25, 3.0])
    1.25
    """
    require_array("losses", losses, "N")
    return total(losses) / len(losses)


def empirical_loss_vjp(losses: Array, cotangent: Number) -> Array:
    """Carry a gradient back through `empirical_loss`: each example has the same share of it.

    Why: the first step of backpropagation of all. Since it divides by the number of examples, a learning rate means
    the same for batches of any size.

    Formula:
        d losses[n] = cotangent/N

    Args:
        losses: [N], one for each example.
        cotangent: a number, the gradient with respect to the mean; 1 where that is what is to become small.

    Returns:
        [N], the gradient with respect to each example's loss.

    Raises:
        InvalidArgument: as `empirical_loss`, and if the cotangent isn't a number.

    Source:
        reinert-intro, "Loss Optimization by Gradient Descent": tf.gradients(ys=loss, xs=weights) of J(W).

    >>> empirical_loss_vjp([0.5, 0.25, 3.0, 0.25], 2.0)
    [0.5, 0.5, 0.5, 0.5]
    """
    (count,) = require_array("losses", losses, "N")
    if not is_number(cotangent):
        raise InvalidArgument("cotangent", "a number, as the mean is", type(cotangent).__name__)
    return [cotangent / count for _ in losses]


def mean_squared_error(predictions: Array, targets: Array) -> Array:
    """The mean of the squared differences between an example's outputs and what they should be.

    Why: the loss of regression, where outputs are any numbers. Twice as far off counts four times as much.

    Formula:
        loss[n] = 1/K·Σₖ (predictions[n, k] - targets[n, k])²
        With multiplied-out squares, an infinite difference may as well make NaN.

    Args:
        predictions: [N, K], any numbers.
        targets: [N, K], any numbers.

    Returns:
        [N], entries ≥ 0. Their mean is what the slide calls J, for networks of one output.

    Raises:
        InvalidArgument: if the shapes differ, an array is empty, or an entry isn't a number.

    Source:
        reinert-intro, "Common Loss Functions": Mean Squared Error Loss, 1/n Σ (y - f(x; W))².

    >>> mean_squared_error([[2.5, 0.0], [1.0, 1.0]], [[0.5, 1.0], [1.0, 1.0]])
    [2.5, 0.0]
    """
    require_shape("targets", targets, require_array("predictions", predictions, "N K"), "as predictions has")
    differences = elementwise(lambda prediction, target: prediction - target, predictions, targets)
    return [dot(row, row) / len(row) for row in differences]


def mean_squared_error_vjp(predictions: Array, targets: Array, cotangent: Array) -> Array:
    """Carry a gradient back through `mean_squared_error`, to its predictions.

    Why: the first step of backpropagation through a regression: what comes back is how far off each output was.

    Formula:
        d predictions[n, k] = cotangent[n]/K·2·(predictions[n, k] - targets[n, k])

    Args:
        predictions: [N, K].
        targets: [N, K].
        cotangent: [N], the gradient with respect to each example's loss.

    Returns:
        [N, K], the gradient with respect to the predictions.

    Raises:
        InvalidArgument: as the loss, and if the cotangent isn't one number an example.

    Source:
        reinert-intro, "Loss Optimization by Gradient Descent": tf.gradients(ys=loss, xs=weights).

    >>> mean_squared_error_vjp([[2.5, 0.0]], [[0.5, 1.0]], [1.0])
    [[2.0, -1.0]]
    """
    examples, outputs = require_array("predictions", predictions, "N K")
    require_shape("targets", targets, (examples, outputs), "as predictions has")
    require_shape("cotangent", cotangent, (examples,), "of the losses")
    shares = [gradient / outputs for gradient in cotangent]
    return [
        [share * (2 * (prediction - target)) for prediction, target in zip(row, row_targets, strict=True)]
        for row, row_targets, share in zip(predictions, targets, shares, strict=True)
    ]


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


def cross_entropy_vjp(probabilities: Array, labels: Array, cotangent: Array) -> Array:
    """Carry a gradient back through `cross_entropy`, to its probabilities.

    Why: a step of backpropagation, where the probabilities don't come from softmax. It grows without bound as a
    labelled class gets less probable, which is why the two are computed together where they follow each other.

    Formula:
        d probabilities[n, i] = -cotangent[n]·labels[n, i]/probabilities[n, i], with 0/p = 0 for any p
        A label of 0 beside an infinite cotangent or a probability of NaN may as well make NaN.

    Args:
        probabilities: [N, K], entries in [0, 1].
        labels: [N, K].
        cotangent: [N], the gradient with respect to each example's loss.

    Returns:
        [N, K], the gradient with respect to the probabilities.

    Raises:
        InvalidArgument: as the loss, and if the cotangent isn't one number an example.

    Source:
        ruppert-ml2, "Cross Entropy Loss": the derivative of -Σ Y'ᵢ·log(Yᵢ).

    >>> cross_entropy_vjp([[0.25, 0.75], [0.0, 1.0]], [[1, 0], [0, 1]], [1.0, 1.0])
    [[-4.0, 0.0], [0.0, -1.0]]
    """
    examples, classes = require_array("probabilities", probabilities, "N K")
    require_shape("labels", labels, (examples, classes), "as probabilities has")
    require_shape("cotangent", cotangent, (examples,), "of the losses")
    return [
        [0 - weigh(over(label, probability), gradient) for label, probability in zip(row_labels, row, strict=True)]
        for row, row_labels, gradient in zip(probabilities, labels, cotangent, strict=True)
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
    return [
        total(weigh(label, 0 - logarithm) for label, logarithm in zip(row_labels, log_softmax_of_row(row), strict=True))
        for row, row_labels in zip(logits, labels, strict=True)
    ]


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
