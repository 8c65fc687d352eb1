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
from reference.alternatives import multiplied_out_binary_cross_entropy_vjp, relu_binary_cross_entropy_with_logits

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_vjp",
    "binary_cross_entropy_with_logits",
    "binary_cross_entropy_with_logits_vjp",
    "cross_entropy",
    "cross_entropy_vjp",
    "empirical_loss",
    "mean_squared_error",
    "mean_squared_error_vjp",
    "negative_log_likelihood",
    "negative_log_likelihood_vjp",
    "softmax_cross_entropy_with_logits",
    "softmax_cross_entropy_with_logits_vjp",
    "sparse_softmax_cross_entropy_with_logits",
    "sparse_softmax_cross_entropy_with_logits_vjp",
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


def sparse_softmax_cross_entropy_with_logits(logits: Any, labels: Any) -> Any:
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels=indices(labels), logits=logits).numpy()


def sparse_softmax_cross_entropy_with_logits_vjp(logits: Any, labels: Any, cotangent: Any) -> Any:
    def loss(z: Any) -> Any:
        return tf.nn.sparse_softmax_cross_entropy_with_logits(labels=indices(labels), logits=z)

    return vjp(loss, (logits,), cotangent)[0]


def negative_log_likelihood(log_probabilities: Any, labels: Any) -> Any:
    return -tf.gather(log_probabilities, indices(labels), axis=1, batch_dims=1).numpy()


def negative_log_likelihood_vjp(log_probabilities: Any, labels: Any, cotangent: Any) -> Any:
    return vjp(lambda x: -tf.gather(x, indices(labels), axis=1, batch_dims=1), (log_probabilities,), cotangent)[0]


def indices(labels: Any) -> Any:
    """TensorFlow takes indices of 32 and 64 bits; a user whose labels have fewer gives them more."""
    whole = isinstance(labels, np.ndarray) and labels.dtype.kind in "iu"
    return labels.astype(np.int64) if whole else labels


def binary_cross_entropy(probabilities: Any, labels: Any) -> Any:
    return of_each_entry(probabilities, labels).numpy()


def binary_cross_entropy_vjp(probabilities: Any, labels: Any, cotangent: Any) -> Any:
    return vjp(lambda p: of_each_entry(p, labels), (probabilities,), cotangent)[0]


def of_each_entry(probabilities: Any, labels: Any) -> Any:
    """As for `cross_entropy`; Keras's loss keeps probabilities away from 0 and 1, and has others for those."""
    return -(tf.math.xlogy(labels, probabilities) + tf.math.xlog1py(1 - labels, -probabilities))


def binary_cross_entropy_with_logits(logits: Any, labels: Any) -> Any:
    return tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits).numpy()


def binary_cross_entropy_with_logits_vjp(logits: Any, labels: Any, cotangent: Any) -> Any:
    return vjp(lambda z: tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=z), (logits,), cotangent)[0]


def empirical_loss(losses: Any) -> Any:
    return tf.reduce_mean(losses).numpy()


def mean_squared_error(predictions: Any, targets: Any) -> Any:
    return of_each_example(predictions, targets).numpy()


def mean_squared_error_vjp(predictions: Any, targets: Any, cotangent: Any) -> Any:
    return vjp(lambda x: of_each_example(x, targets), (predictions,), cotangent)[0]


def of_each_example(predictions: Any, targets: Any) -> Any:
    """As the slide has it, but for the axis: there the mean is over the examples, too."""
    return tf.reduce_mean(tf.square(tf.subtract(targets, predictions)), axis=-1)


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


def cotangent_is_broadcast(logits: Any, labels: Any, cotangent: Any) -> bool:
    """Whether TensorFlow finds a gradient for a cotangent that isn't one number an example."""
    np.broadcast_shapes((*shape(cotangent), 1), shape(logits))
    return shape(cotangent) != shape(labels)


