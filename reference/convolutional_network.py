"""A convolutional network, forward and back: the one that the slides train on handwritten digits, of any size."""

from __future__ import annotations

from typing import NamedTuple

from reference.activations import relu, relu_vjp
from reference.arrays import (
    Array,
    Number,
    elementwise,
    flatten,
    require_array,
    require_arrays,
    require_shape,
    reshape,
    total,
)
from reference.arrays import shape as shape_of
from reference.backpropagation import Arrays, require_network
from reference.convolution import conv2d, conv2d_vjp, slide
from reference.errors import InvalidArgument, require_positive_integer
from reference.linear import dense, dense_vjp
from reference.losses import softmax_cross_entropy_with_logits, softmax_cross_entropy_with_logits_vjp
from reference.numbers.node import Node, gradients
from reference.regularization import dropout, dropout_vjp, require_mask

__all__ = ["ConvolutionalBackpropagation", "convolutional_backpropagation", "convolutional_backpropagation_by_graph"]


class ConvolutionalBackpropagation(NamedTuple):
    """What `convolutional_backpropagation` returns: the loss, and its gradient for everything that is learnt."""

    loss: Number
    filters: Arrays
    filter_biases: Arrays
    weights: Arrays
    biases: Arrays


class _Forward(NamedTuple):
    """What the way forward leaves behind: each layer's inputs and weighted sums, the last dense layer's after dropout.

    An output layer's inputs are what dropout made of `kept`.
    """

    images: list[Array]
    filtered: list[Array]
    inputs: list[Array]
    weighted_sums: list[Array]
    kept: Array


