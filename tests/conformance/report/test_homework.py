"""What a student reads: the first failure of each function, small."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from conformance.plan import Plan
from conformance.report.data import as_data
from conformance.report.terminal import print_report
from conformance.runner import run
from tests.conformance.homework import HOMEWORK


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("student")
    (folder / "homework.py").write_text(HOMEWORK, "utf-8")
    kinds = ("worked examples", "rounding bound", "manners")
    operations = ("relu", "softmax", "conv2d", "tanh")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        plan = Plan(("homework.py",), operations, ("float32", "float64"), 3, 0, 60.0, 8, 1, kinds=kinds)
        return as_data(run(plan))


def printed(data: dict[str, Any], *operations: str) -> list[str]:
    """The lines of a report on some of the operations, as a terminal of 80 columns shows them."""
    some = {
        **data,
        "judgements": [j for j in data["judgements"] if not operations or j["operation"] in operations],
        "results": [r for r in data["results"] if not operations or r["operation"] in operations],
    }
    file = io.StringIO()
    print_report(some, Console(file=file, width=80), homework=True)
    lines = file.getvalue().splitlines()
    return [
        line[start : start + 80] for line in lines for start in range(0, max(1, 80 * math.ceil(len(line) / 80)), 80)
    ]


def test_a_flipped_kernel_fits_twenty_five_lines(data: dict[str, Any]) -> None:
    lines = printed(data, "conv2d")
    assert len(lines) <= 25
    said = "\n".join(lines)
    assert "homework.py:4: ≠ wrong numbers" in said
    assert "worked examples: mechanics: result[0, 1, 1, 0] is off" in said
    assert "printed  images of (1, 3, 3, 1)" in said
    assert "images = np.array([[[[0.4], [0.9], [0.1]]" in said  # float64: the digits that the slide prints
    assert said.count("result[0, 1, 1, 0] is off") == 1
    assert "fail for the same function: " in said
    assert "1 of 1 fails." in said


def test_a_forgotten_return_says_so(data: dict[str, Any]) -> None:
    assert "nothing was returned: is a return missing?" in "\n".join(printed(data, "relu"))


def test_an_exception_says_the_students_own_line(data: dict[str, Any]) -> None:
    said = "\n".join(printed(data, "softmax"))
    assert "NameError: name 'nothing' is not defined" in said
    assert "homework.py, line 20: return z / nothing" in said


def test_a_function_that_is_not_there_is_one_line(data: dict[str, Any]) -> None:
    lines = [line for line in printed(data) if "tanh" in line]
    assert lines == ["Not there, and not checked, are 1: tanh"]


def test_a_file_that_cannot_be_loaded_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("homework.py").write_text("def relu(z)\n    return z\n", "utf-8")
    plan = Plan(("homework.py",), ("relu",), ("float64",), 1, 0, 60.0, 8, 1, kinds=("worked examples",))
    said = "\n".join(printed(as_data(run(plan))))
    assert "can't be loaded" in said
    assert "SyntaxError" in said
    assert "line 1" in said
