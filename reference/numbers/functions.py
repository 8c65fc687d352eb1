"""Elementary functions of uncertain numbers: their values to 60 digits, and how far a machine may be from those."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Context, Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

from reference.numbers.arithmetic import Arithmetic
from reference.numbers.binary import (
    BITS,
    UP,
    binary,
    decimal_sigmoid,
    decimal_tanh,
    decimal_value,
    size_of,
)
from reference.numbers.special import special_function

if TYPE_CHECKING:
    from reference.numbers.rounded import Rounded

#: Values that are kept: whoever reads the same numbers for several formats or claims asks again.
KEPT = 1 << 15


def function_of(name: str, number: Rounded) -> Rounded:
    """An elementary function of an operand."""
    # Of 0 and below, logarithms and roots are exact or NaN, as those of floats are.
    outside = name in ("log", "sqrt") and number.mantissa <= 0 and number.terms_error == 0
    if number.special is not None or outside:
        return special_function(name, number)
    if number.terms_error == math.inf:
        return number.unbounded(number.undecided)
    found = value_of(name, number.mantissa, number.exponent)
    if found is None:
        overflows = name == "exp" and number.outward() - number.terms_error > 710
        infinite = type(number)(math.inf, number.arithmetic).opened(number.undecided)
        return infinite if overflows else number.unbounded(number.undecided)
    mantissa, exponent = found
    size = size_of(mantissa, exponent)
    propagated = FUNCTIONS[name][1](number.outward(), number.terms_error, size) if number.terms_error else 0.0
    error = error_of_function(name, size, propagated, number.arithmetic)
    return number.of(mantissa, exponent, number.arithmetic, error, (size + error) * UP, number.undecided)


@lru_cache(maxsize=KEPT)
def value_of(name: str, mantissa: int, exponent: int) -> tuple[int, int] | None:
    """A function's value at mantissa·2^exponent, to 60 digits; None if it has none, or no double holds it."""
    value = decimal_value(FUNCTIONS[name][0], mantissa, exponent)
    return binary(*value.as_integer_ratio())[:2] if value.is_finite() and value.adjusted() <= 310 else None


def error_of_function(name: str, size: float, propagated: float, arithmetic: Arithmetic) -> float:
    """How far off a function's value of some size may be, given what the error of its argument makes of it."""
    largest, absolute = size + propagated, arithmetic.absolute_errors.get(name, 0.0)
    # The zero of an exact argument, such as tanh 0, is exact; an exponential that underflowed isn't.
    if not largest and not absolute and name not in ("exp", "sigmoid"):
        return 0.0
    claimed = max(arithmetic.ulps[name] * arithmetic.ulp(min(largest, arithmetic.largest)), absolute)
    # Near the smallest normal number a machine may flush what it computed, or a part of it.
    floor = arithmetic.smallest_normal if name in arithmetic.underflows else arithmetic.floor
    lost = floor if largest < math.ldexp(floor, arithmetic.precision + 1) else 0.0
    # The value itself is known to as many bits as are kept of it.
    return (propagated + claimed + lost + size * 2.0**-BITS) * UP


# How far f(x ± e) may be from f(x), from x, e and |f(x)|: the largest slope in between times e, or the exact difference
# on the side where it is larger.


def _exp(x: float, e: float, value: float) -> float:
    if e < 700:
        return value * math.expm1(e)
    largest = x + e * (1 + 2.0**-40)  # what the sum loses is far less, where it matters
    return math.exp(largest) if largest < 709 else math.inf


def _log(x: float, e: float, value: float) -> float:
    return -math.log1p(-e / x) if e < x else math.inf


def _sqrt(x: float, e: float, value: float) -> float:
    # √x - √(x - e), written so that nothing cancels.
    return e / (math.sqrt(x) + math.sqrt(x - e)) if e <= x else math.inf


def _tanh(x: float, e: float, value: float) -> float:
    # The slope 1 - tanh² is at most 1, and at most 4e^(-2|x|).
    return e * min(1.0, 4 * math.exp(-2 * max(abs(x) - e, 0.0)))


def _sigmoid(x: float, e: float, value: float) -> float:
    # The slope s·(1 - s) is at most 1/4, and at most e^(-|x|).
    return e * min(0.25, math.exp(-max(abs(x) - e, 0.0)))


#: For each elementary function, its value to 60 digits, and how an error of its argument propagates.
FUNCTIONS: dict[str, tuple[Callable[[Decimal, Context], Decimal], Callable[[float, float, float], float]]] = {
    "exp": (Decimal.exp, _exp),
    "log": (Decimal.ln, _log),
    "sqrt": (Decimal.sqrt, _sqrt),
    "tanh": (decimal_tanh, _tanh),
    "sigmoid": (decimal_sigmoid, _sigmoid),
}
