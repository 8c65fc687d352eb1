"""Where operations go: the greedy simulation in small examples, constraints, and what contradicts what."""

from __future__ import annotations

import random
from typing import Any

import pytest

from reference import Cluster, Costs, Device, Graph, InvalidArgument, Link, Tensor, partition, place
from reference.costs import multiply_adds
from tests.reference.drawn_graphs import draw

#: Two devices that do one number a second, and a link on which every number takes a second after the first two.
SLOW = Cluster([Device("cpu:0", 1), Device("cpu:1", 1)], within=Link(2, 4))
CPUS = Cluster([Device(f"cpu:{index}") for index in (0, 1, 10)])
WORKERS = Cluster([Device("cpu:0"), Device("gpu:0"), Device("worker:1/cpu:0"), Device("worker:1/gpu:0")])


def test_two_independent_operations_go_to_two_devices() -> None:
    graph = Graph()
    x, y = graph.constant([1, 2], "x"), graph.constant([3, 4], "y")
    assert place([x, y], SLOW) == {"x": "cpu:0", "y": "cpu:1"}


def test_an_operation_goes_where_its_inputs_are_if_sending_takes_longer() -> None:
    graph = Graph()
    with graph.device("cpu:1"):
        x = graph.constant([1] * 4, "x")
    placed = place([(-x).tanh()], SLOW)
    assert set(placed.values()) == {"cpu:1"}


@pytest.mark.parametrize(
    ("latency", "where"), [(1, "cpu:1"), (5, "cpu:0")], ids=["a link is faster than to wait", "to wait is faster"]
)
def test_an_operation_goes_elsewhere_if_its_device_is_busy_for_longer_than_sending_takes(
    latency: int, where: str
) -> None:
    graph = Graph()
    x = graph.constant([1, 2], "x")
    graph.apply("negative", x, name="first")  # keeps cpu:0 busy for 4 seconds
    graph.apply("negative", x, name="second")
    placed = place(
        list(graph.operations.values()),
        Cluster([Device("cpu:0", 1), Device("cpu:1", 1)], within=Link(latency, 4)),
    )
    # The transfer takes the latency and 8 bytes / 4: with a latency of 1 it is there after 3 seconds, with 5 after 7.
    assert placed == {"x": "cpu:0", "first": "cpu:0", "second": where}


def test_a_faster_device_wins() -> None:
    graph = Graph()
    x = graph.constant([1], "x")
    assert place([x], Cluster([Device("cpu:0", 1), Device("gpu:0", 100)])) == {"x": "gpu:0"}


def test_measured_costs_count_instead_of_estimates() -> None:
    graph = Graph()
    x = graph.constant([1], "x")
    assert place([x], SLOW, costs=Costs(measured={("x", "cpu:0"): 3})) == {"x": "cpu:1"}


def test_a_word_that_an_operation_ran_has_the_latency_too() -> None:
    graph = Graph()
    with graph.device("cpu:0"):
        first = graph.constant([1] * 5, "first")
        with graph.control_dependencies([first]):
            graph.constant([1] * 5, "busy")
    with graph.control_dependencies([first]):
        graph.constant([1], "last")
    operations = list(graph.operations.values())
    assert place(operations, Cluster(list(SLOW.devices.values()), within=Link(2, 1)))["last"] == "cpu:1"
    assert place(operations, Cluster(list(SLOW.devices.values()), within=Link(6, 1)))["last"] == "cpu:0"


def test_what_is_placed_is_what_runs_and_what_is_fed() -> None:
    graph = Graph()
    x, z = graph.placeholder("x", ()), graph.placeholder("z", ())
    half = graph.apply("divide", x, 2, name="half")
    y = graph.apply("negative", half, name="y")
    graph.apply("negative", z, name="not needed")
    assert set(place([y], CPUS, fed=[half])) == {"half", "y"}
    assert set(place([y], CPUS, fed=[x, z])) == {"x", "constant", "half", "y"}
    assert place([x], CPUS, fed=[x]) == {}


@pytest.mark.parametrize(
    ("wanted", "allowed"),
    [
        ("", ["cpu:0", "gpu:0", "worker:1/cpu:0", "worker:1/gpu:0"]),
        ("gpu", ["gpu:0", "worker:1/gpu:0"]),
        ("gpu:0", ["gpu:0", "worker:1/gpu:0"]),
        ("worker:1", ["worker:1/cpu:0", "worker:1/gpu:0"]),
        ("worker:0/gpu", ["gpu:0"]),
        ("worker:0/gpu:0", ["gpu:0"]),
        ("worker:1/cpu:0", ["worker:1/cpu:0"]),
        ("worker:1/cpu:1", []),
        ("pu:0", []),
    ],
)
def test_full_and_partial_names_of_devices(wanted: str, allowed: list[str]) -> None:
    assert WORKERS.matching(wanted) == allowed


