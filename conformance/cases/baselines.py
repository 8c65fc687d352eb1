"""Drawing baselines, and their laws."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from conformance.declarations import case, law
from conformance.drawing import Draw
from conformance.laws import Trial, exact
from conformance.spaces import EDGES, Configuration, Space

SCORES = Space(
    sizes={"N": EDGES},
    choices={"size": ("as drawn", "near the margin")},
    small={"N": range(1, 17)},
    work=lambda c: 3 * c.N,
    common={"a batch": {"N": 100}},
)


@case(SCORES)
def hinge_loss(draw: Draw, c: Configuration) -> dict[str, Any]:
    # Distinct integers have the margin among them once; quarters of them lie on both sides of it, too.
    size = draw.dtype.type(1 if c.size == "as drawn" else 0.25)
    return {"scores": draw.array(c.N) * size, "labels": draw.signs(c.N)}


@law(hinge_loss)
def hinge_loss_of_a_score_and_its_opposite(draw: Draw, trial: Trial) -> None:
    """Inside the margin they add up to 2, and beyond it only the wrong one counts, with the margin."""
    scores, labels = hinge_loss(draw).values()
    both = trial.run(scores, labels) + trial.run(-scores, labels)
    trial.agree(both, [max(Fraction(2), 1 + abs(score)) for score in exact(scores)])


@law(hinge_loss)
def hinge_loss_is_zero_from_the_margin_on(draw: Draw, trial: Trial) -> None:
    """At it and beyond nothing is left to lose, and before it there is."""
    scores, labels = hinge_loss(draw).values()
    beyond = (1 + np.abs(scores)).astype(scores.dtype)
    trial.agree(trial.run(beyond * labels.astype(scores.dtype), labels), 0)
    trial.agree(trial.run(np.zeros_like(scores), labels), 1)


@case(SCORES)
def hinge_loss_vjp(draw: Draw, c: Configuration) -> dict[str, Any]:
    return {**hinge_loss.draw(draw, c), "cotangent": draw.array(c.N)}


@law(hinge_loss_vjp)
def hinge_loss_vjp_draws_scores_to_their_labels(draw: Draw, trial: Trial) -> None:
    """On the wrong side the whole gradient comes back with the label's sign turned, and beyond the margin nothing."""
    scores, labels, cotangent = hinge_loss_vjp(draw).values()
    signs, far = labels.astype(scores.dtype), (2 + np.abs(scores)).astype(scores.dtype)
    trial.agree(trial.run(-signs * far, labels, cotangent), exact(-signs * cotangent))
    trial.agree(trial.run(signs * far, labels, cotangent), 0)
