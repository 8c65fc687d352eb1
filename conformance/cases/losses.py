"""Drawing losses, and their laws."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from conformance.declarations import case, law
from conformance.drawing import Draw
from conformance.lanes.reading import Axes
from conformance.laws import Trial, exact
from conformance.spaces import EDGES, Configuration, Space

#: N examples, K classes.
BATCH = Space(
    sizes={"N": EDGES, "K": (*EDGES, 255, 256, 257, 1000, 1024, 1025)},
    small={"N": range(1, 17), "K": range(1, 26)},
    steps=lambda c: 8 * c.K,
    work=lambda c: 8 * c.N * c.K,
    common={
        "ten digits": {"N": 100, "K": 10},
        "a thousand classes": {"N": 4, "K": 1000},
        "a large batch": {"N": 1031, "K": 67},
        **{f"a class more than {classes}": {"N": 9, "K": classes + 1} for classes in (256, 512, 1024)},
    },
)
EXAMPLES, GRADIENTS = Axes(("N K", "N K"), ("N",), "N"), Axes(("N K", "N K", "N"), ("N K",), "N")

#: The losses of N examples.
LOSSES = Space(
    sizes={"N": (*EDGES, 255, 256, 257, 1023, 1024, 1025)},
    small={"N": range(1, 67)},
    steps=lambda c: c.N,
    work=lambda c: c.N,
    common={"a batch": {"N": 100}, "an epoch": {"N": 1031}},
)


@case(BATCH, EXAMPLES)
def cross_entropy(draw: Draw, c: Configuration) -> dict[str, Any]:
    return {
        "probabilities": draw.array(c.N, c.K, positive=True),
        "labels": draw.distributions(c.N, c.K, weights=True),
    }


@law(cross_entropy)
def cross_entropy_of_a_certain_and_right_answer_is_zero(draw: Draw, trial: Trial) -> None:
    """Also where the other probabilities are 0, whose logarithm must not count."""
    rows, classes = draw.sizes(4, 6)
    labels = draw.distributions(rows, classes)
    trial.agree(trial.run((labels > 0).astype(draw.dtype), labels), 0)


@law(cross_entropy)
def cross_entropy_is_linear_in_its_labels(draw: Draw, trial: Trial) -> None:
    """Labels are weights: whoever looks for the largest one only is found out."""
    probabilities, labels = cross_entropy(draw).values()
    trial.agree(trial.run(probabilities, 2 * labels), 2 * trial.run(probabilities, labels))


@case(BATCH, EXAMPLES)
def softmax_cross_entropy_with_logits(draw: Draw, c: Configuration) -> dict[str, Any]:
    return {"logits": draw.array(c.N, c.K), "labels": draw.distributions(c.N, c.K, weights=True)}


@law(softmax_cross_entropy_with_logits)
def softmax_cross_entropy_with_logits_is_shift_invariant(draw: Draw, trial: Trial) -> None:
    """As softmax is; computed in two steps it loses everything at ±1000."""
    logits, labels = softmax_cross_entropy_with_logits(draw).values()
    shift = draw.dtype.type(draw.integer(-1000, 1000))
    trial.agree(trial.run(logits, labels), trial.run(logits + shift, labels))


@case(BATCH, GRADIENTS)
def softmax_cross_entropy_with_logits_vjp(draw: Draw, c: Configuration) -> dict[str, Any]:
    return {**softmax_cross_entropy_with_logits.draw(draw, c), "cotangent": draw.array(c.N)}


@law(softmax_cross_entropy_with_logits_vjp)
def softmax_cross_entropy_with_logits_vjp_sums_to_zero_over_the_classes(draw: Draw, trial: Trial) -> None:
    """A common shift of the logits changes no loss, so no gradient points that way."""
    logits, labels, cotangent = softmax_cross_entropy_with_logits_vjp(draw).values()
    trial.agree(trial.run(logits, labels, cotangent).sum(axis=-1), 0)


@law(softmax_cross_entropy_with_logits_vjp)
def softmax_cross_entropy_with_logits_vjp_is_linear_in_its_cotangent(draw: Draw, trial: Trial) -> None:
    """A gradient that ignores what comes in, or averages it over the batch, shows."""
    logits, labels, cotangent = softmax_cross_entropy_with_logits_vjp(draw).values()
    ones = trial.run(logits, labels, cotangent * 0 + 1)
    trial.agree(trial.run(logits, labels, cotangent), ones * exact(cotangent)[:, None])


@case(LOSSES, Axes(("N",), ("",)))
def empirical_loss(draw: Draw, c: Configuration) -> dict[str, Any]:
    return {"losses": draw.array(c.N)}


@law(empirical_loss)
def empirical_loss_of_equal_losses_is_that_loss(draw: Draw, trial: Trial) -> None:
    """However many there are: a sum, or a mean over another number of examples, shows."""
    (count,) = draw.sizes(20)
    losses = draw.array(1)
    trial.agree(trial.run(np.repeat(losses, count)), exact(losses))


@law(empirical_loss)
def empirical_loss_is_linear(draw: Draw, trial: Trial) -> None:
    """Each example has the same share: one more on the last loss is 1/N more."""
    losses = empirical_loss(draw)["losses"]
    raised = losses.copy()
    raised[-1] += 1
    trial.agree(trial.run(raised) - trial.run(losses), Fraction(1, len(losses)))


@case(LOSSES, Axes(("N", ""), ("N",)))
def empirical_loss_vjp(draw: Draw, c: Configuration) -> dict[str, Any]:
    return {**empirical_loss.draw(draw, c), "cotangent": draw.array()}


@law(empirical_loss_vjp)
def empirical_loss_vjp_shares_the_gradient_out(draw: Draw, trial: Trial) -> None:
    """N equal shares, whatever the losses are: together they are what came."""
    losses, cotangent = empirical_loss_vjp(draw).values()
    trial.agree(len(losses) * trial.run(losses, cotangent), exact(cotangent))


@law(empirical_loss_vjp)
def empirical_loss_vjp_of_twice_as_many_is_half(draw: Draw, trial: Trial) -> None:
    """The more examples there are, the less each counts: one that is left out of the count shows."""
    losses, cotangent = empirical_loss_vjp(draw).values()
    once, twice = trial.run(losses, cotangent), trial.run(np.concatenate([losses, losses]), cotangent)
    trial.agree(twice, np.concatenate([once, once]) / 2)


@case(BATCH, EXAMPLES)
def mean_squared_error(draw: Draw, c: Configuration) -> dict[str, Any]:
    return {"predictions": draw.array(c.N, c.K), "targets": draw.array(c.N, c.K)}


@law(mean_squared_error)
def mean_squared_error_of_one_output_is_its_square(draw: Draw, trial: Trial) -> None:
    """The slide's formula, for the networks that it is for."""
    predictions, targets = (array[:, :1] for array in mean_squared_error(draw).values())
    trial.agree(trial.run(predictions, targets), (exact(predictions) - exact(targets))[:, 0] ** 2)


