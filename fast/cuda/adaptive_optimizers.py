"""Steps of optimizers with a rate for each parameter, on the GPU: one kernel for a step, as in `optimizers`.

Square roots and quotients of float32 are correctly rounded, as Numba compiles them unless told to be fast.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from fast.cuda.device import device_function
from fast.cuda.device_arrays import takes_device_arrays
from fast.cuda.elementwise import step_kernel_of_one_state, step_kernel_of_two_states
from fast.cuda.optimizers import run
from fast.results import AdadeltaStep, AdagradStep, AdamStep, RMSPropStep
from fast.validation.optimizers import (
    require_corrections,
    require_epsilon,
    require_share,
    require_step,
    require_truth,
)

__all__ = ["adadelta", "adagrad", "adam", "rmsprop"]


@device_function
def sqrt_at(x: Any) -> Any:
    """The square root in the type of x; NaN below zero, where the simulator's would raise."""
    return type(x)(math.sqrt(x)) if x >= type(x)(0) else (x - x) / (x - x)


@device_function
def mean_at(old: Any, new: Any, kept: Any, rest: Any) -> Any:
    """A running mean, of which a share is kept."""
    return kept * old + rest * new


@device_function
def divide_by_roots_at(
    p: Any, g: Any, s: Any, rate: Any, kept: Any, rest: Any, epsilon: Any, inside: Any
) -> tuple[Any, Any]:
    """`rmsprop`; and `adagrad`, whose sum keeps all and adds all: a parameter and its mean square."""
    square = mean_at(s, g * g, kept, rest)
    root = sqrt_at(square + epsilon) if inside else sqrt_at(square) + epsilon
    return p - rate * g / root, square


@device_function
def adadelta_at(p: Any, g: Any, s: Any, u: Any, rate: Any, kept: Any, rest: Any, epsilon: Any) -> tuple[Any, Any, Any]:
    """`adadelta`: a parameter, its mean square and its mean squared update."""
    square = mean_at(s, g * g, kept, rest)
    update = sqrt_at(u + epsilon) * g / sqrt_at(square + epsilon)
    return p - rate * update, square, mean_at(u, update * update, kept, rest)


@device_function
def moments_at(g: Any, m: Any, v: Any, shares: Any) -> tuple[Any, Any]:
    """The running means of `adam`, of gradients and of their squares."""
    return mean_at(m, g, shares[0], shares[1]), mean_at(v, g * g, shares[2], shares[3])


@device_function
def adam_at(
    p: Any, g: Any, m: Any, v: Any, shares: Any, rate: Any, corrections: Any, epsilon: Any
) -> tuple[Any, Any, Any]:
    """`adam` with ε beside the corrected root: a parameter and its moments."""
    mean, square = moments_at(g, m, v, shares)
    root = sqrt_at(square / corrections[1])
    return p - rate * (mean / corrections[0]) / (root + epsilon), mean, square


@device_function
def adam_hat_at(p: Any, g: Any, m: Any, v: Any, shares: Any, alpha: Any, epsilon: Any) -> tuple[Any, Any, Any]:
    """`adam` with ε̂ beside the uncorrected root."""
    mean, square = moments_at(g, m, v, shares)
    return p - alpha * mean / (sqrt_at(square) + epsilon), mean, square


divide_by_roots = step_kernel_of_one_state(divide_by_roots_at)
adadelta_kernel = step_kernel_of_two_states(adadelta_at)
adam_kernel, adam_hat_kernel = step_kernel_of_two_states(adam_at), step_kernel_of_two_states(adam_hat_at)


@takes_device_arrays
def adagrad(
    parameters: np.ndarray,
    gradients: np.ndarray,
    accumulator: np.ndarray,
    *,
    learning_rate: float,
    epsilon: float = 1e-7,
    epsilon_inside_root: bool = True,
) -> AdagradStep:
    """As `reference.adagrad`, on the GPU: AdagradStep(parameters, accumulator) of arrays of one shape."""
    rate = require_step(parameters, learning_rate, gradients=gradients, accumulator=accumulator)
    epsilon = require_epsilon(parameters.dtype, epsilon)
    inside = require_truth("epsilon_inside_root", epsilon_inside_root)
    one = parameters.dtype.type(1)
    arrays = parameters, gradients, accumulator
    return AdagradStep(*run(divide_by_roots, arrays, 2, rate, one, one, epsilon, inside))


@takes_device_arrays
def adadelta(
    parameters: np.ndarray,
    gradients: np.ndarray,
    mean_squares: np.ndarray,
    mean_squared_updates: np.ndarray,
    *,
    learning_rate: float = 1.0,
    rho: float = 0.95,
    epsilon: float = 1e-7,
) -> AdadeltaStep:
    """As `reference.adadelta`, on the GPU: AdadeltaStep(parameters, mean_squares, mean_squared_updates)."""
    means = {"mean_squares": mean_squares, "mean_squared_updates": mean_squared_updates}
    rate = require_step(parameters, learning_rate, gradients=gradients, **means)
    scalars = rate, *require_share(parameters.dtype, "rho", rho), require_epsilon(parameters.dtype, epsilon)
    return AdadeltaStep(*run(adadelta_kernel, (parameters, gradients, *means.values()), 3, *scalars))


@takes_device_arrays
def rmsprop(
    parameters: np.ndarray,
    gradients: np.ndarray,
    mean_squares: np.ndarray,
    *,
    learning_rate: float,
    rho: float = 0.9,
    epsilon: float = 1e-7,
    epsilon_inside_root: bool = True,
) -> RMSPropStep:
    """As `reference.rmsprop`, on the GPU: RMSPropStep(parameters, mean_squares) of arrays of one shape."""
    rate = require_step(parameters, learning_rate, gradients=gradients, mean_squares=mean_squares)
    scalars = rate, *require_share(parameters.dtype, "rho", rho), require_epsilon(parameters.dtype, epsilon)
    inside = require_truth("epsilon_inside_root", epsilon_inside_root)
    return RMSPropStep(*run(divide_by_roots, (parameters, gradients, mean_squares), 2, *scalars, inside))


@takes_device_arrays
def adam(
    parameters: np.ndarray,
    gradients: np.ndarray,
    first_moment: np.ndarray,
    second_moment: np.ndarray,
    *,
    step: int,
    learning_rate: float = 0.001,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
    epsilon_hat: bool = False,
) -> AdamStep:
    """As `reference.adam`, on the GPU: AdamStep(parameters, first_moment, second_moment) of arrays of one shape."""
    moments = {"first_moment": first_moment, "second_moment": second_moment}
    rate, dtype = require_step(parameters, learning_rate, gradients=gradients, **moments), parameters.dtype
    shares = *require_share(dtype, "beta_1", beta_1), *require_share(dtype, "beta_2", beta_2)
    corrections = require_corrections(dtype, step, shares[0], shares[2])
    epsilon = require_epsilon(dtype, epsilon)
    arrays = parameters, gradients, *moments.values()
    if require_truth("epsilon_hat", epsilon_hat):
        alpha = rate * np.sqrt(corrections[1]) / corrections[0]
        return AdamStep(*run(adam_hat_kernel, arrays, 3, shares, alpha, epsilon))
    return AdamStep(*run(adam_kernel, arrays, 3, shares, rate, corrections, epsilon))
