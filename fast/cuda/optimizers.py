"""Steps of optimizers on the GPU.

The ladder that led here:

1. A launch for each array operation, as a framework without fusion has them: every intermediate array goes through
   memory, which is the limit.
2. One kernel for the whole step: each thread reads a place of all arrays, computes, and writes a place of each result.

What is the same for all places, such as powers of a decay, is computed once, on the host.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fast.cuda.device import cuda, empty, kernel, launch_over, to_device
from fast.cuda.device_arrays import takes_device_arrays
from fast.results import MomentumStep
from fast.validation import require_array, require_scalars
from fast.validation.optimizers import require_decay, require_step, require_truth
from reference.errors import require_number

__all__ = ["exponential_decay", "gradient_descent", "momentum"]


@kernel
def descend(p: Any, g: Any, rate: Any, result: Any) -> None:
    """θ - η·g."""
    for place in range(cuda.grid(1), p.size, cuda.gridsize(1)):
        result[place] = p[place] - rate * g[place]


@kernel
def roll(p: Any, g: Any, v: Any, rate: Any, mu: Any, nesterov: Any, result: Any, new_v: Any) -> None:
    """`momentum` with the rate in the velocity."""
    for place in range(cuda.grid(1), p.size, cuda.gridsize(1)):
        gained = rate * g[place]
        fresh = mu * v[place] - gained
        new_v[place] = fresh
        result[place] = p[place] + (mu * fresh - gained if nesterov else fresh)


@kernel
def roll_unscaled(p: Any, g: Any, v: Any, rate: Any, mu: Any, nesterov: Any, result: Any, new_v: Any) -> None:
    """`momentum` without the rate in the velocity."""
    for place in range(cuda.grid(1), p.size, cuda.gridsize(1)):
        fresh = mu * v[place] + g[place]
        new_v[place] = fresh
        result[place] = p[place] - (rate * g[place] + rate * mu * fresh if nesterov else rate * fresh)


@kernel
def scale(z: Any, factor: Any, result: Any) -> None:
    """Every number, times the same factor."""
    for place in range(cuda.grid(1), z.size, cuda.gridsize(1)):
        result[place] = z[place] * factor


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
    """Run a kernel over all places of arrays of one shape; return so many arrays of results on the device."""
    shape, size, dtype = arrays[0].shape, arrays[0].size, arrays[0].dtype
    given = [to_device(array).reshape(size) for array in arrays]
    results = [empty(size, dtype) for _ in range(count)]
    launch_over(compiled, size, *given, *scalars, *results)
    return [result.reshape(*shape) for result in results]
