"""A whole network, forward and back, on the GPU.

The ladder that led here:

1. Call the public functions layer by layer: right, but every activation travels to the host and back between layers.
2. Keep everything on the device: inputs and parameters go there once, the kernels of the other rooms follow one another
   on one stream, and results come back once at the end.
3. Fewer kernels: bias and relu come while a layer's sums are in registers, and so does relu's gradient on the way back,
   which needs no more than relu's outputs: they are positive exactly where its inputs are.

There is no kernel of its own here.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fast.cuda.activations import map_on_device, relu_kernel
from fast.cuda.column_sums import column_sums
from fast.cuda.device import to_device
from fast.cuda.device_arrays import takes_device_arrays
from fast.cuda.linear import dense_on_device, inputs_gradient_behind_relu, relu_of_dense_on_device, weights_gradient
from fast.cuda.losses import mean_loss_on_device, mean_loss_vjp_on_device
from fast.cuda.softmax import softmax_on_device
from fast.results import Backpropagation, ForwardPass
from fast.validation import require_like
from fast.validation.backpropagation import require_network

__all__ = ["backpropagation", "forward_pass"]

Arrays = tuple[np.ndarray, ...]


@takes_device_arrays
def forward_pass(inputs: np.ndarray, weights: Arrays, biases: Arrays) -> ForwardPass:
    """As `reference.forward_pass`, on the GPU.

    Args:
        inputs: [N, D].
        weights: a tuple of L matrices [D, H₁], …, [H_L₋₁, K].
        biases: a tuple of L vectors [H₁], …, [K].

    Returns:
        ForwardPass(weighted_sums: L matrices [N, H_l], activations: L matrices [N, H_l]).

    Raises:
        InvalidArgument: as the reference, and if an array isn't float32 or float64, or the dtypes differ.
    """
    require_network(inputs, weights, biases)
    weighted_sums, activations = hidden_layers(*on_device(inputs, weights, biases))
    activations.append(softmax_on_device(weighted_sums[-1]))
    return ForwardPass(tuple(weighted_sums), tuple(activations))


@takes_device_arrays
def backpropagation(inputs: np.ndarray, weights: Arrays, biases: Arrays, labels: np.ndarray) -> Backpropagation:
    """As `reference.backpropagation`, on the GPU.

    Args:
        inputs: [N, D].
        weights: as in `forward_pass`.
        biases: as in `forward_pass`.
        labels: [N, K].

    Returns:
        Backpropagation(loss, weights: gradients shaped as weights, biases: gradients shaped as biases).

    Raises:
        InvalidArgument: as `forward_pass`, and if the labels' shape isn't the network's output's.
    """
    require_network(inputs, weights, biases)
    shape = (len(inputs), weights[-1].shape[1])
    require_like("labels", labels, shape, inputs.dtype, "of the network's output")
    features, matrices, vectors = on_device(inputs, weights, biases)
    layer_inputs = [features]
    for matrix, bias in zip(matrices[:-1], vectors[:-1], strict=True):
        layer_inputs.append(relu_of_dense_on_device(layer_inputs[-1], matrix, bias))
    logits, targets = dense_on_device(layer_inputs[-1], matrices[-1], vectors[-1]), to_device(labels)
    loss = mean_loss_on_device(logits, targets)
    gradients = back_through_layers(layer_inputs, matrices, mean_loss_vjp_on_device(logits, targets))
    return Backpropagation(loss.reshape(()), *zip(*gradients, strict=True))


def hidden_layers(inputs: Any, weights: list[Any], biases: list[Any]) -> tuple[list[Any], list[Any]]:
    """Every layer's weighted sums, and the activations of all layers but the last."""
    weighted_sums, activations = [], []
    for layer, (matrix, bias) in enumerate(zip(weights, biases, strict=True)):
        weighted_sums.append(dense_on_device(inputs, matrix, bias))
        if layer < len(weights) - 1:
            inputs = map_on_device(relu_kernel, weighted_sums[-1])
            activations.append(inputs)
    return weighted_sums, activations


def back_through_layers(layer_inputs: list[Any], weights: list[Any], cotangent: Any) -> list[tuple[Any, Any]]:
    """From the logits' gradient, those of each layer's weights and biases, first layer first."""
    found: list[tuple[Any, Any]] = []
    for layer in reversed(range(len(weights))):
        given = layer_inputs[layer]
        found.insert(0, (weights_gradient(given, cotangent), column_sums(cotangent)))
        if layer > 0:
            cotangent = inputs_gradient_behind_relu(given, weights[layer], cotangent)
    return found


def on_device(inputs: np.ndarray, weights: Arrays, biases: Arrays) -> tuple[Any, list[Any], list[Any]]:
    """A network's inputs and parameters, on the device."""
    return to_device(inputs), [to_device(matrix) for matrix in weights], [to_device(bias) for bias in biases]
