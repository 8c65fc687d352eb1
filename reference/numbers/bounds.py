"""What steps of rounded arithmetic may lose: a sum of open terms, and an elementary function of an uncertain number.

Bounds after Higham, Accuracy and Stability of Numerical Algorithms, chapters 2 to 4. All of them are floats, and never
too small: each is raised by more than its own computation may lose.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Context, Decimal
from typing import NamedTuple

from reference.numbers.arithmetic import Arithmetic
from reference.numbers.binary import (
    BITS,
    UP,
    binary,
    decimal_sigmoid,
    decimal_tanh,
    decimal_value,
    signed_size,
    size_of,
)


def error_of_sum(
    mantissa: int, exponent: int, error: float, magnitude: float, additions: int, arithmetic: Arithmetic
) -> float:
    """The error of a sum in whatever order it is added up, from its exact value, Σ errors and Σ|terms|."""
    # Two terms make one operation: the result alone is rounded, which after a cancellation is far smaller than its
    # terms; logits 1003 - 1001 must not be charged for 2004. Of more terms, any partial sum may be rounded, and the
    # largest of them is at most Σ|terms|. A coarse accumulator that starts from zero rounds the first term too.
    coarse = arithmetic.accumulation_roundoff > arithmetic.unit_roundoff
    one_operation = additions == 1 and not coarse
    # Multiples of 2^exponent whose sizes add up to less than the significand holds: every partial sum is one of them.
    exact = error == 0 and (
        arithmetic.represents(mantissa, exponent)
        if one_operation
        else magnitude <= math.ldexp(1.0, min(exponent + arithmetic.accumulation_precision, 1023))
    )
    if additions and not exact:
        roundoff = (additions + coarse) * arithmetic.accumulation_roundoff
        summed = size_of(mantissa, exponent) + error if one_operation else magnitude
        error += roundoff / (1 - roundoff) * summed if roundoff < 1 else math.inf
    # Additions never underflow by rounding: a sum of numbers of the format is a multiple of its smallest subnormal.
    # Only a machine that flushes loses something, and only where a partial sum can be that small.
    if arithmetic.flush_to_zero and exponent < arithmetic.smallest_exponent:
        error += additions * arithmetic.floor
    return error * UP


def overflows_in_every_order(smallest: float, against: float, arithmetic: Arithmetic) -> bool:
    """Whether a sum of at least some size becomes infinite, given the sum of the terms of the other sign.

    If those alone may overflow too, an order that adds them first meets the other infinity, or NaN.
    """
    # Half a unit beyond the largest number still rounds to it; twice the roundoff is safely more.
    return smallest > arithmetic.largest * (1 + 2 * arithmetic.unit_roundoff) and against < arithmetic.largest


def quotient_value(
    dividend: tuple[int, int, float], divisor: tuple[int, int, float]
) -> tuple[int, int, float, float] | None:
    """A quotient mantissa·2^exponent of two numbers (mantissa, exponent, error), the error that theirs make of it, and
    its largest size; None where nothing bounds it."""
    (of_a, exponent_of_a, error_of_a), (of_b, exponent_of_b, error_of_b) = dividend, divisor
    # The quotient moves most where the divisor is smallest; one that may be 0 bounds nothing.
    smallest = size_of(of_b, exponent_of_b, up=False) - error_of_b
    if smallest <= 0 or error_of_a == math.inf:
        return None
    mantissa, exponent, cut = binary(of_a, of_b)
    exponent += exponent_of_a - exponent_of_b
    size = size_of(mantissa, exponent)
    if size == math.inf:  # beyond float64 too, in which bounds are computed
        return None
    propagated = (error_of_a + size * error_of_b) / smallest + (size * 2.0**-BITS if cut else 0.0)
    return mantissa, exponent, propagated, size + propagated


class FunctionValue(NamedTuple):
    """An elementary function's value mantissa·2^exponent, its error, and the largest size of what may be computed."""

    mantissa: int
    exponent: int
    error: float
    magnitude: float


def function_value(
    name: str, mantissa: int, exponent: int, error: float, arithmetic: Arithmetic
) -> FunctionValue | None:
    """An elementary function at mantissa·2^exponent ± error; None where no double holds it, or it has no value."""
    function, propagate = FUNCTIONS[name]
    value = decimal_value(function, mantissa, exponent)
    if not value.is_finite() or value.adjusted() > 310:
        return None
    mantissa_of_value, exponent_of_value, _ = binary(*value.as_integer_ratio())
    size = size_of(mantissa_of_value, exponent_of_value)
    propagated = propagate(signed_size(mantissa, exponent), error, size) if error else 0.0
    largest, bound = size + propagated, 0.0
    # The zero of an exact argument, such as tanh 0, is exact; an exponential that underflowed isn't.
    if largest or name in ("exp", "sigmoid"):
        bound = propagated + arithmetic.ulps[name] * arithmetic.ulp(min(largest, arithmetic.largest))
        # Near the smallest normal number a machine may flush what it computed, or a part of it.
        bound += arithmetic.floor if largest < math.ldexp(arithmetic.floor, arithmetic.precision + 1) else 0.0
        # The value itself is known to as many bits as are kept of it.
        bound = (bound + size * 2.0**-BITS) * UP
    return FunctionValue(mantissa_of_value, exponent_of_value, bound, (size + bound) * UP)


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
