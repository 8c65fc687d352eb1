"""Making calls of an implementation's functions, one or several in a row, and noting all that comes of them.

This is all that runs beside an implementation's code. What is wanted, and whether the result is right, is decided
elsewhere: in another process, where an implementation can't reach.
"""

from __future__ import annotations

import inspect
import linecache
import os
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from conformance.arrays import arrays_in, map_arrays, same_bits
from conformance.deviations import Deviation
from conformance.layouts import LAYOUTS
from conformance.operation import Arguments
from conformance.outcomes import Severity
from conformance.surroundings import disturbed_since, surroundings

#: What a result shares memory with, where that is no argument.
EARLIER_RESULT = "an earlier result"


@dataclass
class Call:
    """One call: its data by position, hyperparameters by name, and how its arrays lie in memory."""

    data: Arguments
    hyperparameters: Arguments = field(default_factory=dict)
    layout: str = "as drawn"
    #: the argument whose arrays lie so; empty for all of them
    only: str = ""
    #: whether to put the numbers into the arrays of the call before: the same objects with other contents
    in_place: bool = False
    #: whether to note what the call changes around it
    watched: bool = False
    #: whether to make the call even if it is known to end the process
    dared: bool = False
    #: the values of hyperparameters that may be left out
    defaults: Arguments = field(default_factory=dict)

    @property
    def arguments(self) -> Arguments:
        """All arguments by name, with those left out."""
        return {**self.defaults, **self.data, **self.hyperparameters}


@dataclass
class Answer:
    """What came of one call."""

    #: arrays, alone or in tuples; or a text, where something else was returned
    result: Any = None
    #: the exception raised, and where: its type, its message, and the implementation's own line
    raised: str = ""
    where: str = ""
    out_of_memory: bool = False
    #: what the result's arrays are, if not plain ones that can be written
    flaw: str = ""
    #: the argument that the result shares memory with, or `EARLIER_RESULT`
    shares: str = ""
    #: the arguments that the call changed, as they were afterwards
    changed: Arguments = field(default_factory=dict)
    #: what the call changed around it, if it was watched
    disturbed: tuple[str, ...] = ()
    #: the same result, read again after a later call, if it had other bits then; and that call's place in the row
    overwritten: Any = None
    overwritten_by: int = 0
    #: what came while another call was made, if it had other bits: a result, or an exception as a text
    at_once: Any = None
    #: the known deviations, by number, in whose sets the call lies
    deviations: tuple[int, ...] = ()
    #: whether the call was made: one that is known to end the process is not, unless dared
    made: bool = True


@dataclass
class Made:
    """A call that was made: the very objects that were given and returned."""

    answer: Answer
    given: Arguments
    returned: Any = None


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
    all_made: list[Made] = []
    for place, call in enumerate(calls):
        made = _make(function, call, all_made[-1].given if call.in_place else {}, deviations)
        made.answer.shares = _shared_with(made, all_made)
        # After each call, not in the end: a later one may write the first one's numbers once more.
        for earlier in all_made:
            answer, again = earlier.answer, as_arrays(earlier.returned)
            if answer.overwritten is None and not answer.raised and not same_bits(answer.result, again):
                answer.overwritten, answer.overwritten_by = again, place
        all_made.append(made)
    return [made.answer for made in all_made]


def _make(function: Callable[..., Any], call: Call, before: Arguments, deviations: Sequence[Deviation]) -> Made:
    known = [place for place, deviation in enumerate(deviations) if deviation.covers(call.arguments)]
    answer = Answer(deviations=tuple(known))
    if not call.dared and any(deviations[place].severity is Severity.CRASH for place in known):
        answer.made = False
        return Made(answer, given={})
    made = Made(answer, refilled(before, call.arguments) if call.in_place else laid_out(call))
    around = surroundings() if call.watched else None
    try:
        returned = apply(function, call, made.given)
        answer.result, answer.flaw = as_arrays(returned), flaw_of(returned)
        made.returned = returned  # only what can be read: it may be a list that holds itself
    except MemoryError:
        answer.out_of_memory = True
    except BaseException as error:  # SystemExit and its like are the implementation's doing, not the suite's
        answer.raised, answer.where = f"{type(error).__name__}: {error}", where_in(function, error)
    if around is not None:
        answer.disturbed = disturbed_since(around)
    arguments = call.arguments
    answer.changed = {name: made.given[name] for name in arguments if not same_bits(made.given[name], arguments[name])}
    return made


def apply(function: Callable[..., Any], call: Call, given: Arguments) -> Any:
    """Call a function with some arguments, data by position and hyperparameters by name."""
    return function(*[given[name] for name in call.data], **{name: given[name] for name in call.hyperparameters})


def laid_out(call: Call) -> Arguments:
    """The arguments of a call, with new arrays that lie in memory as the call says."""
    return {
        name: map_arrays(LAYOUTS[call.layout if call.only in ("", name) else "as drawn"], value)
        for name, value in call.arguments.items()
    }


def refilled(before: Arguments, arguments: Arguments) -> Arguments:
    """The very arrays of an earlier call with the numbers of another, of the same shapes."""
    for array, numbers in zip(arrays_in(before), arrays_in(arguments), strict=True):
        array[...] = numbers
    return before


def _shared_with(made: Made, earlier: Sequence[Made]) -> str:
    """The argument whose memory a result lies in, or that it is an earlier result's; empty if the memory is its own."""
    for name, value in made.given.items():
        if shares_memory(made.returned, value):
            return name
    return EARLIER_RESULT if any(shares_memory(made.returned, other.returned) for other in earlier) else ""


def shares_memory(one: Any, other: Any) -> bool:
    """Whether some arrays of two results or arguments have memory in common."""
    return any(np.shares_memory(a, b) for a in arrays_in((one,)) for b in arrays_in((other,)))


def flaw_of(returned: Any) -> str:
    """What a result's arrays are, if not plain ones that can be written."""
    for array in arrays_in((returned,)):
        if type(array) is not np.ndarray:
            return f"of the type {type(array).__name__}"
        if not array.flags.writeable:
            return "read-only"
    return ""


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
    source = getattr(getattr(function, "__code__", None), "co_filename", "")
    own = [line for frame, line in traceback.walk_tb(error.__traceback__) if frame.f_code.co_filename == source]
    return f"{Path(source).name}, line {own[-1]}: {linecache.getline(source, own[-1]).strip()}" if own else ""


def declared_defaults(function: Callable[..., Any]) -> frozenset[str]:
    """The parameters that have default values, where a function says so."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # of what isn't Python, nothing is known
        return frozenset()
    return frozenset(p.name for p in parameters if p.default is not inspect.Parameter.empty)


def location_of(function: Callable[..., Any]) -> str:
    """Where a function is defined: its file, as seen from here, and line; empty for what isn't Python."""
    code = getattr(function, "__code__", None)
    return f"{os.path.relpath(code.co_filename)}:{code.co_firstlineno}" if code else ""
