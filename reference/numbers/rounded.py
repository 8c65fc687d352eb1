"""Rounded numbers: an exact value, and the largest error that arithmetic of a given precision may make on the way.

This is where tolerances come from. A reference function run on Rounded numbers returns, with each exact result, how far
an implementation in that arithmetic may be from it, whatever the order of its sums. Nothing is chosen by hand.

Whoever compares results with one needs its `value` or float(), `error`, `undecided`, `is_zero` and `distance`. What the
bounds are and why is written in `bounds`, and which of several numbers is chosen in `choosing`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, cast

from reference import elementary
from reference.arrays import Number
from reference.numbers.arithmetic import Arithmetic
from reference.numbers.binary import UP, aligned, binary, float_quotient, raised, signed_size, size_of
from reference.numbers.bounds import error_of_sum, function_value, overflows_in_every_order, quotient_value
from reference.numbers.choosing import between, comparison, larger, may_be_largest
from reference.numbers.mixing import PLAIN, special_value


class Rounded:
    """A number's exact value, with a bound on the error of whoever computes it in a given arithmetic.

    Why: the suite's tolerance. A sum stays open while terms are added, since its bound depends only on how many there
    are and how large they are, not on their order: the bound holds for every order and every tree, and fused
    multiply-adds only remove roundings. What is exact costs nothing: on small integers the allowed error is 0.

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

    __slots__ = ("arithmetic", "exponent", "magnitude", "mantissa", "special", "terms", "terms_error", "undecided")

    # The value is mantissa·2^exponent with Python's unbounded integers, so that +, - and · are exact. `magnitude`
    # bounds Σ|terms| with their errors, `terms_error` is Σ of the errors. `special`: NaN or ±∞ instead of a value.

    def __init__(self, value: Number, arithmetic: Arithmetic, error: float = 0.0) -> None:
        self.arithmetic, self.terms, self.undecided = arithmetic, 1, False
        self.special, self.mantissa, self.exponent = special_value(value), 0, 0
        if self.special is not None:
            self.magnitude, self.terms_error = abs(self.special), 0.0
            return
        self.mantissa, self.exponent, lost = binary(*value.as_integer_ratio())
        size = size_of(self.mantissa, self.exponent)
        # Coarse inputs lose nothing of a number with few enough bits: small integers stay exact on tensor cores.
        if arithmetic.input_roundoff and self.mantissa:
            bits = (self.mantissa // (self.mantissa & -self.mantissa)).bit_length()
            error += arithmetic.input_roundoff * size if 2.0**-bits < arithmetic.input_roundoff else 0.0
        if lost or not arithmetic.represents(self.mantissa, self.exponent):
            error += arithmetic.unit_roundoff * size + arithmetic.floor
        self.terms_error, self.magnitude = error, raised(size, error)

    @classmethod
    def within(cls, value: Number, arithmetic: Arithmetic, error: float) -> Rounded:
        """An exact value with a bound that is known already: nothing is added for representing the value."""
        number = cls(value, arithmetic)
        if number.special is None:
            number.terms_error, number.magnitude = error, size_of(number.mantissa, number.exponent) + error
        return number

    @classmethod
    def of(
        cls, mantissa: int, exponent: int, arithmetic: Arithmetic, error: float, magnitude: float, undecided: bool
    ) -> Rounded:
        """A single term with bounds that are known already."""
        number = cls.__new__(cls)
        number.mantissa, number.exponent, number.arithmetic, number.terms = mantissa, exponent, arithmetic, 1
        number.terms_error, number.magnitude, number.undecided, number.special = error, magnitude, undecided, None
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
        size, additions = size_of(self.mantissa, self.exponent), self.terms - 1
        error = error_of_sum(self.mantissa, self.exponent, self.terms_error, self.magnitude, additions, self.arithmetic)
        number = self.with_bounds(error, raised(size, error), self.undecided)
        if max(number.magnitude, self.magnitude) <= self.arithmetic.largest:
            return number
        # Σ|terms| less what they add up to: partial sums of the other sign are no larger than that.
        against = self.magnitude - self.terms_error - size if additions else 0.0
        if overflows_in_every_order(size - error, against, self.arithmetic):
            return Rounded(-math.inf if self.mantissa < 0 else math.inf, self.arithmetic)
        return self.unbounded(self.undecided)

    def operand(self) -> Rounded:
        """The number as another operation takes it: one that overflowed may have been kept in a wider format so far."""
        number = self.closed()
        overflowed = number.special is not None and self.special is None
        return self.unbounded(self.undecided) if overflowed else number

    def with_bounds(self, error: float, magnitude: float, undecided: bool) -> Rounded:
        """The same value as a single term with other bounds."""
        return Rounded.of(self.mantissa, self.exponent, self.arithmetic, error, magnitude, undecided)

    def unbounded(self, undecided: bool) -> Rounded:
        """A number of which nothing is known."""
        return Rounded.of(0, 0, self.arithmetic, math.inf, math.inf, undecided)

    def _with_special(self, a: Rounded, b: Rounded, result: float, known: bool) -> Rounded:
        """What comes of NaN, ±∞ or a division by 0, unless the error of the other operand decides about it."""
        if known or any(number.special is not None and math.isnan(number.special) for number in (a, b)):
            return Rounded(result, self.arithmetic)
        return self.unbounded(a.undecided or b.undecided)

    def _sign_is_known(self) -> bool:
        return self.special is not None or self.terms_error == 0 or abs(self.outward()) > self.terms_error

    def __add__(self, other: Number) -> Rounded:
        if type(other) is not Rounded:
            other = self.like(other)
            if other is NotImplemented:
                return NotImplemented
        if self.special is not None or other.special is not None:
            a, b = self.operand(), other.operand()
            known = a.terms_error < math.inf and b.terms_error < math.inf
            return self._with_special(a, b, a.outward() + b.outward(), known)
        # An exact 0, from padding or to start from, is no term: adding it rounds nothing.
        if self.mantissa == 0 and self.terms_error == 0 and self.terms == 1:
            return other
        if other.mantissa == 0 and other.terms_error == 0 and other.terms == 1:
            return self
        shift = self.exponent - other.exponent
        number = Rounded.__new__(Rounded)
        if shift >= 0:
            number.mantissa, number.exponent = (self.mantissa << shift) + other.mantissa, other.exponent
        else:
            number.mantissa, number.exponent = self.mantissa + (other.mantissa << -shift), self.exponent
        number.arithmetic = self.arithmetic
        # Open: a bound for every order needs all terms, and one that is closed after each addition holds for one order.
        number.terms = self.terms + other.terms
        number.terms_error = self.terms_error + other.terms_error
        total = self.magnitude + other.magnitude
        # Raised only if rounded: a sum of integers must not miss the power of two below which it is exact.
        added_exactly = total - self.magnitude == other.magnitude and total - other.magnitude == self.magnitude
        number.magnitude = total if added_exactly else total * UP
        number.undecided = self.undecided or other.undecided
        number.special = None
        return number

    __radd__ = __add__

    def __neg__(self) -> Rounded:
        if self.special is not None:
            return Rounded(-self.special, self.arithmetic)
        number = self.with_bounds(self.terms_error, self.magnitude, self.undecided)
        number.mantissa, number.terms = -self.mantissa, self.terms
        return number

    def __sub__(self, other: Number) -> Rounded:
        return self + -other

    def __rsub__(self, other: Number) -> Rounded:
        return -self + other

    def __mul__(self, other: Number) -> Rounded:
        if type(other) is not Rounded:
            other = self.like(other)
            if other is NotImplemented:
                return NotImplemented
        a, b = self.operand(), other.operand()
        if a.special is not None or b.special is not None:
            return self._with_special(a, b, a.outward() * b.outward(), a._sign_is_known() and b._sign_is_known())
        undecided = a.undecided or b.undecided
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
            quotient_known = a._sign_is_known() and b._sign_is_known()
            return self._with_special(a, b, float_quotient(a.outward(), b.outward()), quotient_known)
        undecided = a.undecided or b.undecided
        quotient = quotient_value((a.mantissa, a.exponent, a.terms_error), (b.mantissa, b.exponent, b.terms_error))
        return self.unbounded(undecided) if quotient is None else self._round(*quotient, undecided)

    def __rtruediv__(self, other: Number) -> Rounded:
        return cast("Rounded", self.like(other) / self)

    def __abs__(self) -> Rounded:
        return -self if self.outward() < 0 else self

    def _round(self, mantissa: int, exponent: int, propagated: float, size: float, undecided: bool) -> Rounded:
        """One operation's result: nothing is lost if it is exact and the format holds it, else one rounding."""
        arithmetic, error = self.arithmetic, 0.0
        # The floor is what a relative error doesn't cover: below the smallest normal number a result is rounded to the
        # steps of subnormals, or flushed to 0 where the machine may do that.
        if propagated or not arithmetic.represents(mantissa, exponent):
            error = (propagated + arithmetic.unit_roundoff * size + arithmetic.floor) * UP
        magnitude = (size + error) * UP if error else size_of(mantissa, exponent)
        # Not closed: fused into a sum, even a product that is too large for the format need not overflow.
        return Rounded.of(mantissa, exponent, arithmetic, error, magnitude, undecided)

    def exp(self) -> Rounded:
        return self._elementary("exp")

    def log(self) -> Rounded:
        return self._elementary("log")

    def sqrt(self) -> Rounded:
        return self._elementary("sqrt")

    def tanh(self) -> Rounded:
        return self._elementary("tanh")

    def sigmoid(self) -> Rounded:
        return self._elementary("sigmoid")

    def _elementary(self, name: str) -> Rounded:
        number, arithmetic = self.operand(), self.arithmetic
        # Of 0 and below, logarithms and roots are exact or NaN, as those of floats are.
        outside = name in ("log", "sqrt") and number.mantissa <= 0 and number.terms_error == 0
        if number.special is not None or outside:
            return Rounded(getattr(elementary, name)(number.outward()), arithmetic)
        if number.terms_error == math.inf:
            return self.unbounded(number.undecided)
        value = function_value(name, number.mantissa, number.exponent, number.terms_error, arithmetic)
        if value is None:
            overflows = name == "exp" and number.outward() - number.terms_error > 710
            return Rounded(math.inf, arithmetic) if overflows else self.unbounded(number.undecided)
        return Rounded.of(value.mantissa, value.exponent, arithmetic, value.error, value.magnitude, number.undecided)

    def maximum(self, other: Number) -> Rounded:
        """The larger one; where either could be, the error of either."""
        return larger(self.operand(), self.like(other).operand())

    def where_positive(self, yes: Number, no: Number) -> Number:
        """The branch taken; where the sign isn't known, or the number is 0, anything between both."""
        number = self.operand()
        if number.special is not None:
            return yes if number.special > 0 else no
        if abs(number.outward()) > number.terms_error:
            return yes if number.mantissa > 0 else no
        return between(self.like(yes).operand(), self.like(no).operand())

    def shares_of_largest(self, values: Sequence[Number], gradient: Number) -> list[Number]:
        """For each value the share of a gradient that it gets if it may be the largest."""
        contenders = may_be_largest([self.like(value).operand() for value in values])
        alone = sum(contenders) == 1
        share = gradient if alone else between(self.like(gradient).operand(), Rounded(0, self.arithmetic))
        return [share if contender else 0 for contender in contenders]

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
        if number.special is not None or not math.isfinite(came):
            wanted = number.outward()
            return 0.0 if came == wanted or (came != came and wanted != wanted) else math.nan
        computed, exponent, _ = binary(*came.as_integer_ratio())
        mantissa, computed, exponent = aligned(number.mantissa, number.exponent, computed, exponent)
        return size_of(computed - mantissa, exponent)
