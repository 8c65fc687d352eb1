"""In a few words: what came of a run, of each implementation, and what a stricter look at it would say."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from conformance.outcomes import Verdict
from conformance.report.findings import BAD, excused, failing, findings, is_witness, stale
from conformance.report.signs import VERDICTS, rank
from conformance.report.words import last_line, plural


@dataclass(frozen=True)
class Outcome:
    """What came of a run: a sentence, whether it is good news, and what --strict would say."""

    text: str
    good: bool
    strict: str = ""


def outcome(data: dict[str, Any]) -> Outcome:
    """What came of a run."""
    bad, old = failing(data), stale(data)
    strict = _strict(data)
    if data["interrupted"]:
        return Outcome("Interrupted: this is what was done until then.", False, strict)
    if data["error"]:
        return Outcome("The suite itself went wrong.", False, strict)
    if bad:
        number = len(data["judgements"])
        return Outcome(f"{len(bad)} of {number} {'fails' if len(bad) == 1 else 'fail'}.", False, strict)
    if data["strict"] and old:
        return Outcome(f"Nothing fails, but {plural(len(old), 'known deviation')} no longer deviate.", False)
    if data["exit_status"]:
        return Outcome("Nothing was checked.", False)
    return Outcome("Nothing fails.", True, strict)


def _strict(data: dict[str, Any]) -> str:
    """What --strict would say, where it would say something else."""
    if data["strict"]:
        return ""
    found = sum(j["verdict"] in BAD and excused(data, j["implementation"]) for j in data["judgements"])
    new = [f"{plural(found, 'operation')} of a witness"] if found else []
    old = [plural(len(stale(data)), "stale deviation")] if stale(data) else []
    return f"--strict would fail: {' and '.join([*new, *old])}." if new or old else ""


def summaries(data: dict[str, Any]) -> dict[str, str]:
    """A line for each implementation: how many operations came to which verdict, and the worst of each."""
    return {implementation["name"]: _summary(data, implementation) for implementation in data["implementations"]}


def _summary(data: dict[str, Any], implementation: dict[str, Any]) -> str:
    name = implementation["name"]
    if implementation["unusable"]:
        return f"can't be loaded: {last_line(implementation['unusable'])}"
    own = [judgement for judgement in data["judgements"] if judgement["implementation"] == name]
    witness = is_witness(data, name)
    new = sum(finding.implementation == name for finding in findings(data)) if witness else 0
    parts = [
        _part(verdict, those, plural(new, "new finding") + " in " if new else "") + _reason(those, own)
        for verdict in VERDICTS
        if (those := [judgement for judgement in own if judgement["verdict"] == verdict])
    ]
    return ("witness: " if witness else "") + ", ".join(parts)


def _part(verdict: str, those: list[dict[str, Any]], new: str) -> str:
    number, ending = len(those), "s" if len(those) == 1 else ""
    numbers = Counter(judgement["severity"] for judgement in those)
    severities = [f"{numbers[severity]} × {severity or 'error in the suite'}" for severity in sorted(numbers, key=rank)]
    if verdict == Verdict.KNOWN_DEVIATION:
        return f"{number} deviate{ending} as known ({', '.join(severities)})"
    if verdict == Verdict.FAILS:
        return f"{new}{number}{'' if new else f' fail{ending}'} ({', '.join(severities)})"
    words = {Verdict.CONFORMS: f"conform{ending}", Verdict.NOT_PROVIDED: "no counterpart"}
    return f"{number} {words.get(Verdict(verdict), verdict)}"


def _reason(those: list[dict[str, Any]], own: list[dict[str, Any]]) -> str:
    """Why nothing at all was checked, if that is so for one reason."""
    reasons = {judgement["reason"] for judgement in those} - {""}
    return f": {reasons.pop()}" if len(reasons) == 1 and len(those) == len(own) else ""
