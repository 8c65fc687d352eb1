"""Computational graphs: what an algorithm becomes when it is read with symbols.

An operation has a kind, attributes, and tensors as inputs and outputs; a tensor is what an operation will give, known
by its shape only. A graph is built by hand, from plain data, or by running any function of this package on symbols,
which are tensors of single numbers. Nothing is computed before a session runs it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

from reference.arrays import elementwise, flatten, reshape
from reference.arrays import shape as shape_of
from reference.errors import InvalidArgument, Undecidable
from reference.graph_pictures import graph_svg
from reference.operation_kinds import KINDS, shapes_of
from reference.operation_shapes import Shape

__all__ = ["Graph", "Operation", "Tensor"]


class Tensor:
    """What an operation gives when it runs; until then a symbol, which algorithms compute with.

    Why: arithmetic on tensors adds operations to their graph, at every place of arrays of one shape. A tensor of shape
    () stands for a number: a reference function that is called with lists of them leaves its graph.

    Source:
        goldsborough-tensorflow, "Computational Paradigms": 2. tensors.

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
        self.attributes = {key: elementwise(_itself, value) for key, value in attributes.items()}
        self.control_inputs, self.device, self.place = control_inputs, device, len(graph.operations)
        shapes = _inferred(name, kind, tuple(tensor.shape for tensor in inputs), self.attributes)
        self.outputs = tuple(Tensor(self, index, shape) for index, shape in enumerate(shapes))

    def __repr__(self) -> str:
        return f"<{self.name}: {self.kind}>"


