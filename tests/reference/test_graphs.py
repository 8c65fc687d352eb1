"""Building graphs: by hand, from plain data, and what doesn't fit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from conformance.operations import operations
from conformance.sampling import sample_calls
from reference import Graph, Session
from reference.errors import InvalidArgument


def neuron() -> Graph:
    """ŷ = tanh(xᵀw + b), the slide's."""
    graph = Graph()
    x, w, b = graph.placeholder("x", (1, 2)), graph.variable("w", [[3], [4]]), graph.variable("b", [-11])
    graph.apply("dense", x, w, b, name="sum").tanh()
    return graph


def test_a_graph_survives_its_plain_data():
    for arguments in sample_calls(operations()["run_graph"], "float64", 30):
        graph = Graph.of(arguments["graph"])
        again = Graph.of(graph.data())
        assert again.data() == graph.data()
        assert [[t.shape for t in o.outputs] for o in again.operations.values()] == [
            [t.shape for t in o.outputs] for o in graph.operations.values()
        ]


def test_plain_data_keeps_devices_and_control_dependencies():
    graph = neuron()
    with graph.device("cpu:1"), graph.control_dependencies([graph.operation("tanh")]):
        graph.assign_add(graph.tensor("b:0"), [1])
    assert graph.data()[-1] == {
        "name": "assign_add",
        "kind": "assign_add",
        "inputs": ["constant:0"],
        "attributes": {"variable": "b", "shape": (1,)},
        "control_inputs": ["tanh"],
        "device": "cpu:1",
    }
    assert Graph.of(graph.data()).data() == graph.data()


def test_names_are_made_free_and_scopes_stand_before_them():
    graph = Graph()
    x = graph.placeholder("x", ())
    with graph.name_scope("layer"):
        inner = [(x * x).name, (x * x).name, graph.constant(1, "x").name]
        with graph.name_scope("deep"):
            inner.append((x + x).name)
    assert inner == ["layer/multiply:0", "layer/multiply_1:0", "layer/x:0", "layer/deep/add:0"]
    assert (x * x).name == "multiply:0"
    assert graph.constant(1, "multiply_1").name == "multiply_1:0"
    assert (x * x).name == "multiply_2:0"


def test_a_name_is_taken_by_the_constants_of_an_operation_first():
    graph = Graph()
    x = graph.placeholder("x", ())
    y = graph.apply("add", x, 3, name="constant")
    assert list(graph.operations) == ["x", "constant", "constant_1"]
    assert graph.data()[-1]["inputs"] == ["x:0", "constant:0"]
    assert Session(Graph.of(graph.data())).run(y.name, {"x:0": 4}) == 7


def test_what_is_given_may_change_afterwards():
    value = [[3], [4]]
    graph = Graph()
    w = graph.variable("w", value)
    value[0][0] = 99
    session = Session(graph)
    fetched = session.run(w)
    fetched[1][0] = 99
    assert session.run(w) == [[3], [4]]
    graph.data()[0]["attributes"]["value"][0][0] = 99
    assert Session(graph).run(w) == [[3], [4]]


def fit(change: Callable[[Graph], Any]) -> Callable[[], Any]:
    return lambda: change(neuron())


