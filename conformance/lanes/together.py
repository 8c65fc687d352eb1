"""Many calls read at once: rows of one length, of however many calls, are the rows of one large call.

What a reading in lanes costs is its longest sum, a few array operations for each term; how many lanes there are matters
little. So calls whose lanes don't talk to each other, and that differ in their lanes alone, are read as one.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from conformance.arrays import Array, flatten_result
from conformance.lanes.bounded import Bounded
from conformance.lanes.reading import Axes, names_and_lengths, rebuilt
from conformance.lanes.rounded import FEWEST, TooLarge, bounded_results, can_be_read_in_lanes, grain_of
from reference.errors import Undecidable
from reference.numbers import Arithmetic

#: The data arguments of a call, and its hyperparameters.
Call = tuple[Sequence[Any], dict[str, Any]]


def bounds_together(
    text: Callable[..., Any], axes: Axes, calls: Sequence[Call], arithmetic: Arithmetic
) -> dict[int, Any]:
    """The results of a reference function with their bounds, for those calls, by number, that can be read together."""
    groups: dict[Any, list[int]] = defaultdict(list)
    for place, (data, hyperparameters) in enumerate(calls):
        if _leading_lanes(axes, data) and can_be_read_in_lanes(data, arithmetic):
            groups[_kind(axes, data), repr(hyperparameters)].append(place)
    found: dict[int, Any] = {}
    for places in groups.values():
        data = [calls[place][0] for place in places]
        found.update(zip(places, _bounds(text, axes, data, calls[places[0]][1], arithmetic), strict=True))
    return {place: bounds for place, bounds in found.items() if bounds is not None}


def _bounds(
    text: Callable[..., Any], axes: Axes, calls: Sequence[Sequence[Any]], rates: dict[str, Any], arithmetic: Arithmetic
) -> list[Any]:
    """What `bounded_results` says of each; None where it is to be asked once more, of that call alone."""
    leading = [_leading_lanes(axes, data) for data in calls]
    lanes = [data[0].shape[:count] for data, count in zip(calls, leading, strict=True)]
    ends = list(accumulate((math.prod(lengths) for lengths in lanes), initial=0))
    if len(calls) == 1 or ends[-1] < FEWEST:
        return [None] * len(calls)
    stacked = [
        np.concatenate([value.reshape(-1, *value.shape[count:]) for value, count in zip(values, leading, strict=True)])
        for values in zip(*calls, strict=True)
    ]
    try:
        results = bounded_results(text, _with_one_lane(axes), stacked, rates, arithmetic)
    except (TooLarge, Undecidable):
        half = len(calls) // 2
        return [each for part in (calls[:half], calls[half:]) for each in _bounds(text, axes, part, rates, arithmetic)]
    return [_part(results, slice(*ends), lengths) for ends, lengths in zip(pairwise(ends), lanes, strict=True)]


def _leading_lanes(axes: Axes, data: Sequence[Any]) -> int:
    """How many leading axes are the lanes of every argument and every result; 0 if those differ or aren't in front."""
    if not all(isinstance(value, np.ndarray) for value in data):
        return 0
    names, lengths = names_and_lengths(axes, data)
    own = {tuple(filter(axes.may_be_lane, of_one)) for of_one in names}
    along = own.pop()
    in_front = all(of_one[: len(along)] == along for of_one in names)
    # Results are said in the words of the declaration, where `*` stands for all leading axes.
    words = {name if not name.startswith("*") else "*" for name in along}
    of_results = all(set(result.split()[: len(words)]) == words for result in axes.results)
    return len(along) if not own and in_front and of_results and all(lengths.values()) else 0


def _kind(axes: Axes, data: Sequence[Any]) -> Any:
    """What calls have in common that are read together: lengths beyond lanes, and what is known of their numbers."""
    count = _leading_lanes(axes, data)
    return tuple((value.shape[count:], value.dtype.str, grain_of(value), bool(value.all())) for value in data)


def _with_one_lane(axes: Axes) -> Axes:
    """The same axes with one lane in front, in place of all lanes."""

    def kept(said: str) -> str:
        return " ".join(["*", *(name for name in said.split() if not axes.may_be_lane(name))])

    return replace(axes, arguments=tuple(map(kept, axes.arguments)), results=tuple(map(kept, axes.results)), lanes="")


def _part(results: Any, places: slice, lengths: tuple[int, ...]) -> Any:
    """What is said of one call's lanes, in the call's own shapes."""

    def own(array: Array) -> Array:
        return array[places].reshape(*lengths, *array.shape[1:])

    parts = (part for _, part in flatten_result(results))
    return rebuilt(results, (Bounded(own(part.values), own(part.errors), own(part.undecided)) for part in parts))
