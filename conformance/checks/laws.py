"""Kind 4: equations between results that hold for every input, whatever the results are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from conformance.comparison import Comparison
from conformance.drawing import Draw
from conformance.exploration import Evidence, Exploration
from conformance.laws import Trial
from conformance.operation import Operation
from conformance.outcomes import Severity
from conformance.subject import Subject

SEVERITY = Severity.WRONG_NUMBERS
SHARE = 0.12


def checks(operation: Operation) -> Iterator[tuple[str, Callable[[Subject], Evidence]]]:
    """One check for each law declared for the operation."""
    for name, law in operation.laws.items():
        yield name, partial(hold, law)


def hold(law: Callable[[Draw, Trial], Any], subject: Subject) -> Evidence:
    """Try a law on drawn cases."""

    def examine(draw: Draw) -> Comparison:
        trial = Trial(subject)
        law(draw, trial)
        return trial.comparison

    return Exploration(subject, lambda draw: draw, examine, "law", SHARE).run()
