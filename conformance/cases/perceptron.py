"""Drawing perceptrons, and their laws."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from conformance.declarations import case, law
from conformance.drawing import Draw
from conformance.laws import Trial, exact
from conformance.schedules import Schedule
from conformance.spaces import EDGES, Configuration, Space

TRAINING = Space(
    sizes={"N": (1, 2, 3, 4, 5, 8, 9, 16, 17, 33), "D": (1, 2, 3, 4, 5, 8, 9, 16, 17, 32, 33, 65)},
    choices={
        "learning_rate": ("one", "a number", "one for each epoch", "a function"),
        "initial_weights": ("none", "given", "zeros"),
        "epochs": (1, 2, 3, 4, 5, 6, 9, 10, 12),
    },
    small={"N": range(1, 7), "D": range(1, 6), "epochs": range(1, 7)},
    work=lambda c: 2 * c.N * c.D * c.epochs,
    common={"the slides' example": {"N": 5, "D": 2, "epochs": 10}},
)


@case(TRAINING)
def perceptron_sgd(draw: Draw, c: Configuration) -> dict[str, Any]:
    each = tuple(draw.number(1.0, 0.5, 0.25, 2.0) for _ in range(c.epochs))
    rates = {"one": 1.0, "a number": each[0], "one for each epoch": list(each), "a function": Schedule(each)}
    weights = {"none": None, "given": draw.array(c.D + 1), "zeros": np.zeros(c.D + 1, draw.dtype)}
    return {
        "features": draw.array(c.N, c.D),
        "labels": draw.signs(c.N),
        "epochs": c.epochs,
        "learning_rate": rates[c.learning_rate],
        "initial_weights": weights[c.initial_weights],
    }


@law(perceptron_sgd)
def perceptron_sgd_stops_within_novikoffs_bound(draw: Draw, trial: Trial) -> None:
    """The convergence theorem: on separable data, learning ends within a number of updates that is known beforehand."""
    examples, features = draw.sizes(6, 3)
    x, separator = draw.array(examples, features), draw.array(features + 1)
    folded = exact(np.column_stack([x, np.full(examples, -1, x.dtype)]))
    margins = folded @ exact(separator)
    keep = margins != 0
    if not keep.any():
        return
    x, folded, margins = x[keep], folded[keep], margins[keep]
    labels = np.where(margins > 0, 1, -1).astype(np.int64)
    # Novikoff: at most R²·|w*|²/γ² updates, with R the longest example and γ the smallest margin of any separator w*.
    radius, length = max((row @ row for row in folded), default=Fraction(0)), exact(separator) @ exact(separator)
    bound = int(radius * length / min(abs(margin) for margin in margins) ** 2)
    trace = trial.run(x, labels, epochs=min(bound + 1, 40))
    updates = sum(int(entry.low) for entry in trace.updated)
    trial.holds(updates <= bound, f"at most {bound} updates", f"{updates}")
    if bound < 40:
        weights = np.array([float(entry.low) for entry in trace.final_weights])
        right = (folded @ exact(weights)) * labels
        trial.holds(all(right > 0), "every example on its side in the end", right)


@law(perceptron_sgd)
def perceptron_sgd_is_invariant_to_the_scale_of_its_learning_rate(draw: Draw, trial: Trial) -> None:
    """From zero weights the rate only scales the weights, so that the same examples are wrong."""
    examples, features = draw.sizes(6, 4)
    x, y = draw.array(examples, features), draw.signs(examples)
    one, half = trial.run(x, y, epochs=4), trial.run(x, y, epochs=4, learning_rate=0.5)
    trial.agree(one.updated, half.updated)
    trial.agree(one.final_weights, 2 * half.final_weights)


PREDICTION = Space(
    sizes={"N": EDGES, "D": (*EDGES, 255, 256, 257)},
    small={"N": range(1, 7), "D": range(1, 34)},
    work=lambda c: 2 * c.N * c.D,
    common={"the slides' example": {"N": 5, "D": 2}},
)


@case(PREDICTION)
def perceptron_predict(draw: Draw, c: Configuration) -> dict[str, Any]:
    return {"features": draw.array(c.N, c.D), "weights": draw.array(c.D + 1)}


@law(perceptron_predict)
def perceptron_predict_labels_are_the_signs_of_its_scores(draw: Draw, trial: Trial) -> None:
    """The two results must tell the same story, also at zero."""
    prediction = trial.run(*perceptron_predict(draw).values())
    trial.agree(prediction.labels, np.where([score.low > 0 for score in prediction.scores], 1, -1))
