"""Sessions: who runs a graph, and remembers its variables from run to run."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from reference.arrays import elementwise, require_array, zeros
from reference.errors import InvalidArgument, is_integer, is_number
from reference.graphs import Graph, like
from reference.numbers.mixing import plus
from reference.operation_kinds import COMMUNICATION, KINDS, at_every_place, outputs_of
from reference.readiness import ReadyQueue, pruned, require_no_race
from reference.tensors import Operation, Tensor

__all__ = ["Session", "run_graph"]

Feeds = Mapping[Tensor | str, Any]


class Session:
    """Runs a graph, as often as is wanted, and keeps what its variables hold in between.

    Why: a graph is only said; a session does it, with whatever numbers it is fed: floats, fractions, or any type of
    `reference.numbers`.

    Args:
        graph: what to run.
        seed: of the random numbers, an integer.
        choose: which of the operations that are ready runs next: gets their list, returns a place in it. The first one
            when not given. Whatever it chooses, the results are the same.

    Source:
        goldsborough-tensorflow, "Computational Paradigms": 4. sessions, ŷ = session.run(tanh(xᵀw + b)); TensorFlow's
        white paper of 2015, sections 2 and 4.2.

    >>> graph = Graph()
    >>> x = graph.placeholder("x", (1, 2))
    >>> w, b = graph.variable("w", [[3], [4]]), graph.variable("b", [-11])
    >>> y = graph.apply("dense", x, w, b).tanh()
    >>> session = Session(graph)
    >>> session.run(y, {x: [[1, 2]]})
    [[0.0]]
    >>> session.run(graph.assign_add(b, [1]))
    [-10]
    >>> session.run("dense:0", {x: [[1, 2]]})
    [[1]]
    >>> session.run(y)
    Traceback (most recent call last):
        ...
    reference.errors.InvalidArgument: feeds: wanted a value for placeholder 'x'; got none
    """

    def __init__(
        self, graph: Graph, *, seed: int = 0, choose: Callable[[Sequence[Operation]], int] | None = None
    ) -> None:
        if not is_integer(seed):
            raise InvalidArgument("seed", "an integer", repr(seed))
        self.graph, self.seed, self.choose = graph, seed, choose
        self.variables: dict[str, Any] = {}
        self.runs = 0
        #: The names of the operations that the last run executed, in its order.
        self.executed: list[str] = []

    def run(self, fetches: Any, feeds: Feeds | None = None) -> Any:
        """Compute what is fetched, and nothing that it doesn't need.

        Args:
            fetches: a tensor or an operation, by itself or by its name ("y:0", "assign"); or lists, tuples and dicts of
                them.
            feeds: values for tensors: for placeholders, and for any others, which cuts the graph there.

        Returns:
            The values, in the structure of the fetches; None for an operation.

        Raises:
            InvalidArgument: if a fetch or feed isn't of this graph, a feed has another shape than its tensor, a needed
                placeholder isn't fed, two operations would use a variable in an order that nothing fixes, or an
                operation gets values that it can't work with. A run that ends so leaves nothing behind, and isn't
                counted; nor does one that ends in an error of the numbers themselves, such as a division by zero.
        """
        wanted = mapped(partial(found, self.graph), fetches)
        values = fed_values(self.graph, {} if feeds is None else feeds)
        operations = pruned(leaves(wanted), values)
        require_no_race(operations, values)
        held, runs = dict(self.variables), self.runs
        try:
            self._run(operations, values)
        except BaseException:
            self.variables, self.runs = held, runs
            raise
        return mapped(lambda fetch: copied(values[fetch]) if isinstance(fetch, Tensor) else None, wanted)

    def _run(self, operations: Sequence[Operation], values: dict[Tensor, Any]) -> None:
        """Execute operations, each when all that it waits for has run, and note what they give."""
        self.runs, self.executed = self.runs + 1, []
        queue = ReadyQueue(operations, values)
        while queue.ready:
            operation = queue.take(self.choose)
            results = self.execute(operation, [values[tensor] for tensor in operation.inputs])
            for tensor, result in zip(operation.outputs, results, strict=True):
                values.setdefault(tensor, result)
            self.executed.append(operation.name)
            queue.finished(operation)

    def execute(self, operation: Operation, inputs: Sequence[Any]) -> tuple[Any, ...]:
        """What one operation gives for its inputs."""
        if operation.kind in COMMUNICATION:
            raise InvalidArgument("fetches", "a whole graph, not a part", f"'{operation.name}' in it")
        if operation.kind == "placeholder":
            raise InvalidArgument("feeds", f"a value for placeholder '{operation.name}'", "none")
        if operation.kind == "random_uniform":
            return (self._random(operation),)
        if operation.kind in ("assign", "assign_add"):
            return (self._assign(operation, *inputs),)
        if operation.kind in ("variable", "read"):
            return (self.value_of(operation.attributes.get("variable", operation.name)),)
        try:
            return outputs_of(KINDS[operation.kind].compute(*inputs, **operation.attributes))
        except InvalidArgument as error:
            argument = f"{error.argument} of {operation.kind} '{operation.name}'"
            raise InvalidArgument(argument, error.wanted, error.got) from None
        except Exception as error:
            error.add_note(f"in {operation.kind} '{operation.name}'")
            raise

    def value_of(self, variable: str) -> Any:
        """What a variable holds: what was assigned last, or what it began with."""
        if variable not in self.variables:
            self.variables[variable] = self.graph.operations[variable].attributes["value"]
        return self.variables[variable]

    def _assign(self, operation: Operation, value: Any) -> Any:
        name = operation.attributes["variable"]
        if operation.kind == "assign_add":
            value = at_every_place(plus, self.value_of(name), value)
        self.variables[name] = value
        return value

    def _random(self, operation: Operation) -> Any:
        """Numbers that depend on the seed, the operation and how many runs there were, not on who runs first."""
        draw = random.Random(f"{self.seed} {operation.name} {self.runs}")
        return elementwise(lambda _: draw.random(), zeros(operation.outputs[0].shape))


def found(graph: Graph, fetch: Any) -> Tensor | Operation:
    """A tensor or an operation of a graph, from itself or its name."""
    if isinstance(fetch, Operation) and fetch.graph is graph:
        return fetch
    if isinstance(fetch, str) and fetch in graph.operations:
        return graph.operations[fetch]
    if isinstance(fetch, (Tensor, str)):
        return graph.tensor(fetch)
    raise InvalidArgument("fetches", "tensors and operations of the graph, or their names", repr(fetch))


def run_graph(
    feeds: tuple[Any, ...], *, graph: Sequence[Mapping[str, Any]], fed: Sequence[str], fetches: Sequence[str]
) -> tuple[Any, ...]:
    """Run a graph that is given as plain data, once.

    Why: how a graph gets from one library to another, and what is asked of each: the same values, whoever runs it.

    Args:
        feeds: a tuple of arrays, the values of the tensors that are fed.
        graph: the operations, as `Graph.of` reads them.
        fed: the names of the tensors that are fed, such as "x:0", in the order of the feeds.
        fetches: the names of the tensors that are wanted.

    Returns:
        A tuple of arrays, one for each fetch.

    Raises:
        InvalidArgument: if the data is no graph, a name isn't a tensor's, or as `Session.run` does.

    Source:
        goldsborough-tensorflow, "Computational Paradigms": session.run.

    >>> x = {"name": "x", "kind": "placeholder", "attributes": {"shape": (2,)}}
    >>> run_graph(([1, -2],), graph=[x, {"name": "y", "kind": "relu", "inputs": ["x:0"]}], fed=["x:0"], fetches=["y:0"])
    ([1, 0],)
    """
    built = Graph.of(graph)
    tensors = named_tensors(built, "fetches", fetches)
    return tuple(Session(built).run(tensors, feeds_by_tensor(built, feeds, fed)))


def feeds_by_tensor(graph: Graph, feeds: tuple[Any, ...], fed: Sequence[str]) -> Feeds:
    """Which tensor is fed with what, or what is wrong with the names or the count of the feeds."""
    tensors = named_tensors(graph, "fed", fed)
    if len(set(tensors)) < len(tensors):
        raise InvalidArgument("fed", "each tensor once", repr(fed))
    if not isinstance(feeds, tuple) or len(feeds) != len(tensors):
        raise InvalidArgument("feeds", f"a tuple of {len(tensors)} arrays, one for each name", f"{feeds!r:.60}")
    return dict(zip(tensors, feeds, strict=True))


def named_tensors(graph: Graph, argument: str, names: Sequence[str]) -> list[Tensor]:
    """The tensors of some names."""
    if not isinstance(names, (list, tuple)) or not all(isinstance(name, str) for name in names):
        raise InvalidArgument(argument, "a list of names of tensors", f"{names!r:.60}")
    try:
        return [graph.tensor(name) for name in names]
    except InvalidArgument as error:
        raise InvalidArgument(argument, error.wanted, error.got) from None


def fed_values(graph: Graph, feeds: Feeds) -> dict[Tensor, Any]:
    """The values that a run begins with, each of its tensor's shape."""
    wanted = "a dict of values by tensors or their names"
    if not isinstance(feeds, Mapping):
        raise InvalidArgument("feeds", wanted, f"{feeds!r:.60}")
    values: dict[Tensor, Any] = {}
    for fed, value in feeds.items():
        if not isinstance(fed, (Tensor, str)):
            raise InvalidArgument("feeds", wanted, f"{fed!r} in it")
        tensor = graph.tensor(fed)
        if tensor in values:
            raise InvalidArgument("feeds", "each tensor once", f"'{tensor.name}' twice")
        shape = require_array("feeds", value) if isinstance(value, list) else ()
        if shape != tensor.shape or not (shape or is_number(value)):
            described = f"a value of shape {list(tensor.shape)} for '{tensor.name}'"
            raise InvalidArgument("feeds", described, f"shape {list(shape)}" if shape else repr(value))
        values[tensor] = elementwise(partial(_known, tensor), value)
    return values


def _known(tensor: Tensor, number: Any) -> Any:
    """A number that is fed. Another graph's symbols are numbers here; a graph's own would never be known."""
    if isinstance(number, Tensor) and number.graph is tensor.graph:
        raise InvalidArgument("feeds", f"numbers for '{tensor.name}'", f"{number!r} of the graph itself")
    return number


def copied(value: Any) -> Any:
    """The same numbers in lists of their own: what is fed, kept and fetched is nobody else's to change."""
    return elementwise(lambda number: number, value)


def mapped(function: Callable[[Any], Any], structure: Any) -> Any:
    """Apply a function to every leaf of lists, tuples and dicts."""
    if isinstance(structure, dict):
        return {key: mapped(function, part) for key, part in structure.items()}
    if isinstance(structure, list):
        return [mapped(function, part) for part in structure]
    if isinstance(structure, tuple):
        return like(structure, (mapped(function, part) for part in structure))
    return function(structure)


def leaves(structure: Any) -> list[Any]:
    """What stands in lists, tuples and dicts, in their order."""
    found: list[Any] = []
    mapped(found.append, structure)
    return found
