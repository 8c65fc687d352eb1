"""Kind 3: on drawn inputs, no error exceeds what the claimed arithmetic may make in any order of summation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

from conformance.comparison import Comparison, compare, expected
from conformance.drawing import Draw
from conformance.exploration import Evidence, Subject, explore
from conformance.operations import Operation, flatten_result
from reference.arrays import flatten
from reference.numbers import Arithmetic, Rounded

#: The part of an operation's deciding cases that lattice probes take, where it has exact results.
LATTICE_SHARE = 0.5
TRIALS = 10


def checks(operation: Operation) -> Iterator[tuple[str, Callable[[Subject], Evidence]]]:
    """One check, of as many deciding cases as were asked for, less those that the lattice probes decide."""
    yield "", lambda subject: explore(subject, examine_call(subject), values="rounding", share=share(subject))


def share(subject: Subject) -> float:
    """The part of the deciding cases that isn't probed on the lattice."""
    return 1 - LATTICE_SHARE if has_exact_results(subject.operation, subject.dtype) else 1.0


@cache
def has_exact_results(operation: Operation, dtype: str) -> bool:
    """Whether some result of the reference on integers is not 0 and has an allowed error of 0."""
    arithmetic, exact = Arithmetic(dtype), False

    def look(draw: Draw) -> Comparison:
        nonlocal exact
        for _, part in flatten_result(expected(operation, operation.draw_call(draw), arithmetic)):
            exact = exact or any(isinstance(n, Rounded) and n.error == 0 and n.value != 0 for n in flatten(part))
        return Comparison(deciding=1)

    explore(Subject(operation, operation.reference, arithmetic, TRIALS, 0, 6), look, values="lattice")
    return exact


def examine_call(subject: Subject) -> Callable[[Draw], Comparison]:
    """Draw a call, run it, and compare every element with its bound."""

    def examine(draw: Draw) -> Comparison:
        arguments = subject.draw_call(draw)
        wanted = expected(subject.operation, arguments, subject.arithmetic)
        return compare(wanted, subject.run(arguments), subject.arithmetic, arguments)

    return examine
