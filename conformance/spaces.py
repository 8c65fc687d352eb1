"""Configuration spaces: which sizes and choices an operation can be called with, said once.

A configuration is a value for each axis of a space: lengths, strides, paddings, ranks. There are finitely many, so they
are covered rather than drawn: mistakes hide in sizes and choices more than in numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int16]

#: Lengths at which tiles, vectors and threads begin and end.
EDGES = (1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129)


class Configuration(dict[str, Any]):
    """The value of each axis of a space, by name; or of many configurations at once, a column for each axis."""

    __slots__ = ("space",)

    def __getattr__(self, axis: str) -> Any:
        if axis not in self:
            raise AttributeError(axis)
        return self[axis]

    def __init__(self, space: Space, values: Mapping[str, Any]) -> None:
        super().__init__(values)
        self.space = space

    def changed(self, **values: Any) -> Configuration:
        """The same configuration, but for some axes."""
        return Configuration(self.space, {**self, **values})

    def places(self) -> list[int]:
        """How far the value of each axis is from the simplest."""
        axes = self.space.axes
        return [axes[name].index(value) if value in axes[name] else len(axes[name]) for name, value in self.items()]


@dataclass(frozen=True, eq=False)
class Space:
    """What calls of an operation there are, but for the numbers in them.

    Functions of a configuration are written so that they work for columns of many, too: with `&`, `|` and NumPy.

    Args:
        sizes: the lengths that each size may have, ascending.
        choices: the values that each choice may have, the simplest first.
        small: of some axes, the values that they have in the small box; all that they have, where nothing is said.
        valid: whether a configuration is a call.
        steps: how many operations the reference makes when whole axes are read at once.
        work: how many it makes one by one: about as many as the implementation.
        common: the configurations that networks use, by name; axes left out have their simplest values.
        usual: the values that some axes have in most calls that anybody makes; the others may have any.
    """

    sizes: Mapping[str, Sequence[int]]
    choices: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    small: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    valid: Callable[[Configuration], Any] = lambda c: True
    steps: Callable[[Configuration], Any] = lambda c: 1
    work: Callable[[Configuration], Any] = lambda c: 1
    common: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    usual: Sequence[Mapping[str, Any]] = ()

    @cached_property
    def axes(self) -> dict[str, tuple[Any, ...]]:
        """The values of every axis, those of common configurations included, the simplest first."""
        said = {name: tuple(values) for name, values in {**self.choices, **self.sizes}.items()}
        used = {name: [c[name] for c in self.common.values() if name in c] for name in said}
        sizes = {name: tuple(sorted({*said[name], *used[name]})) for name in self.sizes}
        return {name: sizes.get(name, values) for name, values in said.items()}

    @cached_property
    def simplest(self) -> Configuration:
        """Every axis at its simplest value."""
        return Configuration(self, {name: values[0] for name, values in self.axes.items()})

    @cached_property
    def box(self) -> dict[str, tuple[Any, ...]]:
        """The small box: the values of every axis in it."""
        return {name: tuple(self.small.get(name, values)) for name, values in self.axes.items()}

    def named(self, largest: int | None = None) -> dict[str, Configuration]:
        """The configurations that networks use, by name; with no length beyond a limit."""
        whole = {name: self.simplest.changed(**said) for name, said in self.common.items()}
        return {name: c for name, c in whole.items() if self.fits(c, largest)}

    def fits(self, configuration: Configuration, largest: int | None) -> bool:
        """Whether no length is beyond a limit."""
        return largest is None or all(configuration[name] <= largest for name in self.sizes)

    def is_valid(self, configuration: Configuration) -> bool:
        """Whether a configuration is a call."""
        return bool(self.valid(configuration))

    def limited(self, axes: Mapping[str, Sequence[Any]], largest: int | None) -> dict[str, tuple[Any, ...]]:
        """Some axes without the lengths beyond a limit."""
        return {
            name: tuple(v for v in values if name not in self.sizes or largest is None or v <= largest)
            for name, values in axes.items()
        }

    def columns(self, axes: Mapping[str, Sequence[Any]], rows: Rows) -> Configuration:
        """Many configurations at once, from the places of their values."""
        columns = {name: np.array(values)[rows[:, place]] for place, (name, values) in enumerate(axes.items())}
        return Configuration(self, columns)

    def at(self, axes: Mapping[str, Sequence[Any]], row: Rows) -> Configuration:
        """One configuration, from the places of its values."""
        return Configuration(self, {name: axes[name][place] for name, place in zip(axes, row, strict=True)})


def sample(axes: Mapping[str, Sequence[Any]], count: int, rng: np.random.Generator) -> Rows:
    """So many random configurations, valid or not, as the places of their values; repeated ones only once."""
    lengths = np.array([len(values) for values in axes.values()])
    # Evenly, or more or less inclined to the simple end: else hardly a large one would stay within a budget, or
    # hardly one would have a length of 1 beside a long axis.
    inclined = rng.choice((1.0, 2.0, 4.0), (count, 1)) ** rng.choice((0, 1), (count, len(lengths)))
    places = (rng.random((count, len(lengths))) ** inclined * lengths).astype(np.int16)
    numbers = np.ravel_multi_index(tuple(places.T), tuple(lengths))
    return places[np.unique(numbers, return_index=True)[1]]


def everything(axes: Mapping[str, Sequence[Any]]) -> Rows:
    """Every configuration of a box, valid or not, as the places of their values."""
    grid = np.meshgrid(*[np.arange(len(values), dtype=np.int16) for values in axes.values()], indexing="ij")
    return np.stack([places.ravel() for places in grid], axis=1)


def size_of(axes: Mapping[str, Sequence[Any]]) -> int:
    """How many configurations a box has, valid or not."""
    return math.prod(len(values) for values in axes.values())
