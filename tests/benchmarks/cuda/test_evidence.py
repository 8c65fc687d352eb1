"""The record of a GPU run: refused without one, written whole, kept to its schema, and judged."""

from __future__ import annotations

import argparse
import copy
import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from fast import cuda
from fast.cuda.device import device_count
from tests.benchmarks.cuda import evidence, machine, parts, sanitized
from tests.benchmarks.cuda.judging import complaints, newest
from tests.conformance.report.sample import DATA, result
from tests.fixtures.json_schema import conforms

SCHEMA = json.loads(Path(evidence.__file__).with_name("schema.json").read_text("utf-8"))
RECORDS = sorted(machine.FOLDER.glob("*.json"))

WHERE: dict[str, Any] = {
    "device": {
        "name": "A GPU 80GB",
        "compute_capability": "9.0",
        "multiprocessors": 132,
        "memory_bytes": 1 << 36,
        "driver": "580.1",
        "cuda_of_driver": "13.0",
    },
    "versions": {"python": "3.11.7"},
    "commit": {"hash": "0123456789", "dirty": False},
}


def worst(ulps: float) -> dict[str, Any]:
    return {
        "normal": {"ulps": ulps, "at": "0x1.0000000000000p+0"},
        "subnormal": {"ulps": None, "at": ""},
        "mismatched": 0,
        "first_mismatched": "",
    }


def made_up() -> dict[str, Any]:
    """A record that nothing is wrong with."""
    claims = cuda.PROFILE["float32"]["ulps"]
    functions = {name: worst(claim - 2**-20) for name, claim in claims.items()}
    verdict = {"verdict": "conforms", "severity": None, "reason": "", "deciding": 200, "worst": {"float32": 0.5}}
    conformance = {
        "exit_status": 0,
        "error": "",
        "interrupted": False,
        "cases": 200,
        "seed": 0,
        "seconds": 9.5,
        "checks": 100,
        "operations": {"relu": verdict},
        "broken": [],
    }
    return {
        "schema": "1.0",
        "date": "2026-05-04T03:02:01+00:00",
        **WHERE,
        "ulps": {"float32": {"covered": "every number", "truth_ulps": 2**-26, "functions": functions}},
        "sanitizer": {tool: {"status": "clean", "findings": 0, "said": ""} for tool in parts.TOOLS},
        "conformance": conformance,
    }


def test_what_is_recorded_is_as_described() -> None:
    for path in RECORDS:
        assert conforms(json.loads(path.read_text("utf-8")), SCHEMA, SCHEMA), path


def test_the_newest_record_contradicts_no_claim() -> None:
    record = newest(machine.FOLDER)
    assert record is None or complaints({"ulps": record["ulps"]}) == []


def test_a_good_record() -> None:
    assert conforms(made_up(), SCHEMA, SCHEMA)
    assert complaints(made_up()) == []


def changed(*steps: str, to: Any) -> dict[str, Any]:
    """The good record with something else in one place."""
    record: Any = copy.deepcopy(made_up())
    inside = record
    for step in steps[:-1]:
        inside = inside[step]
    inside[steps[-1]] = to
    return record


@pytest.mark.parametrize("name", cuda.PROFILE["float32"]["ulps"])
def test_an_error_beyond_the_claim_is_complained_of(name: str, tmp_path: Path) -> None:
    """Just beyond it: what the truth itself may be off counts."""
    claim = cuda.PROFILE["float32"]["ulps"][name]
    place = ("ulps", "float32", "functions", name)
    (tmp_path / "record.json").write_text(json.dumps(changed(*place, "normal", "ulps", to=claim)), "utf-8")
    record = newest(tmp_path)
    assert record is not None
    assert complaints(record) == [f"{name} of float32: {claim:.5f} ULPs at 0x1.0000000000000p+0; claimed {claim}"]
    assert len(complaints(changed(*place, "mismatched", to=1))) == 1


def test_other_things_that_are_complained_of() -> None:
    found = "operations", "relu", "verdict"
    assert complaints(changed("conformance", *found, to="fails")) == ["relu: fails"]
    assert complaints(changed("conformance", *found, to="skipped")) == ["relu: skipped"]
    assert complaints(changed("conformance", "exit_status", to=3)) == ["conformance: exit status 3"]
    assert complaints(changed("sanitizer", "racecheck", "status", to="findings")) == ["racecheck: findings"]
    assert complaints(changed("ulps", to={"error": "lost"})) == ["ulps: lost"]


@pytest.mark.parametrize("path", [("date",), ("device", "name"), ("commit", "hash"), ("conformance", "cases")])
def test_what_is_otherwise_does_not_conform(path: tuple[str, ...]) -> None:
    assert not conforms(changed(*path, to=None), SCHEMA, SCHEMA)
    assert not conforms({**made_up(), "surprise": 1}, SCHEMA, SCHEMA)


def test_the_newest_is_the_latest(tmp_path: Path) -> None:
    assert newest(tmp_path) is None
    for name, date in (("a", "2026-02-01"), ("b", "2026-03-01"), ("c", "2026-01-01")):
        (tmp_path / f"{name}.json").write_text(json.dumps({"date": date}), "utf-8")
    assert newest(tmp_path) == {"date": "2026-03-01"}


