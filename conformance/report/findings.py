"""What is wrong and new, each fault once: a check that fails in several dtypes is one finding."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from conformance.outcomes import Role, Status, Verdict
from conformance.report.signs import Sign, rank, severity_sign
from conformance.report.words import grouped

#: What comes of a check where something new is wrong.
BROKEN = frozenset(status.value for status in Status if status.broken)
#: Verdicts that fail the run, if they are a judged implementation's.
BAD = (Verdict.FAILS, Verdict.UNUSABLE)


@dataclass(frozen=True)
class Finding:
    """A check of one operation of one implementation that is broken, in some dtypes."""

    witness: bool
    #: one for each dtype in which the check is broken
    results: list[dict[str, Any]]

    @property
    def first(self) -> dict[str, Any]:
        return self.results[0]

    @property
    def implementation(self) -> str:
        return str(self.first["implementation"])

    @property
    def operation(self) -> str:
        return str(self.first["operation"])

    @property
    def kind(self) -> str:
        return str(self.first["kind"])

    @property
    def check(self) -> str:
        return str(self.first["check"])

    @property
    def severity(self) -> str | None:
        return min((result["severity"] for result in self.results), key=rank)

    @property
    def sign(self) -> Sign:
        return severity_sign(self.severity)

    @property
    def dtypes(self) -> list[str]:
        return [result["dtype"] for result in self.results]


def findings(data: dict[str, Any]) -> list[Finding]:
    """All of them: by implementation, operation, and kind, in the orders of the run."""
    kinds = [*data["kinds"], *sorted({result["kind"] for result in data["results"]} - set(data["kinds"]))]
    broken = sorted((r for r in data["results"] if r["status"] in BROKEN), key=lambda r: kinds.index(r["kind"]))
    checks = grouped(broken, lambda r: (r["implementation"], r["operation"], r["check"]))
    names = [implementation["name"] for implementation in data["implementations"]]
    operations = [operation["name"] for operation in data["operations"]]
    found = [Finding(is_witness(data, name), results) for (name, _, _), results in checks.items()]
    return sorted(found, key=lambda f: (names.index(f.implementation), operations.index(f.operation)))


def is_witness(data: dict[str, Any], name: str) -> bool:
    """Whether what an implementation gets wrong is a finding, and no failure."""
    return any(i["name"] == name and i["role"] == Role.WITNESS for i in data["implementations"])


def excused(data: dict[str, Any], name: str) -> bool:
    """Whether what an implementation gets wrong doesn't fail this run."""
    return is_witness(data, name) and not data["strict"]


def worst_first(found: Iterable[Finding]) -> list[Finding]:
    """Findings by severity; those of one severity stay in order."""
    return sorted(found, key=lambda finding: rank(finding.severity))


def failing(data: dict[str, Any]) -> list[dict[str, Any]]:
    """The judgements that fail the run."""
    return [j for j in data["judgements"] if j["verdict"] in BAD and not excused(data, j["implementation"])]


def stale(data: dict[str, Any]) -> list[dict[str, Any]]:
    """Known deviations whose smallest case is right now."""
    return [deviation for deviation in data["known_deviations"] if deviation["state"] == "stale"]


def wrong_lists(data: dict[str, Any]) -> list[dict[str, Any]]:
    """Entries of lists of known deviations that say what can't be."""
    return [deviation for deviation in data["known_deviations"] if deviation["state"] == "wrong"]


def reasons(data: dict[str, Any], result: dict[str, Any]) -> list[str]:
    """The known deviations that a result's deviating calls belong to."""
    place = (result["implementation"], result["operation"])
    own = [d["reason"] for d in data["known_deviations"] if (d["implementation"], d["operation"]) == place]
    seen = [own[int(number)] for number in result["deviating"] if int(number) < len(own)]
    return seen or [reason for reason in own if result["check"].endswith(f": {reason}")]


def absences(data: dict[str, Any]) -> list[dict[str, Any]]:
    """What was not checked, and why: by implementation and reason."""
    what = {Verdict.SKIPPED: "skipped", Verdict.NOT_PROVIDED: "no counterpart"}
    found = [
        ((j["implementation"], what[j["verdict"]], j["reason"]), j["operation"])
        for j in data["judgements"]
        if j["verdict"] in what
    ] + [
        ((r["implementation"], "not applicable", r["summary"]), f"{r['operation']} ({r['check']})")
        for r in data["results"]
        if r["status"] == Status.NOT_APPLICABLE
    ]
    return [
        {"implementation": name, "what": kind, "reason": reason, "of": list(dict.fromkeys(of for _, of in entries))}
        for (name, kind, reason), entries in grouped(found, lambda entry: entry[0]).items()
    ]
