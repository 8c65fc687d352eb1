"""What must be true of placements, parts and runs, whatever the graph: laws, each a function that asserts it."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any

from reference import (
    Client,
    Cluster,
    Crossing,
    Device,
    Graph,
    Link,
    Operation,
    ReceiveFails,
    SendFails,
    Session,
    Tensor,
    Trace,
    WorkerDies,
    add_gradients,
    crossing,
    partition,
)
from reference.faults import Fault
from reference.master import Plan
from reference.readiness import pruned
from tests.reference.drawn_graphs import Drawn, draw, drawn_placement

#: Links of powers of two, and speeds too: moments are exact.
CLUSTER = Cluster(
    [Device("cpu:0", 64), Device("worker:1/cpu:0", 128), Device("cpu:1", 32), Device("worker:1/cpu:1", 64)],
    within=Link(2**-4, 2**10),
    between=Link(2**-2, 2**8),
)
COMMUNICATION = ("send", "receive")


def cases(count: int) -> list[tuple[Drawn, dict[str, str]]]:
    """Drawn graphs with drawn placements on one to four devices of two workers."""
    drawn = [draw(seed, 5 + seed % 40) for seed in range(count)]
    devices = list(CLUSTER.devices)
    return [
        (each, drawn_placement(each.graph, devices[: 1 + seed % len(devices)], seed)) for seed, each in enumerate(drawn)
    ]


def bits(values: Any) -> str:
    """What tells numbers apart that are equal, such as 0.0, -0.0 and Fraction(0)."""
    return repr(values)


# --- partition --------------------------------------------------------------------------------------------------------


def sends_and_receives(parts: dict[str, Graph]) -> tuple[Counter[Crossing], Counter[Crossing]]:
    """Each with what, by whom and to whom, word of operations and the client included."""
    operations = [(device, operation) for device, part in parts.items() for operation in part.operations.values()]
    of_kind = {kind: [(d, o.attributes) for d, o in operations if o.kind == kind] for kind in COMMUNICATION}
    return (
        Counter(Crossing(a["tensor"], device, a["destination"]) for device, a in of_kind["send"]),
        Counter(Crossing(a["tensor"], a["source"], device) for device, a in of_kind["receive"]),
    )


def edges_that_cross(
    fetches: Sequence[Tensor | Operation], placement: dict[str, str], fed: dict[Tensor, Any]
) -> tuple[set[Crossing], set[Crossing]]:
    """What must be sent and received, edge by edge of the whole graph."""
    sent, received = set(), set()
    for operation in pruned(fetches, fed):
        here = placement[operation.name]
        edges = [(t.name, placement[t.operation.name], t in fed) for t in operation.inputs]
        edges += [(f"^{earlier.name}", placement[earlier.name], False) for earlier in operation.control_inputs]
        for name, home, is_fed in edges:
            if home != here:
                sent.add(Crossing(name, home, here))
                received.add(Crossing(name, home, here))
            if is_fed:
                received.add(Crossing(name, "client", home))
    for fetch in fetches:
        if fetch not in fed:
            operation = fetch.operation if isinstance(fetch, Tensor) else fetch
            name = fetch.name if isinstance(fetch, Tensor) else f"^{fetch.name}"
            sent.add(Crossing(name, placement[operation.name], "client"))
    return sent, received


def one_send_and_one_receive(count: int) -> None:
    """For each tensor, or word of an operation, and destination; and nothing is in a part that isn't needed."""
    for drawn, placement in cases(count):
        for fetches, feeds in drawn.runs:
            parts = partition(fetches, placement, fed=feeds)
            wanted = edges_that_cross(fetches, placement, feeds)
            assert sends_and_receives(parts) == (Counter(wanted[0]), Counter(wanted[1]))
            data = [c for c in wanted[0] if c.destination != "client" and not c.tensor.startswith("^")]
            assert crossing(parts) == sorted(data)
            run = [
                (operation.name, device)
                for device, part in parts.items()
                for operation in pruned([o for o in part.operations.values() if o.kind == "send"])
                if operation.kind not in COMMUNICATION
            ]
            assert sorted(run) == sorted((o.name, placement[o.name]) for o in pruned(fetches, feeds))


