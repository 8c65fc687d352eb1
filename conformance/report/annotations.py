"""Lines that make a build server show findings beside the code, where its variable says that it is there."""

from collections.abc import Mapping
from typing import Any

from conformance.report.findings import Finding, excused, findings, stale, worst_first
from conformance.report.words import grouped, last_line, plural

#: GitHub's own escapes, of a message and of a property.
MESSAGE = {"%": "%25", "\r": "%0D", "\n": "%0A"}
PROPERTY = {**MESSAGE, ":": "%3A", ",": "%2C"}


def annotations(data: dict[str, Any], environment: Mapping[str, str]) -> list[str]:
    """Lines to print: an error for what fails, a warning for what a witness gets wrong and for what is stale.

    One for each operation, since the server shows ten of a kind.
    """
    if environment.get("GITHUB_ACTIONS") != "true":
        return []
    lines = [_line("error", "the suite itself went wrong", last_line(data["error"]))] if data["error"] else []
    for implementation in data["implementations"]:
        if implementation["unusable"]:
            name, reason = implementation["name"], implementation["unusable"]
            lines.append(_line(_level(data, name), f"{name} can't be loaded", last_line(reason)))
    cells = grouped(findings(data), lambda finding: (finding.implementation, finding.operation))
    lines += [_finding(data, found) for found in cells.values()]
    for entry in stale(data):
        title = f"{entry['implementation']} {entry['operation']}: a known deviation is stale"
        lines.append(_line("error" if data["strict"] else "warning", title, entry["reason"]))
    return lines


def _finding(data: dict[str, Any], found: list[Finding]) -> str:
    worst = worst_first(found)[0]
    more = f" (and {plural(len(found) - 1, 'check')} more)" if len(found) > 1 else ""
    result = worst.first
    message = f"{worst.check}: {result['summary']}{more}\nwanted: {result['wanted']}\ncame: {result['came']}"
    title = f"{worst.implementation} {worst.operation}: {worst.severity or result['status']}"
    return _line(_level(data, worst.implementation), title, message, _place(data, worst))


def _level(data: dict[str, Any], name: str) -> str:
    return "warning" if excused(data, name) else "error"


def _place(data: dict[str, Any], finding: Finding) -> str:
    """Where the function is, if that lies in the folder that is checked."""
    provides = next(i["provides"] for i in data["implementations"] if i["name"] == finding.implementation)
    file, _, line = provides.get(finding.operation, "").rpartition(":")
    inside = file and not file.startswith(("..", "/"))
    return f",file={escaped(file, PROPERTY)},line={line}" if inside else ""


def _line(level: str, title: str, message: str, place: str = "") -> str:
    return f"::{level} title={escaped(title, PROPERTY)}{place}::{escaped(message, MESSAGE)}"


def escaped(text: str, signs: Mapping[str, str]) -> str:
    """A text with some signs escaped.

    >>> escaped("100%: a,b", PROPERTY)
    '100%25%3A a%2Cb'
    """
    return "".join(signs.get(sign, sign) for sign in text)
