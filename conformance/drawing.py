"""Drawing cases from random bytes: shapes, hyperparameters and values, where implementations go wrong."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")
FloatArray = NDArray[np.floating[Any]]

#: Which regimes an array's values come from, by what a check is after.
REGIMES = {
    "rounding": ("unit", "wide", "cancelling", "large", "integers"),
    "moderate": ("unit", "integers", "sixteenths"),
    "law": ("integers", "sixteenths"),
    "lattice": ("distinct", "wide integers", "narrow integers"),
}

#: Bytes drawn at a time for sizes and choices.
BLOCK = 24
#: So many cases of the same sizes and choices, with other numbers; unless new combinations take so many draws each.
REPETITIONS, PATIENCE = 2, 20
#: The most bytes drawn for a case: of more Hypothesis wouldn't make a smaller one.
MOST_DRAWN = 8192


class Discarded(Exception):
    """A case that isn't worth examining."""


class Draw:
    """What a check's drawing function asks for its sizes, choices and arrays.

    Args:
        source: gives as many bytes as it is asked for: random ones, or those that Hypothesis chooses.
        dtype: of the float arrays.
        values: a key of REGIMES.
        largest: no axis is longer.
        special: if given, a value that is put into some places of each array of floats.
        seen: how often each combination of sizes and choices was drawn before.
    """

    def __init__(
        self,
        source: Callable[[int], bytes],
        dtype: str,
        values: str,
        largest: int | None = None,
        special: float | None = None,
        seen: Counter[tuple[int, ...]] | None = None,
    ) -> None:
        self._source, self.dtype, self.values = source, np.dtype(dtype), values
        self._largest, self._special, self._is_special = largest, special, special is None
        self._drawn: list[bytes] = []
        self._picked: list[int] = []
        self._seen = seen
        self._choices = iter(b"")
        self._arrays = 0
        self._wide_array = self.integer(0, 2) if values == "lattice" else 0
        #: if given, the first length drawn, whatever its limit: the batch
        self.batch: int | None = None

    def drawn_key(self) -> tuple[bytes, ...]:
        """Everything drawn so far: equal for equal cases."""
        return tuple(self._drawn)

    def require_interest(self) -> None:
        """Discard a case without the special value, or whose sizes and choices were drawn too often before.

        Mistakes hide in shapes more than in numbers.
        """
        if not self._is_special:
            raise Discarded
        if self._seen is not None:
            self._seen[tuple(self._picked)] += 1
            patient = self._seen.total() < PATIENCE * len(self._seen)
            if self._seen[tuple(self._picked)] > REPETITIONS and patient:
                raise Discarded

    def integer(self, low: int, high: int) -> int:
        """An integer, both ends included; shrinks towards the low one."""
        self._picked.append(self._number(high - low + 1))
        return low + self._picked[-1]

    def choice(self, *options: T) -> T:
        """One of several; shrinks towards the first."""
        return options[self.integer(0, len(options) - 1)]

    def sizes(self, *limits: int, long: int = 0) -> list[int]:
        """A length for each limit, from 1.

        Now and then one of them goes up to `long`, beyond any tile or vector, or all are equal, where shapes don't
        betray what is transposed or out of order.
        """
        free = -1
        stretched = self.choice(free, free, *range(-2, len(limits) if long else free))
        if stretched == -2 and self.batch is None:
            return [self.integer(1, min(*limits, self._largest or limits[0]))] * len(limits)
        lows = [max(1, long // 2) if place == stretched else 1 for place in range(len(limits))]
        highs = [long if place == stretched else limit for place, limit in enumerate(limits)]
        top = self._largest or max(highs)
        drawn = [self.integer(min(low, top), min(high, top)) for low, high in zip(lows, highs, strict=True)]
        return drawn if self.batch is None else [self.batch, *drawn[1:]]

    def array(self, *shape: int, positive: bool = False) -> FloatArray:
        """Floats of one regime; positive ones lie in (0, 1] or are positive integers."""
        count = math.prod(shape)
        raw = self._raw(count)
        values = _REGIME[self._regime()](raw, self.dtype)
        if positive:
            values = np.abs(values)
            values = np.where(values > 0, values, 1.0)
            values = values if self.values == "lattice" else values / max(1.0, float(values.max()))
        if self._special is not None:
            places = raw % np.uint32(4) == 0 if count > 1 else np.ones(1, bool)
            self._is_special |= bool(places.any())
            values = np.where(places, self._special, values)
        return values.astype(self.dtype).reshape(shape)

    def signs(self, count: int) -> NDArray[np.int64]:
        """Labels +1 and -1."""
        return np.where(self._raw(count) % 2 == 0, 1, -1).astype(np.int64)

    def distributions(self, rows: int, classes: int) -> FloatArray:
        """Label distributions that sum to 1 exactly: one-hot rows, or sixteenths."""
        raw = self._raw(rows * 4).reshape(rows, 4)
        shares = np.zeros((rows, classes))
        soft = self.choice(False, True)
        for row, picks in enumerate(raw % np.uint32(classes)):
            for pick, share in zip(picks, (9, 4, 2, 1) if soft else (16, 0, 0, 0), strict=True):
                shares[row, pick] += share / 16
        return shares.astype(self.dtype)

    def number(self, *options: float) -> float:
        """A hyperparameter that the dtype represents: one of the options, or any number in (0, 1]."""
        if self.values == "lattice" or self.choice(True, True, False):
            return float(self.dtype.type(self.choice(*options)))
        return float(self.dtype.type((1 + self.integer(0, 2**20)) / 2**20))

    def _raw(self, count: int) -> NDArray[np.uint32]:
        """One draw for a whole array: four bytes an element, all zero in the simplest case."""
        return np.frombuffer(self._bytes(4 * count), "<u4")

    def _number(self, count: int) -> int:
        number = 0
        for _ in range(1 + (count - 1).bit_length() // 8):
            number = number << 8 | self._byte()
        return number % count

    def _byte(self) -> int:
        """A byte of a block drawn for many small choices: one draw costs Hypothesis as much as any other."""
        for byte in self._choices:
            return byte
        self._choices = iter(self._bytes(BLOCK))
        return next(self._choices)

    def _bytes(self, count: int) -> bytes:
        if sum(map(len, self._drawn)) + count > MOST_DRAWN:
            raise Discarded
        self._drawn.append(self._source(count))
        return self._drawn[-1]

    def _regime(self) -> str:
        regimes = REGIMES[self.values]
        if self.values != "lattice":
            return regimes[self._number(len(regimes))]
        # One array of many significant bits, all others -1, 0 and 1; or small integers, pairwise distinct, throughout.
        self._arrays += 1
        if self._wide_array == 0:
            return "distinct"
        return "wide integers" if self._arrays == self._wide_array else "narrow integers"


def _unit(raw: NDArray[np.uint32], dtype: np.dtype[Any]) -> FloatArray:
    """In [-1, 1), with every bit of the significand in use."""
    if dtype == np.float32:
        return (raw.view(np.int32) >> 8) / 2.0**23
    spread = raw.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    return (spread.view(np.int64) >> np.int64(11)) / 2.0**52


def _wide(raw: NDArray[np.uint32], dtype: np.dtype[Any]) -> FloatArray:
    """Exponents spread widely, yet such that a product of three neither overflows nor underflows."""
    reach = 30 if dtype == np.float32 else 250
    exponents = (raw % np.uint32(251)).astype(np.int64) * reach // 125 - reach
    return np.ldexp(np.where(raw == 0, 0.0, _unit(raw, dtype)), exponents.astype(np.int32))


def _cancelling(raw: NDArray[np.uint32], dtype: np.dtype[Any]) -> FloatArray:
    """Neighbours that are almost each other's negatives."""
    values = _unit(raw, dtype)
    half = len(values) // 2
    values[1 : 2 * half : 2] = values[1 : 2 * half : 2] / 2.0**12 - values[0 : 2 * half : 2]
    return values


def _distinct(raw: NDArray[np.uint32], dtype: np.dtype[Any]) -> FloatArray:
    """Small integers, no two alike and none zero, in an order without symmetry."""
    ranks = np.argsort(np.argsort(raw, kind="stable"), kind="stable") + 1
    return np.where(ranks % 3 == 0, -ranks, ranks).astype(np.float64)


def _wide_integers(raw: NDArray[np.uint32], dtype: np.dtype[Any]) -> FloatArray:
    """Odd integers of all but 11 bits of the significand: whoever rounds inputs or sums in fewer bits loses some."""
    bits = (24 if dtype == np.float32 else 53) - 11
    spread = (raw.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)).view(np.int64) >> np.int64(64 - bits)
    return (spread | np.int64(1)).astype(np.float64)


_REGIME: dict[str, Callable[[NDArray[np.uint32], np.dtype[Any]], FloatArray]] = {
    "unit": _unit,
    "wide": _wide,
    "cancelling": _cancelling,
    "large": lambda raw, dtype: 1000 * _unit(raw, dtype),
    "integers": lambda raw, dtype: (raw % np.uint32(9)).astype(np.float64) * np.where(raw % 2 == 0, 1, -1),
    "sixteenths": lambda raw, dtype: (raw % np.uint32(65)).astype(np.float64) / 16 * np.where(raw % 2 == 0, 1, -1),
    "distinct": _distinct,
    "wide integers": _wide_integers,
    "narrow integers": lambda raw, dtype: (raw % np.uint32(3)).astype(np.float64) - np.where(raw % 3 == 2, 3, 0),
}
