"""Elementary functions of rounded lanes: as `reference.numbers.functions`, for whole arrays."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.arrays import Array
from reference.numbers.arithmetic import FORMATS

if TYPE_CHECKING:
    from conformance.lanes.rounded import RoundedLanes


def function_of(name: str, x: RoundedLanes) -> RoundedLanes:
    """An elementary function of numbers whose sums are closed."""
    value, propagated = FUNCTIONS[name](x.value, x.error)
    a, size = x.arithmetic, np.abs(value).astype(np.float64)
    largest = size + propagated
    # Just below a power of two the value may have been rounded down to the side of the smaller steps.
    exponent = np.frexp(np.nextafter(largest, np.inf))[1] - a.precision
    ulp = np.ldexp(1.0, np.maximum(exponent, FORMATS[a.format][1]))
    flushed = np.where(largest < math.ldexp(a.floor, a.precision + 1), a.floor, 0.0)
    error = propagated + a.ulps[name] * ulp + flushed
    error = np.where((largest == 0) & (name not in ("exp", "sigmoid")), 0.0, error)
    return type(x)(value, a, error, size + error, undecided=x.undecided)


# Values, and how far they may be off for the error of their argument alone.


def _exp(x: Array, error: Any) -> tuple[Array, Any]:
    value = np.exp(x)
    near = np.abs(value).astype(np.float64) * np.expm1(np.minimum(error, 1.0))
    return value, np.where(np.asarray(error) < 1, near, np.exp((x + error).astype(np.float64)))


def _tanh(x: Array, error: Any) -> tuple[Array, Any]:
    return np.tanh(x), error * np.minimum(1.0, 4 * np.exp(-2 * _nearest(x, error)))


def _sigmoid(x: Array, error: Any) -> tuple[Array, Any]:
    decay = np.exp(-np.abs(x))
    value = np.where(x >= 0, 1, decay) / (1 + decay)
    return value, error * np.minimum(0.25, np.exp(-_nearest(x, error)))


def _log(x: Array, error: Any) -> tuple[Array, Any]:
    return np.log(x), -np.log1p(-(error / np.abs(x)).astype(np.float64))


def _sqrt(x: Array, error: Any) -> tuple[Array, Any]:
    root, least = np.sqrt(x), np.sqrt(np.maximum(x - error, 0))
    # √x - √(x - e), written so that nothing cancels; of what may be negative, nothing is known.
    off = np.where(error == 0, 0.0, (error / (root + least)).astype(np.float64))
    return root, np.where(error <= x, off, np.inf)


def _nearest(x: Array, error: Any) -> Any:
    """How near to 0, where slopes are steepest, an argument may be."""
    return np.maximum(np.abs(x) - error, 0.0).astype(np.float64)


FUNCTIONS = {"exp": _exp, "tanh": _tanh, "sigmoid": _sigmoid, "log": _log, "sqrt": _sqrt}
