"""Choices between rounded lanes: as `reference.numbers.choosing`, for whole arrays of numbers whose sums are closed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.lanes.bounded import EXACT

if TYPE_CHECKING:
    from conformance.lanes.rounded import RoundedLanes


def coarser(one: int | None, other: int | None) -> int | None:
    """The grain of what is made of two numbers."""
    return None if one is None or other is None else min(one, other)


def larger(a: RoundedLanes, b: RoundedLanes) -> RoundedLanes:
    """The larger ones; where either could be, the error of either: a maximum moves no further than its operands."""
    value, make = np.maximum(a.value, b.value), type(a)
    grain, either = coarser(a.grain, b.grain), a.undecided | b.undecided
    if a.error is EXACT and b.error is EXACT:
        size = np.abs(value).astype(np.float64)
        return make(value, a.arithmetic, EXACT, size, 1, grain, either, max(a.peak, b.peak), zeros=True)
    known, wins = np.abs(a.value - b.value) >= a.error + b.error, a.value >= b.value
    error, magnitude = (
        np.where(known, np.where(wins, one, other), np.maximum(one, other))
        for one, other in ((a.error, b.error), (a.magnitude, b.magnitude))
    )
    undecided = np.where(known, np.where(wins, a.undecided, b.undecided), either)
    return make(value, a.arithmetic, error, magnitude, 1, grain, undecided, zeros=True)


def branch(x: RoundedLanes, yes: RoundedLanes, no: RoundedLanes) -> RoundedLanes:
    """What comes where a number is positive, and where not; both, and all between, where nobody knows."""
    return chosen(np.abs(x.value) > x.error, x.value > 0, yes, no)


def shares(numbers: Sequence[RoundedLanes], gradient: RoundedLanes) -> list[RoundedLanes]:
    """For each number the share of a gradient that it gets where it may be the largest."""
    best = numbers[0].value
    for number in numbers[1:]:
        best = np.maximum(best, number.value)
    error_of_best = np.max(np.broadcast_arrays(*[n.error for n in numbers]), axis=0)
    contends = [best - number.value <= error_of_best + number.error for number in numbers]
    alone = np.sum(np.broadcast_arrays(*contends), axis=0) == 1
    nothing = gradient.like(0)
    return [chosen(alone | ~contender, contender, gradient, nothing) for contender in contends]


def chosen(known: Any, first: Any, yes: RoundedLanes, no: RoundedLanes) -> RoundedLanes:
    """One number or the other where it is known which; else anything between both."""
    between = np.abs(yes.value - no.value).astype(np.float64) / 2 + np.maximum(yes.error, no.error)
    middle, largest = (yes.value + no.value) / 2, np.maximum(yes.magnitude, no.magnitude)
    value, error, magnitude = (
        np.where(known, np.where(first, one, other), either)
        for one, other, either in (
            (yes.value, no.value, middle),
            (yes.error, no.error, between),
            (yes.magnitude, no.magnitude, largest),
        )
    )
    undecided = np.where(first, yes.undecided, no.undecided) | ~(known | (yes.value == no.value))
    return type(yes)(
        value,
        yes.arithmetic,
        error if error.any() else EXACT,
        np.broadcast_to(magnitude, value.shape),
        grain=coarser(yes.grain, no.grain),
        undecided=undecided if undecided.any() else False,
        zeros=True,
    )