# --- execution --------------------------------------------------------------------------------------------------------


def executed(client: Client) -> list[str]:
    """The operations of the graph that the last step ran."""
    return sorted(event.operation for event in client.traces[-1].events if event.operation in client.graph.operations)


def same_as_a_session(drawn: Drawn, seed: int = 0, **options: Any) -> Client:
    """Runs give a session's bits, execute what it does, and leave its variables."""
    draw_choice = random.Random(seed)
    client = Client(CLUSTER, drawn.graph, seed=seed, choose=lambda ready: draw_choice.randrange(len(ready)), **options)
    session = Session(drawn.graph, seed=seed)
    for fetches, feeds in [*drawn.runs, *drawn.runs]:
        assert bits(client.run(fetches, feeds)) == bits(session.run(fetches, feeds))
        assert executed(client) == sorted(session.executed)
        assert bits(sorted(client.master.variables().items())) == bits(sorted(session.variables.items()))
        is_consistent(client.traces[-1], client.master.plan(fetches, feeds), client)
    return client


def any_placement_gives_the_same_bits(count: int) -> None:
    """Wherever operations are, and whichever goes first of those that are ready."""
    for seed, (drawn, placement) in enumerate(cases(count)):
        same_as_a_session(drawn, seed, placement=placement)


def the_greedy_placement_gives_the_same_bits(count: int) -> None:
    """Which moves no variable from run to run, either."""
    for seed, (drawn, _) in enumerate(cases(count)):
        same_as_a_session(drawn, seed)


def is_consistent(trace: Trace, plan: Plan, client: Client) -> None:
    """Nothing starts before its inputs are there, and a device does one thing at a time, as fast as it can."""
    times = {(event.device, event.operation): event for event in trace.events}
    assert len(times) == len(trace.events)
    for device, operations in plan.operations.items():
        computed = sorted(times[device, o.name][:2] for o in operations if o.kind not in COMMUNICATION)
        assert all(end <= start for (_, end), (start, _) in pairwise(computed))
        for operation in operations:
            event = times[device, operation.name]
            givers = [*(tensor.operation for tensor in operation.inputs), *operation.control_inputs]
            assert all(times[device, giver.name].end <= event.start for giver in givers)
            assert event.worker == CLUSTER.devices[device].worker
            if operation.kind == "receive":
                assert event[:2] == _on_its_way(operation, device, plan, times, client)
            elif operation.kind == "send":
                assert event.start == event.end == max(times[device, giver.name].end for giver in givers)
            else:
                assert event.end - event.start == client.master.costs.seconds(operation, CLUSTER.devices[device])


def _on_its_way(receive: Operation, device: str, plan: Plan, times: dict[Any, Any], client: Client) -> tuple[Any, Any]:
    """When what is received was sent, and when it should have arrived."""
    source = receive.attributes["source"]
    if source == "client":
        return 0, 0
    [send] = [
        operation
        for operation in plan.operations[source]
        if operation.kind == "send"
        and (operation.attributes["tensor"], operation.attributes["destination"])
        == (receive.attributes["tensor"], device)
    ]
    size = client.master.costs.bytes(receive.outputs[0]) if receive.outputs else 0
    set_off = times[source, send.name].end
    return set_off, set_off + CLUSTER.link(source, device).seconds(size)


# --- faults -----------------------------------------------------------------------------------------------------------


