"""The report for a student: of each function the first failure, in the order of teaching, small and once."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from conformance.outcomes import Verdict
from conformance.report.findings import Finding, findings
from conformance.report.printing import cut, heading, print_program, print_values, say, say_line
from conformance.report.words import grouped, plural


def print_homework(data: dict[str, Any], console: Console) -> None:
    """Print, for each file, what is right, the first failure of each function that is wrong, and what isn't there."""
    for place, implementation in enumerate(data["implementations"]):
        if place:
            console.print()
        _print_file(data, implementation, console)


def _print_file(data: dict[str, Any], implementation: dict[str, Any], console: Console) -> None:
    name = implementation["name"]
    if implementation["unusable"]:
        say(console, (f"{name} can't be loaded", "bold red"))
        say(console, cut(implementation["unusable"]))
        return
    verdicts = grouped((j for j in data["judgements"] if j["implementation"] == name), lambda j: j["verdict"])
    named = {verdict: [judgement["operation"] for judgement in of] for verdict, of in verdicts.items()}
    right = [*named.get(Verdict.CONFORMS, ()), *named.get(Verdict.KNOWN_DEVIATION, ())]
    if right:
        say(console, ("Right: ", "bold green"), ", ".join(right))
    own = [finding for finding in findings(data) if finding.implementation == name]
    for found in grouped(own, lambda finding: finding.operation).values():
        _print_function(console, implementation, found)
    absent = [*named.get(Verdict.NOT_PROVIDED, ()), *named.get(Verdict.SKIPPED, ())]
    if absent:
        console.print()
        say_line(console, (f"Not there, and not checked, are {len(absent)}: {', '.join(absent)}", "dim"))


def _print_function(console: Console, implementation: dict[str, Any], found: list[Finding]) -> None:
    first, others = found[0], found[1:]
    # The numbers of float64 are shorter: 0.4 is no 0.4000000059604645 there.
    result = next((result for result in first.results if result["dtype"] == "float64"), first.first)
    where = implementation["provides"].get(first.operation) or implementation["name"]
    heading(
        console,
        (first.operation, "bold"),
        f" in {where}: ",
        (f"{first.sign.sign} {first.severity or result['status']}", first.sign.colour),
    )
    say(console, f"{first.check}: {result['summary']}")
    print_values(console, result)
    print_program(console, result["reproduction"])
    if others:
        kinds = list(dict.fromkeys(other.kind for other in others))
        say(console, (f"{plural(len(others), 'more check')} fail for the same function: {', '.join(kinds)}.", "dim"))
