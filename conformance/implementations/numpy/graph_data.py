"""Graphs as plain data, for interpreters of them: read, held to what they should be, and run.

Inputs stand before what takes them. So one pass over the list from its end finds what a run needs, and one from its
beginning computes that. Whether an operation's inputs fit, a rehearsal on zeros shows, which tells all shapes too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from reference.errors import InvalidArgument

Kinds = Mapping[str, Callable[..., Any]]
Watch = Callable[[str, Any], Any]
#: What a run remembers, draws or is fed, which no function of its inputs can say.
STATE = ("placeholder", "variable", "read", "assign", "assign_add", "random_uniform")
#: The kinds that look at a variable, and those that change one.
READERS, WRITERS = ("variable", "read"), ("assign", "assign_add")


class Operation(NamedTuple):
    """One operation of a graph."""

    name: str
    kind: str
    inputs: Sequence[str] = ()
    attributes: Mapping[str, Any] = {}
    control_inputs: Sequence[str] = ()
    device: str = ""

    @property
    def variable(self) -> str:
        """The name of the variable that it looks at or changes; empty for others."""
        if self.kind == "variable":
            return self.name
        return str(self.attributes["variable"]) if self.kind in (*READERS, *WRITERS) else ""


class Library(NamedTuple):
    """Who computes: arrays from numbers or NumPy's arrays, random numbers of a shape, and the kinds of operations."""

    array: Callable[[Any], Any]
    random: Callable[[Sequence[int]], Any]
    kinds: Kinds


class Program:
    """A graph with what it is fed.

    Args:
        feeds: an array for each tensor that is fed.
        graph: the operations, as dicts.
        fed: the names of those tensors.
        kinds: NumPy's kinds of operations, which the rehearsal runs.
    """

    def __init__(self, feeds: Any, graph: Any, fed: Any, kinds: Kinds) -> None:
        require_tuple_of_arrays(feeds)
        self.dtype = np.dtype(feeds[0].dtype.type) if feeds else np.dtype(np.float64)
        self.operations = {operation.name: operation for operation in require_operations(graph, kinds)}
        self.shapes = self._rehearsed(Library(self.of_dtype, np.zeros, kinds))
        self.feeds = self._fitting(feeds, self.named("fed", fed))

    def of_dtype(self, value: Any) -> Any:
        return np.asarray(value, self.dtype)

    def named(self, argument: str, names: Any) -> list[str]:
        """The names of tensors, once they are found to be that."""
        if not isinstance(names, (list, tuple)) or not all(isinstance(name, str) for name in names):
            raise InvalidArgument(argument, "a list of names of tensors", f"{names!r:.60}")
        for name in names:
            if name not in self.shapes:
                raise InvalidArgument(argument, "names of the graph's tensors", repr(name))
        return list(names)

    def to_fetch(self, fetches: Any) -> list[str]:
        """The names of fetches, once they are found to be tensors that have one value each."""
        names = self.named("fetches", fetches)
        if open_pair := race(self.needed(names), self.feeds):
            wanted = "uses of a variable in an order that inputs or control dependencies fix"
            raise InvalidArgument("fetches", wanted, " and ".join(repr(use.name) for use in open_pair))
        return names

    def to_differentiate(self, outputs: Any, inputs: Any, twice: Any) -> tuple[list[str], list[str]]:
        """The names of outputs and inputs, once what is asked of them is found to be a question."""
        if not isinstance(twice, bool):
            raise InvalidArgument("twice", "True or False", repr(twice))
        given = self.named("outputs", outputs)
        if not given:
            raise InvalidArgument("outputs", "at least one tensor", repr(outputs))
        return given, self.named("inputs", inputs)

    def run(self, fetches: Sequence[str], library: Library, watch: Watch = lambda name, value: value) -> dict[str, Any]:
        """The values of all tensors that a run with these fetches has, each as the one who watches hands it on."""
        values = {name: watch(name, library.array(value)) for name, value in self.feeds.items()}
        variables = dict[str, Any]()
        for operation in self.needed(fetches):
            for name, result in computed(operation, values, variables, self.operations, library).items():
                if name not in values:
                    values[name] = watch(name, result)
        return values

    def needed(self, fetches: Iterable[str]) -> list[Operation]:
        """The operations that fetches need, in the graph's order; a tensor that is fed needs none."""
        wanted = {operation_of(name) for name in fetches if name not in self.feeds}
        found = []
        for operation in reversed(self.operations.values()):
            if operation.name in wanted:
                found.append(operation)
                wanted.update(operation_of(name) for name in operation.inputs if name not in self.feeds)
                wanted.update(operation.control_inputs)
        return found[::-1]

    def _rehearsed(self, library: Library) -> dict[str, tuple[int, ...]]:
        """The shapes of all tensors, from a run of all operations on zeros."""
        values, variables = dict[str, Any](), dict[str, Any]()
        for operation in self.operations.values():
            try:
                if operation.kind == "placeholder":
                    values[f"{operation.name}:0"] = np.zeros(operation.attributes["shape"], self.dtype)
                else:
                    values |= computed(operation, values, variables, self.operations, library)
            except (ArithmeticError, IndexError, KeyError, TypeError, ValueError) as error:
                raise InvalidArgument("graph", "operations that fit their inputs", f"{operation}: {error}") from None
        return {name: value.shape for name, value in values.items()}

    def _fitting(self, feeds: tuple[Any, ...], fed: list[str]) -> dict[str, Any]:
        if len(feeds) != len(fed):
            raise InvalidArgument("feeds", f"{len(fed)} arrays, one for each name in fed", str(len(feeds)))
        if len(set(fed)) < len(fed):
            raise InvalidArgument("fed", "each tensor once", repr(fed))
        for name, value in zip(fed, feeds, strict=True):
            if value.shape != self.shapes[name]:
                raise InvalidArgument("feeds", f"shape {list(self.shapes[name])} for '{name}'", str(list(value.shape)))
        return dict(zip(fed, map(self.of_dtype, feeds), strict=True))


