"""The parts of a graph cut into segments: what a device can do without waiting for anybody.

A part may wait for another one that waits for it: a network's way forward on one device and then the next, and back.
No part as a whole is a task then. So each is cut at its receives. The level of an operation is how many times a value
had to come from another device before it can run; what one device does on one level is a segment. A segment needs
values of lower levels only, so segments never wait in a circle, and level by level is an order in which they can run.

Word that an operation ran counts as such a value, and need not be sent any more: all that it can be for is the order in
which operations use a variable, they are on one device, and a device runs its segments level by level.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from fast.cluster.parts import Part, require_parts
from reference.errors import InvalidArgument

#: What parts call who feeds and fetches, and what stands before an operation's name where word of it is sent.
CLIENT, WORD = "client", "^"
WRITERS, USERS = ("assign", "assign_add"), ("read", "assign", "assign_add")

#: What a value is known by: ("", its name in the whole graph) between devices, (device, its name in the part) on one.
Key = tuple[str, str]
#: A device, and the name of an operation in its part.
Node = tuple[str, str]


class Segment(NamedTuple):
    """What a device does on one level: plain data of a graph whose placeholders are the values that it needs.

    `inputs` are the keys of these by the names of their placeholders, `outputs` the names of tensors by the keys of
    what others need, `runs` the operations that run; variables that are assigned only stand in the graph and don't.
    """

    device: str
    level: int
    operations: tuple[Mapping[str, Any], ...]
    inputs: Mapping[str, Key]
    outputs: Mapping[Key, str]
    runs: tuple[str, ...]
    variables: tuple[str, ...]
    assigned: tuple[str, ...]


class Segments(NamedTuple):
    """All segments of a run, in an order in which they can run; what is fed, with shapes; and what is fetched."""

    order: tuple[Segment, ...]
    fed: Mapping[str, tuple[int, ...]]
    fetched: tuple[str, ...]


def cut(parts: Mapping[str, Part]) -> Segments:
    """Cut the parts of a graph into segments.

    Args: parts, for the name of each device its graph as plain data, `reference.partition`'s with `Graph.data()`.
    Returns: the segments; those without operations are left out, as feeds and words need none.
    Raises: InvalidArgument, if a part is no graph, or receives what none sends, or parts wait for each other in a
        circle.
    """
    parts = require_parts(parts)
    needed = {(device, entry["name"]): entry for device, part in parts.items() for entry in _needed(part)}
    levels = _levels(needed)
    writer = _Writer(parts, needed, levels)
    received = [entry["attributes"] for entry in needed.values() if entry["kind"] == "receive"]
    fed = {a["tensor"]: tuple(a["shape"]) for a in received if a["source"] == CLIENT}
    sent = [entry["attributes"] for entry in needed.values() if entry["kind"] == "send"]
    fetched = tuple(dict.fromkeys(a["tensor"] for a in sent if a["destination"] == CLIENT))
    return Segments(tuple(writer.segments()), fed, fetched)


def giver(tensor: str) -> str:
    """The operation that gives a tensor."""
    return tensor.rpartition(":")[0]


def _needed(part: Part) -> list[Mapping[str, Any]]:
    """The operations that sends need: all but variables that are assigned and not looked at."""
    needed: set[str] = set()
    for entry in reversed(part):
        if entry["kind"] == "send" or entry["name"] in needed:
            needed |= {entry["name"], *map(giver, entry["inputs"]), *entry["control_inputs"]}
    return [entry for entry in part if entry["name"] in needed]


def _levels(needed: Mapping[Node, Mapping[str, Any]]) -> dict[Node, int]:
    """Each operation's level; a receive is one above its send."""
    before = dict(_before(needed))
    missing = {node: len(earlier) for node, earlier in before.items()}
    later: dict[Node, list[Node]] = defaultdict(list)
    for node, earlier in before.items():
        for each in earlier:
            later[each].append(node)
    levels, ready = dict.fromkeys(needed, 0), deque(node for node, count in missing.items() if not count)
    done = 0
    while ready:
        node = ready.popleft()
        done += 1
        for follower in later[node]:
            crosses = needed[follower]["kind"] == "receive"
            levels[follower] = max(levels[follower], levels[node] + crosses)
            missing[follower] -= 1
            if not missing[follower]:
                ready.append(follower)
    if done < len(needed):
        circle = ", ".join(sorted({device for (device, name) in needed if missing[device, name]}))
        raise InvalidArgument("parts", "parts that don't wait for each other in a circle", f"{circle}, which do")
    return levels


