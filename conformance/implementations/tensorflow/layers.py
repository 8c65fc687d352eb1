"""Layers with their activations, and their gradients, as TensorFlow's tape finds them.

As Keras' layers compute them, whose weights belong to the layer. TensorFlow has no such functions: what our composition
is given, it checks itself.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from conformance.deviations import Deviation
from conformance.implementations.numpy.arguments import require_array
from conformance.implementations.numpy.convolution import require_convolution
from conformance.implementations.numpy.layers import require_activation
from conformance.implementations.numpy.linear import require_dense
from conformance.implementations.tensorflow.calls import SINCE, Pair, infinite_or_nan, numbers
from conformance.implementations.tensorflow.convolution import (
    IN_ONEDNN,
    LONG_CALL,
    beyond_workspace,
    unwritten_rows,
    windows_beyond_image,
)
from conformance.implementations.tensorflow.environment import AVX512, ONEDNN, WITH_ONEDNN
from conformance.implementations.tensorflow.tape import vjp
from conformance.implementations.tensorflow.windows import SPELLED
from conformance.outcomes import Severity

__all__ = ["convolutional_layer", "convolutional_layer_vjp", "dense_layer", "dense_layer_vjp"]

ACTIVATIONS = {"identity": tf.identity, "relu": tf.nn.relu, "sigmoid": tf.nn.sigmoid, "tanh": tf.nn.tanh}


def dense_layer(inputs: Any, weights: Any, bias: Any, *, activation: str) -> Any:
    require_activation(activation)
    require_dense(inputs, weights, bias)
    return dense_of(inputs, weights, bias, activation).numpy()


def dense_layer_vjp(inputs: Any, weights: Any, bias: Any, cotangent: Any, *, activation: str) -> Any:
    require_activation(activation)
    require_dense(inputs, weights, bias)
    require_array("cotangent", cotangent, "N H", (len(inputs), len(bias)))
    return vjp(lambda x, w, b: dense_of(x, w, b, activation), (inputs, weights, bias), cotangent)


def convolutional_layer(
    images: Any, filters: Any, bias: Any, *, activation: str, strides: int | Pair = 1, padding: str = "valid"
) -> Any:
    require_convolutional_layer(images, filters, bias, activation, strides, padding)
    return convolution_of(images, filters, bias, activation, strides, padding).numpy()


def convolutional_layer_vjp(
    images: Any,
    filters: Any,
    bias: Any,
    cotangent: Any,
    *,
    activation: str,
    strides: int | Pair = 1,
    padding: str = "valid",
) -> Any:
    outputs = require_convolutional_layer(images, filters, bias, activation, strides, padding)
    require_array("cotangent", cotangent, "N OH OW F", (len(images), *outputs, filters.shape[3]))
    return vjp(
        lambda x, w, b: convolution_of(x, w, b, activation, strides, padding), (images, filters, bias), cotangent
    )


def dense_of(inputs: Any, weights: Any, bias: Any, activation: str) -> Any:
    return ACTIVATIONS[activation](tf.nn.bias_add(tf.matmul(inputs, weights), bias))


def convolution_of(images: Any, filters: Any, bias: Any, activation: str, strides: Any, padding: str) -> Any:
    sums = tf.nn.conv2d(images, filters, strides, SPELLED[padding])
    return ACTIVATIONS[activation](tf.nn.bias_add(sums, bias))


def require_convolutional_layer(
    images: Any, filters: Any, bias: Any, activation: Any, strides: Any, padding: Any
) -> Pair:
    require_activation(activation)
    where = require_convolution(images, filters, strides, padding)
    require_array("bias", bias, "F", filters.shape[3:])
    return where.outputs


def unwritten_sums(images: Any, filters: Any, strides: Any = 1, padding: str = "valid", **_: Any) -> bool:
    return unwritten_rows(images, filters, strides, padding)


def unwritten_slopes(activation: str, **call: Any) -> bool:
    """Whether the sums that a slope is taken at are unwritten; the identity's slope is taken nowhere."""
    return activation != "identity" and unwritten_sums(**call)


