"""What the command line says, checked: a call that makes no sense ends here, with one line that says why."""

from __future__ import annotations

import argparse
import importlib.util
import math
import os
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from conformance.checks import KINDS, NUMBERS
from conformance.implementation import DTYPES
from conformance.operations import operations
from conformance.plan import DEFAULT_CASES, WITNESS_CASES, Plan

#: What is checked where nothing is named: ours are judged, TensorFlow is a witness.
DEFAULT_JUDGED, DEFAULT_WITNESSES = ("fast.cpu", "fast.cuda"), ("tensorflow",)

DESCRIPTION = """\
Check implementations of deep learning's operations against the reference.

An implementation conforms if it is at least as accurate as the reference algorithm itself would be, executed in the
implementation's own arithmetic, in the least favourable order of summation. No tolerance is chosen by hand: the
reference, run on numbers that carry their error bounds, says how large an error may be.
"""

EXAMPLES = """\
examples:
  conformance                                   fast.cpu and fast.cuda, with TensorFlow as a witness
  conformance tensorflow --only conv2d,softmax  two operations of TensorFlow
  conformance tensorflow tensorflow:eigen       TensorFlow as it is, and without oneDNN
  conformance homework.py --kind numbers        a student's functions, numbers only
  conformance --list conv2d                     what is checked of conv2d
  conformance vectors --only conv2d DIR         test vectors as JSON, for other languages; see its own --help

An implementation is any module, or .py file, with functions of the reference's names and signatures over NumPy
arrays. A function that it doesn't have is 'not provided'. What is named is judged; a witness's failures are findings,
which fail the run with --strict only.

exit status: 0 if nothing fails, 1 if something does or nothing was checked, 2 if the call makes no sense, 3 if the
suite itself went wrong, 130 if it was interrupted.

Implementations run in processes of their own, and results are judged outside of them. Still, who means to deceive can:
a module may call the reference, or list any call as a known deviation (--no-excuses ignores such lists).
"""


@dataclass(frozen=True)
class Options:
    """A command line that makes sense."""

    plan: Plan
    report: Path
    since: Path | None
    #: None: nothing to list; empty: everything; else an operation
    list: str | None
    #: whether a run that was interrupted is continued
    go_on: bool = False

    @property
    def homework(self) -> bool:
        """Whether students' files, and nothing else, are checked."""
        return all(name.endswith(".py") for name in self.plan.implementations)


def options_from(arguments: Sequence[str] | None) -> Options:
    """Read a command line; a wrong one ends the program with exit status 2."""
    parser = _parser()
    said = parser.parse_args(arguments)
    if said.list and said.list not in operations():
        parser.error(f"--list: wanted an operation; got {said.list}")
    judged = tuple(dict.fromkeys(said.implementations))
    witnesses = tuple(said.witness) if judged or said.witness else DEFAULT_WITNESSES
    judged = judged or DEFAULT_JUDGED
    for name in (*judged, *witnesses):
        if problem := _problem_with(name):
            parser.error(problem)
    plan = Plan(
        implementations=tuple(dict.fromkeys((*judged, *witnesses))),
        operations=chosen_operations(parser, said.only),
        dtypes=tuple(dict.fromkeys(said.dtype)) or DTYPES,
        cases=said.cases,
        seed=seed_from(said.seed),
        time_limit=said.time_limit,
        memory=said.memory or _share_of_memory(said.jobs),
        jobs=said.jobs,
        witnesses=tuple(name for name in witnesses if name not in judged),
        kinds=_kinds(parser, said.kind),
        strict=said.strict,
        excuses=not said.no_excuses,
        thorough=said.thorough,
    )
    since = Path(said.since) if said.since else None
    return Options(plan, Path(said.report), since, said.list, said.go_on)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="conformance",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    cores = os.cpu_count() or 1
    add("implementations", nargs="*", metavar="IMPLEMENTATION", help="a module's name, module:variant, or a .py file")
    add("--witness", action="append", default=[], metavar="NAME", help="look at this too, without judging it")
    add("--only", action="append", default=[], metavar="NAMES", help="these operations or rooms only, with commas")
    kinds = f"these kinds of checks only: {', '.join(KINDS)}; or 'numbers', the first five"
    add("--kind", action="append", default=[], metavar="KINDS", help=kinds)
    add("--dtype", choices=DTYPES, action="append", default=[], help="this dtype only (default: both)")
    cases = (
        "cases drawn for each operation and dtype that must decide; sweeps and other checks scale with it "
        f"(default: what an implementation asks for, or {DEFAULT_CASES}, or {WITNESS_CASES} of a witness)"
    )
    add("--cases", type=positive, default=0, metavar="N", help=cases)
    thorough = "sweep the whole small box of every operation, and triples of the edges; this takes hours"
    add("--thorough", action="store_true", help=thorough)
    go_on = "continue a run that was interrupted, with the same options: what it has checked is kept"
    add("--continue", action="store_true", dest="go_on", help=go_on)
    seed = "a number, or 'random' (default: 0; same seed, same cases)"
    add("--seed", type=seed_text, default="0", metavar="S", help=seed)
    strict = "fail for what a witness gets wrong, and for stale deviations, too"
    add("--strict", action="store_true", help=strict)
    add("--no-excuses", action="store_true", help="ignore what implementations list as known deviations")
    folder = "folder for index.html, report.json, junit.xml (default: report)"
    add("--report", default="report", metavar="DIR", help=folder)
    add("--since", metavar="OLD.json", help="tell what has changed since a former report.json")
    limit = "for a call, and for an import (default: 120)"
    add("--time-limit", type=_seconds, default=120.0, metavar="SECONDS", help=limit)
    add("--jobs", type=positive, default=cores, metavar="N", help=f"judges side by side (default: {cores})")
    memory = "what each implementation's process may allocate (default: its share)"
    add("--memory", type=positive, default=0, metavar="GIB", help=memory)
    add("--list", nargs="?", const="", metavar="OPERATION", help="list what can be checked, or an operation's checks")
    return parser