class Graph:
    """A computational graph: operations, each of which takes what earlier ones give.

    Why: the client of TensorFlow describes a computation as a graph, and hands it to a session. What a graph says can
    be pruned, differentiated, optimized, placed on devices and drawn, before a number is known.

    Source:
        goldsborough-tensorflow, "Computational Paradigms": ŷ = tanh(xᵀw + b); reinert-intro, "Eager Execution" (what
        graphs stand against); TensorFlow's white paper of 2015, section 2.

    >>> graph = Graph()
    >>> x = graph.placeholder("x", (1, 2))
    >>> w, b = graph.variable("w", [[3], [4]]), graph.variable("b", [1])
    >>> y = graph.apply("dense", x, w, b, name="y").tanh()
    >>> list(graph.operations)
    ['x', 'w', 'b', 'y', 'tanh']
    >>> graph.apply("dense", w, w, b)
    Traceback (most recent call last):
        ...
    reference.errors.InvalidArgument: weights of dense 'dense': wanted shape [D, H] with D = 1; got shape [2, 1]
    """

    def __init__(self) -> None:
        self.operations: dict[str, Operation] = {}
        self._taken: Counter[str] = Counter()
        self._scope, self._device = "", ""
        self._controls: tuple[Operation, ...] = ()

    def _repr_svg_(self) -> str | None:
        """The graph as a picture with its scopes folded, if Graphviz is there to draw it."""
        return graph_svg(self)

    def placeholder(self, name: str, shape: Shape) -> Tensor:
        """A tensor that every run must be fed with."""
        return self.apply("placeholder", name=name, shape=shape)

    def constant(self, value: Any, name: str = "constant") -> Tensor:
        """A tensor that is always the same: a number or a nested list of them."""
        return self.apply("constant", name=name, value=value)

    def variable(self, name: str, value: Any) -> Tensor:
        """What a session remembers from run to run, with what it begins with; the tensor is its value in a run."""
        return self.apply("variable", name=name, value=value)

    def read(self, variable: Tensor, name: str = "read") -> Tensor:
        """A variable's value at another moment of a run, which control dependencies choose."""
        return self.apply("read", name=name, variable=variable.operation.name, shape=variable.shape)

    def assign(self, variable: Tensor, value: Any, name: str = "assign") -> Tensor:
        """Give a variable a new value, which is also the tensor's."""
        return self.apply("assign", value, name=name, variable=variable.operation.name, shape=variable.shape)

    def assign_add(self, variable: Tensor, difference: Any, name: str = "assign_add") -> Tensor:
        """Add to a variable; the tensor is its new value."""
        return self.apply("assign_add", difference, name=name, variable=variable.operation.name, shape=variable.shape)

    def random_uniform(self, shape: Shape, name: str = "random_uniform") -> Tensor:
        """Numbers from 0 to below 1, others in every run."""
        return self.apply("random_uniform", name=name, shape=shape)

    def apply(self, kind: str, *inputs: Any, name: str = "", **attributes: Any) -> Any:
        """Add an operation; returns its output, or a tuple of them if it has several (or none).

        Args:
            kind: a key of `reference.operation_kinds.KINDS`: arithmetic, or a function of the catalogue.
            inputs: tensors of this graph, or numbers and nested lists, which become constants.
            name: what to call it, the kind when not given; a name that is taken gets a number.
            attributes: the function's hyperparameters.

        Raises:
            InvalidArgument: if there is no such kind or attribute, or the inputs' shapes don't fit; it names the
                operation.
        """
        called = self._free_name(name or kind)
        if kind not in KINDS:
            raise InvalidArgument(f"kind of '{called}'", "one of reference.operation_kinds.KINDS", repr(kind))
        tensors = tuple(self.tensor(value) for value in inputs)
        operation = Operation(self, called, kind, tensors, attributes, self._controls, self._device)
        if "variable" in attributes:
            self._require_variable(operation)
        self.operations[called] = operation
        return operation.outputs[0] if len(operation.outputs) == 1 else operation.outputs

    def tensor(self, value: Any) -> Tensor:
        """A tensor of this graph: itself, or by its name ("y:0"), or a constant with a number or nested list."""
        if isinstance(value, Tensor):
            if value.graph is not self:
                raise InvalidArgument("tensor", "one of this graph", f"{value!r} of another")
            return value
        if not isinstance(value, str):
            return self.constant(value)
        name, _, index = value.rpartition(":")
        if name not in self.operations or not index.isdigit() or int(index) >= len(self.operations[name].outputs):
            raise InvalidArgument("tensor", "the name of a tensor of this graph, such as 'x:0'", repr(value))
        return self.operations[name].outputs[int(index)]

    def trace(self, function: Callable[..., Any], *inputs: Any, **hyperparameters: Any) -> Any:
        """Run a function on symbols, which leaves its graph, number by number, in this one.

        Args:
            function: any function of this package, or one written in the same plain arithmetic.
            inputs: its arguments, tensors (or tuples of them) in the place of arrays.
            hyperparameters: those by name.

        Returns:
            What the function returns, with tensors in the place of arrays.

        Raises:
            Undecidable: if what the function does next depends on a number.

        >>> from reference import softmax
        >>> graph = Graph()
        >>> graph.trace(softmax, graph.placeholder("z", (2,)))
        <stack:0 [2]>
        >>> [operation.kind for operation in graph.operations.values()][:5]
        ['placeholder', 'unstack', 'maximum', 'negative', 'add']
        """
        return self._gathered(function(*map(self._symbols, inputs), **hyperparameters))

    def data(self) -> list[dict[str, Any]]:
        """The graph as plain data, a dict for each operation: how another library gets it, and `of` reads it."""
        return [
            {
                "name": operation.name,
                "kind": operation.kind,
                "inputs": [tensor.name for tensor in operation.inputs],
                "attributes": dict(operation.attributes),
                "control_inputs": [before.name for before in operation.control_inputs],
                "device": operation.device,
            }
            for operation in self.operations.values()
        ]

    @classmethod
    def of(cls, data: Sequence[Mapping[str, Any]]) -> Graph:
        """A graph from plain data; inputs stand before what takes them.

        Raises:
            InvalidArgument: if an operation's name is missing or taken, or its inputs don't stand before it.

        >>> Graph.of([{"name": "x", "kind": "placeholder", "attributes": {"shape": (2,)}},
        ...           {"name": "y", "kind": "relu", "inputs": ["x:0"]}]).operations
        {'x': <x: placeholder>, 'y': <y: relu>}
        """
        graph = cls()
        if not isinstance(data, (list, tuple)) or not all(isinstance(entry, Mapping) for entry in data):
            raise InvalidArgument("graph", "a list of operations, each a dict", f"{data!r:.60}")
        for place, entry in enumerate(data):
            name = entry.get("name")
            if not isinstance(name, str) or not name or name in graph.operations:
                raise InvalidArgument(f"name of operation {place}", "a text that no other has", repr(name))
            unknown = set(entry) - {"name", "kind", "inputs", "attributes", "control_inputs", "device"}
            if unknown:
                raise InvalidArgument(f"operation '{name}'", "name, kind, inputs, …", ", ".join(sorted(unknown)))
            before = [graph.operation(control) for control in entry.get("control_inputs", ())]
            with graph.control_dependencies(before), graph.device(entry.get("device", "")):
                graph.apply(entry.get("kind"), *entry.get("inputs", ()), name=name, **entry.get("attributes", {}))
        return graph

    def operation(self, name: str) -> Operation:
        """The operation of a name."""
        if name not in self.operations:
            raise InvalidArgument("operation", "the name of an operation of this graph", repr(name))
        return self.operations[name]

    @contextmanager
    def name_scope(self, name: str) -> Iterator[None]:
        """What is added inside is called name/…: a picture folds it into one box."""
        outer, self._scope = self._scope, f"{self._scope}{name}/"
        try:
            yield
        finally:
            self._scope = outer

    @contextmanager
    def control_dependencies(self, before: Sequence[Tensor | Operation]) -> Iterator[None]:
        """What is added inside runs after these, whether it takes anything from them or not."""
        outer = self._controls
        added = tuple(entry.operation if isinstance(entry, Tensor) else entry for entry in before)
        self._controls = (*outer, *(operation for operation in added if operation not in outer))
        try:
            yield
        finally:
            self._controls = outer

    @contextmanager
    def device(self, name: str) -> Iterator[None]:
        """What is added inside may be placed there only."""
        outer, self._device = self._device, name
        try:
            yield
        finally:
            self._device = outer

    def _free_name(self, wanted: str) -> str:
        name = f"{self._scope}{wanted}"
        while name in self.operations:
            self._taken[f"{self._scope}{wanted}"] += 1
            name = f"{self._scope}{wanted}_{self._taken[f'{self._scope}{wanted}']}"
        return name

    def _require_variable(self, operation: Operation) -> None:
        name = operation.attributes["variable"]
        variable = self.operations.get(name)
        shape = operation.outputs[0].shape
        if variable is None or variable.kind != "variable" or variable.outputs[0].shape != shape:
            wanted = f"the name of a variable of shape {list(shape)}"
            raise InvalidArgument(f"variable of {operation.kind} '{operation.name}'", wanted, repr(name))

    def _symbols(self, value: Any) -> Any:
        """Tensors of single numbers in the place of an array."""
        if isinstance(value, tuple):
            return (
                type(value)(*map(self._symbols, value))
                if hasattr(value, "_fields")
                else tuple(map(self._symbols, value))
            )
        if not isinstance(value, Tensor) or not value.shape:
            return value
        return reshape(list(self._unstacked(value)), value.shape)

    def _unstacked(self, tensor: Tensor) -> tuple[Tensor, ...]:
        numbers = self.apply("unstack", tensor)
        return numbers if isinstance(numbers, tuple) else (numbers,)

    def _gathered(self, result: Any) -> Any:
        """A tensor in the place of a list of symbols."""
        if isinstance(result, tuple):
            return (
                type(result)(*map(self._gathered, result))
                if hasattr(result, "_fields")
                else tuple(map(self._gathered, result))
            )
        if isinstance(result, list):
            return self.apply("stack", *flatten(result), shape=shape_of(result))
        return self.tensor(result)


def _itself(number: Any) -> Any:
    return number


def like(example: tuple[Any, ...], parts: Iterable[Any]) -> tuple[Any, ...]:
    """A tuple of the same kind, with other parts."""
    return type(example)(*parts) if hasattr(example, "_fields") else tuple(parts)


def _inferred(name: str, kind: str, shapes: tuple[Shape, ...], attributes: Mapping[str, Any]) -> tuple[Shape, ...]:
    """The shapes of an operation's outputs, or an error that names it."""
    known = KINDS[kind].attributes
    unknown = ", ".join(attribute for attribute in attributes if attribute not in known)
    if unknown:
        raise InvalidArgument(f"attributes of {kind} '{name}'", ", ".join(known) or "none", unknown)
    try:
        return shapes_of(kind, shapes, attributes)
    except InvalidArgument as error:
        raise InvalidArgument(f"{error.argument} of {kind} '{name}'", error.wanted, error.got) from None
