"""How TensorFlow cuts a graph between two devices: the same tensors cross as in the reference's parts, and what comes
out is what the reference allows.

TensorFlow brings what is fed to the devices that want it, and what is fetched to the client, in ways of its own, so
those tensors count only where other operations use them on another device, too. And a small constant that several
devices use it makes anew on each.
"""

from __future__ import annotations

import random
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pytest

from conformance.comparison import Nonconforming, compare, expected
from conformance.implementation import load
from conformance.implementations.tensorflow.sessions import Translation, as_it_is, v1
from conformance.operation import Arguments
from conformance.operations import operations
from conformance.sampling import sample_calls
from reference import Crossing, Graph, crossing, partition
from reference.readiness import pruned, variable_of

DRAWN = 60
DEVICES = ("CPU:0", "CPU:1")


class Placed(NamedTuple):
    """A drawn graph with a drawn placement: the tensors that cross in TensorFlow, and what it returns."""

    call: Arguments
    placement: dict[str, str]
    crossing: list[Crossing]
    results: tuple[np.ndarray, ...]


def placed(call: Arguments, seed: int) -> dict[str, str]:
    """A device for each operation, at random; what uses a variable is with it."""
    draw, graph = random.Random(seed), Graph.of(call["graph"])
    placement: dict[str, str] = {}
    for operation in graph.operations.values():
        device = draw.choice(DEVICES)
        placement[operation.name] = placement.get(variable_of(operation), device)
    return placement


def crossing_in_the_reference(call: Arguments, placement: dict[str, str]) -> set[Crossing]:
    """The computed tensors that go from device to device, by the reference; of constants those for one device only."""
    graph = Graph.of(call["graph"])
    fed = [graph.tensor(name) for name in call["fed"]]
    parts = partition([graph.tensor(name) for name in call["fetches"]], placement, fed=fed)
    return {
        crossed
        for crossed in crossing(parts)
        if crossed.tensor not in call["fed"]
        and not (is_constant(graph, crossed.tensor) and is_used_at_home(parts[crossed.source], crossed.tensor))
    }


def is_constant(graph: Graph, tensor: str) -> bool:
    return graph.tensor(tensor).operation.kind == "constant"


def is_used_at_home(part: Graph, tensor: str) -> bool:
    """Whether an operation takes a tensor on the device that has it."""
    return any(given.name == tensor for o in part.operations.values() if o.kind != "send" for given in o.inputs)


def partitions(translation: Translation, fetches: list[str]) -> tuple[list[Any], tuple[np.ndarray, ...]]:
    """What TensorFlow makes of a graph, the nodes of each device, and what it returns."""
    config, metadata = as_it_is(), v1.RunMetadata()
    config.device_count["CPU"] = len(DEVICES)
    with v1.Session(graph=translation.graph, config=config) as session:
        session.run([variable.initializer for variable in translation.variables.values()])
        options = v1.RunOptions(output_partition_graphs=True)
        tensors = [translation.tensor(name) for name in fetches]
        results = session.run(tensors, translation.feeds, options, metadata)
    return list(metadata.partition_graphs), tuple(results)


def run_in_tensorflow(call: Arguments, placement: dict[str, str]) -> Placed:
    """Run a graph on both devices, and look at what crossed between them."""
    data = [{**entry, "device": f"/device:{placement[entry['name']]}"} for entry in call["graph"]]
    translation = Translation(data, call["feeds"], call["fed"])
    cut, results = partitions(translation, call["fetches"])
    return Placed(call, placement, crossing_in_tensorflow(call, translation, cut), results)


def crossing_in_tensorflow(call: Arguments, translation: Translation, cut: list[Any]) -> list[Crossing]:
    """The computed tensors that go from device to device, one for each send that something else than a fetch takes."""
    names = {tensor.name: name for name, tensor in translation.tensors.items()}
    received = [(node, part) for part in cut for node in part.node if node.op == "_Recv"]
    taken = {node.attr["tensor_name"].s: is_used(node.name, part) for node, part in received}
    sends = [node for part in cut for node in part.node if node.op == "_Send"]
    found = []
    for node in sends:
        sent = node.input[0] if ":" in node.input[0] else f"{node.input[0]}:0"
        if sent in names and names[sent] not in call["fed"] and taken[node.attr["tensor_name"].s]:
            found.append(Crossing(names[sent], device_of(node, "send_device"), device_of(node, "recv_device")))
    return found


def is_used(received: str, part: Any) -> bool:
    """Whether an operation takes what was received, beside what hands it to the client."""
    return any(node.op != "_Retval" and takes(node, received) for node in part.node)


def takes(node: Any, name: str) -> bool:
    return any(given.partition(":")[0] == name for given in node.input)


def device_of(node: Any, attribute: str) -> str:
    return str(node.attr[attribute].s.decode().rpartition("device:")[2])


@cache
def compared() -> list[Placed]:
    """Drawn graphs, each with a drawn placement, as TensorFlow runs them."""
    calls = sample_calls(operations()["run_graph"], "float32", DRAWN, seed=20)
    return [run_in_tensorflow(call, placed(call, seed)) for seed, call in enumerate(calls)]


def test_the_same_tensors_cross_each_once_for_a_destination() -> None:
    crossed = 0
    for call, placement, found, _ in compared():
        assert len(set(found)) == len(found)
        assert set(found) == crossing_in_the_reference(call, placement)
        crossed += len(found)
    assert crossed > DRAWN // 2


def test_what_two_devices_compute_is_within_the_bounds() -> None:
    arithmetic = load("tensorflow").arithmetics["float32"]
    deciding, refused, operation = 0, 0, operations()["run_graph"]
    for call, _, _, results in compared():
        wanted = expected(operation, call, arithmetic)
        deciding += compare(wanted, results, arithmetic, call).deciding
        try:
            compare(wanted, (results[0] * 2 + 1, *results[1:]), arithmetic, call)
        except Nonconforming:
            refused += 1
    assert deciding > DRAWN
    # Of a few, the first result is -1, or may be anything.
    assert refused > 0.8 * DRAWN


@pytest.mark.parametrize("mistake", ["another placement", "a receive for each use"])
def test_who_cuts_otherwise_is_found_out(mistake: str) -> None:
    if mistake == "another placement":
        assert any(
            set(found) != crossing_in_the_reference(call, dict.fromkeys(placement, DEVICES[0]))
            for call, placement, found, _ in compared()
        )
    else:
        assert any(len(uses_elsewhere(call, placement)) > len(found) for call, placement, found, _ in compared())


def uses_elsewhere(call: Arguments, placement: dict[str, str]) -> list[tuple[str, str]]:
    """Every use of a computed tensor on another device than its own, by operations that run."""
    graph = Graph.of(call["graph"])
    fed = {graph.tensor(name): None for name in call["fed"]}
    return [
        (given.name, operation.name)
        for operation in pruned([graph.tensor(name) for name in call["fetches"]], fed)
        for given in operation.inputs
        if given not in fed and placement[given.operation.name] != placement[operation.name]
    ]
