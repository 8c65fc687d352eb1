"""The parts of graphs: what crosses, once for each destination, and that a part is a graph."""

from __future__ import annotations

from typing import Any

import pytest

from reference import Crossing, Graph, InvalidArgument, crossing, partition
from reference.readiness import pruned
from tests.reference.execution_laws import cases, one_send_and_one_receive, sends_and_receives


def test_one_send_and_one_receive_for_each_tensor_and_destination() -> None:
    one_send_and_one_receive(150)


def test_a_part_is_a_graph_that_plain_data_gives_again() -> None:
    for drawn, placement in cases(20):
        for fetches, feeds in drawn.runs:
            for device, part in partition(fetches, placement, fed=feeds).items():
                assert Graph.of(part.data()).data() == part.data()
                assert all(operation.device == device for operation in part.operations.values())


def test_a_tensor_that_several_use_crosses_once_to_each_device() -> None:
    graph = Graph()
    x = graph.constant([1, 2], "x")
    y = x * x + x
    z = x.exp()
    placement = {"x": "cpu:0", "multiply": "cpu:1", "add": "cpu:1", "exp": "cpu:2"}
    parts = partition([y, z], placement)
    assert crossing(parts) == [Crossing("x:0", "cpu:0", "cpu:1"), Crossing("x:0", "cpu:0", "cpu:2")]
    assert [operation.kind for operation in parts["cpu:1"].operations.values()] == [
        "receive",
        "multiply",
        "add",
        "send",
    ]


def test_word_of_an_operation_crosses_without_a_tensor() -> None:
    graph = Graph()
    x = graph.constant(1, "x")
    with graph.control_dependencies([x]):
        y, z = graph.constant(2, "y"), graph.constant(3, "z")
    parts = partition([y, z], {"x": "cpu:0", "y": "cpu:1", "z": "cpu:1"})
    assert crossing(parts) == []
    word = parts["cpu:0"].operations["x/send"]
    assert (word.inputs, word.control_inputs, word.attributes) == (
        (),
        (parts["cpu:0"].operations["x"],),
        {"tensor": "^x", "destination": "cpu:1"},
    )
    heard = parts["cpu:1"].operations["x/receive"]
    assert heard.outputs == ()
    assert parts["cpu:1"].operations["y"].control_inputs == (heard,)
    assert parts["cpu:1"].operations["z"].control_inputs == (heard,)


def test_a_fed_tensor_comes_from_the_client_to_the_device_of_its_operation() -> None:
    graph = Graph()
    x = graph.placeholder("x", (2,))
    half = x / 2
    y = half.exp()
    parts = partition([y, half], {"divide": "cpu:0", "exp": "cpu:1"}, fed=[half])
    assert sends_and_receives(parts) == (
        {Crossing("divide:0", "cpu:0", "cpu:1"): 1, Crossing("exp:0", "cpu:1", "client"): 1},
        {Crossing("divide:0", "client", "cpu:0"): 1, Crossing("divide:0", "cpu:0", "cpu:1"): 1},
    )


def test_names_that_look_like_those_of_sends_stay_what_they_are() -> None:
    graph = Graph()
    x = graph.constant(1, "x")
    y = graph.apply("negative", x, name="y")
    taken = [graph.constant(place, name) for place, name in enumerate(("x/send_0", "x/send_0_1", "x/receive_0"))]
    parts = partition([y, *taken], dict.fromkeys(graph.operations, "cpu:0") | {"y": "cpu:1"})
    assert parts["cpu:0"].operations["x/send_0"].kind == "constant"
    assert [o.name for o in parts["cpu:0"].operations.values() if o.attributes.get("destination") == "cpu:1"] == [
        "x/send_0_2"
    ]


def test_a_variable_that_is_only_assigned_stands_in_the_part_and_isnt_run() -> None:
    graph = Graph()
    w = graph.variable("w", [1, 2])
    changed = graph.assign_add(w, [3, 4])
    [part] = partition([changed], dict.fromkeys(graph.operations, "cpu:0")).values()
    assert part.operations["w"].attributes == {"value": [1, 2]}
    assert "w" not in [o.name for o in pruned([o for o in part.operations.values() if o.kind == "send"])]


def test_what_uses_a_variable_elsewhere_is_refused() -> None:
    graph = Graph()
    w = graph.variable("w", 1)
    with pytest.raises(InvalidArgument, match=r"placement: wanted 'read' .* its variable 'w'; got 'cpu:1'"):
        partition([graph.read(w)], {"w": "cpu:0", "read": "cpu:1"})


def test_a_variable_is_on_one_device_even_if_its_own_is_not_said() -> None:
    graph = Graph()
    w = graph.variable("w", 1)
    read, changed = graph.read(w), graph.assign(w, graph.constant(2, "x"))
    with pytest.raises(InvalidArgument, match=r"placement: wanted 'assign' on 'cpu:1' with its variable 'w'"):
        partition([read, changed], {"read": "cpu:1", "assign": "cpu:0", "x": "cpu:0"})


@pytest.mark.parametrize("device", ["client", None, 7])
def test_a_device_has_a_name_that_is_not_the_clients(device: Any) -> None:
    graph = Graph()
    with pytest.raises(InvalidArgument, match="placement: wanted the name of a device for 'x'; got"):
        partition([graph.constant(1, "x")], {"x": device})
    with pytest.raises(InvalidArgument, match="placement: wanted a dict of devices by operations; got 'cpu:0'"):
        partition([graph.constant(1, "y")], "cpu:0")


def test_an_operation_without_a_device_is_named() -> None:
    graph = Graph()
    x = graph.constant(1, "x")
    with pytest.raises(InvalidArgument, match=r"placement: wanted a device for 'negative'; got none"):
        partition([-x], {"x": "cpu:0"})


def test_a_part_isnt_cut_again() -> None:
    graph = Graph()
    [part] = partition([graph.constant(1, "x")], {"x": "cpu:0"}).values()
    with pytest.raises(InvalidArgument, match="a whole graph, not a part; got 'x/send_0' in it"):
        partition([part.operations["x/send_0"]], {"x": "cpu:0", "x/send_0": "cpu:0"})
