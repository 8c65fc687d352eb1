"""What can be checked, and how: the rooms with their operations, the kinds of checks, the checks of an operation."""

from __future__ import annotations

import inspect

from rich.console import Console
from rich.text import Text

from conformance.checks import MODULES, check_names, kind_of
from conformance.operations import operations
from conformance.report.printing import say_entry, say_line
from conformance.report.words import grouped


def print_catalogue(console: Console) -> None:
    """Print the operations by room and what the kinds of checks look at."""
    for room, those in grouped(operations().values(), lambda operation: operation.room).items():
        say_entry(console, room, ", ".join(operation.name for operation in those))
    console.print()
    for module in MODULES:
        say_line(console, (f"{kind_of(module):<16}", "bold"), first_line(module).partition(": ")[2])
    console.print()
    some = next(iter(operations()))
    console.print(Text(f"--list {some} shows the checks of {some}."))


def print_operation(console: Console, name: str) -> None:
    """Print what an operation is, and its checks by kind."""
    operation = operations()[name]
    console.print(Text.assemble((name, "bold"), f"({', '.join(operation.parameters)}), room {operation.room}"))
    console.print(Text(first_line(operation.reference)))
    for kind, checks in grouped(check_names(operation), lambda check: check.partition(": ")[0]).items():
        details = [detail for check in checks if (detail := check.partition(": ")[2])]
        say_entry(console, kind, ", ".join(details) or "one check")


def first_line(thing: object) -> str:
    """The first line of a docstring."""
    return (inspect.getdoc(thing) or "").partition("\n")[0]
