"""Simple recurrent networks and their gradients.

PyTorch keeps the transposed kernels, and two biases, of which one is 0 here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from conformance.implementations.torch.tape import tensor, vjp

__all__ = ["simple_rnn", "simple_rnn_step", "simple_rnn_step_vjp", "simple_rnn_vjp"]


def simple_rnn_step(inputs: Any, kernel: Any, recurrent_kernel: Any, bias: Any, state: Any) -> Any:
    return step(*map(tensor, (inputs, kernel, recurrent_kernel, bias, state))).numpy()


def simple_rnn_step_vjp(
    inputs: Any, kernel: Any, recurrent_kernel: Any, bias: Any, state: Any, cotangent: Any
) -> tuple[Any, ...]:
    return vjp(step, (inputs, kernel, recurrent_kernel, bias, state), cotangent)


def simple_rnn(inputs: Any, kernel: Any, recurrent_kernel: Any, bias: Any, state: Any = None) -> Any:
    state = zero_state(inputs, recurrent_kernel) if state is None else state
    return run(*map(tensor, (inputs, kernel, recurrent_kernel, bias, state))).contiguous().numpy()


def simple_rnn_vjp(
    inputs: Any, kernel: Any, recurrent_kernel: Any, bias: Any, state: Any, cotangent: Any
) -> tuple[Any, ...]:
    return vjp(run, (inputs, kernel, recurrent_kernel, bias, state), cotangent)


def step(inputs: Any, kernel: Any, recurrent_kernel: Any, bias: Any, state: Any) -> Any:
    return torch.rnn_tanh_cell(inputs, state, kernel.T, recurrent_kernel.T, bias, torch.zeros_like(bias))


def run(inputs: Any, kernel: Any, recurrent_kernel: Any, bias: Any, state: Any) -> Any:
    weights = (kernel.T, recurrent_kernel.T, bias, torch.zeros_like(bias))
    return torch.rnn_tanh(inputs, state[None], weights, True, 1, 0.0, False, False, True)[0]


def zero_state(inputs: Any, recurrent_kernel: Any) -> Any:
    """What PyTorch begins with where no state is given."""
    return np.zeros((inputs.shape[0], recurrent_kernel.shape[0]), inputs.dtype)
