"""What every report is made from."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from conformance.checking import Result
from conformance.outcomes import Severity, Status
from conformance.plan import Plan
from conformance.report import environment
from conformance.report.data import as_data
from conformance.runner import Run

RUBBISH = "\x1b[31m\ud800" + "x" * 60_000


def hello(**said: Any) -> dict[str, Any]:
    nothing: dict[str, Any] = {"provides": {"relu": ""}, "skipped": {}, "not_provided": {}, "deviations": []}
    return {"description": "", "cases": None, **nothing, **said}


def outcome(**more: Any) -> Run:
    return Run(Plan(("a", "b"), ("relu", "tanh"), ("float32",), 0, 0, 1.0, 1, 1), **more)


def test_texts_are_capped_and_printable_wherever_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["conformance", RUBBISH])
    entry = {"operation": "relu", "severity": "crash", "dtypes": ("float32",), "here": True, "where": "", "since": ""}
    said = {**entry, "reason": RUBBISH, "smallest": RUBBISH, "instead": RUBBISH, "reported": RUBBISH}
    data = as_data(
        outcome(
            hellos={"a": hello(description=RUBBISH, skipped={"relu": RUBBISH}, deviations=[said])},
            unusable={"b": RUBBISH},
            error=RUBBISH,
        )
    )
    text = json.dumps(data, ensure_ascii=False)
    text.encode("utf-8")
    assert "\x1b" not in text
    assert "x" * 5000 not in text
    assert text.count("\\\\x1b[31m\\\\ud800") == 11


def test_infinities_are_null_and_programs_whole() -> None:
    program = "x" * 9000
    broken = Result("a", "relu", "float32", "laws", "laws", Status.FAILED, Severity.MANNERS, worst=math.inf)
    broken.reproduction = program
    data = as_data(outcome(hellos={"a": hello()}, results=[broken]))
    assert data["results"][0]["worst"] is None
    assert data["results"][0]["reproduction"] == program
    assert data["results"][0]["status"] == "failed"


def test_what_was_not_run_is_not_called_absent() -> None:
    data = as_data(outcome(hellos={"a": hello()}, interrupted=True))
    said = {(j["implementation"], j["operation"]): (j["verdict"], j["reason"]) for j in data["judgements"]}
    assert said["a", "relu"] == ("skipped", "not run: the run ended before")
    assert said["b", "tanh"] == ("skipped", "not run: the run ended before")
    assert said["a", "tanh"] == ("not provided", "the implementation has no such function")


def test_the_environment_tells_features_and_switches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", "another program's")
    monkeypatch.setattr("sys.argv", ["x", "two words"])
    found = environment.environment()
    assert "TF_ENABLE_ONEDNN_OPTS=0" in found["switches"]
    assert "TF_CLI" not in found["switches"]
    assert found["command"] == "conformance 'two words'"
    assert {"date", "commit", "processor", "cores", "system", "Python", "numpy"} <= set(found)
