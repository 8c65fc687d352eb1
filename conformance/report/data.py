"""What every report tells, as plain values: gathered once, so that no two reports disagree."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

from conformance.algorithms import told_place
from conformance.checking import Result
from conformance.fixtures import errata
from conformance.operations import operations
from conformance.outcomes import Status, Verdict
from conformance.report.environment import environment
from conformance.report.gpu_run import gpu_run
from conformance.runner import Run
from conformance.texts import capped, readable
from conformance.verdicts import Judgement, exit_status, judgements

#: Of the shape of report.json, described in schema.json: the first number changes when a reader would have to.
SCHEMA_VERSION = "1.2"
#: Texts that must not lose their middle: programs to be run.
WHOLE = ("reproduction",)


def as_data(run: Run) -> dict[str, Any]:
    """Everything about a run: where, what, each verdict, each check, deviations, skips and errata."""
    plan = run.plan
    data = {
        "schema": SCHEMA_VERSION,
        "exit_status": exit_status(run),
        "interrupted": run.interrupted,
        "error": run.error,
        "seconds": round(run.seconds, 1),
        "seed": plan.seed,
        "strict": plan.strict,
        "dtypes": list(plan.dtypes),
        "kinds": list(plan.kinds),
        "operations": [{"name": name, "room": operations()[name].room} for name in plan.operations],
        "environment": environment(),
        "gpu_run": gpu_run(plan.implementations),
        "implementations": [_implementation(run, name) for name in plan.implementations],
        "judgements": [_judgement(run, judgement) for judgement in judgements(run)],
        "known_deviations": [entry for name in run.hellos for entry in _known_deviations(run, name)],
        "results": [result.as_json() for result in run.results],
        "errata": list(errata()),
    }
    return {name: plain(value) for name, value in data.items()}


def _implementation(run: Run, name: str) -> dict[str, Any]:
    hello = run.hellos.get(name, {})
    return {
        "name": name,
        "role": run.plan.role(name),
        "description": hello.get("description", ""),
        "cases": run.plan.cases_for(name, hello.get("cases")),
        "unusable": run.unusable.get(name, ""),
        "provides": hello.get("provides", {}),
        "algorithms": {
            of: told_place(place) for of, place in hello.get("algorithms", {}).items() if of in run.plan.operations
        },
    }


def _judgement(run: Run, judgement: Judgement) -> dict[str, Any]:
    """A judgement; where a run ended before an operation's turn came, it says so."""
    hello = run.hellos.get(judgement.implementation)
    due = hello is None or judgement.operation in hello["provides"]
    said = asdict(judgement)
    if judgement.verdict is Verdict.NOT_PROVIDED and due:
        said.update(verdict=Verdict.SKIPPED, reason="not run: the run ended before")
    return said


def _known_deviations(run: Run, name: str) -> list[dict[str, Any]]:
    """Each known deviation, and what was seen of it in this run."""
    entries: list[dict[str, Any]] = []
    for place, said in enumerate(run.hellos[name]["deviations"]):
        if said["operation"] not in run.plan.operations or not run.plan.excuses:
            continue
        number = str(sum(other["operation"] == said["operation"] for other in run.hellos[name]["deviations"][:place]))
        results = [r for r in run.results if r.implementation == name and r.operation == said["operation"]]
        replays = [r for r in results if r.check == f"known deviation: {said['reason']}"]
        entries.append(
            {
                "implementation": name,
                **said,
                "state": _state(said, replays),
                "why": next((r.summary for r in replays if r.status.broken), ""),
                "cases": sum(r.known.get(number, 0) for r in results),
                "deviating": sum(r.deviating.get(number, 0) for r in results),
            }
        )
    return entries


def _state(said: dict[str, Any], replays: list[Result]) -> str:
    """What became of a known deviation: it deviates, it is stale, its list is wrong, or it isn't to be seen here."""
    if not said["here"] or not replays:
        return "not here"
    if any(result.status.broken for result in replays):
        return "wrong"
    return "stale" if any(result.status is Status.STALE for result in replays) else "deviates"


def plain(value: Any, whole: bool = False) -> Any:
    """A value that any report can hold: texts capped and printable, and null for infinities, which JSON doesn't have.

    >>> plain({"worst": math.inf, "reason": "a\\x00b", "dtypes": ("float32",)})
    {'worst': None, 'reason': 'a\\\\x00b', 'dtypes': ['float32']}
    """
    if isinstance(value, dict):
        return {readable(str(name)): plain(part, name in WHOLE) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    if isinstance(value, str):
        return readable(value) if whole else capped(readable(value))
    return None if isinstance(value, float) and not math.isfinite(value) else value
