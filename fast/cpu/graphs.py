"""Computational graphs on a CPU: given as plain data, run operation by operation or compiled to one function.

The ladder (a step of the slides' convolutional network, a batch of 100):
1. an interpreter: a function of the other rooms for each operation, and new memory for each result.
2. what is computed for each number by itself in one loop over vectors, however many operations that are: Adam's
   fourteen read and write each array once (`graph_plan`).
3. memory that is planned once and used again as soon as nobody needs it any longer.
4. all of a step in one compiled function that calls the other rooms' kernels through their addresses (`graph_code`):
   nothing of Python is left in it, and nothing is compiled that was compiled before.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from fast.cpu.graph_data import Operation, PlainGraph
from fast.cpu.graph_functions import computed
from fast.cpu.graph_program import Program
from fast.cpu.graph_runs import apart, changed_by, mapped, require_feed, run_of
from reference.errors import InvalidArgument

Feeds = Mapping[str, Any]


class GraphSession:
    """Runs a graph that is given as plain data, as often as is wanted, and keeps what its variables hold in between.

    Args: data, as `reference.Graph.data()` returns it; dtype, of all numbers, float32 or float64; seed, of the random
        numbers.
    Raises: InvalidArgument, if the data is no graph, or asks for a kind that isn't there; it names the operation.
    """

    def __init__(self, data: Sequence[Mapping[str, Any]], *, dtype: Any = np.float32, seed: int = 0) -> None:
        self.graph, self.seed, self.runs = PlainGraph(data, dtype), seed, 0
        #: What each variable holds, in memory that stays the same: it may be read and written between runs.
        self.variables: dict[str, np.ndarray] = {
            operation.name: np.array(operation.attributes["value"], self.graph.dtype)
            for operation in self.graph.operations
            if operation.kind == "variable"
        }

    def run(self, fetches: Any, feeds: Feeds | None = None) -> Any:
        """Compute what is fetched, operation by operation, and nothing that it doesn't need.

        Args: fetches, names of tensors ("y:0") and of operations ("train"), or lists, tuples and dicts of them; feeds,
            arrays of the graph's dtype for tensors, which cut the graph there.
        Returns: arrays in the structure of the fetches, with memory of their own; None for an operation.
        Raises: InvalidArgument, as `reference.Session.run`. A run that fails leaves nothing behind, and isn't counted.
        """
        feeds = feeds or {}
        run = run_of(self.graph, fetches, feeds)
        given = [require_feed(self.graph, self.graph.tensors[name], value) for name, value in feeds.items()]
        values = {tensor: apart(value, self.variables.values()) for tensor, value in zip(run.fed, given, strict=True)}
        with self.whole_run(changed_by(run)):
            for operation in run.operations:
                results = self._execute(operation, [values[tensor] for tensor in operation.inputs])
                for tensor, result in zip(operation.outputs, results, strict=True):
                    values.setdefault(tensor, result)
        return mapped(lambda tensor: None if tensor is None else np.array(values[tensor], order="C"), run.structure)

    def compile(self, fetches: Any, fed: Iterable[str] = ()) -> Program:
        """Compile a run to one function, which shares the session's variables.

        Args: fetches, as in `run`; fed, the names of the tensors that will be fed; when there are none, the
            placeholders that are needed.
        Returns: a function of feeds that returns what `run` does; see `compile_graph`.
        Raises: InvalidArgument, as `run`.
        """
        names = list(fed) or self._needed_placeholders(fetches)
        return Program(self, run_of(self.graph, fetches, names))

    @contextmanager
    def whole_run(self, changed: Iterable[str]) -> Iterator[None]:
        """Count a run; if it fails, don't, and have the variables that it changes hold what they held before."""
        before = {name: self.variables[name].copy() for name in changed}
        self.runs += 1
        try:
            yield
        except BaseException:
            self.runs -= 1
            for name, value in before.items():
                self.variables[name][...] = value
            raise

    def random_numbers(self, operation: Operation) -> np.ndarray:
        """Numbers that depend on the seed, the operation and how many runs there were, as in `reference`."""
        draw = random.Random(f"{self.seed} {operation.name} {self.runs}")
        shape, dtype = self.graph.shapes[operation.outputs[0]], self.graph.dtype
        numbers = np.array([draw.random() for _ in range(int(np.prod(shape)))]).astype(dtype).reshape(shape)
        # What rounds to 1 isn't below it.
        return np.minimum(numbers, np.nextafter(dtype.type(1), dtype.type(0)))

    def _execute(self, operation: Operation, inputs: list[np.ndarray]) -> tuple[np.ndarray, ...]:
        kind, attributes = operation.kind, dict(operation.attributes)
        if kind == "constant":
            return (np.array(attributes["value"], self.graph.dtype),)
        if kind == "random_uniform":
            return (self.random_numbers(operation),)
        if operation.variable:
            variable = self.variables[operation.variable]
            if kind == "assign":
                variable[...] = inputs[0]
            elif kind == "assign_add":
                with np.errstate(all="ignore"):
                    variable += inputs[0]
            return (variable.copy(),)
        try:
            return computed(kind, inputs, attributes)
        except InvalidArgument as error:
            argument = f"{error.argument} of {kind} '{operation.name}'"
            raise InvalidArgument(argument, error.wanted, error.got) from None

    def _needed_placeholders(self, fetches: Any) -> list[str]:
        placeholders = {op.outputs[0]: f"{op.name}:0" for op in self.graph.operations if op.kind == "placeholder"}
        wanted: list[int] = []
        mapped(lambda name: wanted.append(self._giver(name)), fetches)
        needed = self.graph.pruned(wanted, ())
        return [placeholders[op.outputs[0]] for op in needed if op.kind == "placeholder"]

    def _giver(self, name: str) -> int:
        known = isinstance(name, str) and name in self.graph.numbers
        return self.graph.numbers[name] if known else self.graph.givers[self.graph.tensor("fetches", name)].number


def compile_graph(
    data: Sequence[Mapping[str, Any]],
    fetches: Any,
    *,
    fed: Iterable[str] = (),
    dtype: Any = np.float32,
    seed: int = 0,
) -> Program:
    """Compile a run of a graph to one function, kept on disk for every process that wants it.

    Args: data, dtype and seed, as `GraphSession` takes them; fetches and fed, as `GraphSession.compile`.
    Returns: a function of feeds, arrays by the names of tensors, that returns arrays in the structure of the fetches,
        with memory of their own, and changes the variables; `variables` are what these hold.
    Raises: InvalidArgument, as `GraphSession.run`; the function, if feeds are missing, too many or of another shape.
    """
    return GraphSession(data, dtype=dtype, seed=seed).compile(fetches, fed)
