"""Sigmoids by tanh, and its gradient in factors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from conformance.implementations.numpy.arguments import Array
from reference import alternatives
from tests.conformance.claims.ways import computes, telling, wrong


@computes("sigmoid", alternatives.half_tanh_sigmoid)
def half_tanh(z: Array) -> Array:
    half = z.dtype.type(0.5)
    return half * (np.tanh(half * z) + 1)


@wrong
def half_tanh_of_the_whole(z: Array) -> Array:
    """The argument isn't halved."""
    return z.dtype.type(0.5) * (np.tanh(z) + 1)


@wrong
def half_tanh_that_saturates_too_soon(z: Array) -> Array:
    """Beyond 8 the hyperbolic tangent is taken for 1: half a million ULPs of 1 too soon in float64."""
    half = z.dtype.type(0.5)
    limit = 4 if z.dtype == np.float32 else 8
    return half * (np.where(abs(z) > 2 * limit, np.sign(z), np.tanh(half * z)) + 1)


@telling
def a_small_probability(dtype: str) -> tuple[Callable[..., Any], list[Array]]:
    return half_tanh, [np.array([-20.0], dtype)]


@computes("tanh_vjp", alternatives.factored_tanh_vjp)
def factored(z: Array, cotangent: Array) -> Array:
    t = np.tanh(z)
    return cotangent * ((1 - t) * (1 + t))


@wrong
def factored_squared(z: Array, cotangent: Array) -> Array:
    """The same factor twice."""
    t = np.tanh(z)
    return cotangent * ((1 - t) * (1 - t))


@telling
def roundings_that_go_the_same_way(dtype: str) -> tuple[Callable[..., Any], list[Array]]:
    """Where t² is next to nothing, the definition rounds hardly more than the product: the worst of many draws."""
    draws = np.random.default_rng(0)
    z, cotangent = draws.uniform(0.02, 0.06, 2**18).astype(dtype), draws.uniform(1, 1.05, 2**18).astype(dtype)
    wide = np.longdouble
    error = abs(factored(z, cotangent).astype(wide) - cotangent.astype(wide) * (1 - np.tanh(z.astype(wide)) ** 2))
    worst = np.argsort(error)[-8:]
    return factored, [z[worst], cotangent[worst]]
