"""Losses and their gradients."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import tensorflow as tf

from conformance.deviations import Deviation
from conformance.implementations.tensorflow.calls import (
    SINCE,
    is_empty,
    leniency,
    none_as_nan,
    numbers,
    shape,
)
from conformance.implementations.tensorflow.tape import vjp
from conformance.outcomes import Severity

__all__ = [
    "cross_entropy",
    "cross_entropy_vjp",
    "empirical_loss",
    "empirical_loss_vjp",
    "mean_squared_error",
    "mean_squared_error_vjp",
    "softmax_cross_entropy_with_logits",
    "softmax_cross_entropy_with_logits_vjp",
]


def cross_entropy(probabilities: Any, labels: Any) -> Any:
    return -tf.reduce_sum(tf.math.xlogy(labels, probabilities), axis=-1).numpy()


def cross_entropy_vjp(probabilities: Any, labels: Any, cotangent: Any) -> Any:
    def loss(p: Any) -> Any:
        return -tf.reduce_sum(tf.math.xlogy(labels, p), axis=-1)

    return vjp(loss, (probabilities,), cotangent)[0]


def softmax_cross_entropy_with_logits(logits: Any, labels: Any) -> Any:
    return tf.nn.softmax_cross_entropy_with_logits(labels=labels, logits=logits).numpy()


def softmax_cross_entropy_with_logits_vjp(logits: Any, labels: Any, cotangent: Any) -> Any:
    def loss(z: Any) -> Any:
        return tf.nn.softmax_cross_entropy_with_logits(labels=labels, logits=z)

    return vjp(loss, (logits,), cotangent)[0]


def empirical_loss(losses: Any) -> Any:
    return tf.reduce_mean(losses).numpy()


def empirical_loss_vjp(losses: Any, cotangent: Any) -> Any:
    return vjp(tf.reduce_mean, (losses,), cotangent)[0]


def mean_squared_error(predictions: Any, targets: Any) -> Any:
    return of_each_example(predictions, targets).numpy()


def mean_squared_error_vjp(predictions: Any, targets: Any, cotangent: Any) -> Any:
    return vjp(lambda x: of_each_example(x, targets), (predictions,), cotangent)[0]


def of_each_example(predictions: Any, targets: Any) -> Any:
    """As the slide has it, but for the axis: there the mean is over the examples, too."""
    return tf.reduce_mean(tf.square(tf.subtract(targets, predictions)), axis=-1)


def mean_gradient_is_defined(losses: Any, cotangent: Any) -> bool:
    """Whether TensorFlow shares a gradient out, of another shape than a mean's or among what is no list of losses."""
    fits = len(shape(losses)) == 1 and not is_empty(losses) and shape(cotangent) == ()
    return math.prod(shape(cotangent)) == 1 and np.asarray(losses).dtype.kind == "f" and not fits


def broadcast_rows(probabilities: Any, labels: Any) -> bool:
    both = shape(probabilities), shape(labels)
    wide = np.broadcast_shapes(*both)
    return len(wide) > 0 and not (both == (wide, wide) and len(wide) == 2 and 0 not in wide)


def rows_and_classes(array: Any) -> tuple[int, int]:
    """What TensorFlow makes of an array of any number of axes: all but the last are examples."""
    *axes, classes = shape(array)
    return math.prod(axes), classes


def loss_is_defined(logits: Any, labels: Any) -> bool:
    """Whether TensorFlow's loss takes these: labels of one row or one class serve for all, logits of one class too."""
    (rows, classes), (label_rows, label_classes) = rows_and_classes(logits), rows_and_classes(labels)
    return label_rows in (rows, 1) and (classes == label_classes or 1 in (classes, label_classes))


def labels_fit(logits: Any, labels: Any) -> bool:
    return shape(logits) == shape(labels) and logits.ndim == 2 and logits.size > 0


def gradient_is_defined(logits: Any, labels: Any, cotangent: Any) -> bool:
    shape(cotangent)
    wide_labels = rows_and_classes(labels)[1] not in (1, rows_and_classes(logits)[1])
    return loss_is_defined(logits, labels) and not wide_labels and np.size(cotangent) == rows_and_classes(logits)[0]