def chosen_operations(parser: argparse.ArgumentParser, only: list[str]) -> tuple[str, ...]:
    """The operations named, alone or by their room; all if none is."""
    names = [name for text in only for name in text.split(",") if name]
    rooms = {operation.room for operation in operations().values()}
    unknown = [name for name in names if name not in operations() and name not in rooms]
    if unknown or (only and not names):
        parser.error(f"--only: wanted operations or rooms of --list; got {', '.join(unknown) or 'nothing'}")
    return tuple(name for name, o in operations().items() if not names or name in names or o.room in names)


def _kinds(parser: argparse.ArgumentParser, said: list[str]) -> tuple[str, ...]:
    names = [name.strip() for text in said for name in text.split(",") if name.strip()]
    wanted = {kind for name in names for kind in (NUMBERS if name == "numbers" else (name,))}
    unknown = sorted(wanted - set(KINDS))
    if unknown or (said and not names):
        parser.error(f"--kind: wanted {', '.join(KINDS)}, or numbers; got {', '.join(unknown) or 'nothing'}")
    return tuple(kind for kind in KINDS if not names or kind in wanted)


def _problem_with(name: str) -> str:
    """What is wrong with an implementation's name, as far as can be told without running anything of it."""
    if name.endswith(".py"):
        return "" if Path(name).is_file() else f"{name}: no such file"
    module = name.partition(":")[0]
    if importlib.util.find_spec(f"conformance.implementations.{module}") if module.isidentifier() else False:
        return ""
    try:
        found = importlib.util.find_spec(module.partition(".")[0])
    except (ImportError, ValueError):
        found = None
    local = Path(f"{module.partition('.')[0]}.py").is_file() or Path(module.partition(".")[0]).is_dir()
    return "" if found or (module and local) else f"{name}: no such module; give a module's name or a .py file"


def _share_of_memory(jobs: int) -> int:
    """An equal part of the machine's memory, in gibibytes: what runs out of it costs one check, not the machine."""
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return max(2, total // jobs >> 30)


def positive(text: str) -> int:
    """A number that counts something."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"wanted a positive integer; got {text}")
    return int(text)


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"wanted a positive number of seconds; got {text}")
    return value


def seed_text(text: str) -> str:
    """What the command line says of a seed, if it makes sense."""
    if text != "random" and not text.isdecimal():
        raise argparse.ArgumentTypeError(f"wanted a number or 'random'; got {text}")
    return text


def seed_from(text: str) -> int:
    """The seed that was named, or a random one."""
    return random.SystemRandom().randrange(2**32) if text == "random" else int(text)
