"""Writing a graph anew, from its first operation to its last: what stays, what another stands for, what is constant."""

from __future__ import annotations

import struct
from collections.abc import Hashable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from reference.graphs import Graph
from reference.tensors import Operation, Tensor


class Rewritten(NamedTuple):
    """A graph in the place of another, and where the other's operations and tensors went, if they are still there."""

    graph: Graph
    went: dict[Tensor | Operation, Tensor | Operation]

    def then(self, second: Rewritten) -> Rewritten:
        """Both ways in one, where the second begins with the graph in which the first ended."""
        went = {old: second.went[between] for old, between in self.went.items() if between in second.went}
        return Rewritten(second.graph, went)


class Rewriting:
    """A graph that is being written, and where the operations and tensors of the old one went so far."""

    def __init__(self) -> None:
        self.graph = Graph()
        self.operations: dict[Operation, Operation] = {}
        self.tensors: dict[Tensor, Tensor] = {}

    def keep(self, operation: Operation) -> None:
        """Add the same operation."""
        inputs = [self.tensors[tensor] for tensor in operation.inputs]
        self._add(operation, operation.name, operation.kind, inputs, operation.attributes, self.controls(operation))
        # A send has no outputs to say where it went.
        self.operations[operation] = self.graph.operations[operation.name]
        self._goes(operation, self.graph.operations[operation.name].outputs)

    def merge(self, operation: Operation, equal: Operation) -> None:
        """Let an operation that went before stand for this one."""
        self._goes(operation, self.operations[equal].outputs)

    def replace_by_constants(self, operation: Operation, values: Sequence[Any]) -> None:
        """Put a constant in the place of each output.

        It waits for what the operation waited for; if an input waits, for that input itself, and not for all that it
        waits for, of which there may be ever more.
        """
        waiting = [self.tensors[tensor].operation for tensor in operation.inputs]
        controls = [*self.controls(operation), *(giver for giver in waiting if giver.control_inputs)]
        names = [operation.name] if len(values) == 1 else self._names_of_outputs(operation)
        for name, value in zip(names, values, strict=True):
            self._add(operation, name, "constant", (), {"value": value}, list(dict.fromkeys(controls)))
        self._goes(operation, [self.graph.operations[name].outputs[0] for name in names])

    def controls(self, operation: Operation) -> list[Operation]:
        """Where the control inputs went, each once."""
        return list(dict.fromkeys(self.operations[control] for control in operation.control_inputs))

    def rewritten(self) -> Rewritten:
        """What was written so far, as a whole."""
        went: dict[Any, Any] = {**self.operations, **self.tensors}
        return Rewritten(self.graph, went)

    def _add(
        self,
        old: Operation,
        name: str,
        kind: str,
        inputs: Sequence[Tensor],
        attributes: Mapping[str, Any],
        controls: Sequence[Operation],
    ) -> None:
        with self.graph.control_dependencies(controls), self.graph.device(old.device):
            self.graph.apply(kind, *inputs, name=name, **attributes)

    def _goes(self, operation: Operation, outputs: Sequence[Tensor]) -> None:
        if outputs:
            self.operations[operation] = outputs[0].operation
        self.tensors.update(zip(operation.outputs, outputs, strict=True))

    def _names_of_outputs(self, operation: Operation) -> list[str]:
        """Names that neither graph has."""
        free = operation.name
        while True:
            names = [f"{free}/{index}" for index in range(len(operation.outputs))]
            if not any(name in graph.operations for name in names for graph in (operation.graph, self.graph)):
                return names
            free += "_"


def exactly(value: Any) -> Hashable:
    """Equal for attributes that are equal to the last bit, and of the same types; other numbers are only themselves."""
    if isinstance(value, (list, tuple)):
        return type(value), tuple(map(exactly, value))
    if isinstance(value, Mapping):
        return type(value), frozenset((key, exactly(part)) for key, part in value.items())
    if type(value) in (int, bool, str, type(None), Fraction):
        return type(value), value
    if type(value) is float:
        return float, struct.pack("d", value)
    if type(value) is Decimal:
        return Decimal, value.as_tuple()
    return type(value), id(value)