def training() -> tuple[Graph, list[Any], list[dict[str, Any]]]:
    """A small network with noise on its inputs, momentum and a count: its graph, what to fetch, and six batches."""
    graph = Graph()
    x, y = graph.placeholder("x", (2, 2)), graph.placeholder("y", (2, 2))
    half = Fraction(1, 2)
    with graph.device("worker:0"):
        w, b = graph.variable("w", [[half, -half], [half, 1]]), graph.variable("b", [0, half])
    with graph.device("worker:1"):
        velocity, count = graph.variable("velocity", [[0, 0], [0, 0]]), graph.variable("count", 0)
    hidden = graph.apply("dense_layer", x + graph.random_uniform((2, 2)), w, b, activation="relu")
    loss = graph.apply("total", (hidden - y) * (hidden - y))
    slopes = add_gradients([loss], [w, b])
    with graph.control_dependencies([loss, *slopes, velocity, count]):
        moved = graph.assign(velocity, velocity * half + slopes[0])
        counted = graph.assign_add(count, 1)
        updates = [graph.assign_add(w, moved * -0.125), graph.assign_add(b, slopes[1] * -0.125)]
    draw_number = random.Random(0)
    batches = [
        {name: [[draw_number.randint(-3, 3) for _ in range(2)] for _ in range(2)] for name in ("x:0", "y:0")}
        for _ in range(6)
    ]
    return graph, [loss, counted, *updates], batches


def drawn_faults(draw_fault: random.Random, client: Client, count: int) -> list[Fault]:
    """Faults at random moments of random steps of an undisturbed run, some of them after a step's end."""
    faults: list[Fault] = []
    for _ in range(count):
        step = draw_fault.randint(1, len(client.traces))
        end = max(event.end for event in client.traces[step - 1].events)
        faults.append(WorkerDies(step, draw_fault.choice(list(CLUSTER.workers)), end * draw_fault.uniform(0, 1.25)))
    return faults


def every_fault_ends_with_the_undisturbed_bits(
    runs: int, kinds: Sequence[str] = ("deaths", "sends", "receives"), seed: int = 0
) -> int:
    """Train with faults, and without: the same losses, variables and number of steps. Returns how many steps failed."""
    graph, fetches, batches = training()
    undisturbed, session = Client(CLUSTER, graph, seed=7), Session(graph, seed=7)
    losses = bits(undisturbed.train(fetches, batches))
    assert losses == bits([session.run(fetches, batch) for batch in batches])
    variables, draw_fault, failed = bits(sorted(session.variables.items())), random.Random(seed), 0
    [plan] = undisturbed.master.plans.values()
    carried = {
        kind: [o.attributes["tensor"] for os in plan.operations.values() for o in os if f"{o.kind}s" == kind]
        for kind in ("sends", "receives")
    }
    for run in range(runs):
        kind = kinds[run % len(kinds)]
        if kind == "deaths":
            faults = drawn_faults(draw_fault, undisturbed, draw_fault.randint(1, 3))
        else:
            fail = SendFails if kind == "sends" else ReceiveFails
            faults = [fail(draw_fault.randint(1, len(batches)), draw_fault.choice(carried[kind]))]
        save_every = draw_fault.randint(1, 4)
        client = Client(CLUSTER, graph, seed=7, save_every=save_every, faults=faults)
        assert bits(client.train(fetches, batches)) == losses
        assert bits(sorted(client.master.variables().items())) == variables
        assert client.step == len(batches)
        assert client.saved.step == len(batches) - len(batches) % save_every
        broken = [trace for trace in client.traces if trace.failure]
        failed += len(broken)
        ends_for_all(client.traces, faults)
    return failed


def ends_for_all(traces: Sequence[Trace], faults: Sequence[Fault]) -> None:
    """Nothing happens in a step after its failure."""
    for trace in traces:
        moments = [f.moment for f in faults if isinstance(f, WorkerDies) and trace.failure.startswith(f.worker)]
        assert not moments or all(event.end <= max(moments) for event in trace.events)
    ended = {trace.step for trace in traces if not trace.failure}
    assert {trace.step for trace in traces} <= ended
