"""Drawing perceptrons, and their laws."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from conformance.declarations import case, law
from conformance.drawing import Draw
from conformance.laws import Trial, exact


@case
def perceptron_sgd(draw: Draw) -> dict[str, Any]:
    examples, features = draw.sizes(4, 3, long=9)
    epochs = draw.integer(1, 4)
    rates = draw.choice(1.0, draw.number(0.5, 2.0, 0.25), [draw.number(1.0, 0.5, 0.25) for _ in range(epochs)])
    return {
        "features": draw.array(examples, features),
        "labels": draw.signs(examples),
        "epochs": epochs,
        "learning_rate": rates,
        "initial_weights": draw.choice(None, draw.array(features + 1)),
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


@case
def perceptron_predict(draw: Draw) -> dict[str, Any]:
    examples, features = draw.sizes(6, 6, long=40)
    return {"features": draw.array(examples, features), "weights": draw.array(features + 1)}


@law(perceptron_predict)
def perceptron_predict_labels_are_the_signs_of_its_scores(draw: Draw, trial: Trial) -> None:
    """The two results must tell the same story, also at zero."""
    prediction = trial.run(*perceptron_predict(draw).values())
    trial.agree(prediction.labels, np.where([score.low > 0 for score in prediction.scores], 1, -1))
