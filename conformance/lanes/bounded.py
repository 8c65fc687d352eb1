"""An array of a result as it should be, with what it may be off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from conformance.arrays import Array

#: The error of what is exact throughout.
EXACT = 0.0


@dataclass(frozen=True, eq=False)
class Bounded:
    """An array's values, how far off each may be, and where nobody can tell what is right."""

    values: Array
    errors: Any = EXACT
    undecided: Any = False

    @property
    def shape(self) -> tuple[int, ...]:
        return self.values.shape
