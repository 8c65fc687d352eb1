"""Steps of optimizers with a rate for each parameter, on the GPU: one kernel for a step, as in `optimizers`.

Square roots and quotients of float32 are correctly rounded, as Numba compiles them unless told to be fast.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from fast.cuda.device import cuda, device_function, kernel
from fast.cuda.device_arrays import takes_device_arrays
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


@kernel
def divide_by_roots(
    p: Any, g: Any, s: Any, rate: Any, kept: Any, rest: Any, epsilon: Any, inside: Any, result: Any, new_s: Any
) -> None:
    """`rmsprop`; and `adagrad`, whose sum keeps all and adds all."""
    for place in range(cuda.grid(1), p.size, cuda.gridsize(1)):
        square = mean_at(s[place], g[place] * g[place], kept, rest)
        root = sqrt_at(square + epsilon) if inside else sqrt_at(square) + epsilon
        new_s[place] = square
        result[place] = p[place] - rate * g[place] / root


@kernel
def adadelta_kernel(
    p: Any, g: Any, s: Any, u: Any, rate: Any, kept: Any, rest: Any, epsilon: Any, result: Any, new_s: Any, new_u: Any
) -> None:
    """`adadelta`."""
    for place in range(cuda.grid(1), p.size, cuda.gridsize(1)):
        square = mean_at(s[place], g[place] * g[place], kept, rest)
        update = sqrt_at(u[place] + epsilon) * g[place] / sqrt_at(square + epsilon)
        new_s[place] = square
        new_u[place] = mean_at(u[place], update * update, kept, rest)
        result[place] = p[place] - rate * update


@kernel
def adam_kernel(
    p: Any,
    g: Any,
    m: Any,
    v: Any,
    shares: Any,
    rate: Any,
    corrections: Any,
    epsilon: Any,
    out: Any,
    new_m: Any,
    new_v: Any,
) -> None:
    """`adam` with ε beside the corrected root."""
    for place in range(cuda.grid(1), p.size, cuda.gridsize(1)):
        mean = mean_at(m[place], g[place], shares[0], shares[1])
        square = mean_at(v[place], g[place] * g[place], shares[2], shares[3])
        new_m[place] = mean
        new_v[place] = square
        root = sqrt_at(square / corrections[1])
        out[place] = p[place] - rate * (mean / corrections[0]) / (root + epsilon)


@kernel
def adam_hat_kernel(
    p: Any, g: Any, m: Any, v: Any, shares: Any, alpha: Any, epsilon: Any, out: Any, new_m: Any, new_v: Any
) -> None:
    """`adam` with ε̂ beside the uncorrected root."""
    for place in range(cuda.grid(1), p.size, cuda.gridsize(1)):
        mean = mean_at(m[place], g[place], shares[0], shares[1])
        square = mean_at(v[place], g[place] * g[place], shares[2], shares[3])
        new_m[place] = mean
        new_v[place] = square
        out[place] = p[place] - alpha * mean / (sqrt_at(square) + epsilon)


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
