"""Numbers as a machine computes them, to hold the bounds of `Rounded` against.

Every operation is NumPy's own, in float16, float32 or float64 (bfloat16, which NumPy lacks, is rounded from exact
fractions, and so is everything of an arithmetic with fewer bits than its format). A sum stays open until its value is
needed and is then added up in an order and a tree drawn at random, with or without fused multiply-adds. Elementary
functions are off by as much as the arithmetic claims that they may be.
"""

from __future__ import annotations

import math
from decimal import Decimal, localcontext
from fractions import Fraction
from random import Random
from typing import Any

import numpy as np

from reference import elementary
from reference.numbers import Arithmetic
from reference.numbers.arithmetic import FORMATS

DTYPES = {"float16": np.float16, "float32": np.float32, "float64": np.float64}
#: How a sum may be added up.
ORDERS = ("shuffled", "largest first", "smallest first", "pairwise", "random tree")


def nearest(value: Fraction, precision: int, smallest_exponent: int, top: int) -> float:
    """The nearest number with so many significant bits, ties to even: IEEE 754's rounding, in exact arithmetic."""
    if value == 0:
        return 0.0
    size = abs(value)
    exponent = size.numerator.bit_length() - size.denominator.bit_length()
    if Fraction(2) ** exponent > size:
        exponent -= 1
    quantum = Fraction(2) ** max(exponent - precision + 1, smallest_exponent)
    rounded = round(value / quantum) * quantum
    if abs(rounded) >= Fraction(2) ** top:
        return math.copysign(math.inf, value)
    return float(rounded)


class Processor:
    """A machine that keeps what an arithmetic claims, and does within the claim whatever its dice say."""

    def __init__(
        self, arithmetic: Arithmetic, seed: int, *, fused: bool = False, exact_functions: bool = False
    ) -> None:
        self.arithmetic, self.random = arithmetic, Random(seed)
        self.fused, self.exact_functions = fused, exact_functions
        self.dtype = DTYPES.get(arithmetic.format)
        self.bits, self.subnormal, self.top = FORMATS[arithmetic.format]
        self.smallest_normal = math.ldexp(1.0, self.subnormal + self.bits - 1)

    def number(self, value: Any) -> Computed:
        """An input: in the format, and with fewer bits where the arithmetic claims that."""
        if isinstance(value, float) and not math.isfinite(value):
            return Computed(self, [value])
        kept = self.nearest(Fraction(value), self.bits)
        return Computed(self, [self.flush(self.nearest(Fraction(kept), self.arithmetic.input_precision))])

    def nearest(self, value: Fraction, precision: int) -> float:
        """The nearest number of so many bits; with fewer bits, the steps of subnormal numbers are larger."""
        return nearest(value, precision, self.subnormal + self.bits - precision, self.top)

    def flush(self, value: float) -> float:
        """Subnormal results may be zero, where that is claimed."""
        subnormal = 0 < abs(value) < self.smallest_normal
        return 0.0 if subnormal and self.arithmetic.flush_to_zero and self.random.random() < 0.7 else value

    def operate(self, sign: str, x: float, y: float) -> float:
        """One rounded operation."""
        precision = self.arithmetic.precision
        by_hand = self.dtype is None or precision < self.bits
        if by_hand and math.isfinite(x) and math.isfinite(y) and (sign != "/" or y):
            return self.flush(self.nearest(_exactly(sign, Fraction(x), Fraction(y)), precision))
        dtype = self.dtype or np.float64
        with np.errstate(all="ignore"):
            a, b = dtype(x), dtype(y)
            return self.flush(float(a + b if sign == "+" else a * b if sign == "·" else a / b))

    def add(self, x: float, y: float) -> float:
        """An addition inside a sum, which may be coarser than others."""
        if self.arithmetic.accumulation_precision == self.bits or not (math.isfinite(x) and math.isfinite(y)):
            return self.operate("+", x, y)
        return self.flush(self.nearest(Fraction(x) + Fraction(y), self.arithmetic.accumulation_precision))

    def fused_multiply_add(self, x: float, y: float, z: float) -> float:
        """x·y + z with a single rounding."""
        if not all(map(math.isfinite, (x, y, z))):
            return self.add(self.operate("·", x, y), z)
        exact = Fraction(x) * Fraction(y) + Fraction(z)
        return self.flush(self.nearest(exact, self.arithmetic.accumulation_precision))

    def total(self, terms: list[Any]) -> float:
        """A sum of numbers and of unrounded products (pairs), in an order drawn at random."""
        order = self.random.choice(ORDERS)
        begins_at_zero = _is_zero(terms[0])
        # Zeros from padding or to start from are no terms, but an accumulator with few bits rounds what is added first.
        terms = [term for term in terms if not _is_zero(term)] or [0.0]
        self.random.shuffle(terms)
        if begins_at_zero or (len(terms) > 1 and self.arithmetic.rounds_first_terms_always):
            terms = [self.plus(0.0, term) for term in terms]
        if order in ("largest first", "smallest first"):
            terms.sort(key=lambda term: abs(self.rounded(term)), reverse=order == "largest first")
        if order == "pairwise":
            return self.pairwise(terms)
        while order == "random tree" and len(terms) > 1:
            terms.append(self.plus(terms.pop(), terms.pop(self.random.randrange(len(terms)))))
            self.random.shuffle(terms)
        result = self.rounded(terms[0])
        for term in terms[1:]:
            result = self.plus(result, term)
        return result

    def pairwise(self, terms: list[Any]) -> float:
        middle = len(terms) // 2
        if middle == 0:
            return self.rounded(terms[0])
        return self.plus(self.pairwise(terms[:middle]), self.pairwise(terms[middle:]))

    def plus(self, x: Any, y: Any) -> float:
        if self.fused and isinstance(y, tuple):
            return self.fused_multiply_add(*y, self.rounded(x))
        return self.add(self.rounded(x), self.rounded(y))

    def rounded(self, term: Any) -> float:
        return self.operate("·", *term) if isinstance(term, tuple) else term

    def function(self, name: str, x: float) -> float:
        """An elementary function, off by up to what is claimed of its exact value."""
        exact, precision = exact_value(name, x), self.arithmetic.precision
        if not isinstance(exact, Fraction):
            return exact
        came = self.nearest(exact, precision)
        if not self.exact_functions and math.isfinite(came):
            claimed, share = (
                self.claimed_error(name, exact),
                self.random.choice((-1.0, 1.0, self.random.uniform(-1, 1))),
            )
            off = self.nearest(exact + Fraction(share) * claimed, precision)
            came = off if math.isfinite(off) and abs(Fraction(off) - exact) <= claimed else came
        if name in self.arithmetic.underflows and abs(came) < self.smallest_normal:
            return 0.0
        return self.flush(came)

    def claimed_error(self, name: str, exact: Fraction) -> Fraction:
        precision, absolute = self.arithmetic.precision, self.arithmetic.absolute_errors.get(name, 0.0)
        steps = self.subnormal + self.bits - precision
        ulp = Fraction(2) ** max(_exponent(exact) - precision + 1, steps) if exact else Fraction(0)
        # A hair inside the claim: bounds know the exact value to 192 bits, and this to 60 digits.
        return max(Fraction(self.arithmetic.ulps[name]) * ulp, Fraction(absolute)) * (1 - Fraction(1, 2**60))


