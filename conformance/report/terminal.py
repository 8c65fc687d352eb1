"""The report on the terminal: who conforms, then a line for each finding; what needs more room is on the page."""

from __future__ import annotations

import textwrap
from collections import Counter
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from conformance.outcomes import Severity, Status, Verdict
from conformance.report import coverage
from conformance.report.catalogue import print_catalogue, print_operation
from conformance.report.changes import changes
from conformance.report.findings import Finding, absences, excused, findings, stale, worst_first, wrong_lists
from conformance.report.homework import print_homework
from conformance.report.outcome import outcome, summaries
from conformance.report.printing import cut, heading, print_failure, say, say_entry, say_line
from conformance.report.signs import SEVERITIES, VERDICTS, severity_sign
from conformance.report.words import grouped, listed, one_line, plural

__all__ = ["print_catalogue", "print_operation", "print_report"]

#: So many operations have their first failure told in full; so many further ones of each have a line.
MOST_IN_FULL, MOST_FURTHER = 12, 4
#: So many lines are for new findings in a witness, and so many for what is gravely wrong with it and known.
MOST_FINDINGS, MOST_GRAVE = 8, 5
LONGEST_SUMMARY = 200
#: The longest name of an operation that others are aligned with.
LONGEST_NAME = 20


def print_report(
    data: dict[str, Any], console: Console, homework: bool = False, since: dict[str, Any] | None = None
) -> None:
    """Print a report.

    Args:
        data: what `as_data` says of a run.
        console: where to print.
        homework: whether the implementations are students' files: they get the first failure of each function, small.
        since: a former report's data, to compare with.
    """
    if homework:
        print_homework(data, console)
    else:
        _print_summaries(data, console)
        _print_matrix(data, console)
        _print_findings(data, console)
        _print_failures(data, console)
        _print_known(data, console)
        _print_absences(data, console)
        _print_environment(data, console)
    if covered := coverage.summary(data):
        console.print()
        say(console, ("Covered: ", "bold"), covered)
    if data["gpu_run"] and not homework:
        say(console, ("On a GPU: ", "bold"), f"{data['gpu_run']}.")
    _print_algorithms(data, console)
    if since is not None:
        say(console, ("Compared: ", "bold"), changes(data, since).text)
    _print_outcome(data, console)


def _print_summaries(data: dict[str, Any], console: Console) -> None:
    width = max((len(implementation["name"]) for implementation in data["implementations"]), default=0)
    for name, summary in summaries(data).items():
        say_entry(console, name, textwrap.shorten(summary, LONGEST_SUMMARY), width + 2)


def _print_matrix(data: dict[str, Any], console: Console) -> None:
    """Print a line for each row of the matrix that isn't good throughout; operations whose rows are alike share one."""
    unchecked = (Verdict.SKIPPED, Verdict.UNUSABLE)
    columns = grouped(data["judgements"], lambda j: j["implementation"])
    names = [name for name, of in columns.items() if any(j["verdict"] not in unchecked for j in of)]
    rows = grouped((j for j in data["judgements"] if j["implementation"] in names), lambda j: j["operation"])
    alike = grouped(rows, lambda operation: tuple((j["verdict"], j["severity"]) for j in rows[operation]))
    good = [o for row, of in alike.items() for o in of if all(verdict == Verdict.CONFORMS for verdict, _ in row)]
    if len(good) == len(rows):
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in names:
        table.add_column(Text(name), overflow="fold", min_width=10)
    table.add_column("operations", overflow="fold")
    for row, of in alike.items():
        if of[0] not in good:
            table.add_row(*(_cell(verdict, severity) for verdict, severity in row), Text(", ".join(of)))
    console.print()
    console.print(table)
    if good:
        say_line(console, f"{plural(len(good), 'operation')} conform everywhere: {', '.join(good)}")
    _print_legend({pair for row in alike for pair in row}, console)


