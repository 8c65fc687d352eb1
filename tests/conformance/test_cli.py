"""The command line, as a newcomer meets it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from conformance.checks import KINDS, NUMBERS
from conformance.operations import operations
from conformance.options import DEFAULT_JUDGED, DEFAULT_WITNESSES, options_from
from conformance.processes import ROOT
from tests.conformance.homework import HOMEWORK


def conformance(
    *arguments: str, folder: Path, started: tuple[str, ...] = ("-m",), **environment: str
) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, *started, "conformance", *arguments]
    paths = {"PYTHONPATH": str(ROOT), "COLUMNS": "80", **environment}
    return subprocess.run(command, capture_output=True, env={**os.environ, **paths}, check=False, cwd=folder)


def report(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "report" / "report.json").read_text("utf-8")))


def test_a_right_implementation_ends_with_0_and_three_reports(tmp_path: Path) -> None:
    done = conformance("numpy", "--only", "relu,softmax", "--cases", "20", folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert b"Nothing fails" in done.stdout
    assert {j["verdict"] for j in report(tmp_path)["judgements"]} == {"conforms"}
    assert (tmp_path / "report" / "index.html").read_text("utf-8").startswith("<!doctype html>")


def test_a_student_sees_the_first_failure_of_each_function_small(tmp_path: Path) -> None:
    (tmp_path / "homework.py").write_text(HOMEWORK, "utf-8")
    done = conformance("homework.py", "--only", "conv2d,relu", "--cases", "20", "--kind", "numbers", folder=tmp_path)
    assert done.returncode == 1
    printed = done.stdout.decode()
    for text in ("homework.py:4", "images of", "worked examples", "wanted", "came", "is a return missing?"):
        assert text in printed, printed
    assert len(printed.splitlines()) <= 50, printed
    suites = ElementTree.parse(tmp_path / "report" / "junit.xml").getroot()
    assert int(suites[0].attrib["failures"]) == len(suites.findall("testsuite/testcase/failure")) > 0
    assert {result["kind"] for result in report(tmp_path)["results"]} <= set(NUMBERS)


@pytest.mark.parametrize("name", ["reference", "fast", "conformance", "numpy"])
def test_a_students_file_hides_none_of_ours(tmp_path: Path, name: str) -> None:
    (tmp_path / f"{name}.py").write_text("raise SystemExit('the wrong file was imported')", "utf-8")
    (tmp_path / "homework.py").write_text("import numpy as np\ndef relu(z):\n    return np.maximum(z, 0)\n", "utf-8")
    # As the installed command is started, which doesn't look for modules in the folder where it is called.
    call = ["homework.py", "--only", "relu", "--cases", "5", "--kind", "numbers"]
    done = conformance(*call, folder=tmp_path, started=("-P", "-m"))
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_closed_pipe_and_a_terminal_of_few_letters_cost_no_report(tmp_path: Path) -> None:
    command = f"{sys.executable} -m conformance numpy --only relu --cases 5 | head -1; exit ${{PIPESTATUS[0]}}"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(["bash", "-c", command], capture_output=True, env=environment, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr
    assert report(tmp_path)["exit_status"] == 0


def test_a_report_that_cannot_be_written_is_told_before_the_run(tmp_path: Path) -> None:
    (tmp_path / "report").write_text("a file, where a folder is wanted", "utf-8")
    done = conformance("numpy", "--only", "relu", folder=tmp_path)
    assert done.returncode == 2
    assert done.stderr.count(b"\n") == 1


def test_what_has_changed_since_a_former_report_is_told(tmp_path: Path) -> None:
    module = tmp_path / "homework.py"
    module.write_text("import numpy as np\ndef relu(z):\n    return np.abs(z)\n", "utf-8")
    call = ["homework.py", "--only", "relu", "--cases", "5", "--kind", "numbers"]
    assert conformance(*call, folder=tmp_path).returncode == 1
    (tmp_path / "report" / "report.json").rename(tmp_path / "old.json")
    module.write_text("import numpy as np\ndef relu(z):\n    return np.maximum(z, 0)\n", "utf-8")
    assert conformance(*call, "--since", "old.json", folder=tmp_path).returncode == 0
    assert "Since" in (tmp_path / "report" / "index.html").read_text("utf-8")


def test_annotations_are_printed_where_a_build_server_reads_them(tmp_path: Path) -> None:
    (tmp_path / "homework.py").write_text("def relu(z):\n    return z\n", "utf-8")
    call = ["homework.py", "--only", "relu", "--cases", "5", "--kind", "numbers"]
    done = conformance(*call, folder=tmp_path, GITHUB_ACTIONS="true")
    assert b"::error" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--only", "conv3d"], "conv3d"),
        (["--only", ""], "nothing"),
        (["--kind", "luck"], "luck"),
        (["--cases", "0"], "positive"),
        (["--cases", "many"], "positive"),
        (["--jobs", "-1"], "positive"),
        (["--memory", "0.5"], "positive"),
        (["--time-limit", "0"], "positive"),
        (["--time-limit", "nan"], "positive"),
        (["--seed", "now"], "'random'"),
        (["--dtype", "int8"], "float32"),
        (["--list", "conv3d"], "conv3d"),
        (["homewrok.py"], "no such file"),
        (["tensorflwo"], "no such module"),
        (["--only", "conv2d", "softmax"], "softmax: no such module"),
    ],
)
def test_a_call_that_makes_no_sense_ends_with_2(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        options_from(arguments)
    assert end.value.code == 2
    assert message in capsys.readouterr().err.splitlines()[-1]


def test_the_default_judges_ours_and_lets_tensorflow_be_a_witness() -> None:
    plan = options_from([]).plan
    assert plan.implementations == (*DEFAULT_JUDGED, *DEFAULT_WITNESSES)
    assert plan.witnesses == DEFAULT_WITNESSES
    assert options_from(["tensorflow"]).plan.witnesses == ()
    assert options_from(["numpy", "--witness", "tensorflow"]).plan.witnesses == ("tensorflow",)


def test_rooms_and_kinds_can_be_chosen() -> None:
    assert set(options_from(["--only", "pooling"]).plan.operations) == {
        name for name, operation in operations().items() if operation.room == "pooling"
    }
    assert options_from(["--only", "relu", "--only", "pooling"]).plan.operations[0] == "relu"
    assert options_from(["--kind", "laws,manners"]).plan.kinds == ("laws", "manners")
    assert options_from([]).plan.kinds == KINDS
    assert options_from([]).plan.operations == tuple(operations())
