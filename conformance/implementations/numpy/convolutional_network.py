"""A convolutional network and its gradients."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from conformance.implementations.numpy.activations import relu, relu_vjp
from conformance.implementations.numpy.arguments import Array, Arrays, require_array
from conformance.implementations.numpy.backpropagation import require_network
from conformance.implementations.numpy.convolution import conv2d, conv2d_vjp, require_convolution
from conformance.implementations.numpy.linear import dense, dense_vjp
from conformance.implementations.numpy.losses import (
    softmax_cross_entropy_with_logits,
    softmax_cross_entropy_with_logits_vjp,
)
from conformance.implementations.numpy.regularization import dropout, dropout_vjp, require_mask
from reference.errors import InvalidArgument, require_positive_integer

__all__ = ["ConvolutionalBackpropagation", "convolutional_backpropagation"]


class ConvolutionalBackpropagation(NamedTuple):
    loss: Array
    filters: Arrays
    filter_biases: Arrays
    weights: Arrays
    biases: Arrays


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
    rate: Any,
) -> ConvolutionalBackpropagation:
    require_convolutional_network(images, filters, filter_biases, weights, biases, labels, mask, strides, rate)
    count, pictures, filtered = len(images), [images], []
    with np.errstate(all="ignore"):
        for those, bias, stride in zip(filters, filter_biases, strides, strict=True):
            filtered.append(conv2d(pictures[-1], those, strides=stride, padding="same") + bias)
            pictures.append(relu(filtered[-1]))
        sums, inputs = [], [pictures.pop().reshape(count, -1)]
        for matrix, bias in zip(weights[:-1], biases[:-1], strict=True):
            sums.append(dense(inputs[-1], matrix, bias))
            inputs.append(relu(sums[-1]))
        kept, inputs[-1] = inputs[-1], dropout(inputs[-1], mask, rate=rate)
        logits = dense(inputs[-1], weights[-1], biases[-1])
        loss = softmax_cross_entropy_with_logits(logits, labels).sum() / images.dtype.type(count)
        cotangent = softmax_cross_entropy_with_logits_vjp(logits, labels, np.ones(count, images.dtype)) / count
        of_dense: list[Any] = []
        for layer in reversed(range(len(weights))):
            of_dense.insert(0, dense_vjp(inputs[layer], weights[layer], biases[layer], cotangent))
            cotangent = of_dense[0].inputs
            if layer == len(weights) - 1:
                cotangent = dropout_vjp(kept, mask, cotangent, rate=rate)
            if layer > 0:
                cotangent = relu_vjp(sums[layer - 1], cotangent)
        cotangent = cotangent.reshape(filtered[-1].shape)
        of_filters: list[Array] = []
        of_filter_biases: list[Array] = []
        for layer in reversed(range(len(filters))):
            cotangent = relu_vjp(filtered[layer], cotangent)
            of_filter_biases.insert(0, cotangent.sum(axis=(0, 1, 2)))
            of_layer = conv2d_vjp(pictures[layer], filters[layer], cotangent, strides=strides[layer], padding="same")
            of_filters.insert(0, of_layer.filters)
            cotangent = of_layer.images
    of_weights, of_biases = (tuple(getattr(g, name) for g in of_dense) for name in ("weights", "bias"))
    return ConvolutionalBackpropagation(loss, tuple(of_filters), tuple(of_filter_biases), of_weights, of_biases)


def require_convolutional_network(
    images: Array,
    filters: Arrays,
    filter_biases: Arrays,
    weights: Arrays,
    biases: Arrays,
    labels: Array,
    mask: Array,
    strides: Any,
    rate: Any,
) -> None:
    for argument, layers in (("filters", filters), ("filter_biases", filter_biases)):
        if not isinstance(layers, tuple) or not layers:
            raise InvalidArgument(argument, "a tuple of arrays, one for each layer", type(layers).__name__)
    if len(filters) != len(filter_biases):
        raise InvalidArgument("filter_biases", f"{len(filters)} vectors for as many filters", str(len(filter_biases)))
    if not isinstance(strides, tuple) or len(strides) != len(filters):
        raise InvalidArgument("strides", f"a tuple of {len(filters)} positive integers, one a layer", repr(strides))
    count, *size, channels = require_array("images", images, "N H W C")
    for layer, (those, bias) in enumerate(zip(filters, filter_biases, strict=True)):
        kernel_rows, kernel_columns, _, units = require_array(f"filters[{layer}]", those, "KH KW C F")
        require_array(f"filters[{layer}]", those, "KH KW C F", (kernel_rows, kernel_columns, channels, units))
        require_array(f"filter_biases[{layer}]", bias, "F", (units,))
        stride = require_positive_integer("strides", strides[layer])
        here = np.broadcast_to(images.dtype.type(0), (1, *size, channels))
        size, channels = [*require_convolution(here, those, stride, "same").outputs], units
    flat = np.broadcast_to(images.dtype.type(0), (count, size[0] * size[1] * channels))
    require_network(flat, weights, biases)
    require_array("labels", labels, "N K", (count, len(biases[-1])))
    before = flat.shape[1] if len(weights) == 1 else len(biases[-2])
    require_mask(np.broadcast_to(images.dtype.type(0), (count, before)), mask, rate)
