"""Kind 2: on integers for which every partial sum is exact, the answer must be equal bit for bit.

Pairwise distinct integers expose anything flipped, transposed or swapped. One array of integers with many significant
bits beside others of -1, 0 and 1 exposes inputs or sums that are rounded in fewer bits than claimed, which a worst-case
bound can't see in long sums.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from conformance.comparison import Comparison
from conformance.drawing import Draw
from conformance.exploration import Evidence, NotApplicable, Subject, explore
from conformance.kinds.rounding_bound import LATTICE_SHARE, examine_call, has_exact_results
from conformance.operations import Operation


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

    return explore(subject, examine_exactly, values="lattice", share=LATTICE_SHARE)
