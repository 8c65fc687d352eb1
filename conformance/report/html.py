"""The report as one HTML page: nothing to load, no script, readable on a phone, light or dark as one likes."""

from __future__ import annotations

from typing import Any

import jinja2

from conformance.report import coverage, grouping
from conformance.report.changes import changes
from conformance.report.findings import absences, failing
from conformance.report.outcome import outcome, summaries
from conformance.report.signs import SEVERITIES, SUITE, VERDICTS, severity_sign
from conformance.report.words import plural, ratio, times

#: Texts longer than this are folded, and programs longer than that are left to report.json.
LONG_TEXT, LONGEST_PROGRAM = 600, 20_000


def page(data: dict[str, Any], since: dict[str, Any] | None = None) -> str:
    """The report's data as a page.

    Args:
        data: what `as_data` says of a run.
        since: a former report's data, to compare with.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("conformance.report", "."),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,  # a misspelt name must not print as nothing
    )
    environment.filters.update(ratio=ratio, times=times, plural=plural)
    environment.globals.update(sign_of=severity_sign, long_text=LONG_TEXT, longest_program=LONGEST_PROGRAM)
    return environment.get_template("page.html.jinja").render(**data, **view(data, since))


def view(data: dict[str, Any], since: dict[str, Any] | None) -> dict[str, Any]:
    """The report's data, grouped as the page shows it."""
    taken: set[str] = set()
    found = grouping.finding_groups(data, taken)
    known = grouping.known_groups(data, taken)
    rows = grouping.matrix(data, taken, found, known)
    names = [implementation["name"] for implementation in data["implementations"]]
    return {
        "outcome": outcome(data),
        "failed": len(failing(data)),
        "summaries": summaries(data),
        "severities": SEVERITIES,
        "verdicts": VERDICTS,
        "suite": SUITE,
        "places": {name: place for place, name in enumerate(names)},
        "operation_places": {row["operation"]: place for place, row in enumerate(rows)},
        "groups": found,
        "number_of_findings": sum(len(group["findings"]) for group in found),
        "known": known,
        "matrix": rows,
        "pictures": any(cell["histogram"] for row in rows for cell in row["cells"]),
        "changes": None if since is None else changes(data, since),
        "absences": absences(data),
        "coverage": coverage.coverage(data),
        "covered": coverage.summary(data),
        "errors": [entry for entry in data["errata"] if entry.get("kind") != "note"],
        "notes": [entry for entry in data["errata"] if entry.get("kind") == "note"],
    }
