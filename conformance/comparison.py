"""Comparing what an implementation returned with what its claimed arithmetic allows."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from conformance.operations import Operation, flatten_result
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
    """

    def __init__(
        self,
        summary: str,
        wanted: str = "",
        came: str = "",
        excess: float = math.nan,
        arguments: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(summary)
        self.summary, self.wanted, self.came, self.excess, self.arguments = summary, wanted, came, excess, arguments


@dataclass
class Comparison:
    """How the elements of one result compare: how many decide, and how much of the allowed error the worst one uses."""

    deciding: int = 0
    undecidable: int = 0
    vacuous: int = 0
    exact: int = 0
    worst: float = 0.0


def expected(operation: Operation, arguments: dict[str, Any], arithmetic: Arithmetic) -> Any:
    """The reference's result with its bounds: the function itself, run on rounded numbers."""
    return operation.call(operation.reference, {name: rounded(value, arithmetic) for name, value in arguments.items()})


def rounded(value: Any, arithmetic: Arithmetic) -> Any:
    """An argument as the reference takes it: float arrays as nested lists of rounded numbers."""
    return as_lists(value, lambda number: Rounded(number, arithmetic))


def as_lists(value: Any, number: Callable[[float], Any] = float) -> Any:
    """An argument as the reference takes it: arrays as nested lists, with floats made into other numbers if need be."""
    if isinstance(value, tuple) and any(isinstance(part, np.ndarray) for part in value):
        return tuple(as_lists(part, number) for part in value)
    if not isinstance(value, np.ndarray):
        return value
    lists = value.tolist()
    return _map(number, lists) if value.dtype.kind == "f" and isinstance(lists, list) else lists


def _map(function: Callable[[float], Any], lists: Any) -> Any:
    return [_map(function, part) for part in lists] if isinstance(lists, list) else function(lists)


def compare(wanted: Any, came: Any, arithmetic: Arithmetic, arguments: dict[str, Any]) -> Comparison:
    """Hold a result to the reference's, element by element; the worst one beyond its bound is Nonconforming."""
    wanted_parts, came_parts = flatten_result(wanted), as_parts(came, wanted)
    if len(wanted_parts) != len(came_parts):
        names = f"{len(wanted_parts)}: {', '.join(name for name, _ in wanted_parts)}"
        raise Nonconforming(
            "the result has the wrong number of arrays", names, str(len(came_parts)), arguments=arguments
        )
    comparison, worst, scale = Comparison(), (0.0, "", "", ""), largest_number(arguments)
    for (name, part), values in zip(wanted_parts, came_parts, strict=True):
        wanted_shape = shape(part)
        if values.shape != wanted_shape:
            shapes = f"shape {list(wanted_shape)}", f"shape {list(values.shape)}"
            raise Nonconforming(f"{name} has the wrong shape", *shapes, arguments=arguments)
        for place, (number, value) in enumerate(zip(flatten(part), values.ravel().tolist(), strict=True)):
            ratio, allowed = _judge(number, float(value), arithmetic, comparison, scale)
            if not ratio <= worst[0]:
                index = list(map(int, np.unravel_index(place, wanted_shape))) if wanted_shape else ""
                worst = (ratio, f"{name}{index or ''}", f"{_text(number)}, give or take {allowed:.3g}", repr(value))
                if math.isnan(ratio):
                    break
    comparison.worst = worst[0]
    if not worst[0] <= 1:
        raise Nonconforming(f"{worst[1]} is off", worst[2], worst[3], worst[0], arguments)
    return comparison


def _judge(
    wanted: Any, came: float, arithmetic: Arithmetic, comparison: Comparison, scale: float
) -> tuple[float, float]:
    """Count an element, and return error / allowed (NaN if the result is no number where one was wanted) and allowed.

    A bound says nothing if it is infinite, or as large as the value and as every input.
    """
    number = (wanted if isinstance(wanted, Rounded) else Rounded(wanted, arithmetic)).closed()
    allowed = number.terms_error
    if number.undecided:
        comparison.undecidable += 1
    elif allowed and allowed >= max(abs(number._float()), scale):
        comparison.vacuous += 1
    else:
        comparison.deciding += 1
        comparison.exact += allowed == 0 and number.mantissa != 0
    if allowed == math.inf:
        return 0.0, allowed
    error = number.distance(came)
    return (error / allowed if allowed else 0.0 if error == 0 else math.inf if error == error else error), allowed


def largest_number(arguments: Any) -> float:
    """The largest finite size of any float among the arguments' arrays."""
    if isinstance(arguments, (dict, tuple)):
        parts = arguments.values() if isinstance(arguments, dict) else arguments
        return max(map(largest_number, parts), default=0.0)
    if not isinstance(arguments, np.ndarray) or arguments.dtype.kind != "f":
        return 0.0
    finite = np.abs(arguments[np.isfinite(arguments)])
    return float(finite.max()) if finite.size else 0.0


def _text(number: Any) -> str:
    return repr(number._float() if isinstance(number, Rounded) else number)


def as_parts(came: Any, wanted: Any) -> list[np.ndarray[Any, Any]]:
    """The arrays that were returned, in the order of the reference's; lists count as tuples where those are wanted."""
    if isinstance(wanted, tuple) and isinstance(came, (tuple, list)):
        if len(wanted) != len(came):
            return [np.asarray(part) for part in came]
        return [array for part, model in zip(came, wanted, strict=True) for array in as_parts(part, model)]
    return [np.asarray(came)]


def arrays_of(came: Any) -> list[np.ndarray[Any, Any]]:
    """The arrays that were returned, whatever was wanted."""
    return [array for part in came for array in arrays_of(part)] if isinstance(came, tuple) else [np.asarray(came)]
