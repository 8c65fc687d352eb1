"""Running the checks of one operation of one implementation, and what became of each."""

from __future__ import annotations

import math
import time
import traceback
from collections import Counter
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from conformance.backend import Lost
from conformance.checks import Check
from conformance.checks.rounding_bound import share
from conformance.comparison import Nonconforming
from conformance.exploration import Evidence, NotApplicable
from conformance.operation import Arguments
from conformance.outcomes import Severity, Status
from conformance.reproduction import literal, of_calls, program
from conformance.subject import Subject
from conformance.texts import capped, readable


@dataclass
class Result:
    """What became of one check of one operation of one implementation in one dtype."""

    implementation: str
    operation: str
    dtype: str
    check: str
    kind: str
    status: Status = Status.PASSED
    #: how bad it is, where something is wrong, known or new
    severity: Severity | None = None
    seconds: float = 0.0
    deciding: int = 0
    undecidable: int = 0
    vacuous: int = 0
    #: the largest error / allowed error, and how many cases had theirs in each twentieth of the allowed one
    worst: float = 0.0
    histogram: list[int] = field(default_factory=list)
    #: of a sweep, what it has covered: see `conformance.sweeping.Coverage`
    covered: dict[str, int] = field(default_factory=dict)
    summary: str = ""
    wanted: str = ""
    came: str = ""
    #: how many times the error exceeds the allowed one, where that means something
    excess: float | None = None
    #: the arguments of the smallest failing call found, what the implementation printed in it, and a program to run it
    arguments: str = ""
    printed: str = ""
    reproduction: str = ""
    #: cases in the sets of known deviations, by the deviation's number, and those of them that deviated
    known: dict[str, int] = field(default_factory=dict)
    deviating: dict[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Plain values, for a pipe or a report."""
        return asdict(self)


def run_check(implementation: str, subject: Subject, check: Check) -> Result:
    """Run one check; whatever happens, there is a result."""
    subject = replace(subject, check=check.name, met=set(), known=Counter(), deviating=Counter())
    result = Result(implementation, subject.operation.name, subject.dtype, check.name, check.kind)
    start = time.monotonic()
    try:
        _count(result, check.run(subject), check, subject)
    except NotApplicable as reason:
        result.status, result.summary = Status.NOT_APPLICABLE, str(reason)
    except Nonconforming as failure:
        note_failure(result, failure, subject, check.severity)
    except Lost as lost:
        note_lost(result, lost, subject)
    except Exception:  # the suite itself went wrong: say so, and go on
        result.status, result.summary = Status.ERROR, "the check itself went wrong"
        result.came = traceback.format_exc(limit=-4)
    result.seconds = time.monotonic() - start
    return tidy(result)


def note_failure(result: Result, failure: Nonconforming, subject: Subject, severity: Severity) -> None:
    """Put into a result what an implementation did wrong."""
    result.status, result.severity = Status.FAILED, severity
    result.summary, result.wanted, result.came = failure.summary, failure.wanted, failure.came
    result.excess = failure.excess if math.isfinite(failure.excess) else None
    result.printed = subject.backend.printed()
    if failure.arguments is not None:
        script = failure.script or of_calls(subject.operation, [failure.arguments])
        result.reproduction = program(result.implementation, subject.operation, script)
        result.arguments = arguments_text(failure.arguments)


def note_lost(result: Result, lost: Lost, subject: Subject) -> None:
    """Put into a result how a call never came back."""
    result.status, result.severity, result.summary, result.came = lost.status, Severity.CRASH, lost.summary, lost.log
    if lost.arguments is not None:
        script = of_calls(subject.operation, [lost.arguments])
        result.reproduction = program(result.implementation, subject.operation, script)
        result.arguments = arguments_text(lost.arguments)


def arguments_text(arguments: Arguments) -> str:
    """The arguments of a call, as Python source."""
    return ", ".join(f"{name}={literal(value)}" for name, value in arguments.items())


def tidy(result: Result) -> Result:
    """The result with texts that any report can hold: not too long, and of characters that every encoding has."""
    for name in ("summary", "wanted", "came", "arguments", "printed"):
        setattr(result, name, capped(readable(getattr(result, name))))
    result.reproduction = readable(result.reproduction)
    return result


def _count(result: Result, evidence: Evidence, check: Check, subject: Subject) -> None:
    result.deciding, result.undecidable = evidence.deciding, evidence.undecidable
    result.vacuous, result.worst, result.histogram = evidence.vacuous, evidence.worst, evidence.histogram
    result.covered = evidence.covered
    result.known = {str(place): number for place, number in subject.known.items()}
    result.deviating = {str(place): number for place, number in subject.deviating.items()}
    bounds = check.kind == "rounding bound" and not evidence.covered
    wanted = math.ceil(subject.cases * share(subject)) if bounds else 1
    if subject.deviating:
        result.status, result.severity = Status.DEVIATES, check.severity
        result.summary = "the calls that deviate are known to"
    elif evidence.deciding < wanted and not subject.known:
        result.status, result.severity = Status.FAILED, check.severity
        result.summary = f"too few cases decide: {evidence.deciding} of {wanted}"
        result.wanted = "an arithmetic claimed precisely enough to be held to"
        result.came = f"{evidence.undecidable} undecidable and {evidence.vacuous} vacuous cases"
