"""Sums of rounded numbers: open while terms are added, since their bound is for every order, and what closing costs.

Bounds after Higham, Accuracy and Stability of Numerical Algorithms, chapter 4. All of them are floats, and never too
small: each is raised by more than its own computation may lose.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from reference.numbers.arithmetic import Arithmetic
from reference.numbers.binary import UP, raised, size_of

if TYPE_CHECKING:
    from reference.numbers.rounded import Rounded

#: Where a number comes from: an operation; the input, which may have more bits than the arithmetic's results have; or a
#: subtraction, which is computed before it enters another sum, and whose two sides a factor may be multiplied with.
COMPUTED, INPUT, DIFFERENCE = 0, 1, 2


def open_sum(a: Rounded, b: Rounded) -> Rounded:
    """The exact sum of two sums or numbers, with what a bound for every order of their terms needs."""
    shift = a.exponent - b.exponent
    number = a.__new__(type(a))
    if shift >= 0:
        number.mantissa, number.exponent = (a.mantissa << shift) + b.mantissa, b.exponent
    else:
        number.mantissa, number.exponent = a.mantissa + (b.mantissa << -shift), a.exponent
    number.arithmetic, number.special, number.origin = a.arithmetic, None, COMPUTED
    number.terms = a.terms + b.terms
    if number.terms == 2 and number.arithmetic.rounds_first_terms_always:
        number.terms = 3
    number.terms_error = a.terms_error + b.terms_error
    total = a.magnitude + b.magnitude
    # Raised only if rounded: a sum of integers must not miss the power of two below which it is exact.
    added_exactly = total - a.magnitude == b.magnitude and total - b.magnitude == a.magnitude
    number.magnitude = total if added_exactly else total * UP
    number.undecided = a.undecided | b.undecided
    return number


def closed_sum(number: Rounded) -> Rounded:
    """A sum with the cost of adding it up, in whatever order; infinite if it overflows in all of them."""
    arithmetic, additions = number.arithmetic, number.terms - 1
    size = size_of(number.mantissa, number.exponent)
    error = error_of_sum(number.mantissa, number.exponent, number.terms_error, number.magnitude, additions, arithmetic)
    closed = number.with_bounds(error, raised(size, error), number.undecided)
    if max(closed.magnitude, number.magnitude) <= arithmetic.largest:
        return closed
    # Σ|terms| less what they add up to: partial sums of the other sign are no larger than that.
    against = number.magnitude - number.terms_error - size if additions else 0.0
    if overflows_in_every_order(size - error, against, arithmetic):
        return type(number)(-math.inf if number.mantissa < 0 else math.inf, arithmetic).opened(number.undecided)
    return number.unbounded(number.undecided)


def error_of_sum(
    mantissa: int, exponent: int, error: float, magnitude: float, additions: int, arithmetic: Arithmetic
) -> float:
    """The error of a sum in whatever order it is added up, from its exact value, Σ errors and Σ|terms|."""
    # Two terms make one operation: the result alone is rounded, which after a cancellation is far smaller than its
    # terms; logits 1003 - 1001 must not be charged for 2004. Of more terms, any partial sum may be rounded, and the
    # largest of them is at most Σ|terms|.
    one_operation, precision = additions == 1, arithmetic.accumulation_precision
    # Multiples of 2^exponent whose sizes add up to less than the significand holds: every partial sum is one of them.
    exact = error == 0 and (
        arithmetic.represents(mantissa, exponent, precision)
        if one_operation
        else magnitude <= math.ldexp(1.0, min(exponent + precision, 1023))
    )
    if additions and not exact:
        roundoff = additions * arithmetic.accumulation_roundoff
        summed = size_of(mantissa, exponent) + error if one_operation else magnitude
        error += roundoff / (1 - roundoff) * summed if roundoff < 1 else math.inf
    # Additions never underflow by rounding: a sum of numbers of the format is a multiple of its smallest subnormal.
    # Only a machine that flushes loses something, or one whose sums have fewer bits than their terms, and only where a
    # partial sum can be that small.
    loses_small_sums = arithmetic.flush_to_zero or arithmetic.rounds_first_terms
    if loses_small_sums and exponent < arithmetic.accumulation_exponent:
        error += additions * math.ldexp(1.0, arithmetic.accumulation_exponent)
    return error * UP


def overflows_in_every_order(smallest: float, against: float, arithmetic: Arithmetic) -> bool:
    """Whether a sum of at least some size becomes infinite, given the sum of the terms of the other sign.

    If those alone may overflow too, an order that adds them first meets the other infinity, or NaN.
    """
    # Half a unit beyond the largest number still rounds to it; twice the roundoff is safely more.
    return smallest > arithmetic.largest * (1 + 2 * arithmetic.unit_roundoff) and against < arithmetic.largest
