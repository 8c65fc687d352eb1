"""A known deviation is a set of calls: what lies in it is judged apart, and nothing hides behind it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from conformance.outcomes import Severity, Status, Verdict
from conformance.report.data import as_data
from conformance.runner import Run, run
from conformance.verdicts import exit_status, judge
from tests.conformance.plans import plan

BEGINNING = """
import os
import numpy as np

def right(z):
    if not isinstance(z, np.ndarray) or z.dtype.kind != "f" or z.size == 0 or z.ndim == 0:
        raise ValueError("z: wanted an array of floats")
    return np.maximum(z, 0)

def drops_nan(z):
    return np.fmax(right(z), 0)

def has_nan(z):
    return bool(np.isnan(z).any())

def deviation(**changes):
    said = dict(operation="relu", reason="NaN becomes 0", severity="special values", calls=has_nan,
                smallest={"z": np.array([np.nan])}, instead="0", since="1.0")
    return {**said, **changes}
"""


def outcome_of(tmp_path: Path, code: str, **changes: object) -> tuple[Run, str]:
    """A run of a module of some lines."""
    module = tmp_path / "module.py"
    module.write_text(BEGINNING + code, "utf-8")
    return run(plan(str(module), operations=("relu",), **{"time_limit": 5.0, **changes})), str(module)


def statuses(outcome: Run) -> dict[str, Status]:
    return {result.check: result.status for result in outcome.results}


LISTED = "relu = drops_nan\nKNOWN_DEVIATIONS = [deviation()]"


def test_a_call_in_the_set_deviates_as_known(tmp_path: Path) -> None:
    outcome, name = outcome_of(tmp_path, LISTED)
    seen = statuses(outcome)
    assert seen["known deviation: NaN becomes 0"] is Status.DEVIATES
    assert seen["special values: NaN"] is Status.DEVIATES
    assert seen["rounding bound: worst case"] is seen["special values: +infinity"] is Status.PASSED
    found = judge(outcome, name, "relu")
    assert (found.verdict, found.severity) == (Verdict.KNOWN_DEVIATION, Severity.SPECIAL_VALUES)
    assert exit_status(outcome) == 0
    (known,) = as_data(outcome)["known_deviations"]
    assert known["state"] == "deviates"
    assert known["cases"] >= known["deviating"] >= 2


def test_the_list_can_be_ignored(tmp_path: Path) -> None:
    outcome, name = outcome_of(tmp_path, LISTED, excuses=False)
    assert judge(outcome, name, "relu").verdict is Verdict.FAILS
    assert statuses(outcome)["special values: NaN"] is Status.FAILED


def test_a_call_outside_the_set_fails_though_a_deviation_of_its_kind_is_listed(tmp_path: Path) -> None:
    code = "def relu(z): return np.where(z == np.inf, 0, drops_nan(z))\nKNOWN_DEVIATIONS = [deviation()]"
    outcome, name = outcome_of(tmp_path, code)
    seen = statuses(outcome)
    assert seen["special values: +infinity"] is Status.FAILED
    assert seen["special values: NaN"] is Status.DEVIATES
    assert judge(outcome, name, "relu").verdict is Verdict.FAILS
    assert exit_status(outcome) == 1


@pytest.mark.parametrize("body", ["os.abort()", "while True: pass"])
def test_a_deviation_of_numbers_excuses_no_crash_and_no_hang(tmp_path: Path, body: str) -> None:
    code = f"def relu(z):\n    while has_nan(z):\n        {body}\n    return right(z)\nKNOWN_DEVIATIONS = [deviation()]"
    outcome, name = outcome_of(tmp_path, code)
    found = judge(outcome, name, "relu")
    assert (found.verdict, found.severity) == (Verdict.FAILS, Severity.CRASH)
    assert exit_status(outcome) == 1


def test_a_crash_that_is_listed_as_one_is_known_and_not_called_for(tmp_path: Path) -> None:
    code = (
        "def relu(z): return os.abort() if has_nan(z) else right(z)\nKNOWN_DEVIATIONS = [deviation(severity='crash')]"
    )
    outcome, name = outcome_of(tmp_path, code)
    assert statuses(outcome)["known deviation: NaN becomes 0"] is Status.DEVIATES
    assert Status.CRASHED not in statuses(outcome).values()
    found = judge(outcome, name, "relu")
    assert (found.verdict, found.severity) == (Verdict.KNOWN_DEVIATION, Severity.CRASH)


@pytest.mark.parametrize("body", ["os.abort()", "return np.zeros_like(z)"])
def test_a_crash_that_is_survived_for_a_while_is_not_stale(tmp_path: Path, body: str) -> None:
    """Who writes beyond its memory ends the process, or returns wrong numbers, only when that memory was in use."""
    code = f"""
seen = []
def relu(z):
    seen.extend([0] * has_nan(z))
    if has_nan(z) and len(seen) > 12:
        {body}
    return right(z)
