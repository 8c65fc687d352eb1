"""What the page shows, grouped: a template can't group well, and nobody reads thousands of passed checks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from conformance.outcomes import Severity, Status, Verdict
from conformance.report.findings import BROKEN, Finding, findings
from conformance.report.histogram import histogram
from conformance.report.signs import severity_sign
from conformance.report.words import grouped, slug, unique

Entry = dict[str, Any]

#: Kinds of checks that measure no error: a zero in that column would say more than is known.
UNMEASURED = ("bad input", "manners", "claimed algorithm")


def address(taken: set[str], *texts: str) -> str:
    """An address on the page, which no other thing has, and which the same thing has on other pages too."""
    return unique("-".join(slug(text) or "x" for text in texts), taken)


def finding_groups(data: Entry, taken: set[str]) -> list[Entry]:
    """Findings by implementation and operation, each with its address."""
    groups = grouped(findings(data), lambda finding: (finding.implementation, finding.operation))
    return [
        {
            "implementation": name,
            "operation": operation,
            "witness": found[0].witness,
            "findings": [(address(taken, "new", name, operation, f.check), f, _alike(f)) for f in found],
        }
        for (name, operation), found in groups.items()
    ]


def _alike(finding: Finding) -> list[Entry]:
    """What came in other dtypes, where it isn't the same but for the digits."""
    first = finding.first
    return [r for r in finding.results[1:] if (r["summary"], r["status"]) != (first["summary"], first["status"])]


def known_groups(data: Entry, taken: set[str]) -> dict[str, list[Entry]]:
    """Known deviations by implementation, each with its address, those whose list is out of date first."""
    order = ("wrong", "stale", "deviates", "not here")
    entries = [
        {**entry, "address": address(taken, "known", entry["implementation"], entry["operation"], entry["reason"][:40])}
        for entry in data["known_deviations"]
    ]
    entries.sort(key=lambda entry: order.index(entry["state"]))
    return grouped(entries, lambda entry: entry["implementation"])


def matrix(data: Entry, taken: set[str], found: list[Entry], known: dict[str, list[Entry]]) -> list[Entry]:
    """A row for each operation, with a cell for each implementation, and where each leads."""
    judgements = {(j["operation"], j["implementation"]): j for j in data["judgements"]}
    results = grouped(data["results"], lambda r: (r["operation"], r["implementation"]))
    leads = {(e["operation"], e["implementation"]): e["address"] for of in known.values() for e in reversed(of)}
    leads |= {(group["operation"], group["implementation"]): group["findings"][0][0] for group in found}
    rows = []
    for operation in (entry["name"] for entry in data["operations"]):
        own = address(taken, "checks", operation)
        places = [(operation, implementation["name"]) for implementation in data["implementations"]]
        cells = [_cell(judgements[place], results.get(place, []), leads.get(place, own)) for place in places]
        quiet = all(cell["verdict"] == Verdict.CONFORMS for cell in cells)
        rows.append({"operation": operation, "address": own, "cells": cells, "quiet": quiet})
    return rows


def _cell(judgement: Entry, own: list[Entry], lead: str) -> Entry:
    """What the matrix and the detail of an operation say of one implementation."""
    broken = [result for result in own if result["status"] in BROKEN]
    bad = severity_sign(judgement["severity"]) if judgement["severity"] or judgement["broken"] else None
    told = judgement["severity"] or ("error in the suite" if bad else judgement["verdict"])
    return {
        **judgement,
        "lead": lead,
        "bad": bad,
        "told": told if judgement["checks"] else judgement["verdict"],
        "style": bad.style if bad else "good" if judgement["verdict"] == Verdict.CONFORMS else "none",
        # The worst ratio is over the cases that passed: beside wrong numbers it would look like praise.
        "praised": judgement["deciding"] and judgement["severity"] != Severity.WRONG_NUMBERS,
        "excess": max((result["excess"] or 0.0 for result in broken), default=0.0),
        "kinds": kinds(own),
        "histogram": histogram(judgement),
        "seconds": sum(result["seconds"] for result in own),
    }


def kinds(results: list[Entry]) -> list[Entry]:
    """Checks by kind: those that passed together, the others one by one."""
    return [
        {
            "kind": kind,
            "measured": kind not in UNMEASURED,
            "names": list(dict.fromkeys(name for r in of if (name := r["check"].partition(": ")[2]))),
            "rows": [row for same in grouped(of, lambda r: r["dtype"]).values() for row in _rows(same)],
        }
        for kind, of in grouped(results, lambda r: r["kind"]).items()
    ]


def _rows(results: list[Entry]) -> Iterable[Entry]:
    passed = [result for result in results if result["status"] == Status.PASSED]
    if passed:
        yield {**_sums(passed), "name": "", "number": len(passed)}
    for result in results:
        if result["status"] != Status.PASSED:
            yield {**_sums([result]), "name": result["check"].partition(": ")[2], "number": 1}


def _sums(results: list[Entry]) -> Entry:
    worst = [result["worst"] for result in results]
    first = results[0]
    return {
        "dtype": first["dtype"],
        "status": first["status"],
        "broken": first["status"] in BROKEN,
        "bad": severity_sign(first["severity"]) if first["status"] in BROKEN or first["severity"] else None,
        "deciding": sum(result["deciding"] for result in results),
        "worst": None if None in worst else max(worst),
        "seconds": sum(result["seconds"] for result in results),
    }
