"""Baselines: Keras's hinge loss."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import tensorflow as tf

from conformance.implementations.numpy.baselines import hinge_loss as strict_hinge_loss
from conformance.implementations.tensorflow.calls import Shape, leniency, numbers, shape
from conformance.implementations.tensorflow.tape import vjp
from reference.errors import InvalidArgument

__all__ = ["hinge_loss", "hinge_loss_vjp"]


def hinge_loss(scores: Any, labels: Any) -> Any:
    return hinge(scores, labels).numpy()


def hinge_loss_vjp(scores: Any, labels: Any, cotangent: Any) -> Any:
    return vjp(lambda s: hinge(s, labels), (scores,), cotangent)[0]


def hinge(scores: Any, labels: Any) -> Any:
    # Keras takes the mean over the last axis: here one score for each example.
    return tf.keras.losses.hinge(labels[:, None], scores[:, None])


def shape_of_losses(scores: Any, labels: Any) -> Shape:
    """The shape of what Keras makes of scores and labels of any number of axes; raises if they can't be broadcast."""
    columns = [(axes[0], 1, *axes[1:]) for axes in (shape(scores), shape(labels))]
    return np.broadcast_shapes(*columns)[:-1]


def has_losses(scores: Any, labels: Any) -> bool:
    return len(shape_of_losses(scores, labels)) > 0 and scores.dtype.kind == "f"


def has_gradient(scores: Any, labels: Any, cotangent: Any) -> bool:
    """Whether TensorFlow has a gradient: of the cotangent only the number of its numbers matters."""
    count = math.prod(shape_of_losses(scores, labels))
    shape(cotangent)
    # A number that is no array becomes a float32; integers are taken beside the floats that they were seen with.
    dtype = "float32" if isinstance(cotangent, float) else cotangent.dtype.name
    fits = dtype in {"float32": ("float32", "int8"), "float64": ("float64", "int32", "int64")}[scores.dtype.name]
    return has_losses(scores, labels) and fits and np.size(cotangent) == count


def is_refused(scores: Any, labels: Any) -> bool:
    """Whether the reference has no losses of them."""
    try:
        strict_hinge_loss(scores, labels)
    except InvalidArgument:
        return True
    return False


ANYTHING = "labels may be any numbers, scores and labels are broadcast to each other, and a batch may be empty"
CALL = {"scores": numbers(1), "labels": np.array([3])}

KNOWN_DEVIATIONS = [
    leniency(
        "hinge_loss",
        ANYTHING,
        lambda scores, labels: has_losses(scores, labels) and is_refused(scores, labels),
        CALL,
        "the losses of what they are broadcast to",
    ),
    leniency(
        "hinge_loss_vjp",
        ANYTHING,
        lambda scores, labels, cotangent: (
            has_gradient(scores, labels, cotangent)
            and (is_refused(scores, labels) or shape(cotangent) != shape(scores))
        ),
        {**CALL, "cotangent": numbers(1)},
        "the gradients of those losses",
    ),
]
