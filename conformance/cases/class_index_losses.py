"""Drawing losses whose labels name a class, and their laws."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.cases.losses import BATCH
from conformance.declarations import case, law
from conformance.drawing import CLASSES, Draw
from conformance.lanes.reading import Axes
from conformance.laws import Trial, exact
from conformance.spaces import Configuration

INDEXED = Axes(("N K", "N"), ("N",), "N", indices=(1,))
INDEXED_GRADIENTS = Axes(("N K", "N", "N"), ("N K",), "N", indices=(1,))


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
