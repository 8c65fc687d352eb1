"""Exact integers in lanes: what a sweep wants of an operation that only adds, multiplies and compares."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from conformance.arrays import Array
from conformance.lanes.bounded import Bounded
from conformance.lanes.reading import Axes, read
from reference.errors import Undecidable

#: Up to here float64, which holds the lanes, counts exactly.
MOST = 2.0**53


class Integers:
    """Many integers at once, exact as long as no partial sum exceeds 2⁵³.

    `largest` bounds Σ|terms| over all lanes: where it is at most 2ᵖ, a format of p bits is exact in every order of
    summation. It is one float, so it costs next to nothing.
    """

    __slots__ = ("largest", "values")

    def __init__(self, values: Array, largest: float) -> None:
        self.values, self.largest = values, largest

    @property
    def lanes(self) -> tuple[int, ...]:
        """How many there are, along each lane."""
        return self.values.shape

    def __add__(self, other: Any) -> Integers:
        if type(other) is not Integers:
            return self if other == 0 else Integers(self.values + other, self.largest + abs(other))
        return Integers(self.values + other.values, self.largest + other.largest)

    def __mul__(self, other: Any) -> Any:
        if type(other) is not Integers:
            # What is multiplied by padding is no term at all.
            return 0 if other == 0 else Integers(self.values * other, self.largest * abs(other))
        return Integers(self.values * other.values, self.largest * other.largest)

    __radd__, __rmul__ = __add__, __mul__

    def __neg__(self) -> Integers:
        return Integers(-self.values, self.largest)

    def __sub__(self, other: Any) -> Integers:
        return self + -other

    def __rsub__(self, other: Any) -> Integers:
        return -self + other

    def __truediv__(self, other: Any) -> Any:
        return NotImplemented  # no integer; but what can't be divided is no number for the reference

    def _undecided(self, other: Any) -> bool:
        raise Undecidable("lanes may differ: there is no one answer")

    __lt__ = __le__ = __gt__ = __ge__ = _undecided

    def maximum(self, other: Any) -> Integers:
        values, largest = _parts(other)
        return Integers(np.maximum(self.values, values), max(self.largest, largest))

    def where_positive(self, yes: Any, no: Any) -> Integers:
        if not self.values.all():
            raise Undecidable("a kink at 0, where any slope in between is right")
        (of_yes, size), (of_no, other_size) = _parts(yes), _parts(no)
        return Integers(np.where(self.values > 0, of_yes, of_no), max(size, other_size))

    def where(self, chooses: Any, yes: Any, no: Any) -> Integers:
        """One number or the other, as an array of truth values says."""
        (of_yes, size), (of_no, other_size) = _parts(yes), _parts(no)
        return Integers(np.where(chooses, of_yes, of_no), max(size, other_size))

    def shares_of_largest(self, values: Sequence[Integers], gradient: Integers) -> list[Integers]:
        stacked = np.stack([value.values for value in values])
        wins = stacked == stacked.max(axis=0)
        if (wins.sum(axis=0) > 1).any():
            raise Undecidable("a tie, where any split is right")
        return [Integers(np.where(won, gradient.values, 0.0), gradient.largest) for won in wins]


def _parts(number: Any) -> tuple[Any, float]:
    return (number.values, number.largest) if type(number) is Integers else (number, abs(number))


def _integers_of(array: Array) -> Callable[[Array], Integers]:
    """What makes integers of parts of an array."""
    largest = float(np.abs(array).max())
    return lambda part: Integers(part.astype(np.float64), largest)


def exact_results(
    text: Callable[..., Any], axes: Axes, data: Sequence[Any], hyperparameters: dict[str, Any]
) -> tuple[Any, float]:
    """The exact results of a reference function on integers, and a bound of Σ|terms| over all their sums.

    Raises Undecidable where a kink or a tie leaves a choice, or float64 doesn't count that far.
    """
    largest = 0.0

    def value(number: Any) -> Any:
        nonlocal largest
        values, size = _parts(number)
        largest = max(largest, size)
        return values

    # Floats, too: a function that integers don't have would make of them what no longer is exact.
    rates = {
        name: Integers(np.asarray(given), abs(given)) if isinstance(given, float) else given
        for name, given in hyperparameters.items()
    }
    result = read(text, axes, data, rates, _integers_of, lambda unfold: Bounded(unfold(value)))
    if largest > MOST:
        raise Undecidable("float64 doesn't count that far")
    return result, largest
