"""Kind 2: on integers for which every partial sum is exact, the answer must be equal bit for bit.

Pairwise distinct integers expose anything flipped, transposed or swapped. One array of integers with many significant
bits beside others of -1, 0 and 1 exposes inputs or sums that are rounded in fewer bits than claimed, which a worst-case
bound can't see in long sums.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

from conformance.comparison import Comparison, expected
from conformance.drawing import Draw
from conformance.exploration import Evidence, NotApplicable, Subject, explore
from conformance.kinds.rounding_bound import examine_call
from conformance.operations import Operation, flatten_result
from reference.arrays import flatten
from reference.numbers import Arithmetic, Rounded

SHARE = 0.25
TRIALS = 10


def checks(operation: Operation) -> Iterator[tuple[str, Callable[[Subject], Evidence]]]:
    """One check; whether the operation has exact results to offer, its reference tells."""
    yield "", probe


def probe(subject: Subject) -> Evidence:
    """Explore integer cases; only elements whose allowed error is 0 count as deciding."""
    if not has_exact_results(subject.operation, subject.dtype):
        raise NotApplicable("no result of this operation is exact, not even on integers")
    examine = examine_call(subject)

    def examine_exactly(draw: Draw) -> Comparison:
        comparison = examine(draw)
        comparison.undecidable += comparison.deciding - comparison.exact
        comparison.deciding = comparison.exact
        return comparison

    return explore(subject, examine_exactly, values="lattice", share=SHARE)


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