def _cell(verdict: str, severity: str | None) -> Text:
    sign = VERDICTS[verdict]
    if severity is None:
        return Text(f"{sign.sign} {sign.word if verdict != Verdict.CONFORMS else ''}", style=sign.colour)
    bad = severity_sign(severity)
    return Text.assemble((sign.sign, sign.colour), " ", (bad.word, bad.colour))


def _print_legend(seen: set[tuple[str, str | None]], console: Console) -> None:
    verdicts = [sign for verdict, sign in VERDICTS.items() if verdict in {pair[0] for pair in seen}]
    severities = {severity: sign for severity, sign in SEVERITIES.items() if severity in {pair[1] for pair in seen}}
    text = "  ".join(dict.fromkeys(f"{sign.sign} {sign.meaning}" for sign in verdicts))
    say(console, (text, "dim"))
    short = [f"{sign.word} = {severity}" for severity, sign in severities.items() if sign.word != severity]
    if short:
        say(console, ("  ".join(short), "dim"))


def _print_findings(data: dict[str, Any], console: Console) -> None:
    """Print a line for each finding in a witness, the worst first."""
    found = worst_first(finding for finding in findings(data) if excused(data, finding.implementation))
    lines = list(grouped(found, lambda f: (f.implementation, f.operation, f.severity)).values())
    if lines:
        heading(console, (f"New findings ({len(found)}), which don't fail this run", "bold"))
    width = min(max((len(finding.operation) for finding in found), default=0), LONGEST_NAME)
    for same in lines[:MOST_FINDINGS]:
        print_finding(console, same, width)
    if len(lines) > MOST_FINDINGS:
        say(console, f"and {sum(map(len, lines[MOST_FINDINGS:]))} more, which the page tells")


def print_finding(console: Console, same: list[Finding], width: int) -> None:
    """Print a line of findings of one operation and severity."""
    first = same[0]
    more = f" (+{plural(len(same) - 1, 'check')})" if len(same) > 1 else ""
    say_line(
        console,
        (f"{first.sign.sign} {first.sign.word:<8}", first.sign.colour),
        f"{first.operation:<{width}} ",
        f"{one_line(first.first['summary'])}{more}  ",
        (f"{first.implementation}, {one_line(first.check)}", "dim"),
    )


def _print_known(data: dict[str, Any], console: Console) -> None:
    """Print how many known deviations of which severity were seen, the grave ones, and what of the lists is wrong."""
    for name, entries in grouped(data["known_deviations"], lambda d: d["implementation"]).items():
        seen = Counter(entry["severity"] for entry in entries if entry["state"] == "deviates")
        parts = [f"{seen[severity]} × {severity}" for severity in SEVERITIES if seen[severity]]
        absent = sum(entry["state"] == "not here" for entry in entries)
        rest = f"; {absent} can't be seen here" if absent else ""
        console.print()
        say(console, (f"Known in {name}: ", "bold"), f"{', '.join(parts) or 'none seen'}{rest}; the page lists them.")
        _print_grave(entries, console)
    for entry in stale(data):
        who = f"{entry['implementation']} {entry['operation']}"
        say_line(console, ("Stale: ", "bold yellow"), f"{who} is right now: {one_line(entry['reason'])}")
    for entry in wrong_lists(data):
        who = f"{entry['implementation']} {entry['operation']}"
        say(console, ("Wrong list: ", "bold red"), f"{who}: {one_line(entry['why'])}: {one_line(entry['reason'])}")


def _print_grave(entries: list[dict[str, Any]], console: Console) -> None:
    grave = {Severity.WRONG_NUMBERS, Severity.CRASH, Severity.SPECIAL_VALUES}
    seen = [entry for entry in entries if entry["state"] == "deviates" and entry["severity"] in grave]
    lines = grouped(sorted(seen, key=lambda e: list(SEVERITIES).index(e["severity"])), lambda e: e["reason"])
    for reason, same in list(lines.items())[:MOST_GRAVE]:
        sign, of = SEVERITIES[same[0]["severity"]], listed(dict.fromkeys(entry["operation"] for entry in same), 2)
        say_line(console, (f"≈ {sign.sign} {sign.word:<8}", sign.colour), f"{of}: {one_line(reason)}")


