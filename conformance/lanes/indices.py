"""Indices in lanes: the classes of many examples at once."""

from __future__ import annotations

from typing import Any

from conformance.arrays import Array


class IndexLanes:
    """Many indices at once, which choose among numbers in lanes."""

    __slots__ = ("values",)

    def __init__(self, values: Array) -> None:
        self.values = values

    @property
    def lanes(self) -> tuple[int, ...]:
        """How many there are, along each lane."""
        return self.values.shape

    def where_same(self, place: int, yes: Any, no: Any) -> Any:
        """One number where an index is a certain place, the other elsewhere; one of them at least is in lanes."""
        number = yes if hasattr(yes, "lanes") else no
        return number.where(self.values == place, yes, no)

    # What the reference asks of an index before it takes it for one.

    def __index__(self) -> int:
        raise TypeError("many indices at once are none")

    def __truediv__(self, other: Any) -> Any:
        return NotImplemented

    def __ge__(self, other: int) -> bool:
        return bool((self.values >= other).all())

    def __lt__(self, other: int) -> bool:
        return bool((self.values < other).all())
