"""What a run of a graph has to do: the operations that its fetches need, cut where tensors are fed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

from fast.cpu.graph_data import WRITERS, Operation, PlainGraph
from fast.cpu.graph_gradients import GRADIENTS
from reference.errors import InvalidArgument


class Run(NamedTuple):
    """What a run does: the tensors that are fed, what is fetched in which structure, the operations in an order."""

    fed: tuple[int, ...]
    fetched: tuple[int, ...]
    structure: Any
    operations: tuple[Operation, ...]


def run_of(graph: PlainGraph, fetches: Any, fed: Iterable[str]) -> Run:
    """Find out what a run has to do, or say what is wrong with the request."""
    given = dict.fromkeys(graph.tensor("feeds", name) for name in fed)
    wanted: list[int] = []
    fetched: dict[int, None] = {}

    def found(fetch: Any) -> int | None:
        """The number of a fetched tensor; none for an operation, which only has to run."""
        if isinstance(fetch, str) and fetch in graph.numbers:
            wanted.append(graph.numbers[fetch])
            return None
        tensor = graph.tensor("fetches", fetch)
        fetched[tensor] = None
        if tensor not in given:
            wanted.append(graph.givers[tensor].number)
        return tensor

    structure = mapped(found, fetches)
    operations = graph.pruned(wanted, given)
    graph.require_no_race(operations, given)
    for operation in operations:
        if operation.kind == "gradient":
            known, of = ", ".join(GRADIENTS), operation.attributes.get("of")
            raise InvalidArgument(f"gradient '{operation.name}'", f"the gradient of one of {known}", f"that of {of!r}")
        # Not even one that only has to run before another, as in the reference.
        if operation.kind == "placeholder":
            raise InvalidArgument("feeds", f"a value for placeholder '{operation.name}'", "none")
    return Run(tuple(given), tuple(fetched), structure, tuple(operations))


def changed_by(run: Run) -> list[str]:
    """The names of the variables that a run changes."""
    return sorted({operation.variable for operation in run.operations if operation.kind in WRITERS})


def require_feed(graph: PlainGraph, tensor: int, value: Any) -> np.ndarray:
    """Return what a tensor is fed with, if it is of its shape and of the graph's dtype; a number may be any."""
    shape, name = graph.shapes[tensor], graph.name_of(tensor)
    if not shape and isinstance(value, (int, float, np.number)) and not isinstance(value, bool):
        return np.array(value, graph.dtype)
    if isinstance(value, np.ndarray) and value.shape == shape and value.dtype == graph.dtype:
        return value
    wanted = f"a {graph.dtype} array of shape {list(shape)} for '{name}'"
    got = f"{value.dtype} {list(value.shape)}" if isinstance(value, np.ndarray) else type(value).__name__
    raise InvalidArgument("feeds", wanted, got)


def apart(value: np.ndarray, changing: Iterable[np.ndarray]) -> np.ndarray:
    """What is fed, or a copy where it lies in the memory of what a run may change."""
    return value.copy() if any(np.may_share_memory(value, array) for array in changing) else value


def mapped(function: Callable[[Any], Any], structure: Any) -> Any:
    """Apply a function to every leaf of lists, tuples and dicts."""
    if isinstance(structure, dict):
        return {key: mapped(function, part) for key, part in structure.items()}
    if isinstance(structure, list):
        return [mapped(function, part) for part in structure]
    if isinstance(structure, tuple):
        parts = [mapped(function, part) for part in structure]
        return type(structure)(*parts) if hasattr(structure, "_fields") else tuple(parts)
    return function(structure)
