"""Losses of taped arrays."""

from __future__ import annotations

import numpy as np

from conformance.implementations.numpy import binary_losses, losses
from conformance.implementations.numpy.taped import Taped, constant, places_of, reshaped, summed_to, taken, where
from conformance.implementations.numpy.taped_functions import log_softmax, logarithm, relu, rows, sigmoid, softmax


def softmax_cross_entropy_with_logits(logits: Taped, labels: Taped) -> Taped:
    def to_logits(g: Taped) -> Taped:
        return reshaped(g, (len(g.value), 1)) * (softmax(logits) * rows(labels) - labels)

    value = losses.softmax_cross_entropy_with_logits(logits.value, labels.value)
    return Taped(
        value,
        (logits, to_logits),
        (labels, lambda g: -(reshaped(g, (len(g.value), 1)) * log_softmax(logits))),
    )


def mean_squared_error(predictions: Taped, targets: Taped) -> Taped:
    differences = predictions - targets
    total = rows(differences * differences)
    return reshaped(total / constant(total, predictions.shape[-1]), total.shape[:1])


def weighed_logarithm(weights: Taped, x: Taped) -> Taped:
    """weights·log(x); where a weight is 0, also of x = 0."""
    weighs = weights.value != 0
    return weights * logarithm(where(weighs, x, 0) + constant(x, ~weighs))


def cross_entropy(probabilities: Taped, labels: Taped) -> Taped:
    total = rows(weighed_logarithm(labels, probabilities))
    return -reshaped(total, total.shape[:1])


def empirical_loss(values: Taped) -> Taped:
    return summed_to(values, ()) / constant(values, len(values.value))


def at_labels(scores: Taped, labels: Taped) -> Taped:
    """Of each row the entry that its label names."""
    examples = np.arange(len(labels.value))
    return taken(scores, places_of(scores.shape)[examples, labels.value.astype(np.int64)])


def negative_log_likelihood(log_probabilities: Taped, labels: Taped) -> Taped:
    return -at_labels(log_probabilities, labels)


def sparse_softmax_cross_entropy_with_logits(logits: Taped, labels: Taped) -> Taped:
    return negative_log_likelihood(log_softmax(logits), labels)


def binary_cross_entropy(probabilities: Taped, labels: Taped) -> Taped:
    one = constant(labels, 1)
    return -(weighed_logarithm(labels, probabilities) + weighed_logarithm(one - labels, one - probabilities))


def binary_cross_entropy_with_logits(logits: Taped, labels: Taped) -> Taped:
    value = binary_losses.binary_cross_entropy_with_logits(logits.value, labels.value)
    return Taped(value, (logits, lambda g: g * (sigmoid(logits) - labels)), (labels, lambda g: -(g * logits)))


def hinge_loss(scores: Taped, labels: Taped) -> Taped:
    return relu(constant(scores, 1) - labels * scores)
