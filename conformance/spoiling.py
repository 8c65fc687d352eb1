"""Spoiling good calls: every way in which an argument can be bad. Whether it then is, the reference says."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from conformance.arrays import Array, arrays_in, as_lists
from conformance.operation import Arguments, Operation
from reference.errors import InvalidArgument

Ways = Iterator[tuple[str, Any]]

#: What is wrong for a hyperparameter; which of them are wrong for which, the reference knows.
NUMBERS = (0, -1, 1, 2, 1.5, 2.0, math.nan, math.inf, True, False)
TEXTS = ("seven", "valid", "same", "SAME", "Valid")
PAIRS = ((1, 2, 3), (0, 1), (1, -1), (1, 1.5), (1, None), (1, True))
OTHERS: tuple[Any, ...] = (None, (), [[1, 1]], {1, 2}, [0.5] * 99)
WRONG_FOR_SOME: dict[str, Any] = {
    **{repr(value): value for value in (*NUMBERS, *TEXTS, *PAIRS, *OTHERS)},
    "an array": np.array([1.0, 2.0]),
    "NumPy's 1.5": np.float64(1.5),
}


def spoilt(operation: Operation, good: Arguments, argument: str) -> Iterator[tuple[str, Arguments]]:
    """A good call with one argument spoilt in every way that the reference refuses, each with its name."""
    lists = {name: as_lists(value) for name, value in good.items()}
    for way, changed in _tried(good, argument):
        if _blamed(operation, {**lists, **{name: as_lists(value) for name, value in changed.items()}}):
            yield way, {**good, **changed}


def _tried(good: Arguments, argument: str) -> Iterator[tuple[str, Arguments]]:
    for way, value in ways_to_spoil(good, argument):
        yield way, {argument: value}
    for other, value in good.items():
        if other != argument and isinstance(value, np.ndarray) and isinstance(good[argument], np.ndarray):
            yield f"swapped with {other}", {argument: value, other: good[argument]}


def ways_to_spoil(good: Arguments, argument: str) -> Ways:
    """What may stand in the place of an argument, with a name for each."""
    value = good[argument]
    if isinstance(value, np.ndarray):
        yield from _spoilt_arrays(value)
    elif isinstance(value, tuple) and arrays_in(value):
        yield from _spoilt_tuples(value)
    else:
        yield from WRONG_FOR_SOME.items()
        yield from _of_sizes(good)
    if isinstance(value, list):
        yield from _spoilt_lists(value)
        yield from _spoilt_orders(value)


def _spoilt_arrays(array: Array) -> Ways:
    yield "an axis too many in front", array[None]
    yield "an axis too many at the end", array[..., None]
    if array.ndim > 1:
        yield "without its first axis", array[0]
        yield "without its last axis", array[..., 0]
    for axis in range(array.ndim):
        yield from _other_lengths(array, axis)
    yield from _no_arrays_of_numbers(array)
    if array.dtype.kind == "i":
        yield from _other_labels(array)


def _other_lengths(array: Array, axis: int) -> Ways:
    yield f"axis {axis} too long", np.concatenate([array, array.take([0], axis)], axis)
    yield f"axis {axis} too short", array.take(range(array.shape[axis] - 1), axis)
    yield f"axis {axis} empty", array.take(range(0), axis)


def _no_arrays_of_numbers(array: Array) -> Ways:
    yield "no axis", np.array(array.flat[0])
    yield "a number", float(array.flat[0])
    yield "None", None
    yield "a text", "seven"
    yield "a set", {1.0, 2.0}
    yield "an array of text", np.full(array.shape, "seven")
    yield "an array of complex numbers", array.astype(complex)
    objects = array.astype(object)
    objects.flat[-1] = None
    yield "None inside", objects
    if array.ndim > 1 and len(array) > 1:
        ragged = np.empty(len(array), object)
        ragged[:] = [*array[:-1].tolist(), array[-1][1:].tolist()]
        yield "ragged", ragged


def _other_labels(array: Array) -> Ways:
    """Labels are the only integers there are: signs, or the indices of classes."""
    yield "three times as large", array * 3
    yield "a hundred more", array + 100
    yield "one less", array - 1
    yield "0 for -1", np.maximum(array, 0)
    yield "0 for 1", np.minimum(array, 0)
    yield "one of them 0", np.where(np.arange(array.size).reshape(array.shape) == array.size - 1, 0, array)
    yield "halves", array / 2
    yield "NaN", np.where(array > 0, np.nan, array)


def _spoilt_tuples(arrays: tuple[Array, ...]) -> Ways:
    yield "no tuple", arrays[0]
    yield "a list", list(arrays)
    yield "None", None
    yield "an array missing", arrays[:-1]
    yield "the first array missing", arrays[1:]
    yield "an array too many", (*arrays, arrays[-1])
    for layer, array in enumerate(arrays):
        for way, bad in _spoilt_arrays(array):
            yield f"layer {layer} {way}", (*arrays[:layer], bad, *arrays[layer + 1 :])


def _of_sizes(good: Arguments) -> Ways:
    """Numbers that lie just beyond the length of some axis, for windows."""
    for length in sorted({length + 1 for array in arrays_in(good) for length in array.shape}):
        for value in (length, (length, 1), (1, length)):
            yield repr(value), value


def _spoilt_lists(values: list[Any]) -> Ways:
    yield "too long", [*values, values[-1]]
    yield "too short", values[:-1]
    yield "None inside", [*values[:-1], None]
    yield "a text inside", [*values[:-1], "seven"]
    yield "a list inside", [*values[:-1], [1.0]]


def _spoilt_orders(operations: list[Any]) -> Ways:
    """Of a graph, what ran before an operation may run behind it: bad where both use a variable."""
    for place, entry in enumerate(operations):
        if isinstance(entry, dict) and entry.get("control_inputs"):
            free = {key: value for key, value in entry.items() if key != "control_inputs"}
            yield f"nothing need run before {entry['name']}", [*operations[:place], free, *operations[place + 1 :]]


def is_bad(operation: Operation, arguments: Arguments) -> bool:
    """Whether the reference refuses a call."""
    return bool(blamed(operation, arguments))


def blamed(operation: Operation, arguments: Arguments) -> str:
    """The argument that the reference names when it refuses a call; empty if it doesn't."""
    return _blamed(operation, {name: as_lists(value) for name, value in arguments.items()})


def _blamed(operation: Operation, lists: Arguments) -> str:
    try:
        operation.call(operation.reference, lists)
    except InvalidArgument as error:
        return error.argument.partition("[")[0]
    except (TypeError, ArithmeticError):  # of complex numbers, say, it has nothing to say
        return ""
    return ""
