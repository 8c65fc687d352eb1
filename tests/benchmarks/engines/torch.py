"""PyTorch, eager: tensors in, tensors out.

Where PyTorch has a function from the arguments to the gradients, it is called; elsewhere the forward pass is part of
what is timed, since its tape needs it. Images lie in memory channels first or last, and weights as PyTorch has them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from tests.benchmarks.engines.prepared import Prepared, each
from tests.benchmarks.engines.torch_images import IMAGES

torch.set_grad_enabled(False)
backward = torch.ops.aten

LOSS = partial(functional.cross_entropy, reduction="none")


def prepare(way: str, operation: str, arguments: dict[str, Any]) -> Prepared | None:
    """A call of PyTorch's; `way` is a memory format, and only the default one has what isn't about images."""
    if operation in IMAGES:
        return IMAGES[operation](memory_format=getattr(torch, way), **arguments)
    if way != "channels_last" or operation not in PREPARE:
        return None
    return PREPARE[operation](**arguments)


def arrays(result: Any) -> Any:
    """Tensors as arrays."""
    return each(lambda tensor: np.array(tensor.detach().cpu()), result)


def tensors(value: Any) -> Any:
    """Arrays as tensors of their own, in tuples where they are in tuples."""
    return each(lambda array: torch.tensor(array), value)


def of(function: Callable[..., Any]) -> Callable[..., Prepared]:
    """Prepares a function of the arguments in their order."""

    def prepared(**arguments: Any) -> Prepared:
        return Prepared(partial(function, *map(tensors, arguments.values())), arrays)

    return prepared


def dense_vjp(inputs: Any, weights: Any, bias: Any, cotangent: Any) -> tuple[Any, ...]:
    return cotangent @ weights.T, inputs.T @ cotangent, cotangent.sum(0)


def dense_layer(inputs: Any, weights: Any, bias: Any, activation: str) -> Prepared:
    given = tensors((inputs, weights, bias))
    return Prepared(lambda: getattr(torch, activation)(torch.addmm(given[2], given[0], given[1])), arrays)


def dense_layer_vjp(inputs: Any, weights: Any, bias: Any, cotangent: Any, activation: str) -> Prepared:
    """Of relu, whose slope its outputs tell."""
    assert activation == "relu"
    x, w, b, c = tensors((inputs, weights, bias, cotangent))

    def call() -> Any:
        return dense_vjp(x, w, b, backward.threshold_backward(c, torch.relu(torch.addmm(b, x, w)), 0))

    return Prepared(call, arrays)


def loss_vjp(logits: Any, labels: Any, cotangent: Any) -> Any:
    with torch.enable_grad():
        logits = logits.detach().requires_grad_()
        return torch.autograd.grad(LOSS(logits, labels), logits, cotangent)[0]


def forward_pass(inputs: Any, weights: Sequence[Any], biases: Sequence[Any]) -> tuple[Any, Any]:
    weighted_sums, activations = [], [inputs]
    for layer, (matrix, bias) in enumerate(zip(weights, biases, strict=True), 1):
        weighted_sums.append(torch.addmm(bias, activations[-1], matrix))
        activations.append(
            torch.softmax(weighted_sums[-1], -1) if layer == len(weights) else torch.relu(weighted_sums[-1])
        )
    return tuple(weighted_sums), tuple(activations[1:])


def backpropagation(inputs: Any, weights: Any, biases: Any, labels: Any) -> Prepared:
    given, labels = torch.tensor(inputs), torch.tensor(labels.astype(inputs.dtype))
    parameters = [tensor.requires_grad_() for tensor in tensors((*weights, *biases))]

    def call() -> Any:
        with torch.enable_grad():
            values, layers = given, list(zip(parameters, parameters[len(weights) :], strict=False))
            for matrix, bias in layers[:-1]:
                values = torch.relu(torch.addmm(bias, values, matrix))
            loss = functional.cross_entropy(torch.addmm(layers[-1][1], values, layers[-1][0]), labels)
        return loss.detach(), torch.autograd.grad(loss, parameters)

    def laid_out(result: Any) -> Any:
        loss, gradients = arrays(result)
        return loss, gradients[: len(weights)], gradients[len(weights) :]

    return Prepared(call, laid_out)


def adam(parameters: Any, gradients: Any, first_moment: Any, second_moment: Any, **rates: Any) -> Prepared:
    """PyTorch's own kernel, which writes into the parameters: each call is a further step."""
    variable = torch.tensor(parameters).requires_grad_()
    betas = rates["beta_1"], rates["beta_2"]
    optimizer = torch.optim.Adam([variable], rates["learning_rate"], betas, rates["epsilon"], fused=True)
    state = {"exp_avg": torch.tensor(first_moment), "exp_avg_sq": torch.tensor(second_moment)}
    optimizer.state[variable] = {**state, "step": torch.tensor(rates["step"] - 1.0)}
    variable.grad = torch.tensor(gradients)
    return Prepared(optimizer.step, lambda _: arrays((variable.detach(), *state.values())))


def recurrent(inputs: Any, kernel: Any, recurrent_kernel: Any, bias: Any, state: Any) -> Prepared:
    """PyTorch keeps the transposed kernels, and two biases, of which one is 0 here."""
    weights = (kernel.T.copy(), recurrent_kernel.T.copy(), bias, np.zeros_like(bias))
    given, weights, states = tensors((inputs, weights, state))
    if not isinstance(state, tuple):
        call = partial(torch.rnn_tanh, given, states[None], weights, True, 1, 0.0, False, False, True)
        return Prepared(call, lambda result: np.array(result[0].cpu()))
    states = tuple(part[None] for part in states)
    call = partial(torch.lstm, given, states, weights, True, 1, 0.0, False, False, True)
    return Prepared(call, lambda result: (np.array(result[0].cpu()), np.array(result[2][0].cpu())))


PREPARE: dict[str, Callable[..., Prepared]] = {
    "relu": of(torch.relu),
    "relu_vjp": of(lambda z, cotangent: backward.threshold_backward(cotangent, z, 0)),
    "tanh": of(torch.tanh),
    "tanh_vjp": of(lambda z, cotangent: backward.tanh_backward(cotangent, torch.tanh(z))),
    "sigmoid": of(torch.sigmoid),
    "sigmoid_vjp": of(lambda z, cotangent: backward.sigmoid_backward(cotangent, torch.sigmoid(z))),
    "softmax": of(partial(torch.softmax, dim=-1)),
    "softmax_cross_entropy_with_logits": of(LOSS),
    "softmax_cross_entropy_with_logits_vjp": of(loss_vjp),
    "matrix_product": of(torch.mm),
    "matrix_product_vjp": of(lambda a, b, cotangent: (cotangent @ b.T, a.T @ cotangent)),
    "dense": of(lambda inputs, weights, bias: torch.addmm(bias, inputs, weights)),
    "dense_vjp": of(dense_vjp),
    "dense_layer": dense_layer,
    "dense_layer_vjp": dense_layer_vjp,
    "forward_pass": of(forward_pass),
    "backpropagation": backpropagation,
    "gradient_descent": of(lambda p, g, learning_rate: torch.add(p, g, alpha=-learning_rate)),
    "adam": adam,
    "simple_rnn": recurrent,
    "lstm": recurrent,
}
