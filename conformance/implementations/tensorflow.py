"""TensorFlow's counterparts of the reference's functions.

Each function hands its arrays to the TensorFlow operation that a user would call for it, and changes nothing about the
arithmetic. Gradients are TensorFlow's own, from its gradient tape.
"""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

DESCRIPTION = f"TensorFlow {tf.__version__} on {'a GPU' if tf.config.list_physical_devices('GPU') else 'the CPU'}, eager"

# Measured over 21.7 million float32 inputs: exp 1.28, log 3.10, tanh 5.18, sigmoid 6.00 ULPs.
PROFILE = {
    "float32": {"flush_to_zero": True, "ulps": {"exp": 2, "log": 4, "tanh": 6, "sigmoid": 7}},
    "float64": {"flush_to_zero": True, "ulps": {"exp": 2, "log": 4, "tanh": 6, "sigmoid": 7}},
}


class PerceptronTrace(NamedTuple):
    final_weights: Any
    weights: Any
    examples: Any
    activations: Any
    updated: Any


def perceptron_sgd(
    features: Any, labels: Any, *, epochs: int, learning_rate: Any = 1, initial_weights: Any = None
) -> PerceptronTrace:
    dtype = features.dtype
    rates = [learning_rate(t) for t in range(1, epochs + 1)] if callable(learning_rate) else learning_rate
    rates = tf.broadcast_to(tf.constant(rates, dtype), [epochs])
    examples = tf.concat([features, -tf.ones([len(features), 1], dtype)], 1) * tf.cast(labels, dtype)[:, None]
    weights = tf.zeros(examples.shape[1], dtype) if initial_weights is None else tf.constant(initial_weights)
    steps: list[tuple[Any, Any, Any, Any]] = []
    right = 0
    for rate in rates:
        for example in examples:
            if right == len(examples):
                break
            activation = tf.tensordot(example, weights, 1)
            wrong = bool(activation <= 0)
            steps.append((weights, example, activation, wrong))
            right = 0 if wrong else right + 1
            weights = weights + rate * example if wrong else weights
    return PerceptronTrace(weights.numpy(), *(np.array([np.asarray(part) for part in column]) for column in zip(*steps)))


def perceptron_predict(features: Any, weights: Any) -> tuple[Any, Any]:
    scores = tf.linalg.matvec(tf.concat([features, -tf.ones([len(features), 1], features.dtype)], 1), weights)
    return scores.numpy(), tf.where(scores > 0, 1, -1).numpy()


def dense(inputs: Any, weights: Any, bias: Any) -> Any:
    return tf.nn.bias_add(tf.matmul(inputs, weights), bias).numpy()


def dense_vjp(inputs: Any, weights: Any, bias: Any, cotangent: Any) -> Any:
    return _vjp(lambda x, w, b: tf.nn.bias_add(tf.matmul(x, w), b), (inputs, weights, bias), cotangent)


def relu(z: Any) -> Any:
    return tf.nn.relu(z).numpy()


def relu_vjp(z: Any, cotangent: Any) -> Any:
    return _vjp(tf.nn.relu, (z,), cotangent)[0]


def sigmoid(z: Any) -> Any:
    return tf.nn.sigmoid(z).numpy()


def sigmoid_vjp(z: Any, cotangent: Any) -> Any:
    return _vjp(tf.nn.sigmoid, (z,), cotangent)[0]


def tanh(z: Any) -> Any:
    return tf.nn.tanh(z).numpy()


def tanh_vjp(z: Any, cotangent: Any) -> Any:
    return _vjp(tf.nn.tanh, (z,), cotangent)[0]


def softmax(z: Any) -> Any:
    return tf.nn.softmax(z).numpy()


def cross_entropy(probabilities: Any, labels: Any) -> Any:
    return -tf.reduce_sum(tf.math.xlogy(labels, probabilities), axis=-1).numpy()


def softmax_cross_entropy_with_logits(logits: Any, labels: Any) -> Any:
    return tf.nn.softmax_cross_entropy_with_logits(labels=labels, logits=logits).numpy()


def softmax_cross_entropy_with_logits_vjp(logits: Any, labels: Any, cotangent: Any) -> Any:
    def loss(z: Any) -> Any:
        return tf.nn.softmax_cross_entropy_with_logits(labels=labels, logits=z)

    return _vjp(loss, (logits,), cotangent)[0]


def conv2d(images: Any, filters: Any, *, strides: int | tuple[int, int] = 1, padding: str = "valid") -> Any:
    return tf.nn.conv2d(images, filters, strides, _upper(padding)).numpy()


def conv2d_vjp(
    images: Any, filters: Any, cotangent: Any, *, strides: int | tuple[int, int] = 1, padding: str = "valid"
) -> Any:
    return _vjp(lambda x, w: tf.nn.conv2d(x, w, strides, _upper(padding)), (images, filters), cotangent)


def max_pool2d(images: Any, *, pool_size: Any = 2, strides: Any = None, padding: str = "valid") -> Any:
    return _max_pool(images, pool_size, strides, padding).numpy()


def max_pool2d_vjp(
    images: Any, cotangent: Any, *, pool_size: Any = 2, strides: Any = None, padding: str = "valid"
) -> Any:
    return _vjp(lambda x: _max_pool(x, pool_size, strides, padding), (images,), cotangent)[0]


def forward_pass(inputs: Any, weights: tuple[Any, ...], biases: tuple[Any, ...]) -> tuple[Any, Any]:
    weighted_sums, activations = _layers(inputs, weights, biases)
    return tuple(z.numpy() for z in weighted_sums), tuple(a.numpy() for a in activations)


def backpropagation(inputs: Any, weights: tuple[Any, ...], biases: tuple[Any, ...], labels: Any) -> tuple[Any, Any, Any]:
    parameters = [tf.constant(array) for array in (*weights, *biases)]
    with tf.GradientTape() as tape:
        tape.watch(parameters)
        weighted_sums, _ = _layers(inputs, parameters[: len(weights)], parameters[len(weights) :])
        losses = tf.nn.softmax_cross_entropy_with_logits(labels=labels, logits=weighted_sums[-1])
        loss = tf.reduce_mean(losses)
    gradients = [gradient.numpy() for gradient in tape.gradient(loss, parameters)]
    return loss.numpy(), tuple(gradients[: len(weights)]), tuple(gradients[len(weights) :])


def _layers(inputs: Any, weights: Sequence[Any], biases: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    weighted_sums: list[Any] = []
    activations: list[Any] = []
    for layer, (matrix, bias) in enumerate(zip(weights, biases, strict=True)):
        weighted_sums.append(tf.nn.bias_add(tf.matmul(inputs, matrix), bias))
        inputs = (tf.nn.softmax if layer == len(weights) - 1 else tf.nn.relu)(weighted_sums[-1])
        activations.append(inputs)
    return weighted_sums, activations


def _vjp(function: Callable[..., Any], inputs: Sequence[Any], cotangent: Any) -> tuple[Any, ...]:
    tensors = [tf.constant(array) for array in inputs]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        output = function(*tensors)
    return tuple(gradient.numpy() for gradient in tape.gradient(output, tensors, output_gradients=tf.constant(cotangent)))


def _max_pool(images: Any, pool_size: Any, strides: Any, padding: str) -> Any:
    # Given a NumPy array of float64, this operation alone would compute in float32.
    return tf.nn.max_pool2d(tf.convert_to_tensor(images), pool_size, pool_size if strides is None else strides, _upper(padding))


def _upper(padding: Any) -> Any:
    """TensorFlow spells its paddings "VALID" and "SAME"."""
    return padding.upper() if isinstance(padding, str) else padding
