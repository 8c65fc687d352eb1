"""Whole networks and their gradients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from conformance.deviations import Deviation
from conformance.implementations.tensorflow.calls import (
    SINCE,
    Shape,
    leniency,
    none_as_nan,
    numbers,
    shape,
)
from conformance.implementations.tensorflow.environment import ONEDNN, WITH_ONEDNN
from conformance.implementations.tensorflow.losses import labels_fit, rows_and_classes
from conformance.implementations.tensorflow.softmax import partly_undefined_row
from conformance.outcomes import Severity

__all__ = ["backpropagation", "forward_pass"]


def forward_pass(inputs: Any, weights: tuple[Any, ...], biases: tuple[Any, ...]) -> tuple[Any, Any]:
    weighted_sums, activations = layers(inputs, weights, biases)
    return tuple(z.numpy() for z in weighted_sums), tuple(a.numpy() for a in activations)


def backpropagation(
    inputs: Any, weights: tuple[Any, ...], biases: tuple[Any, ...], labels: Any
) -> tuple[Any, Any, Any]:
    parameters = [tf.constant(array) for array in (*weights, *biases)]
    with tf.GradientTape() as tape:
        tape.watch(parameters)
        weighted_sums, _ = layers(inputs, parameters[: len(weights)], parameters[len(weights) :])
        losses = tf.nn.softmax_cross_entropy_with_logits(labels=labels, logits=weighted_sums[-1])
        loss = tf.reduce_mean(losses)
    gradients = [gradient.numpy() for gradient in tape.gradient(loss, parameters)]
    return loss.numpy(), tuple(gradients[: len(weights)]), tuple(gradients[len(weights) :])


def layers(inputs: Any, weights: Sequence[Any], biases: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    weighted_sums: list[Any] = []
    activations: list[Any] = []
    for layer, (matrix, bias) in enumerate(zip(weights, biases, strict=True)):
        weighted_sums.append(tf.nn.bias_add(tf.matmul(inputs, matrix), bias))
        inputs = (tf.nn.softmax if layer == len(weights) - 1 else tf.nn.relu)(weighted_sums[-1])
        activations.append(inputs)
    return weighted_sums, activations


def shape_of_logits(inputs: Any, weights: Any, biases: Any) -> Shape:
    """The last layer's shape, whatever the number of the inputs' axes; raises if the layers don't fit."""
    *batches, features = shape(inputs)
    for matrix, bias in zip(weights, biases, strict=True):
        own_features, units = shape(matrix)
        if not batches or features != own_features or shape(bias) != (units,):
            raise ValueError("the layers don't fit")
        features = units
    return (*batches, features)


def is_batched(inputs: Any, weights: Any, biases: Any) -> bool:
    axes = shape_of_logits(inputs, weights, biases)
    return len(axes) > 2 or 0 in axes


def broadcast_labels(inputs: Any, weights: Any, biases: Any, labels: Any) -> bool:
    logits = np.empty(shape_of_logits(inputs, weights, biases))
    (rows, classes), (label_rows, label_classes) = rows_and_classes(logits), rows_and_classes(labels)
    return label_rows in (rows, 1) and label_classes in (classes, 1) and not labels_fit(logits, labels)


def layers_in_a_list(weights: Any, biases: Any, **_: Any) -> bool:
    return isinstance(weights, list) or isinstance(biases, list)


def batches_of_weights(weights: Any, **_: Any) -> bool:
    return any(len(shape(matrix)) > 2 for matrix in weights)


def last_weighted_sums(inputs: Any, weights: Any, biases: Any) -> Any:
    with np.errstate(all="ignore"):
        for matrix, bias in zip(weights[:-1], biases[:-1], strict=True):
            inputs = np.maximum(inputs @ matrix + bias, 0)
        return inputs @ weights[-1] + biases[-1]


def beyond_finite(inputs: Any, weights: Any, biases: Any, labels: Any) -> bool:
    """Whether something infinite or NaN, or so large that it may become infinite, comes back to a hidden layer."""
    largest = float(np.sqrt(np.finfo(inputs.dtype).max))
    sizes = [np.abs(array) for array in (inputs, *weights, *biases)]
    return len(weights) > 1 and not all(bool((size <= largest).all()) for size in sizes)


CALL = {"inputs": numbers(1, 1), "weights": (numbers(1, 1),), "biases": (numbers(1),)}
CALL_BACK = {**CALL, "labels": numbers(1, 1)}

KNOWN_DEVIATIONS = [
    Deviation(
        operation="backpropagation",
        reason="relu multiplies its cotangent by 0 or 1 instead of selecting it, so that 0·∞ and 0·NaN become NaN",
        severity=Severity.SPECIAL_VALUES,
        calls=beyond_finite,
        smallest={
            "inputs": numbers(1, 1),
            "weights": (-numbers(1, 1), np.array([[np.nan]])),
            "biases": (0 * numbers(1), 0 * numbers(1)),
            "labels": numbers(1, 1),
        },
        instead="NaN",
        since=SINCE,
    ),
    *(
        leniency(operation, "layers may be in a list", layers_in_a_list, {**call, "biases": [numbers(1)]}, instead)
        for operation, call, instead in (
            ("forward_pass", CALL, "the forward pass"),
            ("backpropagation", CALL_BACK, "the loss and its gradients"),
        )
    ),
    *(
        leniency(
            operation,
            "further axes of weights are taken for batches",
            batches_of_weights,
            {**call, "weights": (numbers(1, 1, 1),)},
            instead,
        )
        for operation, call, instead in (
            ("forward_pass", CALL, "a forward pass with each batch of weights"),
            ("backpropagation", CALL_BACK, "the mean loss over everything, and its gradients"),
        )
    ),
    none_as_nan("forward_pass", {**CALL, "biases": (np.array([None]),)}),
    leniency(
        "forward_pass",
        "further axes are taken for batches, and a batch may be empty",
        is_batched,
        {"inputs": numbers(1, 1, 1), "weights": (numbers(1, 1),), "biases": (numbers(1),)},
        "a forward pass of each batch",
    ),
    leniency(
        "backpropagation",
        "further axes are taken for batches, labels are broadcast, and a batch may be empty",
        broadcast_labels,
        {"inputs": numbers(1, 1), "weights": (numbers(1, 2),), "biases": (numbers(2),), "labels": numbers(2)},
        "the mean loss over everything, and its gradients; NaN and zeros for no examples",
    ),
    Deviation(
        operation="forward_pass",
        reason="where the last layer's weighted sums have NaN or +∞ in a row, some probabilities become 0",
        severity=Severity.SPECIAL_VALUES,
        calls=lambda inputs, weights, biases: partly_undefined_row(last_weighted_sums(inputs, weights, biases)),
        smallest={"inputs": numbers(1, 1), "weights": (numbers(1, 3),), "biases": (np.array([np.nan, 0, 1]),)},
        instead="probabilities [NaN, 0, 0]",
        since=SINCE,
        dtypes=("float32",),
        here=ONEDNN,
        where=WITH_ONEDNN,
    ),
]
