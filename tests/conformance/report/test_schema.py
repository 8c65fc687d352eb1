"""The shape of report.json is the one that schema.json describes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import conformance.report
from conformance.outcomes import Role, Severity, Status, Verdict
from conformance.plan import Plan
from conformance.report.data import SCHEMA_VERSION, as_data
from conformance.runner import run
from tests.conformance.report.sample import DATA, sample

SCHEMA = json.loads((Path(conformance.report.__file__).parent / "schema.json").read_text("utf-8"))

TYPES: dict[str, Any] = {
    "object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "boolean": bool,
    "null": type(None),
}  # fmt: skip

MODULE = """
import numpy as np

KNOWN_DEVIATIONS = [
    dict(operation="relu", reason="NaN becomes 0", severity="special values", calls=lambda z: bool(np.isnan(z).any()),
         smallest={"z": np.array([np.nan])}, instead="0", since="1.0"),
]
SKIPPED = {"tanh": "no device"}

def relu(z):
    return np.where(np.isnan(z), np.zeros_like(z), np.maximum(z, 0))

def tanh(z):
    return z

def softmax(z):
    return np.full_like(z, 2)
"""


def complaints(value: Any, schema: dict[str, Any], where: str = "report") -> Iterator[str]:
    """What is wrong with a value, by as much of JSON Schema as schema.json uses."""
    if "$ref" in schema:
        schema = SCHEMA["$defs"][schema["$ref"].removeprefix("#/$defs/")]
    if "anyOf" in schema and all(list(complaints(value, one, where)) for one in schema["anyOf"]):
        yield f"{where}: {value!r} is none of those"
    if "type" in schema:
        boolean = isinstance(value, bool) and schema["type"] != "boolean"
        if boolean or not isinstance(value, TYPES[schema["type"]]):
            yield f"{where}: {value!r} is no {schema['type']}"
            return
    if value not in schema.get("enum", [value]) or not re.search(schema.get("pattern", ""), str(value)):
        yield f"{where}: {value!r} may not be"
    if "minimum" in schema and value < schema["minimum"]:
        yield f"{where}: {value!r} is too small"
    if isinstance(value, dict):
        yield from (f"{where}: {name} is missing" for name in schema.get("required", ()) if name not in value)
        for name, part in value.items():
            inner = schema["properties"].get(name, schema["additionalProperties"])
            yield from complaints(part, inner, f"{where}.{name}") if inner else [f"{where}: {name} is too much"]
    if isinstance(value, list):
        for place, part in enumerate(value):
            yield from complaints(part, schema["items"], f"{where}[{place}]")


def nodes(schema: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every property that is described, and every thing in a list."""
    if isinstance(schema, dict):
        for name, part in {**schema.get("properties", {}), **schema.get("$defs", {})}.items():
            yield name, part
        for part in schema.values():
            yield from nodes(part)


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The data of a real run, in which much goes wrong."""
    folder = tmp_path_factory.mktemp("real")
    (folder / "faulty.py").write_text(MODULE, "utf-8")
    (folder / "broken.py").write_text("raise ImportError('no \\ud800')", "utf-8")
    names = (str(folder / "faulty.py"), str(folder / "broken.py"))
    operations = ("relu", "tanh", "softmax", "conv2d")
    kinds = ("worked examples", "rounding bound", "special values")
    plan = Plan(names, operations, ("float32",), 3, 0, 60.0, 8, 1, witnesses=names[1:], kinds=kinds)
    return as_data(run(plan))


def test_real_data_is_as_described(real: dict[str, Any]) -> None:
    assert list(complaints(real, SCHEMA)) == []
    verdicts = {judgement["verdict"] for judgement in real["judgements"]}
    assert verdicts == {"known deviation", "skipped", "fails", "not provided", "can't be loaded"}
    assert json.loads(json.dumps(real, allow_nan=False)) == real
    assert real["known_deviations"][0]["state"] == "deviates"
    assert real["known_deviations"][0]["deviating"] > 0


def test_the_sample_is_as_described() -> None:
    assert list(complaints(DATA, SCHEMA)) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("seed", True),
        ("seed", -1),
        ("seed", "0"),
        ("exit_status", 2),
        ("schema", "2.0"),
        ("surprise", 1),
        ("error", None),
    ],
)
def test_what_is_otherwise_is_complained_of(name: str, value: Any) -> None:
    assert len(list(complaints(sample(**{name: value}), SCHEMA))) == 1


def test_what_is_missing_is_complained_of() -> None:
    data = sample()
    del data["results"][0]["severity"], data["seed"]
    assert list(complaints(data, SCHEMA)) == ["report: seed is missing", "report.results[0]: severity is missing"]


def test_everything_is_described() -> None:
    found = list(nodes(SCHEMA))
    assert len(found) > 70
    assert [name for name, part in found if not part.get("description", "").endswith(".")] == []


def test_words_are_those_of_the_suite() -> None:
    described = {name: part["enum"] for name, part in nodes(SCHEMA) if "enum" in part}
    assert described["severity"] == list(Severity)
    assert described["status"] == list(Status)
    assert described["verdict"] == list(Verdict)
    assert described["role"] == list(Role)
    assert SCHEMA["properties"]["schema"]["pattern"].startswith(f"^{SCHEMA_VERSION[0]}")
