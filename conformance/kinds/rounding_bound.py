"""Kind 3: on drawn inputs, no error exceeds what the claimed arithmetic may make in any order of summation."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from conformance.comparison import Comparison, compare, expected
from conformance.drawing import Draw
from conformance.exploration import Evidence, Subject, explore
from conformance.operations import Operation


def checks(operation: Operation) -> Iterator[tuple[str, Callable[[Subject], Evidence]]]:
    """One check, of as many deciding cases as were asked for."""
    yield "", lambda subject: explore(subject, examine_call(subject), values="rounding")


def examine_call(subject: Subject) -> Callable[[Draw], Comparison]:
    """Draw a call, run it, and compare every element with its bound."""

    def examine(draw: Draw) -> Comparison:
        arguments = subject.operation.draw_call(draw)
        wanted = expected(subject.operation, arguments, subject.arithmetic)
        return compare(wanted, subject.run(arguments), subject.arithmetic, arguments)

    return examine
