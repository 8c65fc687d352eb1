"""Steps of PyTorch's optimizers, each from the state that is given."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from conformance.implementations.torch.deviating import other_numbers
from conformance.implementations.torch.tape import tensor
from reference.alternatives import interpolating_adam

__all__ = ["adadelta", "adagrad", "adam", "gradient_descent", "momentum", "rmsprop"]


def gradient_descent(parameters: Any, gradients: Any, *, learning_rate: Any) -> Any:
    return stepped(torch.optim.SGD, {"lr": learning_rate}, parameters, gradients)[0]


def momentum(
    parameters: Any,
    gradients: Any,
    velocity: Any,
    *,
    learning_rate: Any,
    momentum: Any,
    nesterov: Any = False,
    rate_in_velocity: Any = True,
) -> Any:
    # With a momentum of 0, Nesterov's step is the plain one, and PyTorch refuses to call it his.
    rates = {"lr": learning_rate, "momentum": momentum, "nesterov": nesterov and momentum != 0}
    return stepped(torch.optim.SGD, rates, parameters, gradients, momentum_buffer=velocity)


def adagrad(
    parameters: Any,
    gradients: Any,
    accumulator: Any,
    *,
    learning_rate: Any,
    epsilon: Any = 1e-7,
    epsilon_inside_root: Any = True,
) -> Any:
    rates = {"lr": learning_rate, "eps": epsilon}
    return stepped(torch.optim.Adagrad, rates, parameters, gradients, sum=accumulator)


def adadelta(
    parameters: Any,
    gradients: Any,
    mean_squares: Any,
    mean_squared_updates: Any,
    *,
    learning_rate: Any = 1.0,
    rho: Any = 0.95,
    epsilon: Any = 1e-7,
) -> Any:
    rates = {"lr": learning_rate, "rho": rho, "eps": epsilon}
    state = {"square_avg": mean_squares, "acc_delta": mean_squared_updates}
    return stepped(torch.optim.Adadelta, rates, parameters, gradients, **state)


def rmsprop(
    parameters: Any,
    gradients: Any,
    mean_squares: Any,
    *,
    learning_rate: Any,
    rho: Any = 0.9,
    epsilon: Any = 1e-7,
    epsilon_inside_root: Any = True,
) -> Any:
    rates = {"lr": learning_rate, "alpha": rho, "eps": epsilon}
    return stepped(torch.optim.RMSprop, rates, parameters, gradients, square_avg=mean_squares)


def adam(
    parameters: Any,
    gradients: Any,
    first_moment: Any,
    second_moment: Any,
    *,
    step: Any,
    learning_rate: Any = 0.001,
    beta_1: Any = 0.9,
    beta_2: Any = 0.999,
    epsilon: Any = 1e-7,
    epsilon_hat: Any = False,
) -> Any:
    rates = {"lr": learning_rate, "betas": (beta_1, beta_2), "eps": epsilon}
    state = {"exp_avg": first_moment, "exp_avg_sq": second_moment}
    return stepped(torch.optim.Adam, rates, parameters, gradients, step=step, **state)


def stepped(
    kind: Any, rates: dict[str, Any], parameters: Any, gradients: Any, step: int = 1, **state: Any
) -> tuple[Any, ...]:
    """The parameters after a step of an optimizer, and its state, from that by PyTorch's names."""
    variable = tensor(parameters).requires_grad_()
    optimizer = kind([variable], **rates)
    kept = {name: tensor(value) for name, value in state.items()}
    optimizer.state[variable] = {**kept, "step": torch.tensor(step - 1.0)}
    variable.grad = tensor(gradients)
    optimizer.step()
    return variable.detach().numpy(), *(optimizer.state[variable][name].numpy() for name in state)


ONE = np.ones(1)
STEP = {"parameters": ONE, "gradients": ONE, "learning_rate": 0.5}
MOVING = {**STEP, "velocity": ONE, "momentum": 0.5}

#: The first moment is interpolated, by what PyTorch calls `lerp`.
ALGORITHMS = {"adam": interpolating_adam}

KNOWN_DEVIATIONS = [
    other_numbers(
        "momentum",
        "the learning rate stays out of the velocity",
        lambda *, rate_in_velocity=True, **_: rate_in_velocity,
        MOVING,
        "the velocity before the rate",
    ),
    other_numbers(
        "momentum",
        "with a momentum of 0 there is no velocity",
        lambda *, momentum, **_: momentum == 0,
        {**MOVING, "momentum": 0.0, "rate_in_velocity": False, "velocity": 2 * ONE},
        "the velocity that was given",
    ),
    *(
        other_numbers(
            operation,
            "epsilon stands beside the root",
            lambda *, epsilon=1e-7, epsilon_inside_root=True, **_: epsilon > 0 and epsilon_inside_root,
            {**STEP, name: ONE, "epsilon": 1.0},
            "the step of an epsilon beside it",
        )
        for operation, name in (("adagrad", "accumulator"), ("rmsprop", "mean_squares"))
    ),
    other_numbers(
        "adam",
        "epsilon stands beside the corrected root: no epsilon hat",
        lambda *, epsilon=1e-7, epsilon_hat=False, **_: epsilon > 0 and epsilon_hat,
        {**STEP, "first_moment": ONE, "second_moment": ONE, "step": 1, "epsilon": 1.0, "epsilon_hat": True},
        "the step of that epsilon",
    ),
]
