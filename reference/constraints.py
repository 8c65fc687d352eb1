"""Constraints: which devices an operation may run on, and which operations must be on one device."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from operator import and_
from typing import NamedTuple

from reference.devices import Cluster, Device
from reference.errors import InvalidArgument
from reference.graphs import Graph
from reference.readiness import variable_of
from reference.tensors import Operation


class Wish(NamedTuple):
    """What leaves an operation some devices only: in words, and their names."""

    text: str
    devices: frozenset[str]


class Constraints:
    """Who may be where in a cluster: by the names that operations ask for, what devices can run, and what is settled.

    Source:
        TensorFlow's white paper of 2015, section 4.3: the feasible devices of each node, the components of the graph
        of colocation constraints by union-find, and for each the intersection of its nodes' devices.
    """

    def __init__(self, cluster: Cluster, settled: Mapping[str, str]) -> None:
        self.cluster, self.settled = cluster, settled
        self._named: dict[str, frozenset[str]] = {"": frozenset(cluster.devices)}
        self._able: dict[str, frozenset[str]] = {}

    def wishes(self, operation: Operation, *, runs: bool = True) -> list[Wish]:
        """All that leaves an operation less than every device. One that is only fed needs no device that can run it."""
        name, kind, device = operation.name, operation.kind, operation.device
        if device not in self._named:
            self._named[device] = frozenset(self.cluster.matching(device))
        if kind not in self._able:
            self._able[kind] = frozenset(each.name for each in self.cluster.devices.values() if each.can_run(kind))
        wishes = [Wish(f"'{name}' is for '{device}'", self._named[device])]
        if runs:
            wishes.append(Wish(f"'{name}' needs a device that can run {kind}", self._able[kind]))
        if name in self.settled:
            wishes.append(Wish(f"'{name}' is settled on '{self.settled[name]}'", frozenset([self.settled[name]])))
        return [wish for wish in wishes if len(wish.devices) < len(self.cluster.devices)]

    def feasible(self, group: Sequence[Operation], *, runs: bool = True) -> list[Device]:
        """The devices that suit all operations of a group, or which of their wishes contradict each other."""
        wishes = [wish for operation in group for wish in self.wishes(operation, runs=runs)]
        left = reduce(and_, (wish.devices for wish in wishes), self._named[""])
        if not left:
            needed = contradiction(wishes)
            named = ", ".join(f"'{operation.name}'" for operation in group[:4]) + (", …" if len(group) > 4 else "")
            wanted = f"one of {', '.join(self.cluster.devices)} that suits {'all of them' if group[1:] else 'it'}"
            raise InvalidArgument(f"device of {named}", wanted, "; ".join(wish.text for wish in needed))
        return [device for device in self.cluster.devices.values() if device.name in left]


def contradiction(wishes: Sequence[Wish]) -> list[Wish]:
    """Some wishes that can't be met together, and could if any of them were dropped."""
    # Of those that leave the same devices, the first one speaks for all.
    kept = list({wish.devices: wish for wish in reversed(wishes)}.values())[::-1]
    for wish in list(kept):
        others = [other for other in kept if other is not wish]
        if others and not reduce(and_, (other.devices for other in others)):
            kept = others
    return kept


def require_together(together: Iterable[Sequence[str]]) -> list[Sequence[str]]:
    """Return what must be together, or say that it isn't told as it should be."""
    wanted = "lists of names of operations"
    if not isinstance(together, Iterable):
        raise InvalidArgument("together", wanted, repr(together))
    listed = list(together)
    for names in listed:
        if not isinstance(names, (list, tuple)):
            raise InvalidArgument("together", wanted, f"{names!r} in it")
    return listed


def colocated(graph: Graph, together: Iterable[Sequence[str]]) -> list[list[Operation]]:
    """Groups of operations that must be on one device: what uses a variable is with it, and what is asked for."""
    leaders: dict[str, str] = {}

    def leader(name: str) -> str:
        leaders.setdefault(name, name)
        while leaders[name] != name:
            # Every second step is cut short, so that the next way is half as long.
            name = leaders[name] = leaders[leaders[name]]
        return name

    for operation in graph.operations.values():
        if variable_of(operation):
            leaders[leader(operation.name)] = leader(variable_of(operation))
    for names in require_together(together):
        for name in names:
            leaders[leader(graph.operation(name).name)] = leader(graph.operation(names[0]).name)
    groups: dict[str, list[Operation]] = defaultdict(list)
    for name in leaders:
        groups[leader(name)].append(graph.operations[name])
    return list(groups.values())