def test_a_number_of_a_device_is_matched_whole() -> None:
    assert CPUS.matching("cpu:1") == ["cpu:1"]
    assert CPUS.matching("cpu:10") == ["cpu:10"]


def test_what_uses_a_variable_is_with_it() -> None:
    graph = Graph()
    w = graph.variable("w", 1)
    with graph.control_dependencies([w]), graph.device("worker:1"):
        changed = graph.assign_add(w, 1)
    with graph.control_dependencies([changed]), graph.device("gpu"):
        read = graph.read(w)
    placed = place([read], WORKERS)
    assert {placed[name] for name in ("w", "read", "assign_add")} == {"worker:1/gpu:0"}
    # The variable stays there when this is over, so what isn't fetched counts too.
    assert place([w], WORKERS) == {"w": "worker:1/gpu:0"}


def test_what_is_asked_to_be_together_is_together() -> None:
    graph = Graph()
    x, y, z = (graph.constant([1, 2], name) for name in "xyz")
    assert place([x, y], SLOW, together=[["x", "y"]]) == {"x": "cpu:0", "y": "cpu:0"}
    placed = place([x, y, z], CPUS, together=[["x", "y"], ["y", "z"]], settled={"z": "cpu:10"})
    assert set(placed.values()) == {"cpu:10"}


def test_what_no_device_can_run_is_named() -> None:
    graph = Graph()
    x = graph.constant([1], "x")
    y = graph.apply("relu", x, name="y")
    cluster = Cluster([Device("cpu:0", kinds={"constant"}), Device("gpu:0", kinds={"constant", "relu"})])
    assert place([y], cluster)["y"] == "gpu:0"
    with pytest.raises(InvalidArgument, match=r"device of 'z': .*'z' needs a device that can run tanh"):
        place([graph.apply("tanh", y, name="z")], cluster)


def test_what_is_fed_needs_no_device_that_can_run_it() -> None:
    graph = Graph()
    x = graph.placeholder("x", (1,))
    y = graph.apply("relu", x, name="y")
    assert place([y], Cluster([Device("cpu:0", kinds={"relu"})]), fed=[x]) == {"x": "cpu:0", "y": "cpu:0"}


def test_fetches_are_tensors_and_operations_of_one_graph() -> None:
    graph, other = Graph(), Graph()
    x, y = graph.constant(1, "x"), other.constant(1, "y")
    for fetches in (x, "x:0", ["x:0"], [x, y]):
        with pytest.raises(InvalidArgument, match="fetches: wanted a list of tensors and operations of one graph"):
            place(fetches, CPUS)
        with pytest.raises(InvalidArgument, match="fetches: wanted a list of tensors and operations of one graph"):
            partition(fetches, {"x": "cpu:0", "y": "cpu:0"})


def contradicting(graph: Graph) -> Tensor:
    w = graph.variable("w", 1)
    for name, device in (("a", "worker:1"), ("b", ""), ("c", "gpu"), ("d", "cpu")):
        with graph.device(device):
            graph.read(w, name)
    return w


def test_constraints_that_contradict_each_other_are_named_and_no_others() -> None:
    graph = Graph()
    w = contradicting(graph)
    with pytest.raises(InvalidArgument, match=r"that suits all of them; got 'c' is for 'gpu'; 'd' is for 'cpu'$"):
        place([w], WORKERS)


def test_a_settled_device_contradicts_too() -> None:
    graph = Graph()
    w = graph.variable("w", 1)
    with graph.device("worker:1"):
        graph.read(w, "late")
    with pytest.raises(
        InvalidArgument, match=r"'w' is settled on 'cpu:0'; 'late' is for 'worker:1'$|'late'.*; 'w' is settled"
    ):
        place([w], WORKERS, settled={"w": "cpu:0"})


def test_a_device_that_isnt_there_is_named() -> None:
    graph = Graph()
    with graph.device("tpu:0"):
        x = graph.constant(1, "x")
    with pytest.raises(InvalidArgument, match=r"device of 'x': .* that suits it; got 'x' is for 'tpu:0'"):
        place([x], CPUS)


