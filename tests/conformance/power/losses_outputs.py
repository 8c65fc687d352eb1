"""Losses of outputs that are no rows of classes: means over the wrong axis, lost factors, the other answer left out."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.implementations import numpy as base
from conformance.implementations.numpy.arguments import Array
from tests.conformance.power.calls import numbers
from tests.conformance.power.entering import BOTH, BOUND, GRADIENTS, LATTICE, LAWS, SPECIAL, right, wrong
from tests.conformance.power.pieces import one_by_one, through_a_wider_format, wider, zeroed

REGRESSION = {"predictions": numbers(3, 4), "targets": numbers(3, 4, salt=1)}
REGRESSION_VJP = {**REGRESSION, "cotangent": np.arange(1.0, 4.0)}
ANSWERS = {"probabilities": np.array([0.25, 0.75, 0.125]), "labels": np.array([1.0, 0.0, 0.25])}
SCORES = {"logits": np.array([3.0, -2.0, 1.0]), "labels": np.array([1.0, 0.0, 0.25])}

# --- wrong: means -----------------------------------------------------------------------------------------------------


@wrong("empirical_loss", LATTICE, BOUND, LAWS)
def a_sum_of_losses(losses: Array) -> Any:
    """The sum, which grows with the batch."""
    return losses.sum()


@wrong("empirical_loss", LATTICE, BOUND, LAWS)
def a_mean_of_one_degree_of_freedom_less(losses: Array) -> Any:
    """Divided by N - 1, as a variance would be."""
    return losses.sum() / losses.dtype.type(max(1, len(losses) - 1))


@wrong("empirical_loss", BOUND, cases=200, where=lambda losses: len(losses) > 32, witness={"losses": numbers(33)})
def a_mean_of_a_warp(losses: Array) -> Any:
    """Losses beyond a warp's lanes are counted, and not added."""
    return losses[:32].sum() / losses.dtype.type(len(losses))


@wrong("empirical_loss", LATTICE, LAWS, cases=200)
def a_median(losses: Array) -> Any:
    """The middle loss, which outliers don't move."""
    return np.median(losses).astype(losses.dtype)


@wrong("mean_squared_error", LATTICE, LAWS, witness=REGRESSION)
def squares_summed(predictions: Array, targets: Array) -> Array:
    """The sum over the outputs instead of their mean."""
    return np.square(predictions - targets).sum(axis=-1)


@wrong("mean_squared_error", LATTICE, LAWS, witness=REGRESSION)
def squares_halved(predictions: Array, targets: Array) -> Array:
    """Half the squares, so that their derivative has no factor."""
    return base.mean_squared_error(predictions, targets) / 2


@wrong("mean_squared_error", LATTICE, witness=REGRESSION)
def squares_averaged_over_the_batch(predictions: Array, targets: Array) -> Array:
    """The mean over everything, given to every example."""
    return np.full_like(predictions[:, 0], np.square(predictions - targets).mean())


@wrong("mean_squared_error", LATTICE, LAWS, witness=REGRESSION)
def sizes_instead_of_squares(predictions: Array, targets: Array) -> Array:
    """The mean absolute error."""
    return np.abs(predictions - targets).mean(axis=-1)


@wrong("mean_squared_error", BOUND, dtypes=BOTH, cases=200)
def squares_multiplied_out(predictions: Array, targets: Array) -> Array:
    """Σp² - 2Σpt + Σt² cancels where predictions are near their targets, and both are large."""
    sums = [(a * b).sum(axis=-1) for a, b in ((predictions, predictions), (predictions, targets), (targets, targets))]
    return (sums[0] - 2 * sums[1] + sums[2]) / predictions.shape[1]


@wrong(
    "mean_squared_error",
    LATTICE,
    cases=200,
    where=lambda predictions, targets: predictions.shape[1] > 8,
    witness={"predictions": numbers(2, 9), "targets": numbers(2, 9, salt=1)},
)
def squares_beyond_8_are_lost(predictions: Array, targets: Array) -> Array:
    """The output behind a full vector isn't summed."""
    return np.square(predictions - targets)[:, :8].sum(axis=-1) / predictions.dtype.type(predictions.shape[1])


@wrong("mean_squared_error_vjp", LATTICE, LAWS, GRADIENTS, witness=REGRESSION_VJP)
def squares_gradient_without_the_2(predictions: Array, targets: Array, cotangent: Array) -> Array:
    """The factor 2 of the square is missing."""
    return base.mean_squared_error_vjp(predictions, targets, cotangent) / 2