def convolutional_backpropagation(
    images: Array,
    filters: Arrays,
    filter_biases: Arrays,
    weights: Arrays,
    biases: Arrays,
    labels: Array,
    mask: Array,
    *,
    strides: tuple[int, ...],
    rate: Number,
) -> ConvolutionalBackpropagation:
    """Find a convolutional classifier's mean loss, and its gradient for every filter, weight and bias.

    Why: the gradients that a step of its training needs. Convolutions find features wherever they are, dense layers
    decide what they mean, and dropout before the last one keeps units from depending too much on each other.

    Formula:
        Xₗ₊₁ = relu(conv2d(Xₗ, Fₗ, strides sₗ, "same") + cₗ);  A₀ = the numbers of X row by row, [N, OH·OW·C]
        Aₗ₊₁ = relu(Aₗ·Wₗ + bₗ), the last layer's logits = dropout(A, mask, rate)·W + b
        J = (1/N)·Σₙ softmax_cross_entropy_with_logits(logits, labels)[n];  back through all that with each layer's vjp

    Args:
        images: [N, H, W, C].
        filters: a tuple of one or more arrays [KH, KW, C, F], each with as many channels as the one before has filters.
        filter_biases: a tuple of as many vectors [F].
        weights: a tuple of L ≥ 1 matrices [D, H₁], …, [H_L₋₁, K], D the count of numbers of a convolved image.
        biases: a tuple of L vectors [H₁], …, [K].
        labels: [N, K], a distribution over the classes in each row, usually one-hot.
        mask: [N, units before the last layer], 1 for what dropout keeps; ones, if there is none.
        strides: a tuple of positive integers, the step between windows along both axes for each convolution.
        rate: dropout's, from 0 to below 1.

    Returns:
        ConvolutionalBackpropagation(loss; filters, filter_biases, weights, biases: gradients of these shapes).

    Raises:
        InvalidArgument: if the layers aren't tuples of equal length, a layer doesn't fit the one before, a stride isn't
            a positive integer, or labels, mask and rate don't fit.

    Source:
        ruppert-ml2, "CNN", "Dropout" and "Forward and Back Propagation"; goldsborough-deep, "Convolutional Neural
        Network: Architecture".

    >>> image, filters = reshape([1.0, 2.0, 3.0, 4.0], (1, 2, 2, 1)), (reshape([1.0, -1.0], (1, 1, 1, 2)),)
    >>> weights, biases = ([[0.0, 0.0]] * 8,), ([0.0, 0.0],)
    >>> result = convolutional_backpropagation(
    ...     image, filters, ([0.0, 0.0],), weights, biases, [[1, 0]], [[1] * 8], strides=(1,), rate=0
    ... )
    >>> result.loss, result.biases, result.weights[0][::2]
    (0.6931471805599453, ([-0.5, 0.5],), [[-0.5, 0.5], [-1.0, 1.0], [-1.5, 1.5], [-2.0, 2.0]])
    """
    _require(images, filters, filter_biases, weights, biases, labels, mask, strides, rate)
    forward = _forward(images, filters, filter_biases, weights, biases, mask, strides, rate)
    logits, count = forward.weighted_sums[-1], len(images)
    loss = total(softmax_cross_entropy_with_logits(logits, labels)) / count
    of_each_loss = softmax_cross_entropy_with_logits_vjp(logits, labels, [1] * count)
    cotangent = elementwise(lambda gradient: gradient / count, of_each_loss)
    d_weights: list[Array] = []
    d_biases: list[Array] = []
    for layer in reversed(range(len(weights))):
        gradient = dense_vjp(forward.inputs[layer], weights[layer], biases[layer], cotangent)
        d_weights.insert(0, gradient.weights)
        d_biases.insert(0, gradient.bias)
        cotangent = gradient.inputs
        if layer == len(weights) - 1:
            cotangent = dropout_vjp(forward.kept, mask, cotangent, rate=rate)
        if layer > 0:
            cotangent = relu_vjp(forward.weighted_sums[layer - 1], cotangent)
    cotangent = reshape(cotangent, shape_of(forward.filtered[-1]))
    d_filters: list[Array] = []
    d_filter_biases: list[Array] = []
    for layer in reversed(range(len(filters))):
        cotangent = relu_vjp(forward.filtered[layer], cotangent)
        d_filter_biases.insert(0, [total(column) for column in zip(*_pixels(cotangent), strict=True)])
        of_layer = conv2d_vjp(forward.images[layer], filters[layer], cotangent, strides=strides[layer], padding="same")
        d_filters.insert(0, of_layer.filters)
        cotangent = of_layer.images
    return ConvolutionalBackpropagation(loss, *map(tuple, (d_filters, d_filter_biases, d_weights, d_biases)))


def convolutional_backpropagation_by_graph(
    images: Array,
    filters: Arrays,
    filter_biases: Arrays,
    weights: Arrays,
    biases: Arrays,
    labels: Array,
    mask: Array,
    *,
    strides: tuple[int, ...],
    rate: Number,
) -> ConvolutionalBackpropagation:
    """The same loss and gradients, from the computational graph of the loss and nothing else.

    Why: two ways to the same numbers, of which the second knows no layer's gradient.

    Formula:
        ∂J/∂node = Σ over the node's uses: ∂J/∂use · ∂use/∂node

    Args:
        images: as in `convolutional_backpropagation`, as all others.
        filters: as there.
        filter_biases: as there.
        weights: as there.
        biases: as there.
        labels: as there.
        mask: as there.
        strides: as there.
        rate: as there.

    Returns:
        ConvolutionalBackpropagation, as `convolutional_backpropagation`.

    Raises:
        InvalidArgument: as `convolutional_backpropagation`.

    Source:
        goldsborough-tensorflow, "Back Propagation": symbol to number differentiation.

    >>> image, filters = reshape([1.0, 2.0], (1, 1, 2, 1)), (reshape([3.0], (1, 1, 1, 1)),)
    >>> weights, biases = ([[0.0, 0.0]] * 2,), ([0.0, 0.0],)
    >>> convolutional_backpropagation_by_graph(
    ...     image, filters, ([0.0],), weights, biases, [[1, 0]], [[1, 1]], strides=(1,), rate=0
    ... ).weights
    ([[-1.5, 1.5], [-3.0, 3.0]],)
    """
    _require(images, filters, filter_biases, weights, biases, labels, mask, strides, rate)
    learnt = (
        tuple(elementwise(Node, array) for array in filters),
        tuple(elementwise(Node, array) for array in filter_biases),
        tuple(elementwise(Node, array) for array in weights),
        tuple(elementwise(Node, array) for array in biases),
    )
    forward = _forward(elementwise(Node, images), *learnt, mask, strides, rate)
    losses = softmax_cross_entropy_with_logits(forward.weighted_sums[-1], elementwise(Node, labels))
    loss = total(losses) / len(images)
    return ConvolutionalBackpropagation(loss.value, *gradients(loss, learnt))


