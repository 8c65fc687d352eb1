"""Intervals: every value that a number rounded as printed may stand for, carried through any algorithm."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal, InvalidOperation
from fractions import Fraction
from functools import reduce
from typing import Any

from reference.arrays import Number
from reference.errors import Undecidable
from reference.numbers.mixing import PLAIN, special_value

DIGITS = 50
#: The ends are fractions, so an exponent costs as many digits: what lies beyond counts as infinite, or as next to zero.
LARGEST_EXPONENT = 10_000
_DOWN = Context(DIGITS, ROUND_FLOOR, Emin=-LARGEST_EXPONENT, Emax=LARGEST_EXPONENT, traps=[InvalidOperation])
_UP = Context(DIGITS, ROUND_CEILING, Emin=-LARGEST_EXPONENT, Emax=LARGEST_EXPONENT, traps=[InvalidOperation])


class Interval:
    """All numbers from `low` to `high`, both included; operations contain every result that their operands allow.

    Why: a slide prints 0.04 and computed with 0.0432. Run on intervals, a reference function tells which outputs its
    printed inputs allow, and so whether the printed output can be right.

    Formula:
        [a, b] + [c, d] = [a + c, b + d];  [a, b]·[c, d] = [min, max of ac, ad, bc, bd];
        f([a, b]) = [f(a), f(b)] for rising f, rounded outwards

    Args:
        low: an int, Fraction, float or ±∞; exact.
        high: likewise, not below low; the same as low when not given.

    Raises:
        ValueError: if high is below low, or an end isn't a number.

    Source:
        goldsborough-methods, "Neural Networks by Foot", whose weights are printed rounded.

    >>> Interval.printed("0.04") * 365
    Interval(12.775, 16.425)
    >>> Interval(1, 2) - Interval(1, 2)
    Interval(-1, 1)
    """

    __slots__ = ("high", "low")

    def __init__(self, low: Number, high: Number = None) -> None:
        self.low, self.high = _end(low), _end(low if high is None else high)
        if self.high < self.low:
            raise ValueError(f"high: wanted at least {low!r}; got {high!r}")

    @classmethod
    def printed(cls, text: str) -> Interval:
        """Everything that rounds to a printed decimal: half a unit of its last digit either way.

        >>> Interval.printed("7.67")
        Interval(7.665, 7.675)
        """
        try:
            exponent = Decimal(text).as_tuple().exponent
        except InvalidOperation:
            exponent = "n"
        if not isinstance(exponent, int):
            raise ValueError(f"text: wanted a printed decimal number; got {text!r}")
        half_unit = Fraction(10) ** exponent / 2
        return cls(Fraction(text) - half_unit, Fraction(text) + half_unit)

    def __repr__(self) -> str:
        return f"Interval({_shown(self.low)}, {_shown(self.high)})"

    def __contains__(self, value: Number) -> bool:
        return bool(self.low <= _end(value) <= self.high)

    def overlaps(self, other: Interval) -> bool:
        """Whether some number lies in both."""
        return bool(self.low <= other.high and other.low <= self.high)

    def __add__(self, other: Number) -> Interval:
        other = _operand(other)
        if other is NotImplemented:
            return NotImplemented
        return Interval(_sum(self.low, other.low), _sum(self.high, other.high))

    def __neg__(self) -> Interval:
        return Interval(-self.high, -self.low)

    def __sub__(self, other: Number) -> Interval:
        return self + -other

    def __rsub__(self, other: Number) -> Interval:
        return -self + other

    def __mul__(self, other: Number) -> Interval:
        other = _operand(other)
        if other is NotImplemented:
            return NotImplemented
        products = [_product(x, y) for x in (self.low, self.high) for y in (other.low, other.high)]
        return Interval(min(products), max(products))

    def __truediv__(self, other: Number) -> Interval:
        other = _operand(other)
        if other is NotImplemented:
            return NotImplemented
        if other.low <= 0 <= other.high:
            return Interval(-math.inf, math.inf)
        return self * Interval(_reciprocal(other.high), _reciprocal(other.low))

    def __rtruediv__(self, other: Number) -> Interval:
        return _interval(other) / self

    __radd__ = __add__
    __rmul__ = __mul__

    def __lt__(self, other: Number) -> bool:
        return _decide(self, _interval(other), self.high < _interval(other).low, self.low >= _interval(other).high)

    def __le__(self, other: Number) -> bool:
        return _decide(self, _interval(other), self.high <= _interval(other).low, self.low > _interval(other).high)

    def __gt__(self, other: Number) -> bool:
        return not self <= other

    def __ge__(self, other: Number) -> bool:
        return not self < other

    def __eq__(self, other: object) -> bool:
        """Whether both stand for one and the same number; undecidable if they merely overlap."""
        interval = _interval(other)
        same = self.low == self.high == interval.low == interval.high
        return _decide(self, interval, same, not self.overlaps(interval))

    __hash__ = None  # type: ignore[assignment]

    def exp(self) -> Interval:
        return self._rising(Decimal.exp)

    def log(self) -> Interval:
        return Interval(-math.inf, math.inf) if self.low <= 0 else self._rising(Decimal.ln)

    def sqrt(self) -> Interval:
        return Interval(-math.inf, math.inf) if self.low < 0 else self._rising(Decimal.sqrt)

    def tanh(self) -> Interval:
        return 2 * (2 * self).sigmoid() - 1

    def sigmoid(self) -> Interval:
        # Through 1/(1 + e⁻ˣ) in interval arithmetic: x occurs once, so nothing is lost but the last digits.
        return 1 / (1 + (-self).exp())

    def maximum(self, other: Number) -> Interval:
        other = _interval(other)
        return Interval(max(self.low, other.low), max(self.high, other.high))

    def where_positive(self, yes: Number, no: Number) -> Interval:
        """The branch taken, or everything between both where the sign isn't known."""
        if self.low > 0:
            return _interval(yes)
        return _interval(no) if self.high < 0 else hull(yes, no)

    def shares_of_largest(self, values: list[Number], gradient: Number) -> list[Number]:
        """For each value the share of a gradient that it gets if it may be the largest."""
        floor = max(_interval(value).low for value in values)
        contenders = [_interval(value).high >= floor for value in values]
        share = _interval(gradient) if sum(contenders) == 1 else hull(0, gradient)
        return [share if contender else Interval(0) for contender in contenders]

    def shift_by_maximum(self, values: list[Number]) -> list[Number]:
        """Each value less the largest that any may be: one known number, so that what each is stays its own matter."""
        most = max(_interval(value).high for value in values)
        # An end is a fraction, or infinite.
        return values if isinstance(most, float) else [_interval(value) - most for value in values]

    def parts_of_total(self, values: list[Number]) -> list[Number]:
        """The part that each is of the sum, all of them ≥ 0: it rises with its own number and falls with the others."""
        intervals = [_interval(value) for value in values]
        parts = []
        for place, own in enumerate(intervals):
            others = intervals[:place] + intervals[place + 1 :]
            least, most = _total(other.low for other in others), _total(other.high for other in others)
            parts.append(Interval(_part(own.low, most), 1 - _part(least, own.high)))
        return parts

    def _rising(self, function: Callable[[Decimal, Context], Decimal]) -> Interval:
        # Decimal's functions round correctly, to nearest: one unit outwards contains the true value.
        low, high = _decimal(self.low, _DOWN), _decimal(self.high, _UP)
        below, above = function(low, _DOWN).next_minus(_DOWN), function(high, _UP).next_plus(_UP)
        return Interval(below if function is Decimal.ln else max(below, Decimal(0)), above)


