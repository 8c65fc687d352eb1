"""Rounded numbers: an exact value, and the largest error that arithmetic of a given precision may make on the way.

This is where tolerances come from. A reference function run on Rounded numbers returns, with each exact result, how far
an implementation in that arithmetic may be from it, whatever the order of its sums. Nothing is chosen by hand.

Whoever compares results with one needs its `value` or float(), `error`, `undecided`, `is_zero` and `distance`. What the
bounds are and why is written in `bounds` and `functions`, and which of several numbers is chosen in `choosing`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, cast

from reference.arrays import Number, Padding
from reference.numbers.arithmetic import Arithmetic
from reference.numbers.binary import UP, aligned, binary, raised, signed_size, size_of
from reference.numbers.bounds import error_of_input, error_of_operation, quotient_value
from reference.numbers.choosing import OR_NAN, branch, comparison, larger, shares
from reference.numbers.functions import function_of
from reference.numbers.mixing import PLAIN, special_value
from reference.numbers.special import (
    special_product,
    special_quotient,
    special_sum,
    weighed,
    weighed_logarithm,
    weighed_reciprocal,
)
from reference.numbers.sums import COMPUTED, DIFFERENCE, INPUT, closed_sum, open_sum

_VALUE = ("arithmetic", "mantissa", "exponent", "special")
_BOUNDS = ("terms", "terms_error", "magnitude", "undecided", "origin")


class Rounded:
    """A number's exact value, with a bound on the error of whoever computes it in a given arithmetic.

    Why: the suite's tolerance. A sum stays open while terms are added, since its bound depends only on how many there
    are and how large they are, not on their order: the bound holds for every order and every tree, and fused
    multiply-adds only remove roundings. What is exact costs nothing: on small integers the allowed error is 0. A
    difference is one operation, and computed before it enters another sum: log Σeˣ - (x - m) isn't charged for m.

    Where algebraically equal forms give different special values, NaN is right beside the value (`OR_NAN`).

    Formula:
        one operation: propagated error + u·|result| + floor, 0 if the operands are exact and the format holds it;
        a sum of n terms: Σ errors + γ₍ₙ₋₁₎·Σ|terms| with γₖ = ku/(1 - ku), 0 if all terms are exact multiples of a
        power of two and Σ|terms| fits the significand; an elementary function: propagated error + claimed ULPs

    Args:
        value: an int, float, Fraction or Decimal; what the format can't represent exactly is taken as rounded to it.
        arithmetic: the claimed arithmetic.
        error: how far the value may already be off.

    Source:
        Higham, Accuracy and Stability of Numerical Algorithms, sections 3.1 and 4.2.

    >>> single = Arithmetic("float32")
    >>> x, y = Rounded(3, single), Rounded(0.1, single)
    >>> (x * x + x).error
    0.0
    >>> 0 < (x * y + x * x).error < 2e-6
    True
    """

    __slots__ = (*_VALUE, *_BOUNDS)

    # The value is mantissa·2^exponent with Python's unbounded integers, so that +, - and · are exact. `magnitude`
    # bounds Σ|terms| with their errors, `terms_error` is Σ of the errors. `terms`: one more than the additions that may
    # round. `special`: NaN or ±∞ instead of a value. `undecided`: 0, or bits of `choosing` that say what is open.
    # `origin`: one of those in `sums`.

    def __init__(self, value: Number, arithmetic: Arithmetic, error: float = 0.0) -> None:
        self.arithmetic, self.terms, self.undecided, self.origin = arithmetic, 1, 0, INPUT
        self.special, self.mantissa, self.exponent = special_value(value), 0, 0
        if self.special is not None:
            self.magnitude, self.terms_error = abs(self.special), 0.0
            return
        self.mantissa, self.exponent, lost = binary(*value.as_integer_ratio())
        error += error_of_input(self.mantissa, self.exponent, lost, arithmetic)
        self.terms_error, self.magnitude = error, raised(size_of(self.mantissa, self.exponent), error)

    @classmethod
    def within(cls, value: Number, arithmetic: Arithmetic, error: float) -> Rounded:
        """An exact value with a bound that is known already: nothing is added for representing the value."""
        number = cls(value, arithmetic)
        if number.special is None:
            number.terms_error, number.magnitude = error, size_of(number.mantissa, number.exponent) + error
        return number

    @classmethod
    def of(
        cls, mantissa: int, exponent: int, arithmetic: Arithmetic, error: float, magnitude: float, undecided: int
    ) -> Rounded:
        """A single term with bounds that are known already."""
        number = cls.__new__(cls)
        number.mantissa, number.exponent, number.arithmetic, number.terms = mantissa, exponent, arithmetic, 1
        number.terms_error, number.magnitude, number.undecided, number.special = error, magnitude, undecided, None
        number.origin = COMPUTED
        return number

    @property
    def value(self) -> Fraction | float:
        """The exact value; to 192 bits after divisions and elementary functions."""
        if self.special is not None:
            return self.special
        return Fraction(self.mantissa) * Fraction(2) ** self.exponent

    @property
    def error(self) -> float:
        """The largest error that a conforming implementation may make; infinite where it may overflow."""
        return self.closed().terms_error

    @property
    def is_zero(self) -> bool:
        """Whether the exact value is 0, however large the error."""
        return self.mantissa == 0 and self.special is None

    @property
    def is_nan(self) -> bool:
        """Whether the exact value is NaN."""
        return self.special is not None and math.isnan(self.special)

    @property
    def may_be_nan(self) -> bool:
        """Whether NaN is as right as the value."""
        return bool(self.undecided & OR_NAN)

    def __float__(self) -> float:
        """The float next to the exact value; NaN and the infinities are themselves."""
        try:
            return float(self.value)
        except OverflowError:
            return -math.inf if self.mantissa < 0 else math.inf

    def __repr__(self) -> str:
        return f"Rounded({repr(float(self)).removesuffix('.0')} ± {self.error:.3g})"

    def closed(self) -> Rounded:
        """The number with the cost of its open sum added, in whatever order it is summed; infinite if all overflow."""
        if self.special is not None or (self.terms == 1 and self.magnitude <= self.arithmetic.largest):
            return self
        return closed_sum(self)

    def operand(self) -> Rounded:
        """The number as another operation takes it: one that overflowed may have been kept in a wider format so far."""
        number = self.closed()
        overflowed = number.special is not None and self.special is None
        return self.unbounded(self.undecided) if overflowed else number

    def with_bounds(self, error: float, magnitude: float, undecided: int) -> Rounded:
        """The same value as a single term with other bounds."""
        return Rounded.of(self.mantissa, self.exponent, self.arithmetic, error, magnitude, undecided)

    def opened(self, ways: int) -> Rounded:
        """An operand that is open in more ways; NaN is NaN either way."""
        if not ways or self.is_nan:
            return self
        number = self.with_bounds(self.terms_error, self.magnitude, self.undecided | ways)
        number.special, number.origin = self.special, self.origin
        return number

    def without(self, ways: int) -> Rounded:
        """The number as if it weren't open in some ways."""
        number = self.counted(self.terms, self.origin)
        number.undecided &= ~ways
        return number

    def unbounded(self, undecided: int) -> Rounded:
        """A number of which nothing is known."""
        return Rounded.of(0, 0, self.arithmetic, math.inf, math.inf, undecided)

    def begin_sum(self) -> Rounded:
        """The number as the first term of a sum, which an accumulator with fewer bits than the format rounds, too."""
        # What was computed with as few bits already loses nothing more.
        arithmetic = self.arithmetic
        loses = arithmetic.rounds_first_terms and (arithmetic.rounds_first_terms_always or self.origin == INPUT)
        return self.counted(2, COMPUTED) if loses and self.terms == 1 and self.mantissa else self

    def counted(self, terms: int, origin: int) -> Rounded:
        """The same number as a sum of another kind."""
        number = self.with_bounds(self.terms_error, self.magnitude, self.undecided)
        number.special, number.terms, number.origin = self.special, terms, origin
        return number

    def _computed(self) -> Rounded:
        """A difference as a single term, unless it overflows: in a wider format it may be kept."""
        number = self.closed()
        return self if number.special is not None or number.terms_error == math.inf else number

    def __add__(self, other: Number) -> Rounded:
        if type(other) is not Rounded:
            other = self.like(other)
            if other is NotImplemented:
                return NotImplemented
        if self.special is not None or other.special is not None:
            return special_sum(self.operand(), other.operand())
        a = self._computed() if self.origin == DIFFERENCE else self
        b = other._computed() if other.origin == DIFFERENCE else other
        # An exact 0, from padding or to start from, is no term: adding it rounds nothing that the sum can hold.
        if a.mantissa == 0 and a.terms_error == 0 and a.terms == 1 and not a.undecided:
            return cast("Rounded", b.begin_sum())
        if b.mantissa == 0 and b.terms_error == 0 and b.terms == 1 and not b.undecided:
            return a.begin_sum()
        # Open: a bound for every order needs all terms, and one that is closed after each addition holds for one order.
        return open_sum(a, b)

    __radd__ = __add__

    def __neg__(self) -> Rounded:
        number = self.counted(self.terms, self.origin)
        number.mantissa, number.special = -self.mantissa, None if self.special is None else -self.special
        return number

    def __sub__(self, other: Number) -> Rounded:
        return as_difference(self + -other)

    def __rsub__(self, other: Number) -> Rounded:
        return as_difference(-self + other)

    def __mul__(self, other: Number) -> Rounded:
        is_padding = isinstance(other, Padding)
        if type(other) is not Rounded:
            other = self.like(other)
            if other is NotImplemented:
                return NotImplemented
        a, b = self.operand(), other.operand()
        if a.special is not None or b.special is not None:
            if is_padding:  # which whoever skips it never multiplies
                return b.opened(OR_NAN)
            factor = self if a.special is None else other
            return special_product(a, b, factor.origin == DIFFERENCE)
        undecided = a.undecided | b.undecided
        if a.terms_error == math.inf or b.terms_error == math.inf:
            return self.unbounded(undecided)
        mantissa, exponent = a.mantissa * b.mantissa, a.exponent + b.exponent
        propagated = a.magnitude * b.terms_error + b.magnitude * a.terms_error
        return self._round(mantissa, exponent, propagated, a.magnitude * b.magnitude, undecided)

    __rmul__ = __mul__

    def __truediv__(self, other: Number) -> Rounded:
        other = self.like(other)
        if other is NotImplemented:
            return NotImplemented
        a, b = self.operand(), other.operand()
        if a.special is not None or b.special is not None or (b.mantissa == 0 and b.terms_error == 0):
            return special_quotient(a, b)
        undecided = a.undecided | b.undecided
        quotient = quotient_value((a.mantissa, a.exponent, a.terms_error), (b.mantissa, b.exponent, b.terms_error))
        return self.unbounded(undecided) if quotient is None else self._round(*quotient, undecided)

    def __rtruediv__(self, other: Number) -> Rounded:
        return cast("Rounded", self.like(other) / self)

    def __abs__(self) -> Rounded:
        return -self if self.outward() < 0 else self

    def _round(self, mantissa: int, exponent: int, propagated: float, size: float, undecided: int) -> Rounded:
        """One operation's result."""
        error = error_of_operation(mantissa, exponent, propagated, size, self.arithmetic)
        magnitude = (size + error) * UP if error else size_of(mantissa, exponent)
        # Not closed: fused into a sum, even a product that is too large for the format need not overflow.
        return Rounded.of(mantissa, exponent, self.arithmetic, error, magnitude, undecided)

    def exp(self) -> Rounded:
        return function_of("exp", self.operand())

    def log(self) -> Rounded:
        return function_of("log", self.operand())

    def sqrt(self) -> Rounded:
        return function_of("sqrt", self.operand())

    def tanh(self) -> Rounded:
        return function_of("tanh", self.operand())

    def sigmoid(self) -> Rounded:
        return function_of("sigmoid", self.operand())

    def maximum(self, other: Number) -> Rounded:
        """The larger one; where either could be, the error of either."""
        return larger(self.operand(), self.like(other).operand())

    def where_positive(self, yes: Number, no: Number) -> Number:
        """The branch taken; where the sign isn't known, anything between both."""
        return branch(self.operand(), yes, no)

    def weigh(self, weight: Number) -> Number:
        """weight·self; of a weight of 0 and what isn't finite, 0 or NaN."""
        return weighed(weight, self)

    def times_log(self, factor: Number) -> Number:
        """factor·log(self); of a factor of 0, 0."""
        return weighed_logarithm(factor, self)

    def over(self, factor: Number) -> Number:
        """factor/self; of a factor of 0, 0."""
        return weighed_reciprocal(factor, self)

    def shares_of_largest(self, values: Sequence[Number], gradient: Number) -> list[Number]:
        """For each value the share of a gradient that it gets if it may be the largest."""
        return shares([self.like(value).operand() for value in values], self.like(gradient))

    def __lt__(self, other: Number) -> bool:
        return self._compare(other) < 0

    def __le__(self, other: Number) -> bool:
        return self._compare(other) <= 0

    def __gt__(self, other: Number) -> bool:
        return self._compare(other) > 0

    def __ge__(self, other: Number) -> bool:
        return self._compare(other) >= 0

    def __eq__(self, other: object) -> bool:
        return self._compare(other) == 0

    __hash__ = None  # type: ignore[assignment]

    def _compare(self, other: Number) -> float:
        return comparison(self.operand(), self.like(other).operand())

    def like(self, other: Any) -> Any:
        """Another number as a Rounded of the same arithmetic; NotImplemented for what is none."""
        if isinstance(other, Rounded):
            return other
        return Rounded(other, self.arithmetic) if isinstance(other, PLAIN) else NotImplemented

    def outward(self) -> float:
        """The exact value as a float, rounded away from 0: larger than a bound if and only if the value is."""
        return signed_size(self.mantissa, self.exponent) if self.special is None else self.special

    def distance(self, came: float) -> float:
        """How far a computed float is from the exact value, rounded up; NaN if either is no number and they differ.

        >>> Rounded(0.5, Arithmetic("float32")).distance(0.75)
        0.25
        """
        number = self.closed()
        if came != came and number.may_be_nan:
            return 0.0
        if number.special is not None or not math.isfinite(came):
            wanted = number.outward()
            return 0.0 if came == wanted or (came != came and wanted != wanted) else math.nan
        computed, exponent, _ = binary(*came.as_integer_ratio())
        mantissa, computed, exponent = aligned(number.mantissa, number.exponent, computed, exponent)
        return size_of(computed - mantissa, exponent)


def as_difference(number: Any) -> Any:
    """A sum as the difference that it was written as; other types of numbers know best what they are."""
    return number.counted(number.terms, DIFFERENCE) if type(number) is Rounded else number
