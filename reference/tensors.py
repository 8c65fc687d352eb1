"""Tensors and operations: what graphs are made of, and the symbols that algorithms are read with.

An operation has a kind, attributes, and tensors as inputs and outputs; a tensor is what an operation will give, known
by its shape only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from reference.arrays import elementwise
from reference.errors import InvalidArgument, Undecidable
from reference.operation_kinds import KINDS, shapes_of
from reference.operation_shapes import Shape

if TYPE_CHECKING:
    from reference.graphs import Graph

__all__ = ["Operation", "Tensor"]


class Tensor:
    """What an operation gives when it runs; until then a symbol, which algorithms compute with.

    Why: arithmetic on tensors adds operations to their graph, at every place of arrays of one shape. A tensor of shape
    () stands for a number: a reference function that is called with lists of them leaves its graph.

    Source:
        goldsborough-tensorflow, "Computational Paradigms": 2. tensors.

    >>> from reference import Graph
    >>> graph = Graph()
    >>> x, b = graph.placeholder("x", (2,)), graph.variable("b", 1)
    >>> (x * 3 + b).tanh()
    <tanh:0 [2]>
    """

    __slots__ = ("index", "operation", "shape")

    def __init__(self, operation: Operation, index: int, shape: Shape) -> None:
        self.operation, self.index, self.shape = operation, index, shape

    @property
    def name(self) -> str:
        """The operation's name, and the place among its outputs."""
        return f"{self.operation.name}:{self.index}"

    @property
    def graph(self) -> Graph:
        """The graph that it belongs to."""
        return self.operation.graph

    def __repr__(self) -> str:
        return f"<{self.name} {list(self.shape)}>"

    def _apply(self, kind: str, *inputs: Any) -> Any:
        return self.graph.apply(kind, *inputs)

    def __add__(self, other: Any) -> Tensor:
        return self._apply("add", self, other)

    def __radd__(self, other: Any) -> Tensor:
        return self._apply("add", other, self)

    def __mul__(self, other: Any) -> Tensor:
        return self._apply("multiply", self, other)

    def __rmul__(self, other: Any) -> Tensor:
        return self._apply("multiply", other, self)

    def __truediv__(self, other: Any) -> Tensor:
        return self._apply("divide", self, other)

    def __rtruediv__(self, other: Any) -> Tensor:
        return self._apply("divide", other, self)

    def __neg__(self) -> Tensor:
        return self._apply("negative", self)

    def __sub__(self, other: Any) -> Tensor:
        return self + -self.graph.tensor(other)

    def __rsub__(self, other: Any) -> Tensor:
        return self.graph.tensor(other) + -self

    def like(self, number: Any) -> Tensor:
        """A number as a tensor of the same graph."""
        return self.graph.tensor(number)

    def exp(self) -> Tensor:
        return self._apply("exp", self)

    def log(self) -> Tensor:
        return self._apply("log", self)

    def sqrt(self) -> Tensor:
        return self._apply("sqrt", self)

    def tanh(self) -> Tensor:
        return self._apply("tanh", self)

    def sigmoid(self) -> Tensor:
        return self._apply("sigmoid", self)

    def maximum(self, other: Any) -> Tensor:
        return self._apply("maximum", self, other)

    def where_positive(self, yes: Any, no: Any) -> Tensor:
        return self._apply("where_positive", self, yes, no)

    def times_log(self, factor: Any) -> Tensor:
        return self._apply("times_log", factor, self)

    def over(self, weight: Any) -> Tensor:
        return self._apply("over", weight, self)

    def weigh(self, weight: Any) -> Tensor:
        return self._apply("weigh", weight, self)

    def where_same(self, place: int, yes: Any, no: Any) -> Tensor:
        return self._apply("where_same", self, place, yes, no)

    def shares_of_largest(self, values: Sequence[Any], gradient: Any) -> list[Tensor]:
        shares = self._apply("shares_of_largest", *values, gradient)
        return list(shares) if isinstance(shares, tuple) else [shares]

    def _undecidable(self, other: object = None) -> NoReturn:
        raise Undecidable(f"{self.name} is a symbol: how it compares, only a run can tell")

    __lt__ = __le__ = __gt__ = __ge__ = _undecidable
    __bool__ = _undecidable
    __eq__ = __ne__ = _undecidable
    # As keys, tensors are told apart by identity: no two that are alive have the same hash, so none are compared.
    __hash__ = object.__hash__


