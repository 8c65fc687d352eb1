"""Printing texts that may hold anything: nothing in them is taken for markup, and programs stay as they are."""

from __future__ import annotations

import re
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from conformance.report.findings import Finding
from conformance.report.words import times

#: Texts with more lines or characters than these are cut on the terminal; the page has them whole.
MOST_LINES, MOST_CHARACTERS = 8, 600
#: Programs longer than this aren't printed.
LONGEST_PROGRAM = 4000

Part = str | tuple[str, str]


def say(console: Console, *parts: Part) -> None:
    """Print a paragraph: texts, alone or with a style."""
    console.print(Text.assemble(*parts))


def say_line(console: Console, *parts: Part) -> None:
    """Print one line, cut where the terminal ends."""
    text = Text.assemble(*parts)
    text.plain = re.sub(r"[\n\t]", " ", text.plain)  # as long as before, so that styles stay in place
    console.print(text, no_wrap=True, overflow="ellipsis", crop=True)


def say_entry(console: Console, label: str, text: str, width: int = 16) -> None:
    """Print a label and its text, the text's further lines below its first."""
    table = Table.grid()
    table.add_column(width=width)
    table.add_column(overflow="fold")
    table.add_row(Text(label, style="bold"), Text(text))
    console.print(table)


def heading(console: Console, *parts: Part) -> None:
    """Print a heading, after an empty line."""
    console.print()
    say(console, *parts)


def print_failure(console: Console, finding: Finding, result: dict[str, Any]) -> None:
    """Print what is wrong with a result, and the program that shows it."""
    say(console, result["summary"])
    print_values(console, result)
    if result["arguments"] and not result["reproduction"]:
        field(console, "call", f"{finding.operation}({result['arguments']})")
    print_program(console, result["reproduction"])


def print_values(console: Console, result: dict[str, Any]) -> None:
    """Print what was wanted, what came and what was printed."""
    for label in ("wanted", "came", "printed"):
        if result[label]:
            field(console, label, result[label])
    if result["excess"]:
        field(console, "exceeds", f"the allowed error {times(result['excess'])} times")


def field(console: Console, label: str, text: str) -> None:
    """Print a label and its text, the text's further lines below its first."""
    lines = cut(text).splitlines() or [""]
    for place, line in enumerate(lines):
        say(console, (f"  {label if place == 0 else '':<8} ", "bold"), line)


def cut(text: str) -> str:
    """A text that isn't too long for a terminal: of one that is, its first and last lines.

    >>> print(cut("\\n".join(str(number) for number in range(20))))
    0
    1
    2
    … 13 lines left out …
    16
    17
    18
    19
    """
    lines = text.strip("\n").splitlines()
    if len(lines) > MOST_LINES:
        first, last = MOST_LINES // 2 - 1, MOST_LINES // 2
        lines = [*lines[:first], f"… {len(lines) - first - last} lines left out …", *lines[-last:]]
    each = MOST_CHARACTERS // max(1, len(lines))
    return "\n".join(line if len(line) <= each else f"{line[:each]} …" for line in lines)


def print_program(console: Console, program: str) -> None:
    """Print a program as it is: what is copied from the terminal runs."""
    if len(program) > LONGEST_PROGRAM:
        say(console, (f"  The program that shows it has {len(program)} characters: it is in the report.", "dim"))
    elif program:
        console.out(program, highlight=False)
