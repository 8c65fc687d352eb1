"""The command line: `python -m conformance`."""

from __future__ import annotations

import argparse
import os
import random
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from conformance.checking import Result, check_names
from conformance.implementation import DTYPES
from conformance.operations import operations
from conformance.report import terminal, write
from conformance.runner import Plan, Run, run
from conformance.verdicts import succeeded

DEFAULT_IMPLEMENTATIONS = ("fast.cpu", "fast.cuda", "tensorflow")

DESCRIPTION = """\
Check implementations of deep learning's basic operations against the reference.

An implementation conforms if it is at least as accurate as the reference algorithm itself would be, executed in the
implementation's own arithmetic, in the least favourable order of summation. No tolerance is chosen by hand: the
reference, run on numbers that carry their error bounds, says how large an error may be.
"""

EXAMPLES = """\
examples:
  python -m conformance                                    the three implementations of this project
  python -m conformance tensorflow --only conv2d softmax   two operations of TensorFlow
  python -m conformance homework.py --only conv2d          a student's function, in a file of its own
  python -m conformance --list                             what can be checked, and how

An implementation is any module, or .py file, with functions of the reference's names and signatures over NumPy
arrays. A function that it doesn't have is 'not provided'. Exit status: 0 if nothing fails, 1 if something does,
2 if the call makes no sense.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    console = Console()
    if options.list:
        terminal.print_catalogue(console)
        return 0
    unknown = [name for name in options.only if name not in operations()]
    if unknown:
        parser.error(f"--only: wanted operations of --list; got {', '.join(unknown)}")
    seed = random.SystemRandom().randrange(2**32) if options.seed == "random" else int(options.seed)
    plan = Plan(
        implementations=tuple(dict.fromkeys(options.implementations)),
        operations=tuple(name for name in operations() if not options.only or name in options.only),
        dtypes=tuple(options.dtype or DTYPES),
        cases=options.cases,
        seed=seed,
        time_limit=options.time_limit,
        memory=options.memory or _share_of_memory(options.jobs),
        jobs=options.jobs,
    )
    outcome = _run_with_progress(plan, console)
    terminal.print_report(outcome, console)
    folder = Path(options.report)
    write(outcome, folder)
    console.print(f"Report: {folder / 'index.html'}, report.json and junit.xml beside it; seed {seed}.")
    return 0 if succeeded(outcome) else 1


def _run_with_progress(plan: Plan, console: Console) -> Run:
    total = sum(len(check_names(operation)) for operation in plan.operations)
    total *= len(plan.dtypes) * len(plan.implementations)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("checking", total=total)

        def progress(result: Result | None, change: int) -> None:
            if result is None:
                bar.update(task, total=(bar.tasks[0].total or 0) + change)
                return
            bar.update(task, advance=1, description=f"{result.implementation} {result.operation}")
            if result.broken and not result.reason:
                bar.console.print(f"[red]{result.status}[/]: {result.implementation} {result.operation} {result.check}")

        return run(plan, progress)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m conformance",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add(
        "implementations",
        nargs="*",
        metavar="IMPLEMENTATION",
        default=DEFAULT_IMPLEMENTATIONS,
        help=f"a module's name or a .py file (default: {' '.join(DEFAULT_IMPLEMENTATIONS)})",
    )
    add("--only", nargs="+", metavar="NAME", default=[], help="check these operations only")
    add("--dtype", choices=DTYPES, action="append", help="check this dtype only (default: both)")
    add(
        "--cases",
        type=_positive,
        default=0,
        metavar="N",
        help="deciding cases for each operation and dtype; other checks scale with it (default: 200, or what the "
        "implementation asks for)",
    )
    add(
        "--seed", type=_seed, default="0", metavar="S", help="a number, or 'random' (default: 0; same seed, same cases)"
    )
    add(
        "--report",
        default="report",
        metavar="DIR",
        help="folder for index.html, report.json, junit.xml (default: report)",
    )
    add("--time-limit", type=float, default=120.0, metavar="SECONDS", help="for each check (default: 120)")
    cores = os.cpu_count() or 1
    add("--jobs", type=_positive, default=cores, metavar="N", help=f"worker processes side by side (default: {cores})")
    add("--memory", type=_positive, default=0, metavar="GIB", help="what each worker may allocate (default: its share)")
    add("--list", action="store_true", help="list the operations and their checks, and exit")
    return parser


def _share_of_memory(jobs: int) -> int:
    """An equal part of the machine's memory, in gibibytes: what runs out of it costs one check, not the machine."""
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return max(2, total // jobs >> 30)


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"wanted a positive integer; got {text}")
    return value


def _seed(text: str) -> str:
    if text != "random" and not text.isdigit():
        raise argparse.ArgumentTypeError(f"wanted a number or 'random'; got {text}")
    return text


if __name__ == "__main__":
    sys.exit(main())
