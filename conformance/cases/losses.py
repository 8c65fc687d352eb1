"""Drawing losses, and their laws."""

from __future__ import annotations

from typing import Any

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
EXAMPLES = Axes(("N K", "N K"), ("N",), "N")


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


@case(BATCH, Axes(("N K", "N K", "N"), ("N K",), "N"))
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