def _before(needed: Mapping[Node, Mapping[str, Any]]) -> Iterator[tuple[Node, list[Node]]]:
    """What each operation waits for: a receive for its send."""
    sends = {
        (device, entry["attributes"]["destination"], entry["attributes"]["tensor"]): (device, name)
        for (device, name), entry in needed.items()
        if entry["kind"] == "send"
    }
    for (device, name), entry in needed.items():
        if entry["kind"] != "receive":
            names = dict.fromkeys([*map(giver, entry["inputs"]), *entry["control_inputs"]])
            yield (device, name), [(device, earlier) for earlier in names]
            continue
        source, tensor = entry["attributes"]["source"], entry["attributes"]["tensor"]
        if source != CLIENT and (source, device, tensor) not in sends:
            raise InvalidArgument("parts", f"a send of '{tensor}' from '{source}' to '{device}'", "none")
        yield (device, name), [] if source == CLIENT else [sends[source, device, tensor]]


class _Writer:
    """Writes the segments down: what crosses from one to another becomes an output of it and a placeholder here."""

    def __init__(
        self, parts: Mapping[str, Part], needed: Mapping[Node, Mapping[str, Any]], levels: Mapping[Node, int]
    ) -> None:
        self.needed, self.levels = needed, levels
        self.declared = {
            (device, entry["name"]): entry
            for device, part in parts.items()
            for entry in part
            if entry["kind"] == "variable"
        }
        self.places: dict[tuple[int, str], list[Node]] = defaultdict(list)
        self.outputs: dict[tuple[int, str], dict[Key, str]] = defaultdict(dict)
        for node, entry in needed.items():
            if entry["kind"] not in ("send", "receive"):
                self.places[levels[node], node[0]].append(node)
            for tensor in entry["inputs"]:
                self._note(node, entry, tensor)

    def segments(self) -> Iterator[Segment]:
        """All segments, level by level."""
        for level, device in sorted(self.places):
            nodes = self.places[level, device]
            here, inputs = {name for _, name in nodes}, dict[str, Key]()
            used = [entry["attributes"]["variable"] for entry in map(self.needed.get, nodes) if entry["kind"] in USERS]
            missing = [name for name in dict.fromkeys(used) if name not in here]
            entries = [self.declared[device, name] | {"control_inputs": []} for name in missing]
            entries += [self._entry(device, self.needed[node], here, inputs) for node in nodes]
            yield Segment(
                device,
                level,
                tuple(entries),
                inputs,
                self.outputs[level, device],
                tuple(name for _, name in nodes),
                tuple(entry["name"] for entry in entries if entry["kind"] == "variable"),
                tuple(dict.fromkeys(e["attributes"]["variable"] for e in entries if e["kind"] in WRITERS)),
            )

    def _note(self, node: Node, entry: Mapping[str, Any], tensor: str) -> None:
        """Have a segment give what another one, another device or the client takes."""
        source = node[0], giver(tensor)
        if self.needed[source]["kind"] == "receive":
            return
        place = self.levels[source], node[0]
        if entry["kind"] == "send":
            self.outputs[place]["", entry["attributes"]["tensor"]] = tensor
        elif self.levels[node] > self.levels[source]:
            self.outputs[place][node[0], tensor] = tensor

    def _entry(
        self, device: str, entry: Mapping[str, Any], here: set[str], inputs: dict[str, Key]
    ) -> Mapping[str, Any]:
        """An operation as its segment has it."""
        names = []
        for tensor in entry["inputs"]:
            if giver(tensor) not in here:
                inputs[tensor] = self._key(device, tensor)
            names.append(tensor if giver(tensor) in here else f"{tensor}:0")
        return {**entry, "inputs": names, "control_inputs": [name for name in entry["control_inputs"] if name in here]}

    def _key(self, device: str, tensor: str) -> Key:
        source = self.needed[device, giver(tensor)]
        return ("", source["attributes"]["tensor"]) if source["kind"] == "receive" else (device, tensor)
