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

DESCRIPTION = (
    f"TensorFlow {tf.__version__} on {'a GPU' if tf.config.list_physical_devices('GPU') else 'the CPU'}, eager"
)

# Measured over 21.7 million float32 inputs: exp 1.28, log 3.10, tanh 5.18, sigmoid 6.00 ULPs.
PROFILE = {
    "float32": {"flush_to_zero": True, "ulps": {"exp": 2, "log": 4, "tanh": 6, "sigmoid": 7}},
    "float64": {"flush_to_zero": True, "ulps": {"exp": 2, "log": 4, "tanh": 6, "sigmoid": 7}},
}

#: Every deviation seen, by its reason: which operations, and what of them.
DEVIATIONS = {
    "the gradient of relu is multiplied by 0 or 1 instead of selected, so that 0·∞ and 0·NaN become NaN": {
        "relu_vjp": ["special values: NaN", "special values: +infinity", "special values: -infinity"],
    },
    "max pooling skips NaN, and starts from the lowest finite number instead of -∞": {
        "max_pool2d": ["special values: NaN", "special values: -infinity"],
        "max_pool2d_vjp": ["special values: NaN"],
    },
    "an empty batch, extra leading axes and arguments that broadcast are taken as a request, not as a mistake": {
        "backpropagation": ["bad input: inputs is refused", "bad input: labels is refused"],
        "conv2d": ["bad input: images is refused"],
        "conv2d_vjp": ["bad input: images is refused"],
        "cross_entropy": ["bad input: probabilities is refused", "bad input: labels is refused"],
        "dense": ["bad input: inputs is refused", "bad input: weights is refused"],
        "dense_vjp": ["bad input: inputs is refused", "bad input: weights is refused"],
        "forward_pass": ["bad input: inputs is refused"],
        "max_pool2d": ["bad input: images is refused"],
        "perceptron_predict": ["bad input: features is refused", "bad input: weights is refused"],
        "relu": ["bad input: z is refused"],
        "sigmoid": ["bad input: z is refused"],
        "sigmoid_vjp": ["bad input: z is refused", "bad input: cotangent is refused"],
        "softmax": ["bad input: z is refused"],
        "softmax_cross_entropy_with_logits": ["bad input: logits is refused", "bad input: labels is refused"],
        "softmax_cross_entropy_with_logits_vjp": [
            "bad input: logits is refused",
            "bad input: labels is refused",
            "bad input: cotangent is refused",
        ],
        "tanh": ["bad input: z is refused"],
        "tanh_vjp": ["bad input: z is refused", "bad input: cotangent is refused"],
    },
    "filters larger than the image give an empty result instead of an error": {
        "conv2d": ["bad input: filters is refused"],
    },
    "strides and window sizes that aren't integers are cut down to integers": {
        "conv2d": ["bad input: strides is refused"],
        "conv2d_vjp": ["bad input: strides is refused"],
        "max_pool2d": ["bad input: pool_size is refused", "bad input: strides is refused"],
        "max_pool2d_vjp": ["bad input: pool_size is refused", "bad input: strides is refused"],
    },
    "TensorFlow has no perceptron; the operations that this one is made of don't look at what labels mean": {
        "perceptron_sgd": ["bad input: features is refused", "bad input: labels is refused"],
    },
    "the error names an operation, an attribute or a shape inside TensorFlow, not the argument": {
        operation: [f"bad input: {argument} is named" for argument in arguments.split()]
        for operation, arguments in {
            "backpropagation": "inputs weights biases labels",
            "conv2d": "images filters",
            "conv2d_vjp": "images filters cotangent strides",
            "cross_entropy": "probabilities labels",
            "dense": "inputs weights bias",
            "dense_vjp": "inputs weights bias cotangent",
            "forward_pass": "inputs weights biases",
            "max_pool2d": "images pool_size strides",
            "max_pool2d_vjp": "images cotangent pool_size strides",
            "perceptron_predict": "features weights",
            "perceptron_sgd": "features labels epochs learning_rate initial_weights",
            "relu": "z",
            "relu_vjp": "z cotangent",
            "sigmoid": "z",
            "sigmoid_vjp": "z cotangent",
            "softmax": "z",
            "softmax_cross_entropy_with_logits": "logits labels",
            "softmax_cross_entropy_with_logits_vjp": "logits labels cotangent",
            "tanh": "z",
            "tanh_vjp": "z cotangent",
        }.items()
    },
}
KNOWN_DEVIATIONS = {
    (operation, check): reason
    for reason, operations in DEVIATIONS.items()
    for operation, checks in operations.items()
    for check in checks
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
    return PerceptronTrace(
        weights.numpy(), *(np.array([np.asarray(part) for part in column]) for column in zip(*steps, strict=True))
    )


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


def backpropagation(
    inputs: Any, weights: tuple[Any, ...], biases: tuple[Any, ...], labels: Any
) -> tuple[Any, Any, Any]:
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
    return tuple(
        gradient.numpy() for gradient in tape.gradient(output, tensors, output_gradients=tf.constant(cotangent))
    )


def _max_pool(images: Any, pool_size: Any, strides: Any, padding: str) -> Any:
    # Given a NumPy array of float64, this operation alone would compute in float32.
    return tf.nn.max_pool2d(
        tf.convert_to_tensor(images), pool_size, pool_size if strides is None else strides, _upper(padding)
    )


def _upper(padding: Any) -> Any:
    """TensorFlow spells its paddings "VALID" and "SAME"."""
    return padding.upper() if isinstance(padding, str) else padding
