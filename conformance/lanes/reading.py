"""Reading a reference function with numbers that are arrays: which axes become lanes, and how lists become lanes.

The reference never looks at its numbers, so a number may as well hold thousands. Lanes can only be axes whose places
don't talk to each other, and which a result owns: of conv2d images and filters. Images then hold lanes [N, 1], filters
[1, F], and broadcasting makes all the products. Each array that an operation returns is read from a run whose lanes are
axes of its own; sums over other axes stay where they are: in the reference's text.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from conformance.arrays import Array, flatten_result
from conformance.lanes.indices import IndexLanes
from reference.arrays import flatten, shape

Names = tuple[str, ...]


@dataclass(frozen=True)
class Axes:
    """The axes of an operation's arrays, and which of them may be lanes.

    Args:
        arguments: the names of the axes of each data argument; of each part, if it is a tuple of arrays.
        results: the names of the axes of each array that is returned; the last entry also of all that follow.
        lanes: those that may be lanes. `*` stands for any number of leading axes, all of which may be.
        indices: the places of the data arguments that are indices, of classes say, and no numbers to compute with.
    """

    arguments: tuple[str, ...]
    results: tuple[str, ...]
    lanes: str = ""
    indices: tuple[int, ...] = ()

    def lanes_in(self, data: Sequence[Any]) -> int:
        """How many lanes some data arguments have, if all axes that may be lanes are."""
        lengths = names_and_lengths(self, data)[1]
        return math.prod(length for name, length in lengths.items() if self.may_be_lane(name))

    def may_be_lane(self, name: str) -> bool:
        """Whether an axis may be a lane."""
        return name.startswith("*") or name in self.lanes.split()


#: Of an operation that treats each place of its arrays alone.
ELEMENTWISE = Axes(("*", "*"), ("*",))


def read(
    text: Callable[..., Any],
    axes: Axes,
    data: Sequence[Any],
    hyperparameters: dict[str, Any],
    numbers: Callable[[Array], Callable[[Array], Any]],
    array: Callable[[Callable[[Callable[[Any], Any]], Array]], Any],
) -> Any:
    """Run a reference function on numbers that are arrays.

    Args:
        text: the function.
        axes: of its arguments and results.
        data: its data arguments: arrays, or tuples of them.
        hyperparameters: its other arguments.
        numbers: says of an array what makes numbers of its parts.
        array: makes what is returned for an array, given what makes an array of what is told of each number.

    Returns:
        What the function returns, with what was made for each array in its place.
    """
    names, lengths = names_and_lengths(axes, data)
    lanes = {name for name in lengths if axes.may_be_lane(name)}
    runs: dict[Names, Any] = {}
    arrays: list[Any] = []
    count = 1
    while len(arrays) < count:
        own = _expanded(axes.results[min(len(arrays), len(axes.results) - 1)], _leading(lengths))
        along = tuple(name for name in own if name in lanes)
        run = next((run for run in runs if _tells(flatten_result(runs[run])[len(arrays)][1], run, along)), along)
        if run not in runs:
            kinds = [_indices if place in axes.indices else numbers for place in range(len(data))]
            given = [_with_lanes(*each) for each in zip(data, names, [run] * len(data), kinds, strict=False)]
            runs[run] = text(*given, **hyperparameters)
        parts = flatten_result(runs[run])
        count = len(parts)
        arrays.append(array(partial(_unfolded, parts[len(arrays)][1], own, run, lengths)))
    return rebuilt(next(iter(runs.values())), iter(arrays))


def _indices(array: Array) -> Callable[[Array], Any]:
    """What makes indices of parts of an array."""
    return IndexLanes


def _tells(lists: Any, run: Names, along: Names) -> bool:
    """Whether a run along other axes, too, tells an array: it does if the array's numbers don't differ along those."""
    if not set(along) <= set(run):
        return False
    beyond = [place for place, name in enumerate(run) if name not in along]
    shapes = [getattr(number, "lanes", ()) for number in flatten(lists)]
    return all(not shape or all(shape[place] == 1 for place in beyond) for shape in shapes)


def rebuilt(model: Any, arrays: Iterator[Any]) -> Any:
    """A result of the same structure, with other arrays in it."""
    if not isinstance(model, tuple):
        return next(arrays)
    parts = [rebuilt(part, arrays) for part in model]
    return type(model)(*parts) if hasattr(model, "_fields") else tuple(parts)


def names_and_lengths(axes: Axes, data: Sequence[Any]) -> tuple[list[Names], dict[str, int]]:
    """The names of the axes of each data argument, and how long each axis is."""
    lengths: dict[str, int] = {}
    names: list[Names] = []
    for value, said in zip(data, axes.arguments, strict=False):
        if value is None:  # data that is left out has no axes
            names.append(())
            continue
        parts = value if isinstance(value, tuple) else (value,)
        own = _expanded(said, max(part.ndim for part in parts) - len(said.replace("*", "").split()))
        names.append(own)
        if not isinstance(value, tuple):
            lengths.update(zip(own, value.shape, strict=True))
    return names, lengths


def _expanded(said: str, leading: int) -> Names:
    """The names of an array's axes, with as many for `*` as there are leading axes."""
    starred = [f"*{place}" for place in range(leading)]
    return tuple(name for word in said.split() for name in (starred if word == "*" else [word]))


def _leading(lengths: dict[str, int]) -> int:
    return sum(name.startswith("*") for name in lengths)


def _with_lanes(value: Any, names: Names, along: Names, numbers: Callable[[Array], Callable[[Array], Any]]) -> Any:
    """An array as nested lists of numbers: along a lane the lists have length 1, and the numbers are arrays."""
    if value is None:
        return None
    if isinstance(value, tuple):
        return tuple(_with_lanes(part, names[: part.ndim], along, numbers) for part in value)
    kept = [name for name in names if name not in along]
    own = [name for name in along if name in names]
    moved = value.transpose([names.index(name) for name in (*kept, *own)])
    full = [moved.shape[len(kept) + own.index(name)] if name in own else 1 for name in along]
    counts = moved.shape[: len(kept)]
    number = numbers(value)
    made = iter([number(lanes) for lanes in moved.reshape(math.prod(counts), *full)])

    def build(rest: Sequence[str]) -> Any:
        if not rest:
            return next(made)
        length = 1 if rest[0] in along else value.shape[names.index(rest[0])]
        return [build(rest[1:]) for _ in range(length)]

    return build(names)


def _unfolded(lists: Any, names: Names, along: Names, lengths: dict[str, int], tell: Callable[[Any], Any]) -> Array:
    """An array back from nested lists of numbers, in the order of its axes."""
    full = [lengths[name] if name in names else 1 for name in along]
    stacked = np.stack([np.broadcast_to(tell(number), full) for number in flatten(lists)])
    kept = [name for name in names if name not in along]
    own = [name for name in along if name in names]
    lengths_of = dict(zip(names, shape(lists), strict=True))
    stacked = stacked.reshape([lengths_of[name] for name in kept] + [lengths[name] for name in own])
    return stacked.transpose([(*kept, *own).index(name) for name in names])
