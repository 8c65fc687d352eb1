"""A convolutional network's loss and all its gradients, on the GPU.

The ladder is that of `backpropagation`: everything stays on the device from the images to the gradients, a bias and
relu come while sums are in registers, forward, and relu's gradient backward. There is no kernel of its own here.

Nobody asks for the gradient of the images, and it isn't computed.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fast.cuda.activations import map_on_device, relu_vjp_kernel
from fast.cuda.column_sums import column_sums
from fast.cuda.convolution import relu_of_conv2d_on_device
from fast.cuda.convolution_gradients import filters_gradient, images_gradient_behind_relu
from fast.cuda.device import to_device
from fast.cuda.device_arrays import takes_device_arrays
from fast.cuda.linear import (
    dense_on_device,
    inputs_gradient,
    inputs_gradient_behind_relu,
    relu_of_dense_on_device,
    weights_gradient,
)
from fast.cuda.losses import mean_loss_on_device, mean_loss_vjp_on_device
from fast.cuda.regularization import dropout_kernel
from fast.results import ConvolutionalBackpropagation
from fast.validation.convolution import Geometry
from fast.validation.convolutional_network import require_convolutional_network, require_targets

__all__ = ["convolutional_backpropagation"]

Arrays = tuple[np.ndarray, ...]


@takes_device_arrays
def convolutional_backpropagation(
    images: np.ndarray,
    filters: Arrays,
    filter_biases: Arrays,
    weights: Arrays,
    biases: Arrays,
    labels: np.ndarray,
    mask: np.ndarray,
    *,
    strides: tuple[int, ...],
    rate: float,
) -> ConvolutionalBackpropagation:
    """As `reference.convolutional_backpropagation`, on the GPU.

    Args:
        images: [N, H, W, C].
        filters: a tuple of arrays [KH, KW, C, F].
        filter_biases: a tuple of as many vectors [F].
        weights: a tuple of matrices [D, H₁], …, [H_L₋₁, K].
        biases: a tuple of vectors [H₁], …, [K].
        labels: [N, K].
        mask: [N, units before the last layer], zeros and ones.
        strides: a tuple of positive integers, one for each convolution.
        rate: dropout's, from 0 to below 1.

    Returns:
        ConvolutionalBackpropagation(loss, filters, filter_biases, weights, biases).

    Raises:
        InvalidArgument: as the reference, and if an array isn't float32 or float64, or the dtypes differ.
    """
    geometries = require_convolutional_network(images, filters, filter_biases, weights, biases, strides)
    kept = to_device(require_targets(images, weights, biases, labels, mask, rate).astype(images.dtype))
    scale, groups = 1 / (1 - float(rate)), (filters, filter_biases, weights, biases)
    those, terms, matrices, vectors = ([to_device(array) for array in group] for group in groups)
    pixels = convolved(to_device(images), those, terms, geometries)
    inputs = [pixels[-1].reshape(len(images), len(weights[0]))]
    for matrix, bias in zip(matrices[:-1], vectors[:-1], strict=True):
        inputs.append(relu_of_dense_on_device(inputs[-1], matrix, bias))
    dropped = map_on_device(dropout_kernel, inputs[-1], kept, scale=scale)
    logits, targets = dense_on_device(dropped, matrices[-1], vectors[-1]), to_device(labels)
    cotangent, of_dense = mean_loss_vjp_on_device(logits, targets), []
    for layer in reversed(range(len(matrices))):
        last, given = layer == len(matrices) - 1, inputs[layer]
        of_dense.insert(0, (weights_gradient(dropped if last else given, cotangent), column_sums(cotangent)))
        if last:
            of_dropped = inputs_gradient(matrices[layer], cotangent)
            of_outputs = map_on_device(dropout_kernel, of_dropped, kept, scale=scale)
            cotangent = map_on_device(relu_vjp_kernel, given, of_outputs)
        else:
            cotangent = inputs_gradient_behind_relu(given, matrices[layer], cotangent)
    of_filters = back_through_convolutions(pixels, those, cotangent.reshape(*pixels[-1].shape), geometries)
    loss, of_learnt = mean_loss_on_device(logits, targets).reshape(()), (*zip(*of_filters, strict=True),)
    of_learnt += (*zip(*of_dense, strict=True),)
    return ConvolutionalBackpropagation(loss, *of_learnt)


def convolved(images: Any, filters: list[Any], biases: list[Any], geometries: list[Geometry]) -> list[Any]:
    """The images, and each convolution's outputs."""
    pixels = [images]
    for those, bias, where in zip(filters, biases, geometries, strict=True):
        pixels.append(relu_of_conv2d_on_device(pixels[-1], those, bias, where))
    return pixels


def back_through_convolutions(
    pixels: list[Any], filters: list[Any], cotangent: Any, geometries: list[Geometry]
) -> list[tuple[Any, Any]]:
    """From the gradient of the last convolution's weighted sums, those of each layer's filters and biases."""
    found: list[tuple[Any, Any]] = []
    for layer in reversed(range(len(filters))):
        given = pixels[layer], filters[layer], cotangent, geometries[layer]
        count = filters[layer].shape[3]
        of_biases = column_sums(cotangent.reshape(cotangent.size // count, count))
        found.insert(0, (filters_gradient(*given), of_biases))
        if layer > 0:
            cotangent = images_gradient_behind_relu(*given)
    return found
