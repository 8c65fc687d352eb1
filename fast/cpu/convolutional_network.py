"""A convolutional network's loss and all its gradients: what a step of training computes.

The ladder (the slides' network, a batch of 100):
1. the public functions one after the other: right, and every layer's results are new memory.
2. the bias and relu of a convolution where it is computed, a block of pixels after the other, while they are in a
   cache; on the way back, relu's slope and the bias's gradient in one pass over the cotangent, which it changes in
   place. relu's slope is read off its outputs, so that weighted sums aren't kept.
3. a `Workspace` that a loop over batches of one size keeps: nothing is allocated after its first step but what
   products and sums need inside, one at a time: filters or weights in panels, and padded images for each task.

Nobody asks for the gradient of the images, and it isn't computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from fast.cpu.arguments import Form, contiguous, deliver, destinations
from fast.cpu.backpropagation import loss_kernel, relu_vjp_kernel
from fast.cpu.convolution import conv2d_kernel
from fast.cpu.convolution_gradients import filter_gradient_kernel, image_gradient_kernel
from fast.cpu.finishing import BIAS_ONLY, finisher
from fast.cpu.layers import go_back
from fast.cpu.linear import dense_vjp_kernel, product_kernel
from fast.cpu.panels import multiplier
from fast.cpu.regularization import dropout_loop
from fast.cpu.windows import window_steps
from fast.results import ConvolutionalBackpropagation
from fast.validation.convolution import Geometry
from fast.validation.convolutional_network import require_convolutional_network, require_targets

__all__ = ["ConvolutionalBackpropagation", "convolutional_backpropagation"]

Arrays = tuple[np.ndarray, ...]


class Parameters(NamedTuple):
    """What a network learns; or the gradients for it. A network without convolutions has no filters."""

    filters: Arrays
    filter_biases: Arrays
    weights: Arrays
    biases: Arrays


class Workspace(NamedTuple):
    """Memory for batches of one size: what the way forward leaves, and the gradients of that, array by array.

    `pixels` are the outputs of each convolution, `units` of each dense layer, the logits last; `dropped` is what
    dropout makes of the last one's inputs.
    """

    pixels: Arrays
    units: Arrays
    dropped: np.ndarray
    loss: np.ndarray
    d_pixels: Arrays
    d_units: Arrays
    d_dropped: np.ndarray


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
    out: ConvolutionalBackpropagation | None = None,
) -> ConvolutionalBackpropagation:
    """The mean loss of a convolutional network, and its gradient for every filter, weight and bias.

    Args: images [N, H, W, C]; filters, a tuple of arrays [KH, KW, C, F]; filter_biases, of as many vectors; weights and
        biases of the dense layers; labels [N, K]; mask [N, units before the last layer], zeros and ones; strides, one
        for each convolution; rate, dropout's; out, the arrays to write into.
    Returns: ConvolutionalBackpropagation(loss as a 0-d array, filters, filter_biases, weights, biases).
    Raises: InvalidArgument, as `reference.convolutional_backpropagation`.
    """
    geometries = require_convolutional_network(images, filters, filter_biases, weights, biases, strides)
    kept = np.array(require_targets(images, weights, biases, labels, mask, rate), np.bool_, order="C", subok=False)
    groups = filters, filter_biases, weights, biases
    like = ConvolutionalBackpropagation(Form((), images.dtype), *groups)
    targets = destinations(out, like, images, *(array for group in groups for array in group), labels, mask)
    parameters = Parameters(*(tuple(map(contiguous, group)) for group in groups))
    workspace = new_workspace(images, parameters, geometries)._replace(loss=targets.loss)
    gradients = Parameters(*targets[1:])
    find_gradients(contiguous(images), contiguous(labels), kept, rate, parameters, geometries, workspace, gradients)
    return deliver(targets, out)


def new_workspace(images: np.ndarray, parameters: Parameters, geometries: Sequence[Geometry]) -> Workspace:
    """What `find_gradients` writes to, for as many images."""
    count, dtype = len(images), images.dtype
    of_pixels = [
        (count, where.output_rows, where.output_columns, len(bias))
        for where, bias in zip(geometries, parameters.filter_biases, strict=True)
    ]
    of_units = [(count, len(bias)) for bias in parameters.biases]

    def arrays(shapes: Sequence[tuple[int, ...]]) -> Arrays:
        return tuple(np.empty(shape, dtype) for shape in shapes)

    before = (count, len(parameters.weights[-1]))
    return Workspace(
        pixels=arrays(of_pixels),
        units=arrays(of_units),
        dropped=np.empty(before, dtype),
        loss=np.empty((), dtype),
        d_pixels=arrays(of_pixels),
        d_units=arrays(of_units),
        d_dropped=np.empty(before, dtype),
    )


def find_gradients(
    images: np.ndarray,
    labels: np.ndarray,
    kept: np.ndarray | None,
    rate: float,
    parameters: Parameters,
    geometries: Sequence[Geometry],
    workspace: Workspace,
    gradients: Parameters,
) -> None:
    """Write a batch's mean loss to the workspace, and its gradients to where they belong; `kept`: None for no dropout.

    All arrays are C-contiguous and fit each other.
    """
    find_logits(images, parameters, geometries, workspace, kept, rate)
    loss_kernel(workspace.units[-1], labels, workspace.loss, workspace.d_units[-1])
    go_back_through_dense_layers(images, kept, rate, parameters, workspace, gradients)
    go_back_through_convolutions(images, parameters, geometries, workspace, gradients)


def find_logits(
    images: np.ndarray,
    parameters: Parameters,
    geometries: Sequence[Geometry],
    workspace: Workspace,
    kept: np.ndarray | None = None,
    rate: float = 0.0,
) -> None:
    """Write every layer's outputs to the workspace, the logits last."""
    address, relu = multiplier(images.dtype), finisher(images.dtype, "relu")
    layers = zip(parameters.filters, parameters.filter_biases, geometries, workspace.pixels, strict=True)
    for filters, bias, where, pixels in layers:
        conv2d_kernel(pixels, filters)(address, relu, images, filters, bias, pixels, *window_steps(where))
        images = pixels
    inputs = images.reshape(len(images), -1)
    for layer, units in enumerate(workspace.units):
        last = layer == len(workspace.units) - 1
        if last and kept is not None:
            inputs = dropped(inputs, kept, rate, workspace.dropped)
        finish = BIAS_ONLY if last else relu
        product_kernel(address, finish, inputs, parameters.weights[layer], parameters.biases[layer], units)
        inputs = units


