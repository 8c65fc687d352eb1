"""The report tells what a GPU showed last, and plainly that there was none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from conformance.report.gpu_run import gpu_run


def operation(verdict: str, **worst: float | None) -> dict[str, Any]:
    return {"verdict": verdict, "worst": worst}


RECORD: dict[str, Any] = {
    "date": "2026-05-04T03:02:01+00:00",
    "device": {"name": "A GPU"},
    "commit": {"hash": "0123456789abcdef", "dirty": False},
    "conformance": {
        "cases": 200,
        "operations": {
            "relu": operation("conforms", float32=0.0, float64=0.0),
            "softmax": operation("conforms", float32=0.75, float64=0.5),
            "dense": operation("fails", float32=None),
            "flatten": operation("not provided"),
        },
    },
    "ulps": {"float32": {"functions": {"exp": {"normal": {"ulps": 1.234}}, "log": {"normal": {"ulps": None}}}}},
}


def told(folder: Path, **changes: Any) -> str:
    (folder / "record.json").write_text(json.dumps({**RECORD, **changes}), "utf-8")
    return gpu_run(["fast.cuda"], folder)


def test_a_record_is_told(tmp_path: Path) -> None:
    assert told(tmp_path) == (
        "A GPU, 2026-05-04, 0123456789ab: 2 × conforms, 1 × fails (dense), 1 × not provided, "
        "of 200 cases each; largest errors in parts of the allowed one: ∞ dense float32, 0.75 softmax float32, "
        "0.50 softmax float64; ULPs of float32: exp 1.23"
    )


def test_the_newest_counts(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps({**RECORD, "date": "2026-06-01"}), "utf-8")
    assert told(tmp_path).startswith("A GPU, 2026-06-01, ")


def test_parts_that_are_missing_or_went_wrong_are_said_to(tmp_path: Path) -> None:
    changes = {"commit": {"hash": "0" * 40, "dirty": True}, "ulps": {"error": "lost"}}
    assert told(tmp_path, conformance=None, **changes).endswith(", 000000000000 with changes: the suite wasn't run")
    assert told(tmp_path, conformance={"error": "no memory"}, **changes).endswith("the suite went wrong: no memory")


def test_that_there_is_none_is_said_plainly(tmp_path: Path) -> None:
    assert gpu_run(["fast.cpu", "fast.cuda"], tmp_path) == "no run on a GPU has been recorded"


def test_nothing_is_said_where_there_is_nothing_to_say(tmp_path: Path) -> None:
    assert gpu_run(["fast.cpu", "tensorflow"], tmp_path) == ""
    assert gpu_run(["fast.cuda"], tmp_path / "elsewhere") == ""


def test_a_record_that_is_none_costs_no_report(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("[1", "utf-8")
    assert gpu_run(["fast.cuda"], tmp_path).startswith("the record of a run can't be read: JSONDecodeError")
    (tmp_path / "a.json").write_text('{"date": 1}', "utf-8")
    assert gpu_run(["fast.cuda"], tmp_path).startswith("the record of a run can't be read: KeyError")
