"""What TensorFlow's users write, from tensors to tensors; gradients are TensorFlow's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
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


def conv2d(images: Any, filters: Any, *, strides: Any = 1, padding: str = "valid") -> Any:
    return tf.nn.conv2d(images, filters, strides, padding.upper())


def conv2d_vjp(images: Any, filters: Any, cotangent: Any, **settings: Any) -> Any:
    return gradients(partial(conv2d, **settings), (images, filters), cotangent)


def max_pool2d(images: Any, *, pool_size: Any = 2, strides: Any = None, padding: str = "valid") -> Any:
    return tf.nn.max_pool2d(images, pool_size, strides or pool_size, padding.upper())


def max_pool2d_vjp(images: Any, cotangent: Any, **settings: Any) -> Any:
    return gradients(partial(max_pool2d, **settings), images, cotangent)


def average_pool2d(images: Any, *, pool_size: Any = 2, strides: Any = None, padding: str = "valid") -> Any:
    return tf.nn.avg_pool2d(images, pool_size, strides or pool_size, padding.upper())


def average_pool2d_vjp(images: Any, cotangent: Any, **settings: Any) -> Any:
    return gradients(partial(average_pool2d, **settings), images, cotangent)


def relu(z: Any) -> Any:
    return tf.nn.relu(z)


def relu_vjp(z: Any, cotangent: Any) -> Any:
    return gradients(tf.nn.relu, z, cotangent)


def tanh(z: Any) -> Any:
    return tf.tanh(z)


def tanh_vjp(z: Any, cotangent: Any) -> Any:
    return gradients(tf.tanh, z, cotangent)


def sigmoid(z: Any) -> Any:
    return tf.sigmoid(z)


def sigmoid_vjp(z: Any, cotangent: Any) -> Any:
    return gradients(tf.sigmoid, z, cotangent)


def softmax(z: Any) -> Any:
    return tf.nn.softmax(z)


def softmax_cross_entropy_with_logits(logits: Any, labels: Any) -> Any:
    return tf.nn.softmax_cross_entropy_with_logits(labels=labels, logits=logits)


def softmax_cross_entropy_with_logits_vjp(logits: Any, labels: Any, cotangent: Any) -> Any:
    return gradients(lambda z: softmax_cross_entropy_with_logits(z, labels), logits, cotangent)


def matrix_product(a: Any, b: Any) -> Any:
    return tf.matmul(a, b)


def matrix_product_vjp(a: Any, b: Any, cotangent: Any) -> Any:
    return tf.matmul(cotangent, b, transpose_b=True), tf.matmul(a, cotangent, transpose_a=True)


def dense(inputs: Any, weights: Any, bias: Any) -> Any:
    return tf.nn.bias_add(tf.matmul(inputs, weights), bias)


def dense_vjp(inputs: Any, weights: Any, bias: Any, cotangent: Any) -> Any:
    return (*matrix_product_vjp(inputs, weights, cotangent), tf.reduce_sum(cotangent, 0))


def dense_layer(inputs: Any, weights: Any, bias: Any, *, activation: str) -> Any:
    return getattr(tf.nn, activation)(dense(inputs, weights, bias))


def dense_layer_vjp(inputs: Any, weights: Any, bias: Any, cotangent: Any, **settings: Any) -> Any:
    return gradients(partial(dense_layer, **settings), (inputs, weights, bias), cotangent)


def convolutional_layer(images: Any, filters: Any, bias: Any, *, activation: str, **settings: Any) -> Any:
    return getattr(tf.nn, activation)(tf.nn.bias_add(conv2d(images, filters, **settings), bias))


def convolutional_layer_vjp(images: Any, filters: Any, bias: Any, cotangent: Any, **settings: Any) -> Any:
    return gradients(partial(convolutional_layer, **settings), (images, filters, bias), cotangent)


def gradients(function: Callable[..., Any], inputs: Any, cotangent: Any) -> Any:
    several = isinstance(inputs, tuple)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        result = function(*inputs) if several else function(inputs)
    return tape.gradient(result, inputs, output_gradients=cotangent)


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
