"""What is no graph, and what no run can do, is refused by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fast.cpu.graphs import GraphSession, compile_graph
from reference import Graph
from reference.errors import InvalidArgument


def tiny() -> list[dict[str, Any]]:
    graph = Graph()
    x, v = graph.placeholder("x", (2,)), graph.variable("v", [1, 2])
    graph.assign(v, x, name="set")
    graph.apply("relu", v, name="y")
    graph.apply("gradient", x, x, of="softmax", inputs=1, attributes={}, name="d")
    return graph.data()


X = np.ones(2, np.float32)


@pytest.mark.parametrize(
    ("fetches", "feeds", "message"),
    [
        ("q:0", {}, "fetches: wanted the name of a tensor of the graph, such as 'x:0'; got 'q:0'"),
        ("y:0", {"q:0": X}, "feeds: wanted the name of a tensor"),
        ("set", {}, "feeds: wanted a value for placeholder 'x'; got none"),
        ("set", {"x:0": X[:1]}, "feeds: wanted a float32 array of shape [2] for 'x:0'; got float32 [1]"),
        ("set", {"x:0": np.ones(2)}, "got float64 [2]"),
        ("set", {"x:0": [1, 2]}, "got list"),
        (["set", "y:0"], {"x:0": X}, "'v' and 'set' on 'v' in either order"),
        ("d:0", {"x:0": X}, "gradient 'd': wanted the gradient of one of"),
    ],
)
def test_what_a_run_refuses(fetches, feeds, message):
    with pytest.raises(InvalidArgument) as refused:
        GraphSession(tiny()).run(fetches, feeds)
    assert message in str(refused.value)
    with pytest.raises(InvalidArgument):
        compile_graph(tiny(), fetches, fed=feeds)(feeds)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"name": "x", "kind": "relu"}, "name of operation 5: wanted a text that no other has; got 'x'"),
        ({"name": "n", "kind": "sum", "inputs": ["x:0"]}, "kind of sum 'n': wanted one that fast.cpu has; got 'sum'"),
        ({"name": "n", "kind": "relu", "inputs": ["z:0"]}, "input of 'n': wanted the name of what stands before it"),
        ({"name": "n", "kind": "relu", "input": ["x:0"]}, "operation 'n': wanted attributes, control_inputs"),
        ({"name": "n", "kind": "dense", "inputs": ["x:0"]}, "inputs and attributes of dense 'n'"),
        ({"name": "n", "kind": "softmax", "inputs": ["x:0"], "attributes": {"axis": 1}}, "of softmax 'n'"),
        ({"name": "n", "kind": "transpose", "inputs": ["x:0"]}, "matrix of transpose 'n': wanted an array of float32"),
        (
            {"name": "n", "kind": "read", "attributes": {"variable": "x", "shape": (2,)}},
            "variable of 'n': wanted the name of a variable of shape [2]; got 'x'",
        ),
        (
            {"name": "n", "kind": "read", "attributes": {"variable": ["v"], "shape": (2,)}},
            "variable of 'n': wanted the name of a variable of shape [2]; got ['v']",
        ),
        ({"name": "n", "kind": "read", "attributes": {"shape": (2,)}}, "inputs and attributes of read 'n'"),
        ({"name": "n", "kind": ["relu"], "inputs": ["x:0"]}, "kind of 'n': wanted a text; got ['relu']"),
        ({"name": "n", "kind": "relu", "inputs": None}, "inputs of 'n': wanted a list of names; got None"),
        ({"name": "n", "kind": "relu", "inputs": [["x:0"]]}, "input of 'n': wanted the name of what stands before it"),
        ({"name": "n", "kind": "relu", "attributes": ["x:0"]}, "attributes of 'n': wanted a dict; got ['x:0']"),
        *(
            (
                {"name": "n", "kind": "constant", "attributes": {"value": value}},
                f"value of constant 'n': wanted a number, or a nested list of them; got {value!r}",
            )
            for value in ("1", None, [], [[1], [2, 3]], [1, None], [1j])
        ),
    ],
)
def test_what_is_no_graph_is_refused(entry, message):
    with pytest.raises(InvalidArgument) as refused:
        GraphSession([*tiny(), entry])
    assert message in str(refused.value)
    with pytest.raises(InvalidArgument):
        GraphSession(tiny(), dtype="int8")
