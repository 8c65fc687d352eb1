"""Graphs that are given as plain data, run by PyTorch one operation after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional

from conformance.implementations.numpy import sessions
from conformance.implementations.numpy.graph_data import Library, Program
from conformance.implementations.torch.binary_losses import of_each_entry
from conformance.implementations.torch.convolution import convolve
from conformance.implementations.torch.layers import ACTIVATIONS
from conformance.implementations.torch.pooling import max_pool
from conformance.implementations.torch.recurrent import run, step
from conformance.implementations.torch.tape import tensor
from conformance.implementations.torch.windows import channels_first, channels_last, padded

__all__ = ["run_graph"]


def run_graph(feeds: Any, *, graph: Any, fed: Any, fetches: Any) -> Any:
    program = Program(feeds, graph, fed, sessions.KINDS)
    wanted = program.to_fetch(fetches)
    values = program.run(wanted, library(program))
    return tuple(values[name].clone(memory_format=torch.contiguous_format).numpy() for name in wanted)


def library(program: Program, *, differentiable: bool = False) -> Library:
    """PyTorch, in the dtype of what a program is fed."""

    def array(value: Any) -> Any:
        return tensor(program.of_dtype(value)).requires_grad_(differentiable)

    return Library(array, lambda shape: torch.rand(shape, dtype=array(0).dtype), KINDS)


def average_pool2d(images: Any, *, pool_size: Any = 2, strides: Any = None, padding: str = "valid") -> Any:
    """Sums of windows by their numbers of cells, without those of the padding, which PyTorch would count."""
    steps = pool_size if strides is None else strides

    def sums(numbers: Any) -> Any:
        whole = padded(channels_first(numbers), pool_size, steps, padding)
        return channels_last(functional.avg_pool2d(whole, pool_size, steps, divisor_override=1))

    return sums(images) / sums(torch.ones_like(images))


def dense_layer(inputs: Any, weights: Any, bias: Any, *, activation: str) -> Any:
    return ACTIVATIONS[activation](torch.addmm(bias, inputs, weights))


def convolutional_layer(
    images: Any, filters: Any, bias: Any, *, activation: str, strides: Any = 1, padding: str = "valid"
) -> Any:
    return ACTIVATIONS[activation](convolve(images, filters, strides, padding, bias))


def dropout(inputs: Any, mask: Any, *, rate: Any) -> Any:
    """PyTorch's own draws its mask itself."""
    return torch.where(mask == 1, inputs / (1 - rate), 0)


KINDS: dict[str, Callable[..., Any]] = {
    "add": torch.add,
    "multiply": torch.multiply,
    "divide": torch.divide,
    "negative": torch.negative,
    "exp": torch.exp,
    "log": torch.log,
    "sqrt": torch.sqrt,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "maximum": torch.maximum,
    "where_positive": lambda x, yes, no: torch.where(x > 0, yes, no),
    "total": torch.sum,
    "fill": lambda value, *, shape: value.expand(shape),
    "reshape": lambda values, *, shape: values.reshape(shape),
    "transpose": torch.t,
    "unstack": lambda values: values.reshape(-1).unbind(),
    "stack": lambda *numbers, shape: torch.stack(numbers).reshape(shape),
    "flatten": torch.flatten,
    "identity": torch.nn.Identity(),
    # Flat on both sides, which PyTorch has no derivative for.
    "step": lambda z: torch.heaviside(z.detach(), z.new_zeros(())),
    "logistic": lambda z, *, L=1.0, k=1.0, x_0=0.0: L * torch.sigmoid(k * (z - x_0)),
    "relu": torch.relu,
    "leaky_relu": lambda z, *, slope=0.01: functional.leaky_relu(z, slope),
    "softmax": lambda z: torch.softmax(z, -1),
    "log_softmax": lambda z: torch.log_softmax(z, -1),
    "matrix_product": torch.matmul,
    "dense": lambda inputs, weights, bias: torch.addmm(bias, inputs, weights),
    "dense_layer": dense_layer,
    "convolutional_layer": convolutional_layer,
    "conv2d": lambda images, filters, *, strides=1, padding="valid": convolve(images, filters, strides, padding),
    "max_pool2d": lambda images, *, pool_size=2, strides=None, padding="valid": max_pool(
        images, pool_size, strides, padding
    ),
    "average_pool2d": average_pool2d,
    "softmax_cross_entropy_with_logits": lambda logits, labels: functional.cross_entropy(
        logits, labels, reduction="none"
    ),
    "mean_squared_error": lambda predictions, targets: functional.mse_loss(predictions, targets, reduction="none").mean(
        -1
    ),
    "simple_rnn_step": step,
    "simple_rnn": run,
    "dropout": dropout,
    "cross_entropy": lambda probabilities, labels: -torch.xlogy(labels, probabilities).sum(-1),
    "empirical_loss": torch.mean,
    "sparse_softmax_cross_entropy_with_logits": lambda logits, labels: functional.cross_entropy(
        logits, labels.long(), reduction="none"
    ),
    "negative_log_likelihood": lambda log_probabilities, labels: functional.nll_loss(
        log_probabilities, labels.long(), reduction="none"
    ),
    "binary_cross_entropy": of_each_entry,
    "binary_cross_entropy_with_logits": lambda logits, labels: functional.binary_cross_entropy_with_logits(
        logits, labels, reduction="none"
    ),
    "hinge_loss": lambda scores, labels: torch.clamp(1 - labels * scores, min=0),
}
