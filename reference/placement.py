"""Placement: on which device each operation of a graph runs, by a simulation that looks at nothing twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from heapq import heappop, heappush

from reference.arrays import Number
from reference.constraints import Constraints, colocated
from reference.costs import ESTIMATED, Costs
from reference.devices import Cluster, Device
from reference.errors import InvalidArgument
from reference.readiness import ReadyQueue, before, controls, in_order, pruned
from reference.tensors import Operation, Tensor

__all__ = ["place"]


def place(
    fetches: Sequence[Tensor | Operation],
    cluster: Cluster,
    *,
    fed: Iterable[Tensor] = (),
    costs: Costs = ESTIMATED,
    together: Iterable[Sequence[str]] = (),
    settled: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Choose a device for each operation that fetches need, one after the other, where it would finish soonest.

    Why: the white paper's greedy simulation. It runs the graph on a virtual clock; an operation that becomes ready goes
    where its inputs, what the device is still busy with and its own time let it end first, and stays there. What is on
    another device has to be transmitted. The first device wins a tie.

    An operation's `device` is a full or partial name that its device must match. A variable and all that reads or
    assigns it are on one device, which must suit every such operation of the graph, also those that nobody fetches now:
    the variable stays when the step is over. A fed tensor comes to the device of its operation, which takes no time and
    needs nothing: the first one that its constraints leave.

    Args:
        fetches: tensors and operations of one graph.
        cluster: the devices and their links.
        fed: tensors whose values are given, which cuts the graph there.
        costs: the cost model.
        together: names of operations that must be on one device.
        settled: devices of operations, by name, that earlier placements decided.

    Returns:
        The name of the device for the name of each operation that runs or is fed.

    Raises:
        InvalidArgument: if fetches aren't of one graph, or no device suits an operation, or operations that must be
            together; it says which wishes contradict each other.

    Source:
        goldsborough-tensorflow, "Execution Model"; TensorFlow's white paper of 2015, sections 3.2.1 and 4.3.

    >>> from reference import Graph, Link
    >>> graph = Graph()
    >>> x = graph.placeholder("x", (100,))
    >>> with graph.device("cpu:1"):
    ...     y = x * 2
    >>> cluster = Cluster([Device("cpu:0", 100), Device("cpu:1", 100)], within=Link(1, 400))
    >>> place([y, x + x], cluster, fed=[x])
    {'x': 'cpu:0', 'constant': 'cpu:1', 'multiply': 'cpu:1', 'add': 'cpu:0'}
    """
    given = require_fed(fed, require_fetches(fetches))
    operations = pruned(fetches, given)
    if not operations:
        return {}
    sources = fed_operations(operations, given)
    groups = colocated(operations[0].graph, together)
    choices = _choices(operations, sources, Constraints(cluster, settled or {}), groups)
    simulation = _Simulation(cluster, costs, given)
    for source in sources:
        simulation.put(source, choices[source][0], 0, choices)
    simulation.run(operations, choices)
    return {operation.name: simulation.devices[operation].name for operation in in_order(simulation.devices)}


def require_fetches(fetches: Sequence[Tensor | Operation]) -> Sequence[Tensor | Operation]:
    """Return tensors and operations of one graph, or say that they were wanted."""
    listed = isinstance(fetches, (list, tuple)) and all(isinstance(fetch, (Tensor, Operation)) for fetch in fetches)
    if not listed or len({fetch.graph for fetch in fetches}) > 1:
        raise InvalidArgument("fetches", "a list of tensors and operations of one graph", repr(fetches))
    return fetches


def require_fed(fed: Iterable[Tensor], fetches: Sequence[Tensor | Operation]) -> dict[Tensor, None]:
    """Return the tensors that are fed, each once, or say that tensors of the fetches' graph were wanted."""
    wanted = "a list of tensors of the graph"
    if not isinstance(fed, Iterable):
        raise InvalidArgument("fed", wanted, repr(fed))
    listed = list(fed)
    for tensor in listed:
        if not isinstance(tensor, Tensor) or (fetches and tensor.graph is not fetches[0].graph):
            raise InvalidArgument("fed", wanted, f"{tensor!r} in it")
    return dict.fromkeys(listed)


def fed_operations(operations: Sequence[Operation], fed: Mapping[Tensor, object]) -> list[Operation]:
    """The operations whose fed tensors others take, whether they run themselves or not."""
    taken = (tensor for operation in operations for tensor in operation.inputs if tensor in fed)
    return list(dict.fromkeys(tensor.operation for tensor in taken))


class _Simulation:
    """A virtual clock for each device, and when each operation would be finished."""

    def __init__(self, cluster: Cluster, costs: Costs, fed: Mapping[Tensor, object]) -> None:
        self.cluster, self.costs, self.fed = cluster, costs, fed
        self.free: dict[str, Number] = dict.fromkeys(cluster.devices, 0)
        self.finished: dict[Operation, Number] = {}
        self.devices: dict[Operation, Device] = {}

    def run(self, operations: Sequence[Operation], choices: Mapping[Operation, list[Device]]) -> None:
        """Go through the operations in the order in which they become ready."""
        queue, waiting = ReadyQueue(operations, self.fed), list[tuple[Number, int, Operation]]()
        while queue.ready or waiting:
            while queue.ready:
                operation = queue.take()
                ready = max((self.finished[earlier] for earlier in before(operation, self.fed)), default=0)
                heappush(waiting, (ready, operation.place, operation))
            _, _, operation = heappop(waiting)
            times = [self.finish(operation, device) for device in choices[operation]]
            soonest = min(range(len(times)), key=times.__getitem__)
            self.put(operation, choices[operation][soonest], times[soonest], choices)
            queue.finished(operation)

    def put(
        self, operation: Operation, device: Device, finish: Number, choices: Mapping[Operation, list[Device]]
    ) -> None:
        """Decide for a device, which decides for all that must be together with the operation."""
        self.devices[operation], self.finished[operation] = device, finish
        self.free[device.name] = max(self.free[device.name], finish)
        choices[operation][:] = [device]

    def finish(self, operation: Operation, device: Device) -> Number:
        """When an operation would be finished on a device."""
        inputs = (self.arrival(tensor, tensor.operation, device) for tensor in operation.inputs)
        words = (self.arrival(earlier, earlier, device) for earlier in controls(operation, self.fed))
        return max((self.free[device.name], *inputs, *words)) + self.costs.seconds(operation, device)

    def arrival(self, given: Tensor | Operation, giver: Operation, device: Device) -> Number:
        """When a tensor, or the word that an operation ran, is on a device."""
        source = self.devices[giver].name
        there = 0 if given in self.fed else self.finished[giver]
        if source == device.name:
            return there
        return there + self.cluster.link(source, device.name).seconds(self.costs.bytes(given))


def _choices(
    operations: Sequence[Operation],
    sources: Sequence[Operation],
    constraints: Constraints,
    groups: Sequence[Sequence[Operation]],
) -> dict[Operation, list[Device]]:
    """The devices that each operation can run on: one list for all that must be together."""
    choices: dict[Operation, list[Device]] = {}
    for group in groups:
        choices.update(dict.fromkeys(group, constraints.feasible(group)))
    for operation in operations:
        if operation not in choices:
            choices[operation] = constraints.feasible([operation])
    for source in sources:
        if source not in choices:
            # It is only fed, so its device needn't be able to run it.
            choices[source] = constraints.feasible([source], runs=False)
    return choices
