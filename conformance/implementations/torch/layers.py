"""Layers with their activations, and their gradients."""

from __future__ import annotations

from typing import Any

import torch

from conformance.implementations.torch.convolution import convolve
from conformance.implementations.torch.tape import tensor, vjp

__all__ = ["convolutional_layer", "convolutional_layer_vjp", "dense_layer", "dense_layer_vjp"]

ACTIVATIONS = {"identity": torch.nn.Identity(), "relu": torch.relu, "sigmoid": torch.sigmoid, "tanh": torch.tanh}


def dense_layer(inputs: Any, weights: Any, bias: Any, *, activation: str) -> Any:
    return ACTIVATIONS[activation](torch.addmm(tensor(bias), tensor(inputs), tensor(weights))).numpy()


def dense_layer_vjp(inputs: Any, weights: Any, bias: Any, cotangent: Any, *, activation: str) -> Any:
    return vjp(lambda x, w, b: ACTIVATIONS[activation](torch.addmm(b, x, w)), (inputs, weights, bias), cotangent)


def convolutional_layer(
    images: Any,
    filters: Any,
    bias: Any,
    *,
    activation: str,
    strides: int | tuple[int, int] = 1,
    padding: str = "valid",
) -> Any:
    sums = convolve(tensor(images), tensor(filters), strides, padding, tensor(bias))
    return ACTIVATIONS[activation](sums).contiguous().numpy()


def convolutional_layer_vjp(
    images: Any,
    filters: Any,
    bias: Any,
    cotangent: Any,
    *,
    activation: str,
    strides: int | tuple[int, int] = 1,
    padding: str = "valid",
) -> Any:
    return vjp(
        lambda x, w, b: ACTIVATIONS[activation](convolve(x, w, strides, padding, b)),
        (images, filters, bias),
        cotangent,
    )
