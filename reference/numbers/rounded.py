"""Rounded numbers: an exact value, and the largest error that arithmetic of a given precision may make on the way.

This is where tolerances come from. A reference function run on Rounded numbers returns, with each exact result, how far
an implementation in that arithmetic may be from it, whatever the order of its sums. Nothing is chosen by hand.

Bounds after Higham, Accuracy and Stability of Numerical Algorithms, chapters 2 to 4.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Context, Decimal
from fractions import Fraction
from typing import Any, cast

from reference import elementary
from reference.arrays import Number
from reference.errors import Undecidable
from reference.numbers.arithmetic import Arithmetic
from reference.numbers.binary import (
    BITS,
    UP,
    binary,
    decimal_sigmoid,
    decimal_tanh,
    decimal_value,
    float_quotient,
    raised,
    signed_size,
    size_of,
)
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
    mantissa: int
    exponent: int
    arithmetic: Arithmetic
    magnitude: float
    terms_error: float
    terms: int
    undecided: bool
    special: float | None

    def __init__(self, value: Number, arithmetic: Arithmetic, error: float = 0.0) -> None:
        self.arithmetic, self.terms, self.undecided, self.special = arithmetic, 1, False, None
        self.mantissa = self.exponent = 0
        special = special_value(value)
        if special is not None:
            self.special, self.magnitude, self.terms_error = special, abs(special), 0.0
            return
        self.mantissa, self.exponent, lost = binary(*value.as_integer_ratio())
        size = size_of(self.mantissa, self.exponent)
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
    def _of(
        cls, mantissa: int, exponent: int, arithmetic: Arithmetic, error: float, magnitude: float, undecided: bool
    ) -> Rounded:
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

    def __repr__(self) -> str:
        return f"Rounded({self._float():.9g} ± {self.error:.3g})"

    def closed(self) -> Rounded:
        """The number with the cost of its open sum added, in whatever order it is summed."""
        if self.special is not None or (self.terms == 1 and self.magnitude <= self.arithmetic.largest):
            return self
        arithmetic, additions = self.arithmetic, self.terms - 1
        error, size = self.terms_error, size_of(self.mantissa, self.exponent)
        # Two terms make one operation, so that only the result is rounded; of more, any partial sum may be. A coarse
        # accumulator that starts from zero rounds the first term too.
        coarse = arithmetic.accumulation_roundoff > arithmetic.unit_roundoff
        one_operation = additions == 1 and not coarse
        summed = size + error if one_operation else self.magnitude
        exact = error == 0 and (
            arithmetic.represents(self.mantissa, self.exponent)
            if one_operation
            else self.magnitude <= math.ldexp(1.0, min(self.exponent + arithmetic.accumulation_precision, 1023))
        )
        if additions and not exact:
            roundoff = (additions + coarse) * arithmetic.accumulation_roundoff
            error += roundoff / (1 - roundoff) * summed if roundoff < 1 else math.inf
        if arithmetic.flush_to_zero and self.exponent < arithmetic.smallest_exponent:
            error += additions * arithmetic.floor
        error *= UP
        number = Rounded._of(self.mantissa, self.exponent, arithmetic, error, raised(size, error), self.undecided)
        may_overflow = max(number.magnitude, self.magnitude) > arithmetic.largest
        against = self.magnitude - self.terms_error - size if additions else 0.0
        return number._overflowed(against) if may_overflow else number

    def _operand(self) -> Rounded:
        """The number as another operation takes it: one that overflowed may have been kept in a wider format so far."""
        number = self.closed()
        overflowed = number.special is not None and self.special is None
        return self._unbounded(self.undecided) if overflowed else number

    def _overflowed(self, against: float) -> Rounded:
        """Infinite where every order of summation overflows, unbounded where some may; `against`: the opposite sum."""
        largest = self.arithmetic.largest
        # Half a unit beyond the largest number still rounds to it; twice the roundoff is safely more.
        certain = self._size() - self.terms_error > largest * (1 + 2 * self.arithmetic.unit_roundoff)
        if certain and against < largest:
            return Rounded(-math.inf if self.mantissa < 0 else math.inf, self.arithmetic)
        return self._unbounded(self.undecided)

    def _unbounded(self, undecided: bool) -> Rounded:
        """A number of which nothing is known."""
        return Rounded._of(0, 0, self.arithmetic, math.inf, math.inf, undecided)

    def _with_special(self, a: Rounded, b: Rounded, result: float, known: bool) -> Rounded:
        """What comes of NaN, ±∞ or a division by 0, unless the error of the other operand decides about it."""
        if known or any(number.special is not None and math.isnan(number.special) for number in (a, b)):
            return Rounded(result, self.arithmetic)
        return self._unbounded(a.undecided or b.undecided)

    def _sign_is_known(self) -> bool:
        return self.special is not None or self.terms_error == 0 or abs(self._float()) > self.terms_error

    def _size(self) -> float:
        return size_of(self.mantissa, self.exponent)

    def __add__(self, other: Number) -> Rounded:
        if type(other) is not Rounded:
            other = self._same(other)
            if other is NotImplemented:
                return NotImplemented
        if self.special is not None or other.special is not None:
            a, b = self._operand(), other._operand()
            known = a.terms_error < math.inf and b.terms_error < math.inf
            return self._with_special(a, b, a._float() + b._float(), known)
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
        number.terms = self.terms + other.terms
        number.terms_error = self.terms_error + other.terms_error
        total = self.magnitude + other.magnitude
        added_exactly = total - self.magnitude == other.magnitude and total - other.magnitude == self.magnitude
        number.magnitude = total if added_exactly else total * UP
        number.undecided = self.undecided or other.undecided
        number.special = None
        return number

    __radd__ = __add__

    def __neg__(self) -> Rounded:
        if self.special is not None:
            return Rounded(-self.special, self.arithmetic)
        number = Rounded._of(
            -self.mantissa, self.exponent, self.arithmetic, self.terms_error, self.magnitude, self.undecided
        )
        number.terms = self.terms
        return number

    def __sub__(self, other: Number) -> Rounded:
        other = self._same(other)
        return NotImplemented if other is NotImplemented else self + -other

    def __rsub__(self, other: Number) -> Rounded:
        return -self + other

    def __mul__(self, other: Number) -> Rounded:
        if type(other) is not Rounded:
            other = self._same(other)
            if other is NotImplemented:
                return NotImplemented
        a, b = self._operand(), other._operand()
        if a.special is not None or b.special is not None:
            return self._with_special(a, b, a._float() * b._float(), a._sign_is_known() and b._sign_is_known())
        undecided = a.undecided or b.undecided
        if a.terms_error == math.inf or b.terms_error == math.inf:
            return self._unbounded(undecided)
        mantissa, exponent = a.mantissa * b.mantissa, a.exponent + b.exponent
        propagated = a.magnitude * b.terms_error + b.magnitude * a.terms_error
        return self._round(mantissa, exponent, propagated, a.magnitude * b.magnitude, undecided)

    __rmul__ = __mul__

    def __truediv__(self, other: Number) -> Rounded:
        other = self._same(other)
        if other is NotImplemented:
            return NotImplemented
        a, b = self._operand(), other._operand()
        if a.special is not None or b.special is not None or (b.mantissa == 0 and b.terms_error == 0):
            quotient_known = a._sign_is_known() and b._sign_is_known()
            return self._with_special(a, b, float_quotient(a._float(), b._float()), quotient_known)
        undecided = a.undecided or b.undecided
        smallest = size_of(b.mantissa, b.exponent, up=False) - b.terms_error
        if smallest <= 0 or a.terms_error == math.inf:
            return self._unbounded(undecided)
        mantissa, exponent, lost = binary(a.mantissa, b.mantissa)
        exponent += a.exponent - b.exponent
        quotient = size_of(mantissa, exponent)
        if quotient == math.inf:  # beyond float64 too, in which bounds are computed
            return self._unbounded(undecided)
        propagated = (a.terms_error + quotient * b.terms_error) / smallest + (quotient * 2.0**-BITS if lost else 0.0)
        return self._round(mantissa, exponent, propagated, quotient + propagated, undecided)

    def __rtruediv__(self, other: Number) -> Rounded:
        return cast("Rounded", self._same(other) / self)

    def __abs__(self) -> Rounded:
        return -self if self._float() < 0 else self

    def _round(self, mantissa: int, exponent: int, propagated: float, size: float, undecided: bool) -> Rounded:
        """One operation's result: nothing is lost if it is exact and the format holds it, else one rounding."""
        arithmetic, error = self.arithmetic, 0.0
        if propagated or not arithmetic.represents(mantissa, exponent):
            error = (propagated + arithmetic.unit_roundoff * size + arithmetic.floor) * UP
        magnitude = (size + error) * UP if error else size_of(mantissa, exponent)
        # Not closed: fused into a sum, even a product that is too large for the format need not overflow.
        return Rounded._of(mantissa, exponent, arithmetic, error, magnitude, undecided)

    def exp(self) -> Rounded:
        def propagate(x: float, e: float, value: float) -> float:
            if e < 700:
                return value * math.expm1(e)
            largest = x + e * (1 + 2.0**-40)  # what the sum loses is far less, where it matters
            return math.exp(largest) if largest < 709 else math.inf

        return self._elementary("exp", Decimal.exp, propagate)

    def log(self) -> Rounded:
        if self.special is None and self._operand().terms_error == 0 and self.mantissa <= 0:
            return Rounded(elementary.log(self._float()), self.arithmetic)
        return self._elementary("log", Decimal.ln, lambda x, e, value: -math.log1p(-e / x) if e < x else math.inf)

    def sqrt(self) -> Rounded:
        if self.special is None and self._operand().terms_error == 0 and self.mantissa <= 0:
            return Rounded(elementary.sqrt(self._float()), self.arithmetic)

        def propagate(x: float, e: float, value: float) -> float:
            return e / (math.sqrt(x) + math.sqrt(x - e)) if e <= x else math.inf

        return self._elementary("sqrt", Decimal.sqrt, propagate)

    def tanh(self) -> Rounded:
        # The slope 1 - tanh² is at most 1, and at most 4e^(-2|x|).
        def propagate(x: float, e: float, value: float) -> float:
            return e * min(1.0, 4 * math.exp(-2 * max(abs(x) - e, 0.0)))

        return self._elementary("tanh", decimal_tanh, propagate)

    def sigmoid(self) -> Rounded:
        # The slope s·(1 - s) is at most 1/4, and at most e^(-|x|).
        def propagate(x: float, e: float, value: float) -> float:
            return e * min(0.25, math.exp(-max(abs(x) - e, 0.0)))

        return self._elementary("sigmoid", decimal_sigmoid, propagate)

    def _elementary(
        self,
        name: str,
        function: Callable[[Decimal, Context], Decimal],
        propagate: Callable[[float, float, float], float],
    ) -> Rounded:
        number, arithmetic = self._operand(), self.arithmetic
        if number.special is not None:
            return Rounded(getattr(elementary, name)(number.special), arithmetic)
        if number.terms_error == math.inf:
            return self._unbounded(number.undecided)
        x, value = number._float(), decimal_value(function, number.mantissa, number.exponent)
        if not value.is_finite() or value.adjusted() > 310:  # only an exponential gets there, from 710 on
            certain = x - number.terms_error > 710
            return Rounded(math.inf, arithmetic) if certain else self._unbounded(number.undecided)
        mantissa, exponent, _ = binary(*value.as_integer_ratio())
        size = size_of(mantissa, exponent)
        propagated = propagate(x, number.terms_error, size) if number.terms_error else 0.0
        largest, error = size + propagated, 0.0
        # The zero of an exact argument, such as tanh 0, is exact; an exponential that underflowed isn't.
        if largest or name in ("exp", "sigmoid"):
            error = propagated + arithmetic.ulps[name] * arithmetic.ulp(min(largest, arithmetic.largest))
            error += arithmetic.floor if largest < math.ldexp(arithmetic.floor, arithmetic.precision + 1) else 0.0
            error = (error + size * 2.0**-BITS) * UP
        return Rounded._of(mantissa, exponent, arithmetic, error, (size + error) * UP, number.undecided)

    def maximum(self, other: Number) -> Rounded:
        """The larger one; where either could be, the error of either."""
        a, b = self._operand(), self._same(other)._operand()
        if a.special is not None or b.special is not None:
            if math.inf in (a.terms_error, b.terms_error):
                return self._unbounded(a.undecided or b.undecided)
            winner = elementary.maximum(a._float(), b._float())
            return a if winner == a._float() else b if winner == b._float() else Rounded(winner, self.arithmetic)
        larger, smaller = (a, b) if a._minus(b) >= 0 else (b, a)
        if larger._minus(smaller) >= larger.terms_error + smaller.terms_error:
            return larger
        error = max(a.terms_error, b.terms_error)
        magnitude = max(a.magnitude, b.magnitude)
        return Rounded._of(
            larger.mantissa, larger.exponent, self.arithmetic, error, magnitude, a.undecided or b.undecided
        )

    def where_positive(self, yes: Number, no: Number) -> Number:
        """The branch taken; where the sign isn't known, or the number is 0, anything between both."""
        number = self._operand()
        if number.special is not None:
            return yes if number.special > 0 else no
        if abs(number._float()) > number.terms_error:
            return yes if number.mantissa > 0 else no
        return self._between(yes, no)

    def shares_of_largest(self, values: list[Number], gradient: Number) -> list[Number]:
        """For each value the share of a gradient that it gets if it may be the largest."""
        numbers = [self._same(value)._operand() for value in values]
        if any(number.special is not None for number in numbers):
            floats = [number._float() for number in numbers]
            winner = (
                floats.index(max(floats))
                if not any(map(math.isnan, floats))
                else list(map(math.isnan, floats)).index(True)
            )
            contenders = [place for place, value in enumerate(floats) if value == floats[winner] or place == winner]
        else:
            best = numbers[0]
            for number in numbers[1:]:
                best = number if number._minus(best) > 0 else best
            contenders = [
                i for i, number in enumerate(numbers) if best._minus(number) <= best.terms_error + number.terms_error
            ]
        share = gradient if len(contenders) == 1 else self._between(gradient, 0)
        return [share if place in contenders else 0 for place in range(len(values))]

    def _between(self, yes: Number, no: Number) -> Rounded:
        """Any number between two: their middle, give or take half their distance."""
        a, b = self._same(yes)._operand(), self._same(no)._operand()
        if a.special is not None or b.special is not None:
            return Rounded._of(0, 0, self.arithmetic, math.inf, math.inf, True)
        middle, apart = a + b, a + -b
        error = (size_of(apart.mantissa, apart.exponent - 1) + max(a.terms_error, b.terms_error)) * UP
        size = max(a.magnitude, b.magnitude)
        return Rounded._of(middle.mantissa, middle.exponent - 1, self.arithmetic, error, (size + error) * UP, True)

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
        """Negative, zero or positive as the difference is; NaN beside NaN; undecidable within the errors."""
        a, b = self._operand(), self._same(other)._operand()
        if math.inf in (a.terms_error, b.terms_error):
            raise Undecidable(f"{a} and {b}: of one of them nothing is known")
        if a.special is not None or b.special is not None:
            x, y = a._float(), b._float()
            return 0.0 if x == y else x - y
        difference, errors = a._minus(b), a.terms_error + b.terms_error
        if errors and abs(difference) <= errors * UP:
            raise Undecidable(f"{a} and {b} are nearer to each other than their errors")
        return difference

    def _minus(self, other: Rounded) -> float:
        """The difference of two exact values as a float, its sign always right."""
        shift = self.exponent - other.exponent
        if shift >= 0:
            return signed_size((self.mantissa << shift) - other.mantissa, other.exponent)
        return signed_size(self.mantissa - (other.mantissa << -shift), self.exponent)

    def _same(self, other: Any) -> Any:
        """Another number as a Rounded of the same arithmetic."""
        if isinstance(other, Rounded):
            return other
        if isinstance(other, PLAIN):
            return Rounded(other, self.arithmetic)
        return NotImplemented

    def _float(self) -> float:
        return signed_size(self.mantissa, self.exponent) if self.special is None else self.special

    def distance(self, came: float) -> float:
        """How far a computed float is from the exact value, rounded up; NaN if either is no number and they differ.

        >>> Rounded(0.5, Arithmetic("float32")).distance(0.75)
        0.25
        """
        number = self.closed()
        if number.special is not None or not math.isfinite(came):
            same = came == number._float() or (came != came and number._float() != number._float())
            return 0.0 if same else math.nan
        mantissa, exponent, _ = binary(*came.as_integer_ratio())
        shift = exponent - number.exponent
        if shift >= 0:
            return size_of((mantissa << shift) - number.mantissa, number.exponent)
        return size_of(mantissa - (number.mantissa << -shift), exponent)
