"""Softmax that is right for most numbers: large ones, equal ones, ones near one another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from conformance.implementations.numpy.arguments import Array
from tests.conformance.power.entering import BOUND, named, wrong
from tests.conformance.power.pieces import rounded_to


def _shifted(z: Array) -> Array:
    return z - z.max(axis=-1, keepdims=True)


def _normalized(exponentials: Array) -> Array:
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def _is_large(z: Array) -> bool:
    return bool(np.abs(z).max() > 50)


def _softmax(name: str, says: str, exponentials: Callable[[Array], Array], *row: float, where: Any = None) -> None:
    def function(z: Array) -> Array:
        return _normalized(exponentials(z))

    function.__doc__ = says
    wrong("softmax", BOUND, cases=200, where=where, witness={"z": np.array([row])})(named(name)(function))


_softmax(
    "large_logits_clipped",
    "Logits are kept within ±80 so that nothing overflows, and those that are nearly equal become equal.",
    lambda z: np.exp(np.clip(z, -80, 80)),
    *(103.0, 101.0, 100.5),
)
_softmax(
    "exponentials_of_large_logits_in_bfloat16",
    "Of logits beyond 50 everybody knows that the largest wins, so a table of 8 bits is good enough.",
    lambda z: rounded_to(8, np.exp(_shifted(z))),
    *(60.0, 59.0, 57.5),
    where=_is_large,
)
_softmax(
    "small_shares_of_large_logits_flushed",
    "Beyond 50, what is 4 below the maximum counts as nothing.",
    lambda z: np.where(_shifted(z) < -4, 0, np.exp(_shifted(z))),
    *(100.0, 95.0, 99.0),
    where=_is_large,
)
_softmax(
    "shifted_by_the_mean",
    "The mean instead of the maximum: good for logits near one another, and for no others.",
    lambda z: np.exp(z - z.mean(axis=-1, keepdims=True)),
    *(900.0, 0.0, 0.0),
)
_softmax(
    "shifted_by_the_first",
    "The first logit instead of the largest.",
    lambda z: np.exp(z - z[..., :1]),
    *(0.0, 1000.0),
)
_softmax(
    "leading_logits_that_tie_count_once",
    "Whatever equals the maximum is 1 without an exponential, and only one 1 is added.",
    lambda z: np.where((_shifted(z) == 0) & (np.cumsum(_shifted(z) == 0, axis=-1) > 1), 0, np.exp(_shifted(z))),
    *(3.0, 3.0, 1.0),
)
_softmax(
    "large_logits_shifted_after_rounding",
    "Logits are divided by a temperature of 3 and multiplied again: at 1000 the roundings are all that is left.",
    lambda z: np.exp(_shifted(rounded_to(16, z))),
    *(1000.0, 1000.0 + 2.0**-8, 999.0 + 2.0**-9),
    where=_is_large,
)
_softmax(
    "differences_below_10_of_an_exponential_that_ends_there",
    "A polynomial for [-10, 0], and its last value for everything below.",
    lambda z: np.exp(np.maximum(_shifted(z), -10)),
    *(0.0, -14.0, 1.0),
)
_softmax(
    "differences_in_half_precision",
    "Logits minus their maximum are small, so they are kept in float16, where they are not that small.",
    lambda z: np.exp(_shifted(z).astype(np.float16).astype(z.dtype)),
    *(0.0, -7.0 - 2.0**-9, -3.0),
)
_softmax(
    "an_epsilon_beside_the_normalizer",
    "10⁻⁷ is added to each exponential, lest one be 0.",
    lambda z: np.exp(_shifted(z)) + z.dtype.type(1e-7),
    *(0.0, -12.0, -2.0),
)


@wrong("softmax", BOUND, cases=200, witness={"z": np.array([[0.0, 0.5, 1.0]])})
def reciprocal_of_12_bits(z: Array) -> Array:
    """One fast reciprocal instead of divisions, and the step of Newton's that makes it precise forgotten."""
    exponentials = np.exp(_shifted(z))
    return exponentials * rounded_to(12, 1 / exponentials.sum(axis=-1, keepdims=True))
