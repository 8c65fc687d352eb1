"""What TensorFlow executes of a graph: the operations that the reference prunes to, in an order that both allow."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from conformance.arrays import as_lists
from conformance.comparison import Nonconforming, compare, expected
from conformance.implementations import tensorflow
from conformance.implementations.tensorflow import sessions
from conformance.implementations.tensorflow.sessions import Translation, as_it_is, run_graph, v1
from conformance.operation import Arguments
from conformance.operations import operations
from conformance.outcomes import Severity
from conformance.sampling import sample_calls
from reference import Graph, Session
from reference.numbers import Arithmetic
from reference.readiness import pruned

DRAWN = 60


@cache
def drawn() -> list[Arguments]:
    return sample_calls(operations()["run_graph"], "float32", DRAWN, seed=10)


class Traced(Translation):
    """A translation that remembers which of TensorFlow's operations each of the graph's became, and when they ran."""

    def _add(self, name: str, kind: str, *arguments: Any, **how: Any) -> None:
        known = set(self.graph.get_operations())
        super()._add(name, kind, *arguments, **how)
        new = [operation for operation in self.graph.get_operations() if operation not in known]
        # What hands on a value that was read is no part of the reading, which is what others wait for.
        own = {operation.name: name for operation in new if operation.type != "Identity" or kind == "identity"}
        self.made = {**getattr(self, "made", {}), **own}

    def trace(self, fetches: list[str]) -> dict[str, tuple[int, int]]:
        """Of each operation of the graph that ran, when the first of TensorFlow's began and when the last had ended."""
        metadata = v1.RunMetadata()
        options = v1.RunOptions(trace_level=v1.RunOptions.FULL_TRACE)
        with v1.Session(graph=self.graph, config=as_it_is()) as session:
            session.run([variable.initializer for variable in self.variables.values()])
            session.run([self.tensor(name) for name in fetches], self.feeds, options, metadata)
        spans: dict[str, tuple[int, int]] = {}
        for node in (node for device in metadata.step_stats.dev_stats for node in device.node_stats):
            if node.node_name in self.made:
                start = node.all_start_nanos + node.op_start_rel_nanos
                end = node.all_start_nanos + node.op_end_rel_nanos
                first, last = spans.get(self.made[node.node_name], (start, end))
                spans[self.made[node.node_name]] = (min(first, start), max(last, end))
        return spans


@cache
def traces() -> list[tuple[Arguments, dict[str, tuple[int, int]]]]:
    """Each drawn call, with what TensorFlow ran of it and when."""
    found = []
    for call in drawn():
        translation = Traced(call["graph"], call["feeds"], call["fed"])
        found.append((call, translation.trace(call["fetches"])))
    return found


def needed(call: Arguments, *, fed: bool = True, controls: bool = True) -> set[str]:
    """The names of the operations that the reference prunes a call's graph to; or, for mistakes, of other ones."""
    data = call["graph"] if controls else [{**entry, "control_inputs": []} for entry in call["graph"]]
    graph = Graph.of(data)
    cut = {graph.tensor(name): None for name in call["fed"]}
    placeholders = {tensor: None for tensor in cut if tensor.operation.kind == "placeholder"}
    operations_of_run = pruned([graph.tensor(name) for name in call["fetches"]], cut if fed else placeholders)
    return {operation.name for operation in operations_of_run if operation.kind != "placeholder"}


def ran(spans: dict[str, Any], call: Arguments) -> set[str]:
    """What TensorFlow ran; whether it mentions a placeholder that is fed is its own affair."""
    placeholders = {entry["name"] for entry in call["graph"] if entry["kind"] == "placeholder"}
    return set(spans) - placeholders


def test_tensorflow_runs_exactly_what_the_reference_prunes_to() -> None:
    assert len(traces()) == DRAWN
    for call, spans in traces():
        assert ran(spans, call) == needed(call)


@pytest.mark.parametrize("mistake", [{"fed": False}, {"controls": False}], ids=["feeds ignored", "controls ignored"])
def test_who_prunes_otherwise_is_found_out(mistake: dict[str, bool]) -> None:
    assert any(ran(spans, call) != needed(call, **mistake) for call, spans in traces())


def pairs(call: Arguments, spans: dict[str, Any]) -> list[tuple[str, str]]:
    """What ran before what, for a control dependency's sake."""
    entries = [entry for entry in call["graph"] if entry["name"] in spans]
    return [(early, entry["name"]) for entry in entries for early in entry.get("control_inputs", ()) if early in spans]


def test_tensorflow_and_the_reference_keep_the_order_of_control_dependencies() -> None:
    count = 0
    for call, spans in traces():
        executed = executed_by_the_reference(call)
        for early, late in pairs(call, spans):
            assert spans[early][1] <= spans[late][0], f"{early} ended after {late} had begun"
            assert executed.index(early) < executed.index(late)
            count += 1
    assert count > DRAWN // 3


