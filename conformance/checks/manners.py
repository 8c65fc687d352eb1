"""Kind 8: how a function treats its inputs, its results, its surroundings, other threads, and whoever gets its errors.

The habits themselves are in `conformance.habits`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from conformance.arrays import arrays_in
from conformance.comparison import Comparison
from conformance.exploration import Evidence, Exploration, NotApplicable, draw_call
from conformance.habits import HABITS, Habit
from conformance.habits.company import serves_two_threads_at_once
from conformance.habits.errors import names_the_argument_in_errors
from conformance.habits.inputs import accepts_whole_numbers_of_any_dtype, takes_whole_numbers
from conformance.operation import Arguments, Operation
from conformance.outcomes import Severity
from conformance.subject import Subject

__all__ = ["HABITS", "checks", "watch"]

SEVERITY = Severity.MANNERS
SHARE = 0.03
#: Of what takes long to look at, and shows in almost any call.
SMALL_SHARE = 0.01


def checks(operation: Operation) -> Iterator[tuple[str, Callable[[Subject], Evidence]]]:
    """One check for each habit."""
    for habit in HABITS:
        if habit is not accepts_whole_numbers_of_any_dtype or takes_whole_numbers(operation):
            share = SMALL_SHARE if habit is serves_two_threads_at_once else SHARE
            yield habit.__name__.replace("_", " "), partial(watch, habit, share)
    yield "names the argument in errors", watch_errors


def watch_errors(subject: Subject) -> Evidence:
    """Look at the errors of an implementation that claims to name arguments in them."""
    if not subject.names_arguments:
        raise NotApplicable("the implementation doesn't claim that its errors name arguments")
    return watch(names_the_argument_in_errors, SMALL_SHARE, subject)


def watch(habit: Habit, share: float, subject: Subject) -> Evidence:
    """Look at a habit in drawn calls."""

    def examine(arguments: Arguments) -> Comparison:
        habit(subject, arguments)
        telling = _tells(arguments)
        return Comparison(deciding=telling, vacuous=not telling)

    return Exploration(subject, partial(draw_call, subject), examine, "moderate", share, severity=SEVERITY).run()


def _tells(arguments: Any) -> bool:
    """Whether some array, of floats if there is any, holds different numbers: else most bad manners don't show."""
    arrays = arrays_in(arguments)
    floats = [array for array in arrays if array.dtype.kind == "f"]
    return any(bool(np.ptp(array) > 0) for array in floats or arrays)
