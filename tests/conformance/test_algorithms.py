"""Claims of algorithms: where a text is looked for, that it is proved before it is used, and what it allows."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import reference
from conformance import runner
from conformance.algorithms import claimed_algorithms, place_of
from conformance.backend import LocalBackend
from conformance.checking import Result, run_check
from conformance.comparison import Nonconforming, within_bounds_of
from conformance.implementation import UnknownImplementation, load
from conformance.operations import operations
from conformance.outcomes import Severity, Status, Verdict
from conformance.plain_text import NotPlain
from conformance.processes import ROOT
from conformance.proof import compare_texts, may_be_the_same, proofs
from conformance.runner import Run, run
from conformance.subject import Subject
from conformance.verdicts import judge
from reference.alternatives import half_tanh_sigmoid, winograd_conv2d
from reference.arrays import elementwise
from reference.elementary import exp, tanh
from reference.numbers import Arithmetic, Rounded
from tests.conformance.plans import plan

SINGLE = Arithmetic("float32", flush_to_zero=False)
HERE = {"module": "texts", "file": __file__, "name": "sigmoid"}


def subject(operation: str, algorithm: Any, function: Any = None, dtype: str = "float32") -> Subject:
    backend = LocalBackend(function or getattr(load("numpy").module, operation))
    return Subject(operations()[operation], backend, Arithmetic(dtype), 40, 0, algorithm=algorithm)


def proved(operation: str, algorithm: Any, dtype: str = "float32") -> Result:
    (proof,) = proofs(algorithm)
    return run_check("numpy", subject(operation, algorithm, dtype=dtype), proof)


# --- the proof --------------------------------------------------------------------------------------------------------


def off_by_a_little(z: Any) -> Any:
    """Too large by 10⁻³⁰: no double would show it."""
    return elementwise(lambda x: (tanh(x / 2) + 1) / 2 + reference.sigmoid([x])[0] * x / 10**30, z)


def unlike_beyond_100(z: Any) -> Any:
    return elementwise(lambda x: exp(x) / (1 + exp(x)) if x < 100 else (tanh(x) + 3) / 2, z)


def of_another_shape(z: Any) -> Any:
    return reference.flatten(reference.sigmoid(z))[:1]


def divides_by_zero(z: Any) -> Any:
    return elementwise(lambda x: (tanh(x / 2) + 1) / 2 if x != 0 else 1 / 0, z)


def never_decided(z: Any) -> Any:
    return elementwise(lambda x: exp(x * x + 10**6), z)


def without_its_last_column(images: Any, filters: Any, *, strides: Any = 1, padding: str = "valid") -> Any:
    whole = winograd_conv2d(images, filters, strides=strides, padding=padding)
    wide = len(whole[0][0]) > 1
    return [[[*row[:-1], [0 * value for value in row[-1]]] if wide else row for row in image] for image in whole]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_what_computes_the_same_is_proved(dtype: str) -> None:
    result = proved("sigmoid", half_tanh_sigmoid, dtype)
    assert (result.status, result.kind) == (Status.PASSED, "claimed algorithm"), result
    assert result.check == "claimed algorithm: half_tanh_sigmoid"
    assert result.deciding >= 8


@pytest.mark.parametrize(
    ("operation", "text"),
    [
        ("sigmoid", off_by_a_little),
        ("sigmoid", unlike_beyond_100),
        ("sigmoid", of_another_shape),
        ("sigmoid", divides_by_zero),
        ("conv2d", without_its_last_column),
    ],
)
def test_what_computes_something_else_is_found_with_a_call(operation: str, text: Any) -> None:
    result = proved(operation, text)
    assert (result.status, result.severity) == (Status.FAILED, Severity.WRONG_NUMBERS), result
    assert result.summary == "the claimed algorithm computes something else than the reference"
    assert result.wanted != result.came
    assert "np.array(" in result.arguments


def test_no_digit_that_isnt_known_refutes_a_text() -> None:
    """Where numbers are computed by series, by cancelling exponentials, or next to an overflow."""
    texts = subject("sigmoid", half_tanh_sigmoid, dtype="float64")
    for exponent in range(-300, 3):
        z = np.array([1, -1, 1.9, 0.99], "float64") * 10.0**exponent * 2
        assert compare_texts(texts, {"z": z}).deciding == 4, exponent


def test_a_text_of_which_nothing_can_be_told_proves_nothing() -> None:
    result = proved("sigmoid", never_decided)
    assert (result.status, result.deciding) == (Status.FAILED, 0)


def test_enclosures_decide_where_they_are_known() -> None:
    third = Rounded(1, SINGLE) / 3
    assert may_be_the_same(third, third + Rounded.within(third.error, SINGLE, 0.0)) is True
    assert may_be_the_same(third, third + Rounded.within(4 * third.error, SINGLE, 0.0)) is False
    assert may_be_the_same(Rounded(float("nan"), SINGLE), third) is None
    assert may_be_the_same(third, third.unbounded(False)) is None
    assert (may_be_the_same(1, 1), may_be_the_same(1, 2)) == (True, False)


# --- what is allowed --------------------------------------------------------------------------------------------------


def test_the_value_is_the_references_and_the_bound_the_texts() -> None:
    arguments = {"z": np.array([-20.0, 0.5], "float32")}
    own, claimed = subject("sigmoid", None), subject("sigmoid", half_tanh_sigmoid)
    of_reference, expected = own.expected(arguments), claimed.expected(arguments)
    of_text = half_tanh_sigmoid([Rounded(z, Arithmetic("float32")) for z in (-20.0, 0.5)])
    assert [number.value for number in expected] == [number.value for number in of_reference]
    assert [number.error for number in expected] == [number.error for number in of_text]
    assert expected[0].error > 10**6 * of_reference[0].error


def test_on_integers_nothing_is_allowed_to_who_computes_without_rounding() -> None:
    images, filters = np.arange(16.0).reshape(1, 4, 4, 1), np.arange(-4.0, 5.0).reshape(3, 3, 1, 1)
    expected = subject("conv2d", winograd_conv2d).expected({"images": images, "filters": filters})
    assert {number.error for number in reference.flatten(expected)} == {0.0}


def test_where_an_algorithm_has_no_number_anything_may_come() -> None:
    one, nan, infinity = (Rounded(value, SINGLE) for value in (1, float("nan"), float("inf")))
    cases = [(one, one, 0.0), (nan, one, float("inf")), (one, infinity, float("inf"))]
    for bound, value, allowed in cases:
        assert within_bounds_of([bound], [value], SINGLE)[0].error == allowed
    assert within_bounds_of([infinity], [infinity], SINGLE)[0].value == float("inf")
    assert within_bounds_of([1], [1], SINGLE) == [1]


def test_a_text_that_fails_in_a_call_fails_the_check_and_not_the_suite() -> None:
    with pytest.raises(Nonconforming, match="can't compute this call") as failure:
        subject("sigmoid", divides_by_zero).expected({"z": np.zeros(1)})
    assert failure.value.came == "ZeroDivisionError: division by zero"


# --- where a text is --------------------------------------------------------------------------------------------------


def test_a_text_of_the_reference_is_taken_from_the_judges_own() -> None:
    place = {**place_of(winograd_conv2d), "file": "/somewhere/else.py"}
    assert claimed_algorithms({"conv2d": place}, operations()) == {"conv2d": winograd_conv2d}


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (None, "wanted places of texts"),
        ({"sigmoid": "half_tanh"}, "wanted places of texts"),
        ({"sigmoid": {"module": "m", "name": "n"}}, "wanted places of texts"),
        ({"sigmoid": {**HERE, "module": "reference.gone"}}, r"ALGORITHMS\['sigmoid'\]: the reference has no"),
        ({"sigmoid": {**HERE, "module": "reference.elementary", "name": "localcontext"}}, "the reference has no"),
        ({"sigmoid": {**HERE, "module": "reference.numbers", "name": "Rounded"}}, "the reference has no"),
        ({"sigmoid": {**HERE, "module": "reference.numbers.arithmetic", "name": "dataclass"}}, "the reference has no"),
        ({"sigmoid": {**place_of(winograd_conv2d)}}, r"wanted the arguments \(z\) as sigmoid takes them; got \(images"),
        ({"sigmoid": HERE}, "test_algorithms.py, line 5: a text imports names of the reference's rooms"),
    ],
)
def test_a_claim_that_cant_be_taken_says_why(said: Any, why: str) -> None:
    with pytest.raises(NotPlain, match=why):
        claimed_algorithms(said, operations())


def test_what_is_no_function_cant_be_claimed(tmp_path: Path) -> None:
    for said, why in (("{'relu': max}", "wanted a function"), ("{'rleu': f}", "rleu"), ("[f]", "wanted a dict")):
        (tmp_path / "module.py").write_text(f"def f(z):\n    return z\nALGORITHMS = {said}", "utf-8")
        with pytest.raises(UnknownImplementation, match=why):
            load(str(tmp_path / "module.py")).says(list(operations()))


# --- all of it --------------------------------------------------------------------------------------------------------

TEXTS = """
from reference.elementary import exp, tanh
from reference.arrays import elementwise