class Operation:
    """A node of a graph: a kind with its attributes, the tensors it takes and gives, and what must run before it.

    Source:
        goldsborough-tensorflow, "Computational Paradigms": 1. operations.
    """

    __slots__ = (
        "attributes",
        "control_inputs",
        "device",
        "graph",
        "inputs",
        "kind",
        "name",
        "outputs",
        "place",
        "shapes",
    )

    def __init__(
        self,
        graph: Graph,
        name: str,
        kind: str,
        inputs: tuple[Tensor, ...],
        attributes: Mapping[str, Any],
        control_inputs: tuple[Operation, ...],
        device: str,
    ) -> None:
        self.graph, self.name, self.kind, self.inputs = graph, name, kind, inputs
        self.attributes = {key: _own(value, f"{key} of {kind} '{name}'") for key, value in attributes.items()}
        self.control_inputs, self.device, self.place = control_inputs, device, len(graph.operations)
        shapes = _inferred(name, kind, tuple(tensor.shape for tensor in inputs), self.attributes)
        self.outputs = tuple(Tensor(self, index, shape) for index, shape in enumerate(shapes))

    def __repr__(self) -> str:
        return f"<{self.name}: {self.kind}>"


def operation_of(entry: Tensor | Operation) -> Operation:
    """The operation that gives a tensor, or the operation itself."""
    return entry.operation if isinstance(entry, Tensor) else entry


def require_name(argument: str, name: object) -> None:
    """Say that something is no name of an operation, or could be taken for that of a tensor or for word of one."""
    if not isinstance(name, str) or re.search(r"^\^|:\d+$", name):
        raise InvalidArgument(argument, "a text that neither begins as '^x' does nor ends as 'x:0' does", repr(name))


def require_tensors(graph: Graph, argument: str, entries: Sequence[Tensor | str]) -> list[Tensor]:
    """Return the tensors of a graph that a list has, or names, or say what is no such list."""
    if not isinstance(entries, (list, tuple)) or not all(isinstance(entry, (Tensor, str)) for entry in entries):
        raise InvalidArgument(argument, "a list of tensors of the graph", repr(entries))
    return [graph.tensor(entry) for entry in entries]


def _own(value: Any, argument: str) -> Any:
    """An attribute in lists of its own."""

    def known(number: Any) -> Any:
        if isinstance(number, Tensor):
            raise InvalidArgument(argument, "numbers, which a graph's tensors aren't yet", repr(number))
        return number

    return elementwise(known, value)


def _inferred(name: str, kind: str, shapes: tuple[Shape, ...], attributes: Mapping[str, Any]) -> tuple[Shape, ...]:
    """The shapes of an operation's outputs, or an error that names it."""
    known, argument = KINDS[kind].attributes, f"attributes of {kind} '{name}'"
    unknown = ", ".join(str(attribute) for attribute in attributes if attribute not in known)
    if unknown:
        raise InvalidArgument(argument, ", ".join(known) or "none", unknown)
    missing = ", ".join(attribute for attribute in KINDS[kind].needed if attribute not in attributes)
    if missing:
        raise InvalidArgument(argument, missing, ", ".join(attributes) or "none")
    try:
        return shapes_of(kind, shapes, attributes)
    except InvalidArgument as error:
        raise InvalidArgument(f"{error.argument} of {kind} '{name}'", error.wanted, error.got) from None
