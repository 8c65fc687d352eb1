"""Kind 8: the result's dtype, inputs left alone, any memory layout, and the same bits for the same call."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from conformance.comparison import Comparison, Nonconforming, arrays_of, compare, expected
from conformance.drawing import Draw
from conformance.exploration import Evidence, Subject, explore
from conformance.operations import Operation

SHARE = 0.04

Arguments = dict[str, Any]


def checks(operation: Operation) -> Iterator[tuple[str, Callable[[Subject], Evidence]]]:
    """One check for each habit."""
    for name, habit in HABITS.items():
        yield name, partial(_watch, habit)


def keeps_the_dtype(subject: Subject, arguments: Arguments) -> None:
    """Floats come back in the dtype of the inputs."""
    for part in arrays_of(subject.run(arguments)):
        if part.dtype.kind not in "iub" and part.dtype != subject.dtype:
            raise Nonconforming("the result has the wrong dtype", subject.dtype, str(part.dtype), arguments=arguments)


def leaves_its_inputs_alone(subject: Subject, arguments: Arguments) -> None:
    """No input array is written to."""
    before = _each_array(arguments, np.copy)
    subject.run(arguments)
    for name, value in arguments.items():
        if not _same_bits(value, before[name]):
            raise Nonconforming(f"{name} was changed by the call", f"{before[name]!r}", f"{value!r}", arguments=before)


def accepts_read_only_inputs(subject: Subject, arguments: Arguments) -> None:
    """An array that can't be written is as good as any."""

    def locked(array: Any) -> Any:
        array = array.copy()
        array.flags.writeable = False
        return array

    wanted = expected(subject.operation, arguments, subject.arithmetic)
    compare(wanted, subject.run(_each_array(arguments, locked)), subject.arithmetic, arguments)


def accepts_any_memory_layout(subject: Subject, arguments: Arguments) -> None:
    """Strided, reversed and column-major arrays mean what their indices say."""
    wanted = expected(subject.operation, arguments, subject.arithmetic)
    for layout in (_strided, _reversed, np.asfortranarray):
        compare(wanted, subject.run(_each_array(arguments, layout)), subject.arithmetic, arguments)


def gives_the_same_bits_twice(subject: Subject, arguments: Arguments) -> None:
    """Calling again changes nothing, and an earlier result isn't overwritten by a later call."""
    first = arrays_of(subject.run(arguments))
    kept = [part.copy() for part in first]
    subject.run(_each_array(arguments, lambda array: array[...] * 0 + 1 if array.dtype.kind == "f" else array))
    if not _same_bits(tuple(first), tuple(kept)):
        raise Nonconforming("a later call overwrote an earlier result", repr(kept), repr(first), arguments=arguments)
    second = arrays_of(subject.run(arguments))
    if not _same_bits(tuple(second), tuple(kept)):
        raise Nonconforming("the same call gave other bits", repr(kept), repr(second), arguments=arguments)


HABITS = {
    habit.__name__.replace("_", " "): habit
    for habit in (
        keeps_the_dtype,
        leaves_its_inputs_alone,
        accepts_read_only_inputs,
        accepts_any_memory_layout,
        gives_the_same_bits_twice,
    )
}


def _watch(habit: Callable[[Subject, Arguments], None], subject: Subject) -> Evidence:
    def examine(draw: Draw) -> Comparison:
        arguments = subject.draw_call(draw)
        habit(subject, arguments)
        telling = _tells(arguments)
        return Comparison(deciding=telling, vacuous=not telling)

    return explore(subject, examine, values="moderate", share=SHARE)


def _tells(arguments: Any) -> bool:
    """Whether some array of floats holds different numbers: where all are equal, most bad manners don't show."""
    if isinstance(arguments, (dict, tuple)):
        return any(map(_tells, arguments.values() if isinstance(arguments, dict) else arguments))
    return isinstance(arguments, np.ndarray) and arguments.dtype.kind == "f" and bool(np.ptp(arguments) > 0)


def _each_array(arguments: Any, change: Callable[[Any], Any]) -> Any:
    """The same arguments with every array changed in some way."""
    if isinstance(arguments, dict):
        return {name: _each_array(value, change) for name, value in arguments.items()}
    if isinstance(arguments, tuple):
        return tuple(_each_array(value, change) for value in arguments)
    return change(arguments) if isinstance(arguments, np.ndarray) else arguments


def _same_bits(one: Any, other: Any) -> bool:
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(_same_bits, one, other))
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()
    return bool(one == other)


def _strided(array: Any) -> Any:
    return np.repeat(array, 2, axis=-1)[..., ::2]


def _reversed(array: Any) -> Any:
    return np.ascontiguousarray(array[::-1])[::-1]
