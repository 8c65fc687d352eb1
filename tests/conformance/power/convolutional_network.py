"""Convolutional networks: how their layers are joined, forward and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from conformance.implementations import numpy as base
from conformance.implementations.numpy.arguments import Array
from tests.conformance.power.entering import BOUND, GRADIENTS, LAWS, MANNERS, right, wrong
from tests.conformance.power.pieces import wider

OPERATION = "convolutional_backpropagation"


def _rows(pixels: Array) -> Array:
    return pixels.reshape(len(pixels), -1)


def _sum_of_pixels(cotangent: Array) -> Array:
    return cotangent.sum(axis=(0, 1, 2))


def _network(
    images: Array,
    filters: Any,
    filter_biases: Any,
    weights: Any,
    biases: Any,
    labels: Array,
    mask: Array,
    *,
    strides: Any,
    rate: Any,
    rectify: Callable[..., Array] = base.relu,
    slope: Callable[..., Array] = base.relu_vjp,
    rows: Callable[[Array], Array] = _rows,
    unrows: Callable[[Array, Any], Array] = np.reshape,
    drop_back: Callable[..., Array] = base.dropout_vjp,
    bias_gradient: Callable[[Array], Array] = _sum_of_pixels,
) -> Any:
    """A right one, some parts of which may be others."""
    base.convolutional_backpropagation(
        images, filters, filter_biases, weights, biases, labels, mask, strides=strides, rate=rate
    )
    sums, pixels = [], [images]
    for those, bias, stride in zip(filters, filter_biases, strides, strict=True):
        sums.append(base.conv2d(pixels[-1], those, strides=stride, padding="same") + bias)
        pixels.append(rectify(sums[-1]))
    inputs, units = [rows(pixels.pop())], []
    for matrix, bias in zip(weights[:-1], biases[:-1], strict=True):
        units.append(base.dense(inputs[-1], matrix, bias))
        inputs.append(base.relu(units[-1]))
    kept, inputs[-1] = inputs[-1], base.dropout(inputs[-1], mask, rate=rate)
    logits, ones = base.dense(inputs[-1], weights[-1], biases[-1]), np.ones(len(images), images.dtype)
    cotangent = base.softmax_cross_entropy_with_logits_vjp(logits, labels, ones) / len(images)
    found: dict[str, list[Array]] = {"filters": [], "filter_biases": [], "weights": [], "biases": []}
    for layer in reversed(range(len(weights))):
        gradient = base.dense_vjp(inputs[layer], weights[layer], biases[layer], cotangent)
        found["weights"].insert(0, gradient.weights)
        found["biases"].insert(0, gradient.bias)
        cotangent = gradient.inputs
        if layer == len(weights) - 1:
            cotangent = drop_back(kept, mask, cotangent, rate=rate)
        if layer > 0:
            cotangent = base.relu_vjp(units[layer - 1], cotangent)
    cotangent = unrows(cotangent, sums[-1].shape)
    for layer in reversed(range(len(filters))):
        cotangent = slope(sums[layer], cotangent)
        found["filter_biases"].insert(0, bias_gradient(cotangent))
        of_layer = base.conv2d_vjp(pixels[layer], filters[layer], cotangent, strides=strides[layer], padding="same")
        found["filters"].insert(0, of_layer.filters)
        cotangent = of_layer.images
    loss = base.softmax_cross_entropy_with_logits(logits, labels).mean()
    return base.ConvolutionalBackpropagation(loss, **{name: tuple(arrays) for name, arrays in found.items()})


# --- wrong ------------------------------------------------------------------------------------------------------------


@wrong(OPERATION, BOUND)
def convolutions_stay_linear(*arguments: Any, **how: Any) -> Any:
    """No relu after a convolution, and none on the way back."""
    return _network(*arguments, **how, rectify=lambda z: z, slope=lambda z, cotangent: cotangent)


@wrong(OPERATION, BOUND)
def convolutions_slope_forgotten(*arguments: Any, **how: Any) -> Any:
    """The gradient passes convolutions as if no relu had followed them."""
    return _network(*arguments, **how, slope=lambda z, cotangent: cotangent)


@wrong(OPERATION, BOUND)
def pixels_channel_by_channel(*arguments: Any, **how: Any) -> Any:
    """The dense layer gets one channel after the other, as it would in a library whose images begin with channels."""

    def unrows(cotangent: Array, shape: Any) -> Array:
        count, rows, columns, channels = shape
        return cotangent.reshape(count, channels, rows, columns).transpose(0, 2, 3, 1)

    return _network(*arguments, **how, rows=lambda pixels: _rows(pixels.transpose(0, 3, 1, 2)), unrows=unrows)


@wrong(OPERATION, BOUND)
def dropout_forgotten_on_the_way_back(*arguments: Any, **how: Any) -> Any:
    """What was dropped learns all the same, and nothing is scaled."""
    return _network(*arguments, **how, drop_back=lambda kept, mask, cotangent, rate: cotangent)


@wrong(OPERATION, BOUND)
def dropout_unscaled_on_the_way_back(*arguments: Any, **how: Any) -> Any:
    """What was dropped learns nothing, but what was scaled learns too little."""
    return _network(*arguments, **how, drop_back=lambda kept, mask, cotangent, rate: np.where(mask == 1, cotangent, 0))


@wrong(OPERATION, BOUND)
def filter_biases_learn_a_mean(*arguments: Any, **how: Any) -> Any:
    """A bias that many pixels use gets the mean of their gradients, not the sum."""
    return _network(*arguments, **how, bias_gradient=lambda cotangent: cotangent.mean(axis=(0, 1, 2)))


@wrong(OPERATION, BOUND)
def filter_biases_learn_from_the_last_image(*arguments: Any, **how: Any) -> Any:
    """Each image's sum takes the place of the one before."""
    return _network(*arguments, **how, bias_gradient=lambda cotangent: cotangent[-1].sum(axis=(0, 1)))


