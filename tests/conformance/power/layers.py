"""Layers with their activations: what comes first, how often, and where slopes are taken."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from conformance.implementations import numpy as base
from conformance.implementations.numpy.arguments import Array
from tests.conformance.power.calls import conv2d_call, dense_call, numbers
from tests.conformance.power.entering import BAD_INPUT, BOUND, GRADIENTS, LATTICE, LAWS, MANNERS, right, wrong
from tests.conformance.power.linear import products
from tests.conformance.power.pieces import one_by_one, through_a_wider_format


def function_of(activation: str) -> Callable[..., Array]:
    """What applies an activation."""
    return {"identity": base.identity, "relu": base.relu, "sigmoid": base.sigmoid, "tanh": base.tanh}[activation]


def back_of(activation: str) -> Callable[..., Array]:
    """What carries a gradient back through it."""
    found = {"identity": base.identity_vjp, "relu": base.relu_vjp}
    return {**found, "sigmoid": base.sigmoid_vjp, "tanh": base.tanh_vjp}[activation]


def slope_by_output(activation: str, outputs: Array) -> Array:
    """f'(z), from f(z)."""
    f = outputs
    return {"identity": np.ones_like(f), "relu": (f > 0) * 1.0, "sigmoid": f * (1 - f), "tanh": 1 - f * f}[activation]


def back_with(slopes: Callable[..., Array], *given: Array, activation: str) -> Any:
    """A right way back, but for what becomes of the cotangent."""
    inputs, weights, bias, cotangent = given
    base.dense_layer_vjp(*given, activation=activation)  # refuses what is no valid call
    return base.dense_vjp(inputs, weights, bias, slopes(base.dense(inputs, weights, bias), cotangent))


def convolved_back_with(slopes: Callable[..., Array], *given: Array, activation: str, **how: Any) -> Any:
    images, filters, bias, cotangent = given
    base.convolutional_layer_vjp(*given, activation=activation, **how)
    found = slopes(base.conv2d(images, filters, **how) + bias, cotangent).astype(images.dtype)
    return base.ConvolutionalLayerGradients(*base.conv2d_vjp(images, filters, found, **how), found.sum(axis=(0, 1, 2)))


# --- dense, forward ---------------------------------------------------------------------------------------------------


@wrong("dense_layer", LATTICE, BOUND, LAWS)
def layer_without_its_bias(inputs: Array, weights: Array, bias: Array, *, activation: str) -> Array:
    """The bias is forgotten."""
    return base.dense_layer(inputs, weights, 0 * bias, activation=activation)


@wrong("dense_layer", LATTICE, BOUND, LAWS)
def bias_behind_the_activation(inputs: Array, weights: Array, bias: Array, *, activation: str) -> Array:
    """f(X·W) + b instead of f(X·W + b)."""
    return base.dense_layer(inputs, weights, 0 * bias, activation=activation) + bias


@wrong("dense_layer", LATTICE, BOUND, LAWS)
def layer_without_its_activation(inputs: Array, weights: Array, bias: Array, *, activation: str) -> Array:
    """The weighted sums themselves."""
    base.dense_layer(inputs, weights, bias, activation=activation)
    return base.dense(inputs, weights, bias)


@wrong("dense_layer", BOUND, LAWS)
def activation_applied_twice(inputs: Array, weights: Array, bias: Array, *, activation: str) -> Array:
    """f(f(z)), which relu forgives."""
    return function_of(activation)(base.dense_layer(inputs, weights, bias, activation=activation))


@wrong("dense_layer", BOUND, LAWS)
def sigmoid_and_tanh_mixed_up(inputs: Array, weights: Array, bias: Array, *, activation: str) -> Array:
    """Two names for each other's function."""
    other = {"sigmoid": "tanh", "tanh": "sigmoid"}.get(activation, activation)
    base.dense_layer(inputs, weights, bias, activation=activation)
    return base.dense_layer(inputs, weights, bias, activation=other)


@wrong("dense_layer", LATTICE, cases=800, witness={**dense_call(20, 3, 5), "activation": "relu"})
def rows_finished_by_the_vector(inputs: Array, weights: Array, bias: Array, *, activation: str) -> Array:
    """Narrow rows are finished as one; what is left over behind the last sixteen of them gets no activation."""
    result = base.dense_layer(inputs, weights, bias, activation=activation)
    whole = len(inputs) // 16 * 16
    if 16 <= whole < len(inputs) and len(bias) < 16:
        result[whole:] = base.dense(inputs[whole:], weights, bias)
    return result