def race(operations: Iterable[Operation], feeds: Mapping[str, Any]) -> tuple[Operation, Operation] | None:
    """Two operations of a run, one of which changes a variable and the other one uses it, in an order left open."""
    before, uses = dict[str, set[str]](), dict[str, list[Operation]]()
    for operation in operations:
        direct = {operation_of(name) for name in operation.inputs if name not in feeds} | {*operation.control_inputs}
        before[operation.name] = direct.union(*(before.get(name, ()) for name in direct))
        earlier = uses.setdefault(operation.variable, []) if operation.variable else []
        for use in earlier:
            changes = use.kind in WRITERS or operation.kind in WRITERS
            if changes and use.name not in before[operation.name]:
                return use, operation
        earlier.append(operation)
    return None


def computed(
    operation: Operation,
    values: Mapping[str, Any],
    variables: dict[str, Any],
    operations: Mapping[str, Operation],
    library: Library,
) -> dict[str, Any]:
    """What an operation gives, by the names of its outputs; what it assigns is among the variables then."""
    inputs = [values[name] for name in operation.inputs]
    if operation.kind in STATE:
        results: Any = _remembered(operation, inputs, variables, operations, library)
    elif operation.kind == "constant":
        results = library.array(operation.attributes["value"])
    else:
        results = library.kinds[operation.kind](*inputs, **operation.attributes)
    several = results if isinstance(results, (tuple, list)) else (results,)
    return {f"{operation.name}:{place}": result for place, result in enumerate(several)}


def _remembered(
    operation: Operation,
    inputs: list[Any],
    variables: dict[str, Any],
    operations: Mapping[str, Operation],
    library: Library,
) -> Any:
    kind, attributes = operation.kind, operation.attributes
    if kind == "placeholder":
        raise InvalidArgument("feeds", f"a value for placeholder '{operation.name}'", "none")
    if kind == "random_uniform":
        return library.random(attributes["shape"])
    name = operation.variable
    if name not in variables:
        variables[name] = library.array(operations[name].attributes["value"])
    if inputs:
        [value] = inputs
        if value.shape != variables[name].shape:
            raise InvalidArgument("graph", f"a value of the shape of '{name}'", str(list(value.shape)))
        variables[name] = value if kind == "assign" else library.kinds["add"](variables[name], value)
    return variables[name]


def operation_of(tensor: str) -> str:
    """The name of the operation that gives a tensor."""
    return tensor.rpartition(":")[0]


def require_tuple_of_arrays(feeds: Any) -> None:
    if not isinstance(feeds, tuple):
        raise InvalidArgument("feeds", "a tuple of arrays", type(feeds).__name__)
    for value in feeds:
        if not isinstance(value, np.ndarray) or value.dtype.kind != "f" or not value.size:
            raise InvalidArgument("feeds", "arrays of numbers, none of them empty", f"{value!r:.60}")


def require_operations(graph: Any, kinds: Kinds) -> Iterable[Operation]:
    """The operations of a graph: each with a name of its own and a known kind, after all that it names."""
    if not isinstance(graph, (list, tuple)) or not all(isinstance(entry, Mapping) for entry in graph):
        raise InvalidArgument("graph", "a list of operations, each a dict", f"{graph!r:.60}")
    before = dict[str, Operation]()
    for entry in graph:
        if not set(Operation._fields) >= set(entry) >= {"name", "kind"}:
            raise InvalidArgument("graph", f"operations with {', '.join(Operation._fields)}", f"{entry!r:.60}")
        operation = Operation(**entry)
        if not isinstance(operation.name, str) or not operation.name or operation.name in before:
            raise InvalidArgument("graph", "a name of its own for each operation", repr(operation.name))
        if operation.kind not in (*STATE, "constant", *kinds):
            raise InvalidArgument("graph", "kinds that are known here", repr(operation.kind))
        named = [*map(operation_of, operation.inputs), *operation.control_inputs]
        if not before.keys() >= set(named):
            raise InvalidArgument("graph", f"what '{operation.name}' names to stand before it", repr(named))
        before[operation.name] = operation
    return before.values()
