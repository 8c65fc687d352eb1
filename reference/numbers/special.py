"""What comes of NaN, infinities and divisions by 0 among rounded numbers, and where algebra leaves it open.

The formula decides what floats would say, as long as no error could change it. Where algebraically equal forms differ,
as ∞·(p - q) and ∞·p - ∞·q do, NaN is right beside the value: `OR_NAN`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from reference import elementary
from reference.arrays import Number
from reference.numbers.binary import float_quotient
from reference.numbers.choosing import CHOICE, OR_NAN

if TYPE_CHECKING:
    from reference.numbers.rounded import Rounded


def special_sum(a: Rounded, b: Rounded) -> Rounded:
    """A sum of operands, of which one is special."""
    known = a.terms_error < math.inf and b.terms_error < math.inf
    return _result(a, b, a.outward() + b.outward(), known, a.undecided | b.undecided)


def special_product(a: Rounded, b: Rounded, is_multiplied_out: bool) -> Rounded:
    """A product of operands, of which one is special; the other one's terms may have been multiplied with it."""
    undecided = a.undecided | b.undecided | (OR_NAN if is_multiplied_out else 0)
    return _result(a, b, a.outward() * b.outward(), _sign_is_known(a) and _sign_is_known(b), undecided)


def special_quotient(a: Rounded, b: Rounded) -> Rounded:
    """A quotient of operands, of which one is special or the divisor is 0."""
    known = _sign_is_known(a) and _sign_is_known(b)
    return _result(a, b, float_quotient(a.outward(), b.outward()), known, a.undecided | b.undecided)


def special_function(name: str, number: Rounded) -> Rounded:
    """An elementary function of what only floats know the answer of."""
    return type(number)(getattr(elementary, name)(number.outward()), number.arithmetic).opened(number.undecided)


def weighed(weight: Number, value: Rounded) -> Number:
    """The product, which of a weight of 0 and NaN or an infinity may be left out, or be NaN."""
    zero = value.like(weight).operand()
    # A weight that is 0 or NaN makes the same of it.
    left_out = value.operand().special is not None and is_exact_zero(zero.without(OR_NAN))
    return zero.opened(OR_NAN) if left_out else weight * value


def weighed_logarithm(factor: Number, x: Rounded) -> Number:
    """factor·log(x): of a factor of 0 it is 0 if the logarithm is infinite, and may be NaN if that is NaN."""
    logarithm = x.log()
    if not is_exact_zero(x.like(factor).operand()):
        return factor * logarithm
    return weighed(factor, logarithm) if logarithm.is_nan else 0 * factor


def weighed_reciprocal(factor: Number, x: Rounded) -> Number:
    """factor/x: of a factor of 0 it is 0, and may be NaN if x is NaN; of x = 0, whose sign isn't known, ∞ or -∞."""
    if is_exact_zero(x.like(factor).operand()):
        return weighed(factor, x) if x.is_nan else 0 * factor
    return x.unbounded(x.undecided | CHOICE) if is_exact_zero(x.operand()) else factor / x


def is_exact_zero(number: Rounded) -> bool:
    """Whether a number is 0 for everybody."""
    return number.is_zero and number.terms == 1 and number.terms_error == 0 and not number.undecided


def _result(a: Rounded, b: Rounded, result: float, known: bool, undecided: int) -> Rounded:
    """The result, unless the error of an operand decides about it and the other one isn't NaN."""
    if known or a.is_nan or b.is_nan:
        return type(a)(result, a.arithmetic).opened(undecided)
    return a.unbounded(undecided)


def _sign_is_known(number: Rounded) -> bool:
    return number.special is not None or number.terms_error == 0 or abs(number.outward()) > number.terms_error
