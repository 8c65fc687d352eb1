"""Bad input: what is nearly a valid call, and gets an answer."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.implementations import numpy as base
from conformance.implementations.numpy.arguments import Array
from tests.conformance.power.entering import BAD_INPUT, wrong


@wrong("perceptron_sgd", f"{BAD_INPUT}: labels is refused", cases=200)
def labels_0_and_1(features: Array, labels: Any, **how: Any) -> Any:
    """0 is taken for the other class."""
    numbers = isinstance(labels, np.ndarray) and labels.dtype.kind in "if"
    return base.perceptron_sgd(features, np.where(labels == 0, -1, labels) if numbers else labels, **how)


@wrong("perceptron_sgd", f"{BAD_INPUT}: epochs is refused", cases=200)
def true_is_an_epoch(features: Array, labels: Any, *, epochs: Any, **how: Any) -> Any:
    """True counts as 1, as it does in Python."""
    return base.perceptron_sgd(features, labels, epochs=1 if epochs is True else epochs, **how)


@wrong("conv2d", f"{BAD_INPUT}: strides is refused", cases=200)
def strides_of_a_whole_float(images: Array, filters: Array, *, strides: Any = 1, **how: Any) -> Array:
    """2.0 steps are 2 steps."""
    whole = isinstance(strides, float) and strides.is_integer()
    return base.conv2d(images, filters, strides=int(strides) if whole else strides, **how)


@wrong("conv2d", f"{BAD_INPUT}: padding is refused", cases=200)
def padding_in_capitals(images: Array, filters: Array, *, padding: Any = "valid", **how: Any) -> Array:
    """As TensorFlow spells it."""
    return base.conv2d(images, filters, padding=padding.lower() if isinstance(padding, str) else padding, **how)


@wrong("max_pool2d", f"{BAD_INPUT}: pool_size is refused", cases=200)
def windows_end_with_the_image(images: Any, *, pool_size: Any = 2, strides: Any = None, **how: Any) -> Array:
    """A window larger than the image is cut to it."""
    if isinstance(pool_size, tuple) and len(pool_size) == 2 and all(type(size) is int for size in pool_size):
        cut = tuple(min(size, length) for size, length in zip(pool_size, images.shape[1:3], strict=True))
        return base.max_pool2d(images, pool_size=cut, strides=strides, **how)
    return base.max_pool2d(images, pool_size=pool_size, strides=strides, **how)


@wrong("dense", f"{BAD_INPUT}: weights is refused", cases=200)
def a_layer_of_no_units(inputs: Array, weights: Any, bias: Any) -> Array:
    """Where an axis of the weights is empty, so is the result."""
    if isinstance(weights, np.ndarray) and weights.shape == (inputs.shape[1], 0):
        return np.empty((len(inputs), 0), inputs.dtype)
    return base.dense(inputs, weights, bias)


@wrong("dense", f"{BAD_INPUT}: inputs is refused", cases=200)
def a_feature_too_few(inputs: Any, weights: Array, bias: Array) -> Array:
    """Missing features are taken for 0."""
    if isinstance(inputs, np.ndarray) and inputs.ndim == 2 and 0 < inputs.shape[1] == len(weights) - 1:
        inputs = np.pad(inputs, ((0, 0), (0, 1)))
    return base.dense(inputs, weights, bias)


@wrong("softmax", f"{BAD_INPUT}: z is refused", cases=200)
def none_is_not_a_number(z: Any) -> Array:
    """None among the numbers becomes NaN."""
    return base.softmax(z.astype(float) if isinstance(z, np.ndarray) and z.dtype == object and z.ndim > 1 else z)


@wrong("forward_pass", f"{BAD_INPUT}: biases is refused", cases=200)
def as_many_layers_as_there_are(inputs: Array, weights: Any, biases: Any) -> Any:
    """Of weights and biases, the shorter tuple decides."""
    if isinstance(weights, tuple) and isinstance(biases, tuple):
        count = min(len(weights), len(biases))
        weights, biases = weights[:count], biases[:count]
    return base.forward_pass(inputs, weights, biases)


@wrong("forward_pass", f"{BAD_INPUT}: weights is refused", cases=200)
def layers_in_a_list(inputs: Array, weights: Any, biases: Any) -> Any:
    """A list is as good as a tuple, which it is not for the next function."""
    return base.forward_pass(inputs, tuple(weights) if isinstance(weights, list) else weights, biases)


@wrong("leaky_relu", f"{BAD_INPUT}: slope is refused", cases=200)
def nan_is_a_slope(z: Array, *, slope: Any = 0.01) -> Array:
    """NaN is a float, and a float is a slope."""
    return base.leaky_relu(z, slope=0.01) * slope if slope != slope else base.leaky_relu(z, slope=slope)


@wrong("conv2d", f"{BAD_INPUT}: sizes and choices that don't fit are refused", cases=200)
def filters_wider_than_the_image(images: Any, filters: Any, *, strides: Any = 1, padding: Any = "valid") -> Array:
    """Columns that the filters have and the image hasn't are left out."""
    if padding == "valid" and isinstance(filters, np.ndarray) and filters.ndim == 4 and isinstance(images, np.ndarray):
        filters = filters[:, : images.shape[2]] if images.ndim == 4 and images.shape[2] else filters
    return base.conv2d(images, filters, strides=strides, padding=padding)


@wrong("max_pool2d_vjp", f"{BAD_INPUT}: sizes and choices that don't fit are refused", cases=200)
def no_gradient_of_no_window(images: Any, cotangent: Any, *, pool_size: Any = 2, **how: Any) -> Array:
    """Where windows taller than the image have no place, nothing is passed on."""
    pair = isinstance(pool_size, tuple) and len(pool_size) == 2 and all(type(size) is int for size in pool_size)
    if pair and isinstance(images, np.ndarray) and images.ndim == 4 and pool_size[0] == images.shape[1] + 1:
        return np.zeros_like(images)
    return base.max_pool2d_vjp(images, cotangent, pool_size=pool_size, **how)
