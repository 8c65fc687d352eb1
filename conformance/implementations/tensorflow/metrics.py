"""Confusion matrices. Keras's metrics count from labels and predictions, and none is read off such a matrix."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from conformance.implementations.numpy.metrics import confusion_matrix as strict_confusion_matrix
from conformance.implementations.tensorflow.calls import leniency, numbers, shape
from reference.errors import InvalidArgument

__all__ = ["confusion_matrix"]


def confusion_matrix(predictions: Any, labels: Any, weights: Any = None, *, classes: int) -> Any:
    dtype = tf.int64 if weights is None else weights.dtype
    # TensorFlow has a row for each label.
    return tf.transpose(tf.math.confusion_matrix(labels, predictions, classes, weights, dtype)).numpy()


def is_counted(predictions: Any, labels: Any, weights: Any, classes: Any) -> bool:
    """Whether TensorFlow counts: it cuts indices down to integers, and drops a last axis of length 1."""
    axes = len(shape(predictions)) - len(shape(labels))
    if axes == 1 and predictions.shape[-1] == 1:
        predictions = predictions[..., 0]
    if axes == -1 and labels.shape[-1] == 1:
        labels = labels[..., 0]
    rows, columns = np.trunc(predictions), np.trunc(labels)
    count = max(rows.max(), columns.max()) + 1 if classes is None else int(classes)
    inside = all(((indices >= 0) & (indices < count)).all() for indices in (rows, columns))
    weighed = weights.dtype.kind in "fiU"
    return inside and weighed and rows.shape == columns.shape == weights.shape == (rows.size,)


def is_refused(**call: Any) -> bool:
    """Whether the reference has nothing to count."""
    try:
        strict_confusion_matrix(**call)
    except InvalidArgument:
        return True
    return False


KNOWN_DEVIATIONS = [
    leniency(
        "confusion_matrix",
        "indices and the number of classes are cut down to integers, an axis of length 1 is dropped, without classes "
        "the largest index decides, and weights may be texts",
        lambda **call: is_counted(**call) and is_refused(**call),
        {"predictions": np.array([0.5]), "labels": np.array([0]), "weights": numbers(1), "classes": 1},
        "the matrix of what became of them",
    )
]