KNOWN_DEVIATIONS = [deviation(severity='crash')]
"""
    outcome, _ = outcome_of(tmp_path, code)
    assert statuses(outcome)["known deviation: NaN becomes 0"] is Status.DEVIATES


def test_a_deviation_that_deviates_no_more_is_stale(tmp_path: Path) -> None:
    outcome, name = outcome_of(tmp_path, "relu = right\nKNOWN_DEVIATIONS = [deviation()]")
    assert statuses(outcome)["known deviation: NaN becomes 0"] is Status.STALE
    assert judge(outcome, name, "relu").verdict is Verdict.CONFORMS
    assert exit_status(outcome) == 0
    outcome.plan = replace(outcome.plan, strict=True)
    assert exit_status(outcome) == 1
    assert [entry["state"] for entry in as_data(outcome)["known_deviations"]] == ["stale"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("calls=lambda z: bool((z > 7).any())", "isn't in its own set"),
        ("calls=lambda z: 1 / 0", "isn't in its own set"),
        ("smallest={'x': np.ones(1)}", "arguments that relu doesn't take"),
        ("smallest={'z': np.ones(0)}", "no valid call"),
        ("severity='accepts what it should refuse'", "a valid call"),
    ],
)
def test_a_list_that_says_what_cannot_be_fails(tmp_path: Path, change: str, told: str) -> None:
    outcome, name = outcome_of(tmp_path, f"relu = drops_nan\nKNOWN_DEVIATIONS = [deviation({change})]")
    replay = next(result for result in outcome.results if result.check.startswith("known deviation"))
    assert replay.status is Status.FAILED
    assert told in replay.summary
    assert judge(outcome, name, "relu").verdict is Verdict.FAILS


@pytest.mark.parametrize("change", ["here=False", "dtypes=('float64',)"])
def test_where_it_does_not_occur_nothing_is_excused(tmp_path: Path, change: str) -> None:
    outcome, _ = outcome_of(tmp_path, f"relu = drops_nan\nKNOWN_DEVIATIONS = [deviation({change})]")
    assert statuses(outcome)["special values: NaN"] is Status.FAILED
    assert not any(check.startswith("known deviation") for check in statuses(outcome))


def test_a_leniency_is_told_apart_from_a_wrong_number(tmp_path: Path) -> None:
    code = """
def relu(z):
    if np.ndim(z) == 0:
        raise ValueError("z has no axis")
    return np.maximum(z, 0)
KNOWN_DEVIATIONS = [deviation(reason="takes empty arrays", severity="accepts what it should refuse",
                              calls=lambda z: z.size == 0 and z.dtype.kind == "f", smallest={"z": np.zeros(0)})]
"""
    outcome, name = outcome_of(tmp_path, code)
    assert statuses(outcome)["bad input: z is refused"] is Status.DEVIATES
    assert judge(outcome, name, "relu").severity is Severity.ACCEPTS


def test_bad_manners_can_be_known_too(tmp_path: Path) -> None:
    code = """
def relu(z):
    result = right(z)
    z[...] = 0
    return result
KNOWN_DEVIATIONS = [deviation(reason="works in place", severity="manners", calls=lambda z: True,
                              smallest={"z": np.array([1.0, 2.0])})]
"""
    outcome, name = outcome_of(tmp_path, code)
    assert statuses(outcome)["known deviation: works in place"] is Status.DEVIATES
    assert statuses(outcome)["manners: leaves its inputs alone"] is Status.DEVIATES
    found = judge(outcome, name, "relu")
    assert (found.verdict, found.severity) == (Verdict.KNOWN_DEVIATION, Severity.MANNERS)


def test_memory_that_nobody_wrote_is_found_though_it_may_hold_the_right_answer(tmp_path: Path) -> None:
    # The buffer keeps what the last call left: the same call again would find its own right answer there.
    code = """
buffer = {}
def relu(z):
    if z.size != 3: return right(z)
    result = buffer.setdefault(z.dtype, np.zeros(3, z.dtype)).copy()
    buffer[z.dtype][:] = right(z)
    return result.reshape(z.shape)
KNOWN_DEVIATIONS = [deviation(reason="returns old memory", severity="wrong numbers", calls=lambda z: z.size == 3,
                              smallest={"z": np.array([1.0, 2.0, 3.0])})]
"""
    outcome, name = outcome_of(tmp_path, code)
    assert statuses(outcome)["known deviation: returns old memory"] is Status.DEVIATES
    assert judge(outcome, name, "relu").verdict is Verdict.KNOWN_DEVIATION


def test_what_a_witness_gets_wrong_is_a_finding_and_fails_a_strict_run_only(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text(f"{BEGINNING}\nrelu = drops_nan", "utf-8")
    name = str(module)
    outcome = run(plan(name, "numpy", operations=("relu",), witnesses=(name,)))
    assert judge(outcome, name, "relu").verdict is Verdict.FAILS
    assert exit_status(outcome) == 0
    outcome.plan = replace(outcome.plan, strict=True)
    assert exit_status(outcome) == 1


def test_a_variant_is_a_column_of_its_own_with_its_own_environment(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    wrong = "relu = drops_nan if os.environ.get('MODE') == 'fast' else right"
    module.write_text(f"{BEGINNING}\n{wrong}\nVARIANTS = {{'fast': {{'MODE': 'fast'}}}}", "utf-8")
    name = str(module)
    outcome = run(plan(name, f"{name}:fast", f"{name}:faster", operations=("relu",)))
    assert judge(outcome, name, "relu").verdict is Verdict.CONFORMS
    assert judge(outcome, f"{name}:fast", "relu").verdict is Verdict.FAILS
    assert "wanted one of its variants (fast); got faster" in outcome.unusable[f"{name}:faster"]
