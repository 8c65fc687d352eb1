"""Verdicts: what all checks of an operation together say of an implementation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from conformance.checking import Result
from conformance.runner import Run

CONFORMS, KNOWN_DEVIATION, FAILS = "conforms", "known deviation", "fails"
NOT_PROVIDED, SKIPPED, UNUSABLE = "not provided", "skipped", "can't be loaded"

#: The checks whose cases are compared with a bound.
BOUNDED = ("lattice probes", "rounding bound")


@dataclass(frozen=True)
class Verdict:
    """What is known of one operation of one implementation."""

    implementation: str
    operation: str
    verdict: str
    reason: str = ""
    #: deciding cases of the bounded checks, all dtypes together, and those that did not decide
    deciding: int = 0
    undecidable: int = 0
    vacuous: int = 0
    #: largest error / allowed error
    worst: float = 0.0
    #: checks run, and those broken
    checks: int = 0
    broken: int = 0


@dataclass(frozen=True)
class Stale:
    """A known deviation that deviates no more."""

    implementation: str
    operation: str
    check: str
    reason: str


def verdicts(run: Run) -> list[Verdict]:
    """One verdict for each implementation and operation of the plan."""
    return [_verdict(run, name, operation) for name in run.plan.implementations for operation in run.plan.operations]


def stale_deviations(run: Run) -> list[Stale]:
    """Known deviations of which every check was run and passed."""
    stale = []
    for name, hello in run.hellos.items():
        for operation, check, reason in hello["known_deviations"]:
            results = [r for r in _of(run.results, name, operation) if r.check.startswith(check)]
            if results and not any(result.broken for result in results):
                stale.append(Stale(name, operation, check, reason))
    return stale


def succeeded(run: Run) -> bool:
    """Whether nothing fails. Known deviations and skips don't count as failures, but something must be checked."""
    judged = {verdict.verdict for verdict in verdicts(run)}
    return not judged & {FAILS, UNUSABLE} and bool(judged & {CONFORMS, KNOWN_DEVIATION})


def _verdict(run: Run, name: str, operation: str) -> Verdict:
    if name in run.unusable:
        return Verdict(name, operation, UNUSABLE, run.unusable[name])
    hello: dict[str, Any] = run.hellos[name]
    if operation in hello["skipped"]:
        return Verdict(name, operation, SKIPPED, hello["skipped"][operation])
    results = _of(run.results, name, operation)
    if not results:
        return Verdict(name, operation, NOT_PROVIDED)
    broken = [result for result in results if result.broken]
    unexplained = [result for result in broken if not result.reason]
    bounded = [result for result in results if result.check in BOUNDED]
    return Verdict(
        implementation=name,
        operation=operation,
        verdict=FAILS if unexplained else KNOWN_DEVIATION if broken else CONFORMS,
        reason="; ".join(sorted({result.reason for result in broken if result.reason})),
        deciding=sum(result.deciding for result in bounded),
        undecidable=sum(result.undecidable for result in bounded),
        vacuous=sum(result.vacuous for result in bounded),
        worst=max((result.worst for result in bounded), default=0.0),
        checks=len(results),
        broken=len(broken),
    )


def _of(results: Iterable[Result], name: str, operation: str) -> list[Result]:
    return [result for result in results if result.implementation == name and result.operation == operation]
