"""How int, float, Fraction and Decimal meet inside a number type, in one place for all of them.

Python computes with most pairs of them, but a Fraction beside a Decimal is a TypeError, and so is a float beside one;
and 1/3 of two integers is a float, which is another number. A type that carries such numbers (a dual's derivative, the
operands of a graph) meets every pair, since constants in the algorithms are integers and hyperparameters are floats.
"""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from operator import add, mul, sub, truediv
from typing import Any

from reference.arrays import Number

#: What Python and its standard library compute with: a number type takes each of them as a constant.
PLAIN = (int, float, Fraction, Decimal)


def alike(x: Number, y: Number) -> tuple[Number, Number]:
    """Two numbers that Python computes with: beside a Decimal, a Fraction or a float becomes one."""
    if isinstance(x, Decimal):
        return x, _decimal(y)
    return (_decimal(x), y) if isinstance(y, Decimal) else (x, y)


def beside(example: Number, *numbers: Number) -> tuple[Number, ...]:
    """Numbers that Python computes with beside another one."""
    return tuple(alike(example, number)[1] for number in numbers)


def plus(x: Number, y: Number) -> Number:
    return add(*alike(x, y))


def minus(x: Number, y: Number) -> Number:
    return sub(*alike(x, y))


def multiply(x: Number, y: Number) -> Number:
    return mul(*alike(x, y))


def divide(x: Number, y: Number) -> Number:
    """x/y, which stays exact for integers: the float 1/3 would be another number."""
    if isinstance(x, int) and isinstance(y, int):
        return Fraction(x, y)
    return truediv(*alike(x, y))


def special_value(value: Any) -> float | None:
    """NaN or an infinity as a float; None for what has an exact value."""
    if isinstance(value, float):
        return None if math.isfinite(value) else value
    # Asked of the decimal itself: math.isfinite takes 10⁴⁰⁰ for infinite, since no float holds it.
    return float(value) if isinstance(value, Decimal) and not value.is_finite() else None


def _decimal(value: Number) -> Number:
    if isinstance(value, Fraction):
        return Decimal(value.numerator) / value.denominator
    return Decimal(value) if isinstance(value, float) else value
