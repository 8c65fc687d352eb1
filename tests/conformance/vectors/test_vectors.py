"""Test vectors say what the reference says, and whoever reads them can tell right from wrong."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.cli import main
from conformance.implementation import load
from conformance.operations import operations
from conformance.schedules import Schedule
from conformance.vectors.command import FOLDER, vectors
from conformance.vectors.encoding import DIGITS, decimal, encoded
from tests.fixtures.json_schema import conforms

SCHEMA = json.loads((FOLDER / "schema.json").read_text("utf-8"))
CASES = 6


def decoded(value: Any) -> Any:
    """An argument as it was."""
    if isinstance(value, list):
        # Names of tensors, and the operations of a graph, are plain data as they stand.
        plain = any(isinstance(part, str) or (isinstance(part, dict) and "kind" in part) for part in value)
        return value if plain else tuple(map(decoded, value))
    if isinstance(value, dict):
        return Schedule(tuple(value["rates"])) if "rates" in value else array(value)
    return value


def array(value: dict[str, Any]) -> Any:
    numbers = [float(number) if isinstance(number, str) else number for number in value["values"]]
    return np.array(numbers, value["dtype"]).reshape(value["shape"])


def parts(result: Any) -> Iterator[Any]:
    """The arrays of a result, and its numbers as arrays without axes."""
    if isinstance(result, tuple):
        for part in result:
            yield from parts(part)
    else:
        yield np.asarray(result)


def errors_of(data: dict[str, Any], function: Any) -> Iterator[tuple[Fraction, float]]:
    """How far off each number that a function returns is, and how far off it may be."""
    operation = operations()[data["operation"]]
    for case in data["cases"]:
        arguments = {name: decoded(value) for name, value in case["arguments"].items()}
        came = list(parts(operation.call(function, arguments)))
        for wanted, values in zip(case["results"], came, strict=True):
            assert list(values.shape) == wanted["shape"]
            for number, exact, allowed in zip(values.ravel(), wanted["exact"], wanted["allowed"], strict=True):
                if allowed is not None and exact not in ("NaN", "Infinity", "-Infinity"):
                    yield abs(Fraction(number.item()) - Fraction(exact)), allowed


@pytest.mark.parametrize("name", list(operations()))
def test_vectors_keep_the_schema_and_a_right_implementation_keeps_to_them(name: str) -> None:
    data = json.loads(json.dumps(vectors(operations()[name], "float32", CASES, 0), allow_nan=False))
    assert conforms(data, SCHEMA, SCHEMA)
    # Of integers many tie, and a choice among ties is for nobody to decide.
    assert CASES // 2 <= len(data["cases"]) <= CASES
    numpy = load("numpy")
    if name in numpy.not_provided:
        pytest.skip(f"NumPy: {numpy.not_provided[name]}")
    judged = list(errors_of(data, numpy.function(name)))
    assert judged
    assert all(error <= allowed for error, allowed in judged)


def test_a_wrong_implementation_doesnt_keep_to_them() -> None:
    data = vectors(operations()["dense"], "float32", 20, 0)
    wrong = list(errors_of(data, lambda x, w, b: x @ w + b * np.float32(1.000001)))
    assert any(error > allowed for error, allowed in wrong)


@given(st.fractions(), st.integers(0, 300))
def test_the_digits_are_right_to_half_a_unit_of_the_last_one(value: Fraction, places: int) -> None:
    binary = Fraction(value.numerator, 2**places)
    text, lost = decimal(binary, DIGITS)
    assert abs(Fraction(text) - binary) == lost
    assert lost <= abs(binary) / 10 ** (DIGITS - 1) / 2
    assert decimal(binary, None) == (decimal(binary, None)[0], 0)


def test_special_numbers_and_schedules_are_plain_data() -> None:
    schedule = Schedule((0.5, 0.25))
    assert encoded((math.inf, -math.inf, [1, None])) == ["Infinity", "-Infinity", [1, None]]
    assert encoded(np.array([[math.nan, 1]])) == {"dtype": "float64", "shape": [1, 2], "values": ["NaN", 1.0]}
    assert decoded(encoded(schedule)) == schedule
    with pytest.raises(TypeError, match="object has no place in test vectors"):
        encoded(object())


def test_the_command_writes_a_file_for_each_operation_and_dtype(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["vectors", "--only", "linear,relu", "--dtype", "float32", "--cases", "3", str(tmp_path)]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        ["reader.js", "schema.json"]
        + [f"{name}.float32.json" for name, o in operations().items() if o.room == "linear" or name == "relu"]
    )
    assert "cases of" in capsys.readouterr().out
    assert main(["vectors", "--only", "relu", str(tmp_path / "relu.float32.json")]) == 2
    with pytest.raises(SystemExit) as stopped:
        main(["vectors", "--only", "nothing", str(tmp_path)])
    assert stopped.value.code == 2


@pytest.mark.skipif(shutil.which("node") is None, reason="node isn't installed")
@pytest.mark.parametrize(
    ("line", "mistake"),
    [
        ("", ""),
        ("F + f];", "F + F - 1 - f];"),
        (">> 1 : 0;\n  const left", "+ 1 >> 1 : 0;\n  const left"),
        ("Math.fround(sum + ", "Math.fround(1.0000001 * sum + "),
        ("Math.ceil(H / SH)", "Math.ceil(H / SW)"),
    ],
)
def test_javascript_is_judged_without_python(tmp_path: Path, line: str, mistake: str) -> None:
    main(["vectors", "--only", "conv2d", "--dtype", "float32", "--cases", "60", str(tmp_path)])
    reader = tmp_path / "reader.js"
    text = reader.read_text("utf-8")
    assert line in text
    reader.write_text(text.replace(line, mistake) if line else text, "utf-8")
    done = subprocess.run(["node", reader, tmp_path / "conv2d.float32.json"], capture_output=True, text=True)
    assert done.returncode == (1 if mistake else 0), done.stdout + done.stderr
    assert ("60 of 60 cases conform" in done.stdout) != bool(mistake)
