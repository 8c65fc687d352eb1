"""Losses of classifiers whose labels name a class: one index for each example, instead of a weight for each class."""

from __future__ import annotations

from reference.arrays import Array, require_array, require_shape
from reference.elementary import (
    entry_at,
    where_same,
)
from reference.errors import InvalidArgument, is_integer
from reference.softmax import log_softmax_of_row, softmax_of_row

__all__ = [
    "negative_log_likelihood",
    "negative_log_likelihood_vjp",
    "sparse_softmax_cross_entropy_with_logits",
    "sparse_softmax_cross_entropy_with_logits_vjp",
]


def sparse_softmax_cross_entropy_with_logits(logits: Array, labels: Array) -> Array:
    """`softmax_cross_entropy_with_logits` with labels that name a class instead of weighing all of them.

    Why: most examples belong to one class. A one-hot row for each label would be as long as the list of all classes,
    which for words is a hundred thousand.

    Formula:
        loss[n] = log Σⱼ e^(zⱼ - m) - (z_label - m), with z = logits[n], m = maxⱼ zⱼ, label = labels[n]

    Args:
        logits: [N, K], unnormalized scores.
        labels: [N], the index of each example's class, an integer from 0 to K - 1.

    Returns:
        [N], entries ≥ 0.

    Raises:
        InvalidArgument: if an array is empty, an entry of the logits isn't a number, or the labels aren't one index of
            a class for each example.

    Source:
        reinert-intro, "Common Loss Functions": tf.nn.softmax_cross_entropy_with_logits, for labels as ruppert-ml2,
        "PyTorch", has them.

    >>> sparse_softmax_cross_entropy_with_logits([[1000.0, 0.0]], [1])
    [1000.0]
    """
    require_class_indices(labels, require_array("logits", logits, "N K"))
    return [0 - entry_at(log_softmax_of_row(row), label) for row, label in zip(logits, labels, strict=True)]


def sparse_softmax_cross_entropy_with_logits_vjp(logits: Array, labels: Array, cotangent: Array) -> Array:
    """Carry a gradient back through `sparse_softmax_cross_entropy_with_logits`, to its logits.

    Why: the first step of backpropagation through a classifier: prediction minus label.

    Formula:
        d logits[n, i] = cotangent[n]·(softmax(logits[n])ᵢ - [i = labels[n]])
        An infinite cotangent may as well be multiplied with both sides of the difference, which makes NaN.

    Args:
        logits: [N, K].
        labels: [N], the index of each example's class, an integer from 0 to K - 1.
        cotangent: [N], the gradient with respect to each example's loss.

    Returns:
        [N, K], the gradient with respect to the logits.

    Raises:
        InvalidArgument: as the loss, and if the cotangent isn't one number an example.

    Source:
        ruppert-ml2, "PyTorch": loss.backward().

    >>> sparse_softmax_cross_entropy_with_logits_vjp([[0.0, 0.0]], [0], [1.0])
    [[-0.5, 0.5]]
    """
    examples, classes = require_array("logits", logits, "N K")
    require_class_indices(labels, (examples, classes))
    require_shape("cotangent", cotangent, (examples,), "of the losses")
    return [
        [gradient * where_same(label, i, probability - 1, probability) for i, probability in enumerate(row)]
        for row, label, gradient in zip(map(softmax_of_row, logits), labels, cotangent, strict=True)
    ]


def negative_log_likelihood(log_probabilities: Array, labels: Array) -> Array:
    """How unlikely the right class was, in logarithms: what `log_softmax` says of it, without the minus.

    Why: a likelihood of many examples is a product, which underflows; its logarithm is a sum. After `log_softmax` this
    is the cross entropy of a classifier.

    Formula:
        loss[n] = -log_probabilities[n, labels[n]]

    Args:
        log_probabilities: [N, K], entries ≤ 0.
        labels: [N], the index of each example's class, an integer from 0 to K - 1.

    Returns:
        [N], entries ≥ 0.

    Raises:
        InvalidArgument: if an array is empty, an entry of the log-probabilities isn't a number, or the labels aren't
            one index of a class for each example.

    Source:
        ruppert-ml2, "PyTorch": loss = criterion(logps, labels) after nn.LogSoftmax; the criterion, which the slide
        leaves out, is nn.NLLLoss with reduction="none".

    >>> negative_log_likelihood([[-0.5, -1.25], [-2.0, -0.25]], [1, 0])
    [1.25, 2.0]
    """
    require_class_indices(labels, require_array("log_probabilities", log_probabilities, "N K"))
    return [0 - entry_at(row, label) for row, label in zip(log_probabilities, labels, strict=True)]


def negative_log_likelihood_vjp(log_probabilities: Array, labels: Array, cotangent: Array) -> Array:
    """Carry a gradient back through `negative_log_likelihood`: only the right class hears of it.

    Why: the first step of backpropagation through a classifier that ends in `log_softmax`, whose gradient tells the
    other classes.

    Formula:
        d log_probabilities[n, i] = -cotangent[n] if i = labels[n] else 0

    Args:
        log_probabilities: [N, K].
        labels: [N], the index of each example's class, an integer from 0 to K - 1.
        cotangent: [N], the gradient with respect to each example's loss.

    Returns:
        [N, K], the gradient with respect to the log-probabilities.

    Raises:
        InvalidArgument: as the loss, and if the cotangent isn't one number an example.

    Source:
        ruppert-ml2, "PyTorch": loss.backward().

    >>> negative_log_likelihood_vjp([[-0.5, -1.25]], [1], [3.0])
    [[0, -3.0]]
    """
    examples, classes = require_array("log_probabilities", log_probabilities, "N K")
    require_class_indices(labels, (examples, classes))
    require_shape("cotangent", cotangent, (examples,), "of the losses")
    return [
        [where_same(label, place, 0 - gradient, 0) for place in range(classes)]
        for label, gradient in zip(labels, cotangent, strict=True)
    ]


def require_class_indices(labels: Array, scores: tuple[int, ...]) -> None:
    """Check that labels are one index of a class for each example of [N, K]."""
    examples, classes = scores
    require_shape("labels", labels, (examples,), f"for {examples} examples")
    for label in labels:
        if not (is_integer(label) and 0 <= label < classes):
            wanted = f"the index of a class, an integer from 0 to {classes - 1}, for each example"
            raise InvalidArgument("labels", wanted, f"{label!r} among them")
