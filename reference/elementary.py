"""Elementary functions, looked up by the type of their argument.

The algorithms of this package call these instead of `math`, which is what lets one text be read with many numbers: a
float goes to `math`, a Decimal to its own methods, and each type of `reference.numbers` brings its own `exp`, `log`, ….
A Fraction has an exact maximum but no exact exponential, and says so.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal, localcontext
from fractions import Fraction
from functools import reduce

from reference.arrays import Number, total


def exp(x: Number) -> Number:
    """e to the power of x; infinite where a float would overflow."""
    if isinstance(x, (int, float)):
        try:
            return math.exp(x)
        except OverflowError:
            return math.inf
    return _own(x, "exp")


def log(x: Number) -> Number:
    """The natural logarithm: -∞ at zero, NaN below."""
    if isinstance(x, (int, float)):
        return math.log(x) if x > 0 else (-math.inf if x == 0 else math.nan)
    return x.ln() if isinstance(x, Decimal) else _own(x, "log")


def sqrt(x: Number) -> Number:
    """The square root: NaN below zero."""
    if isinstance(x, (int, float)):
        return math.sqrt(x) if x >= 0 else math.nan
    return _own(x, "sqrt")


def tanh(x: Number) -> Number:
    """The hyperbolic tangent, (eˣ - e⁻ˣ)/(eˣ + e⁻ˣ)."""
    if isinstance(x, (int, float)):
        return math.tanh(x)
    if isinstance(x, Decimal):
        return _decimal_tanh(x)
    return _own(x, "tanh")


def sigmoid(x: Number) -> Number:
    """The logistic function 1/(1 + e⁻ˣ), with the exponential taken of -|x| so that it can't overflow."""
    if isinstance(x, (int, float, Decimal)):
        decay = exp(-x if x > 0 else x)
        return (1 if x >= 0 else decay) / (1 + decay) if x == x else x
    return _own(x, "sigmoid")


def power(x: Number, exponent: int) -> Number:
    """x to the power of a whole number from 0, which is a product; by squaring, which rounds no more than any order."""
    if exponent < 2:
        return x if exponent else 1
    root = power(x, exponent // 2)
    return root * root * x if exponent % 2 else root * root


def maximum(x: Number, y: Number) -> Number:
    """The larger of two numbers; NaN if either is."""
    for own, other in ((x, y), (y, x)):
        if hasattr(own, "maximum"):
            return own.maximum(other)
    if x != x or y != y:
        return x if x != x else y
    return x if x >= y else y


def largest(values: Sequence[Number]) -> Number:
    """The maximum of at least one number; NaN if any is."""
    return reduce(maximum, values)


def shares_of_largest(values: Sequence[Number], gradient: Number) -> list[Number]:
    """What each value gets of a gradient that belongs to the largest: all of it the first largest one, 0 the others.

    Numbers that know about errors answer with everything between 0 and the gradient for each that may be the largest,
    since any split between values that tie is a subgradient.
    """
    for value in values:
        if hasattr(value, "shares_of_largest"):
            return value.shares_of_largest(values, gradient)
    winner = largest(values)
    first = next(place for place, value in enumerate(values) if value == winner or value != value)
    return [gradient if place == first else 0 for place in range(len(values))]


def shift_by_maximum(values: Sequence[Number]) -> list[Number]:
    """Each value less the largest one, which leaves nothing above 0 to overflow an exponential.

    For what doesn't change if the same is taken off each: numbers that are ranges take off the largest that any may be.
    """
    for value in values:
        if hasattr(value, "shift_by_maximum"):
            return value.shift_by_maximum(values)
    m = largest(values)
    return [value - m for value in values]


def parts_of_total(values: Sequence[Number]) -> list[Number]:
    """The part that each of some numbers ≥ 0 is of their sum.

    Numbers that are ranges know more here than of a sum and a quotient: no part is larger than the whole.
    """
    for value in values:
        if hasattr(value, "parts_of_total"):
            return value.parts_of_total(values)
    whole = total(values)
    return [value / whole for value in values]


def where_positive(x: Number, yes: Number, no: Number) -> Number:
    """`yes` where x > 0, else `no`: the slope of a kink, whose value at 0 exactly is a choice.

    Numbers that know about errors answer with everything between `yes` and `no` when x may be zero, since any slope
    in between is a subgradient.
    """
    if hasattr(x, "where_positive"):
        return x.where_positive(yes, no)
    return yes if x > 0 else no


def times_log(factor: Number, x: Number) -> Number:
    """factor·log(x), which is 0 when the factor is 0 even where the logarithm is infinite, or NaN.

    Numbers that know about errors let 0·NaN be NaN, too.
    """
    if hasattr(x, "times_log"):
        return x.times_log(factor)
    return 0 * factor if factor == 0 else factor * log(x)


def over(weight: Number, x: Number) -> Number:
    """weight/x, which is 0 when the weight is 0 even where x is 0 or NaN; infinite where only x is 0.

    Numbers that know about errors let 0/NaN be NaN, too, and don't know the sign of a 0.
    """
    if hasattr(x, "over"):
        return x.over(weight)
    if weight == 0:
        return 0 * weight
    if isinstance(x, (int, float, Decimal, Fraction)) and x == 0:
        return math.inf if weight > 0 else -math.inf if weight < 0 else math.nan
    return weight / x


def where_same(index: Number, place: int, yes: Number, no: Number) -> Number:
    """`yes` where an index is a certain place, else `no`. Lanes hold many indices at once."""
    if hasattr(index, "where_same"):
        return index.where_same(place, yes, no)
    return yes if index == place else no


def entry_at(values: Sequence[Number], index: Number) -> Number:
    """The entry of a list at an index."""
    if hasattr(index, "where_same"):
        places = range(len(values))
        return reduce(lambda found, place: where_same(index, place, values[place], found), places, values[0])
    return values[index]


def weigh(weight: Number, value: Number) -> Number:
    """weight·value, for a weight of 0 that may as well leave the value out: NaN if that is infinite or NaN.

    Numbers that know about errors answer with both, 0 and NaN.
    """
    return value.weigh(weight) if hasattr(value, "weigh") else weight * value


def _decimal_tanh(x: Decimal) -> Decimal:
    with localcontext() as context:
        lost = -x.adjusted() if x.is_finite() and x else 0
        if lost > context.prec:
            return +x  # x - x³/3 + … differs from x beyond the last digit
        # For a small x the exponential is next to 1: that many digits cancel.
        context.prec += max(lost, 0) + 2
        decay = (-2 * abs(x)).exp()
        precise = ((1 - decay) / (1 + decay)).copy_sign(x)
    return (+precise).copy_sign(x)


def _own(x: Number, name: str) -> Number:
    method = getattr(x, name, None)
    if method is None:
        kind = "a Fraction is exact and " if isinstance(x, Fraction) else ""
        raise TypeError(
            f"{name} of {type(x).__name__}: {kind}has no such function; use float, Decimal or reference.numbers"
        )
    return method()