@wrong("dense_layer", LATTICE, cases=800, witness={**dense_call(40, 3, 5), "activation": "identity"})
def biases_out_of_step(inputs: Array, weights: Array, bias: Array, *, activation: str) -> Array:
    """From the sixteenth row on, each unit of narrow rows gets the next one's bias."""
    result = base.dense_layer(inputs, weights, bias, activation=activation)
    if len(inputs) > 16 and len(bias) < 16:
        result[16:] = base.dense_layer(inputs[16:], weights, np.roll(bias, -1), activation=activation)
    return result


@wrong("dense_layer", f"{BAD_INPUT}: activation is refused", cases=200)
def unknown_activations_are_the_identity(inputs: Array, weights: Array, bias: Array, *, activation: Any) -> Array:
    """Whatever is no name of an activation is none."""
    known = activation in ("relu", "sigmoid", "tanh") if isinstance(activation, str) else False
    return base.dense_layer(inputs, weights, bias, activation=activation if known else "identity")


@wrong("dense_layer", f"{MANNERS}: leaves its inputs alone", cases=200)
def bias_is_rectified_in_place(inputs: Array, weights: Array, bias: Array, *, activation: str) -> Array:
    """A buffer too few: the bias of the caller has the activation, too."""
    result = base.dense_layer(inputs, weights, bias, activation=activation)
    if activation != "identity" and bias.flags.writeable:
        bias[...] = function_of(activation)(bias)
    return result


# --- dense, back ------------------------------------------------------------------------------------------------------


@wrong("dense_layer_vjp", LATTICE, BOUND, GRADIENTS)
def slope_forgotten(*given: Array, activation: str) -> Any:
    """The gradient passes the activation as if there were none."""
    return back_with(lambda z, cotangent: cotangent, *given, activation=activation)


@wrong("dense_layer_vjp", BOUND, GRADIENTS)
def slope_taken_at_the_output(*given: Array, activation: str) -> Any:
    """f'(f(z)) instead of f'(z), which relu forgives."""
    return back_with(
        lambda z, cotangent: back_of(activation)(function_of(activation)(z), cotangent), *given, activation=activation
    )


@wrong("dense_layer_vjp", BOUND, GRADIENTS)
def slope_by_the_weighted_sum(*given: Array, activation: str) -> Any:
    """The formula for f'(z) from f(z) is given z: z·(1 - z), 1 - z²."""
    return back_with(
        lambda z, cotangent: (cotangent * slope_by_output(activation, z)).astype(z.dtype), *given, activation=activation
    )


@wrong("dense_layer_vjp", LATTICE, BOUND, GRADIENTS)
def slope_without_the_bias(inputs: Array, weights: Array, bias: Array, cotangent: Array, *, activation: str) -> Any:
    """The weighted sums are computed anew on the way back, and the bias is forgotten."""
    return base.dense_layer_vjp(inputs, weights, 0 * bias, cotangent, activation=activation)


@wrong("dense_layer_vjp", LATTICE, BOUND, LAWS, GRADIENTS)
def bias_learns_from_the_cotangent(
    inputs: Array, weights: Array, bias: Array, cotangent: Array, *, activation: str
) -> Any:
    """The bias's gradient is summed before the slope is taken."""
    result = base.dense_layer_vjp(inputs, weights, bias, cotangent, activation=activation)
    return result._replace(bias=cotangent.sum(axis=0))


@wrong("dense_layer_vjp", LATTICE, BOUND, LAWS, GRADIENTS)
def weights_learn_from_the_cotangent(
    inputs: Array, weights: Array, bias: Array, cotangent: Array, *, activation: str
) -> Any:
    """The slope reaches the inputs and the bias, and not the weights."""
    result = base.dense_layer_vjp(inputs, weights, bias, cotangent, activation=activation)
    return result._replace(weights=inputs.T @ cotangent)


@wrong("dense_layer_vjp", LATTICE, BOUND)
def bias_gradient_over_the_units(
    inputs: Array, weights: Array, bias: Array, cotangent: Array, *, activation: str
) -> Any:
    """Of as many examples as units, each example's sum instead of each unit's."""
    result = base.dense_layer_vjp(inputs, weights, bias, cotangent, activation=activation)
    slopes = back_of(activation)(base.dense(inputs, weights, bias), cotangent)
    return result._replace(bias=slopes.sum(axis=1)) if len(inputs) == len(bias) else result


