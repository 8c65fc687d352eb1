"""Partition: a graph cut into one part for each device, joined by sends and receives.

A part is a graph like any other, so it is plain data and a picture too. Its operations are called as in the whole
graph, and all of them are needed by one of its sends: those to other devices, and those to the client.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, count
from typing import Any, NamedTuple

from reference.errors import InvalidArgument
from reference.graphs import Graph
from reference.operation_kinds import COMMUNICATION
from reference.placement import require_fed, require_fetches
from reference.readiness import controls, is_given, pruned, variable_of
from reference.tensors import Operation, Tensor, operation_of

__all__ = ["Crossing", "crossing", "partition"]

#: Where fed tensors come from and fetched ones go to.
CLIENT = "client"
#: What stands before an operation's name where it means word that the operation ran.
WORD = "^"


class Crossing(NamedTuple):
    """A tensor that goes from one device to another."""

    tensor: str
    source: str
    destination: str


def partition(
    fetches: Sequence[Tensor | Operation], placement: Mapping[str, str], *, fed: Iterable[Tensor] = ()
) -> dict[str, Graph]:
    """Cut what fetches need into a graph for each device.

    Why: "any cross-device edge from x to y is removed and replaced by an edge from x to a new Send node in x's subgraph
    and an edge from a corresponding Receive node to y in y's subgraph". However many operations use a tensor on a
    device, it is sent there once and received there once. For a control dependency, word is sent instead of a tensor.

    What is fed is received from the client, on the device of its operation, and sent on from there; what is fetched is
    sent to the client. A variable that isn't looked at, but assigned, stands in the part too: with what it begins with.

    Args:
        fetches: tensors and operations of one graph.
        placement: the name of the device for the name of each operation that runs or is fed, as `place` gives it.
        fed: tensors whose values are given, which cuts the graph there.

    Returns:
        A graph for the name of each device that has something to do. Among its operations are those of the kinds "send"
        (of at most one input, to "destination") and "receive" (from "source"), whose attribute "tensor" says what:
        "x:0" is a tensor, "^x" word that x ran.

    Raises:
        InvalidArgument: if fetches and what is fed aren't of one graph, an operation has no device, what uses a
            variable isn't on the variable's, or the graph is a part already.

    Source:
        goldsborough-tensorflow, "Execution Model"; TensorFlow's white paper of 2015, section 3.2.2.

    >>> graph = Graph()
    >>> x = graph.placeholder("x", ())
    >>> y = (x * x).tanh()
    >>> parts = partition([y], {"x": "cpu:0", "multiply": "cpu:0", "tanh": "cpu:1"}, fed=[x])
    >>> {device: list(part.operations) for device, part in parts.items()}
    {'cpu:0': ['x/receive_0', 'multiply', 'multiply/send_0'], 'cpu:1': ['multiply/receive_0', 'tanh', 'tanh/send_0']}
    """
    if not isinstance(placement, Mapping):
        raise InvalidArgument("placement", "a dict of devices by operations", repr(placement))
    cut = _Cut(placement, require_fed(fed, require_fetches(fetches)))
    for operation in pruned(fetches, cut.fed):
        cut.add(operation)
    for fetch in dict.fromkeys(fetches):
        if not is_given(fetch, cut.fed):
            cut.send(fetch, CLIENT)
    return cut.parts


def crossing(parts: Mapping[str, Graph]) -> list[Crossing]:
    """The tensors that go from device to device, in the order of their names.

    Why: it is what communication costs, and what two ways to partition must agree on.

    Args:
        parts: the graph of each device, as `partition` gives them.

    Returns:
        A Crossing(tensor, source, destination) for each send of a tensor; those to the client, and word of operations,
        which has no numbers, aren't counted.

    Source:
        TensorFlow's white paper of 2015, section 3.2.2.

    >>> graph = Graph()
    >>> x = graph.constant(2, "x")
    >>> y = x * x + x
    >>> crossing(partition([y], {"x": "cpu:0", "multiply": "cpu:1", "add": "cpu:1"}))
    [Crossing(tensor='x:0', source='cpu:0', destination='cpu:1')]
    """
    return sorted(
        Crossing(sent["tensor"], device, sent["destination"])
        for device, part in parts.items()
        for sent in (operation.attributes for operation in part.operations.values() if operation.kind == "send")
        if sent["destination"] != CLIENT and not sent["tensor"].startswith(WORD)
    )


class _Cut:
    """The parts as they grow, operation by operation in an order in which they can run."""

    def __init__(self, placement: Mapping[str, str], fed: Mapping[Tensor, Any]) -> None:
        self.placement, self.fed = placement, fed
        self.parts: dict[str, Graph] = {}
        self.received: dict[tuple[str, str], Tensor | Operation] = {}
        #: The device of each variable that is used.
        self.homes: dict[str, str] = {}

    def add(self, operation: Operation) -> None:
        """Add an operation to the part of its device."""
        if operation.kind in COMMUNICATION:
            raise InvalidArgument("fetches", "a whole graph, not a part", f"'{operation.name}' in it")
        device = self.device_of(operation)
        inputs = [self.here(tensor, device) for tensor in operation.inputs]
        waits_for = [self.here(earlier, device) for earlier in controls(operation, self.fed)]
        self._declare_variable(operation, device)
        part = self.part(device)
        with part.control_dependencies(waits_for), part.device(device):
            part.apply(operation.kind, *inputs, name=operation.name, **operation.attributes)

    def send(self, given: Tensor | Operation, destination: str) -> None:
        """Send a tensor, or word that an operation ran, from where it is."""
        device = self.device_of(operation_of(given))
        here, part = self.here(given, device), self.part(device)
        inputs, waits_for = ([here], []) if isinstance(here, Tensor) else ([], [here])
        with part.control_dependencies(waits_for), part.device(device):
            name = _free_name(given, "send", part)
            part.apply("send", *inputs, name=name, tensor=_name_of(given), destination=destination)

    def here(self, given: Tensor | Operation, device: str) -> Tensor | Operation:
        """What is given, in the part of a device: as it is if it is made there, and received once if it isn't."""
        giver = operation_of(given)
        home = self.device_of(giver)
        if home == device and given not in self.fed:
            made = self.parts[device].operations[giver.name]
            return made.outputs[given.index] if isinstance(given, Tensor) else made
        key = _name_of(given), device
        if key not in self.received:
            if home != device:
                self.send(given, device)
            self.received[key] = self._receive(given, device, CLIENT if home == device else home)
        return self.received[key]

    def _receive(self, given: Tensor | Operation, device: str, source: str) -> Tensor | Operation:
        part = self.part(device)
        shape = {"shape": given.shape} if isinstance(given, Tensor) else {}
        name = _free_name(given, "receive", part)
        with part.device(device):
            part.apply("receive", name=name, tensor=_name_of(given), source=source, **shape)
        received = part.operations[name]
        return received.outputs[0] if isinstance(given, Tensor) else received

    def _declare_variable(self, operation: Operation, device: str) -> None:
        """Have the variable that an operation uses in its part, where the value that it begins with is looked up."""
        name = variable_of(operation)
        if not name:
            return
        home = self.homes.setdefault(name, self.placement.get(name, device))
        if home != device:
            wanted = f"'{operation.name}' on '{home}' with its variable '{name}'"
            raise InvalidArgument("placement", wanted, repr(device))
        if name != operation.name and name not in self.part(device).operations:
            with self.part(device).device(device):
                self.part(device).variable(name, operation.graph.operations[name].attributes["value"])

    def part(self, device: str) -> Graph:
        """The graph of a device."""
        return self.parts.setdefault(device, Graph())

    def device_of(self, operation: Operation) -> str:
        """The name of the device that an operation was placed on."""
        if operation.name not in self.placement:
            raise InvalidArgument("placement", f"a device for '{operation.name}'", "none")
        device = self.placement[operation.name]
        if not isinstance(device, str) or device == CLIENT:
            raise InvalidArgument("placement", f"the name of a device for '{operation.name}'", repr(device))
        return device


def _name_of(given: Tensor | Operation) -> str:
    return given.name if isinstance(given, Tensor) else WORD + given.name


def _free_name(given: Tensor | Operation, kind: str, part: Graph) -> str:
    """A name that neither the part nor the whole graph has: an operation that is added later keeps its own."""
    giver = operation_of(given)
    wanted = f"{giver.name}/{kind}" + (f"_{given.index}" if isinstance(given, Tensor) else "")
    names = chain([wanted], (f"{wanted}_{number}" for number in count(1)))
    return next(name for name in names if name not in part.operations and name not in giver.graph.operations)
