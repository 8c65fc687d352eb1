"""Kind 7: what is no valid call ends in an error, never in an answer or a crash.

Good calls are drawn and spoilt, one argument at a time. Whether the spoilt call is bad is for the reference to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from conformance.arrays import as_lists
from conformance.calls import Answer
from conformance.comparison import Comparison, Nonconforming
from conformance.exploration import Evidence, Exploration
from conformance.operation import Arguments, Operation
from conformance.outcomes import Severity
from conformance.reproduction import of_a_bad_call
from conformance.subject import KnownToCrash, Subject
from reference.errors import InvalidArgument

SEVERITY = Severity.ACCEPTS
SHARE = 0.02

Spoil = Callable[[Any], Any]

#: Stands for None where None means that a way to spoil doesn't apply.
_NONE: Any = object()


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
    """One check for each argument: a bad one gets no answer."""
    for argument in operation.parameters:
        yield f"{argument} is refused", partial(spoil, argument)


def spoil(argument: str, subject: Subject) -> Evidence:
    """Spoil one argument of drawn calls in every way there is."""

    def examine(good: Arguments) -> Comparison:
        comparison, bad = Comparison(), list(spoilt(subject.operation, good, argument))
        subject.ask_ahead([arguments for _, arguments in bad])
        for way, arguments in bad:
            comparison.deciding += refused(subject, f"{argument} is bad ({way})", arguments)
        return comparison

    draw = subject.operation.draw_call
    return Exploration(subject, draw, examine, "moderate", SHARE, severity=SEVERITY).run()


def refused(subject: Subject, what: str, arguments: Arguments) -> bool:
    """Hold a call to being refused; says whether that decides, which a call that is known to deviate doesn't."""
    subject.begin()
    try:
        (answer,) = subject.answers([arguments])
    except KnownToCrash:
        subject.judge_apart(subject.excuses(Severity.CRASH), deviates=False)
        return False
    if excuses := subject.excuses(SEVERITY):
        subject.judge_apart(excuses, deviates=not answer.raised)
        return False
    if answer.raised:
        return True
    raise accepted(subject, what, answer, arguments)


def accepted(subject: Subject, what: str, answer: Answer, arguments: Arguments) -> Nonconforming:
    """What to raise where a bad call got an answer."""
    summary, came = f"an answer, where {what}", f"{answer.result!r:.200}"
    script = of_a_bad_call(subject.operation, arguments)
    return Nonconforming(summary, "an error", came, arguments=arguments, script=script)


def spoilt(operation: Operation, good: Arguments, argument: str) -> Iterator[tuple[str, Arguments]]:
    """A good call with one argument spoilt in every way that the reference refuses, each with its name."""
    value = good[argument]
    if isinstance(value, np.ndarray):
        ways = {way: spoil(value) for way, spoil in ARRAYS.items()}
    elif isinstance(value, tuple) and isinstance(value[0], np.ndarray):
        ways = {way: spoil(value) for way, spoil in TUPLES.items()}
    else:
        ways = HYPERPARAMETERS
    for way, bad in ways.items():
        arguments = {**good, argument: None if bad is _NONE else bad}
        if bad is not None and is_bad(operation, arguments):
            yield way, arguments


def is_bad(operation: Operation, arguments: Arguments) -> bool:
    """Whether the reference refuses a call."""
    try:
        operation.call(operation.reference, {name: as_lists(value) for name, value in arguments.items()})
    except InvalidArgument:
        return True
    return False
