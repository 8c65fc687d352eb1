"""Making calls of an implementation's functions, one or several in a row, and noting all that comes of them.

This is all that runs beside an implementation's code. What is wanted, and whether the result is right, is decided
elsewhere: in another process, where an implementation can't reach.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from conformance.arrays import Array, map_arrays, same_bits
from conformance.deviations import Deviation
from conformance.operation import Arguments
from conformance.outcomes import Severity


@dataclass
class Call:
    """One call: its data by position, hyperparameters by name, and how its arrays lie in memory."""

    data: Arguments
    hyperparameters: Arguments = field(default_factory=dict)
    layout: str = "as drawn"
    #: whether to make the call even if it is known to end the process
    dared: bool = False


@dataclass
class Answer:
    """What came of one call."""

    #: arrays, alone or in tuples; or a text, where something else was returned
    result: Any = None
    #: the exception raised, and where: its type, its message, and the implementation's own line
    raised: str = ""
    where: str = ""
    out_of_memory: bool = False
    #: the arguments that the call changed, as they were afterwards
    changed: Arguments = field(default_factory=dict)
    #: the same result, read again after a later call, if it had other bits then
    overwritten: Any = None
    #: the known deviations, by number, in whose sets the call lies
    deviations: tuple[int, ...] = ()
    #: whether the call was made: one that is known to end the process is not, unless dared
    made: bool = True


def _read_only(array: Array) -> Array:
    locked = array.copy()
    locked.flags.writeable = False
    return locked


def _strided(array: Array) -> Array:
    return np.repeat(array, 2, axis=-1)[..., ::2] if array.ndim else array


def _reversed(array: Array) -> Array:
    return np.ascontiguousarray(array[::-1])[::-1] if array.ndim else array


#: How arrays may lie in memory. Each means what its indices say.
LAYOUTS: dict[str, Callable[[Array], Array]] = {
    "as drawn": np.copy,
    "read-only": _read_only,
    "strided": _strided,
    "reversed": _reversed,
    "column-major": np.asfortranarray,
}


def make_calls(
    function: Callable[..., Any], calls: Sequence[Call], deviations: Sequence[Deviation] = ()
) -> list[Answer]:
    """Make calls one after the other, each with arrays of its own.

    Args:
        function: the implementation's.
        calls: what to call it with.
        deviations: those known of this function.

    Returns:
        An answer for each call.
    """
    answers: list[Answer] = []
    returned: list[Any] = []
    for call in calls:
        answer, raw = _make(function, call, deviations)
        # After each call, not in the end: a later one may write the first one's numbers once more.
        for earlier, result in zip(answers, returned, strict=True):
            if not earlier.raised and not same_bits(earlier.result, again := as_arrays(result)):
                earlier.overwritten = again
        answers.append(answer)
        returned.append(raw)
    return answers


def _make(function: Callable[..., Any], call: Call, deviations: Sequence[Deviation]) -> tuple[Answer, Any]:
    arguments = {**call.data, **call.hyperparameters}
    known = [place for place, deviation in enumerate(deviations) if deviation.covers(arguments)]
    answer = Answer(deviations=tuple(known))
    if not call.dared and any(deviations[place].severity is Severity.CRASH for place in known):
        answer.made = False
        return answer, None
    given = map_arrays(LAYOUTS[call.layout], arguments)
    raw = None
    try:
        raw = function(*[given[name] for name in call.data], **{name: given[name] for name in call.hyperparameters})
        answer.result = as_arrays(raw)
    except MemoryError:
        answer.out_of_memory = True
    except BaseException as error:  # SystemExit and its like are the implementation's doing, not the suite's
        answer.raised, answer.where = f"{type(error).__name__}: {error}", where_in(function, error)
    answer.changed = {name: given[name] for name, value in arguments.items() if not same_bits(given[name], value)}
    return answer, raw


def as_arrays(value: Any) -> Any:
    """A result as copies of its arrays, alone or in tuples; a text for what no array can be made of; None for None."""
    if isinstance(value, tuple):
        return tuple(as_arrays(part) for part in value)
    if value is None:
        return None
    if isinstance(value, list) and not _is_array_like(value):
        return [as_arrays(part) for part in value]
    array = np.array(value)
    return array if array.dtype.kind in "fiubcSU" else f"{type(value).__name__}: {value!r:.200}"


def _is_array_like(value: list[Any]) -> bool:
    """Whether a list is one array. One of arrays may be several results, which need not be of one shape."""
    return not any(isinstance(part, (np.ndarray, tuple)) or hasattr(part, "__array__") for part in value)


def where_in(function: Callable[..., Any], error: BaseException) -> str:
    """The last line of the function's own file that an exception passed: its number, and its text."""
    source = getattr(getattr(function, "__code__", None), "co_filename", None)
    own = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == source]
    return f"{Path(own[-1].filename).name}, line {own[-1].lineno}: {own[-1].line}" if own else ""


def location_of(function: Callable[..., Any]) -> str:
    """Where a function is defined: its file, as seen from here, and line; empty for what isn't Python."""
    code = getattr(function, "__code__", None)
    return f"{os.path.relpath(code.co_filename)}:{code.co_firstlineno}" if code else ""
