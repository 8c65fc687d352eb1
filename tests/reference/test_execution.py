"""Client, master, workers and devices: the bits of a session, a consistent timeline, and what happens after faults."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import pytest

from reference import (
    Client,
    Cluster,
    Costs,
    Device,
    Event,
    Graph,
    InvalidArgument,
    Link,
    ReceiveFails,
    SendFails,
    Session,
    Tensor,
    Trace,
    WorkerDies,
)
from reference.faults import Fault
from reference.tensors import Operation
from tests.reference.execution_laws import (
    CLUSTER,
    any_placement_gives_the_same_bits,
    bits,
    every_fault_ends_with_the_undisturbed_bits,
    executed,
    the_greedy_placement_gives_the_same_bits,
    training,
)
from tests.reference.support import calls_of

TWO = Cluster([Device("cpu:0", 1), Device("worker:1/cpu:0", 1)], between=Link(2, 4))


# --- the same bits ----------------------------------------------------------------------------------------------------


def test_any_placement_and_any_order_give_the_bits_of_a_session() -> None:
    any_placement_gives_the_same_bits(80)


def test_the_greedy_placement_gives_the_bits_of_a_session() -> None:
    the_greedy_placement_gives_the_same_bits(80)


def test_fetches_and_feeds_are_found_by_name_and_results_have_their_structure() -> None:
    graph = Graph()
    x = graph.placeholder("x", (2,))
    y = graph.apply("negative", x, name="y")
    client = Client(TWO, graph)
    assert client.run({"both": [y, "x:0"], "ran": "y"}, {"x:0": [1, 2]}) == {"both": [[-1, -2], [1, 2]], "ran": None}
    assert client.run([], {}) == []


def test_a_fetch_runs_nothing_that_it_doesnt_need() -> None:
    graph = Graph()
    x = graph.placeholder("x", ())
    half = graph.apply("divide", x, 2, name="half")
    y = graph.apply("negative", half, name="y")
    graph.apply("log", half, name="not needed")
    client = Client(TWO, graph)
    client.run(y, {x: 4})
    assert executed(client) == ["constant", "half", "y"]
    client.run(y, {half: 2})
    assert executed(client) == ["y"]


def test_an_operation_that_is_fed_and_runs_too_has_its_device_before_it_runs() -> None:
    graph = Graph()
    first, second = graph.apply("unstack", graph.constant([1, 2], "x"), name="both")
    late = graph.apply("exp", graph.apply("exp", second))
    assert Client(CLUSTER, graph).run([first + 1, late], {first: 10})[0] == 11


def test_a_variable_stays_where_it_is_whatever_is_fetched() -> None:
    graph = Graph()
    v, w = graph.variable("v", [2] * 8), graph.variable("w", [1] * 8)
    changed = graph.assign_add(w, [1] * 8)
    # With v on the fastest device, the greedy simulation would rather have w elsewhere.
    client = Client(CLUSTER, graph)
    for value in (2, 3, 4):
        assert client.run(changed) == [value] * 8
        assert client.run([v, w]) == [[2] * 8, [value] * 8]
        assert client.run([w, v]) == [[value] * 8, [2] * 8]
    holders = [worker.name for worker in client.master.workers.values() if "w" in worker.variables]
    assert len(holders) == 1


def test_a_master_plans_once_for_the_same_fetches_and_feeds() -> None:
    graph = Graph()
    x = graph.placeholder("x", ())
    y = -x
    client = Client(TWO, graph)
    for number in range(3):
        client.run(y, {x: number})
    assert len(client.master.plans) == 1
    client.run([y, x], {x: 1})
    client.run(y, {y: 1})
    assert len(client.master.plans) == 3


def test_two_that_use_a_variable_in_an_open_order_are_refused() -> None:
    graph = Graph()
    w = graph.variable("w", 1)
    changed = graph.assign_add(w, 1)
    with pytest.raises(InvalidArgument, match="'w' and 'assign_add' on 'w' in either order"):
        Client(TWO, graph).run([w, changed])


def test_a_step_that_ends_in_an_error_leaves_nothing_behind() -> None:
    graph = Graph()
    w, x = graph.variable("w", 1), graph.placeholder("x", ())
    added = graph.assign_add(w, 1)
    with graph.control_dependencies([added]):
        quotient = graph.apply("divide", 1, x)
    client = Client(TWO, graph, save_every=3)
    assert client.run(added) == 2
    with pytest.raises(ZeroDivisionError):
        client.run(quotient, {x: 0})
    assert client.traces[1].failure == "Fraction(1, 0)"
    assert client.run([added, quotient], {x: 1}) == [3, 1]
    assert client.step == 2


def test_an_unfed_placeholder_is_named() -> None:
    graph = Graph()
    y = -graph.placeholder("x", ())
    client = Client(TWO, graph)
    with pytest.raises(InvalidArgument, match="a value for placeholder 'x'"):
        client.run(y)
    assert client.run(y, {"x:0": 1}) == -1


# --- the timeline -----------------------------------------------------------------------------------------------------


def two_devices() -> tuple[Graph, list[Tensor]]:
    """On one device a number, and something that takes long; on the other what takes the number, twice."""
    graph = Graph()
    with graph.device("worker:0"):
        x = graph.constant(3, "x")
        busy = graph.apply("fill", x, shape=(5,), name="busy")
    with graph.device("worker:1"):
        y = graph.apply("add", x, x, name="y")
    return graph, [busy, y]


def test_the_clock_goes_as_costs_and_links_say() -> None:
    graph, fetches = two_devices()
    client = Client(TWO, graph)
    assert client.run(fetches) == [[3] * 5, 6]
    assert {event.operation: event[:2] for event in client.traces[0].events} == {
        "x": (0, 1),
        "x/send_0": (1, 1),
        "busy": (1, 7),
        "busy/send_0": (7, 7),
        "x/receive_0": (1, 4),  # a latency of 2, and 4 bytes at 4 bytes a second
        "y": (4, 7),
        "y/send_0": (7, 7),
    }


def test_a_trace_prints_as_a_timeline() -> None:
    trace = Trace(
        3,
        (
            Event(0, 1.5, "worker:0", "cpu:0", "x"),
            Event(1.5, 1.5, "worker:0", "cpu:0", "x/send_0"),
            Event(1.5, 3, "worker:1", "worker:1/cpu:0", "x/receive_0"),
            Event(3, 3, "worker:1", "worker:1/cpu:0", "y"),
        ),
        "worker:0 died after 3 s",
    )
    assert str(trace).splitlines() == [
        "step 3, which failed: worker:0 died after 3 s",
        "start  end  worker    device          operation",
        "    0  1.5  worker:0  cpu:0           x            |####################                    |",
        "  1.5  1.5  worker:0  cpu:0           x/send_0     |                    .                   |",
        "  1.5    3  worker:1  worker:1/cpu:0  x/receive_0  |                    ####################|",
        "    3    3  worker:1  worker:1/cpu:0  y            |                                       .|",
    ]
    assert trace._repr_html_().startswith("<table><caption>step 3, which failed: worker:0 died after 3 s</caption>")
    assert str(Trace(1, ())).splitlines() == ["step 1", "start  end  worker  device  operation"]


def test_what_a_trace_measured_is_a_cost_model() -> None:
    graph, fetches = two_devices()
    slow = Costs(measured={("busy", "cpu:0"): 100})
    client = Client(TWO, graph, costs=slow)
    client.run(fetches)
    measured = client.traces[0].measured()
    assert measured["busy", "cpu:0"] == 100
    again = Client(TWO, graph, costs=Costs(measured=measured))
    again.run(fetches)
    assert [event[:2] for event in again.traces[0].events] == [event[:2] for event in client.traces[0].events]


# --- faults -----------------------------------------------------------------------------------------------------------


def test_200_runs_with_workers_killed_at_random_moments_end_with_the_undisturbed_bits() -> None:
    failed = every_fault_ends_with_the_undisturbed_bits(200, ["deaths"])
    assert failed >= 200


def test_failed_sends_and_receives_end_with_the_undisturbed_bits() -> None:
    assert every_fault_ends_with_the_undisturbed_bits(50, ["sends", "receives"]) == 50


def moved_by(fault: Fault) -> Client:
    """A variable on each worker, both moved in each of five steps, the second after the first."""
    graph = Graph()
    with graph.device("worker:0"):
        w = graph.variable("w", 1)
        first = graph.assign_add(w, 1, "first")
    with graph.device("worker:1"):
        v = graph.variable("v", 1)
        second = graph.assign_add(v, first, "second")
    client = Client(TWO, graph, save_every=2, faults=[fault])
    assert client.train([second, first], [{}] * 5) == [[3, 2], [6, 3], [10, 4], [15, 5], [21, 6]]
    return client


@pytest.mark.parametrize(
    ("fault", "failure", "steps"),
    [
        (WorkerDies(4, "worker:1", 2.5), "worker:1 died after 2.5 s", [1, 2, 3, 4, 3, 4, 5]),
        (WorkerDies(3, "worker:0", 0), "worker:0 died after 0 s", [1, 2, 3, 3, 4, 5]),
        (WorkerDies(4, "worker:1", 99), "worker:1 died after 0 s", [1, 2, 3, 4, 5, 5]),
        (WorkerDies(3, "worker:1", 99), "worker:1 died after 0 s", [1, 2, 3, 4, 3, 4, 5]),
        (SendFails(1, "first:0"), "the send of 'first:0' to worker:1/cpu:0 failed after 3 s", [1, 1, 2, 3, 4, 5]),
        (ReceiveFails(2, "first:0"), "the receive of 'first:0' on worker:1/cpu:0", [1, 2, 1, 2, 3, 4, 5]),
    ],
)
def test_a_fault_ends_the_step_and_all_since_the_last_checkpoint_are_done_again(
    fault: Fault, failure: str, steps: list[int]
) -> None:
    client = moved_by(fault)
    assert [trace.step for trace in client.traces] == steps
    [broken] = [trace for trace in client.traces if trace.failure]
    assert broken.failure.startswith(failure)
    assert client.saved == (4, {"w": 5, "v": 15})


def test_random_numbers_are_those_of_the_step_when_it_is_done_again() -> None:
    graph = Graph()
    noise = graph.random_uniform((2,))
    client, session = (
        Client(TWO, graph, seed=3, save_every=4, faults=[WorkerDies(3, "worker:0", 0)]),
        Session(graph, seed=3),
    )
    assert bits(client.train(noise, [{}] * 5)) == bits([session.run(noise) for _ in range(5)])


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_a_step_that_is_interrupted_leaves_nothing_behind(error: type[BaseException]) -> None:
    graph = Graph()
    w, noise = graph.variable("w", 1), graph.random_uniform(())
    first = graph.assign_add(w, w * 2)
    second = graph.apply("add", first, noise, name="second")
    interrupted = iter([False, True, False, False, False, False])

    def choose(ready: Sequence[Operation]) -> int:
        if any(operation.name == "second" for operation in ready) and next(interrupted):
            raise error
        return 0

    client, undisturbed = Client(TWO, graph, save_every=2, choose=choose), Session(graph)
    assert client.run(second) == undisturbed.run(second)
    with pytest.raises(error):
        client.run(second)
    assert "assign_add" in executed(client)
    # What is saved is what the steps left that were done, and not what an interrupted one began.
    assert client.save() == (1, {"w": 3})
    assert client.train(second, [{}] * 3) == [undisturbed.run(second) for _ in range(3)]


def test_moments_may_be_any_numbers() -> None:
    graph = Graph()
    x = graph.constant(1, "x")
    slow = Costs(measured={("x", "cpu:0"): Fraction(7, 3)})
    client = Client(TWO, graph, costs=slow, faults=[WorkerDies(1, "worker:0", Fraction(1, 3))])
    assert client.run(x) == 1
    assert client.traces[0].failure == "worker:0 died after 1/3 s"


@pytest.mark.parametrize("seconds", [-1, float("inf"), float("nan"), None, "1"])
def test_what_is_measured_is_a_time(seconds: Any) -> None:
    graph = Graph()
    x = graph.constant(1, "x")
    with pytest.raises(InvalidArgument, match="measured seconds of 'x' on 'cpu:0': wanted a number of at least 0; got"):
        Client(TWO, graph, costs=Costs(measured={("x", "cpu:0"): seconds})).run(x)


def test_a_variable_stays_on_its_device_from_plan_to_plan() -> None:
    graph = Graph()
    w = graph.variable("w", 1)
    changed, read = graph.assign(w, 5), graph.read(w)
    placement = {"constant": "cpu:0", "assign": "cpu:0", "read": "worker:1/cpu:0"}
    client = Client(TWO, graph, placement=placement)
    assert client.run(changed) == 5
    with pytest.raises(InvalidArgument, match="placement: wanted variable 'w' on 'cpu:0', where it is; got 'worker:1"):
        client.run(read)
    assert client.run(changed) == 5


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (WorkerDies(1, "worker:2", 0), "worker of a fault: wanted 'worker:0' or 'worker:1'; got 'worker:2'"),
        (WorkerDies(0, "worker:1", 0), "step of a fault"),
        (WorkerDies(1, "worker:1", -1), "moment of a fault"),
        (SendFails(1, "z:0"), "tensor: wanted the name"),
        (ReceiveFails(1, "^z"), "operation: wanted the name"),
        ("worker:1", "faults: wanted WorkerDies"),
        (SendFails(1, None), "tensor of a fault: wanted the name of one, or of an operation as '\\^x'; got None"),
    ],
)
def test_faults_that_cant_happen_are_refused(fault: Any, said: str) -> None:
    graph = Graph()
    graph.constant(1, "x")
    with pytest.raises(InvalidArgument, match=said):
        Client(TWO, graph, faults=[fault])


def test_one_fault_is_no_list_of_faults() -> None:
    with pytest.raises(InvalidArgument, match=r"faults: wanted a list of .*; got WorkerDies"):
        Client(TWO, Graph(), faults=WorkerDies(1, "worker:1", 0))


def test_save_every_is_a_positive_integer() -> None:
    with pytest.raises(InvalidArgument, match="save_every"):
        Client(TWO, Graph(), save_every=0)


def test_a_placement_on_a_device_that_isnt_there_is_refused() -> None:
    graph = Graph()
    x = graph.constant(1, "x")
    with pytest.raises(InvalidArgument, match="placement: wanted devices of the cluster"):
        Client(TWO, graph, placement={"x": "cpu:7"}).run(x)


# --- size -------------------------------------------------------------------------------------------------------------


def test_placing_cutting_and_running_is_linear_in_the_graph_and_nothing_recurses() -> None:
    def run(size: int) -> None:
        graph = Graph()
        with graph.device("cpu:0"):
            x = before = graph.constant(1, "x")
        for place in range(size):
            with graph.device("cpu:0" if place % 50 < 25 else ""):
                x, before = graph.apply("add" if place % 2 else "maximum", x, before), x
        client = Client(CLUSTER, graph)
        client.run(x)
        assert len(executed(client)) == size + 1

    few, more, most = (calls_of(lambda size=size: run(size)) for size in (500, 1000, 1500))
    assert most - more == more - few


def test_the_network_that_is_trained_uses_both_workers() -> None:
    graph, fetches, batches = training()
    client = Client(CLUSTER, graph)
    client.run(fetches, batches[0])
    assert {event.worker for event in client.traces[0].events} == set(CLUSTER.workers)
    assert {"random_uniform", "assign", "assign_add"} <= set(executed(client))
