"""Comparing what an implementation returned with what its claimed arithmetic allows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from conformance.arrays import Array, as_lists, as_parts, flatten_result, largest_number
from conformance.operation import Arguments, Operation
from reference.arrays import flatten, shape
from reference.numbers import Arithmetic, Rounded


class Nonconforming(AssertionError):
    """An implementation did what its claimed arithmetic doesn't allow.

    Args:
        summary: one sentence.
        wanted: what the reference says, in text.
        came: what the implementation returned, in text.
        excess: how many times the error exceeds what is allowed; NaN where that means nothing.
        arguments: the call's arguments, for a reproduction.
        script: the lines of a program that show the difference, after those that define the arguments; a call beside
            the reference's when not given.
    """

    def __init__(
        self,
        summary: str,
        wanted: str = "",
        came: str = "",
        excess: float = math.nan,
        arguments: Arguments | None = None,
        script: Sequence[str] = (),
    ) -> None:
        super().__init__(summary)
        self.summary, self.wanted, self.came, self.excess = summary, wanted, came, excess
        self.arguments, self.script = arguments, tuple(script)


@dataclass
class Comparison:
    """How the elements of one result compare: how many decide, and how much of the allowed error the worst one uses."""

    deciding: int = 0
    undecidable: int = 0
    vacuous: int = 0
    exact: int = 0
    worst: float = 0.0


def expected(operation: Operation, arguments: Arguments, arithmetic: Arithmetic) -> Any:
    """The reference's result with its bounds: the function itself, run on rounded numbers."""
    return operation.call(operation.reference, {name: rounded(value, arithmetic) for name, value in arguments.items()})


def rounded(value: Any, arithmetic: Arithmetic) -> Any:
    """An argument as the reference takes it: float arrays as nested lists of rounded numbers."""
    return as_lists(value, lambda number: Rounded(number, arithmetic))


def compare(wanted: Any, came: Any, arithmetic: Arithmetic, arguments: Arguments) -> Comparison:
    """Hold a result to the reference's, element by element; the worst one beyond its bound is Nonconforming."""
    comparison, worst, scale = Comparison(), (0.0, "", "", ""), largest_number(arguments)
    for name, part, values in matched(wanted, came, arguments):
        for place, (number, value) in enumerate(zip(flatten(part), values.ravel().tolist(), strict=True)):
            ratio, allowed = _judge(number, float(value), arithmetic, comparison, scale)
            if not ratio <= worst[0]:
                index = list(map(int, np.unravel_index(place, values.shape))) if values.shape else ""
                worst = (ratio, f"{name}{index or ''}", f"{_text(number)}, give or take {allowed:.3g}", repr(value))
                if math.isnan(ratio):
                    break
    comparison.worst = worst[0]
    if not worst[0] <= 1:
        raise Nonconforming(f"{worst[1]} is off", worst[2], worst[3], worst[0], arguments)
    return comparison


def matched(wanted: Any, came: Any, arguments: Arguments) -> list[tuple[str, Any, Array]]:
    """Each array of the reference's result with its name and what came for it; other structures are Nonconforming."""
    if came is None:
        raise Nonconforming("nothing was returned: is a return missing?", "a result", "None", arguments=arguments)
    wanted_parts, came_parts = flatten_result(wanted), as_parts(came, wanted)
    if len(wanted_parts) != len(came_parts):
        names = f"{len(wanted_parts)}: {', '.join(name for name, _ in wanted_parts)}"
        summary = "the result has the wrong number of arrays"
        raise Nonconforming(summary, names, str(len(came_parts)), arguments=arguments)
    for (name, part), values in zip(wanted_parts, came_parts, strict=True):
        if values.dtype.kind not in "fiub":
            of = values.item() if values.dtype.kind in "SU" and not values.shape else f"an array of {values.dtype}"
            raise Nonconforming(f"{name} isn't made of real numbers", "numbers", str(of), arguments=arguments)
        if values.shape != shape(part):
            shapes = f"shape {list(shape(part))}", f"shape {list(values.shape)}"
            raise Nonconforming(f"{name} has the wrong shape", *shapes, arguments=arguments)
    return [(name, part, values) for (name, part), values in zip(wanted_parts, came_parts, strict=True)]


def _judge(
    wanted: Any, came: float, arithmetic: Arithmetic, comparison: Comparison, scale: float
) -> tuple[float, float]:
    """Count an element, and return error / allowed (NaN if the result is no number where one was wanted) and allowed.

    A bound says nothing if it is infinite, or as large as the value and as every input.
    """
    number = (wanted if isinstance(wanted, Rounded) else Rounded(wanted, arithmetic)).closed()
    allowed = number.error
    if number.undecided:
        comparison.undecidable += 1
    elif allowed and allowed >= max(abs(number.outward()), scale):
        comparison.vacuous += 1
    else:
        comparison.deciding += 1
        comparison.exact += allowed == 0 and not number.is_zero
    if allowed == math.inf:
        return 0.0, allowed
    error = number.distance(came)
    return (error / allowed if allowed else 0.0 if error == 0 else math.inf if error == error else error), allowed


def _text(number: Any) -> str:
    return repr(float(number) if isinstance(number, Rounded) else number)
