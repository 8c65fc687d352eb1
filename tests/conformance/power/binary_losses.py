"""Questions with two answers: signs, the other answer left out, saturation."""

from __future__ import annotations

import numpy as np

from conformance.implementations import numpy as base
from conformance.implementations.numpy.arguments import Array
from tests.conformance.power.calls import numbers
from tests.conformance.power.entering import BOTH, BOUND, GRADIENTS, LATTICE, LAWS, SPECIAL, right, wrong
from tests.conformance.power.pieces import through_a_wider_format, zeroed

ANSWERS = {"probabilities": np.array([0.25, 0.75, 0.125]), "labels": np.array([1.0, 0.0, 0.25])}
SCORES = {"logits": np.array([3.0, -2.0, 1.0]), "labels": np.array([1.0, 0.0, 0.25])}

# --- wrong ------------------------------------------------------------------------------------------------------------


@wrong("binary_cross_entropy", BOUND, LAWS, witness=ANSWERS)
def only_yes_counts(probabilities: Array, labels: Array) -> Array:
    """The half with 1 - y is left out."""
    return -np.where(labels == 0, 0, labels * np.log(probabilities))


@wrong("binary_cross_entropy", BOUND, witness=ANSWERS)
def the_slide_s_sign(probabilities: Array, labels: Array) -> Array:
    """As the slide prints it, without the minus."""
    return -base.binary_cross_entropy(probabilities, labels)


@wrong("binary_cross_entropy", BOUND, LAWS, witness=ANSWERS)
def no_of_the_same_probability(probabilities: Array, labels: Array) -> Array:
    """log p for both answers."""
    return -np.log(probabilities)


@wrong("binary_cross_entropy", BOUND, LAWS, witness=ANSWERS)
def a_label_above_a_half_is_yes(probabilities: Array, labels: Array) -> Array:
    """Labels are rounded to one answer or the other."""
    return base.binary_cross_entropy(probabilities, np.rint(labels))


@wrong("binary_cross_entropy", BOUND, dtypes=BOTH, cases=200)
def answers_clipped(probabilities: Array, labels: Array) -> Array:
    """Probabilities are kept 10⁻⁴ away from 0 and 1, to save the logarithms."""
    epsilon = probabilities.dtype.type(1e-4)
    return base.binary_cross_entropy(np.clip(probabilities, epsilon, 1 - epsilon), labels)


@wrong("binary_cross_entropy", f"{SPECIAL}: -0", cases=200)
def answers_of_0_times_log_0(probabilities: Array, labels: Array) -> Array:
    """0·log 0 is taken as NaN."""
    return -(labels * np.log(probabilities) + (1 - labels) * np.log(1 - probabilities))


@wrong("binary_cross_entropy_vjp", LATTICE, LAWS, GRADIENTS, witness={**ANSWERS, "cotangent": numbers(3)})
def answers_gradient_of_logits(probabilities: Array, labels: Array, cotangent: Array) -> Array:
    """Prediction minus label: the gradient of the logits."""
    return cotangent * (probabilities - labels)


@wrong("binary_cross_entropy_vjp", LATTICE, LAWS, GRADIENTS, witness={**ANSWERS, "cotangent": numbers(3)})
def answers_gradient_of_yes(probabilities: Array, labels: Array, cotangent: Array) -> Array:
    """The half with 1 - y is left out."""
    return -cotangent * np.where(labels == 0, 0, labels / probabilities)


@wrong("binary_cross_entropy_vjp", LATTICE, LAWS, GRADIENTS, witness={**ANSWERS, "cotangent": numbers(3)})
def answers_gradient_with_a_plus(probabilities: Array, labels: Array, cotangent: Array) -> Array:
    """The chain rule's minus of 1 - p is lost."""
    of_yes, of_no = np.where(labels == 0, 0, labels / probabilities), (1 - labels) / (1 - probabilities)
    return -cotangent * (of_yes + np.where(labels == 1, 0, of_no))


@wrong("binary_cross_entropy_vjp", LATTICE, LAWS, GRADIENTS, witness={**ANSWERS, "cotangent": numbers(3)})
def answers_gradient_without_the_cotangent(probabilities: Array, labels: Array, cotangent: Array) -> Array:
    """The derivative, where the gradient was asked for."""
    return base.binary_cross_entropy_vjp(probabilities, labels, np.ones_like(cotangent))


