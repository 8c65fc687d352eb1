"""Comparing what an implementation returned with what its claimed arithmetic allows."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from conformance.arrays import Array, as_lists, as_parts, flatten_result, largest_number
from conformance.lanes.bounded import EXACT, Bounded
from conformance.operation import Arguments, Operation
from conformance.schedules import Schedule
from reference.arrays import elementwise, flatten, shape
from reference.errors import Undecidable
from reference.numbers import Arithmetic, Rounded
from reference.numbers.binary import BITS

#: The smallest positive float.
SMALLEST = math.ldexp(1.0, -1074)


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


def expected(
    operation: Operation, arguments: Arguments, arithmetic: Arithmetic, algorithm: Callable[..., Any] | None = None
) -> Any:
    """The reference's result with its bounds: the function itself, run on rounded numbers.

    If another algorithm is claimed, the bounds are that text's.
    """
    numbers = {name: rounded(value, arithmetic) for name, value in arguments.items()}
    return expected_of_numbers(operation, numbers, arithmetic, algorithm)


def expected_of_numbers(
    operation: Operation, numbers: Arguments, arithmetic: Arithmetic, algorithm: Callable[..., Any] | None
) -> Any:
    """The reference's result for rounded numbers, with the bounds of the claimed algorithm, or its own."""
    numbers = {**{name: Rounded(value, arithmetic) for name, value in operation.float_defaults.items()}, **numbers}
    wanted = operation.call(operation.reference, numbers)
    if algorithm is None:
        return wanted
    try:
        return within_bounds_of(operation.call(algorithm, numbers), wanted, arithmetic)
    except Undecidable:
        raise
    except Exception as error:  # whatever a text that came from elsewhere may raise
        came = f"{type(error).__name__}: {error}"
        raise Nonconforming("the claimed algorithm can't compute this call", "a result", came) from None


def within_bounds_of(bound: Any, value: Any, arithmetic: Arithmetic) -> Any:
    """The values of one result with the bounds of another of the same structure."""
    if isinstance(value, tuple):
        parts = [within_bounds_of(b, v, arithmetic) for b, v in zip(bound, value, strict=True)]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    return elementwise(lambda v, b: _number_within(b, v, arithmetic), value, bound)


def _number_within(bound: Any, value: Any, arithmetic: Arithmetic) -> Any:
    """A value with the error of another number; what either leaves open stays open."""
    if not isinstance(bound, Rounded) and not isinstance(value, Rounded):
        return value
    bound, value = (n.closed() if isinstance(n, Rounded) else Rounded(n, arithmetic) for n in (bound, value))
    if bound.undecided or value.undecided:
        return bound
    if bound.special is not None or value.special is not None:
        # NaN in the place of a number is an algorithm's own doing, as where an infinity spoils a whole tile.
        return value if value.distance(float(bound)) == 0 else value.unbounded(False)
    if value.error == math.inf:  # of what isn't bounded no value is known; both texts have the same one
        return bound
    # A quotient keeps so many bits, and where a graph multiplies by a reciprocal 9·(1/9) isn't exactly 1. Bounds are
    # doubles: what is lost of a subnormal number is less than the smallest of them.
    lost = max(value.error * 2.0**-BITS / arithmetic.unit_roundoff, SMALLEST) if value.error else 0.0
    return Rounded.within(value.value, arithmetic, bound.error or lost)


def rounded(value: Any, arithmetic: Arithmetic) -> Any:
    """An argument as the reference takes it: float arrays as nested lists of rounded numbers.

    Floats that are no arrays too, learning rates for instance, or a graph's constants: a sum of nothing but them and
    integers, a threshold's weight, would have no error else.
    """
    if isinstance(value, float):
        return Rounded(value, arithmetic)
    if isinstance(value, list):
        return [rounded(part, arithmetic) for part in value]
    if isinstance(value, dict):
        return {name: rounded(part, arithmetic) for name, part in value.items()}
    if isinstance(value, Schedule):
        return Schedule(tuple(rounded(rate, arithmetic) for rate in value.rates))
    return as_lists(value, lambda number: Rounded(number, arithmetic))