def executed_by_the_reference(call: Arguments) -> list[str]:
    """What a session runs, in its order, the last of those that are ready first."""
    graph = Graph.of(call["graph"])
    session = Session(graph, choose=lambda ready: len(ready) - 1)
    session.run(
        list(call["fetches"]), {name: as_lists(array) for name, array in zip(call["fed"], call["feeds"], strict=True)}
    )
    return session.executed


def test_an_order_that_nothing_imposes_is_not_always_kept() -> None:
    """Else the test above would say nothing: the order of the list alone isn't what TensorFlow goes by."""
    broken = 0
    for call, spans in traces():
        names = [entry["name"] for entry in call["graph"] if entry["name"] in spans]
        broken += any(spans[early][1] > spans[late][0] for early, late in pairwise(names))
    assert broken


def test_a_control_dependency_dropped_is_found_out() -> None:
    """Of an assignment and a read in either order, what was read tells which came first."""
    attributes = {"variable": "v", "shape": (1,)}
    graph = [
        {"name": "x", "kind": "placeholder", "attributes": {"shape": (1,)}},
        {"name": "v", "kind": "variable", "attributes": {"value": [1.0]}},
        {"name": "a", "kind": "assign", "inputs": ["x:0"], "control_inputs": ["v"], "attributes": attributes},
        {"name": "r", "kind": "read", "control_inputs": ["a"], "attributes": attributes},
    ]
    call = {"feeds": (np.array([7.0]),), "graph": graph, "fed": ["x:0"], "fetches": ["r:0"]}
    assert run_graph(call["feeds"], graph=graph, fed=["x:0"], fetches=["r:0"])[0].tolist() == [7]
    dropped = [{**entry, "control_inputs": []} for entry in graph]
    assert run_graph(call["feeds"], graph=dropped, fed=["x:0"], fetches=["r:0"])[0].tolist() == [1]
    assert needed(call) - needed(call, controls=False) == {"a", "v"}


def rewriting() -> Any:
    """As TensorFlow's sessions are when nobody says otherwise."""
    return v1.ConfigProto()


def test_grappler_adds_in_another_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """x - x + 2 is 2, to the last bit: why Grappler is off."""
    graph = [
        {"name": "x", "kind": "placeholder", "attributes": {"shape": (1000,)}},
        {"name": "n", "kind": "negative", "inputs": ["x:0"]},
        {"name": "z", "kind": "add", "inputs": ["x:0", "n:0"]},
        {"name": "c", "kind": "constant", "attributes": {"value": [2.0] * 1000}},
        {"name": "y", "kind": "add", "inputs": ["z:0", "c:0"]},
    ]
    feeds = (np.random.default_rng(0).random(1000),)
    assert (run_graph(feeds, graph=graph, fed=["x:0"], fetches=["y:0"])[0] == 2).all()
    monkeypatch.setattr(sessions, "as_it_is", rewriting)
    assert (run_graph(feeds, graph=graph, fed=["x:0"], fetches=["y:0"])[0] != 2).any()


def placeholders(**shapes: tuple[int, ...]) -> list[dict[str, Any]]:
    return [{"name": name, "kind": "placeholder", "attributes": {"shape": shape}} for name, shape in shapes.items()]


#: x is pooled, p is the product of that with w, t is the tanh of z.
POOLED_AND_MORE = [
    *placeholders(x=(1, 1, 2, 1), w=(1, 1, 1, 1), z=(1,)),
    {"name": "m", "kind": "max_pool2d", "inputs": ["x:0"], "attributes": {"pool_size": (1, 2)}},
    {"name": "p", "kind": "multiply", "inputs": ["m:0", "w:0"]},
    {"name": "s", "kind": "add", "inputs": ["m:0", "w:0"]},
    {"name": "t", "kind": "tanh", "inputs": ["z:0"]},
    {"name": "v", "kind": "variable", "attributes": {"value": [[[[0.0]]]]}},
    {
        "name": "a",
        "kind": "assign",
        "inputs": ["m:0"],
        "control_inputs": ["v"],
        "attributes": {"variable": "v", "shape": (1, 1, 1, 1)},
    },
    {"name": "r", "kind": "read", "control_inputs": ["a"], "attributes": {"variable": "v", "shape": (1, 1, 1, 1)}},
]


def pooled(first: float, second: float, **how: Any) -> Arguments:
    """A call that pools two numbers; z is NaN."""
    feeds = np.array([first, second]).reshape(1, 1, 2, 1), np.ones((1, 1, 1, 1)), np.array([np.nan])
    return {"feeds": feeds, "graph": POOLED_AND_MORE, "fed": ["x:0", "w:0", "z:0"], **how}


