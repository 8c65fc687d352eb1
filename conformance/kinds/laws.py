"""Kind 4: equations between results that hold for every input, whatever the results are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from conformance.comparison import Comparison
from conformance.drawing import Draw
from conformance.exploration import Evidence, Subject, explore
from conformance.laws import Law
from conformance.operations import Operation

SHARE = 0.08


def checks(operation: Operation) -> Iterator[tuple[str, Callable[[Subject], Evidence]]]:
    """One check for each law in the operation's room."""
    for name, law in operation.laws.items():
        yield name, partial(hold, law)


def hold(law: Callable[[Draw, Law], Any], subject: Subject) -> Evidence:
    """Try a law on drawn cases."""

    def examine(draw: Draw) -> Comparison:
        trial = Law(subject)
        law(draw, trial)
        return trial.comparison

    return explore(subject, examine, values="law", share=SHARE)
