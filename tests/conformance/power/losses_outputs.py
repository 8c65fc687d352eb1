"""Losses of outputs that are no rows of classes: means over the wrong axis, lost factors."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.implementations import numpy as base
from conformance.implementations.numpy.arguments import Array
from tests.conformance.power.calls import numbers
from tests.conformance.power.entering import BOTH, BOUND, GRADIENTS, LATTICE, LAWS, SPECIAL, right, wrong
from tests.conformance.power.pieces import one_by_one, through_a_wider_format, wider

REGRESSION = {"predictions": numbers(3, 4), "targets": numbers(3, 4, salt=1)}
MANY = {"losses": numbers(257), "cotangent": np.array(257.0)}
REGRESSION_VJP = {**REGRESSION, "cotangent": np.arange(1.0, 4.0)}

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


@wrong("empirical_loss_vjp", BOUND, LAWS, GRADIENTS)
def the_whole_gradient_for_each(losses: Array, cotangent: Array) -> Array:
    """As of a sum: it isn't divided."""
    return np.full_like(losses, cotangent)


@wrong("empirical_loss_vjp", BOUND, LAWS, GRADIENTS)
def a_share_of_one(losses: Array, cotangent: Array) -> Array:
    """1/N, where the mean is all that is asked for: the cotangent is ignored."""
    return np.full_like(losses, 1 / losses.size)


@wrong("empirical_loss_vjp", BOUND, dtypes=BOTH)
def shares_of_a_rounded_reciprocal(losses: Array, cotangent: Array) -> Array:
    """1/N is rounded, and then the product with it."""
    return np.full_like(losses, cotangent * (losses.dtype.type(1) / losses.dtype.type(losses.size)))


@wrong("empirical_loss_vjp", LATTICE, cases=200, where=lambda losses, cotangent: len(losses) > 256, witness=MANY)
def shares_of_the_first_256(losses: Array, cotangent: Array) -> Array:
    """One block of threads writes, and a batch has more examples."""
    shares = base.empirical_loss_vjp(losses, cotangent)
    shares[256:] = 0
    return shares


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


# --- right ------------------------------------------------------------------------------------------------------------


@right("empirical_loss")
def a_mean_from_the_last_loss(losses: Array) -> Any:
    """One loss after the other, backwards."""
    return one_by_one(losses[::-1]) / losses.dtype.type(len(losses))


@right("empirical_loss_vjp")
def shares_in_a_wider_format(losses: Array, cotangent: Array) -> Array:
    """Divided in the next wider format, and repeated."""
    base.empirical_loss_vjp(losses, cotangent)
    return np.repeat(cotangent.astype(wider(losses.dtype)) / losses.size, losses.size).astype(losses.dtype)


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


through_a_wider_format("mean_squared_error")
through_a_wider_format("cross_entropy_vjp")