def plain(**entries: Any) -> Callable[[], Any]:
    """A graph from plain data, of which one operation says something else than it could."""
    x = {"name": "x", "kind": "placeholder", "attributes": {"shape": (1,)}}
    return lambda: Graph.of([x, {"name": "y", "kind": "relu", "inputs": ["x:0"]} | entries])


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (
            fit(lambda g: g.apply("dance")),
            "kind of 'dance': wanted one of reference.operation_kinds.KINDS; got 'dance'",
        ),
        (
            fit(lambda g: g.apply("dense", "x:0", "x:0", "b:0", name="y")),
            r"weights of dense 'y': wanted shape \[D, H\] with D = 2; got shape \[1, 2\]",
        ),
        (
            fit(lambda g: g.apply("dense", "x:0", "w:0")),
            r"inputs of dense 'dense': wanted 3 of them \(inputs, weights, bias\); got 2",
        ),
        (fit(lambda g: g.apply("relu", 1)), r"z of relu 'relu': wanted shape \[..., K\]; got shape \[\]"),
        (fit(lambda g: g.apply("relu", [1], slope=2)), "attributes of relu 'relu': wanted none; got slope"),
        (
            fit(lambda g: g.apply("leaky_relu", [1], slop=2)),
            "attributes of leaky_relu 'leaky_relu': wanted slope; got slop",
        ),
        (
            fit(lambda g: g.tensor("x:0") + g.tensor("b:0")),
            r"y of add 'add': wanted shape \[1, 2\] as before, or a number",
        ),
        (fit(lambda g: g.tensor("z:0")), "tensor: wanted the name of a tensor of this graph, such as 'x:0'; got 'z:0'"),
        (fit(lambda g: g.tensor("x:1")), "tensor: wanted the name of a tensor of this graph, such as 'x:0'; got 'x:1'"),
        (fit(lambda g: g.tensor("x")), "tensor: wanted the name of a tensor of this graph, such as 'x:0'; got 'x'"),
        (fit(lambda g: g.operation("z")), "operation: wanted the name of an operation of this graph; got 'z'"),
        (fit(lambda g: g.tensor(Graph().constant(1))), "tensor: wanted one of this graph; got <constant:0"),
        (fit(lambda g: g.constant([[1], []])), "value of constant 'constant': wanted a nested list of numbers"),
        (fit(lambda g: g.placeholder("p", (0,))), "shape of placeholder 'p': wanted a positive integer; got 0"),
        (fit(lambda g: g.placeholder("p", 3)), "shape of placeholder 'p': wanted a tuple of positive integers; got 3"),
        (
            fit(lambda g: g.assign(g.tensor("b:0"), [1, 2])),
            r"value of assign 'assign': wanted shape \[1\] of the variable; got shape \[2\]",
        ),
        (
            fit(lambda g: g.assign(g.tensor("x:0"), [[1, 2]])),
            r"variable of assign 'assign': wanted the name of a variable of shape \[1, 2\]; got 'x'",
        ),
        (
            fit(lambda g: g.apply("stack", "x:0", shape=(1, 2))),
            r"inputs of stack 'stack': wanted 2 numbers for shape \[1, 2\]; got 1 inputs",
        ),
        (
            fit(lambda g: g.apply("reshape", "x:0", shape=(3,))),
            "shape of reshape 'reshape': wanted a shape of 2 numbers",
        ),
        (fit(lambda g: g.apply(["add"])), r"kind of '\['add'\]': wanted one of reference.operation_kinds.KINDS"),
        (fit(lambda g: g.placeholder(5, ())), "name: wanted a text that .*; got 5"),
        (fit(lambda g: g.placeholder("x:0", ())), "name: wanted a text that .*; got 'x:0'"),
        (fit(lambda g: g.placeholder("^x", ())), "name: wanted a text that .*; got '\\^x'"),
        (fit(lambda g: g.name_scope(None).__enter__()), "name of a scope: wanted a text; got None"),
        (fit(lambda g: g.device(None).__enter__()), "device: wanted a text; got None"),
        (fit(lambda g: g.control_dependencies(["x"]).__enter__()), "control inputs: wanted .* of this graph; got 'x'"),
        (fit(lambda g: g.control_dependencies(g.tensor("x:0")).__enter__()), "control inputs: wanted a list of"),
        (
            fit(lambda g: g.control_dependencies([Graph().constant(1)]).__enter__()),
            "control inputs: wanted tensors and operations of this graph; got <constant:0 .*> of another",
        ),
        (fit(lambda g: g.read(neuron().tensor("w:0"))), "tensor: wanted one of this graph; got <w:0 .*> of another"),
        (fit(lambda g: g.assign("w", [[1], [2]])), "tensor: wanted the name of a tensor of this graph.* got 'w'"),
        (fit(lambda g: g.apply("read", shape=())), "attributes of read 'read': wanted variable; got shape"),
        (
            fit(lambda g: g.apply("read", variable=["w"], shape=())),
            r"variable of read 'read': wanted the name of a variable of shape \[\]; got \['w'\]",
        ),
        (fit(lambda g: g.apply("dropout", [1.0], [1])), "attributes of dropout 'dropout': wanted rate; got none"),
        (
            fit(lambda g: g.variable("v", g.tensor("x:0"))),
            r"value of variable 'v': wanted numbers, which a graph's tensors aren't yet; got <x:0 \[1, 2\]>",
        ),
        (
            fit(lambda g: g.constant([g.apply("total", "x:0"), 1])),
            "value of constant 'constant': wanted numbers, which a graph's tensors aren't yet; got <total:0",
        ),
        (fit(lambda g: g.tensor("x:²")), "tensor: wanted the name of a tensor of this graph, such as 'x:0'; got 'x:²'"),
        (fit(lambda g: g.operation(["x"])), r"operation: wanted the name of an operation of this graph; got \['x'\]"),
        (fit(lambda g: g.trace(None, "x:0")), "function: wanted one that can be called; got None"),
        (lambda: Graph.of(None), "graph: wanted a list of operations, each a dict; got None"),
        (lambda: Graph.of([{"kind": "relu"}]), "name of operation 0: wanted a text that no other has; got None"),
        (
            lambda: Graph.of([{"name": "x", "kind": "placeholder", "attributes": {"shape": (1,)}}] * 2),
            "name of operation 1: wanted a text that no other has; got 'x'",
        ),
        (
            lambda: Graph.of([{"name": "y", "kind": "relu", "inputs": ["x:0"]}]),
            "tensor: wanted the name of a tensor of this graph, such as 'x:0'; got 'x:0'",
        ),
        (
            lambda: Graph.of([{"name": "y", "kind": "relu", "input": ["x:0"]}]),
            "operation 'y': wanted name, kind, inputs, …; got input",
        ),
        (plain(kind=["relu"]), r"kind of 'y': wanted one of reference.operation_kinds.KINDS; got \['relu'\]"),
        (plain(inputs=None), "inputs of 'y': wanted a list of names of tensors; got None"),
        (plain(inputs="x:0"), "inputs of 'y': wanted a list of names of tensors; got 'x:0'"),
        (plain(inputs=[3]), r"inputs of 'y': wanted a list of names of tensors; got \[3\]"),
        (plain(control_inputs=5), "control_inputs of 'y': wanted a list of names of operations; got 5"),
        (plain(control_inputs=["y"]), "operation: wanted the name of an operation of this graph; got 'y'"),
        (plain(attributes=None), "attributes of 'y': wanted a dict by their names; got None"),
        (plain(attributes={5: 6}), "attributes of 'y': wanted a dict by their names; got {5: 6}"),
        (plain(attributes={"name": "z", "kind": 3}), "attributes of relu 'y': wanted none; got name, kind"),
        (plain(device=None), "device: wanted a text; got None"),
        (plain(**{"5": 6}), "operation 'y': wanted name, kind, inputs, …; got 5"),
        (lambda: Graph.of([{"name": "y", 5: 6, "a": 7}]), "operation 'y': wanted name, kind, inputs, …; got 5, a"),
    ],
)
def test_what_does_not_fit_is_named(build: Callable[[], Any], message: str):
    with pytest.raises(InvalidArgument, match=message):
        build()
