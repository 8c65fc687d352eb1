"""Activation functions and their gradients."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional

from conformance.implementations.torch.tape import tensor, vjp

__all__ = [
    "identity",
    "identity_vjp",
    "leaky_relu",
    "leaky_relu_vjp",
    "relu",
    "relu_vjp",
    "sigmoid",
    "sigmoid_vjp",
    "step",
    "tanh",
    "tanh_vjp",
]


def identity(z: Any) -> Any:
    return torch.nn.Identity()(tensor(z)).numpy()


def identity_vjp(z: Any, cotangent: Any) -> Any:
    return vjp(torch.nn.Identity(), (z,), cotangent)[0]


def step(z: Any) -> Any:
    scores = tensor(z)
    return torch.heaviside(scores, scores.new_zeros(())).numpy()


def relu(z: Any) -> Any:
    return torch.relu(tensor(z)).numpy()


def relu_vjp(z: Any, cotangent: Any) -> Any:
    return vjp(torch.relu, (z,), cotangent)[0]


def leaky_relu(z: Any, *, slope: Any = 0.01) -> Any:
    return functional.leaky_relu(tensor(z), slope).numpy()


def leaky_relu_vjp(z: Any, cotangent: Any, *, slope: Any = 0.01) -> Any:
    return vjp(lambda x: functional.leaky_relu(x, slope), (z,), cotangent)[0]


def sigmoid(z: Any) -> Any:
    return torch.sigmoid(tensor(z)).numpy()


def sigmoid_vjp(z: Any, cotangent: Any) -> Any:
    return vjp(torch.sigmoid, (z,), cotangent)[0]


def tanh(z: Any) -> Any:
    return torch.tanh(tensor(z)).numpy()


def tanh_vjp(z: Any, cotangent: Any) -> Any:
    return vjp(torch.tanh, (z,), cotangent)[0]