@pytest.mark.skipif(device_count() > 0, reason="asks what happens on a machine without a GPU")
def test_refused_without_a_device(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert evidence.main([], tmp_path) == evidence.REFUSED
    assert "wanted a CUDA device; got none: Numba CUDA simulator" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_tree_with_changes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(machine.Refused, match="a git repository, or --commit"):
        machine.commit(root=tmp_path)
    assert machine.commit("abcdef0", root=tmp_path) == {"hash": "abcdef0", "dirty": None}
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b.c"]
    for command in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "one"]):
        subprocess.run([*git, *command], check=True)
    found = machine.commit(root=tmp_path)
    assert not found["dirty"]
    recorded = tmp_path / machine.FOLDER.relative_to(machine.ROOT) / "a.json"
    recorded.parent.mkdir(parents=True)
    recorded.write_text("{}")
    assert machine.commit(found["hash"][:8], root=tmp_path) == found
    (tmp_path / "more").write_text("")
    with pytest.raises(machine.Refused, match="a tree without changes"):
        machine.commit(root=tmp_path)
    assert machine.commit(allow_dirty=True, root=tmp_path) == {**found, "dirty": True}
    with pytest.raises(machine.Refused, match="the commit of the tree"):
        machine.commit("abcdef0", allow_dirty=True, root=tmp_path)


def test_parts_that_break_cost_no_other_one_and_later_runs_add_to_earlier_ones(tmp_path: Path) -> None:
    def broken(options: argparse.Namespace) -> Any:
        raise RuntimeError("a lost context")

    good = made_up()
    of: dict[str, Any] = {name: lambda options, name=name: good[name] for name in evidence.PARTS}
    of["sanitizer"] = broken
    some = argparse.Namespace(parts=["ulps", "sanitizer"], cases=1)
    path, record = evidence.gathered(WHERE, some, of, tmp_path)
    assert path.name == f"{record['date'][:10]}-a-gpu-80gb.json"
    assert json.loads(path.read_text("utf-8")) == record
    assert conforms(record, SCHEMA, SCHEMA)
    assert record["sanitizer"] == {"error": "RuntimeError: a lost context"}
    assert record["conformance"] is None
    others = argparse.Namespace(parts=["conformance"], cases=1)
    _, again = evidence.gathered(WHERE, others, of, tmp_path)
    assert {**again, "date": record["date"]} == {**record, "conformance": good["conformance"]}
    elsewhere = {**WHERE, "commit": {"hash": "fedcba9", "dirty": False}}
    _, fresh = evidence.gathered(elsewhere, others, of, tmp_path)
    assert fresh["ulps"] is None
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_a_command_line_that_makes_no_sense(capsys: pytest.CaptureFixture[str]) -> None:
    assert evidence.options_from(["--parts", "conformance,ulps"]).parts == ["ulps", "conformance"]
    with pytest.raises(SystemExit):
        evidence.options_from(["--parts", "times"])
    assert "wanted some of" in capsys.readouterr().err


def test_of_a_report_the_verdicts_are_kept() -> None:
    good = {**DATA, "judgements": [j for j in DATA["judgements"] if j["implementation"] == "good"]}
    kept = parts.digest(good, 7)
    assert conforms({**made_up(), "conformance": kept}, SCHEMA, SCHEMA)
    assert kept["operations"]["relu"]["worst"] == {"float32": 0.5}
    assert kept["operations"]["conv2d"] == {
        "verdict": "skipped", "severity": None, "reason": "no device", "deciding": 0, "worst": {}
    }  # fmt: skip
    assert len(kept["broken"]) > 3


def test_the_worst_of_an_operation_is_that_of_its_checks() -> None:
    numbers = (0.25, 0.75, 0.5)
    results = [result("good", "relu", f"rounding bound: {number}", worst=number) for number in numbers]
    assert parts.worst_of({"results": results}, "relu") == {"float32": 0.75}
    results.append(result("good", "relu", "lattice probes: off by one", worst=None))
    assert parts.worst_of({"results": results}, "relu") == {"float32": None}


@pytest.mark.parametrize(
    ("exit_status", "said", "status", "findings"),
    [
        (0, "========= ERROR SUMMARY: 0 errors", "clean", 0),
        (99, "========= Invalid read\n========= ERROR SUMMARY: 3 errors", "findings", 3),
        (99, "========= RACECHECK SUMMARY: 2 hazards displayed (2 errors, 0 warnings)", "findings", 2),
        (0, "", "exit status 0, and no summary", 0),
        (1, "========= ERROR SUMMARY: 0 errors", "exit status 1, and no summary", 0),
    ],
)
def test_what_a_sanitizer_says_is_understood(exit_status: int, said: str, status: str, findings: int) -> None:
    told = parts.told(exit_status, said)
    assert (told["status"], told["findings"]) == (status, findings)


def test_a_program_that_takes_too_long_is_told_to_end() -> None:
    assert parts.run("sleep", "60", minutes=0.001).returncode == -signal.SIGTERM
    assert parts.run("echo", "done").stdout == "done\n"


def test_the_program_that_is_watched() -> None:
    assert sanitized.main(["relu", "matrix_product_vjp"]) == 12
