"""Folding: which operations of a graph a picture shows as one box, so that even a large graph can be looked at.

A name scope is a box until it is opened. Where there are still too many boxes, those whose names differ by a number
only (add, add_1, add_2, …) are one; and if that doesn't do, those of a kind.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable
from typing import TYPE_CHECKING, NamedTuple

from reference.errors import InvalidArgument

if TYPE_CHECKING:
    from reference.graphs import Graph
    from reference.tensors import Operation, Tensor

OPERATION, SCOPE, SERIES = "operation", "scope", "series"


class Box(NamedTuple):
    """What a picture shows in one place: an operation, a folded scope, or a series of either."""

    what: str
    #: Of a series, that of the first.
    name: str
    #: The opened scope that it stands in; empty outside of all.
    frame: str
    #: What all operations in it are; `SCOPE` if it is one, or a series of them.
    kind: str
    operations: tuple[Operation, ...]
    #: How many boxes are one here.
    boxes: int = 1

    @property
    def key(self) -> str:
        """A name that no other box has."""
        return self.name + {OPERATION: "", SCOPE: "/", SERIES: "…"}[self.what]


class Arrow(NamedTuple):
    """From box to box, the tensors that go there; none of them where one only waits for the other."""

    start: Box
    end: Box
    tensors: tuple[Tensor, ...]


def folded(graph: Graph, opened: Collection[str] | None = (), most: int = 60) -> list[Box]:
    """The boxes of a picture, each operation in one of them; opened: the scopes to look into, None for all."""
    inside = _with_outer(graph, opened)
    together: dict[tuple[str, str, str], list[Operation]] = defaultdict(list)
    for operation in graph.operations.values():
        together[_place(operation.name, inside)].append(operation)
    boxes = [
        Box(what, name, frame, SCOPE if what == SCOPE else members[0].kind, tuple(members))
        for (what, name, frame), members in together.items()
    ]
    for alike in (_numbered_alike, _of_a_kind):
        boxes = boxes if len(boxes) <= most else _series(boxes, alike)
    return boxes


def arrows(boxes: Iterable[Box]) -> list[Arrow]:
    """What goes from box to box: between two operations an arrow for each input, or else one for all tensors."""
    where = {operation: box for box in boxes for operation in box.operations}
    found: dict[tuple[str, str, int], tuple[Box, Box, dict[Tensor, None]]] = {}
    for operation, end in where.items():
        for place, tensor in enumerate(operation.inputs):
            start = where[tensor.operation]
            apart = place if start.what == end.what == OPERATION else 0
            found.setdefault((start.key, end.key, apart), (start, end, {}))[2][tensor] = None
        for start in (where[control] for control in operation.control_inputs):
            found.setdefault((start.key, end.key, -1), (start, end, {}))
    return [Arrow(start, end, tuple(tensors)) for start, end, tensors in found.values() if start is not end]


def frames_of(frame: str) -> list[str]:
    """A scope and those around it, the outermost first."""
    parts = frame.split("/") if frame else []
    return ["/".join(parts[: count + 1]) for count in range(len(parts))]


def _with_outer(graph: Graph, opened: Collection[str] | None) -> frozenset[str] | None:
    """The scopes that are opened, with those around them."""
    if opened is None:
        return None
    if isinstance(opened, str):
        raise InvalidArgument("opened", "a list of scopes of the graph, or None for all", repr(opened))
    known = {name.rpartition("/")[0] for name in graph.operations}
    known |= {outer for scope in known for outer in frames_of(scope)}
    for scope in opened:
        if scope not in known or not scope:
            raise InvalidArgument("opened", f"scopes of the graph ({', '.join(sorted(known - {''}))})", repr(scope))
    return frozenset(outer for scope in opened for outer in frames_of(scope))


def _place(name: str, inside: Collection[str] | None) -> tuple[str, str, str]:
    """Whether an operation is shown itself or in a scope, the name of that, and the frame around it."""
    frame = name.rpartition("/")[0]
    if inside is None:
        return OPERATION, name, frame
    outer = ""
    for scope in frames_of(frame):
        if scope not in inside:
            return SCOPE, scope, outer
        outer = scope
    return OPERATION, name, frame


def _numbered_alike(box: Box) -> Hashable:
    return re.sub(r"_?\d+$", "", box.name), box.what, box.kind


def _of_a_kind(box: Box) -> Hashable:
    return box.frame, box.kind


def _series(boxes: list[Box], alike: Callable[[Box], Hashable]) -> list[Box]:
    groups: dict[Hashable, list[Box]] = defaultdict(list)
    for box in boxes:
        groups[alike(box)].append(box)
    return [_joined(group) if len(group) > 1 else group[0] for group in groups.values()]


def _joined(group: list[Box]) -> Box:
    operations = tuple(operation for box in group for operation in box.operations)
    return group[0]._replace(what=SERIES, operations=operations, boxes=sum(box.boxes for box in group))
