"""Where the choices of a case come from: chance, a list of configurations, Hypothesis, or a case seen before.

A case is what its choices make of it. So each can be made again from a list of them, and made smaller choice by choice.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import hypothesis
import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from conformance.spaces import Configuration, Space

Words = NDArray[np.uint32]
#: A whole number, the numbers that an array is made of, or a configuration.
Choice = int | Words | Configuration
#: The most numbers that Hypothesis draws for an array: its cases may have no more than 8 KiB together.
MOST_GUIDED = 400


class Choices(Protocol):
    """Makes the choices of a case."""

    def number(self, count: int) -> int:
        """A number from 0 to count - 1, the simplest first."""

    def words(self, count: int) -> Words:
        """32 random bits for each number of an array; 0 is the simplest."""

    def configuration(self, space: Space, pools: Sequence[Sequence[Configuration]]) -> Configuration:
        """A configuration of a space, from one of several pools."""


class Chance:
    """Random choices; given a configuration, all others are."""

    def __init__(self, seed: Sequence[int] | int, given: Configuration | None = None) -> None:
        self._rng = np.random.Generator(np.random.SFC64(seed))
        self._given = given

    def number(self, count: int) -> int:
        return int(self._rng.integers(count))

    def words(self, count: int) -> Words:
        return self._rng.integers(0, 2**32, count, np.uint32)

    def configuration(self, space: Space, pools: Sequence[Sequence[Configuration]]) -> Configuration:
        return _picked(self, pools) if self._given is None else self._given


class Again:
    """Choices made before, in their order; the simplest where there is none, or one of another kind."""

    def __init__(self, choices: Sequence[Choice] = ()) -> None:
        self._left = list(choices)

    def number(self, count: int) -> int:
        choice = self._next(int)
        return choice % count if choice is not None else 0

    def words(self, count: int) -> Words:
        choice = self._next(np.ndarray)
        if choice is None or not len(choice):
            return np.zeros(count, np.uint32)
        return np.resize(choice, count).astype(np.uint32)

    def configuration(self, space: Space, pools: Sequence[Sequence[Configuration]]) -> Configuration:
        choice = self._next(Configuration)
        return space.simplest if choice is None else choice

    def _next(self, kind: type) -> Any:
        return self._left.pop(0) if self._left and isinstance(self._left[0], kind) else None


class Guided:
    """Choices that Hypothesis makes."""

    def __init__(self, data: st.DataObject) -> None:
        self._data = data

    def number(self, count: int) -> int:
        return self._data.draw(st.integers(0, count - 1))

    def words(self, count: int) -> Words:
        if count > MOST_GUIDED:
            hypothesis.reject()
        return np.frombuffer(self._data.draw(st.binary(min_size=4 * count, max_size=4 * count)), "<u4")

    def configuration(self, space: Space, pools: Sequence[Sequence[Configuration]]) -> Configuration:
        return _picked(self, pools)


def _picked(choices: Choices, pools: Sequence[Sequence[Configuration]]) -> Configuration:
    chosen = pools[choices.number(len(pools))]
    return chosen[choices.number(len(chosen))]
