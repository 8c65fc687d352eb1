"""Whole networks and their gradients."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from conformance.implementations.numpy.activations import relu, relu_vjp
from conformance.implementations.numpy.arguments import Array, Arrays, require_array
from conformance.implementations.numpy.linear import DenseGradients, dense, dense_vjp
from conformance.implementations.numpy.losses import (
    softmax_cross_entropy_with_logits,
    softmax_cross_entropy_with_logits_vjp,
)
from conformance.implementations.numpy.softmax import softmax
from reference.errors import InvalidArgument

__all__ = ["Backpropagation", "ForwardPass", "backpropagation", "forward_pass"]


class ForwardPass(NamedTuple):
    weighted_sums: Arrays
    activations: Arrays


class Backpropagation(NamedTuple):
    loss: Array
    weights: Arrays
    biases: Arrays


def forward_pass(inputs: Array, weights: Arrays, biases: Arrays) -> ForwardPass:
    require_network(inputs, weights, biases)
    weighted_sums: list[Array] = []
    activations = [inputs]
    for matrix, bias in zip(weights, biases, strict=True):
        weighted_sums.append(dense(activations[-1], matrix, bias))
        activations.append((softmax if len(weighted_sums) == len(weights) else relu)(weighted_sums[-1]))
    return ForwardPass(tuple(weighted_sums), tuple(activations[1:]))


def backpropagation(inputs: Array, weights: Arrays, biases: Arrays, labels: Array) -> Backpropagation:
    weighted_sums, activations = forward_pass(inputs, weights, biases)
    logits, count = weighted_sums[-1], len(inputs)
    require_array("labels", labels, "N K", logits.shape)
    gradients: list[DenseGradients] = []
    with np.errstate(all="ignore"):
        loss = softmax_cross_entropy_with_logits(logits, labels).sum() / inputs.dtype.type(count)
        cotangent = softmax_cross_entropy_with_logits_vjp(logits, labels, np.ones(count, inputs.dtype)) / count
        for layer in reversed(range(len(weights))):
            layer_inputs = activations[layer - 1] if layer > 0 else inputs
            gradients.insert(0, dense_vjp(layer_inputs, weights[layer], biases[layer], cotangent))
            cotangent = relu_vjp(weighted_sums[layer - 1], gradients[0].inputs) if layer > 0 else cotangent
    return Backpropagation(loss, tuple(g.weights for g in gradients), tuple(g.bias for g in gradients))


def require_network(inputs: Array, weights: Arrays, biases: Arrays) -> None:
    for argument, layers in (("weights", weights), ("biases", biases)):
        if not isinstance(layers, tuple) or not layers:
            raise InvalidArgument(argument, "a tuple of arrays, one for each layer", type(layers).__name__)
    if len(weights) != len(biases):
        raise InvalidArgument("biases", f"{len(weights)} vectors for as many weight matrices", str(len(biases)))
    _, features = require_array("inputs", inputs, "N D")
    for layer, (matrix, bias) in enumerate(zip(weights, biases, strict=True)):
        _, units = require_array(f"weights[{layer}]", matrix, "D H")
        require_array(f"weights[{layer}]", matrix, "D H", (features, units))
        require_array(f"biases[{layer}]", bias, "H", (units,))
        features = units
