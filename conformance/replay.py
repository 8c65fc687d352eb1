"""What reproductions import: a function to call, and what it should return.

>>> relu = function("numpy", "relu")
>>> relu(np.array([-1.5, 2.0], "float32"))
[0.0, 2.0]
>>> wanted(relu, np.array([-1.5, 2.0], "float32"))
[0.0, 2.0]
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from conformance.arrays import arrays_in, as_lists, map_arrays
from conformance.calls import as_arrays, flaw_of, shares_memory
from conformance.comparison import expected
from conformance.concurrency import meet
from conformance.implementation import load
from conformance.layouts import LAYOUTS
from conformance.operation import Operation
from conformance.operations import operations
from conformance.proof import FINEST
from conformance.surroundings import disturbed_since, surroundings
from reference.arrays import elementwise
from reference.numbers import Arithmetic, Rounded

__all__ = [
    "Function",
    "allowed",
    "at_once",
    "disturbed",
    "flaw_of",
    "function",
    "laid_out",
    "plain",
    "refill",
    "shares_memory",
    "wanted",
]


@dataclass(frozen=True)
class Function:
    """An implementation's function; returns nested lists, which print every digit."""

    operation: Operation
    arithmetics: dict[str, Arithmetic]
    implementation: Callable[..., Any]
    algorithm: Callable[..., Any] | None

    def __call__(self, *data: Any, **hyperparameters: Any) -> Any:
        return plain(self.implementation(*data, **hyperparameters))

    def expected(self, *data: Any, **hyperparameters: Any) -> Any:
        """The reference's result, with its bounds."""
        arguments = {**dict(zip(self.operation.parameters, data, strict=False)), **hyperparameters}
        (dtype, *_) = [array.dtype.name for array in arrays_in(arguments) if array.dtype.kind == "f"]
        return expected(self.operation, arguments, self.arithmetics[dtype], self.algorithm)


def function(implementation: str, operation: str) -> Function:
    """An implementation's function of a name."""
    loaded = load(implementation)
    found = loaded.function(operation)
    if found is None:
        raise LookupError(f"{implementation} has no {operation}")
    return Function(operations()[operation], loaded.arithmetics, found, loaded.algorithms.get(operation))


def wanted(called: Function, *data: Any, **hyperparameters: Any) -> Any:
    """What the reference returns: exact values, as the nearest floats."""
    return _each(_value, called.expected(*data, **hyperparameters))


def allowed(called: Function, *data: Any, **hyperparameters: Any) -> Any:
    """The largest error that the claimed arithmetic allows, for each number."""
    return _each(
        lambda number: number.error if isinstance(number, Rounded) else 0.0, called.expected(*data, **hyperparameters)
    )


def claimed(called: Function, *data: Any, **hyperparameters: Any) -> Any:
    """What the claimed algorithm returns for numbers of fifty digits, as the nearest floats."""
    numbers = [as_lists(value, lambda number: Rounded(number, FINEST)) for value in data]
    assert called.algorithm is not None
    return _each(_value, called.algorithm(*numbers, **hyperparameters))


def laid_out(layout: str, argument: Any) -> Any:
    """The same arrays, lying otherwise in memory: "strided", say, or another key of `conformance.layouts.LAYOUTS`."""
    return map_arrays(LAYOUTS[layout], argument)


def refill(arrays: Any, others: Any) -> None:
    """Put other numbers into the same arrays."""
    for array, other in zip(arrays_in(arrays), arrays_in(others), strict=True):
        array[...] = other


def disturbed(call: Callable[[], Any]) -> tuple[str, ...]:
    """What a call changes around it."""
    before = surroundings()
    call()
    return disturbed_since(before)


def at_once(called: Function, one: Callable[[], Any], other: Callable[[], Any]) -> list[Any]:
    """What two calls return while the other one is made: what differs from the result alone, if anything does."""
    both = [partial(_returned, made) for made in (one, other)]
    outcomes = meet(called.implementation, *both)
    return [plain(made() if outcome is None else outcome) for made, outcome in zip(both, outcomes, strict=True)]


def _returned(made: Callable[[], Any]) -> Any:
    return as_arrays(made())


def plain(value: Any) -> Any:
    """A result as nested lists."""
    arrays = as_arrays(value)
    if isinstance(arrays, (tuple, list)):
        return tuple(plain(part) for part in arrays)
    return arrays.tolist() if isinstance(arrays, np.ndarray) else arrays


def _each(function: Callable[[Any], Any], value: Any) -> Any:
    return tuple(_each(function, part) for part in value) if isinstance(value, tuple) else elementwise(function, value)


def _value(number: Any) -> float:
    value = number.value if isinstance(number, Rounded) else number
    try:
        return float(value)
    except OverflowError:
        return math.copysign(math.inf, value)