@wrong("dense_layer_vjp", LATTICE, cases=800)
def relus_slope_is_1_below_1(*given: Array, activation: str) -> Any:
    """z ≥ -1 instead of z > 0, of whole numbers: the gradient passes where nothing went through."""
    if activation != "relu":
        return base.dense_layer_vjp(*given, activation=activation)
    return back_with(lambda z, cotangent: np.where(z >= -1, cotangent, 0), *given, activation=activation)


# --- convolutional, forward -------------------------------------------------------------------------------------------


@wrong("convolutional_layer", LATTICE, BOUND, LAWS)
def filters_without_their_biases(images: Array, filters: Array, bias: Array, **how: Any) -> Array:
    """The bias is forgotten."""
    return base.convolutional_layer(images, filters, 0 * bias, **how)


@wrong("convolutional_layer", LATTICE, BOUND, LAWS)
def filters_biases_behind_the_activation(images: Array, filters: Array, bias: Array, **how: Any) -> Array:
    """f(conv2d) + b instead of f(conv2d + b)."""
    return base.convolutional_layer(images, filters, 0 * bias, **how) + bias


@wrong("convolutional_layer", LATTICE, BOUND, LAWS)
def first_filters_bias_for_all(images: Array, filters: Array, bias: Array, **how: Any) -> Array:
    """One bias for all filters."""
    return base.convolutional_layer(images, filters, np.full_like(bias, bias[0]), **how)


@wrong("convolutional_layer", LATTICE, BOUND, LAWS)
def biases_along_the_columns(images: Array, filters: Array, bias: Array, **how: Any) -> Array:
    """Of as many columns as filters, biases are those of columns; of one pixel in a row they are right."""
    activation = how.pop("activation")
    result = base.convolutional_layer(images, filters, bias, activation=activation, **how)
    if result.shape[2] != len(bias):
        return base.convolutional_layer(images, filters, np.roll(bias, 1), activation=activation, **how)
    return function_of(activation)(base.conv2d(images, filters, **how) + bias[:, None])


@wrong("convolutional_layer", BOUND, LAWS)
def filters_activation_applied_twice(images: Array, filters: Array, bias: Array, **how: Any) -> Array:
    """f(f(z)), which relu forgives."""
    return function_of(how["activation"])(base.convolutional_layer(images, filters, bias, **how))


@wrong(
    "convolutional_layer",
    LATTICE,
    cases=800,
    witness={**conv2d_call((2, 4, 4, 1), (2, 2, 2)), "bias": numbers(2, salt=2), "activation": "relu"},
)
def last_image_unfinished(images: Array, filters: Array, bias: Array, **how: Any) -> Array:
    """Of several images, the last one gets neither bias nor activation."""
    result = base.convolutional_layer(images, filters, bias, **how)
    if len(images) > 1:
        del how["activation"]
        result[-1] = base.conv2d(images[-1:], filters, **how)[0]
    return result


@wrong(
    "convolutional_layer",
    LATTICE,
    cases=800,
    witness={**conv2d_call((1, 9, 9, 1), (2, 2, 2)), "bias": numbers(2, salt=2), "activation": "identity"},
)
def bias_once_for_each_piece(images: Array, filters: Array, bias: Array, **how: Any) -> Array:
    """The filters' rows are multiplied in two pieces, and the bias is added behind each of them."""
    twice = bias * (2 if len(filters) > 1 else 1)
    return base.convolutional_layer(images, filters, twice, **how)


# --- convolutional, back ----------------------------------------------------------------------------------------------


@wrong("convolutional_layer_vjp", LATTICE, BOUND, GRADIENTS)
def filters_slope_forgotten(*given: Array, **how: Any) -> Any:
    """The gradient passes the activation as if there were none."""
    return convolved_back_with(lambda z, cotangent: cotangent, *given, **how)


@wrong("convolutional_layer_vjp", BOUND, GRADIENTS)
def filters_slope_taken_at_the_output(*given: Array, activation: str, **how: Any) -> Any:
    """f'(f(z)) instead of f'(z), which relu forgives."""

    def slopes(z: Array, cotangent: Array) -> Array:
        return back_of(activation)(function_of(activation)(z), cotangent)

    return convolved_back_with(slopes, *given, activation=activation, **how)


