"""Computational graphs: what an algorithm becomes when it is read with symbols.

A graph is built by hand, from plain data, or by running any function of this package on symbols, which are tensors of
single numbers. Nothing is computed before a session runs it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from reference.arrays import elementwise, flatten, reshape
from reference.arrays import shape as shape_of
from reference.errors import InvalidArgument
from reference.graph_pictures import graph_svg
from reference.operation_kinds import KINDS
from reference.operation_shapes import Shape
from reference.plain_graphs import entries
from reference.tensors import Operation, Tensor, operation_of, require_name

__all__ = ["Graph"]


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
        return self.apply("read", name=name, **self._variable(variable))

    def assign(self, variable: Tensor, value: Any, name: str = "assign") -> Tensor:
        """Give a variable a new value, which is also the tensor's."""
        return self.apply("assign", value, name=name, **self._variable(variable))

    def assign_add(self, variable: Tensor, difference: Any, name: str = "assign_add") -> Tensor:
        """Add to a variable; the tensor is its new value."""
        return self.apply("assign_add", difference, name=name, **self._variable(variable))

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
            InvalidArgument: if there is no such kind or attribute, one is missing, the name could be that of a tensor
                ("y:0"), or the inputs' shapes don't fit; it names the operation.
        """
        return self._add(kind, inputs, name, attributes)

    def _add(self, kind: str, inputs: Iterable[Any], name: str, attributes: Mapping[str, Any]) -> Any:
        require_name("name", f"{self._scope}{name}" if isinstance(name, str) else name)
        if not isinstance(kind, str) or kind not in KINDS:
            raise InvalidArgument(f"kind of '{name or kind}'", "one of reference.operation_kinds.KINDS", repr(kind))
        # What isn't a tensor yet becomes a constant, which has a name too.
        tensors = tuple(self.tensor(value) for value in inputs)
        called = self._free_name(name or kind)
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
        # Of digits only, and of no more than there are outputs: other signs and thousands of digits are no int.
        place = int(index) if re.fullmatch("[0-9]{1,9}", index) else -1
        if name not in self.operations or not 0 <= place < len(self.operations[name].outputs):
            raise InvalidArgument("tensor", "the name of a tensor of this graph, such as 'x:0'", repr(value))
        return self.operations[name].outputs[place]

    def trace(self, function: Callable[..., Any], *inputs: Any, **hyperparameters: Any) -> Any:
        """Run a function on symbols, which leaves its graph, number by number, in this one.

        Args:
            function: any function of this package, or one written in the same plain arithmetic.
            inputs: its arguments, tensors (or tuples of them) in the place of arrays.
            hyperparameters: those by name.

        Returns:
            What the function returns, with tensors in the place of arrays.

        Raises:
            InvalidArgument: if the function is none, or an input isn't of this graph.
            Undecidable: if what the function does next depends on a number.

        >>> from reference import softmax
        >>> graph = Graph()
        >>> graph.trace(softmax, graph.placeholder("z", (2,)))
        <stack:0 [2]>
        >>> [operation.kind for operation in graph.operations.values()][:5]
        ['placeholder', 'unstack', 'maximum', 'negative', 'add']
        """
        if not callable(function):
            raise InvalidArgument("function", "one that can be called", repr(function))
        return self._gathered(function(*map(self._symbols, inputs), **hyperparameters))

    def data(self) -> list[dict[str, Any]]:
        """The graph as plain data, a dict for each operation: how another library gets it, and `of` reads it."""
        return [
            {
                "name": operation.name,
                "kind": operation.kind,
                "inputs": [tensor.name for tensor in operation.inputs],
                "attributes": {key: elementwise(_itself, value) for key, value in operation.attributes.items()},
                "control_inputs": [before.name for before in operation.control_inputs],
                "device": operation.device,
            }
            for operation in self.operations.values()
        ]

    @classmethod
    def of(cls, data: Sequence[Mapping[str, Any]]) -> Graph:
        """A graph from plain data; inputs stand before what takes them.

        Raises:
            InvalidArgument: if an operation's name is missing or taken, what it takes doesn't stand before it, or as
                `apply`.

        >>> Graph.of([{"name": "x", "kind": "placeholder", "attributes": {"shape": (2,)}},
        ...           {"name": "y", "kind": "relu", "inputs": ["x:0"]}]).operations
        {'x': <x: placeholder>, 'y': <y: relu>}
        """
        graph = cls()
        for entry in entries(data):
            before = [graph.operation(control) for control in entry.control_inputs]
            with graph.control_dependencies(before), graph.device(entry.device):
                graph._add(entry.kind, entry.inputs, entry.name, entry.attributes)
        return graph

    def operation(self, name: str) -> Operation:
        """The operation of a name."""
        if not isinstance(name, str) or name not in self.operations:
            raise InvalidArgument("operation", "the name of an operation of this graph", repr(name))
        return self.operations[name]

    @contextmanager
    def name_scope(self, name: str) -> Iterator[None]:
        """What is added inside is called name/…: a picture folds it into one box."""
        if not isinstance(name, str):
            raise InvalidArgument("name of a scope", "a text", repr(name))
        outer, self._scope = self._scope, f"{self._scope}{name}/"
        try:
            yield
        finally:
            self._scope = outer

    @contextmanager
    def control_dependencies(self, before: Sequence[Tensor | Operation]) -> Iterator[None]:
        """What is added inside runs after these, whether it takes anything from them or not."""
        if not isinstance(before, Iterable):
            raise InvalidArgument("control inputs", "a list of tensors and operations of this graph", repr(before))
        outer = self._controls
        added = tuple(map(self._control, before))
        self._controls = (*outer, *(operation for operation in added if operation not in outer))
        try:
            yield
        finally:
            self._controls = outer

    @contextmanager
    def device(self, name: str) -> Iterator[None]:
        """What is added inside may be placed there only."""
        if not isinstance(name, str):
            raise InvalidArgument("device", "a text", repr(name))
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
        variable = self.operations.get(name) if isinstance(name, str) else None
        shape = operation.outputs[0].shape
        if variable is None or variable.kind != "variable" or variable.outputs[0].shape != shape:
            wanted = f"the name of a variable of shape {list(shape)}"
            raise InvalidArgument(f"variable of {operation.kind} '{operation.name}'", wanted, repr(name))

    def _variable(self, variable: Tensor) -> dict[str, Any]:
        """The attributes of what uses a variable."""
        tensor = self.tensor(variable)
        return {"variable": tensor.operation.name, "shape": tensor.shape}

    def _control(self, entry: Tensor | Operation) -> Operation:
        if not isinstance(entry, (Tensor, Operation)) or entry.graph is not self:
            other = " of another" if isinstance(entry, (Tensor, Operation)) else ""
            raise InvalidArgument("control inputs", "tensors and operations of this graph", f"{entry!r}{other}")
        return operation_of(entry)

    def _symbols(self, value: Any) -> Any:
        """Tensors of single numbers in the place of an array."""
        if isinstance(value, tuple):
            return like(value, map(self._symbols, value))
        if not isinstance(value, Tensor) or not value.shape:
            return value
        return reshape(list(self._unstacked(value)), value.shape)

    def _unstacked(self, tensor: Tensor) -> tuple[Tensor, ...]:
        numbers = self.apply("unstack", tensor)
        return numbers if isinstance(numbers, tuple) else (numbers,)

    def _gathered(self, result: Any) -> Any:
        """A tensor in the place of a list of symbols."""
        if isinstance(result, tuple):
            return like(result, map(self._gathered, result))
        if isinstance(result, list):
            return self.apply("stack", *flatten(result), shape=shape_of(result))
        return self.tensor(result)


def _itself(number: Any) -> Any:
    return number


def like(example: tuple[Any, ...], parts: Iterable[Any]) -> tuple[Any, ...]:
    """A tuple of the same kind, with other parts."""
    return type(example)(*parts) if hasattr(example, "_fields") else tuple(parts)