class Computed:
    """A number that a processor computes with: an open sum of floats and of products that are not yet rounded."""

    __slots__ = ("is_difference", "processor", "terms")

    def __init__(self, processor: Processor, terms: list[Any], is_difference: bool = False) -> None:
        self.processor, self.terms, self.is_difference = processor, terms, is_difference

    def __float__(self) -> float:
        return self.processor.total(self.terms)

    def __repr__(self) -> str:
        return f"Computed({float(self)!r})"

    def begin_sum(self) -> Computed:
        """The first term of a sum, which starts from 0."""
        return Computed(self.processor, [0.0, *self.terms])

    def _same(self, other: Any) -> Computed:
        return other if isinstance(other, Computed) else self.processor.number(other)

    def __add__(self, other: Any) -> Computed:
        return Computed(self.processor, self._summands() + self._same(other)._summands())

    def _summands(self) -> list[Any]:
        """A difference is computed before it enters another sum."""
        return [float(self)] if self.is_difference else self.terms

    def __neg__(self) -> Computed:
        terms = [(-t[0], t[1]) if isinstance(t, tuple) else -t for t in self.terms]
        return Computed(self.processor, terms, self.is_difference)

    def __sub__(self, other: Any) -> Computed:
        return Computed(self.processor, (self + -self._same(other)).terms, is_difference=True)

    def __rsub__(self, other: Any) -> Computed:
        return self._same(other) - self

    def __mul__(self, other: Any) -> Computed:
        return Computed(self.processor, [(float(self), float(self._same(other)))])

    def __truediv__(self, other: Any) -> Computed:
        return Computed(self.processor, [self.processor.operate("/", float(self), float(self._same(other)))])

    def __rtruediv__(self, other: Any) -> Computed:
        return self._same(other) / self

    __radd__ = __add__
    __rmul__ = __mul__

    def __lt__(self, other: Any) -> bool:
        return float(self) < float(other)

    def __le__(self, other: Any) -> bool:
        return float(self) <= float(other)

    def __gt__(self, other: Any) -> bool:
        return float(self) > float(other)

    def __ge__(self, other: Any) -> bool:
        return float(self) >= float(other)

    def __eq__(self, other: object) -> bool:
        return float(self) == float(other)  # type: ignore[arg-type]

    __hash__ = None  # type: ignore[assignment]

    def maximum(self, other: Any) -> Computed:
        # Both are computed once: a second order of summation could make the loser win.
        x, y = float(self), float(self._same(other))
        return Computed(self.processor, [elementary.maximum(x, y)])

    def exp(self) -> Computed:
        return self._function("exp")

    def log(self) -> Computed:
        return self._function("log")

    def sqrt(self) -> Computed:
        return self._function("sqrt")

    def tanh(self) -> Computed:
        return self._function("tanh")

    def sigmoid(self) -> Computed:
        return self._function("sigmoid")

    def _function(self, name: str) -> Computed:
        return Computed(self.processor, [self.processor.function(name, float(self))])

    def shares_of_largest(self, values: list[Any], gradient: Any) -> list[Any]:
        floats = [float(value) for value in values]
        winner = floats.index(max(floats))
        return [gradient if place == winner else 0 for place in range(len(values))]


def exact_value(name: str, x: float) -> Fraction | float:
    """An elementary function to 50 digits and more; a float where it is NaN or infinite."""
    special = not math.isfinite(x) or (x <= 0 and name in ("log", "sqrt")) or (name == "exp" and x > 800)
    if special:
        return getattr(elementary, name)(x)
    with localcontext() as context:
        context.prec = 60
        return Fraction(getattr(elementary, name)(Decimal(x)))


def _is_zero(term: Any) -> bool:
    return 0 in term if isinstance(term, tuple) else term == 0


def _exactly(sign: str, x: Fraction, y: Fraction) -> Fraction:
    return x + y if sign == "+" else x * y if sign == "·" else x / y


def _exponent(value: Fraction) -> int:
    size = abs(value)
    exponent = size.numerator.bit_length() - size.denominator.bit_length()
    return exponent - 1 if Fraction(2) ** exponent > size else exponent