@wrong("mean_squared_error_vjp", LATTICE, LAWS, GRADIENTS, witness=REGRESSION_VJP)
def squares_gradient_of_the_targets(predictions: Array, targets: Array, cotangent: Array) -> Array:
    """Target minus prediction: the sign is that of the other input."""
    return base.mean_squared_error_vjp(targets, predictions, cotangent)


@wrong("mean_squared_error_vjp", LATTICE, LAWS, GRADIENTS, witness=REGRESSION_VJP)
def squares_gradient_divided_by_the_examples(predictions: Array, targets: Array, cotangent: Array) -> Array:
    """Divided by N instead of K."""
    return cotangent[:, None] * (2 * (predictions - targets) / len(predictions))


@wrong("mean_squared_error_vjp", LATTICE, LAWS, GRADIENTS, witness=REGRESSION_VJP)
def squares_gradient_without_the_cotangent(predictions: Array, targets: Array, cotangent: Array) -> Array:
    """The derivative, where the gradient was asked for."""
    return base.mean_squared_error_vjp(predictions, targets, np.ones_like(cotangent))


# --- wrong: the gradient of the cross entropy -------------------------------------------------------------------------

CLASSES = {
    "probabilities": np.array([[0.5, 0.25, 0.25], [0.125, 0.5, 0.375]]),
    "labels": np.array([[1.0, 0.0, 0.0], [0.0, 0.25, 0.75]]),
    "cotangent": np.array([2.0, 3.0]),
}


@wrong("cross_entropy_vjp", LATTICE, LAWS, GRADIENTS, witness=CLASSES)
def cross_entropy_gradient_of_logits(probabilities: Array, labels: Array, cotangent: Array) -> Array:
    """Prediction minus label is the gradient of the logits, not of the probabilities."""
    return cotangent[:, None] * (probabilities - labels)


@wrong("cross_entropy_vjp", LATTICE, LAWS, GRADIENTS, witness=CLASSES)
def cross_entropy_gradient_without_the_minus(probabilities: Array, labels: Array, cotangent: Array) -> Array:
    """The sign is forgotten."""
    return -base.cross_entropy_vjp(probabilities, labels, cotangent)


@wrong("cross_entropy_vjp", LATTICE, LAWS, GRADIENTS, witness=CLASSES)
def cross_entropy_gradient_without_the_cotangent(probabilities: Array, labels: Array, cotangent: Array) -> Array:
    """The derivative, where the gradient was asked for."""
    return base.cross_entropy_vjp(probabilities, labels, np.ones_like(cotangent))


@wrong("cross_entropy_vjp", BOUND, cases=200)
def cross_entropy_gradient_with_an_epsilon(probabilities: Array, labels: Array, cotangent: Array) -> Array:
    """10⁻⁶ is added to every probability, lest one be 0."""
    return base.cross_entropy_vjp(probabilities + probabilities.dtype.type(1e-6), labels, cotangent)


@wrong("cross_entropy_vjp", f"{SPECIAL}: -0", cases=400)
def cross_entropy_gradient_of_0_over_0(probabilities: Array, labels: Array, cotangent: Array) -> Array:
    """0/0 is taken as NaN, where a class has neither label nor probability."""
    return -cotangent[:, None] * (labels / probabilities)


# --- wrong: two answers -----------------------------------------------------------------------------------------------


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


@right("empirical_loss")
def a_mean_from_the_last_loss(losses: Array) -> Any:
    """One loss after the other, backwards."""
    return one_by_one(losses[::-1]) / losses.dtype.type(len(losses))


@right("mean_squared_error")
def squares_of_what_is_turned(predictions: Array, targets: Array) -> Array:
    """Target minus prediction, summed from the last output in the next wider format."""
    squares = np.square(targets - predictions)[:, ::-1]
    return squares.mean(axis=-1, dtype=wider(predictions.dtype)).astype(predictions.dtype)


@right("mean_squared_error_vjp")
def squares_gradient_from_the_right(predictions: Array, targets: Array, cotangent: Array) -> Array:
    """Target minus prediction, twice, times minus the example's share."""
    return (targets - predictions) * 2 * (-cotangent / predictions.shape[1])[:, None]


@right("cross_entropy_vjp")
def cross_entropy_gradient_of_the_labelled_classes(probabilities: Array, labels: Array, cotangent: Array) -> Array:
    """Only the classes with a label are looked at."""
    shares = np.divide(labels, probabilities, where=labels != 0, out=np.zeros_like(labels))
    return np.where(labels == 0, 0, shares * -cotangent[:, None])


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


for loss in ("mean_squared_error", "cross_entropy_vjp", "binary_cross_entropy", "binary_cross_entropy_with_logits_vjp"):
    through_a_wider_format(loss)
