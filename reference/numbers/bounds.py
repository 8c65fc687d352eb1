"""What single steps of rounded arithmetic may lose: an input, an operation, a quotient of uncertain numbers.

Bounds after Higham, Accuracy and Stability of Numerical Algorithms, chapters 2 and 3. All of them are floats, and never
too small: each is raised by more than its own computation may lose.
"""

from __future__ import annotations

import math

from reference.numbers.arithmetic import Arithmetic
from reference.numbers.binary import BITS, UP, binary, size_of


def error_of_input(mantissa: int, exponent: int, lost: bool, arithmetic: Arithmetic) -> float:
    """What becomes of a number before anything is computed with it, and whether digits of it were cut off already."""
    error, size = 0.0, size_of(mantissa, exponent)
    if lost or not arithmetic.represents(mantissa, exponent, arithmetic.bits):
        error = arithmetic.unit_roundoff * size + arithmetic.floor
    # Coarse inputs lose nothing of a number with few enough bits: small integers stay exact on tensor cores.
    if arithmetic.input_roundoff and not arithmetic.represents(mantissa, exponent, arithmetic.input_precision):
        error += arithmetic.input_roundoff * size + arithmetic.floor_of(arithmetic.input_precision)
    return error


def error_of_operation(mantissa: int, exponent: int, propagated: float, size: float, arithmetic: Arithmetic) -> float:
    """The error of one operation: none if its operands have none and the result fits, else one rounding."""
    if not propagated and arithmetic.represents(mantissa, exponent, arithmetic.precision):
        return 0.0
    # The floor is what a relative error doesn't cover: below the smallest normal number a result is rounded to the
    # steps of subnormals, or flushed to 0 where the machine may do that.
    return (propagated + arithmetic.unit_roundoff * size + arithmetic.floor) * UP


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
