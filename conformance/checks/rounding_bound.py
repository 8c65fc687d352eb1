"""Kind 3: on drawn inputs, no error exceeds what the claimed arithmetic may make in any order of summation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache, partial
from typing import Any

from conformance.arrays import flatten_result
from conformance.comparison import Comparison, compare, expected
from conformance.exploration import Evidence, Exploration, draw_call
from conformance.operation import Arguments, Operation
from conformance.outcomes import Severity
from conformance.sampling import sample_calls
from conformance.subject import Subject
from conformance.sweeping import sweep
from reference.arrays import flatten
from reference.errors import Undecidable
from reference.numbers import Arithmetic, Rounded

SEVERITY = Severity.WRONG_NUMBERS
#: The part of an operation's deciding cases that lattice probes take, where it has exact results.
LATTICE_SHARE = 0.5
TRIALS = 10


def checks(operation: Operation) -> Iterator[tuple[str, Callable[[Subject], Evidence]]]:
    """Of as many deciding cases as were asked for, less those that the lattice probes decide; and sizes and choices."""
    if not has_exact_results(operation):  # where any is, integers are swept
        yield "every size and choice", sweep_bounds
    yield "worst case", lambda subject: explore_calls(subject, "rounding", share(subject))


def sweep_bounds(subject: Subject) -> Evidence:
    """Sweep the configurations of an operation whose results are rounded, whatever goes in."""
    return sweep(subject, "rounding")


def share(subject: Subject) -> float:
    """The part of the deciding cases that isn't probed on the lattice."""
    return 1 - LATTICE_SHARE if has_exact_results(subject.operation, subject.algorithm) else 1.0


@cache
def has_exact_results(operation: Operation, algorithm: Callable[..., Any] | None = None) -> bool:
    """Whether some result on integers is not 0 and has an allowed error of 0, in the algorithm that computes it."""
    arithmetic = Arithmetic("float64")  # the integers drawn are exact in any format
    return any(
        isinstance(number, Rounded) and number.error == 0 and number.value != 0
        for arguments in sample_calls(operation, "float64", TRIALS, values="swept")
        for number in _wanted(operation, arguments, arithmetic, algorithm)
    )


def _wanted(operation: Operation, arguments: Arguments, *how: Any) -> Iterator[Any]:
    """The numbers that a call is to return; none where a choice in it can't be decided."""
    with suppress(Undecidable):
        for _, part in flatten_result(expected(operation, arguments, *how)):
            yield from flatten(part)


def explore_calls(subject: Subject, values: str, share: float, **how: Any) -> Evidence:
    """Draw calls, run them, and compare every element of what comes with its bound."""
    return Exploration(
        subject, partial(draw_call, subject), partial(compare_call, subject), values, share, is_one_call=True, **how
    ).run()


def compare_call(subject: Subject, arguments: Arguments) -> Comparison:
    """Hold one call to the reference."""
    return compare(subject.bounds(arguments), subject.run(arguments), subject.arithmetic, arguments)
