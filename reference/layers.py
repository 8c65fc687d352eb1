"""The layers that networks are built of: sums, a bias and an activation in one; and how a gradient goes back."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from reference.activations import (
    identity,
    identity_vjp,
    relu,
    relu_vjp,
    sigmoid,
    sigmoid_vjp,
    tanh,
    tanh_vjp,
)
from reference.arrays import Array, require_array, require_shape, total
from reference.convolution import conv2d, conv2d_vjp, require_convolution
from reference.errors import require_choice
from reference.linear import DenseGradients, dense, dense_vjp, require_dense

__all__ = [
    "ConvolutionalLayerGradients",
    "convolutional_layer",
    "convolutional_layer_vjp",
    "dense_layer",
    "dense_layer_vjp",
]

#: An activation, and what carries a gradient back through it.
Activation = tuple[Callable[[Array], Array], Callable[[Array, Array], Array]]

#: The activations that a layer can have.
ACTIVATIONS: dict[str, Activation] = {
    "identity": (identity, identity_vjp),
    "relu": (relu, relu_vjp),
    "sigmoid": (sigmoid, sigmoid_vjp),
    "tanh": (tanh, tanh_vjp),
}


class ConvolutionalLayerGradients(NamedTuple):
    """What `convolutional_layer_vjp` returns: one gradient for each of the layer's inputs, of that input's shape."""

    images: Array
    filters: Array
    bias: Array


def dense_layer(inputs: Array, weights: Array, bias: Array, *, activation: str) -> Array:
    """Multiply a batch of rows by a weight matrix, add the bias to every row, and apply the activation.

    Why: what the slides draw as a layer, and what every library calls one: neurons side by side, each with its weighted
    sum, its bias and its activation. The next layer sees nothing else of it.

    Formula:
        y[n, j] = f(Σᵢ inputs[n, i]·weights[i, j] + bias[j])

    Args:
        inputs: [N, D], one example a row.
        weights: [D, H].
        bias: [H].
        activation: f, by its name: "identity", "relu", "sigmoid" or "tanh".

    Returns:
        [N, H].

    Raises:
        InvalidArgument: as `dense`, and if the activation is none of these.

    Source:
        ruppert-ml2, "Neuron / Perceptron": weighted sum of inputs, bias, activation function; ruppert-ml2, "Keras":
        tf.keras.layers.Dense(200, activation="relu").

    >>> dense_layer([[1, 2], [3, 4]], [[1, 0, -1], [2, 1, 0]], [10, -3, 2], activation="relu")
    [[15, 0, 1], [21, 1, 0]]
    """
    function, _ = require_activation(activation)
    return function(dense(inputs, weights, bias))


def dense_layer_vjp(inputs: Array, weights: Array, bias: Array, cotangent: Array, *, activation: str) -> DenseGradients:
    """Carry the gradient of a loss back through a dense layer and its activation.

    Why: the step that backpropagation repeats for every layer: first through the activation, whose slope is taken at
    the weighted sums, then through these.

    Formula:
        δ = cotangent·f'(z), with z the weighted sums;
        d inputs = δ · weightsᵀ;  d weights = inputsᵀ · δ;  d bias[j] = Σₙ δ[n, j]

    Args:
        inputs: [N, D].
        weights: [D, H].
        bias: [H].
        cotangent: [N, H], the loss's gradient with respect to `dense_layer(inputs, weights, bias)`.
        activation: as in `dense_layer`.

    Returns:
        DenseGradients(inputs [N, D], weights [D, H], bias [H]).

    Raises:
        InvalidArgument: as `dense_layer`, and if the cotangent's shape isn't the output's.

    Source:
        ruppert-ml2, "Forward and Back Propagation"; reinert-intro, "Computing the Gradient through Backpropagation".

    >>> dense_layer_vjp([[1, 2]], [[3, 4], [5, -6]], [0, 0], [[1, 10]], activation="relu")
    DenseGradients(inputs=[[3, 5]], weights=[[1, 0], [2, 0]], bias=[1, 0])
    """
    _, back = require_activation(activation)
    require_shape("cotangent", cotangent, require_dense(inputs, weights, bias), "of the layer's output")
    slopes = back(dense(inputs, weights, bias), cotangent)
    return dense_vjp(inputs, weights, bias, slopes)


def convolutional_layer(
    images: Array,
    filters: Array,
    bias: Array,
    *,
    activation: str,
    strides: int | tuple[int, int] = 1,
    padding: str = "valid",
) -> Array:
    """Slide filters across images, add each filter's bias at each place, and apply the activation.

    Why: the layer of convolutional networks. A filter is a neuron that looks at one window after the other, with the
    same weights and the same bias.

    Formula:
        y[n, i, j, k] = f(conv2d(images, filters)[n, i, j, k] + bias[k])

    Args:
        images: [N, H, W, C].
        filters: [KH, KW, C, F].
        bias: [F].
        activation: f, as in `dense_layer`.
        strides: step between windows, a positive integer or (rows, columns).
        padding: "valid" or "same".

    Returns:
        [N, OH, OW, F].

    Raises:
        InvalidArgument: as `conv2d`, if the bias isn't one for each filter, or if the activation is unknown.

    Source:
        ruppert-ml2, "Convolutional Layer" and "CNN"; goldsborough-deep, "Convolutional Neural Network: Architecture":
        CONV and RELU.

    >>> from reference import flatten, reshape
    >>> image, kernel = reshape([1, 2, 4], (1, 1, 3, 1)), reshape([-1, 1], (1, 2, 1, 1))
    >>> flatten(convolutional_layer(image, kernel, [-1], activation="relu"))
    [0, 1]
    """
    function, _ = require_activation(activation)
    require_bias(images, filters, bias, strides, padding)
    return function(_weighted_sums(images, filters, bias, strides, padding))


def convolutional_layer_vjp(
    images: Array,
    filters: Array,
    bias: Array,
    cotangent: Array,
    *,
    activation: str,
    strides: int | tuple[int, int] = 1,
    padding: str = "valid",
) -> ConvolutionalLayerGradients:
    """Carry a gradient back through `convolutional_layer`, to its images, its filters and its bias.

    Why: a step of backpropagation through a convolutional network. A bias is used at every place of every image, so it
    gets the sum of what comes back there.

    Formula:
        δ = cotangent·f'(z), with z the weighted sums;  d bias[k] = Σ δ[n, i, j, k]  over n, i, j;
        d images and d filters as `conv2d_vjp` finds them for δ

    Args:
        images: [N, H, W, C].
        filters: [KH, KW, C, F].
        bias: [F].
        cotangent: [N, OH, OW, F], the loss's gradient with respect to the layer's output.
        activation: as in `dense_layer`.
        strides: as in `convolutional_layer`.
        padding: as in `convolutional_layer`.

    Returns:
        ConvolutionalLayerGradients(images [N, H, W, C], filters [KH, KW, C, F], bias [F]).

    Raises:
        InvalidArgument: as `convolutional_layer`, and if the cotangent's shape isn't the output's.

    Source:
        reinert-intro, "Computing the Gradient through Backpropagation".

    >>> from reference import flatten, reshape
    >>> images, filters = reshape([1, 2, 4], (1, 1, 3, 1)), reshape([-1, 1], (1, 2, 1, 1))
    >>> cotangent = reshape([10, 100], (1, 1, 2, 1))
    >>> gradients = convolutional_layer_vjp(images, filters, [-1], cotangent, activation="relu")
    >>> flatten(gradients.images), flatten(gradients.filters), gradients.bias
    ([0, -100, 100], [200, 400], [100])
    """
    _, back = require_activation(activation)
    outputs, count = require_bias(images, filters, bias, strides, padding)
    require_shape("cotangent", cotangent, (len(images), *outputs, count), "of the layer's output")
    slopes = back(_weighted_sums(images, filters, bias, strides, padding), cotangent)
    pixels = [pixel for image in slopes for row in image for pixel in row]
    return ConvolutionalLayerGradients(
        *conv2d_vjp(images, filters, slopes, strides=strides, padding=padding),
        bias=[total(column) for column in zip(*pixels, strict=True)],
    )


def _weighted_sums(images: Array, filters: Array, bias: Array, strides: int | tuple[int, int], padding: str) -> Array:
    sums = conv2d(images, filters, strides=strides, padding=padding)
    return [[[[z + b for z, b in zip(pixel, bias, strict=True)] for pixel in row] for row in image] for image in sums]


def require_activation(activation: str) -> Activation:
    """Return an activation, and what carries a gradient back through it, if there is one of that name."""
    return ACTIVATIONS[require_choice("activation", activation, tuple(ACTIVATIONS))]


def require_bias(
    images: Array, filters: Array, bias: Array, strides: object, padding: object
) -> tuple[tuple[int, int], int]:
    """Check the arguments of a convolutional layer; return how many places and how many filters it has."""
    geometry, count = require_convolution(images, filters, strides, padding)
    require_array("bias", bias, "F")
    require_shape("bias", bias, (count,), f"for {count} filters")
    return geometry.outputs, count
