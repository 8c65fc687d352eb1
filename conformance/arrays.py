"""Arguments and results: arrays, alone or in tuples, and the nested lists that the reference takes and returns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def as_lists(value: Any, number: Callable[[float], Any] = float) -> Any:
    """An argument as the reference takes it: arrays as nested lists, with floats made into other numbers if need be.

    An array without axes is a number.
    """
    if isinstance(value, tuple) and has_array(value):
        return tuple(as_lists(part, number) for part in value)
    if not isinstance(value, np.ndarray):
        return value
    lists = value.tolist()
    return _map(number, lists) if value.dtype.kind == "f" else lists


def _map(function: Callable[[float], Any], lists: Any) -> Any:
    return [_map(function, part) for part in lists] if isinstance(lists, list) else function(lists)


def map_arrays(function: Callable[[Array], Any], value: Any) -> Any:
    """The same arguments, in dicts, tuples and lists as they are, with every array changed in some way."""
    if isinstance(value, dict):
        return {name: map_arrays(function, part) for name, part in value.items()}
    if isinstance(value, tuple):
        return tuple(map_arrays(function, part) for part in value)
    if isinstance(value, list):
        return [map_arrays(function, part) for part in value]
    return function(value) if isinstance(value, np.ndarray) else value


def arrays_in(value: Any) -> list[Array]:
    """Every array inside dicts, tuples and lists, in order."""
    if isinstance(value, dict):
        return arrays_in(tuple(value.values()))
    if isinstance(value, (tuple, list)):
        return [array for part in value for array in arrays_in(part)]
    return [value] if isinstance(value, np.ndarray) else []


def has_array(value: Any) -> bool:
    """Whether there is an array inside."""
    return bool(arrays_in(value))


def flatten_result(result: Any, name: str = "result") -> list[tuple[str, Any]]:
    """The arrays of a result with their names: tuples are structure, anything else is one array."""
    if isinstance(result, tuple):
        fields = getattr(result, "_fields", None) or [f"{name}[{place}]" for place in range(len(result))]
        parts = (flatten_result(value, field_name) for field_name, value in zip(fields, result, strict=True))
        return [part for group in parts for part in group]
    return [(name, result)]


def as_parts(came: Any, wanted: Any) -> list[Array]:
    """The arrays that were returned, in the order of the reference's; lists count as tuples where those are wanted."""
    if isinstance(wanted, tuple) and isinstance(came, (tuple, list)):
        if len(wanted) != len(came):
            return [np.asarray(part) for part in came]
        return [array for part, model in zip(came, wanted, strict=True) for array in as_parts(part, model)]
    return [np.asarray(came)]


def largest_number(arguments: Any) -> float:
    """The largest finite size of any float among the arguments' arrays."""
    sizes = [np.abs(array[np.isfinite(array)]) for array in arrays_in(arguments) if array.dtype.kind == "f"]
    return float(max((size.max() for size in sizes if size.size), default=0.0))


def same_bits(one: Any, other: Any) -> bool:
    """Whether two arguments or results hold the same arrays, to the last bit."""
    arrays, others = arrays_in((one,)), arrays_in((other,))
    return len(arrays) == len(others) and all(
        a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
        for a, b in zip(arrays, others, strict=True)
    )