def stopped_infinity(activation: str, cotangent: Any, **_: Any) -> bool:
    """Whether relu is to stop something that is infinite or NaN."""
    return activation == "relu" and bool(infinite_or_nan(cotangent).any())


NOT_FINITE = np.array([[np.inf]])
CALL = {"images": numbers(1, 1, 1, 1), "filters": numbers(1, 1, 1, 1), "bias": numbers(1)}
TWO_ROWS = {
    "images": np.array([1.0, 4, 2, -3]).reshape(2, 2, 1, 1),
    "filters": np.array([1.0, 2]).reshape(1, 2, 1, 1),
    "bias": numbers(1),
    "strides": (1, 2),
    "padding": "same",
}
UNWRITTEN = "oneDNN leaves rows of the convolution unwritten, as in conv2d"
ON_AVX512: dict[str, Any] = {
    "dtypes": ("float32",),
    "here": ONEDNN and AVX512,
    "where": f"on AVX-512 {WITH_ONEDNN}",
}

KNOWN_DEVIATIONS = [
    *(
        Deviation(
            operation=operation,
            reason="relu multiplies its cotangent by 0 or 1 instead of selecting it, so that 0·∞ and 0·NaN become NaN",
            severity=Severity.SPECIAL_VALUES,
            calls=stopped_infinity,
            smallest={**call, "activation": "relu"},
            instead="NaN",
            since=SINCE,
        )
        for operation, call in (
            (
                "dense_layer_vjp",
                {"inputs": numbers(1, 1), "weights": numbers(1, 1), "bias": -2 * numbers(1), "cotangent": NOT_FINITE},
            ),
            (
                "convolutional_layer_vjp",
                {**CALL, "bias": -2 * numbers(1), "cotangent": NOT_FINITE.reshape(1, 1, 1, 1)},
            ),
        )
    ),
    Deviation(
        operation="convolutional_layer",
        reason=UNWRITTEN,
        severity=Severity.WRONG_NUMBERS,
        calls=unwritten_sums,
        smallest={**TWO_ROWS, "activation": "identity"},
        instead="the bias alone, or with what the memory held before",
        since=SINCE,
        **ON_AVX512,
    ),
    Deviation(
        operation="convolutional_layer_vjp",
        reason=UNWRITTEN,
        severity=Severity.WRONG_NUMBERS,
        calls=unwritten_slopes,
        smallest={
            **TWO_ROWS,
            "cotangent": np.array([1.0, 2, -3, 4]).reshape(2, 2, 1, 1),
            "activation": "relu",
        },
        instead="relu's slope at the bias, or at what the memory held before",
        since=SINCE,
        **ON_AVX512,
    ),
    Deviation(
        operation="convolutional_layer_vjp",
        reason="oneDNN writes beyond its workspace, as in conv2d_vjp: wrong gradients of the filters, other ones each "
        "time, where it doesn't end the process",
        severity=Severity.CRASH,
        calls=beyond_workspace,
        smallest={**LONG_CALL, "bias": numbers(1), "activation": "identity"},
        instead="SIGSEGV or SIGABRT; of small images wrong numbers",
        since=SINCE,
        reported="oneDNN#6035",
        **IN_ONEDNN,
    ),
    Deviation(
        operation="convolutional_layer_vjp",
        reason="windows that would begin inside the image and don't fit into it count as windows with a cotangent of 0",
        severity=Severity.SPECIAL_VALUES,
        calls=windows_beyond_image,
        smallest={
            "images": numbers(1, 1, 4, 1),
            "filters": np.full((1, 2, 1, 1), np.inf),
            "bias": numbers(1),
            "cotangent": numbers(1, 1, 1, 1),
            "activation": "identity",
            "strides": (1, 3),
        },
        instead="0·∞, NaN, where no window reaches",
        since=SINCE,
        **IN_ONEDNN,
    ),
]
