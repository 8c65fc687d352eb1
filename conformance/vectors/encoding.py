"""Calls and results as plain data, and nothing lost: who reads it needs no Python."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from conformance.arrays import flatten_result
from conformance.operation import Arguments, Operation
from conformance.schedules import Schedule
from reference.arrays import flatten, shape
from reference.numbers import Arithmetic, Rounded

#: How many digits of an exact result are told.
DIGITS = 30
#: Special numbers as texts, since JSON has none.
SPECIAL = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


def encoded_arguments(operation: Operation, arguments: Arguments) -> dict[str, Any]:
    """A call's arguments by name, those that are left out as null."""
    return {name: encoded(arguments.get(name)) for name in operation.parameters}


def encoded(value: Any) -> Any:
    """An argument: arrays with their shapes, several as a list, schedules as their rates, graphs as they are."""
    if isinstance(value, np.ndarray):
        numbers = [encoded(number) for number in value.ravel().tolist()]
        return {"dtype": value.dtype.name, "shape": list(value.shape), "values": numbers}
    if isinstance(value, Schedule):
        return {"rates": [encoded(rate) for rate in value.rates]}
    if isinstance(value, (tuple, list)):
        return [encoded(part) for part in value]
    if isinstance(value, dict):
        return {name: encoded(part) for name, part in value.items()}
    if isinstance(value, np.generic):
        return encoded(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return SPECIAL[str(value)]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(f"{type(value).__name__} has no place in test vectors")


def encoded_results(wanted: Any, arithmetic: Arithmetic) -> list[dict[str, Any]]:
    """What the reference says: each array with its exact numbers, and how far off each of them may be."""
    results = []
    for name, part in flatten_result(wanted):
        told = [_told(number, arithmetic) for number in flatten(part)]
        results.append(
            {
                "name": name,
                "shape": list(shape(part)),
                "exact": [exact for exact, _ in told],
                "allowed": [allowed for _, allowed in told],
            }
        )
    return results


def _told(number: Any, arithmetic: Arithmetic) -> tuple[str, float | None]:
    """An exact number's digits and the allowed error, None if nobody can tell what is right.

    What the digits leave out is added to what is allowed; where nothing is, they are all there.
    """
    rounded = (number if isinstance(number, Rounded) else Rounded(number, arithmetic)).closed()
    if rounded.special is not None:
        return SPECIAL[str(float(rounded.special))], None if rounded.undecided else 0.0
    digits, lost = decimal(Fraction(rounded.value), DIGITS if rounded.error else None)
    if rounded.undecided or not math.isfinite(rounded.error):
        return digits, None
    return digits, math.nextafter(rounded.error + float(lost) * (1 + 2.0**-50), math.inf) if lost else rounded.error


def decimal(value: Fraction, digits: int | None) -> tuple[str, Fraction]:
    """A binary number in so many digits, or all of them, and what they are off."""
    exponent = value.denominator.bit_length() - 1
    precision = digits or len(str(abs(value.numerator))) + exponent + 1
    context = Context(precision, ROUND_HALF_EVEN, Emin=-100_000, Emax=100_000)
    quotient = context.divide(Decimal(value.numerator), Decimal(value.denominator))
    return f"{quotient.normalize(context):e}", abs(Fraction(quotient) - value)
