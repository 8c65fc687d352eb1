"""Which configurations of a space are looked at: those that networks use, the small box, and the edges."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from conformance.covering import covering
from conformance.spaces import Configuration, Rows, Space, everything, sample, size_of

#: Configurations that are tried at random, of the small box, the edges and usual choices; the most that a pool keeps.
TRIED_SMALL, TRIED_EDGES, TRIED_USUAL, KEPT = 20_000, 60_000, 20_000, 6_000

Axes = dict[str, tuple[Any, ...]]
Costs = NDArray[np.float64]


class Rowed(Sequence[Configuration]):
    """Configurations kept as the places of their values."""

    def __init__(self, space: Space, axes: Axes, rows: Rows) -> None:
        self.space, self.axes, self.rows = space, axes, rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, place: int) -> Configuration:  # type: ignore[override]
        return self.space.at(self.axes, self.rows[place])

    def covering(self, strength: int, seed: int, most: int | None = None) -> list[Configuration]:
        """Some of them, which together show every combination of so many values that any of them shows."""
        return [self[int(place)] for place in covering(self.rows, strength, _rng(seed, "covering"), most)]


def whole(space: Space, axes: Axes) -> Rowed:
    """Every valid configuration of a box."""
    rows = everything(axes)
    return Rowed(space, axes, rows[np.broadcast_to(space.valid(space.columns(axes, rows)), len(rows)).astype(bool)])


@lru_cache(maxsize=64)
def invalid(space: Space, largest: int | None, seed: int) -> Rowed:
    """Configurations of the small box that aren't valid, in random order: what is nearly a call, but none."""
    axes = space.limited(space.box, largest)
    rng = _rng(seed, "invalid")
    rows = rng.permutation(sample(axes, TRIED_SMALL, rng))
    valid = np.broadcast_to(space.valid(space.columns(axes, rows)), len(rows)).astype(bool)
    return Rowed(space, axes, rows[~valid][:KEPT])


class Pool(NamedTuple):
    """Configurations of a space: by name, of the small box, with lengths at the edges, and of usual choices."""

    named: dict[str, Configuration]
    small: Rowed
    edges: Rowed
    usual: Rowed


class Budget(NamedTuple):
    """How much a configuration may cost: operations one by one, and with whole axes read at once; the longest axis.

    Long axes are few, and only they show what goes wrong behind a block: at the edges more steps may be made.
    """

    work: float
    steps: float
    largest: int | None = None
    steps_at_edges: float = 0

    def affords(self, which: str, work: Any, steps: Any) -> Any:
        """Whether configurations of a pool cost no more."""
        most = max(self.steps, self.steps_at_edges) if which == "edges" else self.steps
        return (work <= self.work) & (steps <= most)


@lru_cache(maxsize=256)
def pool(space: Space, budget: Budget, seed: int) -> Pool:
    """Random configurations within a budget."""
    named = space.named(budget.largest).items()
    return Pool(
        {name: c for name, c in named if budget.affords("named", space.work(c), space.steps(c))},
        *[
            Rowed(space, axes, rows[budget.affords(which, work, steps)][:KEPT])
            for which, axes, rows, work, steps in _candidates(space, budget.largest, seed)
        ],
    )


@lru_cache(maxsize=128)
def _candidates(space: Space, largest: int | None, seed: int) -> list[tuple[str, Axes, Rows, Costs, Costs]]:
    """Valid configurations of the small box, with lengths at the edges, and of usual choices, and their costs."""
    candidates = []
    for name, box, tried in (
        ("small", space.box, TRIED_SMALL),
        ("edges", space.axes, TRIED_EDGES),
        ("usual", space.axes, TRIED_USUAL),
    ):
        axes, rng = space.limited(box, largest), _rng(seed, name)
        rows = everything(axes) if size_of(axes) <= tried else sample(axes, tried, rng)
        rows = rng.permutation(rows)
        if name == "usual":
            rows = _with_usual_choices(space, axes, rows)
        columns = space.columns(axes, rows)
        valid, work, steps = (np.broadcast_to(f(columns), len(rows)) for f in (space.valid, space.work, space.steps))
        kept = valid.astype(bool)
        candidates.append((name, axes, rows[kept], work[kept], steps[kept]))
    return candidates


def _with_usual_choices(space: Space, axes: Axes, rows: Rows) -> Rows:
    """The same configurations, but for the axes that have the values of usual choices, one after the other."""
    places = list(axes)
    for number, usual in enumerate(space.usual):
        if all(value in axes[name] for name, value in usual.items()):
            for name, value in usual.items():
                rows[number :: len(space.usual), places.index(name)] = axes[name].index(value)
    return rows if space.usual else rows[:0]


def _rng(seed: int, name: str) -> np.random.Generator:
    return np.random.Generator(np.random.SFC64([seed, zlib.crc32(name.encode())]))
