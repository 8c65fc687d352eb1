"""Steps of optimizers with a rate for each parameter."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from conformance.implementations.numpy.arguments import Array
from conformance.implementations.numpy.optimizers import require_step, require_truths, scalars
from reference.errors import require_number, require_positive_integer

__all__ = ["AdadeltaStep", "AdagradStep", "AdamStep", "RMSPropStep", "adadelta", "adagrad", "adam", "rmsprop"]


class AdagradStep(NamedTuple):
    parameters: Array
    accumulator: Array


class AdadeltaStep(NamedTuple):
    parameters: Array
    mean_squares: Array
    mean_squared_updates: Array


class RMSPropStep(NamedTuple):
    parameters: Array
    mean_squares: Array


class AdamStep(NamedTuple):
    parameters: Array
    first_moment: Array
    second_moment: Array


def adagrad(
    parameters: Array,
    gradients: Array,
    accumulator: Array,
    *,
    learning_rate: Any,
    epsilon: Any = 1e-7,
    epsilon_inside_root: bool = True,
) -> AdagradStep:
    eta = require_step(parameters, learning_rate, gradients=gradients, accumulator=accumulator)
    (small,) = scalars(parameters, require_number("epsilon", epsilon, 0))
    require_truths(epsilon_inside_root=epsilon_inside_root)
    with np.errstate(all="ignore"):
        accumulator = accumulator + gradients * gradients
        return AdagradStep(parameters - eta * gradients / root(accumulator, small, epsilon_inside_root), accumulator)


def adadelta(
    parameters: Array,
    gradients: Array,
    mean_squares: Array,
    mean_squared_updates: Array,
    *,
    learning_rate: Any = 1.0,
    rho: Any = 0.95,
    epsilon: Any = 1e-7,
) -> AdadeltaStep:
    means = {"mean_squares": mean_squares, "mean_squared_updates": mean_squared_updates}
    eta = require_step(parameters, learning_rate, gradients=gradients, **means)
    require_number("rho", rho, 0, below=1)
    rho, small = scalars(parameters, rho, require_number("epsilon", epsilon, 0))
    with np.errstate(all="ignore"):
        mean_squares = mean(mean_squares, gradients * gradients, rho)
        updates = root(mean_squared_updates, small, True) * gradients / root(mean_squares, small, True)
        mean_squared_updates = mean(mean_squared_updates, updates * updates, rho)
        return AdadeltaStep(parameters - eta * updates, mean_squares, mean_squared_updates)


def rmsprop(
    parameters: Array,
    gradients: Array,
    mean_squares: Array,
    *,
    learning_rate: Any,
    rho: Any = 0.9,
    epsilon: Any = 1e-7,
    epsilon_inside_root: bool = True,
) -> RMSPropStep:
    eta = require_step(parameters, learning_rate, gradients=gradients, mean_squares=mean_squares)
    require_number("rho", rho, 0, below=1)
    rho, small = scalars(parameters, rho, require_number("epsilon", epsilon, 0))
    require_truths(epsilon_inside_root=epsilon_inside_root)
    with np.errstate(all="ignore"):
        mean_squares = mean(mean_squares, gradients * gradients, rho)
        return RMSPropStep(parameters - eta * gradients / root(mean_squares, small, epsilon_inside_root), mean_squares)


def adam(
    parameters: Array,
    gradients: Array,
    first_moment: Array,
    second_moment: Array,
    *,
    step: Any,
    learning_rate: Any = 0.001,
    beta_1: Any = 0.9,
    beta_2: Any = 0.999,
    epsilon: Any = 1e-7,
    epsilon_hat: bool = False,
) -> AdamStep:
    moments = {"first_moment": first_moment, "second_moment": second_moment}
    eta = require_step(parameters, learning_rate, gradients=gradients, **moments)
    require_positive_integer("step", step)
    require_number("beta_1", beta_1, 0, below=1)
    require_number("beta_2", beta_2, 0, below=1)
    require_number("epsilon", epsilon, 0)
    require_truths(epsilon_hat=epsilon_hat)
    b1, b2, small = scalars(parameters, beta_1, beta_2, epsilon)
    c1, c2 = scalars(parameters, *(1 - np.float64(beta) ** int(step) for beta in (b1, b2)))
    with np.errstate(all="ignore"):
        first_moment = mean(first_moment, gradients, b1)
        second_moment = mean(second_moment, gradients * gradients, b2)
        if epsilon_hat:
            update = eta * np.sqrt(c2) / c1 * first_moment / (np.sqrt(second_moment) + small)
        else:
            update = eta * (first_moment / c1) / (np.sqrt(second_moment / c2) + small)
        return AdamStep(parameters - update, first_moment, second_moment)


def mean(old: Array, new: Array, share: Any) -> Array:
    """A running mean, of which a share is kept."""
    return share * old + (1 - share) * new


def root(squares: Array, small: Any, inside: bool) -> Array:
    return np.sqrt(squares + small) if inside else np.sqrt(squares) + small