def by_tanh(z):
    return elementwise(lambda x: (tanh(x / 2) + 1) / 2, z)

def by_another(z):
    return elementwise(lambda x: (tanh(x / 2) + 1) / 2 + exp(x) / 10**9, z)
"""
MODULE = """
import sys
sys.path.append({folder!r})
import numpy as np
import own_texts
from reference.alternatives import half_tanh_sigmoid

def inner(z):
    return z

def sigmoid(z):
    return ((np.tanh(z / 2) + 1) / 2).astype(z.dtype)

def relu(z):
    return np.maximum(z, 0)

ALGORITHMS = {{"sigmoid": {text}}}
PROFILE = {{"float32": {{"flush_to_zero": False}}}}
"""
CLAIMS = {
    "nothing": "inner}; ALGORITHMS = {",
    "ours": "half_tanh_sigmoid",
    "its own": "own_texts.by_tanh",
    "another": "own_texts.by_another",
    "beside imports": "inner",
    "a lambda": "lambda z: z",
}


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, dict[str, str]]:
    """One run of the same function under different claims, and the path of each."""
    folder = tmp_path_factory.mktemp("claims")
    (folder / "own_texts.py").write_text(TEXTS, "utf-8")
    paths = {name: str(folder / f"{name.replace(' ', '_')}.py") for name in CLAIMS}
    for name, text in CLAIMS.items():
        Path(paths[name]).write_text(MODULE.format(folder=str(folder), text=text), "utf-8")
    kinds = ("rounding bound", "laws")
    return run(plan(*paths.values(), operations=("sigmoid", "relu"), cases=60, kinds=kinds)), paths


@pytest.mark.parametrize("claim", ["ours", "its own"])
def test_a_claim_is_proved_first_and_buys_its_bounds(outcome: tuple[Run, dict[str, str]], claim: str) -> None:
    done, paths = outcome
    assert judge(done, paths[claim], "sigmoid").verdict is Verdict.CONFORMS
    first, *others = [r for r in done.results if (r.implementation, r.operation) == (paths[claim], "sigmoid")]
    assert (first.kind, first.status) == ("claimed algorithm", Status.PASSED)
    assert {result.kind for result in others} == {"rounding bound", "laws"}
    relu = [r.kind for r in done.results if (r.implementation, r.operation) == (paths[claim], "relu")]
    assert "claimed algorithm" not in relu, "nothing is claimed of it"


def test_without_the_claim_the_same_function_fails(outcome: tuple[Run, dict[str, str]]) -> None:
    done, paths = outcome
    assert judge(done, paths["nothing"], "sigmoid").verdict is Verdict.FAILS
    assert "claimed algorithm" not in {r.kind for r in done.results if r.implementation == paths["nothing"]}


def test_a_claim_of_something_else_fails_and_the_program_shows_it(outcome: tuple[Run, dict[str, str]]) -> None:
    done, paths = outcome
    first = next(r for r in done.results if r.implementation == paths["another"] and r.operation == "sigmoid")
    assert (first.kind, first.status) == ("claimed algorithm", Status.FAILED)
    assert judge(done, paths["another"], "sigmoid").verdict is Verdict.FAILS
    assert judge(done, paths["another"], "relu").verdict is Verdict.CONFORMS
    shown = subprocess.run(
        [sys.executable, "-c", first.reproduction], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert [line[:8] for line in shown] == ["wanted  ", "came    "]
    assert shown[0][8:] != shown[1][8:]


@pytest.mark.parametrize(
    ("claim", "why"),
    [
        ("beside imports", "beside_imports.py, line 2: a text imports names of the reference's rooms, .*: import sys"),
        ("a lambda", "no function <lambda>|line 2: a text imports"),
    ],
)
def test_a_text_that_isnt_plain_makes_its_implementation_unusable(
    outcome: tuple[Run, dict[str, str]], claim: str, why: str
) -> None:
    done, paths = outcome
    for operation in ("sigmoid", "relu"):
        assert judge(done, paths[claim], operation).verdict is Verdict.UNUSABLE
    assert re.search(why, done.unusable[paths[claim]])


def test_a_text_that_never_ends_costs_its_own_operation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "endless_text.py").write_text("def endless(z):\n    return sum(0 for _ in range(10**15))", "utf-8")
    text = MODULE.format(folder=str(tmp_path), text="endless").replace("own_texts", "endless_text")
    path = tmp_path / "module.py"
    path.write_text(text.replace('"sigmoid": endless', '"sigmoid": endless_text.endless'), "utf-8")
    monkeypatch.setattr(runner, "JUDGING_SECONDS", 8.0)
    done = run(plan(str(path), operations=("sigmoid", "relu"), kinds=("laws",), time_limit=2.0))
    assert judge(done, str(path), "relu").verdict is Verdict.CONFORMS
    of = [result for result in done.results if result.operation == "sigmoid"]
    assert next(result.check for result in of) == "claimed algorithm: endless"
    assert {result.status for result in of} == {Status.NO_RESULT}
