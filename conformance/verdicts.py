"""Verdicts: what all checks of an operation together say of an implementation, and of the run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from conformance.checking import Result
from conformance.exploration import BINS
from conformance.outcomes import Role, Severity, Status, Verdict
from conformance.runner import Run

#: The checks whose cases are compared with a bound.
BOUNDED = ("lattice probes", "rounding bound")


@dataclass(frozen=True)
class Judgement:
    """What is known of one operation of one implementation."""

    implementation: str
    operation: str
    verdict: Verdict
    #: how bad the worst is: of what is new, or where nothing is, of what is known
    severity: Severity | None = None
    reason: str = ""
    #: deciding cases of the bounded checks, all dtypes together, and those that did not decide
    deciding: int = 0
    undecidable: int = 0
    vacuous: int = 0
    #: largest error / allowed error among what passed, and how many cases had theirs in each twentieth
    worst: float = 0.0
    histogram: list[int] = field(default_factory=lambda: [0] * BINS)
    #: checks run, and those broken
    checks: int = 0
    broken: int = 0


def judgements(run: Run) -> list[Judgement]:
    """One for each implementation and operation of the plan."""
    return [judge(run, name, operation) for name in run.plan.implementations for operation in run.plan.operations]


def judge(run: Run, name: str, operation: str) -> Judgement:
    """What is known of one operation of one implementation."""
    if name in run.unusable:
        return Judgement(name, operation, Verdict.UNUSABLE, Severity.CRASH, run.unusable[name])
    hello: dict[str, Any] = run.hellos.get(name, {})
    if operation in hello.get("skipped", ()):
        return Judgement(name, operation, Verdict.SKIPPED, reason=hello["skipped"][operation])
    results = [r for r in run.results if r.implementation == name and r.operation == operation]
    if not results:
        reason = hello.get("not_provided", {}).get(operation, "the implementation has no such function")
        return Judgement(name, operation, Verdict.NOT_PROVIDED, reason=reason)
    broken = [result for result in results if result.status.broken]
    known = [result for result in results if result.status is Status.DEVIATES]
    bounded = [result for result in results if result.kind in BOUNDED]
    return Judgement(
        implementation=name,
        operation=operation,
        verdict=Verdict.FAILS if broken else Verdict.KNOWN_DEVIATION if known else Verdict.CONFORMS,
        severity=worst(broken) or worst(known),
        deciding=sum(result.deciding for result in bounded),
        undecidable=sum(result.undecidable for result in bounded),
        vacuous=sum(result.vacuous for result in bounded),
        worst=max((result.worst for result in bounded), default=0.0),
        histogram=[
            sum(column) for column in zip([0] * BINS, *(r.histogram for r in bounded if r.histogram), strict=True)
        ],
        checks=len(results),
        broken=len(broken),
    )


def worst(results: Iterable[Result]) -> Severity | None:
    """The worst severity among results, if any has one."""
    return min((r.severity for r in results if r.severity), key=lambda severity: severity.rank, default=None)


def failing(run: Run) -> list[Judgement]:
    """Those judgements that fail the run: of judged implementations; of witnesses too, if the plan is strict."""
    bad = (Verdict.FAILS, Verdict.UNUSABLE)
    return [j for j in judgements(run) if j.verdict in bad and (run.plan.strict or not is_witness(run, j))]


def is_witness(run: Run, judgement: Judgement) -> bool:
    """Whether what an implementation gets wrong is a finding, and no failure."""
    return run.plan.role(judgement.implementation) is Role.WITNESS


def stale(run: Run) -> list[Result]:
    """Known deviations whose smallest case is right now."""
    return [result for result in run.results if result.status is Status.STALE]


def exit_status(run: Run) -> int:
    """0 if all is well, 1 if something fails or nothing was checked, 3 if the suite went wrong, 130 if interrupted."""
    if run.interrupted:
        return 130
    if run.error:
        return 3
    checked = {j.verdict for j in judgements(run)} & {Verdict.CONFORMS, Verdict.KNOWN_DEVIATION, Verdict.FAILS}
    return 1 if failing(run) or (run.plan.strict and stale(run)) or not checked else 0
