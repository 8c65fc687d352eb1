"""Drawing confusion matrices and what they are counted from, and the laws of metrics."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from conformance.declarations import case, law
from conformance.drawing import Draw
from conformance.laws import Trial, exact
from conformance.spaces import Configuration, Space
from reference.metrics import AVERAGES

COUNTING = Space(
    sizes={"N": (1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 33, 64, 65, 129), "K": (1, 2, 3, 4, 5, 8, 9, 16, 17)},
    choices={"weights": ("given", "ones")},
    small={"N": range(1, 10), "K": range(1, 6)},
    work=lambda c: c.N + c.K * c.K,
    common={"the slide's table": {"N": 33, "K": 2}, "ten digits": {"N": 100, "K": 10, "weights": "ones"}},
)

#: N examples are summed up in K classes; what is missing makes a sum 0.
METRIC = Space(
    sizes={"K": (1, 2, 3, 4, 5, 7, 8, 9, 10, 12, 15, 16, 17, 20)},
    choices={
        "average": AVERAGES,
        "missing": ("nothing", "predictions of a class", "examples of a class", "what is right"),
    },
    small={"K": range(1, 10)},
    work=lambda c: 2 * c.K * c.K,
    common={"the slide's table": {"K": 2}, "ten digits": {"K": 10}},
)


@case(COUNTING)
def confusion_matrix(draw: Draw, c: Configuration) -> dict[str, Any]:
    weights = np.ones(c.N, draw.dtype) if c.weights == "ones" else draw.array(c.N)
    return {
        "predictions": draw.indices(c.N, c.K),
        "labels": draw.indices(c.N, c.K),
        "weights": weights,
        "classes": c.K,
    }


@law(confusion_matrix)
def confusion_matrix_rows_are_predictions(draw: Draw, trial: Trial) -> None:
    """Each row adds up to what was predicted so often, each column to what was right so often."""
    predictions, labels, weights, classes = confusion_matrix(draw).values()
    matrix, each = trial.run(predictions, labels, weights, classes=classes), np.eye(classes, dtype=int)
    trial.agree(matrix.sum(axis=1), exact(weights) @ each[predictions])
    trial.agree(matrix.sum(axis=0), exact(weights) @ each[labels])


@law(confusion_matrix)
def confusion_matrix_counts_in_any_order(draw: Draw, trial: Trial) -> None:
    """Which example comes first doesn't matter."""
    predictions, labels, weights, classes = confusion_matrix(draw).values()
    turned = [array[::-1].copy() for array in (predictions, labels, weights)]
    trial.agree(trial.run(predictions, labels, weights, classes=classes), trial.run(*turned, classes=classes))


def _confusion(draw: Draw, c: Configuration) -> Any:
    """Counts, some of them 0."""
    counts = draw.array(c.K, c.K, positive=True)
    place = draw.integer(0, c.K - 1)
    if c.missing == "predictions of a class":
        counts[place] = 0
    if c.missing == "examples of a class":
        counts[:, place] = 0
    if c.missing == "what is right":
        counts[place, place] = 0
    return counts


@case(METRIC)
def accuracy(draw: Draw, c: Configuration) -> dict[str, Any]:
    return {"confusion": _confusion(draw, c)}


@law(accuracy)
def accuracy_does_not_depend_on_the_order_of_classes(draw: Draw, trial: Trial) -> None:
    """Nor on which side the predictions are: every class counts, not the first one only."""
    (confusion,) = accuracy(draw).values()
    trial.agree(trial.run(confusion), trial.run(confusion[::-1, ::-1].T.copy()))


@law(accuracy)
def accuracy_of_right_and_wrong_adds_up_to_one(draw: Draw, trial: Trial) -> None:
    """Of two classes; with the predictions exchanged, what was right is wrong."""
    counts = draw.array(2, 2, positive=True)
    trial.agree(trial.run(counts) + trial.run(counts[::-1].copy()), 1)


@case(METRIC)
def precision(draw: Draw, c: Configuration) -> dict[str, Any]:
    return {"confusion": _confusion(draw, c), "average": c.average}


@law(precision)
def precision_is_that_of_each_prediction(draw: Draw, trial: Trial) -> None:
    """However often a class is predicted, its precision and the other classes' stay the same."""
    confusion, _ = precision(draw).values()
    often = confusion * 2.0 ** np.arange(len(confusion))[:, None]
    trial.agree(trial.run(confusion), trial.run(often.astype(confusion.dtype)))


@law(precision)
def precision_is_averaged_as_asked(draw: Draw, trial: Trial) -> None:
    """The mean of the classes' precisions; and micro-averaged it doesn't matter which side the predictions are on."""
    confusion, _ = precision(draw).values()
    trial.agree(len(confusion) * trial.run(confusion, average="macro"), trial.run(confusion).sum())
    trial.agree(trial.run(confusion, average="micro"), trial.run(confusion.T.copy(), average="micro"))


@case(METRIC)
def recall(draw: Draw, c: Configuration) -> dict[str, Any]:
    return {"confusion": _confusion(draw, c), "average": c.average}


@law(recall)
def recall_is_that_of_each_class(draw: Draw, trial: Trial) -> None:
    """However often a class occurs, its recall and the other classes' stay the same."""
    confusion, _ = recall(draw).values()
    often = confusion * 2.0 ** np.arange(len(confusion))
    trial.agree(trial.run(confusion), trial.run(often.astype(confusion.dtype)))


@law(recall)
def recall_is_averaged_as_asked(draw: Draw, trial: Trial) -> None:
    """The mean of the classes' recalls; and micro-averaged it doesn't matter which side the predictions are on."""
    confusion, _ = recall(draw).values()
    trial.agree(len(confusion) * trial.run(confusion, average="macro"), trial.run(confusion).sum())
    trial.agree(trial.run(confusion, average="micro"), trial.run(confusion.T.copy(), average="micro"))


@case(METRIC)
def f_score(draw: Draw, c: Configuration) -> dict[str, Any]:
    return {"confusion": _confusion(draw, c), "beta": draw.number(1.0, 2.0, 0.5, 3.0), "average": c.average}


@law(f_score)
def f_score_exchanges_precision_and_recall(draw: Draw, trial: Trial) -> None:
    """With predictions and labels exchanged, recall weighs twice what precision weighed."""
    confusion, *_ = f_score(draw).values()
    average = draw.choice(*AVERAGES)
    one = trial.run(confusion, beta=2.0, average=average)
    trial.agree(one, trial.run(confusion.T.copy(), beta=0.5, average=average))


@law(f_score)
def f_score_can_be_counted(draw: Draw, trial: Trial) -> None:
    """Without precision and recall: what was found counts 1 + β², what was missed β², and what wasn't asked for 1."""
    confusion, beta, _ = f_score(draw).values()
    scores, counts, square = trial.run(confusion, beta=beta), exact(confusion), Fraction(beta) ** 2
    found = (1 + square) * counts.diagonal()
    missed, unasked = (counts.sum(axis=axis) - counts.diagonal() for axis in (0, 1))
    trial.agree(scores * (found + square * missed + unasked), found)


@law(f_score)
def f_score_is_averaged_as_asked(draw: Draw, trial: Trial) -> None:
    """The mean of the classes' scores, not the score of their means."""
    confusion, beta, _ = f_score(draw).values()
    each = trial.run(confusion, beta=beta)
    trial.agree(len(confusion) * trial.run(confusion, beta=beta, average="macro"), each.sum())
