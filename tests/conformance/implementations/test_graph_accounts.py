"""What NumPy's account says of graphs: where infinities come back to what may spoil them, on the way to an input."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from conformance.implementations.numpy.graph_accounts import spoils_what_comes_back

LARGEST = float(np.finfo(np.float64).max)


def gradient(kind: str, x: float, w: float, towards: str = "x:0", **how: Any) -> dict[str, Any]:
    """The gradient of a product: of an operation on x, and 0 where it takes two numbers, with w."""
    inputs = ["x:0", "zero:0"] if kind == "maximum" else ["x:0"]
    graph = [
        *({"name": name, "kind": "placeholder", "attributes": {"shape": (1,)}} for name in "xw"),
        {"name": "zero", "kind": "constant", "attributes": {"value": [0.0]}},
        {"name": "r", "kind": kind, "inputs": inputs},
        {"name": "y", "kind": "multiply", "inputs": ["r:0", "w:0"]},
    ]
    feeds = np.array([x]), np.array([w])
    return {"feeds": feeds, "graph": graph, "fed": ["x:0", "w:0"], "outputs": ["y:0"], "inputs": [towards], **how}


@pytest.mark.parametrize("kind", ["relu", "maximum"])
@pytest.mark.parametrize(
    ("x", "w", "spoilt"), [(-1.0, np.inf, True), (-1.0, np.nan, True), (1.0, np.inf, False), (-1.0, LARGEST, False)]
)
def test_what_is_stopped(kind: str, x: float, w: float, spoilt: bool) -> None:
    assert spoils_what_comes_back(kind)(**gradient(kind, x, w)) is spoilt


@pytest.mark.parametrize(
    ("x", "w", "spoilt", "again"),
    [
        (-1.0, np.inf, True, True),
        (0.0, np.inf, True, True),
        (1.0, np.inf, False, True),
        (-1.0, LARGEST, True, True),
        (-1.0, 1.0, False, False),
        (-1.0, np.nan, False, False),
    ],
)
def test_what_overflows_in_the_slope_of_tanh(x: float, w: float, spoilt: bool, again: bool) -> None:
    calls = spoils_what_comes_back("tanh")
    assert calls(**gradient("tanh", x, w)) is spoilt
    assert calls(**gradient("tanh", x, w, twice=True)) is again


@pytest.mark.parametrize("kind", ["relu", "maximum", "tanh"])
def test_it_must_be_on_the_way_to_an_input(kind: str) -> None:
    assert not spoils_what_comes_back(kind)(**gradient(kind, -1.0, np.inf, towards="w:0"))
    assert not spoils_what_comes_back(kind)(**gradient("negative", -1.0, np.inf))
