"""Losses: signs, means, logarithms of zero."""

from __future__ import annotations

import numpy as np

from conformance.implementations import numpy as base
from conformance.implementations.numpy.arguments import Array
from tests.conformance.power.entering import BOTH, BOUND, GRADIENTS, LAWS, MANNERS, SPECIAL, right, wrong
from tests.conformance.power.pieces import through_a_wider_format

# --- wrong ------------------------------------------------------------------------------------------------------------


@wrong("cross_entropy", BOUND)
def cross_entropy_without_the_minus(probabilities: Array, labels: Array) -> Array:
    """The sign is forgotten."""
    return -base.cross_entropy(probabilities, labels)


@wrong("cross_entropy", f"{SPECIAL}: -0", cases=200)
def cross_entropy_of_0_times_log_0(probabilities: Array, labels: Array) -> Array:
    """0·log 0 is taken as NaN."""
    return -(labels * np.log(probabilities)).sum(axis=-1)


@wrong("cross_entropy", BOUND)
def cross_entropy_is_a_mean(probabilities: Array, labels: Array) -> Array:
    """The mean over the classes instead of the sum."""
    return base.cross_entropy(probabilities, labels) / np.float32(probabilities.shape[1])


@wrong("cross_entropy", BOUND)
def cross_entropy_in_bits(probabilities: Array, labels: Array) -> Array:
    """The logarithm to base 2."""
    return base.cross_entropy(probabilities, labels) / np.log(probabilities.dtype.type(2))


@wrong("cross_entropy", BOUND)
def cross_entropy_clipped(probabilities: Array, labels: Array) -> Array:
    """Probabilities are kept 10⁻⁷ away from 0 and 1, to save the logarithm."""
    epsilon = probabilities.dtype.type(1e-7)
    return base.cross_entropy(np.clip(probabilities, epsilon, 1 - epsilon), labels)


@wrong("softmax_cross_entropy_with_logits", BOUND, dtypes=BOTH, cases=200)
def loss_of_probabilities_that_underflow(logits: Array, labels: Array) -> Array:
    """Softmax first, logarithm then: -log 0 is ∞."""
    return base.cross_entropy(base.softmax(logits), labels)


@wrong("softmax_cross_entropy_with_logits", f"{MANNERS}: keeps the dtype", BOUND)
def loss_keeps_a_unit_axis(logits: Array, labels: Array) -> Array:
    """[N, 1], where [N] was wanted, and in float64: so it ends up in every broadcast after it."""
    return base.softmax_cross_entropy_with_logits(logits, labels)[:, None].astype(np.float64)


@wrong("softmax_cross_entropy_with_logits_vjp", BOUND, LAWS, GRADIENTS)
def loss_gradient_without_the_labels(logits: Array, labels: Array, cotangent: Array) -> Array:
    """Prediction, instead of prediction minus label."""
    return cotangent[:, None] * base.softmax(logits)


@wrong("softmax_cross_entropy_with_logits_vjp", BOUND, LAWS, GRADIENTS)
def loss_gradient_without_the_cotangent(logits: Array, labels: Array, cotangent: Array) -> Array:
    """The derivative, where the gradient was asked for."""
    return base.softmax(logits) - labels


# --- right ------------------------------------------------------------------------------------------------------------


@right("cross_entropy")
def cross_entropy_of_the_labelled_classes(probabilities: Array, labels: Array) -> Array:
    """Only the classes with a label are looked at."""
    logarithms = np.log(probabilities, where=labels != 0, out=np.zeros_like(probabilities))
    return -(labels * logarithms).sum(axis=-1)


through_a_wider_format("cross_entropy")
through_a_wider_format("softmax_cross_entropy_with_logits")
through_a_wider_format("softmax_cross_entropy_with_logits_vjp")
