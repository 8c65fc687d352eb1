"""The layers of a network, each with its bias and its activation: dense ones and convolutional ones.

The ladder:
1. the public functions one after the other: sums, a bias and an activation are three passes over memory.
2. the bias and the activation where the sums are computed, a block after the other, while they are in a cache
   (`finishing`).
3. on the way back, the slope and the bias's gradient in one pass over the cotangent. The slopes of all activations are
   read off their outputs, which are computed anew; for the identity, nothing is.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from fast.cpu.arguments import contiguous, deliver, destination, destinations
from fast.cpu.compilation import compiled, leaf
from fast.cpu.convolution import conv2d_kernel
from fast.cpu.convolution_gradients import GROUPS, add_groups, filter_gradient_kernel, image_gradient_kernel
from fast.cpu.elementwise import PARALLEL_SIZE
from fast.cpu.finishing import finisher
from fast.cpu.linear import product_kernel, product_vjp_kernel
from fast.cpu.panels import multiplier
from fast.cpu.vectors import VECTOR_BYTES, load, load_part, store, store_part, where_negative
from fast.cpu.windows import window_steps
from fast.results import ConvolutionalLayerGradients, DenseGradients
from fast.validation import require_like
from fast.validation.layers import ACTIVATIONS, require_activation, require_convolutional_layer
from fast.validation.linear import require_dense

__all__ = [
    "ConvolutionalLayerGradients",
    "convolutional_layer",
    "convolutional_layer_vjp",
    "dense_layer",
    "dense_layer_vjp",
]

#: What kernels call the activations.
RELU, SIGMOID, TANH = (ACTIVATIONS.index(name) for name in ("relu", "sigmoid", "tanh"))
#: Rows of few units whose gradients are added to sums of their own: the units of one may be less than a vector.
TOGETHER, FEW_UNITS = 16, 64


def dense_layer(
    inputs: np.ndarray, weights: np.ndarray, bias: np.ndarray, *, activation: str, out: np.ndarray | None = None
) -> np.ndarray:
    """Multiply a batch of rows by a weight matrix, add the bias to every row, and apply the activation.

    Args: inputs [N, D]; weights [D, H]; bias [H]; activation, "identity", "relu", "sigmoid" or "tanh"; out [N, H] to
        write into.
    Returns: [N, H].
    Memory: as `matrix_product`.
    Raises: InvalidArgument, as `reference.dense_layer`.
    """
    require_activation(activation)
    shape = require_dense(inputs, weights, bias)
    target = destination(out, shape, inputs.dtype, inputs, weights, bias)
    arrays = contiguous(inputs), contiguous(weights), contiguous(bias)
    product_kernel(multiplier(inputs.dtype), finisher(inputs.dtype, activation), *arrays, target)
    return deliver(target, out)


def dense_layer_vjp(
    inputs: np.ndarray,
    weights: np.ndarray,
    bias: np.ndarray,
    cotangent: np.ndarray,
    *,
    activation: str,
    out: DenseGradients | None = None,
) -> DenseGradients:
    """Carry the gradient of a loss back through a dense layer and its activation.

    Args: inputs [N, D]; weights [D, H]; bias [H]; cotangent [N, H]; activation, as in `dense_layer`; out, the three
        arrays to write into.
    Returns: DenseGradients(inputs [N, D], weights [D, H], bias [H]).
    Memory: an array of the cotangent's size, and as `matrix_product_vjp`.
    Raises: InvalidArgument, as `reference.dense_layer_vjp`.
    """
    require_activation(activation)
    shape = require_dense(inputs, weights, bias)
    require_like("cotangent", cotangent, shape, inputs.dtype, "of the layer's output")
    targets = destinations(out, DenseGradients(inputs, weights, bias), inputs, weights, bias, cotangent)
    inputs, weights, cotangent = contiguous(inputs), contiguous(weights), contiguous(cotangent)
    address, slopes = multiplier(inputs.dtype), np.empty(shape, inputs.dtype)
    if activation != "identity":  # whose slope doesn't depend on its outputs
        product_kernel(address, finisher(inputs.dtype, activation), inputs, weights, contiguous(bias), slopes)
    go_back(slopes, cotangent, slopes, activation, targets.bias)
    product_vjp_kernel(address, inputs, weights, slopes, targets.weights, targets.inputs, True)
    return deliver(targets, out)


def convolutional_layer(
    images: np.ndarray,
    filters: np.ndarray,
    bias: np.ndarray,
    *,
    activation: str,
    strides: int | tuple[int, int] = 1,
    padding: str = "valid",
    out: np.ndarray | None = None,
) -> np.ndarray:
    """Slide filters across images, add each filter's bias at each place, and apply the activation.

    Args: images [N, H, W, C]; filters [KH, KW, C, F]; bias [F]; activation, as in `dense_layer`; strides and padding
        as `reference.conv2d`; out [N, OH, OW, F].
    Returns: [N, OH, OW, F].
    Memory: as `conv2d`.
    Raises: InvalidArgument, as `reference.convolutional_layer`.
    """
    require_activation(activation)
    g = require_convolutional_layer(images, filters, bias, strides, padding)
    shape = (len(images), g.output_rows, g.output_columns, filters.shape[3])
    target = destination(out, shape, images.dtype, images, filters, bias)
    kernel, arrays = conv2d_kernel(target, filters), (contiguous(images), contiguous(filters), contiguous(bias))
    kernel(multiplier(images.dtype), finisher(images.dtype, activation), *arrays, target, *window_steps(g))
    return deliver(target, out)


def convolutional_layer_vjp(
    images: np.ndarray,
    filters: np.ndarray,
    bias: np.ndarray,
    cotangent: np.ndarray,
    *,
    activation: str,
    strides: int | tuple[int, int] = 1,
    padding: str = "valid",
    out: ConvolutionalLayerGradients | None = None,
) -> ConvolutionalLayerGradients:
    """Carry a gradient back through `convolutional_layer`, to its images, its filters and its bias.

    Args: images [N, H, W, C]; filters [KH, KW, C, F]; bias [F]; cotangent [N, OH, OW, F]; activation, strides and
        padding as in `convolutional_layer`; out, the three arrays to write into.
    Returns: ConvolutionalLayerGradients(images [N, H, W, C], filters [KH, KW, C, F], bias [F]).
    Memory: an array of the cotangent's size, and as `conv2d_vjp`.
    Raises: InvalidArgument, as `reference.convolutional_layer_vjp`.
    """
    require_activation(activation)
    g = require_convolutional_layer(images, filters, bias, strides, padding)
    shape = (len(images), g.output_rows, g.output_columns, filters.shape[3])
    require_like("cotangent", cotangent, shape, images.dtype, "of the layer's output")
    like = ConvolutionalLayerGradients(images, filters, bias)
    targets = destinations(out, like, images, filters, bias, cotangent)
    images, filters, cotangent = contiguous(images), contiguous(filters), contiguous(cotangent)
    address, slopes, steps = multiplier(images.dtype), np.empty(shape, images.dtype), window_steps(g)
    if activation != "identity":  # whose slope doesn't depend on its outputs
        finish, kernel = finisher(images.dtype, activation), conv2d_kernel(slopes, filters)
        kernel(address, finish, images, filters, contiguous(bias), slopes, *steps)
    go_back(slopes, cotangent, slopes, activation, targets.bias)
    image_gradient_kernel(slopes, filters, steps[1])(address, filters, slopes, targets.images, *steps)
    filter_gradient_kernel(slopes, filters)(address, images, slopes, targets.filters, *steps)
    return deliver(targets, out)


def go_back(outputs: np.ndarray, cotangent: np.ndarray, slopes: np.ndarray, activation: str, total: np.ndarray) -> None:
    """Write the gradients of weighted sums z to `slopes`, from those of the outputs f(z), and their sum to `total`.

    The units are the last axis. All arrays are C-contiguous, and `slopes` may be either of the others.
    """
    kernel = _go_back_loop if cotangent.size < PARALLEL_SIZE else _go_back_threads
    arrays = outputs.reshape(-1), cotangent.reshape(-1), slopes.reshape(-1)
    kernel(*arrays, ACTIVATIONS.index(activation), total)


@leaf
def slope_times(outputs, cotangent, activation, zero, one):
    """f'(z)·cotangent of vectors, from the outputs f(z)."""
    if activation == RELU:
        return where_negative(-outputs, cotangent, zero)
    if activation == SIGMOID:
        return cotangent * (outputs * (one - outputs))
    if activation == TANH:
        return cotangent * (one - outputs * outputs)
    return cotangent


