"""Binary cross entropy by relu and by log σ, and its gradient multiplied out, or with the products first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from conformance.implementations.numpy.arguments import Array
from reference import alternatives
from tests.conformance.claims.ways import computes, dtype_of, telling, wrong


@computes("binary_cross_entropy_with_logits", alternatives.relu_binary_cross_entropy_with_logits)
def by_relu(logits: Array, labels: Array) -> Array:
    return np.maximum(logits, 0) - logits * labels + np.log1p(np.exp(-np.abs(logits)))


@wrong
def by_relu_of_minus_the_logit(logits: Array, labels: Array) -> Array:
    """The relu is that of the other answer."""
    return np.maximum(-logits, 0) - logits * labels + np.log1p(np.exp(-np.abs(logits)))


@telling
def labels_next_to_1(dtype: str) -> tuple[Callable[..., Any], list[Array]]:
    labels = 1 - np.arange(1, 41) * 2.0**-12
    return by_relu, [np.full(40, 1001 / 3, dtype), labels.astype(dtype)]


@computes("binary_cross_entropy_with_logits", alternatives.log_sigmoid_binary_cross_entropy_with_logits)
def by_log_sigmoid(logits: Array, labels: Array) -> Array:
    return (1 - labels) * logits - (np.minimum(logits, 0) - np.log1p(np.exp(-np.abs(logits))))


@wrong
def by_log_sigmoid_of_minus_the_logit(logits: Array, labels: Array) -> Array:
    """The logarithm is that of the other answer's probability."""
    return (1 - labels) * logits - (np.minimum(-logits, 0) - np.log1p(np.exp(-np.abs(logits))))


@telling
def noes_of_which_it_is_sure(dtype: str) -> tuple[Callable[..., Any], list[Array]]:
    return by_log_sigmoid, [-np.arange(31, 71).astype(dtype) / dtype_of(dtype)(7), np.zeros(40, dtype)]


# No call of these few numbers tells: the reference's own bound has the difference's rounding, too.
@computes("binary_cross_entropy_vjp", alternatives.multiplied_out_binary_cross_entropy_vjp)
def multiplied_out(probabilities: Array, labels: Array, cotangent: Array) -> Array:
    of_yes = cotangent * np.where(labels == 0, 0, labels / probabilities)
    return cotangent * np.where(labels == 1, 0, (1 - labels) / (1 - probabilities)) - of_yes


@wrong
def multiplied_out_with_a_plus(probabilities: Array, labels: Array, cotangent: Array) -> Array:
    """The chain rule's minus of 1 - p is lost."""
    of_yes = cotangent * np.where(labels == 0, 0, labels / probabilities)
    return -cotangent * np.where(labels == 1, 0, (1 - labels) / (1 - probabilities)) - of_yes


@computes("binary_cross_entropy_vjp", alternatives.products_first_binary_cross_entropy_vjp)
def products_first(probabilities: Array, labels: Array, cotangent: Array) -> Array:
    return _over(cotangent * (1 - labels), 1 - probabilities) - _over(cotangent * labels, probabilities)


@wrong
def products_first_with_the_other_label(probabilities: Array, labels: Array, cotangent: Array) -> Array:
    """Yes and no are exchanged."""
    return _over(cotangent * labels, 1 - probabilities) - _over(cotangent * (1 - labels), probabilities)


@telling
def predictions_that_are_the_labels(dtype: str) -> tuple[Callable[..., Any], list[Array]]:
    same = np.arange(1, 41).astype(dtype) / dtype_of(dtype)(41)
    return products_first, [same, same, same / dtype_of(dtype)(7)]


def _over(numerators: Array, denominators: Array) -> Array:
    return np.where(numerators == 0, 0, numerators / denominators)
