"""Dozens of hostile implementations in one run: each costs its own verdict, and no verdict is lost."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from conformance.checks import check_names
from conformance.operations import operations
from conformance.outcomes import Status, Verdict
from conformance.runner import Run, run
from conformance.verdicts import exit_status, judge
from tests.conformance.hostile import AT_IMPORT, IN_THE_CALL, write_modules
from tests.conformance.plans import plan

pytestmark = pytest.mark.xdist_group("hostile")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, dict[str, str]]:
    """One run of all of them, and the path of each by what it does."""
    paths = write_modules(tmp_path_factory.mktemp("hostile"))
    return run(plan("numpy", *paths.values(), operations=("relu",), time_limit=4.0)), paths


def processes(folder: str) -> list[str]:
    """The command lines of all processes that were told something of a folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if folder in line:
                found.append(line)
    return found


@pytest.mark.parametrize("what", IN_THE_CALL)
def test_what_a_function_does_costs_its_own_verdict(hostile: tuple[Run, dict[str, str]], what: str) -> None:
    outcome, paths = hostile
    _, verdict, status = IN_THE_CALL[what]
    results = [result for result in outcome.results if result.implementation == paths[what]]
    assert judge(outcome, paths[what], "relu").verdict == verdict, results
    assert [result.check for result in results] == check_names(operations()["relu"])
    assert Status.ERROR not in {result.status for result in results}, results
    if status:
        assert status in {result.status for result in results}, results


@pytest.mark.parametrize("what", AT_IMPORT)
def test_what_an_import_does_costs_its_own_column(hostile: tuple[Run, dict[str, str]], what: str) -> None:
    outcome, paths = hostile
    assert judge(outcome, paths[what], "relu").verdict is Verdict.UNUSABLE
    assert AT_IMPORT[what][1] in outcome.unusable[paths[what]]


def test_the_others_are_judged_as_if_they_were_alone(hostile: tuple[Run, dict[str, str]]) -> None:
    outcome, _ = hostile
    assert outcome.error == ""
    assert judge(outcome, "numpy", "relu").verdict is Verdict.CONFORMS
    assert exit_status(outcome) == 1


def test_no_process_is_left(hostile: tuple[Run, dict[str, str]]) -> None:
    _, paths = hostile
    folder = os.path.dirname(next(iter(paths.values())))
    end = time.monotonic() + 10
    while processes(folder) and time.monotonic() < end:
        time.sleep(0.1)
    assert processes(folder) == []


def test_a_hang_costs_its_limit_once(hostile: tuple[Run, dict[str, str]]) -> None:
    outcome, paths = hostile
    seconds = [r.seconds for r in outcome.results if r.implementation == paths["never comes back"]]
    assert sum(second > 3.0 for second in seconds) == 1


def test_a_crash_says_which_call_and_where(hostile: tuple[Run, dict[str, str]]) -> None:
    outcome, paths = hostile
    of = paths["aborts on NaN"]
    crashed = next(r for r in outcome.results if r.implementation == of and r.status is Status.CRASHED)
    assert crashed.check == "special values: NaN"
    assert "SIGABRT" in crashed.summary
    assert "np.nan" in crashed.arguments
    assert "in relu" in crashed.came


def test_long_and_unprintable_texts_are_made_fit_for_any_report(hostile: tuple[Run, dict[str, str]]) -> None:
    outcome, paths = hostile
    for result in outcome.results:
        for text in (result.summary, result.wanted, result.came, result.arguments, result.printed):
            assert len(text) < 5000
            assert all(sign.isprintable() or sign in "\t\n" for sign in text)
    surrogate = next(r for r in outcome.results if r.implementation == paths["raises a lone surrogate"] and r.came)
    assert "\\ud800 \\x00" in surrogate.came
