"""Steps of optimizers on the GPU.

The ladder that led here:

1. A launch for each array operation, as a framework without fusion has them: every intermediate array goes through
   memory, which is the limit.
2. One kernel for the whole step, as `elementwise` makes them: each number is read once, and each result written once.
   `adam` moves 7 numbers for each parameter, which is the least that there is to move.

What is the same for all places, such as powers of a decay, is computed once, on the host.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fast.cuda.device import device_function, to_device
from fast.cuda.device_arrays import takes_device_arrays
from fast.cuda.elementwise import map_kernel, map_pairs_kernel, run_over_numbers, step_kernel_of_one_state
from fast.results import MomentumStep
from fast.validation import require_array, require_scalars
from fast.validation.optimizers import require_decay, require_step, require_truth
from reference.errors import require_number

__all__ = ["exponential_decay", "gradient_descent", "momentum"]


@device_function
def descend_at(p: Any, g: Any, rate: Any) -> Any:
    """θ - η·g."""
    return p - rate * g


@device_function
def roll_at(p: Any, g: Any, v: Any, rate: Any, mu: Any, nesterov: Any) -> tuple[Any, Any]:
    """`momentum` with the rate in the velocity: a parameter and its velocity."""
    gained = rate * g
    fresh = mu * v - gained
    return p + (mu * fresh - gained if nesterov else fresh), fresh


@device_function
def roll_unscaled_at(p: Any, g: Any, v: Any, rate: Any, mu: Any, nesterov: Any) -> tuple[Any, Any]:
    """`momentum` without the rate in the velocity."""
    fresh = mu * v + g
    return p - (rate * g + rate * mu * fresh if nesterov else rate * fresh), fresh


@device_function
def scale_at(z: Any, factor: Any) -> Any:
    """A number, times the factor of all."""
    return z * factor


descend, scale = map_pairs_kernel(descend_at), map_kernel(scale_at)
roll, roll_unscaled = step_kernel_of_one_state(roll_at), step_kernel_of_one_state(roll_unscaled_at)


@takes_device_arrays
def gradient_descent(parameters: np.ndarray, gradients: np.ndarray, *, learning_rate: float) -> np.ndarray:
    """As `reference.gradient_descent`, on the GPU: arrays of one shape to one of that shape."""
    rate = require_step(parameters, learning_rate, gradients=gradients)
    (result,) = run(descend, (parameters, gradients), 1, rate)
    return result


@takes_device_arrays
def momentum(
    parameters: np.ndarray,
    gradients: np.ndarray,
    velocity: np.ndarray,
    *,
    learning_rate: float,
    momentum: float,
    nesterov: bool = False,
    rate_in_velocity: bool = True,
) -> MomentumStep:
    """As `reference.momentum`, on the GPU: MomentumStep(parameters, velocity) of arrays of one shape."""
    rate = require_step(parameters, learning_rate, gradients=gradients, velocity=velocity)
    (mu,) = require_scalars(parameters.dtype, momentum=require_number("momentum", momentum, 0, 1))
    require_truth("nesterov", nesterov)
    compiled = roll if require_truth("rate_in_velocity", rate_in_velocity) else roll_unscaled
    return MomentumStep(*run(compiled, (parameters, gradients, velocity), 2, rate, mu, nesterov))


@takes_device_arrays
def exponential_decay(
    learning_rates: np.ndarray, *, step: int, decay_steps: int, decay_rate: float, staircase: bool = False
) -> np.ndarray:
    """As `reference.exponential_decay`, on the GPU: an array of any shape to one of that shape."""
    dtype = require_array("learning_rates", learning_rates).dtype
    (result,) = run(scale, (learning_rates,), 1, require_decay(dtype, step, decay_steps, decay_rate, staircase))
    return result


def run(compiled: Any, arrays: tuple[np.ndarray, ...], count: int, *scalars: Any) -> list[Any]:
    """Run a kernel over all numbers of arrays of one shape; return so many arrays of results on the device."""
    return run_over_numbers(compiled, tuple(map(to_device, arrays)), scalars, count)
