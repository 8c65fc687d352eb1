"""The five algorithms as TensorFlow graphs, from tensors to tensors; gradients are TensorFlow's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf


def perceptron_sgd(features: Any, labels: Any, *, epochs: int, learning_rate: float) -> tuple[Any, ...]:
    (count, width), dtype = features.shape, features.dtype
    examples = tf.concat([features, -tf.ones([count, 1], dtype)], 1) * tf.cast(labels, dtype)[:, None]

    def unfinished(step: Any, right_in_a_row: Any, *_: Any) -> Any:
        return tf.logical_and(step < epochs * count, right_in_a_row < count)

    def look_at_next(step: Any, right_in_a_row: Any, weights: Any, before: Any, activations: Any, updated: Any) -> Any:
        example = examples[step % count]
        activation = tf.tensordot(example, weights, 1)
        wrong = activation <= 0
        record = before.write(step, weights), activations.write(step, activation), updated.write(step, wrong)
        weights = tf.where(wrong, weights + learning_rate * example, weights)
        return step + 1, tf.where(wrong, 0, right_in_a_row + 1), weights, *record

    kinds = (dtype, [width + 1]), (dtype, []), (tf.bool, [])
    record = [tf.TensorArray(kind, epochs * count, element_shape=shape) for kind, shape in kinds]
    start = tf.constant(0), tf.constant(0), tf.zeros(width + 1, dtype), *record
    steps, _, weights, *record = tf.while_loop(unfinished, look_at_next, start)
    looked_at = tf.range(steps)
    before, activations, updated = (column.gather(looked_at) for column in record)
    return weights, before, tf.gather(examples, looked_at % count), activations, updated


def conv2d(images: Any, filters: Any, *, strides: int = 1, padding: str = "valid") -> Any:
    return tf.nn.conv2d(images, filters, strides, padding.upper())


def max_pool2d(images: Any, *, pool_size: int = 2, strides: int | None = None, padding: str = "valid") -> Any:
    return tf.nn.max_pool2d(images, pool_size, strides or pool_size, padding.upper())


def forward_pass(inputs: Any, weights: Sequence[Any], biases: Sequence[Any]) -> tuple[Any, Any]:
    weighted_sums, activations = [], [inputs]
    for layer, (matrix, bias) in enumerate(zip(weights, biases, strict=True), 1):
        weighted_sums.append(tf.nn.bias_add(tf.matmul(activations[-1], matrix), bias))
        activations.append((tf.nn.softmax if layer == len(weights) else tf.nn.relu)(weighted_sums[-1]))
    return tuple(weighted_sums), tuple(activations[1:])


def backpropagation(
    inputs: Any, weights: Sequence[Any], biases: Sequence[Any], labels: Any
) -> tuple[Any, tuple[Any, ...], tuple[Any, ...]]:
    parameters = [*weights, *biases]
    with tf.GradientTape() as tape:
        tape.watch(parameters)
        logits = forward_pass(inputs, weights, biases)[0][-1]
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=labels, logits=logits))
    gradients = tape.gradient(loss, parameters)
    return loss, tuple(gradients[: len(weights)]), tuple(gradients[len(weights) :])