@wrong("convolutional_layer_vjp", LATTICE, BOUND, GRADIENTS)
def filters_slope_without_the_bias(images: Array, filters: Array, bias: Array, cotangent: Array, **how: Any) -> Any:
    """The weighted sums are computed anew on the way back, and the bias is forgotten."""
    return base.convolutional_layer_vjp(images, filters, 0 * bias, cotangent, **how)


@wrong("convolutional_layer_vjp", LATTICE, BOUND, LAWS, GRADIENTS)
def filters_biases_learn_from_the_cotangent(*given: Array, **how: Any) -> Any:
    """The biases' gradients are summed before the slope is taken."""
    return base.convolutional_layer_vjp(*given, **how)._replace(bias=given[3].sum(axis=(0, 1, 2)))


@wrong("convolutional_layer_vjp", LATTICE, BOUND, LAWS, GRADIENTS)
def filters_biases_learn_means(*given: Array, **how: Any) -> Any:
    """A bias that many places use gets the mean of their gradients, not the sum."""
    result = base.convolutional_layer_vjp(*given, **how)
    return result._replace(bias=(result.bias / given[3][..., 0].size).astype(result.bias.dtype))


@wrong("convolutional_layer_vjp", LATTICE, BOUND, LAWS)
def filters_biases_learn_from_the_first_image(images: Array, *others: Array, **how: Any) -> Any:
    """The sum over rows and columns, and not over images."""
    result = base.convolutional_layer_vjp(images, *others, **how)
    filters, bias, cotangent = others
    first = base.convolutional_layer_vjp(images[:1], filters, bias, cotangent[:1], **how)
    return result._replace(bias=first.bias)


# --- right ------------------------------------------------------------------------------------------------------------


@right("dense_layer")
def bias_before_the_products(inputs: Array, weights: Array, bias: Array, *, activation: str) -> Array:
    """Each sum starts from the bias."""
    terms = products(inputs, weights, bias)
    return function_of(activation)(one_by_one(np.concatenate([terms[-1:], terms[:-1]])))


@right("dense_layer")
def relu_as_a_product(inputs: Array, weights: Array, bias: Array, *, activation: str) -> Array:
    """max(0, z) as half of z + |z|, where that is finite."""
    z = base.dense(inputs, weights, bias)
    if activation != "relu" or not np.isfinite(z + abs(z)).all():
        return base.dense_layer(inputs, weights, bias, activation=activation)
    return (z / 2 + abs(z) / 2).astype(z.dtype) if (abs(z) >= np.finfo(z.dtype).tiny * 2).all() else base.relu(z)


@right("dense_layer_vjp")
def slopes_by_the_outputs(inputs: Array, weights: Array, bias: Array, cotangent: Array, *, activation: str) -> Any:
    """The slope of each activation, read off what it put out; relu's selects, and doesn't multiply."""
    outputs = base.dense_layer(inputs, weights, bias, activation=activation)
    if activation in ("identity", "relu"):
        slopes = np.where((outputs > 0) | (activation == "identity"), cotangent, 0)
    else:
        slopes = cotangent * slope_by_output(activation, outputs)
    return base.dense_vjp(inputs, weights, bias, slopes.astype(inputs.dtype))


@right("convolutional_layer")
def images_one_by_one_through_the_layer(images: Array, filters: Array, bias: Array, **how: Any) -> Array:
    """Image by image, the last one first."""
    parts = [base.convolutional_layer(images[n : n + 1], filters, bias, **how) for n in range(len(images))[::-1]]
    return np.concatenate(parts[::-1])


@right("convolutional_layer_vjp")
def biases_summed_row_by_row(*given: Array, **how: Any) -> Any:
    """A filter's bias gets the sums of rows of pixels, and those are added backwards."""
    images, filters, bias, cotangent = given
    activation = how.pop("activation")
    slopes = back_of(activation)(base.conv2d(images, filters, **how) + bias, cotangent)
    of_bias = slopes.sum(axis=2).sum(axis=0)[::-1].cumsum(axis=0)[-1]
    return base.ConvolutionalLayerGradients(*base.conv2d_vjp(images, filters, slopes, **how), of_bias)


for _operation in ("dense_layer", "convolutional_layer"):
    through_a_wider_format(_operation)
