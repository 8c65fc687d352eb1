"""Covering arrays: few configurations that together show every combination of so many values.

Greedy, and good enough: a third more rows than the best that are known cost less than the search for those. Packages
for covering arrays were tried: they take pairs only, or minutes, where configurations must be valid.
"""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

#: Candidates among which the one with the most new combinations is taken.
CANDIDATES = 48


def combinations(rows: NDArray[np.int16], strength: int) -> NDArray[np.int32]:
    """For each row and each choice of so many columns, the number of the combination of values there."""
    lengths = rows.max(axis=0).astype(np.int64) + 1
    numbers, start = [], 0
    for columns in itertools.combinations(range(rows.shape[1]), min(strength, rows.shape[1])):
        number = np.zeros(len(rows), np.int64)
        for column in columns:
            number = number * lengths[column] + rows[:, column]
        numbers.append((number + start).astype(np.int32))
        start += int(np.prod(lengths[list(columns)]))
    return np.stack(numbers, axis=1)


def covering(
    rows: NDArray[np.int16], strength: int, rng: np.random.Generator, most: int | None = None
) -> NDArray[np.intp]:
    """Places of rows that together show every combination of `strength` values that any row shows.

    Args:
        rows: configurations, as the places of their values.
        strength: how many values make a combination.
        rng: which rows are tried first.
        most: as many rows at most.

    Returns:
        The places of the chosen rows, those that show most first.
    """
    if not len(rows):
        return np.zeros(0, np.intp)
    numbers = combinations(rows, strength)
    missing = np.zeros(int(numbers.max()) + 1, bool)
    missing[numbers] = True
    chosen: list[int] = []
    left = int(missing.sum())
    while left and (most is None or len(chosen) < most):
        tried = rng.integers(0, len(rows), CANDIDATES)
        gains = missing[numbers[tried]].sum(axis=1)
        if not gains.any():  # few are missing: look through all rows for them
            tried = np.flatnonzero(missing[numbers].any(axis=1))
            gains = missing[numbers[tried]].sum(axis=1)
        best = int(tried[gains.argmax()])
        chosen.append(best)
        left -= int(missing[numbers[best]].sum())
        missing[numbers[best]] = False
    return np.array(chosen, np.intp)