@wrong("binary_cross_entropy_with_logits", BOUND, LAWS, dtypes=BOTH, cases=200)
def answers_of_a_sigmoid_that_saturates(logits: Array, labels: Array) -> Array:
    """Sigmoid first, logarithm then: 1 - σ is 0 where a logit is large."""
    return base.binary_cross_entropy(base.sigmoid(logits), labels)


@wrong("binary_cross_entropy_with_logits", BOUND, cases=200)
def answers_of_an_exponential_that_overflows(logits: Array, labels: Array) -> Array:
    """log(1 + e^z) - y·z without |z|: ∞ where a logit is large."""
    return np.log1p(np.exp(logits)) - labels * logits


@wrong("binary_cross_entropy_with_logits", BOUND, LAWS, witness=SCORES)
def only_yes_counts_with_logits(logits: Array, labels: Array) -> Array:
    """The half with 1 - y is left out."""
    return labels * (np.maximum(-logits, 0) + np.log1p(np.exp(-np.abs(logits))))


@wrong("binary_cross_entropy_with_logits", BOUND, LAWS, witness=SCORES)
def answers_with_the_logit_s_sign_turned(logits: Array, labels: Array) -> Array:
    """Yes and no are exchanged."""
    return base.binary_cross_entropy_with_logits(-logits, labels)


@wrong("binary_cross_entropy_with_logits_vjp", BOUND, GRADIENTS, witness={**SCORES, "cotangent": numbers(3)})
def answers_with_logits_gradient_turned(logits: Array, labels: Array, cotangent: Array) -> Array:
    """Label minus prediction."""
    return cotangent * (labels - base.sigmoid(logits))


@wrong("binary_cross_entropy_with_logits_vjp", BOUND, GRADIENTS, witness={**SCORES, "cotangent": numbers(3)})
def answers_with_logits_gradient_of_the_sigmoid_too(logits: Array, labels: Array, cotangent: Array) -> Array:
    """The sigmoid's slope is multiplied in, which the logarithm's has cancelled."""
    p = base.sigmoid(logits)
    return cotangent * (p - labels) * (p * (1 - p))


@wrong("binary_cross_entropy_with_logits_vjp", BOUND, LAWS, GRADIENTS, witness={**SCORES, "cotangent": numbers(3)})
def answers_with_logits_gradient_without_the_cotangent(logits: Array, labels: Array, cotangent: Array) -> Array:
    """The derivative, where the gradient was asked for."""
    return base.sigmoid(logits) - labels


@wrong(
    "binary_cross_entropy_with_logits_vjp",
    BOUND,
    cases=200,
    where=lambda logits, labels, cotangent: logits.size > 16,
    witness={"logits": numbers(17) / 8, "labels": np.zeros(17), "cotangent": np.ones(17)},
)
def answers_with_logits_gradient_of_16(logits: Array, labels: Array, cotangent: Array) -> Array:
    """Entries beyond a vector of sixteen are left unwritten."""
    flat = base.binary_cross_entropy_with_logits_vjp(logits, labels, cotangent).reshape(-1)
    return zeroed(flat, np.s_[16:]).reshape(logits.shape)


# --- right ------------------------------------------------------------------------------------------------------------


@right("binary_cross_entropy")
def answers_of_log1p(probabilities: Array, labels: Array) -> Array:
    """log(1 - p) by log1p, which is more accurate."""
    of_yes = np.where(labels == 0, 0, labels * np.log(probabilities))
    return np.where(labels == 1, 0, (labels - 1) * np.log1p(-probabilities)) - of_yes


@right("binary_cross_entropy_with_logits")
def answers_with_logits_by_cases(logits: Array, labels: Array) -> Array:
    """Where the logit is positive (1 - y)·z is added, elsewhere -y·z."""
    linear = np.where(logits > 0, (1 - labels) * logits, -labels * logits)
    return linear + np.log1p(np.exp(-np.abs(logits)))


@right("binary_cross_entropy_with_logits_vjp")
def answers_with_logits_gradient_times_minus_one(logits: Array, labels: Array, cotangent: Array) -> Array:
    """Label minus prediction, times minus the cotangent."""
    return (labels - base.sigmoid(logits)) * -cotangent


through_a_wider_format("binary_cross_entropy")
through_a_wider_format("binary_cross_entropy_with_logits_vjp")
