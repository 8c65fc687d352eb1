"""Drawing layers with their activations, and the laws of these."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.cases import convolution, linear
from conformance.cases.convolution import output_sizes
from conformance.declarations import case, law
from conformance.drawing import Draw
from conformance.lanes.reading import Axes
from conformance.laws import Trial, exact
from conformance.spaces import Configuration, Space
from reference import elementary
from reference.layers import ACTIVATIONS
from reference.numbers import Interval

CHOICES = {"activation": tuple(ACTIVATIONS)}
_RELU, _TANH, _SIGMOID = ({"activation": name} for name in ("relu", "tanh", "sigmoid"))

DENSE = Space(
    sizes=linear.SIZES,
    choices=CHOICES,
    small=linear.SMALL,
    steps=linear.LAYER.steps,
    work=linear.LAYER.work,
    common={
        "a hidden layer": {"N": 10, "D": 64, "U": 32, **_TANH},
        "the slides' first layer": {"N": 100, "D": 784, "U": 200, **_RELU},
        "the slides' last hidden layer": {"N": 100, "D": 60, "U": 30, **_RELU},
        "one unit that says yes or no": {"N": 100, "D": 30, "U": 1, **_SIGMOID},
    },
)
#: The way back is read with the way forward before it, whose sums run over features: lanes can't be those.
DENSE_VJP = Space(
    sizes=linear.SIZES,
    choices=CHOICES,
    small={"N": (1, 2, 3, 4, 5), "D": range(1, 10), "U": range(1, 10)},
    steps=lambda c: 4 * c.D * (c.N + c.U),
    work=lambda c: 6 * c.N * c.D * c.U,
    common={
        "a small hidden layer": {"N": 10, "D": 16, "U": 8, **_RELU},
        "one unit that says yes or no": {"N": 20, "D": 8, "U": 1, **_SIGMOID},
    },
)
_FEW = {"N": 2, "H": 5, "W": 4, "C": 2, "KH": 3, "KW": 3, "F": 3}
CONVOLUTIONAL = Space(
    sizes=convolution.SIZES,
    choices={**CHOICES, **convolution.CHOICES},
    small=convolution.SMALL,
    valid=convolution.window_fits,
    usual=convolution.USUAL,
    steps=convolution.CONVOLUTION.steps,
    work=convolution.CONVOLUTION.work,
    common={
        "3×3, same, stride 1": {**_FEW, "H": 8, "W": 8, "padding": "same", **_RELU},
        "3×3, same, stride 2, odd": {**_FEW, "H": 7, "W": 9, "SH": 2, "SW": 2, "padding": "same", **_TANH},
        "1×1": {"N": 2, "H": 5, "W": 5, "C": 16, "F": 8, **_SIGMOID},
        "the slides' first layer": {
            "N": 100,
            "H": 28,
            "W": 28,
            "KH": 3,
            "KW": 3,
            "F": 12,
            "padding": "same",
            **_RELU,
        },
        "the slides' second layer": {
            "N": 100,
            "H": 28,
            "W": 28,
            "C": 12,
            "KH": 6,
            "KW": 6,
            "F": 24,
            "SH": 2,
            "SW": 2,
            "padding": "same",
            **_RELU,
        },
    },
)
CONVOLUTIONAL_VJP = Space(
    sizes=convolution.SIZES,
    choices={**CHOICES, **convolution.CHOICES},
    small={**convolution.SMALL, "C": (1, 2), "F": (1, 2, 3)},
    valid=convolution.window_fits,
    usual=convolution.USUAL,
    steps=lambda c: convolution.CONVOLUTION_VJP.steps(c) * c.C,
    work=lambda c: 3 * convolution.CONVOLUTION.work(c),
    common={
        "3×3, same, stride 1": {**_FEW, "padding": "same", **_RELU},
        "3×3, same, stride 2": {**_FEW, "SH": 2, "SW": 2, "padding": "same", **_TANH},
        "1×1": {"N": 2, "H": 3, "W": 3, "C": 8, "F": 4, **_SIGMOID},
    },
)


def of_intervals(activation: str, intervals: Any) -> Any:
    """An activation of an array of intervals or fractions."""
    function = {
        "identity": lambda z: z,
        "relu": lambda z: elementary.maximum(0, z),
        "sigmoid": elementary.sigmoid,
        "tanh": elementary.tanh,
    }[activation]
    return np.vectorize(lambda z: function(z + Interval(0)), otypes=[object])(intervals)


@case(DENSE, Axes(("N D", "D U", "U"), ("N U",), "N U"))
def dense_layer(draw: Draw, c: Configuration) -> dict[str, Any]:
    return {**linear.dense.draw(draw, c), "activation": c.activation}


@law(dense_layer)
def dense_layer_is_its_activation_of_a_linear_one(draw: Draw, trial: Trial) -> None:
    """Once, and after everything else: an activation that comes before the bias, twice or not at all shows."""
    x, w, b, activation = dense_layer(draw).values()
    linear_one = trial.run(x, w, b, activation="identity")
    trial.agree(trial.run(x, w, b, activation=activation), of_intervals(activation, linear_one))


@law(dense_layer)
def dense_layer_of_nothing_is_its_activation_of_the_bias(draw: Draw, trial: Trial) -> None:
    """In every row: a bias that is left out, or that the activation doesn't reach, shows."""
    x, w, b, activation = dense_layer(draw).values()
    rows = np.broadcast_to(of_intervals(activation, exact(b)), (len(x), len(b)))
    trial.agree(trial.run(0 * x, w, b, activation=activation), rows)


