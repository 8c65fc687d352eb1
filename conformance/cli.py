"""The command line: `conformance`, or `python -m conformance`."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
from collections.abc import Sequence
from typing import Any

from rich import progress
from rich.console import Console

from conformance.checking import Result
from conformance.journal import Journal
from conformance.options import Options, options_from
from conformance.outcomes import Role
from conformance.plan import Plan
from conformance.report import require_writable, terminal, write
from conformance.report.annotations import annotations as annotations_of
from conformance.report.changes import read_former
from conformance.report.data import as_data
from conformance.runner import Progress, Run, Task, run
from conformance.vectors.command import main as vectors

#: The exit status of a call that makes no sense.
USAGE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    _print_anything()
    given = sys.argv[1:] if arguments is None else arguments
    if given and given[0] == "vectors":
        return vectors(given[1:])
    options = options_from(given)
    console = Console()
    if options.list is not None:
        with console.capture() as printed:
            if options.list:
                terminal.print_operation(console, options.list)
            else:
                terminal.print_catalogue(console)
        _print_to_whoever_reads(printed.get().rstrip("\n"))
        return 0
    # Before anything is run: hours later is too late to find that there is nowhere to write to.
    try:
        require_writable(options.report)
        since = read_former(options.since) if options.since else None
        journal = (Journal.reopen if options.go_on else Journal.begin)(options.report, options.plan)
    except (OSError, ValueError) as error:
        print(f"conformance: {error}", file=sys.stderr)
        return USAGE
    outcome = _run_with_progress(options, journal)
    if not outcome.interrupted:
        journal.close()
    return _finish(outcome, options, since, console)


def _finish(outcome: Run, options: Options, since: dict[str, Any] | None, console: Console) -> int:
    """Write the report, and only then print: whoever reads may close the terminal, or not know its letters."""
    data = as_data(outcome)
    status = int(data["exit_status"])
    try:
        write(data, options.report, since)
    except OSError as error:
        print(f"conformance: the report can't be written: {error}", file=sys.stderr)
        status = status or 3
    with console.capture() as printed:
        terminal.print_report(data, console, homework=options.homework, since=since)
        console.print(f"Report: {options.report / 'index.html'}; report.json and junit.xml beside it.", soft_wrap=True)
    _print_to_whoever_reads("\n".join([printed.get().rstrip("\n"), *annotations_of(data, os.environ)]))
    return status


def _print_to_whoever_reads(text: str) -> None:
    """Print to stdout, which may have been closed, as `| head` does."""
    with contextlib.suppress(BrokenPipeError):
        print(text, flush=True)
        return
    # Nobody reads any more. Python would complain once more when it flushes at its end.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class Bar(Progress):
    """Progress on the terminal: how much is done, at which check, and how long the rest will take."""

    def __init__(self, plan: Plan, bar: progress.Progress) -> None:
        self.plan, self.bar, self.parts = plan, bar, dict[Task, float]()
        self.shown = bar.add_task("checking", total=len(plan.implementations) * len(plan.operations))

    def advance(self, task: Task, fraction: float) -> None:
        self._show(task, fraction, "")

    def finish(self, task: Task, results: list[Result]) -> None:
        broken = sum(result.status.broken for result in results)
        judged = self.plan.role(task.implementation) is Role.JUDGED
        self._show(task, 1.0, f": {broken} checks fail" if broken and judged else "")

    def _show(self, task: Task, fraction: float, found: str) -> None:
        self.parts[task] = fraction
        description = f"{task.implementation} {task.operation}{found}"
        self.bar.update(self.shown, completed=sum(self.parts.values()), description=description)


def _run_with_progress(options: Options, journal: Journal) -> Run:
    columns = (
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.TaskProgressColumn(),
        progress.TimeElapsedColumn(),
        progress.TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    shown = progress.Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    with shown as bar, _terminable():
        return run(options.plan, Bar(options.plan, bar), journal)


@contextlib.contextmanager
def _terminable() -> Any:
    """Let an order to end be obeyed as Ctrl-C is: what is done is kept and reported."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _print_anything() -> None:
    """Let no letter that the terminal doesn't know cost the report."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


if __name__ == "__main__":
    sys.exit(main())
