"""Kind 7: what is no valid call ends in an error that names the argument, never in an answer or a crash.

Good calls are drawn and spoilt, one argument at a time. Whether the spoilt call is bad is for the reference to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from conformance.comparison import Comparison, Nonconforming, as_lists
from conformance.drawing import Draw
from conformance.exploration import Evidence, Subject, explore
from conformance.operations import Operation, parameters
from reference.errors import InvalidArgument

SHARE = 0.02

Spoil = Callable[[Any], Any]

#: Stands for None where None means that a way to spoil doesn't apply.
_NONE: Any = object()
Arguments = dict[str, Any]


def _longer(axis: int, array: Any) -> Any:
    return np.concatenate([array, np.take(array, [0], axis)], axis) if array.ndim > axis else None


#: Ways to spoil an array; None where a way doesn't apply.
ARRAYS: dict[str, Spoil] = {
    "one axis too many": lambda array: array[None],
    "one axis too few": lambda array: array[0] if array.ndim > 1 else None,
    "empty": lambda array: array[:0],
    "text": lambda array: np.full(array.shape, "seven"),
    "None": lambda array: _NONE,
    **{f"axis {axis} too long": partial(_longer, axis) for axis in range(4)},
    "out of range": lambda array: array * 3 if array.dtype.kind == "i" else None,
}
#: Ways to spoil a tuple of arrays.
TUPLES: dict[str, Spoil] = {
    "no tuple": lambda arrays: arrays[0],
    "empty": lambda arrays: (),
    "one array missing": lambda arrays: arrays[:-1] if len(arrays) > 1 else None,
    "a layer that doesn't fit": lambda arrays: (*arrays[:-1], _longer(0, arrays[-1])),
}

#: What is wrong for a hyperparameter; which of them are wrong for which, the reference knows.
HYPERPARAMETERS: dict[str, Any] = {"0": 0, "-1": -1, "1.5": 1.5, "text": "seven", "None": _NONE, "three": (1, 2, 3)}


def checks(operation: Operation) -> Iterator[tuple[str, Callable[[Subject], Evidence]]]:
    """Two checks for each argument: a bad one gets no answer, and the error says which one it is."""
    for argument in parameters(operation.reference):
        yield f"{argument} is refused", partial(spoil, argument, refused)
        yield f"{argument} is named", partial(spoil, argument, named)


def spoil(argument: str, judge: Callable[[Subject, str, Arguments], None], subject: Subject) -> Evidence:
    """Spoil one argument of drawn calls in every way there is."""

    def examine(draw: Draw) -> Comparison:
        good, comparison = subject.operation.draw_call(draw), Comparison()
        for way, bad in _spoilt(good[argument]):
            arguments = {**good, argument: bad}
            if _is_bad(subject.operation, arguments):
                judge(subject, f"{argument} is bad ({way})", arguments)
                comparison.deciding += 1
        return comparison

    return explore(subject, examine, values="moderate", share=SHARE)


def refused(subject: Subject, what: str, arguments: Arguments) -> None:
    """The call must not return."""
    try:
        came = subject.operation.call(subject.function, arguments)
    except MemoryError:
        raise
    except Exception:
        return
    raise Nonconforming(f"an answer, where {what}", "an error", f"{came!r:.200}", arguments=arguments)


def named(subject: Subject, what: str, arguments: Arguments) -> None:
    """The error, if there is one, must name an argument: the spoilt one, or one that it no longer fits."""
    names = parameters(subject.operation.reference)
    try:
        subject.operation.call(subject.function, arguments)
    except MemoryError:
        raise
    except Exception as error:
        if not any(name in str(error) for name in names):
            summary, came = f"an error that names no argument, where {what}", f"{type(error).__name__}: {error}"
            raise Nonconforming(summary, f"one of {', '.join(names)} named", came, arguments=arguments) from None


def _spoilt(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, np.ndarray):
        ways = {way: spoil(value) for way, spoil in ARRAYS.items()}
    elif isinstance(value, tuple) and isinstance(value[0], np.ndarray):
        ways = {way: spoil(value) for way, spoil in TUPLES.items()}
    else:
        ways = HYPERPARAMETERS
    for way, bad in ways.items():
        if bad is not None:
            yield way, None if bad is _NONE else bad


def _is_bad(operation: Operation, arguments: dict[str, Any]) -> bool:
    try:
        operation.call(operation.reference, {name: as_lists(value) for name, value in arguments.items()})
    except InvalidArgument:
        return True
    return False