@compiled()
def go_back_rows(outputs, cotangent, slopes, activation, sums, first, last):
    """The gradients of the weighted sums of some rows, and what they add up to, unit by unit."""
    zero, one = cotangent.dtype.type(0), cotangent.dtype.type(1)
    size, units = VECTOR_BYTES // cotangent.itemsize, sums.size
    together = TOGETHER if units < FEW_UNITS else 1
    partial = np.zeros(together * units, cotangent.dtype)
    for start in range(first * units, last * units, partial.size):
        i, count = 0, min(last * units - start, partial.size)
        while i + size <= count:
            slope = slope_times(load(outputs, start + i), load(cotangent, start + i), activation, zero, one)
            store(slopes, start + i, slope)
            store(partial, i, load(partial, i) + slope)
            i += size
        if i < count:
            rest = count - i
            y, g = load_part(outputs, start + i, rest), load_part(cotangent, start + i, rest)
            slope = slope_times(y, g, activation, zero, one)
            store_part(slopes, start + i, rest, slope)
            store_part(partial, i, rest, load_part(partial, i, rest) + slope)
    for f in range(units):
        sums[f] = partial[f]
    for m in range(1, together):
        row = partial[m * units : (m + 1) * units]
        for f in range(units):
            sums[f] += row[f]


@compiled()
def _go_back_loop(outputs, cotangent, slopes, activation, total):
    """The gradients of weighted sums z from those of f(z), which are the outputs; and their sum over all rows."""
    units, groups = total.size, np.empty((GROUPS, total.size), total.dtype)
    rows = cotangent.size // units
    for g in range(GROUPS):
        part = groups[g]
        go_back_rows(outputs, cotangent, slopes, activation, part, g * rows // GROUPS, (g + 1) * rows // GROUPS)
    add_groups(groups, total)


@compiled(parallel=True)
def _go_back_threads(outputs, cotangent, slopes, activation, total):
    units, groups = total.size, np.empty((GROUPS, total.size), total.dtype)
    rows = cotangent.size // units
    for task in prange(GROUPS):
        g = np.intp(task)
        part = groups[g]
        go_back_rows(outputs, cotangent, slopes, activation, part, g * rows // GROUPS, (g + 1) * rows // GROUPS)
    add_groups(groups, total)
