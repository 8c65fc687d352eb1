"""Drawing losses, and their laws."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from conformance.cases.activations import ARRAYS, lengths
from conformance.declarations import case, law
from conformance.drawing import CLASSES, Draw
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
#: The same, where labels name a class.
INDEXED = Axes(("N K", "N"), ("N",), "N", indices=(1,))
INDEXED_GRADIENTS = Axes(("N K", "N", "N"), ("N K",), "N", indices=(1,))
ENTRIES = Axes(("*", "*", "*"), ("*",))

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


@case(BATCH, INDEXED)
def sparse_softmax_cross_entropy_with_logits(draw: Draw, c: Configuration) -> dict[str, Any]:
    return {"logits": draw.array(c.N, c.K), "labels": draw.indices(c.N, c.K, CLASSES)}


@law(sparse_softmax_cross_entropy_with_logits)
def sparse_softmax_cross_entropy_with_logits_is_shift_invariant(draw: Draw, trial: Trial) -> None:
    """As softmax is; computed in two steps it loses everything at ±1000."""
    logits, labels = sparse_softmax_cross_entropy_with_logits(draw).values()
    shift = draw.dtype.type(draw.integer(-1000, 1000))
    trial.agree(trial.run(logits, labels), trial.run(logits + shift, labels))


@law(sparse_softmax_cross_entropy_with_logits)
def sparse_softmax_cross_entropy_with_logits_differs_as_the_logits_do(draw: Draw, trial: Trial) -> None:
    """Of two labels, the losses differ by the difference of their logits: an index off by one shows."""
    logits, labels = sparse_softmax_cross_entropy_with_logits(draw).values()
    logits, others = (
        logits * draw.dtype.type(draw.integer(1, 100)),
        draw.indices(len(logits), logits.shape[1], CLASSES).astype(labels.dtype),
    )
    scores = np.take_along_axis(logits, np.stack([labels, others], axis=1), axis=1)
    losses, of_others = trial.run(logits, labels), trial.run(logits, others)
    trial.agree(of_others - losses, exact(scores[:, 0]) - exact(scores[:, 1]))


@case(BATCH, INDEXED_GRADIENTS)
def sparse_softmax_cross_entropy_with_logits_vjp(draw: Draw, c: Configuration) -> dict[str, Any]:
    return {**sparse_softmax_cross_entropy_with_logits.draw(draw, c), "cotangent": draw.array(c.N)}


@law(sparse_softmax_cross_entropy_with_logits_vjp)
def sparse_softmax_cross_entropy_with_logits_vjp_sums_to_zero_over_the_classes(draw: Draw, trial: Trial) -> None:
    """A common shift of the logits changes no loss, so no gradient points that way."""
    trial.agree(trial.run(*sparse_softmax_cross_entropy_with_logits_vjp(draw).values()).sum(axis=-1), 0)


@law(sparse_softmax_cross_entropy_with_logits_vjp)
def sparse_softmax_cross_entropy_with_logits_vjp_differs_at_the_labels(draw: Draw, trial: Trial) -> None:
    """Of two labels, the gradients differ by the cotangent: at the one up, at the other down."""
    logits, labels, cotangent = sparse_softmax_cross_entropy_with_logits_vjp(draw).values()
    others = draw.indices(len(logits), logits.shape[1], CLASSES).astype(labels.dtype)
    gradients, of_others = trial.run(logits, labels, cotangent), trial.run(logits, others, cotangent)
    classes = np.arange(logits.shape[1])
    apart = (classes == labels[:, None]).astype(int) - (classes == others[:, None])
    trial.agree(of_others - gradients, apart * exact(cotangent)[:, None])


@case(BATCH, INDEXED)
def negative_log_likelihood(draw: Draw, c: Configuration) -> dict[str, Any]:
    return {"log_probabilities": draw.array(c.N, c.K), "labels": draw.indices(c.N, c.K, CLASSES)}


@law(negative_log_likelihood)
def negative_log_likelihood_of_all_classes_is_the_row(draw: Draw, trial: Trial) -> None:
    """Asked for each class in its turn, it gives back all that it was told, with a minus."""
    rows = negative_log_likelihood(draw)["log_probabilities"][:1]
    labels = np.arange(rows.shape[1])
    trial.agree(trial.run(np.repeat(rows, len(labels), axis=0), labels), -exact(rows[0]))


@case(BATCH, INDEXED_GRADIENTS)
def negative_log_likelihood_vjp(draw: Draw, c: Configuration) -> dict[str, Any]:
    return {**negative_log_likelihood.draw(draw, c), "cotangent": draw.array(c.N)}


@law(negative_log_likelihood_vjp)
def negative_log_likelihood_vjp_goes_to_the_labels(draw: Draw, trial: Trial) -> None:
    """Whatever the log-probabilities are: minus the cotangent at the label, nothing elsewhere."""
    log_probabilities, labels, cotangent = negative_log_likelihood_vjp(draw).values()
    there = (np.arange(log_probabilities.shape[1]) == labels[:, None]).astype(int)
    trial.agree(trial.run(log_probabilities, labels, cotangent), -there * exact(cotangent)[:, None])


@case(ARRAYS, ENTRIES)
def binary_cross_entropy(draw: Draw, c: Configuration) -> dict[str, Any]:
    return {"probabilities": draw.probabilities(*lengths(c)), "labels": draw.truths(*lengths(c))}


@law(binary_cross_entropy)
def binary_cross_entropy_takes_yes_for_no(draw: Draw, trial: Trial) -> None:
    """The same question asked the other way round: whoever leaves 1 - y out, or 1 - p, is found out."""
    labels = draw.truths(*draw.sizes(6))
    probabilities = np.array([draw.integer(1, 15) / 16 for _ in labels], draw.dtype)
    trial.agree(trial.run(probabilities, labels), trial.run(1 - probabilities, 1 - labels))


@law(binary_cross_entropy)
def binary_cross_entropy_is_linear_in_its_labels(draw: Draw, trial: Trial) -> None:
    """A label between yes and no weighs the losses of both."""
    probabilities, labels = binary_cross_entropy(draw).values()
    yes, no = trial.run(probabilities, labels * 0 + 1), trial.run(probabilities, labels * 0)
    weights = exact(labels)
    trial.agree(trial.run(probabilities, labels), weights * yes + (1 - weights) * no)


@case(ARRAYS, ENTRIES)
def binary_cross_entropy_vjp(draw: Draw, c: Configuration) -> dict[str, Any]:
    return {**binary_cross_entropy.draw(draw, c), "cotangent": draw.array(*lengths(c))}


@law(binary_cross_entropy_vjp)
def binary_cross_entropy_vjp_is_prediction_minus_label_per_variance(draw: Draw, trial: Trial) -> None:
    """p·(1 - p)·d = (p - y)·cotangent: exactly, whatever the label."""
    probabilities, labels, cotangent = binary_cross_entropy_vjp(draw).values()
    p, y = exact(probabilities), exact(labels)
    trial.agree(p * (1 - p) * trial.run(probabilities, labels, cotangent), (p - y) * exact(cotangent))


@case(ARRAYS, ENTRIES)
def binary_cross_entropy_with_logits(draw: Draw, c: Configuration) -> dict[str, Any]:
    return {"logits": draw.array(*lengths(c)), "labels": draw.truths(*lengths(c))}


@law(binary_cross_entropy_with_logits)
def binary_cross_entropy_with_logits_takes_yes_for_no(draw: Draw, trial: Trial) -> None:
    """The same question asked the other way round: the two signs usually take different branches."""
    logits, labels = binary_cross_entropy_with_logits(draw).values()
    trial.agree(trial.run(logits, labels), trial.run(-logits, 1 - labels))


@law(binary_cross_entropy_with_logits)
def binary_cross_entropy_with_logits_of_no_costs_the_logit_more(draw: Draw, trial: Trial) -> None:
    """softplus(z) - softplus(-z) = z, also where a probability would be 0 or 1."""
    logits = binary_cross_entropy_with_logits(draw)["logits"] * draw.dtype.type(draw.integer(1, 100))
    trial.agree(trial.run(logits, logits * 0) - trial.run(logits, logits * 0 + 1), exact(logits))


@case(ARRAYS, ENTRIES)
def binary_cross_entropy_with_logits_vjp(draw: Draw, c: Configuration) -> dict[str, Any]:
    return {**binary_cross_entropy_with_logits.draw(draw, c), "cotangent": draw.array(*lengths(c))}


@law(binary_cross_entropy_with_logits_vjp)
def binary_cross_entropy_with_logits_vjp_of_no_is_the_cotangent_more(draw: Draw, trial: Trial) -> None:
    """σ - 0 and σ - 1 differ by 1, wherever the logit lies."""
    logits, labels, cotangent = binary_cross_entropy_with_logits_vjp(draw).values()
    no, yes = trial.run(logits, labels * 0, cotangent), trial.run(logits, labels * 0 + 1, cotangent)
    trial.agree(no - yes, exact(cotangent))


@law(binary_cross_entropy_with_logits_vjp)
def binary_cross_entropy_with_logits_vjp_turns_with_the_question(draw: Draw, trial: Trial) -> None:
    """Asked the other way round, the gradient points the other way."""
    logits, labels, cotangent = binary_cross_entropy_with_logits_vjp(draw).values()
    trial.agree(trial.run(-logits, 1 - labels, cotangent), -trial.run(logits, labels, cotangent))
