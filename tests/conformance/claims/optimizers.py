"""Steps by differences, by interpolation, and by reciprocal roots."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from conformance.implementations.numpy.arguments import Array
from reference import alternatives
from tests.conformance.claims.ways import computes, dtype_of, telling, wrong


@computes("adam", alternatives.incremental_adam)
def incremental(p: Array, g: Array, m: Array, v: Array, **how: Any) -> tuple[Array, Array, Array]:
    return _incremental_step(p, g, m, v, **how)


@wrong
def incremental_by_beta(p: Array, g: Array, m: Array, v: Array, **how: Any) -> tuple[Array, Array, Array]:
    """The mean moves by β of the distance, where 1 - β is left."""
    return _incremental_step(p, g, m, v, lambda beta: beta, **how)


@telling
def means_that_forget(dtype: str) -> tuple[Callable[..., Any], list[Any]]:
    numbers = np.arange(1, 41, dtype=dtype) / dtype_of(dtype)(3)
    step, learning_rate, beta_1 = 1, 0.25, 2.0**-10
    return incremental, [numbers, numbers, numbers * dtype_of(dtype)(2**20), numbers, step, learning_rate, beta_1]


def _incremental_step(
    p: Array,
    g: Array,
    m: Array,
    v: Array,
    part: Callable[[Any], Any] = lambda beta: 1 - beta,
    *,
    step: int,
    learning_rate: float = 0.001,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
    epsilon_hat: bool = False,
) -> tuple[Array, Array, Array]:
    rate, b1, b2, small = map(p.dtype.type, (learning_rate, beta_1, beta_2, epsilon))
    root = np.sqrt(1 - b2**step)
    m, v = m + (g - m) * part(b1), v + (g * g - v) * part(b2)
    small = small if epsilon_hat else small * root
    return p - m * (rate * root / (1 - b1**step)) / (np.sqrt(v) + small), m, v


@computes("adam", alternatives.interpolating_adam)
def interpolating(p: Array, g: Array, m: Array, v: Array, **how: Any) -> tuple[Array, Array, Array]:
    return _interpolating_step(p, g, m, v, **how)


@wrong
def interpolating_from_the_far_end(p: Array, g: Array, m: Array, v: Array, **how: Any) -> tuple[Array, Array, Array]:
    """The two ends are exchanged."""
    return _interpolating_step(p, g, m, v, lambda m, g, b1: _interpolated(g, m, b1), **how)


def _interpolated(m: Array, g: Array, b1: Any) -> Array:
    return m + (g - m) * (1 - b1) if 1 - b1 < 0.5 else g - (g - m) * b1


def _interpolating_step(
    p: Array,
    g: Array,
    m: Array,
    v: Array,
    interpolated: Callable[[Array, Array, Any], Array] = _interpolated,
    *,
    step: int,
    learning_rate: float = 0.001,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
    epsilon_hat: bool = False,
) -> tuple[Array, Array, Array]:
    rate, b1, b2, small = map(p.dtype.type, (learning_rate, beta_1, beta_2, epsilon))
    root = np.sqrt(1 - b2**step)
    m, v = interpolated(m, g, b1), b2 * v + (1 - b2) * (g * g)
    small = small / root if epsilon_hat else small
    return p - rate / (1 - b1**step) * m / (np.sqrt(v) / root + small), m, v


@computes("adagrad", alternatives.reciprocal_adagrad)
def by_reciprocal_roots(p: Array, g: Array, a: Array, **how: Any) -> tuple[Array, Array]:
    return _step_by_roots(p, g, a, **how)


@wrong
def by_reciprocal_sums(p: Array, g: Array, a: Array, **how: Any) -> tuple[Array, Array]:
    """The root is forgotten."""
    return _step_by_roots(p, g, a, lambda numbers: numbers, **how)


@telling
def many_roots(dtype: str) -> tuple[Callable[..., Any], list[Any]]:
    numbers = np.arange(1, 1001, dtype=dtype)
    learning_rate, epsilon, epsilon_inside_root = 1.0, 0, False
    return by_reciprocal_roots, [0 * numbers, numbers, numbers, learning_rate, epsilon, epsilon_inside_root]


def _step_by_roots(
    p: Array,
    g: Array,
    a: Array,
    root: Callable[[Array], Array] = np.sqrt,
    *,
    learning_rate: float,
    epsilon: float = 1e-7,
    epsilon_inside_root: bool = True,
) -> tuple[Array, Array]:
    rate, small, a = p.dtype.type(learning_rate), p.dtype.type(epsilon), a + g * g
    if epsilon_inside_root or epsilon:
        return p - rate * g / (root(a + small) if epsilon_inside_root else root(a) + small), a
    return p - rate * g * (1 / root(a)), a