@case(DENSE_VJP, Axes(("N D", "D U", "U", "N U"), ("N D", "D U", "U"), "N U"))
def dense_layer_vjp(draw: Draw, c: Configuration) -> dict[str, Any]:
    *arrays, activation = dense_layer.draw(draw, c).values()
    named = dict(zip(("inputs", "weights", "bias"), arrays, strict=True))
    return {**named, "cotangent": draw.array(c.N, c.U), "activation": activation}


@law(dense_layer_vjp)
def dense_layer_vjp_is_linear_in_its_cotangent(draw: Draw, trial: Trial) -> None:
    """A derivative is linear, whatever the function."""
    x, w, b, g, activation = dense_layer_vjp(draw).values()
    once, twice = (trial.run(x, w, b, times * g, activation=activation) for times in (1, 2))
    for one, other in zip(once, twice, strict=True):
        trial.agree(2 * one, other)


@law(dense_layer_vjp)
def dense_layer_vjp_ties_its_gradients(draw: Draw, trial: Trial) -> None:
    """One δ is behind all of them: with one example, it is the bias's gradient, and the others are products of it."""
    c = draw.configuration(DENSE_VJP).changed(N=1)
    x, w, b, g, activation = dense_layer_vjp.draw(draw, c).values()
    gradients = trial.run(x, w, b, g, activation=activation)
    trial.agree(gradients.weights, exact(x[0])[:, None] * gradients.bias[None, :])
    trial.agree(gradients.inputs, gradients.bias[None, :] @ exact(w).T)


@case(CONVOLUTIONAL, Axes(("N H W C", "KH KW C F", "F"), ("N OH OW F",), "N F"))
def convolutional_layer(draw: Draw, c: Configuration) -> dict[str, Any]:
    images, filters, strides, padding = convolution.conv2d.draw(draw, c).values()
    arrays = {"images": images, "filters": filters, "bias": draw.array(c.F)}
    return {**arrays, "activation": c.activation, "strides": strides, "padding": padding}


@law(convolutional_layer)
def convolutional_layer_is_its_activation_of_a_linear_one(draw: Draw, trial: Trial) -> None:
    """Once, and after everything else: an activation that comes before the bias, twice or not at all shows."""
    *arrays, activation, strides, padding = convolutional_layer(draw).values()
    linear_one = trial.run(*arrays, activation="identity", strides=strides, padding=padding)
    result = trial.run(*arrays, activation=activation, strides=strides, padding=padding)
    trial.agree(result, of_intervals(activation, linear_one))


@law(convolutional_layer)
def convolutional_layer_of_nothing_is_its_activation_of_the_bias(draw: Draw, trial: Trial) -> None:
    """At every place of every image."""
    images, filters, bias, activation, strides, padding = convolutional_layer(draw).values()
    result = trial.run(0 * images, filters, bias, activation=activation, strides=strides, padding=padding)
    trial.agree(result, np.broadcast_to(of_intervals(activation, exact(bias)), result.shape))


@case(
    CONVOLUTIONAL_VJP,
    Axes(("N H W C", "KH KW C F", "F", "N OH OW F"), ("N H W C", "KH KW C F", "F"), "N F"),
)
def convolutional_layer_vjp(draw: Draw, c: Configuration) -> dict[str, Any]:
    images, filters, bias, activation, strides, padding = convolutional_layer.draw(draw, c).values()
    arrays = {"images": images, "filters": filters, "bias": bias}
    cotangent = draw.array(c.N, *output_sizes(c, c.SH, c.SW), c.F)
    return {**arrays, "cotangent": cotangent, "activation": activation, "strides": strides, "padding": padding}


@law(convolutional_layer_vjp)
def convolutional_layer_vjp_is_linear_in_its_cotangent(draw: Draw, trial: Trial) -> None:
    """A derivative is linear, whatever the function."""
    *arrays, g, activation, strides, padding = convolutional_layer_vjp(draw).values()
    how = {"activation": activation, "strides": strides, "padding": padding}
    for one, other in zip(trial.run(*arrays, g, **how), trial.run(*arrays, 2 * g, **how), strict=True):
        trial.agree(2 * one, other)


@law(convolutional_layer_vjp)
def convolutional_layer_vjp_takes_a_bias_for_a_weight_of_ones(draw: Draw, trial: Trial) -> None:
    """Where every pixel is 1, each weight is added like the bias, and has its gradient."""
    c = draw.configuration(CONVOLUTIONAL_VJP)
    # Without padding, whose pixels are 0.
    valid = c.changed(padding="valid", KH=min(c.KH, c.H), KW=min(c.KW, c.W))
    images, *arrays, activation, strides, padding = convolutional_layer_vjp.draw(draw, valid).values()
    ones = np.ones_like(images)
    gradients = trial.run(ones, *arrays, activation=activation, strides=strides, padding=padding)
    trial.agree(gradients.filters, np.broadcast_to(gradients.bias, gradients.filters.shape))