def _part(number: Number, rest: Number) -> Number:
    """The least part that a number may be of the sum of itself and a rest, both of them ≥ 0."""
    if number == 0 or rest == math.inf:
        return Fraction(0)
    return Fraction(1) if number == math.inf else number / (number + rest)


def hull(*numbers: Number) -> Interval:
    """The smallest interval that contains all of its arguments."""
    intervals = [_interval(number) for number in numbers]
    return Interval(min(i.low for i in intervals), max(i.high for i in intervals))


def _interval(value: Any) -> Interval:
    return value if isinstance(value, Interval) else Interval(value)


def _operand(value: Any) -> Interval:
    """Another number as an interval; NotImplemented for what isn't one, such as a node with intervals in it."""
    return _interval(value) if isinstance(value, (Interval, *PLAIN)) else NotImplemented


def _end(value: Number) -> Number:
    special = special_value(value)
    if special is not None:
        if math.isnan(special):
            raise ValueError(f"low, high: wanted a number or an infinity; got {value!r}")
        return special
    return value if isinstance(value, Fraction) else Fraction(value)


def _sum(x: Number, y: Number) -> Number:
    # Beside an infinity, a fraction would have to become a float, which a large one can't.
    infinities = [end for end in (x, y) if isinstance(end, float)]
    return sum(infinities) if infinities else x + y


def _total(ends: Iterable[Number]) -> Number:
    return reduce(_sum, ends, Fraction(0))


def _product(x: Number, y: Number) -> Number:
    if x == 0 or y == 0:
        return Fraction(0)
    if isinstance(x, float) or isinstance(y, float):
        return math.inf if (x > 0) == (y > 0) else -math.inf
    return x * y


def _reciprocal(x: Number) -> Number:
    return 1 / x if isinstance(x, Fraction) else Fraction(0)


def _decimal(end: Number, context: Context) -> Decimal:
    if isinstance(end, float):
        return Decimal(end)
    return context.divide(Decimal(end.numerator), Decimal(end.denominator))


def _decide(left: Interval, right: Interval, yes: bool, no: bool) -> bool:
    if not yes and not no:
        raise Undecidable(f"{left} and {right} overlap: either answer could be right")
    return yes


def _shown(end: Number) -> str:
    if isinstance(end, float):
        return str(end)
    if abs(end) >= 10**300:
        return f"{_decimal(end, _DOWN):.17g}"
    return str(end if end.denominator == 1 else float(end))
