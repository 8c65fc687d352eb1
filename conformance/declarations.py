"""How a room of `conformance/cases` declares what it draws and which laws hold; the rest of it are helpers:

@case(Space(...), Axes(...))
def softmax(draw, c): ...                    # draws the arguments of a call of reference.softmax, of a configuration c

@law(softmax)
def softmax_sums_to_one(draw, trial): ...    # draws a call, and says what must be true of its result
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from conformance.lanes.reading import Axes
from conformance.spaces import Space

#: Draws the arguments of a call of some configuration, by name.
DrawCall = Callable[[Any, Any], dict[str, Any]]
#: Draws calls, runs them in a trial, and compares.
LawFunction = Callable[[Any, Any], None]


@dataclass(frozen=True)
class Case:
    """How to draw a call of the operation of the same name, and the laws declared for it.

    Args:
        draw: draws the arguments of a call.
        space: the configurations that there are.
        axes: of its arrays, for reading the reference in lanes; None where it can't be.
        laws: by name.
    """

    draw: DrawCall
    space: Space
    axes: Axes | None = None
    laws: dict[str, LawFunction] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.draw.__name__

    def __call__(self, draw: Any) -> dict[str, Any]:
        return self.draw(draw, draw.configuration(self.space))


def case(space: Space, axes: Axes | None = None) -> Callable[[DrawCall], Case]:
    """Declare a function to draw calls of the reference's function of the same name."""
    return lambda draw: Case(draw, space, axes)


def law(of: Case) -> Callable[[LawFunction], LawFunction]:
    """Declare a function to be a law of an operation."""

    def declare(function: LawFunction) -> LawFunction:
        of.laws[function.__name__.replace("_", " ")] = function
        return function

    return declare
