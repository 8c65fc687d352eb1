"""Drawing losses of questions with two answers, and their laws."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.cases.activations import ARRAYS, lengths
from conformance.declarations import case, law
from conformance.drawing import Draw
from conformance.lanes.reading import Axes
from conformance.laws import Trial, exact
from conformance.spaces import Configuration

ENTRIES = Axes(("*", "*", "*"), ("*",))


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