def excuses(operation: str, call: Arguments) -> int:
    """How many known deviations a call with special values lies in."""
    known = [deviation for deviation in tensorflow.KNOWN_DEVIATIONS if deviation.operation == operation]
    return sum(deviation.covers(call) and deviation.excuses(Severity.SPECIAL_VALUES) for deviation in known)


@pytest.mark.parametrize("fetch", ["m:0", "p:0", "r:0", "a:0"])
def test_a_graph_is_excused_where_what_deviates_reaches_a_fetch(fetch: str) -> None:
    assert excuses("run_graph", pooled(1, np.nan, fetches=[fetch]))
    assert excuses("run_graph", pooled(-np.inf, -np.inf, fetches=[fetch]))
    assert not excuses("run_graph", pooled(1, np.inf, fetches=[fetch]))
    assert not excuses("run_graph", pooled(1, -np.inf, fetches=[fetch]))


@pytest.mark.parametrize("fetch", ["t:0", "v:0"])
def test_nothing_is_excused_that_it_does_not_reach(fetch: str) -> None:
    assert not excuses("run_graph", pooled(1, np.nan, fetches=[fetch]))
    cut = pooled(1, np.nan, fetches=["p:0"])
    assert not excuses("run_graph", {**cut, "feeds": (*cut["feeds"], cut["feeds"][1]), "fed": [*cut["fed"], "m:0"]})


@pytest.mark.parametrize(
    ("asked", "excused"),
    [("p x", True), ("p w", True), ("s x", True), ("s w", False), ("t z", False), ("t x", False), ("p z", False)],
)
def test_a_gradient_is_excused_where_it_depends_on_what_deviates(asked: str, excused: bool) -> None:
    output, given = asked.split()
    call = pooled(1, np.nan, outputs=[f"{output}:0"], inputs=[f"{given}:0"])
    assert bool(excuses("graph_gradients", call)) is excused
    assert not excuses("graph_gradients", {**call, "feeds": pooled(1, np.inf)["feeds"]})


def test_a_bug_beside_a_pooling_of_infinity_is_nobodys_excuse(monkeypatch: pytest.MonkeyPatch) -> None:
    call = pooled(1, np.inf, fetches=["p:0", "t:0"])
    wanted = expected(operations()["run_graph"], call, Arithmetic("float64"))
    compare(wanted, run_graph(**call), Arithmetic("float64"), call)
    monkeypatch.setitem(sessions.OPERATIONS, "tanh", lambda z: sessions.tf.zeros_like(z))
    with pytest.raises(Nonconforming):
        compare(wanted, run_graph(**call), Arithmetic("float64"), call)
    assert not excuses("run_graph", call)


def stopped(z: float, w: float) -> Arguments:
    """The gradient of relu(z)·w towards z."""
    graph = [
        *placeholders(z=(1,), w=(1,)),
        {"name": "r", "kind": "relu", "inputs": ["z:0"]},
        {"name": "y", "kind": "multiply", "inputs": ["r:0", "w:0"]},
    ]
    feeds = np.array([z]), np.array([w])
    return {"feeds": feeds, "graph": graph, "fed": ["z:0", "w:0"], "outputs": ["y:0"], "inputs": ["z:0"]}


@pytest.mark.parametrize(("z", "w", "excused"), [(-1.0, np.inf, True), (1.0, np.inf, False), (-1.0, 2.0, False)])
def test_a_relu_is_excused_for_the_infinities_that_come_back_to_it(z: float, w: float, excused: bool) -> None:
    assert bool(excuses("graph_gradients", stopped(z, w))) is excused
    assert not excuses("graph_gradients", {**stopped(z, w), "inputs": ["w:0"]})


@pytest.mark.parametrize(
    ("strides", "side", "excused"), [(1, 2, True), (2, 1, True), (2, 2, False)], ids=["overlapping", "of one", "apart"]
)
def test_a_second_gradient_is_excused_where_a_pooling_keeps_the_shape(strides: int, side: int, excused: bool) -> None:
    shape, how = (1, side, side, 1), {"pool_size": 2, "strides": strides, "padding": "same"}
    graph = [*placeholders(x=shape), {"name": "m", "kind": "max_pool2d", "inputs": ["x:0"], "attributes": how}]
    call = {"feeds": (np.ones(shape),), "graph": graph, "fed": ["x:0"], "outputs": ["m:0"], "inputs": ["x:0"]}
    [numbers] = [each for each in tensorflow.KNOWN_DEVIATIONS if "MaxPoolGradGrad" in each.reason]
    assert numbers.covers({**call, "twice": True}) is excused
    assert not numbers.covers(call)