@law(mean_squared_error)
def mean_squared_error_is_a_mean_over_outputs(draw: Draw, trial: Trial) -> None:
    """As many outputs again, as far off, change nothing: a sum would double, a mean over the examples mix them."""
    once = mean_squared_error(draw)
    twice = [np.concatenate([array, array], axis=-1) for array in once.values()]
    trial.agree(trial.run(*once.values()), trial.run(*twice))


@case(BATCH, GRADIENTS)
def mean_squared_error_vjp(draw: Draw, c: Configuration) -> dict[str, Any]:
    return {**mean_squared_error.draw(draw, c), "cotangent": draw.array(c.N)}


@law(mean_squared_error_vjp)
def mean_squared_error_vjp_is_the_difference_per_output(draw: Draw, trial: Trial) -> None:
    """K times the gradient is 2·(prediction - target)·cotangent: exactly, whatever the numbers."""
    predictions, targets, cotangent = mean_squared_error_vjp(draw).values()
    differences = exact(predictions) - exact(targets)
    gradients = trial.run(predictions, targets, cotangent)
    trial.agree(predictions.shape[1] * gradients, 2 * differences * exact(cotangent)[:, None])


@case(BATCH, GRADIENTS)
def cross_entropy_vjp(draw: Draw, c: Configuration) -> dict[str, Any]:
    return {**cross_entropy.draw(draw, c), "cotangent": draw.array(c.N)}


@law(cross_entropy_vjp)
def cross_entropy_vjp_times_its_probability_is_the_label(draw: Draw, trial: Trial) -> None:
    """p·d = -y·cotangent, of every class: also of those without a label, which get nothing."""
    probabilities, labels, cotangent = cross_entropy_vjp(draw).values()
    gradients = trial.run(probabilities, labels, cotangent)
    trial.agree(gradients * exact(probabilities), -exact(labels) * exact(cotangent)[:, None])
