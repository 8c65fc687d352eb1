"""Running the checks of one operation of one implementation, and what became of each."""

from __future__ import annotations

import math
import time
import traceback
from dataclasses import asdict, dataclass
from typing import Any

from conformance.comparison import Nonconforming
from conformance.exploration import Evidence, NotApplicable, Subject
from conformance.implementation import Implementation
from conformance.kinds import Check, checks_of
from conformance.kinds.rounding_bound import share
from conformance.operations import Operation, operations
from conformance.reproduction import snippet


@dataclass
class Result:
    """What became of one check of one operation of one implementation in one dtype."""

    implementation: str
    operation: str
    dtype: str
    check: str
    #: passed, failed, not applicable, crashed, timed out, or out of memory
    status: str
    seconds: float = 0.0
    deciding: int = 0
    undecidable: int = 0
    vacuous: int = 0
    worst: float = 0.0
    summary: str = ""
    wanted: str = ""
    came: str = ""
    excess: float | None = None
    reproduction: str = ""
    #: why the implementation deviates, if it lists this check among its known deviations
    reason: str = ""

    @property
    def broken(self) -> bool:
        """Whether the check didn't pass, for whatever reason."""
        return self.status not in ("passed", "not applicable")

    def as_json(self) -> dict[str, Any]:
        """Plain values, for a pipe or a report."""
        return asdict(self)


def subject_of(
    implementation: Implementation, operation: Operation, dtype: str, cases: int, seed: int
) -> Subject | None:
    """What there is to check, or None if the implementation has no such function."""
    function = implementation.function(operation.name)
    if function is None:
        return None
    return Subject(operation, function, implementation.arithmetics[dtype], cases, seed, implementation.largest)


def check_names(operation: str) -> list[str]:
    """The names of all checks of an operation, in the order in which they are run."""
    return [check.name for check in checks_of(operations()[operation])]


def run_check(implementation: Implementation, subject: Subject, check: Check) -> Result:
    """Run one check."""
    result = Result(implementation.name, subject.operation.name, subject.dtype, check.name, "passed")
    start = time.monotonic()
    try:
        _count(result, check.run(subject), check, subject)
    except NotApplicable as reason:
        result.status, result.summary = "not applicable", str(reason)
    except MemoryError as error:
        result.status, result.summary = "out of memory", str(error) or "the check ran out of memory"
    except Nonconforming as failure:
        result.status, result.summary, result.wanted, result.came = (
            "failed",
            failure.summary,
            failure.wanted,
            failure.came,
        )
        result.excess = failure.excess if math.isfinite(failure.excess) else None
        if failure.arguments is not None:
            result.reproduction = snippet(implementation.name, subject.operation, failure.arguments)
    except Exception:  # the suite itself went wrong: say so, and go on
        result.status, result.summary = "crashed", "the check itself went wrong"
        result.came = traceback.format_exc(limit=-4)
    result.seconds = time.monotonic() - start
    return result


def _count(result: Result, evidence: Evidence, check: Check, subject: Subject) -> None:
    result.deciding, result.undecidable = evidence.deciding, evidence.undecidable
    result.vacuous, result.worst = evidence.vacuous, evidence.worst
    wanted = math.ceil(subject.cases * share(subject)) if check.kind == "rounding bound" else 1
    if evidence.deciding < wanted:
        result.status = "failed"
        result.summary = f"too few cases decide: {evidence.deciding} of {wanted}"
        result.wanted = "an arithmetic claimed precisely enough to be held to"
        result.came = f"{evidence.undecidable} undecidable and {evidence.vacuous} vacuous cases"
