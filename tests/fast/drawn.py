"""Calls of every operation of a fast path, drawn as the suite draws them: no test keeps a list of operations."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from conformance.arrays import map_arrays
from conformance.operation import Operation
from conformance.operations import operations
from conformance.sampling import sample_calls

#: A batch that `stretched` recognises: no other length that is drawn is the same.
BATCH = 47


@dataclass(frozen=True)
class Call:
    """An operation, a fast path's function for it, and arguments by name."""

    operation: Operation
    function: Callable[..., Any]
    arguments: dict[str, Any]

    def run(self, **changes: Any) -> Any:
        """Call the function, with some arguments changed or added."""
        given, added = self.arguments | changes, changes.keys() - self.arguments.keys()
        return self.operation.call(
            lambda *data, **options: self.function(*data, **options, **{name: changes[name] for name in added}),
            {name: value for name, value in given.items() if name not in added},
        )

    def rearranged(self, change: Callable[[np.ndarray], np.ndarray]) -> Call:
        """The same call with all arrays changed, those in tuples as well."""
        return Call(self.operation, self.function, map_arrays(change, self.arguments))

    @property
    def size(self) -> int:
        """How many numbers all arrays have."""
        return sum(array.size for array in arrays(tuple(self.arguments.values())))


def rooms_of(path: ModuleType) -> list[ModuleType]:
    """The modules of a fast path, the package itself left out."""
    return [module for name, module in sorted(sys.modules.items()) if name.startswith(f"{path.__name__}.")]


def functions_of(path: ModuleType) -> dict[str, Callable[..., Any]]:
    """The operations that a fast path's rooms offer, by name."""
    names = sorted({name for room in rooms_of(path) for name in getattr(room, "__all__", ())})
    return {name: getattr(path, name) for name in names if inspect.isfunction(getattr(path, name))}


def drawn_calls(path: ModuleType, name: str, dtype: Any, count: int = 1, **how: Any) -> list[Call]:
    """Calls of an operation; the rest is handed on to `sample_calls`."""
    operation = operations()[name]
    drawn = sample_calls(operation, np.dtype(dtype).name, count, **how)
    return [Call(operation, getattr(path, name), arguments) for arguments in drawn]


def stretched(path: ModuleType, name: str, dtype: Any, batch: int) -> tuple[Call, Call, np.ndarray]:
    """The largest of some calls with `BATCH` examples; the same with more; and which of those each one repeats."""
    drawn = drawn_calls(path, name, dtype, 10, batch=BATCH)
    call = max((call for call in drawn if BATCH in call_lengths(call)), key=lambda call: call.size)
    places = np.random.default_rng(batch).integers(0, BATCH, batch)
    return call, call.rearranged(lambda array: at_places(array, places)), places


def has_examples(path: ModuleType, name: str) -> bool:
    """Whether a length of an operation is that of a batch: a matrix of K by K has it twice, and knows no examples.

    Of a graph, longer arrays alone make no larger batch: its operations say their shapes themselves.
    """
    if "graph" in operations()[name].parameters:
        return False
    (call,) = drawn_calls(path, name, "float32", batch=BATCH)
    return all(array.shape.count(BATCH) <= 1 for array in arrays(tuple(call.arguments.values())))


def at_places(array: np.ndarray, places: np.ndarray) -> np.ndarray:
    """The entries of an array at some places along each axis of `BATCH` examples."""
    for axis, length in enumerate(array.shape):
        array = array.take(places, axis) if length == BATCH else array
    return array


def call_lengths(call: Call) -> set[int]:
    """The lengths of all axes."""
    return {length for array in arrays(tuple(call.arguments.values())) for length in array.shape}


def arrays(value: Any) -> list[np.ndarray]:
    """All arrays in nested tuples, and numbers as arrays without axes; anything else is left out."""
    if isinstance(value, tuple):
        return [array for part in value for array in arrays(part)]
    return [np.asarray(value)] if isinstance(value, (np.ndarray, np.generic)) else []


def bits(value: Any) -> list[tuple[Any, ...]]:
    """What arrays hold, to be compared bit for bit."""
    return [(array.shape, array.dtype, array.tobytes()) for array in arrays(value)]


def spread_out(array: np.ndarray) -> np.ndarray:
    """A view that skips every other number of a larger array, backwards."""
    spread = np.zeros([2 * length for length in array.shape], array.dtype)[*[slice(None, None, -2)] * array.ndim, ...]
    spread[...] = array
    return spread


def read_only(array: np.ndarray) -> np.ndarray:
    """A copy that nobody may write to."""
    copy = array.copy()
    copy.flags.writeable = False
    return copy


def column_major(array: np.ndarray) -> np.ndarray:
    return np.asarray(array, order="F")


LAYOUTS: tuple[Callable[[np.ndarray], np.ndarray], ...] = (spread_out, column_major, read_only)


def spoilt(call: Call) -> list[tuple[str, dict[str, Any]]]:
    """Every argument made unusable in some ways: its name, and what to call the function with instead."""
    data, hyperparameters = call.operation.split(call.arguments)
    wrong = [(name, {name: object()}) for name in hyperparameters]
    for name, value in data.items():
        if value is None:  # what may be left out
            continue
        wrong.append((name, {name: [value] if getattr(value, "ndim", 1) == 0 else list(value)}))
        for change in (np.ndarray.tolist, lambda array: array.astype(complex), shortened):
            wrong.append((name, {name: map_arrays(change, value)}))
    return wrong


def shortened(array: np.ndarray) -> np.ndarray:
    """Nothing of an array; a number as an array of one."""
    return array[:0] if array.ndim else array[None]
