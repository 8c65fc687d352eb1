"""Softmax in one pass over each row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from conformance.implementations.numpy.arguments import Array
from reference import alternatives
from tests.conformance.claims.ways import ULPS, computes, telling, wrong


def _online(
    z: Array, rescale: bool = True, start: float | None = None, exp: Callable[[Array], Array] = np.exp
) -> Array:
    m = z[..., 0].copy() if start is None else np.full(z.shape[:-1], start, z.dtype)
    normalizer = np.ones_like(m) if start is None else exp(z[..., 0] - m)
    for score in np.moveaxis(z, -1, 0)[1:]:
        larger = np.maximum(m, score)
        normalizer = normalizer * (exp(m - larger) if rescale else 1) + exp(score - larger)
        m = larger
    return exp(z - m[..., None]) / normalizer[..., None]


@computes("softmax", alternatives.online_softmax)
def online(z: Array) -> Array:
    return _online(z)


@wrong
def online_without_rescaling(z: Array) -> Array:
    """What was summed before a larger score came stays as it is."""
    return _online(z, rescale=False)


@wrong
def online_from_zero(z: Array) -> Array:
    """The maximum starts at 0: rows far below it underflow."""
    return _online(z, start=0.0)


@telling
def exponentials_as_coarse_as_claimed(dtype: str) -> tuple[Callable[..., Any], list[Array]]:
    """Each one up to three ULPs too large, as is claimed: every step multiplies the sum by such a one."""

    def coarse(x: Array) -> Array:
        exact = np.exp(x.astype(np.longdouble))
        nearest = exact.astype(dtype)
        steps = ULPS["exp"] - (nearest > exact)
        return np.where(x == 0, 1, nearest + steps * np.spacing(nearest)).astype(dtype)

    return lambda z: _online(z, exp=coarse), [np.arange(600, dtype=dtype) / 2**15]