def row_gradient_is_defined(outputs: Any, labels: Any, cotangent: Any) -> bool:
    """Whether TensorFlow finds the gradient of a sum over the last axis for what aren't rows of one shape."""
    wide = np.broadcast_shapes(shape(outputs), shape(labels))
    defined = len(wide) > 0 and math.prod(shape(cotangent)) == math.prod(wide[:-1])
    fits = shape(outputs) == shape(labels) == wide and len(wide) == 2 and 0 not in wide
    return defined and not (fits and shape(cotangent) == wide[:1])


BROADCASTING = "rows, classes and further axes are broadcast, and a batch may be empty"


KNOWN_DEVIATIONS = [
    Deviation(
        operation="softmax_cross_entropy_with_logits_vjp",
        reason="the gradient is prediction minus label, also where labels don't sum to 1",
        severity=Severity.WRONG_NUMBERS,
        calls=lambda logits, labels, cotangent: bool((labels.sum(axis=-1) != 1).any()),
        smallest={"logits": numbers(1, 1), "labels": 2 * numbers(1, 1), "cotangent": numbers(1)},
        instead="-1, where it is 0",
        since=SINCE,
    ),
    leniency(
        "empirical_loss",
        "losses may have any axes or none, and an empty array's mean is NaN",
        lambda losses: len(shape(losses)) != 1 or is_empty(losses),
        {"losses": numbers(1, 1)},
        "the mean of all numbers",
    ),
    leniency(
        "empirical_loss_vjp",
        "losses may have any axes or none, or be empty, and a cotangent any axes of one number",
        mean_gradient_is_defined,
        {"losses": numbers(2), "cotangent": numbers(1)},
        "an equal share for each number",
    ),
    leniency(
        "mean_squared_error",
        BROADCASTING,
        lambda predictions, targets: broadcast_rows(predictions, targets),
        {"predictions": numbers(1, 2), "targets": numbers(2)},
        "the loss of the arrays broadcast to each other",
    ),
    leniency(
        "mean_squared_error_vjp",
        BROADCASTING,
        lambda predictions, targets, cotangent: row_gradient_is_defined(predictions, targets, cotangent),
        {"predictions": numbers(1, 2), "targets": numbers(2), "cotangent": numbers(1)},
        "the gradient of the loss of the arrays broadcast to each other",
    ),
    leniency(
        "cross_entropy_vjp",
        BROADCASTING,
        lambda probabilities, labels, cotangent: row_gradient_is_defined(probabilities, labels, cotangent),
        {"probabilities": numbers(1, 2), "labels": numbers(2), "cotangent": numbers(1)},
        "the gradient of the loss of the arrays broadcast to each other",
    ),
    leniency(
        "cross_entropy",
        BROADCASTING,
        broadcast_rows,
        {"probabilities": numbers(1, 2), "labels": numbers(2)},
        "the loss of the arrays broadcast to each other",
    ),
    none_as_nan("mean_squared_error", {"predictions": np.array([[None]]), "targets": numbers(1, 1)}),
    none_as_nan(
        "mean_squared_error_vjp",
        {"predictions": numbers(1, 1), "targets": np.array([[None]]), "cotangent": numbers(1)},
    ),
    none_as_nan(
        "cross_entropy_vjp",
        {"probabilities": numbers(1, 1), "labels": np.array([[None]]), "cotangent": numbers(1)},
    ),
    none_as_nan("cross_entropy", {"probabilities": np.array([[None]]), "labels": numbers(1, 1)}),
    leniency(
        "softmax_cross_entropy_with_logits",
        BROADCASTING,
        lambda logits, labels: loss_is_defined(logits, labels) and not labels_fit(logits, labels),
        {"logits": numbers(1, 2), "labels": numbers(2)},
        "the loss of the labels broadcast to the logits, or the other way round",
    ),
    leniency(
        "softmax_cross_entropy_with_logits_vjp",
        BROADCASTING,
        lambda logits, labels, cotangent: (
            gradient_is_defined(logits, labels, cotangent)
            and not (labels_fit(logits, labels) and shape(cotangent) == (len(logits),))
        ),
        {"logits": numbers(1, 2), "labels": numbers(2), "cotangent": numbers(1)},
        "the gradient of the loss of the labels broadcast to the logits",
    ),
]
