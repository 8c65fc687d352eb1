"""The operations of graphs, each as a user of TensorFlow would write it.

Constants are all of the dtype of what is fed, indices of classes too: those become integers here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from conformance.implementations.tensorflow.binary_losses import of_each_entry
from conformance.implementations.tensorflow.calls import cut
from conformance.implementations.tensorflow.layers import convolution_of, dense_of


def conv2d(images: Any, filters: Any, *, strides: Any = 1, padding: str = "valid") -> Any:
    return tf.nn.conv2d(images, filters, cut(strides), padding.upper())


def max_pool2d(images: Any, *, pool_size: Any = 2, strides: Any = None, padding: str = "valid") -> Any:
    return tf.nn.max_pool2d(images, cut(pool_size), cut(strides or pool_size), padding.upper())


def average_pool2d(images: Any, *, pool_size: Any = 2, strides: Any = None, padding: str = "valid") -> Any:
    return tf.nn.avg_pool2d(images, cut(pool_size), cut(strides or pool_size), padding.upper())


def mean_squared_error(predictions: Any, targets: Any) -> Any:
    return tf.reduce_mean(tf.math.squared_difference(predictions, targets), axis=-1)


def convolutional_layer(
    images: Any, filters: Any, bias: Any, *, activation: str, strides: Any = 1, padding: str = "valid"
) -> Any:
    return convolution_of(images, filters, bias, activation, cut(strides), padding)


def dropout(inputs: Any, mask: Any, *, rate: Any) -> Any:
    """With the mask for the numbers drawn, of which those are kept that are at least the rate."""
    return tf.nn.experimental.general_dropout(inputs, rate, lambda shape, dtype: mask)


def simple_rnn_step(inputs: Any, kernel: Any, recurrent_kernel: Any, bias: Any, state: Any) -> Any:
    return tf.tanh(tf.matmul(inputs, kernel) + tf.matmul(state, recurrent_kernel) + bias)


def simple_rnn(inputs: Any, kernel: Any, recurrent_kernel: Any, bias: Any, state: Any) -> Any:
    outputs = []
    for step in tf.unstack(inputs, axis=1):
        state = simple_rnn_step(step, kernel, recurrent_kernel, bias, state)
        outputs.append(state)
    return tf.stack(outputs, axis=1)


OPERATIONS: dict[str, Callable[..., Any]] = {
    "add": tf.add,
    "multiply": tf.multiply,
    "divide": tf.divide,
    "negative": tf.negative,
    "exp": tf.exp,
    "log": tf.math.log,
    "sqrt": tf.sqrt,
    "tanh": tf.tanh,
    "sigmoid": tf.sigmoid,
    "maximum": tf.maximum,
    "where_positive": lambda x, yes, no: tf.where(x > 0, yes, no),
    "total": tf.reduce_sum,
    "fill": lambda value, *, shape: tf.broadcast_to(value, shape),
    "reshape": lambda values, *, shape: tf.reshape(values, shape),
    "transpose": tf.transpose,
    "unstack": lambda values: tf.unstack(tf.reshape(values, [-1])),
    "stack": lambda *numbers, shape: tf.reshape(tf.stack(numbers), shape),
    "flatten": lambda values: tf.reshape(values, [-1]),
    "identity": tf.identity,
    "step": lambda z: tf.experimental.numpy.heaviside(z, 0),
    "logistic": lambda z, *, L=1.0, k=1.0, x_0=0.0: L * tf.sigmoid(k * (z - x_0)),
    "relu": tf.nn.relu,
    "leaky_relu": lambda z, *, slope=0.01: tf.nn.leaky_relu(z, slope),
    "softmax": tf.nn.softmax,
    "log_softmax": tf.nn.log_softmax,
    "matrix_product": tf.matmul,
    "dense": lambda inputs, weights, bias: tf.nn.bias_add(tf.matmul(inputs, weights), bias),
    "dense_layer": dense_of,
    "conv2d": conv2d,
    "convolutional_layer": convolutional_layer,
    "max_pool2d": max_pool2d,
    "average_pool2d": average_pool2d,
    "softmax_cross_entropy_with_logits": lambda logits, labels: tf.nn.softmax_cross_entropy_with_logits(labels, logits),
    "mean_squared_error": mean_squared_error,
    "simple_rnn_step": simple_rnn_step,
    "simple_rnn": simple_rnn,
    "dropout": dropout,
    "cross_entropy": lambda probabilities, labels: -tf.reduce_sum(tf.math.xlogy(labels, probabilities), axis=-1),
    "empirical_loss": tf.reduce_mean,
    "sparse_softmax_cross_entropy_with_logits": lambda logits, labels: tf.nn.sparse_softmax_cross_entropy_with_logits(
        tf.cast(labels, tf.int64), logits
    ),
    "negative_log_likelihood": lambda log_probabilities, labels: (
        -tf.gather(log_probabilities, tf.cast(labels, tf.int64), axis=1, batch_dims=1)
    ),
    "binary_cross_entropy": of_each_entry,
    "binary_cross_entropy_with_logits": lambda logits, labels: tf.nn.sigmoid_cross_entropy_with_logits(labels, logits),
    "hinge_loss": lambda scores, labels: tf.nn.relu(1 - labels * scores),
}
