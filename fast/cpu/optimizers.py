"""Steps of optimizers, one pass over all arrays each.

The ladder:
1. one array operation after the other, as NumPy or a framework computes them: each reads and writes a whole array.
2. one loop in which a place's numbers stay in registers: what is read and written is the arguments and the results.
3. threads from `PARALLEL_SIZE` numbers on, as in `activations`.

Where a formula has variants, their choice is made outside of the loop: a branch inside it costs its vectors.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from fast.cpu.activations import PARALLEL_SIZE, block_count, block_slice
from fast.cpu.arguments import flat
from fast.cpu.compilation import compiled
from fast.results import MomentumStep
from fast.validation import require_array, require_scalars
from fast.validation.optimizers import require_decay, require_step, require_truth
from reference.errors import require_number

__all__ = ["exponential_decay", "gradient_descent", "momentum"]


def gradient_descent(parameters: np.ndarray, gradients: np.ndarray, *, learning_rate: float) -> np.ndarray:
    """Take a step against the gradient: θ - η·g.

    Args: parameters and gradients, of one shape; learning_rate, a number from 0.
    Returns: an array of that shape.
    Raises: InvalidArgument, as `reference.gradient_descent`.
    """
    rate = require_step(parameters, learning_rate, gradients=gradients)
    (result,) = run(_gradient_descent_loop, _gradient_descent_threads, (parameters, gradients), 1, rate)
    return result


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
    """Take a step with a velocity: θ + v with v = μ·v - η·g, or as Nesterov does, or without the rate in the velocity.

    Args: parameters, gradients and velocity, of one shape; the others as `reference.momentum`.
    Returns: MomentumStep(parameters, velocity).
    Raises: InvalidArgument, as `reference.momentum`.
    """
    rate = require_step(parameters, learning_rate, gradients=gradients, velocity=velocity)
    (mu,) = require_scalars(parameters.dtype, momentum=require_number("momentum", momentum, 0, 1))
    variant = require_truth("nesterov", nesterov), require_truth("rate_in_velocity", rate_in_velocity)
    arrays = parameters, gradients, velocity
    return MomentumStep(*run(_momentum_loop, _momentum_threads, arrays, 2, rate, mu, *variant))


def exponential_decay(
    learning_rates: np.ndarray, *, step: int, decay_steps: int, decay_rate: float, staircase: bool = False
) -> np.ndarray:
    """Lower rates by the same factor every so many steps: η·r^(t/T), or η·r^⌊t/T⌋.

    Args: learning_rates, any shape from rank 1; the others as `reference.exponential_decay`.
    Returns: an array of that shape.
    Raises: InvalidArgument, as `reference.exponential_decay`.
    """
    dtype = require_array("learning_rates", learning_rates).dtype
    factor = require_decay(dtype, step, decay_steps, decay_rate, staircase)
    (result,) = run(_scale_loop, _scale_threads, (learning_rates,), 1, factor)
    return result


def run(loop, threads, arrays: tuple[np.ndarray, ...], count: int, *scalars) -> list[np.ndarray]:
    """Run a kernel, of small arrays one without threads, over all places; return so many arrays of results."""
    results = [np.empty(arrays[0].shape, arrays[0].dtype) for _ in range(count)]
    kernel = loop if arrays[0].size < PARALLEL_SIZE else threads
    kernel(*(flat(array) for array in arrays), *(result.ravel() for result in results), *scalars)
    return results


@compiled()
def _gradient_descent_loop(p, g, out, rate):
    for i in range(p.size):
        out[i] = p[i] - rate * g[i]


@compiled(parallel=True)
def _gradient_descent_threads(p, g, out, rate):
    for block in prange(block_count(p.size)):
        part = block_slice(block, p.size)
        _gradient_descent_loop(p[part], g[part], out[part], rate)


@compiled()
def _inside_loop(p, g, v, out, out_v, rate, mu, nesterov):
    if nesterov:
        for i in range(p.size):
            gained = rate * g[i]
            fresh = mu * v[i] - gained
            out_v[i] = fresh
            out[i] = p[i] + (mu * fresh - gained)
    else:
        for i in range(p.size):
            fresh = mu * v[i] - rate * g[i]
            out_v[i] = fresh
            out[i] = p[i] + fresh


@compiled()
def _outside_loop(p, g, v, out, out_v, rate, mu, nesterov):
    if nesterov:
        for i in range(p.size):
            fresh = mu * v[i] + g[i]
            out_v[i] = fresh
            out[i] = p[i] - (rate * g[i] + rate * mu * fresh)
    else:
        for i in range(p.size):
            fresh = mu * v[i] + g[i]
            out_v[i] = fresh
            out[i] = p[i] - rate * fresh


@compiled()
def _momentum_loop(p, g, v, out, out_v, rate, mu, nesterov, inside):
    if inside:
        _inside_loop(p, g, v, out, out_v, rate, mu, nesterov)
    else:
        _outside_loop(p, g, v, out, out_v, rate, mu, nesterov)


@compiled(parallel=True)
def _momentum_threads(p, g, v, out, out_v, rate, mu, nesterov, inside):
    for block in prange(block_count(p.size)):
        part = block_slice(block, p.size)
        _momentum_loop(p[part], g[part], v[part], out[part], out_v[part], rate, mu, nesterov, inside)


@compiled()
def _scale_loop(z, out, factor):
    for i in range(z.size):
        out[i] = z[i] * factor


@compiled(parallel=True)
def _scale_threads(z, out, factor):
    for block in prange(block_count(z.size)):
        part = block_slice(block, z.size)
        _scale_loop(z[part], out[part], factor)