@pytest.mark.parametrize(
    ("devices", "links", "said"),
    [
        ([], {}, "devices: wanted at least one"),
        ([Device("cpu:0"), Device("worker:0/cpu:0")], {}, "'worker:0/cpu:0' twice"),
        ([Device("cpu")], {}, "name of a device"),
        ([Device("cpu:0/cpu:0/cpu:0")], {}, "name of a device"),
        ([Device("cpu:0", 0)], {}, "speed of 'cpu:0'"),
        ([Device("cpu:0")], {("cpu:0", "cpu:1"): Link(1, 1)}, "'cpu:1'"),
        (["cpu:0"], {}, "devices: wanted a list of devices; got 'cpu:0' in it"),
        (Device("cpu:0"), {}, "devices: wanted a list of devices; got 'cpu:0' in it"),
        (3, {}, "devices: wanted a list of devices; got 3"),
        ([Device("cpu:0", kinds="add")], {}, "kinds of 'cpu:0': wanted a list of kinds, or None for all; got 'add'"),
        ([Device("cpu:0")], {"cpu:0": Link(1, 1)}, "links: wanted pairs of names of devices; got 'cpu:0'"),
        ([Device("cpu:0")], {("cpu:0", "cpu:0"): (1, 1)}, r"link from 'cpu:0' to 'cpu:0': wanted a Link; got \(1, 1\)"),
        ([Device("cpu:0")], {("cpu:0", "cpu:0"): Link(1, 0)}, "bandwidth"),
        ([Device("cpu:0")], {("cpu:0", "cpu:0"): Link(-1, 1)}, "latency"),
    ],
)
def test_a_cluster_that_cant_be_is_refused(
    devices: list[Device], links: dict[tuple[str, str], Link], said: str
) -> None:
    with pytest.raises(InvalidArgument, match=said):
        Cluster(devices, links=links)


def test_devices_may_come_one_by_one() -> None:
    assert list(Cluster(Device(name) for name in ("cpu:0", "cpu:1")).workers) == ["worker:0"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"fed": ["x:0"]}, "fed: wanted a list of tensors of the graph; got 'x:0' in it"),
        ({"fed": [Graph().constant(1)]}, "fed: wanted a list of tensors of the graph; got <constant:0 .*> in it"),
        ({"fed": 3}, "fed: wanted a list of tensors of the graph; got 3"),
        ({"together": ["xy"]}, "together: wanted lists of names of operations; got 'xy' in it"),
        ({"together": None}, "together: wanted lists of names of operations; got None"),
    ],
)
def test_what_is_asked_for_is_of_the_graph(options: Any, said: str) -> None:
    graph = Graph()
    x = graph.constant(1, "x")
    with pytest.raises(InvalidArgument, match=said):
        place([x], CPUS, **options)


def test_the_estimate_counts_multiply_adds() -> None:
    graph = Graph()
    images, filters = graph.placeholder("images", (2, 5, 5, 3)), graph.placeholder("filters", (2, 2, 3, 7))
    conv = graph.apply("conv2d", images, filters)
    pool = graph.apply("max_pool2d", conv)
    costs = Costs()
    assert costs.work(conv.operation) == 2 * 4 * 4 * 7 * (2 * 2 * 3)
    assert costs.work(pool.operation) == 2 * 2 * 2 * 7 * 4
    assert costs.work((pool + 1).operation) == 56 + 1 + 56
    back = graph.apply("conv2d_vjp", images, filters, conv)
    assert costs.work(back[0].operation) == 2 * costs.work(conv.operation)
    by_graph = graph.apply("gradient", images, filters, conv, of="conv2d", inputs=2, attributes={})
    assert costs.work(by_graph[0].operation) == 3 * costs.work(conv.operation)
    assert multiply_adds("simple_rnn_step", [(2, 3), (3, 5), (5, 5), (5,), (2, 5)], [(2, 5)], {}) == 2 * 5 * (3 + 5)
    assert Costs(8).bytes(conv) == 8 * 2 * 4 * 4 * 7
    assert costs.bytes(conv.operation) == 0


def test_drawn_graphs_are_placed_as_they_ask() -> None:
    for seed in range(60):
        drawn = draw(seed, 20)
        choice = random.Random(seed).choice
        asked = {name: choice(["", "gpu", "cpu:0", "worker:1", "worker:0/cpu"]) for name in drawn.graph.operations}
        data = [
            {**entry, "device": asked[entry["attributes"].get("variable", entry["name"])]}
            for entry in drawn.graph.data()
        ]
        graph = Graph.of(data)
        operations = list(graph.operations.values())
        placed = place(operations, WORKERS)
        assert list(placed) == list(graph.operations)
        assert placed == place(operations[::-1], WORKERS)
        for operation in operations:
            assert WORKERS.devices[placed[operation.name]].matches(operation.device)
            assert placed[operation.name] == placed[operation.attributes.get("variable", operation.name)]


def test_placing_looks_at_every_operation_once_on_every_device() -> None:
    asked: list[str] = []

    class Counting(Costs):
        def seconds(self, operation, device):  # type: ignore[no-untyped-def]
            asked.append(operation.name)
            return super().seconds(operation, device)

    graph = Graph()
    x = graph.constant(1)
    for _ in range(500):
        x = x + x
    assert len(place([x], CPUS, costs=Counting())) == 501
    assert len(asked) == 3 * 501
