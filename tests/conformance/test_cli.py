"""The command line, as a newcomer meets it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from conformance import cli
from conformance.operations import operations

HOMEWORK = '''
import numpy as np

def conv2d(images, filters, *, strides=1, padding="valid"):
    """A convolution as textbooks define it: the kernel is flipped."""
    kernel = filters[::-1, ::-1]
    rows, columns = kernel.shape[:2]
    out_rows, out_columns = images.shape[1] - rows + 1, images.shape[2] - columns + 1
    out = np.zeros((len(images), out_rows, out_columns, kernel.shape[3]), images.dtype)
    for i in range(out_rows):
        for j in range(out_columns):
            out[:, i, j] = np.tensordot(images[:, i:i + rows, j:j + columns], kernel, 3)
    return out
'''


def conformance(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "conformance", *arguments, "--report", str(folder / "report")]
    environment = {**os.environ, "COLUMNS": "400"}
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def test_a_right_implementation_ends_with_0_and_three_reports(tmp_path: Path) -> None:
    done = conformance("numpy", "--only", "relu", "softmax", "--cases", "20", folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Nothing fails" in done.stdout
    report = json.loads((tmp_path / "report" / "report.json").read_text("utf-8"))
    assert {v["verdict"] for v in report["verdicts"]} == {"conforms"}
    assert (tmp_path / "report" / "index.html").read_text("utf-8").startswith("<!doctype html>")


def test_a_students_mistake_ends_with_1_and_can_be_reproduced(tmp_path: Path) -> None:
    homework = tmp_path / "homework.py"
    homework.write_text(HOMEWORK, "utf-8")
    done = conformance(str(homework), "--only", "conv2d", "--cases", "20", "--dtype", "float32", folder=tmp_path)
    assert done.returncode == 1
    for word in ("wanted", "came", "reproduce", "worked examples: mechanics"):
        assert word in done.stdout
    report = json.loads((tmp_path / "report" / "report.json").read_text("utf-8"))
    failed = next(r for r in report["results"] if r["check"] == "lattice probes")
    assert failed["status"] == "failed"
    # The snippet runs, and prints two different answers.
    again = subprocess.run([sys.executable, "-c", failed["reproduction"]], capture_output=True, text=True, check=True)
    assert "array" in failed["reproduction"]
    assert len(again.stdout.strip()) > 0
    suites = ElementTree.parse(tmp_path / "report" / "junit.xml").getroot()
    assert int(suites[0].attrib["failures"]) == len(suites.findall("testsuite/testcase/failure")) > 0


def test_the_list_names_every_operation_and_kind(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--list"]) == 0
    listed = capsys.readouterr().out
    for name in operations():
        assert name in listed
    for kind in ("worked examples", "lattice probes", "rounding bound", "laws", "gradients", "special values"):
        assert kind in listed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--only", "conv3d"], "conv3d"),
        (["--cases", "0"], "positive"),
        (["--seed", "now"], "'random'"),
        (["--dtype", "int8"], "float32"),
    ],
)
def test_a_call_that_makes_no_sense_ends_with_2(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(arguments)
    assert end.value.code == 2
    assert message in capsys.readouterr().err
