"""The journal of a run: what is done already, so that a run which was interrupted can be continued."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from conformance.checking import Result
from conformance.outcomes import Severity, Status
from conformance.plan import Plan

NAME = "unfinished.jsonl"
#: What of a plan may differ when a run goes on: how it is run, and what counts as a failure, but not what is looked at.
MAY_DIFFER = ("jobs", "memory", "time_limit", "strict", "witnesses")


class OtherPlan(ValueError):
    """A journal is of another plan than the one to be continued."""


@dataclass
class Journal:
    """Results as they come, one a line, in a file beside the report."""

    path: Path | None = None
    results: list[Result] = field(default_factory=list)

    @classmethod
    def begin(cls, folder: Path, plan: Plan) -> Journal:
        """An empty journal of a plan."""
        path = folder / NAME
        path.write_text(json.dumps({"plan": _looked_at(plan)}) + "\n")
        return cls(path)

    @classmethod
    def reopen(cls, folder: Path, plan: Plan) -> Journal:
        """The journal of a run that was interrupted; raises OtherPlan if it was another one, or there is none."""
        path = folder / NAME
        try:
            first, *lines = path.read_text().splitlines()
        except (OSError, ValueError):
            raise OtherPlan(f"{folder}: there is nothing to continue") from None
        if json.loads(first) != {"plan": _looked_at(plan)}:
            raise OtherPlan(f"{path}: the run that was interrupted was another one; repeat its options")
        return cls(path, [_result(line) for line in lines if line.endswith("}")])

    def note(self, result: Result) -> None:
        """Keep a result."""
        if self.path is not None:
            with self.path.open("a") as file:
                file.write(json.dumps(result.as_json()) + "\n")

    def done(self, implementation: str, operation: str) -> list[Result]:
        """What is done of an operation of an implementation."""
        return [r for r in self.results if (r.implementation, r.operation) == (implementation, operation)]

    def close(self) -> None:
        """Forget what was kept: the run is complete."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)


def _looked_at(plan: Plan) -> dict[str, Any]:
    said = {name: value for name, value in asdict(plan).items() if name not in MAY_DIFFER}
    return dict(json.loads(json.dumps(said)))


def _result(line: str) -> Result:
    return result_from(json.loads(line))


def result_from(said: dict[str, Any]) -> Result:
    """A result from plain values."""
    severity = Severity(said["severity"]) if said["severity"] else None
    return Result(**{**said, "status": Status(said["status"]), "severity": severity})
