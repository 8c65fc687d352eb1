"""Whole networks and their gradients."""

from __future__ import annotations

from typing import Any

import jax

from conformance.implementations.jax.compiled import arrays_of, call, compiled
from conformance.implementations.jax.linear import layer
from conformance.implementations.jax.losses import loss_of_logits

__all__ = ["backpropagation", "forward_pass"]


def forward_pass(inputs: Any, weights: tuple[Any, ...], biases: tuple[Any, ...]) -> tuple[Any, Any]:
    weighted_sums, activations = call(layers, inputs, weights, biases)
    return weighted_sums, activations


def backpropagation(
    inputs: Any, weights: tuple[Any, ...], biases: tuple[Any, ...], labels: Any
) -> tuple[Any, Any, Any]:
    loss, (of_weights, of_biases) = arrays_of(compiled(loss_and_gradients)(inputs, weights, biases, labels))
    return loss, of_weights, of_biases


def loss_and_gradients(inputs: Any, weights: Any, biases: Any, labels: Any) -> Any:
    def loss(parameters: Any) -> Any:
        return loss_of_logits(layers(inputs, *parameters)[0][-1], labels).mean()

    return jax.value_and_grad(loss)((weights, biases))


def layers(inputs: Any, weights: tuple[Any, ...], biases: tuple[Any, ...]) -> tuple[Any, Any]:
    weighted_sums: list[Any] = []
    activations: list[Any] = []
    for place, (matrix, bias) in enumerate(zip(weights, biases, strict=True)):
        weighted_sums.append(layer(inputs, matrix, bias))
        inputs = (jax.nn.softmax if place == len(weights) - 1 else jax.nn.relu)(weighted_sums[-1])
        activations.append(inputs)
    return tuple(weighted_sums), tuple(activations)
