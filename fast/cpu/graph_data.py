"""A graph from plain data, as both its readers need it: checked, with the shapes of all tensors.

The data is a list with a dict for each operation: name, kind, inputs ("name:index" each), attributes, control_inputs;
operations stand behind what they take. Everything here is linear in it, and nothing recurses.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from fast.cpu.graph_gradients import GRADIENTS, spelled_out
from fast.cpu.graph_shapes import Shape, shapes_of
from fast.validation import FLOATS
from reference.errors import InvalidArgument

#: The kinds that look at a variable, and those that change one.
READERS, WRITERS = ("variable", "read"), ("assign", "assign_add")
#: What may be said of an operation, and what that is.
KEYS = {
    **dict.fromkeys(("name", "kind", "device"), (str, "a text")),
    **dict.fromkeys(("inputs", "control_inputs"), ((list, tuple), "a list of names")),
    "attributes": (Mapping, "a dict"),
}


class Operation(NamedTuple):
    """A node of a graph; tensors are numbered, and so are operations."""

    number: int
    name: str
    kind: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    attributes: Mapping[str, Any]
    control_inputs: tuple[int, ...]

    @property
    def variable(self) -> str:
        """The name of the variable that it reads or changes; empty for others."""
        if self.kind == "variable":
            return self.name
        return self.attributes["variable"] if self.kind in (*READERS, *WRITERS) else ""


class PlainGraph:
    """The operations and tensors of a graph: `shapes` and `givers`, who gives it, by a tensor's number."""

    def __init__(self, data: Sequence[Mapping[str, Any]], dtype: Any) -> None:
        self.dtype = require_dtype(dtype)
        self.operations: list[Operation] = []
        self.numbers: dict[str, int] = {}
        self.tensors: dict[str, int] = {}
        self.shapes: list[Shape] = []
        self.givers: list[Operation] = []
        if not isinstance(data, (list, tuple)) or not all(isinstance(entry, Mapping) for entry in data):
            raise InvalidArgument("data", "a list with a dict for each operation", f"{data!r:.60}")
        for place, entry in enumerate(data):
            self._add(place, entry)

    def _add(self, place: int, entry: Mapping[str, Any]) -> None:
        name = entry.get("name")
        if not isinstance(name, str) or not name or name in self.numbers:
            raise InvalidArgument(f"name of operation {place}", "a text that no other has", repr(name))
        if set(entry) - set(KEYS) or "kind" not in entry:
            raise InvalidArgument(f"operation '{name}'", ", ".join(sorted(KEYS)), ", ".join(sorted(entry)))
        for key, value in entry.items():
            if not isinstance(value, KEYS[key][0]):
                raise InvalidArgument(f"{key} of '{name}'", KEYS[key][1], repr(value))
        kind, attributes = entry["kind"], dict(entry.get("attributes", {}))
        inputs = tuple(self._known(self.tensors, "input", name, tensor) for tensor in entry.get("inputs", ()))
        controls = [self._known(self.numbers, "control input", name, each) for each in entry.get("control_inputs", ())]
        if kind == "gradient" and attributes.get("of") in GRADIENTS:
            for part in spelled_out(entry, [self.shapes[tensor] for tensor in inputs]):
                self._put(part["name"], part, [self.tensors[tensor] for tensor in part["inputs"]], controls)
            return
        self._put(name, {"kind": kind, "attributes": attributes}, inputs, controls)

    def _put(self, name: str, entry: Mapping[str, Any], inputs: Sequence[int], controls: Sequence[int]) -> None:
        kind, attributes = entry["kind"], entry["attributes"]
        try:
            shapes = shapes_of(kind, [self.shapes[tensor] for tensor in inputs], attributes, self.dtype)
        except InvalidArgument as error:
            raise InvalidArgument(f"{error.argument} of {kind} '{name}'", error.wanted, error.got) from None
        if "variable" in attributes:
            self._require_variable(name, attributes["variable"], shapes[0])
        first, number = len(self.shapes), len(self.operations)
        outputs = tuple(range(first, first + len(shapes)))
        operation = Operation(number, name, kind, tuple(inputs), outputs, attributes, tuple(controls))
        self.operations.append(operation)
        self.numbers[name] = number
        self.shapes += shapes
        self.givers += [operation] * len(shapes)
        names = entry.get("outputs") or [f"{name}:{index}" for index in range(len(shapes))]
        self.tensors.update(zip(names, outputs, strict=True))

    def _known(self, names: Mapping[str, int], what: str, of: str, name: Any) -> int:
        if not isinstance(name, str) or name not in names:
            raise InvalidArgument(f"{what} of '{of}'", "the name of what stands before it", repr(name))
        return names[name]

    def _require_variable(self, name: str, variable: Any, shape: Shape) -> None:
        number = self.numbers.get(variable) if isinstance(variable, str) else None
        found = None if number is None else self.operations[number]
        if found is None or found.kind != "variable" or self.shapes[found.outputs[0]] != shape:
            wanted = f"the name of a variable of shape {list(shape)}"
            raise InvalidArgument(f"variable of '{name}'", wanted, repr(variable))

    def name_of(self, tensor: int) -> str:
        """What data calls a tensor."""
        giver = self.givers[tensor]
        return f"{giver.name}:{giver.outputs.index(tensor)}"

    def tensor(self, argument: str, name: Any) -> int:
        """The number of a tensor."""
        if not isinstance(name, str) or name not in self.tensors:
            raise InvalidArgument(argument, "the name of a tensor of the graph, such as 'x:0'", repr(name))
        return self.tensors[name]

    def before(self, operation: Operation, fed: Iterable[int]) -> list[int]:
        """The numbers of the operations that one waits for."""
        givers = [self.givers[tensor].number for tensor in operation.inputs if tensor not in fed]
        return list(dict.fromkeys([*givers, *operation.control_inputs]))

    def pruned(self, wanted: Iterable[int], fed: Iterable[int]) -> list[Operation]:
        """The operations that these need, each behind all that it needs; a fed tensor needs nothing."""
        needed: set[int] = set()
        pending = list(wanted)
        while pending:
            number = pending.pop()
            if number not in needed:
                needed.add(number)
                pending += self.before(self.operations[number], fed)
        return [self.operations[number] for number in sorted(needed)]

    def require_no_race(self, operations: Sequence[Operation], fed: Iterable[int]) -> None:
        """Say which two operations use a variable in an order that nothing fixes, if one of them changes it."""
        uses: dict[str, list[Operation]] = defaultdict(list)
        for operation in operations:
            if operation.variable:
                uses[operation.variable].append(operation)
        changed = [found for found in uses.values() if any(use.kind in WRITERS for use in found)]
        bits = {use.number: 1 << place for place, use in enumerate(use for found in changed for use in found)}
        earlier: dict[int, int] = {}
        for operation in operations if bits else ():
            found = bits.get(operation.number, 0)
            for number in self.before(operation, fed):
                found |= earlier[number]
            earlier[operation.number] = found
        for use, later in (pair for found in changed for pair in combinations(found, 2)):
            writes = use.kind in WRITERS or later.kind in WRITERS
            if writes and not earlier[later.number] & bits[use.number]:
                raise InvalidArgument(
                    "fetches",
                    "operations on a variable in an order that inputs or control dependencies fix",
                    f"'{use.name}' and '{later.name}' on '{use.variable}' in either order",
                )


def require_dtype(dtype: Any) -> np.dtype:
    """Return the dtype of a graph's numbers."""
    found = None if dtype is None else np.dtype(dtype)
    if found not in FLOATS:
        raise InvalidArgument("dtype", "float32 or float64", repr(dtype))
    return found
