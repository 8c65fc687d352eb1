"""Many seeds and cases, by hand: at how many seeds each wrong implementation is caught, and each right one passes.

`python -m tests.conformance.power.long_run --seeds 5 --cases 2000 --only right` prints a table, and ends with status 1
if a right implementation failed, or a wrong one wasn't caught as it was entered.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from conformance.checking import Result, run_check
from conformance.checks import checks_of
from conformance.outcomes import Status
from tests.conformance.power.entered import BASE, RIGHT_IMPLEMENTATIONS, WRONG_IMPLEMENTATIONS, subject
from tests.conformance.power.entering import BOTH

PASSED = (Status.PASSED, Status.NOT_APPLICABLE)


@dataclass
class Outcome:
    """What came of one implementation at one seed."""

    name: str
    is_right: bool
    as_entered: bool
    by_any: bool
    seconds: float = 0.0
    deciding: int = 0
    #: the checks that failed, of a wrong implementation the first one only
    failed: list[str] = field(default_factory=list)


def results(operation: str, function: Callable[..., Any], cases: int, seed: int) -> Iterator[Result]:
    """What becomes of every check, in the order of the kinds, in both dtypes."""
    subjects = [subject(operation, function, dtype, cases, seed) for dtype in BOTH]
    for check in checks_of(subjects[0].operation):
        for looked_at in subjects:
            yield run_check(BASE.name, looked_at, check)


def look_at_right(place: int, cases: int, seed: int) -> Outcome:
    """Run every check."""
    right = RIGHT_IMPLEMENTATIONS[place]
    seen = list(results(right.operation, right.function, cases, seed))
    failed = [f"{result.check} ({result.dtype}): {result.summary}" for result in seen if result.status not in PASSED]
    return Outcome(right.name, True, not failed, not failed, deciding=sum(r.deciding for r in seen), failed=failed)


def look_at_wrong(place: int, cases: int, seed: int) -> Outcome:
    """Run the checks that are to catch it, and the others until one does."""
    wrong = WRONG_IMPLEMENTATIONS[place]
    cases = max(cases, wrong.cases)
    caught = [
        _caught(subject(wrong.operation, wrong.function, dtype, cases, seed), kind)
        for kind in wrong.caught_by
        for dtype in wrong.dtypes
    ]
    failed = [result for result in caught if result]
    if not failed:
        every = results(wrong.operation, wrong.function, cases, seed)
        failed = [next((result for result in every if result.status is Status.FAILED), None)]
    first = [f"{result.check} ({result.dtype})" for result in failed[:1] if result]
    return Outcome(wrong.name, False, all(caught), bool(first), failed=first)


def _caught(looked_at: Any, kind: str) -> Result | None:
    checks = (check for check in checks_of(looked_at.operation) if check.name.startswith(kind))
    outcomes = (run_check(BASE.name, looked_at, check) for check in checks)
    return next((result for result in outcomes if result.status is Status.FAILED), None)


def look(is_right: bool, place: int, cases: int, seed: int) -> Outcome:
    """One implementation at one seed, in a process of the pool."""
    start = time.monotonic()
    outcome = (look_at_right if is_right else look_at_wrong)(place, cases, seed)
    outcome.seconds = time.monotonic() - start
    return outcome


def line(outcomes: list[Outcome]) -> str:
    """The table's line of one implementation."""
    first, count = outcomes[0], len(outcomes)
    entered, caught = sum(o.as_entered for o in outcomes), sum(o.by_any for o in outcomes)
    told = sorted({text for outcome in outcomes for text in outcome.failed})
    seconds = sum(outcome.seconds for outcome in outcomes) / count
    kind = f"right, {sum(o.deciding for o in outcomes)} deciding" if first.is_right else "wrong"
    return f"{first.name:<64}{kind:<26}{entered}/{count}  {caught}/{count}  {seconds:6.1f} s  {'; '.join(told)[:200]}"


def submitted(pool: ProcessPoolExecutor, asked: argparse.Namespace) -> list[tuple[Future[Outcome], ...]]:
    """For each implementation what comes at each seed; those of one operation and seed together, to share its calls."""
    entered: list[Any] = [(True, *pair) for pair in enumerate(RIGHT_IMPLEMENTATIONS) if asked.only != "wrong"]
    entered += [(False, *pair) for pair in enumerate(WRONG_IMPLEMENTATIONS) if asked.only != "right"]
    named = [entry for entry in entered if asked.named in entry[2].name]
    runs: list[tuple[Future[Outcome], ...]] = []
    for operation in sorted({implementation.operation for _, _, implementation in named}):
        some = [entry[:2] for entry in named if entry[2].operation == operation]
        seeds = [[pool.submit(look, *entry, asked.cases, seed) for entry in some] for seed in range(asked.seeds)]
        runs += zip(*seeds, strict=True)
    return runs


def main(arguments: list[str]) -> int:
    """Run what is asked for, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.conformance.power.long_run", description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--cases", type=int, default=200, help="a wrong implementation gets at least its own number")
    parser.add_argument("--only", choices=("right", "wrong"))
    parser.add_argument("--named", default="", help="only implementations whose names contain this")
    parser.add_argument("--jobs", type=int, default=2)
    asked = parser.parse_args(arguments)
    print(f"{'implementation':<90}as entered / by any check, seconds a seed, which")
    good = total = 0
    with ProcessPoolExecutor(asked.jobs) as pool:
        for run in submitted(pool, asked):
            outcomes = [future.result() for future in run]
            print(line(outcomes), flush=True)
            good, total = good + all(outcome.as_entered for outcome in outcomes), total + 1
    print(f"\n{good} of {total} passed, or were caught as entered, at each of {asked.seeds} seeds")
    return int(good < total)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
