"""The report on the terminal: a matrix first, then whatever needs a word."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.syntax import Syntax
from rich.table import Table

from conformance.checking import check_names
from conformance.operations import operations
from conformance.report.data import as_data
from conformance.runner import Run

#: For each verdict its colour and sign.
SIGNS = {
    "conforms": ("green", "✓"),
    "known deviation": ("yellow", "≈"),
    "fails": ("bold red", "✗"),
    "not provided": ("dim", "–"),
    "skipped": ("cyan", "·"),
    "can't be loaded": ("bold red", "✗"),
}


def print_report(run: Run, console: Console) -> None:
    """Print the matrix, known deviations, skips and errata, and last what fails, where a reader of the end sees it."""
    data = as_data(run)
    console.print(_matrix(data))
    seen = {verdict["verdict"] for verdict in data["verdicts"]}
    console.print("  ".join(f"[{style}]{sign} {name}[/]" for name, (style, sign) in SIGNS.items() if name in seen))
    console.print("[dim]Beside: the cases that decide, and the largest error in parts of the allowed one.[/]\n")
    for implementation in data["implementations"]:
        console.print(
            f"[bold]{escape(implementation['name'])}[/]: {escape(implementation['description'] or 'no description')}"
        )
    _print_deviations(data, console)
    _print_skips(data, console)
    _print_errata(data, console)
    _print_failures(data, console)
    broken = sum(verdict["verdict"] in ("fails", "can't be loaded") for verdict in data["verdicts"])
    end = "[green]Nothing fails.[/]" if data["succeeded"] else f"[bold red]{broken} of {len(data['verdicts'])} fail.[/]"
    console.print(f"\n{end} {len(data['results'])} checks in {data['seconds']:.0f} s.")


def print_catalogue(console: Console) -> None:
    """Print every operation and its checks."""
    for operation in operations().values():
        first_line = (operation.reference.__doc__ or "").strip().partition("\n")[0]
        console.print(f"[bold]{operation.name}[/] [dim]({operation.room})[/]  {escape(first_line)}")
        kinds: dict[str, list[str]] = defaultdict(list)
        for name in check_names(operation.name):
            kind, _, detail = name.partition(": ")
            kinds[kind].append(detail)
        for kind, details in kinds.items():
            console.print(Padding(f"[dim]{kind}[/] {escape(', '.join(filter(None, details)))}", (0, 0, 0, 4)))


def _matrix(data: dict[str, Any]) -> Table:
    table = Table(title="Conformance", title_justify="left", header_style="bold", box=None, pad_edge=False)
    table.add_column("operation", no_wrap=True)
    for implementation in data["implementations"]:
        table.add_column(implementation["name"], no_wrap=True)
    cells = {(v["operation"], v["implementation"]): _cell(v) for v in data["verdicts"]}
    for operation in data["operations"]:
        table.add_row(operation, *(cells[operation, i["name"]] for i in data["implementations"]))
    return table


def _cell(verdict: dict[str, Any]) -> str:
    style, sign = SIGNS[verdict["verdict"]]
    worst = "∞" if verdict["worst"] is None else f"{verdict['worst']:.2f}"
    numbers = f" {verdict['deciding']:>4} [dim]{worst}[/]" if verdict["checks"] else f" {verdict['verdict']}"
    return f"[{style}]{sign}{numbers}[/]"


def _print_failures(data: dict[str, Any], console: Console) -> None:
    for implementation in data["implementations"]:
        if implementation["unusable"]:
            console.rule(f"[bold red]{escape(implementation['name'])} can't be loaded", align="left")
            console.print(escape(implementation["unusable"]))
    for result in data["results"]:
        if result["status"] in ("passed", "not applicable") or result["reason"]:
            continue
        title = f"{result['implementation']} {result['operation']} {result['dtype']}: {result['check']}"
        console.rule(f"[bold red]{result['status']}[/] {escape(title)}", align="left")
        console.print(escape(result["summary"]))
        for label in ("wanted", "came"):
            if result[label]:
                console.print(f"  [bold]{label:<7}[/]{escape(result[label])}")
        if result["excess"]:
            console.print(f"  [bold]exceeds[/] the allowed error {result['excess']:.3g} times")
        if result["reproduction"]:
            console.print("  [bold]reproduce[/] the smallest case found:")
            console.print(Padding(Syntax(result["reproduction"], "python", word_wrap=True), (0, 0, 0, 4)))


def _print_deviations(data: dict[str, Any], console: Console) -> None:
    known: dict[tuple[str, str], list[str]] = defaultdict(list)
    for result in data["results"]:
        if result["reason"] and result["status"] not in ("passed", "not applicable"):
            entry = f"{result['operation']} ({result['check']})"
            if entry not in known[result["implementation"], result["reason"]]:
                known[result["implementation"], result["reason"]].append(entry)
    if known:
        console.rule("[yellow]Known deviations", align="left")
    for (implementation, reason), entries in known.items():
        console.print(f"[bold]{escape(implementation)}[/]: {escape(reason)}")
        console.print(Padding(f"[dim]{escape(', '.join(entries))}[/]", (0, 0, 0, 4)))
    for stale in data["stale_deviations"]:
        who = f"{escape(stale['implementation'])} {stale['operation']}"
        console.print(f"[bold yellow]Stale[/]: {who} now passes {stale['check']!r}; take it off the list.")


def _print_skips(data: dict[str, Any], console: Console) -> None:
    skips = [v for v in data["verdicts"] if v["verdict"] in ("skipped", "not provided")]
    if skips:
        console.rule("[cyan]Skipped and not provided", align="left")
    for verdict in skips:
        reason = verdict["reason"] or "the implementation has no such function"
        console.print(f"{escape(verdict['implementation'])} {verdict['operation']}: {escape(reason)}")
    quiet: dict[str, set[str]] = defaultdict(set)
    for result in data["results"]:
        if result["status"] == "not applicable":
            quiet[result["summary"]].add(f"{result['operation']} ({result['check']})")
    for reason, entries in quiet.items():
        console.print(f"[cyan]Not applicable[/]: {escape(reason)}: [dim]{', '.join(sorted(entries))}[/]")


def _print_errata(data: dict[str, Any], console: Console) -> None:
    errors = [erratum for erratum in data["errata"] if erratum.get("kind") != "note"]
    console.rule(f"[bold]Errata of the slides[/] ({len(errors)}; the reasons are in the report)", align="left")
    for erratum in errors:
        place = f"{erratum['deck']}, {erratum['slide']}"
        console.print(f"[dim]{escape(place)}:[/] {escape(erratum['printed'])} [bold]→[/] {escape(erratum['right'])}")
