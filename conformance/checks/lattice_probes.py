"""Kind 2: on integers for which every partial sum is exact, the answer must be equal bit for bit.

Every size and choice that matters is swept. Pairwise distinct integers expose anything flipped, transposed or swapped.
One array of integers with many significant bits beside others of -1, 0 and 1 exposes inputs or sums that are rounded in
fewer bits than claimed, which a worst-case bound can't see in long sums.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from conformance.checks.rounding_bound import LATTICE_SHARE, compare_call, has_exact_results
from conformance.comparison import Comparison
from conformance.exploration import Evidence, Exploration, NotApplicable, draw_call
from conformance.operation import Arguments, Operation
from conformance.outcomes import Severity
from conformance.subject import Subject
from conformance.sweeping import sweep

SEVERITY = Severity.WRONG_NUMBERS


def checks(operation: Operation) -> Iterator[tuple[str, Callable[[Subject], Evidence]]]:
    """Two checks; whether the operation has exact results to offer, its reference tells."""
    yield "every size and choice", sweep_integers
    yield "every bit", probe


def sweep_integers(subject: Subject) -> Evidence:
    """Sweep the configurations of an operation."""
    _require_exact_results(subject)
    return sweep(subject, "swept")


def probe(subject: Subject) -> Evidence:
    """Explore integer cases; only elements whose allowed error is 0 count as deciding."""
    _require_exact_results(subject)

    def compare_exactly(arguments: Arguments) -> Comparison:
        comparison = compare_call(subject, arguments)
        comparison.undecidable += comparison.deciding - comparison.exact
        comparison.deciding = comparison.exact
        return comparison

    draw = partial(draw_call, subject)
    return Exploration(subject, draw, compare_exactly, "lattice", LATTICE_SHARE, is_one_call=True).run()


def _require_exact_results(subject: Subject) -> None:
    if not has_exact_results(subject.operation, subject.algorithm):
        raise NotApplicable("no result of this operation is exact, not even on integers")