def compare(wanted: Any, came: Any, arithmetic: Arithmetic, arguments: Arguments) -> Comparison:
    """Hold a result to the reference's, element by element; the worst one beyond its bound is Nonconforming."""
    comparison, scale = Comparison(), largest_number(arguments)
    for name, part, values in matched(wanted, came, arguments):
        if isinstance(part, Bounded):
            ratios = _ratios_within(part, values, comparison, scale)
        else:
            numbers = zip(flatten(part), values.ravel().tolist(), strict=True)
            ratios = np.array(
                [_judge(number, float(value), arithmetic, comparison, scale) for number, value in numbers]
            )
        # The first NaN is the worst, and argmax finds it.
        place = int(ratios.argmax())
        if not ratios[place] <= 1:
            raise _off(name, part, values, place, float(ratios[place]), arithmetic, arguments)
        comparison.worst = max(comparison.worst, float(ratios[place]))
    return comparison


def _off(
    name: str, part: Any, values: Array, place: int, ratio: float, arithmetic: Arithmetic, arguments: Arguments
) -> Nonconforming:
    """What to raise for an element that is beyond its bound."""
    index = list(map(int, np.unravel_index(place, values.shape))) if values.shape else ""
    nan = ""
    if isinstance(part, Bounded):
        text, allowed = repr(float(part.values.ravel()[place])), float(_each(part.errors, part).ravel()[place])
    else:
        number = _rounded(flatten(part)[place], arithmetic)
        text, allowed = repr(float(number)), number.error
        nan = ", or NaN" if number.may_be_nan else ""
    came = repr(values.ravel()[place].item())
    return Nonconforming(f"{name}{index} is off", f"{text}, give or take {allowed:.3g}{nan}", came, ratio, arguments)


def _ratios_within(wanted: Bounded, came: Array, comparison: Comparison, scale: float) -> Array:
    """Count the elements of an array, and return error / allowed of each, as `_judge` does of one."""
    if wanted.errors is EXACT and wanted.undecided is False and np.array_equal(wanted.values, came):
        comparison.deciding += came.size
        comparison.exact += int(np.count_nonzero(came))
        return np.zeros(1)
    allowed, undecided = _each(wanted.errors, wanted), _each(wanted.undecided, wanted)
    sizes = np.abs(wanted.values).astype(np.float64)
    vacuous = (allowed > 0) & (allowed >= np.maximum(sizes, scale)) & ~undecided
    comparison.undecidable += int(undecided.sum())
    comparison.vacuous += int(vacuous.sum())
    comparison.deciding += int((~undecided & ~vacuous).sum())
    comparison.exact += int((~undecided & ~vacuous & (allowed == 0) & (wanted.values != 0)).sum())
    with np.errstate(all="ignore"):
        errors = np.abs(came.astype(wanted.values.dtype) - wanted.values).astype(np.float64)
        ratios = np.where(errors == 0, 0.0, np.where(np.isfinite(errors), errors / allowed, np.nan))
    return ratios.ravel()


def _each(values: Any, wanted: Bounded) -> Array:
    return np.broadcast_to(np.asarray(values), wanted.shape)


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
        wanted_shape = part.shape if isinstance(part, Bounded) else shape(part)
        if values.shape != wanted_shape:
            shapes = f"shape {list(wanted_shape)}", f"shape {list(values.shape)}"
            raise Nonconforming(f"{name} has the wrong shape", *shapes, arguments=arguments)
    return [(name, part, values) for (name, part), values in zip(wanted_parts, came_parts, strict=True)]


def _judge(wanted: Any, came: float, arithmetic: Arithmetic, comparison: Comparison, scale: float) -> float:
    """Count an element, and return error / allowed; NaN if the result is no number where one was wanted.

    A bound says nothing if it is infinite, or as large as the value and as every input.
    """
    number = _rounded(wanted, arithmetic)
    allowed = number.error
    if number.undecided:
        comparison.undecidable += 1
    elif allowed and allowed >= max(abs(number.outward()), scale):
        comparison.vacuous += 1
    else:
        comparison.deciding += 1
        comparison.exact += allowed == 0 and not number.is_zero
    if allowed == math.inf:
        return 0.0
    error = number.distance(came)
    return error / allowed if allowed else 0.0 if error == 0 else math.inf if error == error else error


def _rounded(number: Any, arithmetic: Arithmetic) -> Rounded:
    return (number if isinstance(number, Rounded) else Rounded(number, arithmetic)).closed()
