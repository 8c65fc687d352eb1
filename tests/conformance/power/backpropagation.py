"""Whole networks: layers, their activations, and how gradients pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from conformance.implementations import numpy as base
from conformance.implementations.numpy.arguments import Array
from tests.conformance.power.entering import BOUND, GRADIENTS, LATTICE, LAWS, MANNERS, WORKED, right, wrong
from tests.conformance.power.pieces import one_by_one, wider

# --- wrong ------------------------------------------------------------------------------------------------------------


def _forward(
    inputs: Array, weights: Any, biases: Any, hidden: Callable[[Array], Array], output: Callable[[Array], Array]
) -> Any:
    """`forward_pass` with other activation functions."""
    weighted_sums: list[Array] = []
    activations = [inputs]
    for matrix, bias in zip(weights, biases, strict=True):
        weighted_sums.append(base.dense(activations[-1], matrix, bias))
        activations.append((output if len(weighted_sums) == len(weights) else hidden)(weighted_sums[-1]))
    return base.ForwardPass(tuple(weighted_sums), tuple(activations[1:]))


@wrong("forward_pass", WORKED, LATTICE, BOUND, LAWS)
def hidden_relu_missing(inputs: Array, weights: Any, biases: Any) -> Any:
    """Hidden layers stay linear."""
    return _forward(inputs, weights, biases, lambda z: z, base.softmax)


@wrong("forward_pass", WORKED, BOUND, LAWS)
def softmax_missing(inputs: Array, weights: Any, biases: Any) -> Any:
    """The last layer's weighted sums are returned as probabilities."""
    return _forward(inputs, weights, biases, base.relu, lambda z: z)


@wrong("forward_pass", WORKED, BOUND)
def relu_before_softmax(inputs: Array, weights: Any, biases: Any) -> Any:
    """The last layer gets the hidden layers' activation too."""
    return _forward(inputs, weights, biases, base.relu, lambda z: base.softmax(base.relu(z)))


@wrong("forward_pass", BOUND, cases=200)
def first_layers_bias_in_every_layer(inputs: Array, weights: Any, biases: Any) -> Any:
    """Layers of equal width all get the first one's bias."""
    shared = tuple(biases[0] if bias.shape == biases[0].shape else bias for bias in biases)
    return base.forward_pass(inputs, weights, shared)


@wrong("backpropagation", BOUND, GRADIENTS, cases=200)
def loss_is_a_sum(*arguments: Any) -> Any:
    """The sum over the examples instead of the mean."""
    result = base.backpropagation(*arguments)
    return result._replace(loss=result.loss * arguments[0].dtype.type(len(arguments[0])))


@wrong("backpropagation", BOUND)
def gradients_of_the_summed_loss(inputs: Array, weights: Any, biases: Any, labels: Array) -> Any:
    """The loss is a mean, its gradients are a sum's."""
    result = base.backpropagation(inputs, weights, biases, labels)
    return result._replace(weights=tuple(gradient * len(inputs) for gradient in result.weights))


@wrong("backpropagation", BOUND, GRADIENTS)
def first_bias_gradient_missing(*arguments: Any) -> Any:
    """The first layer's bias gets no gradient."""
    result = base.backpropagation(*arguments)
    return result._replace(biases=(0 * result.biases[0], *result.biases[1:]))


@wrong("backpropagation", BOUND)
def layers_in_the_order_found(*arguments: Any) -> Any:
    """Gradients come in the order in which they are found: the last layer first."""
    result = base.backpropagation(*arguments)
    return base.Backpropagation(result.loss, result.weights[::-1], result.biases[::-1])


@wrong("backpropagation", BOUND)
def relus_slope_forgotten(inputs: Array, weights: Any, biases: Any, labels: Array) -> Any:
    """The gradient passes hidden layers as if they were linear."""
    weighted_sums, activations = base.forward_pass(inputs, weights, biases)
    right = base.backpropagation(inputs, weights, biases, labels)
    ones = np.ones(len(inputs), inputs.dtype)
    cotangent = base.softmax_cross_entropy_with_logits_vjp(weighted_sums[-1], labels, ones) / len(inputs)
    gradients = []
    for layer in reversed(range(len(weights))):
        layer_inputs = activations[layer - 1] if layer > 0 else inputs
        gradients.insert(0, base.dense_vjp(layer_inputs, weights[layer], biases[layer], cotangent))
        cotangent = gradients[0].inputs
    return right._replace(weights=tuple(g.weights for g in gradients), biases=tuple(g.bias for g in gradients))


@wrong("backpropagation", BOUND)
def gradient_of_the_activations_as_inputs(inputs: Array, weights: Any, biases: Any, labels: Array) -> Any:
    """Every layer's gradient is taken at its weighted sums, before relu."""
    weighted_sums, _ = base.forward_pass(inputs, weights, biases)
    result = base.backpropagation(inputs, weights, biases, labels)
    if len(weights) == 1:
        return result
    ones = np.ones(len(inputs), inputs.dtype)
    cotangent = base.softmax_cross_entropy_with_logits_vjp(weighted_sums[-1], labels, ones) / len(inputs)
    last = base.dense_vjp(weighted_sums[-2], weights[-1], biases[-1], cotangent).weights
    return result._replace(weights=(*result.weights[:-1], last))


# --- manners ----------------------------------------------------------------------------------------------------------


@wrong("backpropagation", f"{MANNERS}: leaves its inputs alone", cases=200)
def backpropagation_trains_on_the_way(inputs: Array, weights: Any, biases: Any, labels: Array) -> Any:
    """Somebody put the update of the last bias into the gradient's function."""
    result = base.backpropagation(inputs, weights, biases, labels)
    if biases[-1].flags.writeable:
        biases[-1][...] -= result.biases[-1] + 1
    return result


# --- right ------------------------------------------------------------------------------------------------------------


@right("forward_pass")
def layers_through_a_wider_format(inputs: Array, weights: Any, biases: Any) -> Any:
    """Every layer in the next wider format, its results rounded."""
    wide = wider(inputs.dtype)
    weighted_sums: list[Array] = []
    activations = [inputs]
    for matrix, bias in zip(weights, biases, strict=True):
        dense = base.dense(activations[-1].astype(wide), matrix.astype(wide), bias.astype(wide))
        weighted_sums.append(dense.astype(inputs.dtype))
        function = base.softmax if len(weighted_sums) == len(weights) else base.relu
        activations.append(function(weighted_sums[-1].astype(wide)).astype(inputs.dtype))
    return base.ForwardPass(tuple(weighted_sums), tuple(activations[1:]))


@right("backpropagation")
def gradients_of_each_example_are_summed(inputs: Array, weights: Any, biases: Any, labels: Array) -> Any:
    """The examples go back one by one, the last one first, each with its share of the mean."""
    logits = base.forward_pass(inputs, weights, biases).weighted_sums[-1]
    loss = base.softmax_cross_entropy_with_logits(logits, labels).sum() / inputs.dtype.type(len(inputs))
    alone = [base.backpropagation(inputs[n : n + 1], weights, biases, labels[n : n + 1]) for n in range(len(inputs))]
    means = [
        tuple(
            one_by_one(np.array([part[layer] / inputs.dtype.type(len(inputs)) for part in parts][::-1]))
            for layer in range(len(weights))
        )
        for parts in ([one.weights for one in alone], [one.biases for one in alone])
    ]
    return base.Backpropagation(loss, *means)