@wrong(OPERATION, BOUND)
def filter_biases_learn_from_the_first_rows(*arguments: Any, **how: Any) -> Any:
    """The last row of pixels is left out of the sum, if there is more than one."""
    return _network(*arguments, **how, bias_gradient=lambda c: _sum_of_pixels(c[:, : max(1, c.shape[1] - 1)]))


@wrong(OPERATION, BOUND)
def gradients_of_the_loss_summed_over_images(images: Array, *others: Any, **how: Any) -> Any:
    """The loss is a mean, its gradients are a sum's."""
    loss, *gradients = base.convolutional_backpropagation(images, *others, **how)
    return base.ConvolutionalBackpropagation(loss, *(tuple(len(images) * g for g in group) for group in gradients))


@wrong(OPERATION, BOUND, GRADIENTS)
def loss_is_a_sum_over_the_images(images: Array, *others: Any, **how: Any) -> Any:
    """The sum over the batch instead of the mean."""
    result = base.convolutional_backpropagation(images, *others, **how)
    return result._replace(loss=result.loss * images.dtype.type(len(images)))


@wrong(OPERATION, BOUND)
def convolutions_in_the_order_found(*arguments: Any, **how: Any) -> Any:
    """The convolutions' gradients come in the order in which they are found: the last layer first."""
    result = base.convolutional_backpropagation(*arguments, **how)
    return result._replace(filters=result.filters[::-1], filter_biases=result.filter_biases[::-1])


@wrong(OPERATION, BOUND)
def last_weights_learn_from_all_units(*arguments: Any, **how: Any) -> Any:
    """The last layer's weights get the gradient of units before dropout, those that it dropped as well."""
    *arrays, mask = arguments
    result = base.convolutional_backpropagation(*arguments, **how)
    whole = base.convolutional_backpropagation(*arrays, np.ones_like(mask), **how)
    return result._replace(weights=(*result.weights[:-1], whole.weights[-1]))


@wrong(OPERATION, LAWS, cases=200)
def dropped_units_learn_a_little(*arguments: Any, **how: Any) -> Any:
    """What was dropped gets a gradient as if it had put out a millionth."""
    mask, result = arguments[-1], base.convolutional_backpropagation(*arguments, **how)
    dropped = 1e-6 * (mask == 0).any(axis=0)[:, None]
    return result._replace(weights=(*result.weights[:-1], result.weights[-1] + dropped.astype(arguments[0].dtype)))


@wrong(OPERATION, f"{MANNERS}: leaves its inputs alone", cases=200)
def images_are_rectified_in_place(images: Array, *others: Any, **how: Any) -> Any:
    """Pixels below 0 are set to 0 in the caller's images, which have none as a rule."""
    result = base.convolutional_backpropagation(images, *others, **how)
    if images.flags.writeable:
        np.maximum(images, 0, out=images)
    return result


# --- right ------------------------------------------------------------------------------------------------------------


@right(OPERATION)
def network_in_a_wider_format(images: Array, *others: Any, **how: Any) -> Any:
    """Everything in the next wider format, the results rounded."""
    dtype = images.dtype
    *groups, labels, mask = others
    wide = [tuple(array.astype(wider(dtype)) for array in group) for group in groups]
    given = images.astype(wider(dtype)), *wide, labels.astype(wider(dtype)), mask
    loss, *gradients = base.convolutional_backpropagation(*given, **how)
    narrow = (tuple(array.astype(dtype) for array in group) for group in gradients)
    return base.ConvolutionalBackpropagation(loss.astype(dtype), *narrow)


@right(OPERATION)
def pixels_summed_row_by_row(*arguments: Any, **how: Any) -> Any:
    """A filter's bias gets the sums of rows of pixels, and those are added backwards."""
    return _network(*arguments, **how, bias_gradient=lambda c: c.sum(axis=2).sum(axis=0)[::-1].cumsum(axis=0)[-1])
