"""A whole network, forward and back.

The ladder:
1. the public functions one after the other: for a network of the slides' size, checking and dispatching is all.
2. arguments checked once, then the kernels of dense layers and of activations. In one kernel they would save a
   microsecond a layer, but the product be compiled again; one for the whole network would be anew for each depth.

The first layer's inputs get no gradient: nobody asks for it, and it would be the largest product of the backward pass.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fast.cpu.activations import relu_loop
from fast.cpu.arguments import Form, contiguous, deliver, destinations
from fast.cpu.compilation import compiled
from fast.cpu.finishing import BIAS_ONLY
from fast.cpu.linear import dense_vjp_kernel, product_kernel
from fast.cpu.losses import gradient_rows, loss_rows
from fast.cpu.panels import multiplier
from fast.cpu.softmax import rows_per_block, softmax_loop
from fast.results import Backpropagation, ForwardPass
from fast.validation import require_like
from fast.validation.backpropagation import require_network

__all__ = ["Backpropagation", "ForwardPass", "backpropagation", "forward_pass"]

Arrays = tuple[np.ndarray, ...]


def forward_pass(inputs: np.ndarray, weights: Arrays, biases: Arrays, *, out: ForwardPass | None = None) -> ForwardPass:
    """Feed a batch through dense layers: relu after each hidden one, softmax after the last.

    Args: inputs [N, D]; weights, a tuple of L matrices [D, H₁], …, [H_L₋₁, K]; biases, a tuple of L vectors; out, two
        tuples of L matrices to write into.
    Returns: ForwardPass(weighted_sums, activations), L matrices each.
    Memory: as that of the largest product.
    Raises: InvalidArgument, as `reference.forward_pass`.
    """
    require_network(inputs, weights, biases)
    targets = destinations(out, _outputs(inputs, biases), inputs, *weights, *biases)
    _forward(contiguous(inputs), [*map(contiguous, weights)], [*map(contiguous, biases)], targets)
    return deliver(targets, out)


def backpropagation(
    inputs: np.ndarray,
    weights: Arrays,
    biases: Arrays,
    labels: np.ndarray,
    *,
    out: Backpropagation | None = None,
) -> Backpropagation:
    """The mean loss of a network and its gradient for every weight matrix and bias.

    Args: inputs, weights and biases as in `forward_pass`; labels [N, K]; out, the arrays to write into, in such tuples.
    Returns: Backpropagation(loss as a 0-d array, weights, biases).
    Memory: three arrays of the size of each layer's output.
    Raises: InvalidArgument, as `reference.backpropagation`.
    """
    require_network(inputs, weights, biases)
    require_like("labels", labels, (len(inputs), len(biases[-1])), inputs.dtype, "of the network's output")
    like = Backpropagation(Form((), inputs.dtype), weights, biases)
    targets = destinations(out, like, inputs, *weights, *biases, labels)
    inputs, matrices = contiguous(inputs), [*map(contiguous, weights)]
    passed = destinations(None, _outputs(inputs, biases))
    _forward(inputs, matrices, [*map(contiguous, biases)], passed)
    cotangent = np.empty(labels.shape, inputs.dtype)
    loss_kernel(passed.weighted_sums[-1], contiguous(labels), targets.loss, cotangent)
    _backward(matrices, (inputs, *passed.activations), cotangent, targets)
    return deliver(targets, out)


def _outputs(inputs: np.ndarray, biases: Arrays) -> ForwardPass:
    """The forms of what all layers put out."""
    forms: Any = tuple([Form((len(inputs), len(bias)), inputs.dtype) for bias in biases])
    return ForwardPass(forms, forms)


def _forward(inputs: np.ndarray, weights: list[np.ndarray], biases: list[np.ndarray], targets: ForwardPass) -> None:
    address = multiplier(inputs.dtype)
    for layer, (matrix, bias) in enumerate(zip(weights, biases, strict=True), 1):
        sums, activated = targets.weighted_sums[layer - 1], targets.activations[layer - 1]
        product_kernel(address, BIAS_ONLY, inputs, matrix, bias, sums)
        if layer < len(weights):
            relu_loop(sums.ravel(), activated.ravel())
        else:
            softmax_loop(sums.ravel(), activated.ravel(), len(bias))
        inputs = activated


def _backward(weights: list[np.ndarray], inputs: Arrays, cotangent: np.ndarray, targets: Backpropagation) -> None:
    address = multiplier(cotangent.dtype)
    for layer in reversed(range(len(weights))):
        d_inputs = np.empty_like(inputs[layer]) if layer > 0 else inputs[0]
        given = (inputs[layer], weights[layer], cotangent)
        dense_vjp_kernel(address, *given, targets.weights[layer], targets.biases[layer], d_inputs, layer > 0)
        if layer:
            relu_vjp_kernel(inputs[layer], d_inputs)
        cotangent = d_inputs


@compiled()
def loss_kernel(logits, labels, loss, cotangent):
    """The mean loss of a batch, and its gradient for the logits."""
    rows, classes = logits.shape
    losses, ones = np.empty(rows, logits.dtype), np.ones(rows, logits.dtype)
    z, truth, gradients = logits.ravel(), labels.ravel(), cotangent.ravel()
    height = rows_per_block(classes)
    for first in range(0, rows, height):
        loss_rows(z, truth, first, min(height, rows - first), classes, losses)
        gradient_rows(z, truth, ones, first, min(height, rows - first), classes, gradients)
    total = 0.0
    for value in losses:
        total += value
    loss[()] = total / rows
    for i in range(gradients.size):
        gradients[i] /= rows


@compiled()
def relu_vjp_kernel(outputs, gradients):
    """Of gradients of relu's outputs make those of its inputs, which were positive exactly where the outputs are."""
    zero, source, target = outputs.dtype.type(0), outputs.ravel(), gradients.ravel()
    for i in range(target.size):
        target[i] = target[i] if source[i] > zero else zero
