"""Activation functions and their gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from conformance.deviations import Deviation
from conformance.implementations.tensorflow.calls import (
    SINCE,
    infinite_or_nan,
    is_empty,
    leniency,
    numbers,
    rounds_to_float32,
    shape,
)
from conformance.implementations.tensorflow.tape import vjp
from conformance.outcomes import Severity

__all__ = [
    "identity",
    "identity_vjp",
    "leaky_relu",
    "leaky_relu_vjp",
    "relu",
    "relu_vjp",
    "sigmoid",
    "sigmoid_vjp",
    "step",
    "tanh",
    "tanh_vjp",
]


def identity(z: Any) -> Any:
    return tf.identity(z).numpy()


def identity_vjp(z: Any, cotangent: Any) -> Any:
    return vjp(tf.identity, (z,), cotangent)[0]


def step(z: Any) -> Any:
    return tf.experimental.numpy.heaviside(z, 0).numpy()


def relu(z: Any) -> Any:
    return tf.nn.relu(z).numpy()


def relu_vjp(z: Any, cotangent: Any) -> Any:
    return vjp(tf.nn.relu, (z,), cotangent)[0]


def leaky_relu(z: Any, *, slope: Any = 0.01) -> Any:
    return tf.nn.leaky_relu(z, alpha=slope).numpy()


def leaky_relu_vjp(z: Any, cotangent: Any, *, slope: Any = 0.01) -> Any:
    return vjp(lambda x: tf.nn.leaky_relu(x, alpha=slope), (z,), cotangent)[0]


def sigmoid(z: Any) -> Any:
    return tf.nn.sigmoid(z).numpy()


def sigmoid_vjp(z: Any, cotangent: Any) -> Any:
    return vjp(tf.nn.sigmoid, (z,), cotangent)[0]


def tanh(z: Any) -> Any:
    return tf.nn.tanh(z).numpy()


def tanh_vjp(z: Any, cotangent: Any) -> Any:
    return vjp(tf.nn.tanh, (z,), cotangent)[0]


def same_number_of_elements(z: Any, cotangent: Any) -> bool:
    fits = shape(z) == shape(cotangent) and not is_empty(z)
    return not fits and np.size(z) == np.size(cotangent)


def is_no_array_of_numbers(value: Any) -> bool:
    """Whether something is no array of numbers, or one without any or without axes."""
    return np.asarray(value).dtype.kind not in "iuf" or shape(value) == () or is_empty(value)


def no_axis(z: Any, **_: Any) -> bool:
    return shape(z) == ()


def no_slope(slope: Any = 0.01, **_: Any) -> bool:
    return slope is None or isinstance(slope, bool) or not 0 <= slope < np.inf


KNOWN_DEVIATIONS = [
    *(
        leniency(
            operation,
            "an empty array is taken for a valid one",
            lambda z, **_: is_empty(z),
            {"z": numbers(0)},
            "an empty array",
        )
        for operation in ("step", "relu", "leaky_relu", "sigmoid", "tanh")
    ),
    leniency(
        "identity",
        "whatever makes a tensor comes back: a number, nothing, truth values",
        lambda z: is_no_array_of_numbers(z),
        {"z": 1.0},
        "the same",
    ),
    leniency(
        "identity_vjp",
        "a cotangent of any shape comes back",
        lambda z, cotangent: is_no_array_of_numbers(cotangent) or shape(z) != shape(cotangent),
        {"z": numbers(1), "cotangent": numbers(2)},
        "the same",
    ),
    *(
        leniency(
            operation,
            "an empty array is taken for a valid one",
            lambda z, cotangent, **_: is_empty(z) and shape(z) == shape(cotangent),
            {"z": numbers(0), "cotangent": numbers(0)},
            "an empty array",
        )
        for operation in ("relu_vjp", "leaky_relu_vjp")
    ),
    *(
        leniency(
            operation,
            "a cotangent need only have as many elements as the input, whatever its shape",
            same_number_of_elements,
            {"z": numbers(2), "cotangent": numbers(1, 2)},
            "the gradient, with the elements paired in the order in which they lie in memory",
        )
        for operation in ("sigmoid_vjp", "tanh_vjp")
    ),
    *(
        leniency(operation, "a number is taken for an array", no_axis, {"z": 1.0}, "a number")
        for operation in ("step", "relu", "leaky_relu", "sigmoid", "tanh")
    ),
    leniency(
        "leaky_relu",
        "a negative or infinite slope, NaN and None are taken for slopes",
        no_slope,
        {"z": -numbers(1), "slope": -1.0},
        "the slope times the number; 0.2 for None",
    ),
    leniency(
        "leaky_relu_vjp",
        "a negative or infinite slope, NaN and None are taken for slopes",
        no_slope,
        {"z": -numbers(1), "cotangent": numbers(1), "slope": -1.0},
        "the slope times the cotangent; 0.2 for None",
    ),
    Deviation(
        operation="leaky_relu",
        reason="the slope is rounded to float32 in float64 too",
        severity=Severity.WRONG_NUMBERS,
        calls=lambda z, slope=0.01: rounds_to_float32(slope) and bool((z < 0).any()),
        smallest={"z": -numbers(1), "slope": 0.01},
        instead="-0.009999999776482582",
        since=SINCE,
        dtypes=("float64",),
    ),
    Deviation(
        operation="leaky_relu_vjp",
        reason="the slope is rounded to float32 in float64 too",
        severity=Severity.WRONG_NUMBERS,
        calls=lambda z, cotangent, slope=0.01: rounds_to_float32(slope) and bool((cotangent[~(z > 0)] != 0).any()),
        smallest={"z": -numbers(1), "cotangent": numbers(1), "slope": 0.01},
        instead="0.009999999776482582",
        since=SINCE,
        dtypes=("float64",),
    ),
    Deviation(
        operation="relu_vjp",
        reason="the cotangent is multiplied by 0 or 1 instead of selected, so that 0·∞ and 0·NaN become NaN",
        severity=Severity.SPECIAL_VALUES,
        calls=lambda z, cotangent, **_: bool((infinite_or_nan(cotangent) & ~(z > 0)).any()),
        smallest={"z": -numbers(1), "cotangent": np.array([np.inf])},
        instead="NaN",
        since=SINCE,
    ),
]
