"""Whatever an implementation does to itself costs one check, and no verdict is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.runner import Plan, Run, run
from conformance.verdicts import stale_deviations, succeeded, verdicts

HOSTILE = """
import os
import numpy as np

KNOWN_DEVIATIONS = {
    ("softmax", "special values"): "gives zeros for NaN",
    ("softmax", "laws: sums to one"): "listed, but it does sum to one",
}

def relu(z):
    if np.isnan(z).any():
        os.abort()
    return np.maximum(z, 0)

def sigmoid(z):
    while np.isnan(z).any():
        pass
    return 1 / (1 + np.exp(-z))

def tanh(z):
    if np.isnan(z).any():
        np.ones((1 << 33,), z.dtype)
    return np.tanh(z)

def relu_vjp(z, cotangent):
    raise RuntimeError("no gradient today")

def softmax(z):
    if not isinstance(z, np.ndarray) or z.dtype.kind != "f" or z.ndim == 0 or z.size == 0:
        raise ValueError("z: wanted an array")
    with np.errstate(all="ignore"):
        e = np.exp(z - z.max(axis=-1, keepdims=True))
        return np.nan_to_num(e / e.sum(axis=-1, keepdims=True))
"""
OPERATIONS = ("relu", "sigmoid", "tanh", "relu_vjp", "softmax", "dense")


def plan(*implementations: str, **changes: object) -> Plan:
    given: dict[str, object] = {
        "implementations": implementations,
        "operations": OPERATIONS,
        "dtypes": ("float32",),
        "cases": 8,
        "seed": 0,
        "time_limit": 3.0,
        "memory": 4,
        "jobs": 2,
    }
    return Plan(**{**given, **changes})  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def hostile_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    path = tmp_path_factory.mktemp("implementations") / "hostile.py"
    path.write_text(HOSTILE, "utf-8")
    return run(plan(str(path)), lambda result, change: None)


def statuses(outcome: Run, operation: str) -> dict[str, str]:
    return {result.check: result.status for result in outcome.results if result.operation == operation}


def test_a_crash_costs_the_check_it_happens_in(hostile_run: Run) -> None:
    seen = statuses(hostile_run, "relu")
    assert seen["special values: NaN"] == "crashed"
    assert seen["rounding bound"] == seen["special values: +infinity"] == "passed"
    crashed = next(r for r in hostile_run.results if r.operation == "relu" and r.status == "crashed")
    assert "SIGABRT" in crashed.summary


def test_a_hang_is_ended_by_the_time_limit(hostile_run: Run) -> None:
    assert statuses(hostile_run, "sigmoid")["special values: NaN"] == "timed out"


def test_running_out_of_memory_is_told_as_such(hostile_run: Run) -> None:
    assert statuses(hostile_run, "tanh")["special values: NaN"] == "out of memory"


def test_an_exception_on_good_input_fails_with_a_reproduction(hostile_run: Run) -> None:
    failed = next(r for r in hostile_run.results if r.operation == "relu_vjp" and r.check == "rounding bound")
    assert failed.status == "failed"
    assert "no gradient today" in failed.came
    assert "relu_vjp(z, cotangent)" in failed.reproduction


def test_every_check_has_a_result_all_the_same(hostile_run: Run) -> None:
    from conformance.checking import check_names

    for operation in OPERATIONS[:-1]:
        assert list(statuses(hostile_run, operation)) == check_names(operation)


def test_verdicts_tell_them_apart(hostile_run: Run) -> None:
    by_operation = {verdict.operation: verdict.verdict for verdict in verdicts(hostile_run)}
    assert by_operation == {
        "relu": "fails",
        "sigmoid": "fails",
        "tanh": "fails",
        "relu_vjp": "fails",
        "softmax": "known deviation",
        "dense": "not provided",
    }
    assert not succeeded(hostile_run)


def test_a_known_deviation_that_deviates_no_more_is_stale(hostile_run: Run) -> None:
    assert [(stale.operation, stale.check) for stale in stale_deviations(hostile_run)] == [
        ("softmax", "laws: sums to one")
    ]


def test_what_cannot_be_loaded_is_told_and_does_not_succeed(tmp_path: Path) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("import no_such_module_anywhere\n", "utf-8")
    outcome = run(plan(str(broken), operations=("relu",)), lambda result, change: None)
    assert "no_such_module_anywhere" in outcome.unusable[str(broken)]
    assert [verdict.verdict for verdict in verdicts(outcome)] == ["can't be loaded"]
    assert not succeeded(outcome)


def test_an_implementation_of_nothing_does_not_succeed(tmp_path: Path) -> None:
    empty = tmp_path / "empty.py"
    empty.write_text("", "utf-8")
    assert not succeeded(run(plan(str(empty), operations=("relu",)), lambda result, change: None))


def test_the_same_seed_gives_the_same_results() -> None:
    def numbers(seed: int) -> list[object]:
        outcome = run(plan("numpy", operations=("dense",), seed=seed), lambda result, change: None)
        return [(r.check, r.status, r.deciding, r.undecidable, r.vacuous, r.worst) for r in outcome.results]

    assert numbers(1) == numbers(1)
    assert numbers(1) != numbers(2)
