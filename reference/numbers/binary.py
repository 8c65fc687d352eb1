"""Exact binary numbers, mantissa·2^exponent with Python's unbounded integers, and how large they are as floats.

What `reference.numbers.rounded` computes its values with: sums and products are exact, and every size is rounded up.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Context, Decimal

#: Bits kept of a value that has no finite binary expansion; what is cut off is added to the error. So many that it is
#: nothing beside half a unit of the finest format, 2⁻⁵³, even after long cancellations; so few that a quotient of
#: quotients doesn't grow without end, as fractions would.
BITS = 192
#: Bounds are themselves computed in double precision, a few operations at a time, each of which may lose 2⁻⁵³ of its
#: result: raised by 2⁻⁴⁸, a bound is above the true one after up to thirty of them, and no looser in any digit shown.
UP = 1 + 2.0**-48
#: Digits, and exponents far beyond any format's: what underflows here is zero for all of them.
CONTEXT = Context(prec=64, Emin=-4000, Emax=4000, traps=[])


def binary(numerator: int, denominator: int) -> tuple[int, int, bool]:
    """A fraction as mantissa·2^exponent, cut to BITS bits where it doesn't end, and whether it was cut."""
    if denominator < 0:
        numerator, denominator = -numerator, -denominator
    twos = (denominator & -denominator).bit_length() - 1
    odd = denominator >> twos
    if numerator % odd == 0:
        # Without its trailing zeros: the exponent then tells of which power of two the number is a multiple.
        mantissa = numerator // odd
        zeros = max((mantissa & -mantissa).bit_length() - 1, 0)
        return mantissa >> zeros, zeros - twos, False
    shift = max(0, BITS + 2 + odd.bit_length() - numerator.bit_length())
    return (numerator << shift) // odd, -twos - shift, True


def aligned(mantissa: int, exponent: int, other: int, exponent_of_other: int) -> tuple[int, int, int]:
    """The mantissas of two numbers over the smaller one of their exponents, and that exponent."""
    shift = exponent - exponent_of_other
    if shift >= 0:
        return mantissa << shift, other, exponent_of_other
    return mantissa, other << -shift, exponent


def raised(size: float, error: float) -> float:
    """The largest size of a number with an error; what has none stays as it is, so that the largest number fits."""
    return (size + error) * UP if error else size


def size_of(mantissa: int, exponent: int, up: bool = True) -> float:
    """|mantissa·2^exponent| as a float, rounded up (or down) if it must be."""
    mantissa = abs(mantissa)
    extra = mantissa.bit_length() - 53
    if extra > 0:
        cut = mantissa >> extra
        mantissa, exponent = cut + (1 if up and cut << extra != mantissa else 0), exponent + extra
    if exponent < -1074:  # below the smallest double: cut there, so that rounding goes the right way
        below = -1074 - exponent
        mantissa, exponent = -(-mantissa >> below) if up else mantissa >> below, -1074
    try:
        return math.ldexp(mantissa, exponent)
    except OverflowError:
        return math.inf if up else math.ldexp(1.0 - 2.0**-53, 1024)


def signed_size(mantissa: int, exponent: int) -> float:
    """mantissa·2^exponent as a float, rounded away from 0 if it must be."""
    return -size_of(mantissa, exponent) if mantissa < 0 else size_of(mantissa, exponent)


def float_quotient(numerator: float, denominator: float) -> float:
    if denominator == 0:
        return math.nan if numerator == 0 or numerator != numerator else math.copysign(math.inf, numerator)
    return numerator / denominator


def decimal_value(function: Callable[[Decimal, Context], Decimal], mantissa: int, exponent: int) -> Decimal:
    """An elementary function's value at mantissa·2^exponent, to 60 digits."""
    if exponent >= 0:
        return function(Decimal(mantissa << exponent), CONTEXT)
    return function(CONTEXT.divide(Decimal(mantissa), Decimal(1 << -exponent)), CONTEXT)


def decimal_tanh(x: Decimal, context: Context) -> Decimal:
    if x.copy_abs() < Decimal("1e-8"):
        # The exponentials would cancel: x - x³/3 + 2x⁵/15 is right to x⁷, 56 digits below x.
        square = context.multiply(x, x)
        terms = context.fma(square, context.divide(context.multiply(2, square), 15), context.divide(square, -3))
        return context.fma(x, terms, x)
    decay = context.exp(context.multiply(-2, x.copy_abs()))
    return context.divide(context.subtract(1, decay), context.add(1, decay)).copy_sign(x)


def decimal_sigmoid(x: Decimal, context: Context) -> Decimal:
    decay = context.exp(x.copy_abs().copy_negate())
    return context.divide(decay if x < 0 else Decimal(1), context.add(1, decay))
