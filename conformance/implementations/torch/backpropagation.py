"""Whole networks and their gradients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.nn import functional

from conformance.implementations.torch.losses import like
from conformance.implementations.torch.tape import tensor

__all__ = ["backpropagation", "forward_pass"]


def forward_pass(inputs: Any, weights: tuple[Any, ...], biases: tuple[Any, ...]) -> tuple[Any, Any]:
    weighted_sums, activations = layers(tensor(inputs), list(map(tensor, weights)), list(map(tensor, biases)))
    return tuple(z.numpy() for z in weighted_sums), tuple(a.numpy() for a in activations)


def backpropagation(
    inputs: Any, weights: tuple[Any, ...], biases: tuple[Any, ...], labels: Any
) -> tuple[Any, Any, Any]:
    parameters = [tensor(array).requires_grad_() for array in (*weights, *biases)]
    weighted_sums, _ = layers(tensor(inputs), parameters[: len(weights)], parameters[len(weights) :])
    loss = functional.cross_entropy(weighted_sums[-1], like(labels, inputs))
    loss.backward()
    gradients = [parameter.grad.numpy() for parameter in parameters]
    return loss.detach().numpy(), tuple(gradients[: len(weights)]), tuple(gradients[len(weights) :])


def layers(inputs: Any, weights: Sequence[Any], biases: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    weighted_sums: list[Any] = []
    activations: list[Any] = []
    for layer, (matrix, bias) in enumerate(zip(weights, biases, strict=True)):
        weighted_sums.append(torch.addmm(bias, inputs, matrix))
        last = layer == len(weights) - 1
        inputs = torch.softmax(weighted_sums[-1], dim=-1) if last else torch.relu(weighted_sums[-1])
        activations.append(inputs)
    return weighted_sums, activations