def rows_are_gathered(log_probabilities: Any, labels: Any) -> bool:
    """Whether TensorFlow takes entries of these by their indices, which aren't those of rows."""
    scores, indices = shape(log_probabilities), shape(labels)
    fits = len(scores) == 2 and indices == scores[:1] and 0 not in scores
    return len(scores) >= 2 and len(indices) >= 1 and scores[0] == indices[0] and not fits


def gathered_gradient_is_defined(log_probabilities: Any, labels: Any, cotangent: Any) -> bool:
    scores, indices = shape(log_probabilities), shape(labels)
    fits = not rows_are_gathered(log_probabilities, labels) and len(scores) == 2 and indices == scores[:1]
    taken = math.prod((*indices, *scores[2:]))
    same_number = math.prod(shape(cotangent)) == taken and len(scores) >= 2 and scores[:1] == indices[:1]
    return same_number and not (fits and shape(cotangent) == indices)


def entries_are_broadcast(probabilities: Any, labels: Any) -> bool:
    """Whether TensorFlow makes arrays of one shape of these, which they aren't of, or of a shape without entries."""
    both = shape(probabilities), shape(labels)
    wide = np.broadcast_shapes(*both)
    return both != (wide, wide) or wide == () or 0 in wide


def entry_gradient_is_defined(probabilities: Any, labels: Any, cotangent: Any) -> bool:
    """Whether TensorFlow finds a gradient for arrays that aren't all of one shape, or of one without entries."""
    wide = np.broadcast_shapes(shape(probabilities), shape(labels))
    same = shape(cotangent) == wide and not entries_are_broadcast(probabilities, labels)
    return math.prod(shape(cotangent)) == math.prod(wide) and not same


def another_shape_of_as_many(logits: Any, labels: Any, cotangent: Any) -> bool:
    same = shape(logits) == shape(labels)
    return same and shape(cotangent) != shape(labels) and np.size(cotangent) == np.size(labels)


ALGORITHMS = {
    "binary_cross_entropy_with_logits": relu_binary_cross_entropy_with_logits,
    "binary_cross_entropy_vjp": multiplied_out_binary_cross_entropy_vjp,
}

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
        "sparse_softmax_cross_entropy_with_logits_vjp",
        "a cotangent is broadcast to the losses",
        cotangent_is_broadcast,
        {"logits": numbers(2, 2), "labels": np.zeros(2, np.int64), "cotangent": numbers(1)},
        "the gradient for one cotangent for all",
    ),
    leniency(
        "negative_log_likelihood",
        "indices may have further axes, and so may log-probabilities; a batch may be empty",
        rows_are_gathered,
        {"log_probabilities": numbers(1, 1, 1), "labels": np.zeros(1, np.int64)},
        "an entry of the second axis for each index",
    ),
    leniency(
        "negative_log_likelihood_vjp",
        "a cotangent need only have as many elements as there are losses; indices may have further axes",
        gathered_gradient_is_defined,
        {"log_probabilities": numbers(1, 1), "labels": np.zeros(1, np.int64), "cotangent": numbers(1, 1)},
        "the gradient, with the elements paired in the order in which they lie in memory",
    ),
    leniency(
        "binary_cross_entropy",
        "arrays are broadcast to each other, and may be empty",
        entries_are_broadcast,
        {"probabilities": numbers(1, 2) / 2, "labels": numbers(2)},
        "the losses of arrays of the larger shape",
    ),
    leniency(
        "binary_cross_entropy_vjp",
        "arrays are broadcast to each other, and a cotangent need only have as many elements",
        entry_gradient_is_defined,
        {"probabilities": numbers(2) / 2, "labels": numbers(2), "cotangent": numbers(1, 2)},
        "the gradient, with the elements paired in the order in which they lie in memory",
    ),
    leniency(
        "binary_cross_entropy_with_logits_vjp",
        "a cotangent need only have as many elements as the input, whatever its shape",
        another_shape_of_as_many,
        {"logits": numbers(2), "labels": numbers(2), "cotangent": numbers(1, 2)},
        "the gradient, with the elements paired in the order in which they lie in memory",
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
