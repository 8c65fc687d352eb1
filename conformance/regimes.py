"""Regimes of values: what the numbers of an array are made of, 32 random bits each; all bits zero is the simplest."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.floating[Any]]
Words = NDArray[np.uint32]

#: Which regimes an array's values come from, by what a check is after; the simplest first.
REGIMES = {
    "rounding": ("integers", "unit", "wide", "cancelling", "large", "offset"),
    "moderate": ("integers", "sixteenths", "unit"),
    "law": ("integers", "sixteenths"),
    # One array of many significant bits, all others -1, 0 and 1; or small integers, pairwise distinct, throughout.
    "lattice": ("distinct", "wide integers", "narrow integers"),
    # The same, whatever the dtype, and so small that large sums stay exact in either.
    "swept": ("small integers", "odd integers", "signs"),
}
#: The longest array whose small integers are pairwise distinct.
MOST_DISTINCT = 64
#: What a common offset is: beyond where exponentials are harmless, and beyond where they overflow.
OFFSETS = (60.0, 1000.0, -60.0, 12.0)


def unit(raw: Words, dtype: np.dtype[Any]) -> FloatArray:
    """In [-1, 1), with every bit of the significand in use."""
    if dtype == np.float32:
        return (raw.view(np.int32) >> 8) / 2.0**23
    spread = raw.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    return (spread.view(np.int64) >> np.int64(11)) / 2.0**52


def wide(raw: Words, dtype: np.dtype[Any]) -> FloatArray:
    """Exponents spread widely, yet such that a product of three neither overflows nor underflows."""
    reach = 30 if dtype == np.float32 else 250
    exponents = (raw % np.uint32(251)).astype(np.int64) * reach // 125 - reach
    return np.ldexp(np.where(raw == 0, 0.0, unit(raw, dtype)), exponents.astype(np.int32))


def cancelling(raw: Words, dtype: np.dtype[Any]) -> FloatArray:
    """Neighbours that are almost each other's negatives."""
    values = unit(raw, dtype)
    half = len(values) // 2
    values[1 : 2 * half : 2] = values[1 : 2 * half : 2] / 2.0**12 - values[0 : 2 * half : 2]
    return values


def offset(raw: Words, dtype: np.dtype[Any]) -> FloatArray:
    """A large common offset, and a spread of a few units around it: what looks harmless only after a subtraction."""
    common = OFFSETS[int(raw[0]) % len(OFFSETS)] if len(raw) else 0.0
    return common + 4 * unit(raw, dtype)


def distinct(raw: Words, dtype: np.dtype[Any]) -> FloatArray:
    """Integers, no two alike and none zero, in an order without symmetry."""
    if len(raw) <= MOST_DISTINCT:
        ranks = np.argsort(np.argsort(raw, kind="stable"), kind="stable") + 1
    else:
        # Steps that share no factor with the length meet every place once; sorting would take longer than all the rest.
        step = next(n for n in range(int(raw[0]) % len(raw) + 1, 3 * len(raw)) if math.gcd(n, len(raw)) == 1)
        ranks = (np.arange(len(raw)) * step + int(raw[1])) % len(raw) + 1
    return np.where(ranks % 3 == 0, -ranks, ranks).astype(np.float64)


def small_integers(raw: Words, dtype: np.dtype[Any]) -> FloatArray:
    """As distinct as can be without growing: of few, all differ; of many, most neighbours do."""
    if len(raw) <= MOST_DISTINCT:
        return distinct(raw, dtype)
    return ((raw >> np.uint32(8)) % np.uint32(31) + 1.0) * np.where(raw % 2 == 0, 1, -1)


def wide_integers(raw: Words, dtype: np.dtype[Any]) -> FloatArray:
    """Odd integers of all but 11 bits of the significand: whoever rounds inputs or sums in fewer bits loses some."""
    return _odd(raw, (24 if dtype == np.float32 else 53) - 11)


def odd_integers(raw: Words, dtype: np.dtype[Any]) -> FloatArray:
    """Odd integers of 13 bits, of which float32 adds up two thousand without rounding."""
    return _odd(raw, 13)


def _odd(raw: Words, bits: int) -> FloatArray:
    spread = (raw.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)).view(np.int64) >> np.int64(64 - bits)
    return (spread | np.int64(1)).astype(np.float64)


MADE: dict[str, Callable[[Words, np.dtype[Any]], FloatArray]] = {
    "unit": unit,
    "wide": wide,
    "cancelling": cancelling,
    "offset": offset,
    "large": lambda raw, dtype: 1000 * unit(raw, dtype),
    "integers": lambda raw, dtype: (raw % np.uint32(9)).astype(np.float64) * np.where(raw % 2 == 0, 1, -1),
    "sixteenths": lambda raw, dtype: (raw % np.uint32(65)).astype(np.float64) / 16 * np.where(raw % 2 == 0, 1, -1),
    "distinct": distinct,
    "small integers": small_integers,
    "wide integers": wide_integers,
    "odd integers": odd_integers,
    "narrow integers": lambda raw, dtype: (raw % np.uint32(3)).astype(np.float64) - np.where(raw % 3 == 2, 3, 0),
    "signs": lambda raw, dtype: np.where(raw % 2 == 0, 1.0, -1.0),
}
