"""Baselines: where the margin is, and which way a gradient points."""

from __future__ import annotations

import numpy as np

from conformance.implementations import numpy as base
from conformance.implementations.numpy.arguments import Array
from tests.conformance.power.entering import BAD_INPUT, BOUND, GRADIENTS, LATTICE, LAWS, right, wrong
from tests.conformance.power.pieces import through_a_wider_format

# --- wrong ------------------------------------------------------------------------------------------------------------

CALL = {"scores": np.array([0.5, -0.5, 2.0, 3.0]), "labels": np.array([1, 1, -1, 1])}
CALL_VJP = {**CALL, "cotangent": np.array([1.0, 2.0, 3.0, 4.0])}


@wrong("hinge_loss", LATTICE, BOUND, LAWS, witness=CALL)
def no_margin(scores: Array, labels: Array) -> Array:
    """The perceptron's loss: what is just about right costs nothing."""
    return np.maximum(0, -labels.astype(scores.dtype) * scores)


@wrong("hinge_loss", LATTICE, BOUND, witness=CALL)
def labels_taken_the_other_way(scores: Array, labels: Array) -> Array:
    """1 + y·s."""
    return np.maximum(0, 1 + labels.astype(scores.dtype) * scores)


@wrong("hinge_loss", LATTICE, BOUND, LAWS, witness=CALL)
def squared_hinge(scores: Array, labels: Array) -> Array:
    """The smooth one."""
    return base.hinge_loss(scores, labels) ** 2


@wrong("hinge_loss", LATTICE, BOUND, LAWS, witness=CALL)
def not_cut_off(scores: Array, labels: Array) -> Array:
    """Examples beyond the margin are paid for."""
    return 1 - labels.astype(scores.dtype) * scores


@wrong("hinge_loss", f"{BAD_INPUT}: labels is refused", cases=200)
def labels_of_any_size(scores: Array, labels: Array) -> Array:
    """Their sign is what counts."""
    numbers = isinstance(labels, np.ndarray) and labels.dtype.kind == "i"
    return base.hinge_loss(scores, np.sign(labels) if numbers else labels)


@wrong("hinge_loss_vjp", LATTICE, BOUND, LAWS, GRADIENTS, witness=CALL_VJP)
def gradient_uphill(scores: Array, labels: Array, cotangent: Array) -> Array:
    """The label's sign isn't turned."""
    return -base.hinge_loss_vjp(scores, labels, cotangent)


@wrong("hinge_loss_vjp", LATTICE, BOUND, GRADIENTS, witness=CALL_VJP)
def gradient_of_mistakes_only(scores: Array, labels: Array, cotangent: Array) -> Array:
    """The margin is left out of the condition."""
    signs = labels.astype(scores.dtype)
    return np.where(signs * scores <= 0, -signs * cotangent, scores.dtype.type(0))


@wrong("hinge_loss_vjp", LATTICE, BOUND, LAWS, witness=CALL_VJP)
def gradient_beyond_the_margin(scores: Array, labels: Array, cotangent: Array) -> Array:
    """All examples have a part in it."""
    return -labels.astype(scores.dtype) * cotangent


@wrong("hinge_loss_vjp", LATTICE, BOUND, LAWS, witness=CALL_VJP)
def cotangent_left_out(scores: Array, labels: Array, cotangent: Array) -> Array:
    """Every loss is taken to weigh 1."""
    return base.hinge_loss_vjp(scores, labels, np.ones_like(cotangent))


# --- right ------------------------------------------------------------------------------------------------------------


through_a_wider_format("hinge_loss")


@right("hinge_loss")
def hinge_by_cases(scores: Array, labels: Array) -> Array:
    """1 - s where the label is +1, 1 + s where it is -1."""
    lacking = np.where(labels == 1, 1 - scores, 1 + scores)
    return np.where(lacking < 0, scores.dtype.type(0), lacking)


@right("hinge_loss_vjp")
def any_slope_at_the_margin(scores: Array, labels: Array, cotangent: Array) -> Array:
    """On the kink itself the whole gradient, which is a subgradient as well."""
    signs = labels.astype(scores.dtype)
    return np.where(1 - signs * scores >= 0, -signs * cotangent, scores.dtype.type(0))
