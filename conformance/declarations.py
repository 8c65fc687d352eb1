"""How a room of `conformance/cases` declares what it draws and which laws hold; the rest of it are helpers:

@case
def softmax(draw): ...                       # draws the arguments of a call of reference.softmax

@law(softmax)
def softmax_sums_to_one(draw, trial): ...    # draws a call, and says what must be true of its result
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

#: Draws the arguments of a call, by name.
DrawCall = Callable[[Any], dict[str, Any]]
#: Draws calls, runs them in a trial, and compares.
LawFunction = Callable[[Any, Any], None]


@dataclass(frozen=True)
class Case:
    """How to draw a call of the operation of the same name, and the laws declared for it."""

    draw: DrawCall
    laws: dict[str, LawFunction] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.draw.__name__

    def __call__(self, draw: Any) -> dict[str, Any]:
        return self.draw(draw)


def case(draw: DrawCall) -> Case:
    """Declare a function to draw calls of the reference's function of the same name."""
    return Case(draw)


def law(of: Case) -> Callable[[LawFunction], LawFunction]:
    """Declare a function to be a law of an operation."""

    def declare(function: LawFunction) -> LawFunction:
        of.laws[function.__name__.replace("_", " ")] = function
        return function

    return declare
