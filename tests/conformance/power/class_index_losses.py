"""Losses whose labels name a class: indices off by one, of the wrong row, from the wrong end."""

from __future__ import annotations

import numpy as np

from conformance.implementations import numpy as base
from conformance.implementations.numpy.arguments import Array
from tests.conformance.power.calls import numbers
from tests.conformance.power.entering import BAD_INPUT, BOTH, BOUND, GRADIENTS, LATTICE, LAWS, right, wrong
from tests.conformance.power.pieces import through_a_wider_format

LABELS = np.array([3, 0, 2])
SPARSE = {"logits": numbers(3, 4) / 4, "labels": LABELS}
SPARSE_VJP = {**SPARSE, "cotangent": np.array([1.0, 2.0, -3.0])}
LIKELIHOOD = {"log_probabilities": -np.abs(numbers(3, 4)), "labels": LABELS}
LIKELIHOOD_VJP = {**LIKELIHOOD, "cotangent": np.array([1.0, 2.0, -3.0])}


def _last_is_taken_for_the_one_before(labels: Array, scores: Array) -> Array:
    return np.minimum(labels, max(0, scores.shape[1] - 2))


# --- wrong ------------------------------------------------------------------------------------------------------------


@wrong("sparse_softmax_cross_entropy_with_logits", BOUND, LAWS, witness=SPARSE)
def the_last_class_is_never_right(logits: Array, labels: Array) -> Array:
    """Labels are clipped to one class too few."""
    return base.sparse_softmax_cross_entropy_with_logits(logits, _last_is_taken_for_the_one_before(labels, logits))


@wrong("sparse_softmax_cross_entropy_with_logits", BOUND, LAWS, witness=SPARSE)
def classes_counted_from_1(logits: Array, labels: Array) -> Array:
    """Class 1 is the first, and 0 the last."""
    return base.sparse_softmax_cross_entropy_with_logits(logits, (labels - 1) % logits.shape[1])


@wrong("sparse_softmax_cross_entropy_with_logits", BOUND, LAWS, dtypes=BOTH, cases=200)
def sparse_loss_of_probabilities_that_underflow(logits: Array, labels: Array) -> Array:
    """Softmax first, logarithm then: -log 0 is ∞."""
    return -np.log(np.take_along_axis(base.softmax(logits), labels[:, None], axis=1)[:, 0])


@wrong("sparse_softmax_cross_entropy_with_logits", BOUND, cases=200)
def sparse_loss_without_the_shift(logits: Array, labels: Array) -> Array:
    """The normalizer of scores whose maximum isn't taken off overflows."""
    picked = np.take_along_axis(logits, labels[:, None], axis=1)[:, 0]
    return np.log(np.exp(logits).sum(axis=-1)) - picked


@wrong("sparse_softmax_cross_entropy_with_logits", f"{BAD_INPUT}: labels is refused", cases=200)
def a_label_of_minus_1_is_the_last_class(logits: Array, labels: Array) -> Array:
    """An index below 0 counts from the end, as Python's do."""
    base.log_softmax(logits)
    if len(labels) != len(logits) or labels.dtype.kind != "i" or logits.ndim != 2 or labels.ndim != 1:
        base.sparse_softmax_cross_entropy_with_logits(logits, labels)
    return -base.log_softmax(logits)[np.arange(len(labels)), labels]


@wrong("sparse_softmax_cross_entropy_with_logits_vjp", BOUND, LAWS, GRADIENTS, witness=SPARSE_VJP)
def sparse_gradient_at_the_class_before(logits: Array, labels: Array, cotangent: Array) -> Array:
    """The 1 is taken off the last class but one, where it belongs to the last."""
    clipped = _last_is_taken_for_the_one_before(labels, logits)
    return base.sparse_softmax_cross_entropy_with_logits_vjp(logits, clipped, cotangent)


@wrong("sparse_softmax_cross_entropy_with_logits_vjp", BOUND, LAWS, GRADIENTS, witness=SPARSE_VJP)
def sparse_gradient_without_the_label(logits: Array, labels: Array, cotangent: Array) -> Array:
    """Prediction, instead of prediction minus label."""
    return cotangent[:, None] * base.softmax(logits)


@wrong("sparse_softmax_cross_entropy_with_logits_vjp", BOUND, LAWS, GRADIENTS, witness=SPARSE_VJP)
def sparse_gradient_of_a_label_that_is_not_weighted(logits: Array, labels: Array, cotangent: Array) -> Array:
    """The cotangent meets the prediction, and not the label."""
    return cotangent[:, None] * base.softmax(logits) - np.eye(logits.shape[1], dtype=logits.dtype)[labels]


@wrong("sparse_softmax_cross_entropy_with_logits_vjp", BOUND, GRADIENTS, witness=SPARSE_VJP)
def sparse_gradient_of_the_mean(logits: Array, labels: Array, cotangent: Array) -> Array:
    """Divided by the number of examples, as the gradient of their mean would be."""
    return base.sparse_softmax_cross_entropy_with_logits_vjp(logits, labels, cotangent) / len(logits)


