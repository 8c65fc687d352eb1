"""Long short-term memories and their gradients, with PyTorch's weights: see `recurrent`."""

from __future__ import annotations

from typing import Any

import torch

from conformance.implementations.torch.recurrent import zero_state
from conformance.implementations.torch.tape import tensor, vjp

__all__ = ["lstm", "lstm_step", "lstm_step_vjp", "lstm_vjp"]


def lstm_step(inputs: Any, kernel: Any, recurrent_kernel: Any, bias: Any, state: Any) -> tuple[Any, ...]:
    hidden, cell = state
    return tuple(part.numpy() for part in step(*map(tensor, (inputs, kernel, recurrent_kernel, bias, hidden, cell))))


def lstm_step_vjp(
    inputs: Any, kernel: Any, recurrent_kernel: Any, bias: Any, state: Any, cotangent: Any
) -> tuple[Any, ...]:
    (hidden, cell), (of_hidden, of_cell) = state, cotangent
    arguments = inputs, kernel, recurrent_kernel, bias, hidden, cell
    *gradients, d_hidden, d_cell = vjp(step, arguments, of_hidden, of_cell)
    return (*gradients, (d_hidden, d_cell))


def lstm(inputs: Any, kernel: Any, recurrent_kernel: Any, bias: Any, state: Any = None) -> tuple[Any, ...]:
    hidden, cell = (zero_state(inputs, recurrent_kernel),) * 2 if state is None else state
    outputs, last = run(*map(tensor, (inputs, kernel, recurrent_kernel, bias, hidden, cell)))
    return outputs.contiguous().numpy(), last.numpy()


def lstm_vjp(inputs: Any, kernel: Any, recurrent_kernel: Any, bias: Any, state: Any, cotangent: Any) -> tuple[Any, ...]:
    (hidden, cell), (of_outputs, of_cell) = state, cotangent
    arguments = inputs, kernel, recurrent_kernel, bias, hidden, cell
    *gradients, d_hidden, d_cell = vjp(run, arguments, of_outputs, of_cell)
    return (*gradients, (d_hidden, d_cell))


def step(inputs: Any, kernel: Any, recurrent_kernel: Any, bias: Any, hidden: Any, cell: Any) -> tuple[Any, ...]:
    weights = (kernel.T, recurrent_kernel.T, bias, torch.zeros_like(bias))
    return tuple(torch.lstm_cell(inputs, (hidden, cell), *weights))


def run(inputs: Any, kernel: Any, recurrent_kernel: Any, bias: Any, hidden: Any, cell: Any) -> tuple[Any, ...]:
    weights = (kernel.T, recurrent_kernel.T, bias, torch.zeros_like(bias))
    states = (hidden[None], cell[None])
    outputs, _, last = torch.lstm(inputs, states, weights, True, 1, 0.0, False, False, True)
    return outputs, last[0]