def _print_algorithms(data: dict[str, Any], console: Console) -> None:
    """Print which operations are held to the bounds of another algorithm than the reference's."""
    for implementation in data["implementations"]:
        if claimed := implementation["algorithms"]:
            texts = ", ".join(f"{operation} as {text}" for operation, text in claimed.items())
            say(console, (f"Claimed by {implementation['name']}: ", "bold"), f"{texts}; held to the bounds of that.")


def _print_absences(data: dict[str, Any], console: Console) -> None:
    """Print what was not checked and why, unless the summary has said it."""
    told = {name for name, said in summaries(data).items() if ": " in said.removeprefix("witness: ")}
    found = [a for a in absences(data) if a["what"] != "skipped" or a["implementation"] not in told]
    if found:
        console.print()
    for (what, reason), same in grouped(found, lambda a: (a["what"], a["reason"])).items():
        of = [name for absence in same for name in absence["of"]]
        whose = ", ".join(absence["implementation"] for absence in same)
        names = plural(len(of), "check") if what == Status.NOT_APPLICABLE else listed(dict.fromkeys(of), 3)
        say_line(console, (f"{what}: ", "bold"), f"{one_line(reason)} ({names}; {whose})")


def _print_failures(data: dict[str, Any], console: Console) -> None:
    """Print the failures of judged implementations: of each operation the first in full."""
    for implementation in data["implementations"]:
        if implementation["unusable"]:
            heading(console, (f"{implementation['name']} can't be loaded", "bold red"))
            say(console, cut(implementation["unusable"]))
    found = [finding for finding in findings(data) if not excused(data, finding.implementation)]
    cells = list(grouped(found, lambda f: (f.implementation, f.operation)).values())
    for own in cells[:MOST_IN_FULL]:
        _print_operation(console, own)
    rest = cells[MOST_IN_FULL:]
    if rest:
        of = listed((f"{own[0].implementation} {own[0].operation}" for own in rest), MOST_IN_FULL)
        heading(console, f"and {sum(map(len, rest))} more failing checks, which the page tells, of {of}")


def _print_operation(console: Console, own: list[Finding]) -> None:
    first, others = own[0], own[1:]
    heading(
        console,
        (f"{first.sign.sign} {first.severity or first.first['status']}", first.sign.colour),
        (f"  {first.implementation} {first.operation}", "bold"),
        f"  {first.check} ({', '.join(first.dtypes)})",
    )
    print_failure(console, first, first.first)
    for other in others[:MOST_FURTHER]:
        sign, summary = other.sign, one_line(other.first["summary"])
        say_line(console, "  also ", (f"{sign.sign} {sign.word} ", sign.colour), f"{other.check}: {summary}")
    if len(others) > MOST_FURTHER:
        say_line(console, f"  and {plural(len(others) - MOST_FURTHER, 'check')} more of this operation")


def _print_environment(data: dict[str, Any], console: Console) -> None:
    said = dict(data["environment"])
    place = [said.pop(name, "") for name in ("processor", "cores", "system")]
    origin = [said.pop(name, "") for name in ("command", "commit", "date")]
    switches = said.pop("switches", "")
    packages = ", ".join(f"{package} {version}" for package, version in said.items())
    console.print()
    for line in (f"{place[0]}; {place[1]} cores; {place[2]}", packages, switches, ", ".join(filter(None, origin))):
        if line:
            say(console, (line, "dim"))


def _print_outcome(data: dict[str, Any], console: Console) -> None:
    if data["error"]:
        heading(console, ("What went wrong in the suite itself:", "bold red"))
        say(console, cut(data["error"]))
    end = outcome(data)
    numbers = f" {plural(len(data['results']), 'check')} in {data['seconds']:.0f} s, seed {data['seed']}."
    say(console, (end.text, "bold green" if end.good else "bold red"), numbers, f" {end.strict}" if end.strict else "")
