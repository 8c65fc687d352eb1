"""Steps of optimizers with a rate for each parameter: one pass over all arrays, as in `optimizers`.

Roots and quotients are the processor's own, correctly rounded, eight at a time where it has such vectors. A reciprocal
root, which it has only roughly, would need steps of Newton's, and be no faster: memory is the limit.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from fast.cpu.arguments import deliver, destinations
from fast.cpu.compilation import compiled, leaf
from fast.cpu.elementwise import block_count, block_slice
from fast.cpu.optimizers import run
from fast.cpu.vectors import VECTOR_BYTES, load, root, store
from fast.results import AdadeltaStep, AdagradStep, AdamStep, RMSPropStep
from fast.validation.optimizers import (
    require_epsilon,
    require_rate,
    require_share,
    require_state,
    require_step,
    require_truth,
)
from reference.errors import require_positive_integer

__all__ = ["adadelta", "adagrad", "adam", "rmsprop"]


def adagrad(
    parameters: np.ndarray,
    gradients: np.ndarray,
    accumulator: np.ndarray,
    *,
    learning_rate: float,
    epsilon: float = 1e-7,
    epsilon_inside_root: bool = True,
    out: AdagradStep | None = None,
) -> AdagradStep:
    """Divide rates by the root of the sum of squared gradients: a + g², θ - η·g/√(a + ε), or η·g/(√a + ε).

    Args: parameters, gradients and accumulator, of one shape; the others as `reference.adagrad`; out, the two
        arrays to write into, which may be any of those.
    Returns: AdagradStep(parameters, accumulator).
    Raises: InvalidArgument, as `reference.adagrad`.
    """
    rate = require_step(parameters, learning_rate, gradients=gradients, accumulator=accumulator)
    epsilon = require_epsilon(parameters.dtype, epsilon)
    inside = require_truth("epsilon_inside_root", epsilon_inside_root)
    one = parameters.dtype.type(1)
    # A sum is a mean that keeps all and adds all.
    arrays = parameters, gradients, accumulator
    targets = destinations(out, AdagradStep(parameters, accumulator), *arrays, elementwise=True)
    run(_rooted_loop, _rooted_threads, (*arrays, *targets), rate, one, one, epsilon, inside)
    return deliver(targets, out)


def adadelta(
    parameters: np.ndarray,
    gradients: np.ndarray,
    mean_squares: np.ndarray,
    mean_squared_updates: np.ndarray,
    *,
    learning_rate: float = 1.0,
    rho: float = 0.95,
    epsilon: float = 1e-7,
    out: AdadeltaStep | None = None,
) -> AdadeltaStep:
    """Take steps as long as earlier ones, relative to the gradient's size: Δ = √(u + ε)·g/√(s + ε), θ - η·Δ.

    Args: the four arrays, of one shape; the others as `reference.adadelta`; out, the arrays to write into,
        which may be any of those.
    Returns: AdadeltaStep(parameters, mean_squares, mean_squared_updates).
    Raises: InvalidArgument, as `reference.adadelta`.
    """
    means = {"mean_squares": mean_squares, "mean_squared_updates": mean_squared_updates}
    rate = require_step(parameters, learning_rate, gradients=gradients, **means)
    scalars = rate, *require_share(parameters.dtype, "rho", rho), require_epsilon(parameters.dtype, epsilon)
    arrays = parameters, gradients, *means.values()
    targets = destinations(out, AdadeltaStep(parameters, *means.values()), *arrays, elementwise=True)
    run(_adadelta_loop, _adadelta_threads, (*arrays, *targets), *scalars)
    return deliver(targets, out)


def rmsprop(
    parameters: np.ndarray,
    gradients: np.ndarray,
    mean_squares: np.ndarray,
    *,
    learning_rate: float,
    rho: float = 0.9,
    epsilon: float = 1e-7,
    epsilon_inside_root: bool = True,
    out: RMSPropStep | None = None,
) -> RMSPropStep:
    """Divide rates by the root of a running mean of squared gradients: θ - η·g/√(s + ε), or η·g/(√s + ε).

    Args: parameters, gradients and mean_squares, of one shape; the others as `reference.rmsprop`; out, the two
        arrays to write into, which may be any of those.
    Returns: RMSPropStep(parameters, mean_squares).
    Raises: InvalidArgument, as `reference.rmsprop`.
    """
    rate = require_step(parameters, learning_rate, gradients=gradients, mean_squares=mean_squares)
    scalars = rate, *require_share(parameters.dtype, "rho", rho), require_epsilon(parameters.dtype, epsilon)
    inside = require_truth("epsilon_inside_root", epsilon_inside_root)
    arrays = parameters, gradients, mean_squares
    targets = destinations(out, RMSPropStep(parameters, mean_squares), *arrays, elementwise=True)
    run(_rooted_loop, _rooted_threads, (*arrays, *targets), *scalars, inside)
    return deliver(targets, out)


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
    out: AdamStep | None = None,
) -> AdamStep:
    """Divide a running mean of gradients by the root of one of their squares, corrected: θ - η·m̂/(√v̂ + ε).

    Args: the four arrays, of one shape; the others as `reference.adam`; out, the arrays to write into,
        which may be any of those.
    Returns: AdamStep(parameters, first_moment, second_moment).
    Raises: InvalidArgument, as `reference.adam`.
    """
    arrays = parameters, gradients, first_moment, second_moment
    dtype = require_state(parameters, gradients=gradients, first_moment=first_moment, second_moment=second_moment)
    # What follows from these for all parameters alike, the kernel computes: NumPy takes 0.5 µs for each number.
    rate = require_rate(dtype, "learning_rate", learning_rate)
    shares = require_rate(dtype, "beta_1", beta_1, below=1), require_rate(dtype, "beta_2", beta_2, below=1)
    number = float(require_positive_integer("step", step))
    scalars = rate, *shares, number, require_rate(dtype, "epsilon", epsilon), require_truth("epsilon_hat", epsilon_hat)
    targets = destinations(out, AdamStep(parameters, first_moment, second_moment), *arrays, elementwise=True)
    run(_adam_loop, _adam_threads, (*arrays, *targets), *scalars)
    return deliver(targets, out)


@leaf
def rooted_at(p, g, s, rate, kept, new, epsilon, inside):
    """A parameter and the mean or sum of its squared gradients after a step."""
    square = kept * s + new * (g * g)
    return p - rate * g / (root(square + epsilon) if inside else root(square) + epsilon), square


@leaf
def _rooted_loop(p, g, s, out, out_s, rate, kept, new, epsilon, inside):
    size, i = VECTOR_BYTES // p.itemsize, 0
    while i + size <= p.size:
        after, square = rooted_at(load(p, i), load(g, i), load(s, i), rate, kept, new, epsilon, inside)
        store(out, i, after)
        store(out_s, i, square)
        i += size
    while i < p.size:
        out[i], out_s[i] = rooted_at(p[i], g[i], s[i], rate, kept, new, epsilon, inside)
        i += 1


@compiled(parallel=True)
def _rooted_threads(p, g, s, out, out_s, rate, kept, new, epsilon, inside):
    for block in prange(block_count(p.size)):
        part = block_slice(block, p.size)
        _rooted_loop(p[part], g[part], s[part], out[part], out_s[part], rate, kept, new, epsilon, inside)


@leaf
def adadelta_at(p, g, s, u, rate, kept, new, epsilon):
    """A parameter and its two means after a step."""
    square = kept * s + new * (g * g)
    update = root(u + epsilon) * g / root(square + epsilon)
    return p - rate * update, square, kept * u + new * (update * update)


@leaf
def _adadelta_loop(p, g, s, u, out, out_s, out_u, rate, kept, new, epsilon):
    size, i = VECTOR_BYTES // p.itemsize, 0
    while i + size <= p.size:
        given = load(p, i), load(g, i), load(s, i), load(u, i)
        after, square, update = adadelta_at(*given, rate, kept, new, epsilon)
        store(out, i, after)
        store(out_s, i, square)
        store(out_u, i, update)
        i += size
    while i < p.size:
        out[i], out_s[i], out_u[i] = adadelta_at(p[i], g[i], s[i], u[i], rate, kept, new, epsilon)
        i += 1


@compiled(parallel=True)
def _adadelta_threads(p, g, s, u, out, out_s, out_u, rate, kept, new, epsilon):
    for block in prange(block_count(p.size)):
        part = block_slice(block, p.size)
        results = out[part], out_s[part], out_u[part]
        _adadelta_loop(p[part], g[part], s[part], u[part], *results, rate, kept, new, epsilon)


@leaf
def adam_at(p, g, m, v, kept_1, new_1, kept_2, new_2, rate, correction_1, correction_2, epsilon, hat):
    """A parameter and its two moments after a step."""
    mean, square = kept_1 * m + new_1 * g, kept_2 * v + new_2 * (g * g)
    if hat:
        return p - rate * mean / (root(square) + epsilon), mean, square
    return p - rate * (mean / correction_1) / (root(square / correction_2) + epsilon), mean, square


@leaf
def adam_numbers(p, rate, beta_1, beta_2, step, epsilon, hat):
    """What a step of Adam takes for all parameters, as their dtype has it; 1 - βᵗ is computed in float64."""
    number = p.dtype.type
    one = number(1)
    kept_1, kept_2 = number(beta_1), number(beta_2)
    correction_1, correction_2 = number(1.0 - float(kept_1) ** step), number(1.0 - float(kept_2) ** step)
    rate = number(rate)
    if hat:
        rate = rate * root(correction_2) / correction_1
    # One less what the dtype has of a share, so that both add up to 1.
    return kept_1, one - kept_1, kept_2, one - kept_2, rate, correction_1, correction_2, number(epsilon)


@leaf
def _adam_loop(p, g, m, v, out, out_m, out_v, rate, beta_1, beta_2, step, epsilon, hat):
    size, i = VECTOR_BYTES // p.itemsize, 0
    numbers = adam_numbers(p, rate, beta_1, beta_2, step, epsilon, hat)
    while i + size <= p.size:
        after, mean, square = adam_at(load(p, i), load(g, i), load(m, i), load(v, i), *numbers, hat)
        store(out, i, after)
        store(out_m, i, mean)
        store(out_v, i, square)
        i += size
    while i < p.size:
        out[i], out_m[i], out_v[i] = adam_at(p[i], g[i], m[i], v[i], *numbers, hat)
        i += 1


@compiled(parallel=True)
def _adam_threads(p, g, m, v, out, out_m, out_v, rate, beta_1, beta_2, step, epsilon, hat):
    for block in prange(block_count(p.size)):
        part = block_slice(block, p.size)
        arrays = p[part], g[part], m[part], v[part], out[part], out_m[part], out_v[part]
        _adam_loop(*arrays, rate, beta_1, beta_2, step, epsilon, hat)
