"""A convolutional network and its gradients, as TensorFlow's tape finds them.

TensorFlow has its layers and no such function: what our composition of them is given, it checks itself.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from conformance.deviations import Deviation
from conformance.implementations.numpy.convolutional_network import require_convolutional_network
from conformance.implementations.tensorflow.calls import SINCE, numbers
from conformance.implementations.tensorflow.regularization import dropped
from conformance.outcomes import Severity

__all__ = ["convolutional_backpropagation"]


def convolutional_backpropagation(
    images: Any,
    filters: tuple[Any, ...],
    filter_biases: tuple[Any, ...],
    weights: tuple[Any, ...],
    biases: tuple[Any, ...],
    labels: Any,
    mask: Any,
    *,
    strides: tuple[int, ...],
    rate: Any,
) -> Any:
    require_convolutional_network(images, filters, filter_biases, weights, biases, labels, mask, strides, rate)
    groups = [list(map(tf.constant, group)) for group in (filters, filter_biases, weights, biases)]
    with tf.GradientTape() as tape:
        tape.watch(groups)
        logits = logits_of(images, *groups, mask=mask, strides=strides, rate=rate)
        losses = tf.nn.softmax_cross_entropy_with_logits(labels, logits)
        loss = tf.reduce_mean(losses)
    gradients = tape.gradient(loss, groups)
    return loss.numpy(), *(tuple(gradient.numpy() for gradient in group) for group in gradients)


def logits_of(
    images: Any, filters: Any, filter_biases: Any, weights: Any, biases: Any, *, mask: Any, strides: Any, rate: Any
) -> Any:
    for those, bias, stride in zip(filters, filter_biases, strides, strict=True):
        images = tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(images, those, stride, "SAME"), bias))
    inputs = tf.reshape(images, (len(images), -1))
    for matrix, bias in zip(weights[:-1], biases[:-1], strict=True):
        inputs = tf.nn.relu(tf.nn.bias_add(tf.matmul(inputs, matrix), bias))
    return tf.nn.bias_add(tf.matmul(dropped(inputs, mask, rate), weights[-1]), biases[-1])


def beyond_finite(images: Any, filters: Any, filter_biases: Any, weights: Any, biases: Any, **_: Any) -> bool:
    """Whether something is infinite or NaN, or so large that it may become infinite on the way."""
    largest = float(np.finfo(images.dtype).max) ** (1 / (len(filters) + len(weights) + 1))
    arrays = [np.abs(array) for array in (images, *filters, *filter_biases, *weights, *biases)]
    return not all(bool((array <= largest).all()) for array in arrays)


KNOWN_DEVIATIONS = [
    Deviation(
        operation="convolutional_backpropagation",
        reason="relu multiplies its cotangent by 0 or 1 instead of selecting it, so that 0·∞ and 0·NaN become NaN",
        severity=Severity.SPECIAL_VALUES,
        calls=beyond_finite,
        smallest={
            "images": numbers(1, 1, 1, 1),
            "filters": (numbers(1, 1, 1, 1),),
            "filter_biases": (numbers(1),),
            "weights": (-numbers(1, 1), np.array([[np.inf]])),
            "biases": (0 * numbers(1), 0 * numbers(1)),
            "labels": numbers(1, 1),
            "mask": np.ones((1, 1), int),
            "strides": (1,),
            "rate": 0.0,
        },
        instead="NaN",
        since=SINCE,
    ),
]
