"""Steps of optimizers, one pass over all arrays each.

The ladder:
1. one array operation after the other, as NumPy or a framework computes them: each reads and writes a whole array.
2. one loop in which a place's numbers stay in registers: what is read and written is the arguments and the results.
3. threads from `PARALLEL_SIZE` numbers on, as in `activations`.
4. vectors that are said: left to the compiler, a step in place took one number at a time, adam 4 ns for each.

Results may take the place of any arguments, so all that a place needs is read before anything is written there.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from fast.cpu.arguments import deliver, destination, destinations, flat
from fast.cpu.compilation import compiled, leaf
from fast.cpu.elementwise import PARALLEL_SIZE, block_count, block_slice
from fast.cpu.vectors import VECTOR_BYTES, load, store
from fast.results import MomentumStep
from fast.validation import require_array, require_scalar
from fast.validation.optimizers import require_decay, require_step, require_truth
from reference.errors import require_number

__all__ = ["exponential_decay", "gradient_descent", "momentum"]


def gradient_descent(
    parameters: np.ndarray, gradients: np.ndarray, *, learning_rate: float, out: np.ndarray | None = None
) -> np.ndarray:
    """Take a step against the gradient: θ - η·g.

    Args: parameters and gradients, of one shape; learning_rate, a number from 0; out, an array of that shape to write
        into, which may be parameters or gradients.
    Returns: an array of that shape.
    Raises: InvalidArgument, as `reference.gradient_descent`.
    """
    rate = require_step(parameters, learning_rate, gradients=gradients)
    target = destination(out, parameters.shape, parameters.dtype, parameters, gradients, elementwise=True)
    run(_gradient_descent_loop, _gradient_descent_threads, (parameters, gradients, target), rate)
    return deliver(target, out)


def momentum(
    parameters: np.ndarray,
    gradients: np.ndarray,
    velocity: np.ndarray,
    *,
    learning_rate: float,
    momentum: float,
    nesterov: bool = False,
    rate_in_velocity: bool = True,
    out: MomentumStep | None = None,
) -> MomentumStep:
    """Take a step with a velocity: θ + v with v = μ·v - η·g, or as Nesterov does, or without the rate in the velocity.

    Args: parameters, gradients and velocity, of one shape; the others as `reference.momentum`; out, the two arrays to
        write into, which may be any of the three.
    Returns: MomentumStep(parameters, velocity).
    Raises: InvalidArgument, as `reference.momentum`.
    """
    rate = require_step(parameters, learning_rate, gradients=gradients, velocity=velocity)
    mu = require_scalar(parameters.dtype, "momentum", require_number("momentum", momentum, 0, 1))
    variant = require_truth("nesterov", nesterov), require_truth("rate_in_velocity", rate_in_velocity)
    arrays = parameters, gradients, velocity
    targets = destinations(out, MomentumStep(parameters, velocity), *arrays, elementwise=True)
    run(_momentum_loop, _momentum_threads, (*arrays, *targets), rate, mu, *variant)
    return deliver(targets, out)


def exponential_decay(
    learning_rates: np.ndarray,
    *,
    step: int,
    decay_steps: int,
    decay_rate: float,
    staircase: bool = False,
    out: np.ndarray | None = None,
) -> np.ndarray:
    """Lower rates by the same factor every so many steps: η·r^(t/T), or η·r^⌊t/T⌋.

    Args: learning_rates, any shape from rank 1; the others as `reference.exponential_decay`; out, an array of that
        shape to write into, which may be learning_rates.
    Returns: an array of that shape.
    Raises: InvalidArgument, as `reference.exponential_decay`.
    """
    dtype = require_array("learning_rates", learning_rates).dtype
    factor = require_decay(dtype, step, decay_steps, decay_rate, staircase)
    target = destination(out, learning_rates.shape, dtype, learning_rates, elementwise=True)
    run(_scale_loop, _scale_threads, (learning_rates, target), factor)
    return deliver(target, out)


def run(loop, threads, arrays: tuple[np.ndarray, ...], *scalars: Any) -> None:
    """Run a kernel, of small arrays one without threads, over all places of arrays to read and arrays to write."""
    kernel = loop if arrays[0].size < PARALLEL_SIZE else threads
    kernel(*[flat(array) for array in arrays], *scalars)


@leaf
def _gradient_descent_loop(p, g, out, rate):
    size, i = VECTOR_BYTES // p.itemsize, 0
    while i + size <= p.size:
        store(out, i, load(p, i) - rate * load(g, i))
        i += size
    while i < p.size:
        out[i] = p[i] - rate * g[i]
        i += 1


@compiled(parallel=True)
def _gradient_descent_threads(p, g, out, rate):
    for block in prange(block_count(p.size)):
        part = block_slice(block, p.size)
        _gradient_descent_loop(p[part], g[part], out[part], rate)


@leaf
def momentum_at(p, g, v, rate, mu, nesterov, inside):
    """A parameter and its velocity after a step."""
    if inside:
        gained = rate * g
        fresh = mu * v - gained
        return p + (mu * fresh - gained if nesterov else fresh), fresh
    fresh = mu * v + g
    return p - (rate * g + rate * mu * fresh if nesterov else rate * fresh), fresh


@leaf
def _momentum_loop(p, g, v, out, out_v, rate, mu, nesterov, inside):
    size, i = VECTOR_BYTES // p.itemsize, 0
    while i + size <= p.size:
        after, fresh = momentum_at(load(p, i), load(g, i), load(v, i), rate, mu, nesterov, inside)
        store(out, i, after)
        store(out_v, i, fresh)
        i += size
    while i < p.size:
        out[i], out_v[i] = momentum_at(p[i], g[i], v[i], rate, mu, nesterov, inside)
        i += 1


@compiled(parallel=True)
def _momentum_threads(p, g, v, out, out_v, rate, mu, nesterov, inside):
    for block in prange(block_count(p.size)):
        part = block_slice(block, p.size)
        _momentum_loop(p[part], g[part], v[part], out[part], out_v[part], rate, mu, nesterov, inside)


@leaf
def _scale_loop(z, out, factor):
    size, i = VECTOR_BYTES // z.itemsize, 0
    while i + size <= z.size:
        store(out, i, load(z, i) * factor)
        i += size
    while i < z.size:
        out[i] = z[i] * factor
        i += 1


@compiled(parallel=True)
def _scale_threads(z, out, factor):
    for block in prange(block_count(z.size)):
        part = block_slice(block, z.size)
        _scale_loop(z[part], out[part], factor)