@wrong("negative_log_likelihood", LATTICE, LAWS, witness=LIKELIHOOD)
def likelihood_without_the_minus(log_probabilities: Array, labels: Array) -> Array:
    """The log-likelihood, which training would make small."""
    return -base.negative_log_likelihood(log_probabilities, labels)


@wrong("negative_log_likelihood", LATTICE, LAWS, witness=LIKELIHOOD)
def likelihood_of_the_last_class_but_one(log_probabilities: Array, labels: Array) -> Array:
    """Labels are clipped to one class too few."""
    clipped = _last_is_taken_for_the_one_before(labels, log_probabilities)
    return base.negative_log_likelihood(log_probabilities, clipped)


@wrong("negative_log_likelihood", LATTICE, LAWS, witness=LIKELIHOOD)
def likelihood_of_the_first_example_s_label(log_probabilities: Array, labels: Array) -> Array:
    """One label for all examples."""
    return -log_probabilities[:, labels[0]]


@wrong("negative_log_likelihood", LATTICE, LAWS, witness=LIKELIHOOD)
def likelihood_normalized_again(log_probabilities: Array, labels: Array) -> Array:
    """log_softmax once more, which changes nothing only if the rows are normalized already."""
    return base.sparse_softmax_cross_entropy_with_logits(log_probabilities, labels)


@wrong("negative_log_likelihood_vjp", LATTICE, LAWS, GRADIENTS, witness=LIKELIHOOD_VJP)
def likelihood_gradient_of_1(log_probabilities: Array, labels: Array, cotangent: Array) -> Array:
    """-1 at the label: the derivative, where the gradient was asked for."""
    return base.negative_log_likelihood_vjp(log_probabilities, labels, np.ones_like(cotangent))


@wrong("negative_log_likelihood_vjp", LATTICE, LAWS, GRADIENTS, witness=LIKELIHOOD_VJP)
def likelihood_gradient_of_the_logits(log_probabilities: Array, labels: Array, cotangent: Array) -> Array:
    """Prediction minus label: log_softmax's gradient is taken already."""
    return base.sparse_softmax_cross_entropy_with_logits_vjp(log_probabilities, labels, cotangent)


@wrong("negative_log_likelihood_vjp", LATTICE, LAWS, GRADIENTS, witness=LIKELIHOOD_VJP)
def likelihood_gradient_in_the_first_row(log_probabilities: Array, labels: Array, cotangent: Array) -> Array:
    """Labels index the flat array without their row's offset."""
    result = np.zeros_like(log_probabilities)
    result.reshape(-1)[labels] = -cotangent
    return result


@wrong("negative_log_likelihood_vjp", LATTICE, LAWS, GRADIENTS, witness=LIKELIHOOD_VJP)
def likelihood_gradient_with_the_sign_lost(log_probabilities: Array, labels: Array, cotangent: Array) -> Array:
    """The minus is forgotten."""
    return -base.negative_log_likelihood_vjp(log_probabilities, labels, cotangent)


# --- right ------------------------------------------------------------------------------------------------------------


@right("sparse_softmax_cross_entropy_with_logits")
def sparse_loss_of_the_shifted_label(logits: Array, labels: Array) -> Array:
    """The normalizer's logarithm less the one shifted score."""
    high = logits.max(axis=-1)
    picked = logits[np.arange(len(labels)), labels] - high
    return np.log(np.exp(logits - high[:, None])[:, ::-1].sum(axis=-1)) - picked


@right("sparse_softmax_cross_entropy_with_logits_vjp")
def sparse_gradient_in_place(logits: Array, labels: Array, cotangent: Array) -> Array:
    """1 is taken off the labelled probabilities alone, then all are scaled."""
    gradients = base.softmax(logits)
    gradients[np.arange(len(labels)), labels] -= 1
    return gradients * cotangent[:, None]


@right("negative_log_likelihood")
def likelihood_by_a_mask(log_probabilities: Array, labels: Array) -> Array:
    """Everything but the label is left out of a sum."""
    there = np.arange(log_probabilities.shape[1]) == labels[:, None]
    return -np.where(there, log_probabilities, 0).sum(axis=-1)


@right("negative_log_likelihood_vjp")
def likelihood_gradient_scattered(log_probabilities: Array, labels: Array, cotangent: Array) -> Array:
    """Zeros, and one number written to each row."""
    result = np.zeros_like(log_probabilities)
    np.put_along_axis(result, labels[:, None].astype(np.int64), -cotangent[:, None], axis=1)
    return result


through_a_wider_format("sparse_softmax_cross_entropy_with_logits")
through_a_wider_format("sparse_softmax_cross_entropy_with_logits_vjp")
