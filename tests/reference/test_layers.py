"""Layers are what they are made of; and what is said of bad input."""

from __future__ import annotations

import pytest

import reference
from reference import InvalidArgument, convolutional_layer, convolutional_layer_vjp, dense_layer, dense_layer_vjp
from reference.layers import ACTIVATIONS

#: Numbers of few binary digits, with which floats are exact.
INPUTS, WEIGHTS, BIAS = [[1.0, -2.0], [0.5, 0.25]], [[1.0, 2.0], [0.5, -1.0]], [0.5, -3.0]
COTANGENT = [[1.0, 2.0], [3.0, 4.0]]
#: One image of two rows, each pixel with one channel, and two filters of one pixel.
IMAGES, FILTERS = [[[[1.0], [2.0]], [[-3.0], [0.5]]]], [[[[1.0, -1.0]]]]
PIXELS = [pixel for row in IMAGES[0] for pixel in row]


def test_every_activation_is_a_function_of_the_reference_with_its_gradient() -> None:
    for name, pair in ACTIVATIONS.items():
        assert pair == (getattr(reference, name), getattr(reference, f"{name}_vjp"))


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_layer_is_its_parts(activation: str) -> None:
    function, back = ACTIVATIONS[activation]
    sums = reference.dense(INPUTS, WEIGHTS, BIAS)
    assert dense_layer(INPUTS, WEIGHTS, BIAS, activation=activation) == function(sums)
    came = dense_layer_vjp(INPUTS, WEIGHTS, BIAS, COTANGENT, activation=activation)
    assert came == reference.dense_vjp(INPUTS, WEIGHTS, BIAS, back(sums, COTANGENT))


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_convolution_of_single_pixels_is_a_dense_layer_of_each(activation: str) -> None:
    [image] = convolutional_layer(IMAGES, FILTERS, BIAS, activation=activation)
    [[weights]] = FILTERS
    assert [pixel for row in image for pixel in row] == dense_layer(PIXELS, weights, BIAS, activation=activation)


@pytest.mark.parametrize("activation", ["identity", "relu"])
def test_and_so_are_its_gradients(activation: str) -> None:
    [[weights]], cotangent = FILTERS, [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]]
    of_pixels = dense_layer_vjp(PIXELS, weights, BIAS, cotangent, activation=activation)
    of_image = reference.reshape(cotangent, (1, 2, 2, 2))
    found = convolutional_layer_vjp(IMAGES, FILTERS, BIAS, of_image, activation=activation)
    assert reference.flatten(found.images) == reference.flatten(of_pixels.inputs)
    assert (found.filters, found.bias) == ([[of_pixels.weights]], of_pixels.bias)


@pytest.mark.parametrize("activation", ["softmax", "ReLU", "", None, 1, reference.relu])
def test_unknown_activations_are_named(activation: object) -> None:
    wanted = "activation: wanted 'identity' or 'relu' or 'sigmoid' or 'tanh'"
    for function, arguments in (
        (dense_layer, (INPUTS, WEIGHTS, BIAS)),
        (dense_layer_vjp, (INPUTS, WEIGHTS, BIAS, COTANGENT)),
        (convolutional_layer, (IMAGES, FILTERS, BIAS)),
        (convolutional_layer_vjp, (IMAGES, FILTERS, BIAS, IMAGES)),
    ):
        with pytest.raises(InvalidArgument, match=wanted):
            function(*arguments, activation=activation)


def test_a_bias_for_each_filter_is_wanted() -> None:
    with pytest.raises(InvalidArgument, match=r"bias: wanted shape \[2\] for 2 filters; got shape \[1\]"):
        convolutional_layer(IMAGES, FILTERS, [1.0], activation="identity")
    with pytest.raises(InvalidArgument, match=r"cotangent: wanted shape \[1, 2, 2, 2\] of the layer's output"):
        convolutional_layer_vjp(IMAGES, FILTERS, BIAS, IMAGES, activation="identity")