def _forward(
    images: Array,
    filters: Arrays,
    filter_biases: Arrays,
    weights: Arrays,
    biases: Arrays,
    mask: Array,
    strides: tuple[int, ...],
    rate: Number,
) -> _Forward:
    of_layers, filtered, inputs, weighted_sums = [images], [], [], []
    for those, bias, stride in zip(filters, filter_biases, strides, strict=True):
        sums = conv2d(of_layers[-1], those, strides=stride, padding="same")
        filtered.append([[[_sum(pixel, bias) for pixel in row] for row in image] for image in sums])
        of_layers.append(relu(filtered[-1]))
    activation = [flatten(image) for image in of_layers.pop()]
    for layer, (matrix, bias) in enumerate(zip(weights, biases, strict=True)):
        kept = activation
        if layer == len(weights) - 1:
            activation = dropout(kept, mask, rate=rate)
        inputs.append(activation)
        weighted_sums.append(dense(activation, matrix, bias))
        activation = relu(weighted_sums[-1])
    return _Forward(of_layers, filtered, inputs, weighted_sums, kept)


def _sum(pixel: Array, bias: Array) -> Array:
    return [number + term for number, term in zip(pixel, bias, strict=True)]


def _pixels(images: Array) -> Array:
    """The vectors of channels of all images, one after the other."""
    return [pixel for image in images for row in image for pixel in row]


def _require(
    images: Array,
    filters: Arrays,
    filter_biases: Arrays,
    weights: Arrays,
    biases: Arrays,
    labels: Array,
    mask: Array,
    strides: tuple[int, ...],
    rate: Number,
) -> None:
    """Check that all layers fit each other, and the rest fits them."""
    count, *size, channels = require_array("images", images, "N H W C")
    layers = require_arrays("filters", filters, "KH KW C F")
    require_arrays("filter_biases", filter_biases, "F")
    if len(filter_biases) != len(layers):
        raise InvalidArgument("filter_biases", f"{len(layers)} vectors for as many filters", str(len(filter_biases)))
    if not isinstance(strides, tuple) or len(strides) != len(layers):
        raise InvalidArgument("strides", f"a tuple of {len(layers)} positive integers, one a layer", repr(strides))
    for layer, (kernel_rows, kernel_columns, _, units) in enumerate(layers):
        wanted = (kernel_rows, kernel_columns, channels, units)
        require_shape(f"filters[{layer}]", filters[layer], wanted, f"for images with {channels} channels")
        require_shape(f"filter_biases[{layer}]", filter_biases[layer], (units,), f"for {units} filters")
        stride = require_positive_integer("strides", strides[layer])
        size = [*slide("filters", (size[0], size[1]), (kernel_rows, kernel_columns), stride, "same").outputs]
        channels = units
    flat = [[0] * (size[0] * size[1] * channels)] * count
    require_network(flat, weights, biases)
    require_shape("labels", labels, (count, len(biases[-1])), "of the network's output")
    require_mask(flat if len(weights) == 1 else [[0] * len(biases[-2])] * count, mask, rate)