def dropped(values: np.ndarray, kept: np.ndarray, rate: float, out: np.ndarray) -> np.ndarray:
    """What dropout leaves of an array, in `out`."""
    dropout_loop(values.reshape(-1), kept.reshape(-1), values.dtype.type(1 / (1 - float(rate))), out.reshape(-1))
    return out


def go_back_through_dense_layers(
    images: np.ndarray,
    kept: np.ndarray | None,
    rate: float,
    parameters: Parameters,
    workspace: Workspace,
    gradients: Parameters,
) -> None:
    """From the logits' gradient, those of all weights and biases, and of the last convolution's output."""
    address, count = multiplier(images.dtype), len(images)
    first = (workspace.pixels or (images,))[-1].reshape(count, -1)
    inputs = [first, *workspace.units[:-1]]
    below = workspace.d_pixels[-1].reshape(count, -1) if workspace.pixels else first
    d_inputs = [below, *workspace.d_units[:-1]]
    for layer in reversed(range(len(inputs))):
        last = layer == len(inputs) - 1 and kept is not None
        source, target = (workspace.dropped, workspace.d_dropped) if last else (inputs[layer], d_inputs[layer])
        needed = layer > 0 or bool(workspace.pixels)
        given = source, parameters.weights[layer], workspace.d_units[layer]
        dense_vjp_kernel(address, *given, gradients.weights[layer], gradients.biases[layer], target, needed)
        if last and needed:
            dropped(target, kept, rate, d_inputs[layer])
        if layer > 0:
            relu_vjp_kernel(inputs[layer], d_inputs[layer])


def go_back_through_convolutions(
    images: np.ndarray,
    parameters: Parameters,
    geometries: Sequence[Geometry],
    workspace: Workspace,
    gradients: Parameters,
) -> None:
    """From the gradient of the last convolution's output, those of all filters and their biases."""
    address, inputs = multiplier(images.dtype), (images, *workspace.pixels)
    for layer in reversed(range(len(geometries))):
        filters, pixels, cotangent = parameters.filters[layer], workspace.pixels[layer], workspace.d_pixels[layer]
        bias = gradients.filter_biases[layer]
        go_back(pixels, cotangent, cotangent, "relu", bias)
        steps = window_steps(geometries[layer])
        of_filters = filter_gradient_kernel(cotangent, filters)
        of_filters(address, inputs[layer], cotangent, gradients.filters[layer], *steps)
        if layer > 0:
            of_images = image_gradient_kernel(cotangent, filters, steps[1])
            of_images(address, filters, cotangent, workspace.d_pixels[layer - 1], *steps)
