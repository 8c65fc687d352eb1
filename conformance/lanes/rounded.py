"""`Rounded` in lanes: for whole arrays the value, in a wider format, and the bound of the claimed arithmetic.

Why no directed rounding is needed. A bound is a sum of products of non-negative floats: computing it in float64 loses
at most some 2⁻⁵³ of it. And the value's own error, in the wide format, obeys the very same bound with the wide format's
roundoff in place of the claimed one; the bound is convex in the roundoffs and 0 where they are, so that error is at
most the largest ratio of wide to claimed roundoff times the bound. `slack` covers both.

What these lanes can't tell is read with `Rounded`: NaN and infinities, what may overflow, comparisons that branch.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np

from conformance.arrays import Array, arrays_in
from conformance.lanes.bounded import EXACT, Bounded
from conformance.lanes.choosing import branch, chosen, coarser, larger, shares
from conformance.lanes.functions import function_of
from conformance.lanes.reading import Axes, read
from conformance.lanes.wide import WIDE, is_wide_enough, slack, wide_bits
from reference.errors import Undecidable
from reference.numbers import Arithmetic

#: Values are multiples of one of these powers of two, or of none that is of use.
GRAINS = (0, -4, -24)
#: Of fewer lanes than so many, one number after the other is read sooner.
FEWEST = 8


class TooLarge(Exception):
    """Something that may overflow: lanes don't tell what comes of it."""


class RoundedLanes:
    """Many numbers at once, each with a bound on the error of whoever computes it in a given arithmetic.

    As `reference.numbers.Rounded`, whose rules these are; sums stay open in the same way.
    """

    __slots__ = (
        "arithmetic",
        "error",
        "exactly",
        "grain",
        "is_difference",
        "magnitude",
        "peak",
        "terms",
        "undecided",
        "value",
        "zeros",
    )

    def __init__(
        self,
        value: Array,
        arithmetic: Arithmetic,
        error: Any = EXACT,
        magnitude: Array | None = None,
        terms: Any = 1,
        grain: int | None = None,
        undecided: Any = False,
        peak: float | None = None,
        zeros: bool = False,
    ) -> None:
        self.value, self.arithmetic, self.error, self.terms = value, arithmetic, error, terms
        self.magnitude = np.abs(value).astype(np.float64) if magnitude is None else magnitude
        #: every value is a multiple of 2^grain; None: of nothing of use
        self.grain, self.undecided = grain, undecided
        #: of a sum of two exact terms: where the format holds it
        self.exactly: Any = False
        #: no magnitude is larger, nor was any on the way
        self.peak = float(self.magnitude.max()) if peak is None else peak
        #: whether some may be an exact 0, which is no term of a sum
        self.zeros = zeros
        self.is_difference = False
        if not self.peak <= arithmetic.largest / 2:
            raise TooLarge

    @property
    def lanes(self) -> tuple[int, ...]:
        """How many there are, along each lane."""
        return self.value.shape

    def closed(self) -> RoundedLanes:
        """The numbers with the cost of their open sums added, in whatever order they are summed."""
        if type(self.terms) is int and self.terms == 1:
            return self
        if self._is_exact_throughout(self.arithmetic.accumulation_precision):
            # Exact: what its terms were no longer matters.
            return RoundedLanes(
                self.value, self.arithmetic, EXACT, None, 1, self.grain, self.undecided, self.peak, self.zeros
            )
        u, additions = self.arithmetic.accumulation_roundoff, np.maximum(self.terms - 1, 0)
        size = np.abs(self.value).astype(np.float64)
        roundoff = additions * u
        summed = np.where(additions == 1, size + self.error, self.magnitude)
        error = self.error + roundoff / (1 - roundoff) * summed
        smallest = self.arithmetic.accumulation_exponent
        if self.arithmetic.flush_to_zero and (self.grain is None or self.grain < smallest):
            error = error + additions * math.ldexp(1.0, smallest)
        error = np.where(self._is_exact(additions), 0.0, error)
        magnitude = np.where(additions == 0, self.magnitude, size + error)  # what is no sum stays as it is
        return RoundedLanes(self.value, self.arithmetic, error, magnitude, 1, self.grain, self.undecided, self.peak)

    def _is_exact_throughout(self, precision: int) -> bool:
        """Whether all are exact multiples of a power of two, and so small that so many bits hold each of them."""
        return self.error is EXACT and self.grain is not None and self.peak <= 2.0 ** min(self.grain + precision, 1023)

    def _is_exact(self, additions: Any) -> Any:
        """Where every partial sum, in any order, is a number of the format."""
        exact = self.exactly & (additions == 1)
        if self.grain is not None:
            most = 2.0 ** min(self.grain + self.arithmetic.accumulation_precision, 1023)
            exact = exact | (np.asarray(self.error == 0) & (self.magnitude <= most))
        return exact | ((additions == 0) & np.asarray(self.error == 0))

    def like(self, other: Any) -> Any:
        """A plain number as one of these."""
        return other if type(other) is RoundedLanes else single(other, self.arithmetic)

    def __add__(self, other: Any) -> RoundedLanes:
        if type(other) is not RoundedLanes:
            if other == 0:
                return self
            other = self.like(other)
        # A difference is one operation, and made before it enters another sum.
        a, b = (each.closed() if each.is_difference else each for each in (self, other))
        number = RoundedLanes(
            a.value + b.value,
            a.arithmetic,
            # Both together, too, are that very 0, by which exact numbers are known.
            EXACT if a.error is EXACT and b.error is EXACT else a.error + b.error,
            a.magnitude + b.magnitude,
            _terms(a) + _terms(b),
            coarser(a.grain, b.grain),
            a.undecided | b.undecided,
            a.peak + b.peak,
        )
        known = number._is_exact_throughout(self.arithmetic.accumulation_precision)
        if not known and np.max(a.terms) <= 1 and np.max(b.terms) <= 1:
            number._note_exactness(a.value, b.value)
        return number

    def _note_exactness(self, one: Array, other: Array) -> None:
        """Of a sum of two terms, note where they are exact and the format holds it: there it is one exact term."""
        exact = np.asarray(self.error == 0)  # the errors of both are not negative
        if not exact.any():
            return
        rest = self.value - one  # Knuth's TwoSum: what the wide format itself lost
        lost = (one - (self.value - rest)) + (other - rest)
        self.exactly = exact & (lost == 0) & (self.value == self.value.astype(self.arithmetic.format))

    def __mul__(self, other: Any) -> Any:
        if type(other) is not RoundedLanes:
            if other == 0:
                return 0
            other = self.like(other)
        a, b = self.closed(), other.closed()
        value, size = a.value * b.value, a.magnitude * b.magnitude
        grain = None if a.grain is None or b.grain is None else a.grain + b.grain
        propagated: Any = EXACT
        if a.error is not EXACT:
            propagated = b.magnitude * a.error
        if b.error is not EXACT:
            propagated = propagated + a.magnitude * b.error
        undecided, peak, arithmetic = a.undecided | b.undecided, a.peak * b.peak, self.arithmetic
        if propagated is EXACT and grain is not None and peak <= 2.0 ** min(grain + arithmetic.precision, 1023):
            number = RoundedLanes(value, arithmetic, EXACT, size, 1, grain, undecided, peak)
        else:
            error = propagated + arithmetic.unit_roundoff * size + arithmetic.floor
            error = self._but_for_exact(error, np.asarray(propagated == 0), lambda: self._fits(value, a.value, b.value))
            number = RoundedLanes(value, arithmetic, error, size + error, 1, grain, undecided, peak)
        if a.zeros or b.zeros:
            number.terms, number.zeros = np.where(_exact_zeros(a) | _exact_zeros(b), 0, 1), True
        return number

    __radd__, __rmul__ = __add__, __mul__

    def _but_for_exact(self, error: Any, exact: Array, fits: Callable[[], Any]) -> Any:
        """One operation's errors: none where its operands are exact and the format holds the result."""
        if not exact.any():
            return error
        error = np.where(exact & fits(), 0.0, error)
        return error if error.any() else EXACT

    def __neg__(self) -> RoundedLanes:
        number = RoundedLanes(
            -self.value, self.arithmetic, self.error, self.magnitude, self.terms, self.grain, self.undecided, self.peak
        )
        number.exactly, number.is_difference = self.exactly, self.is_difference
        return number

    def __sub__(self, other: Any) -> RoundedLanes:
        number = self + -other
        number.is_difference = True
        return number

    def __rsub__(self, other: Any) -> RoundedLanes:
        number = -self + other
        number.is_difference = True
        return number

    def __truediv__(self, other: Any) -> RoundedLanes:
        a, b = self.closed(), self.like(other).closed()
        value = a.value / b.value
        size = np.abs(value).astype(np.float64)
        # A divisor that may be 0 makes this negative or NaN: whoever reads such numbers finds no bound.
        smallest = np.abs(b.value).astype(np.float64) * (1 - 2.0**-50) - b.error
        propagated = (a.error + size * b.error) / np.where(smallest > 0, smallest, np.nan)
        size = size + propagated
        error = propagated + self.arithmetic.unit_roundoff * size + self.arithmetic.floor
        # The wide format holds the product of quotient and divisor, and so tells whether it is the dividend.
        exact = np.asarray((a.error + b.error) == 0) & (value * b.value == a.value)
        error = self._but_for_exact(error, exact, lambda: self._fits(value, value, b.value))
        return RoundedLanes(value, self.arithmetic, error, size + error, undecided=a.undecided | b.undecided)

    def _fits(self, value: Array, *factors: Array) -> Any:
        """Where the format holds a number, and one of two factors is so short that the wide format holds their product.

        Then a product is what it seems, and a quotient, which is a factor of its dividend, too.
        """
        narrow = value.astype(self.arithmetic.format)
        rest = wide_bits(self.arithmetic.format) - self.arithmetic.bits
        short = rest >= self.arithmetic.bits or _has_bits(factors[0], rest) | _has_bits(factors[1], rest)
        in_range = (np.abs(narrow) >= self.arithmetic.floor) | (value == 0)
        return short & in_range & (value == narrow)

    def __rtruediv__(self, other: Any) -> RoundedLanes:
        return self.like(other) / self

    def exp(self) -> RoundedLanes:
        return function_of("exp", self.closed())

    def tanh(self) -> RoundedLanes:
        return function_of("tanh", self.closed())

    def sigmoid(self) -> RoundedLanes:
        return function_of("sigmoid", self.closed())

    def log(self) -> RoundedLanes:
        return function_of("log", self.closed())

    def sqrt(self) -> RoundedLanes:
        return function_of("sqrt", self.closed())

    def _undecided(self, other: Any) -> bool:
        raise Undecidable("lanes may differ: there is no one answer")

    __lt__ = __le__ = __gt__ = __ge__ = _undecided

    def maximum(self, other: Any) -> RoundedLanes:
        return larger(self.closed(), self.like(other).closed())

    def where_positive(self, yes: Any, no: Any) -> RoundedLanes:
        return branch(self.closed(), self.like(yes).closed(), self.like(no).closed())

    def shares_of_largest(self, values: Sequence[Any], gradient: Any) -> list[RoundedLanes]:
        return shares([self.like(value).closed() for value in values], self.like(gradient).closed())

    def times_log(self, factor: Any) -> RoundedLanes:
        """factor·log(x), and nothing where the factor is an exact 0."""
        weight, number = self.like(factor), self.closed()
        value = np.where(_exact_zeros(weight), 1, number.value)  # in those places its logarithm doesn't count
        safe = RoundedLanes(value, number.arithmetic, number.error, undecided=number.undecided)
        return cast("RoundedLanes", weight * safe.log())

    def over(self, factor: Any) -> RoundedLanes:
        """factor/self, and 0 where the factor is an exact 0."""
        weight, number = self.like(factor).closed(), self.closed()
        nothing = _exact_zeros(weight)
        safe = RoundedLanes(np.where(nothing, 1, number.value), number.arithmetic, number.error)
        quotient = weight / safe
        error = np.where(nothing, 0.0, quotient.error)
        undecided = weight.undecided | number.undecided
        return RoundedLanes(quotient.value, self.arithmetic, error, np.abs(quotient.value) + error, undecided=undecided)

    def where(self, chooses: Any, yes: Any, no: Any) -> RoundedLanes:
        """One number or the other, as an array of truth values says."""
        return chosen(np.ones_like(chooses), chooses, self.like(yes).closed(), self.like(no).closed())


def _has_bits(numbers: Array, most: int) -> Any:
    """Where numbers have at most so many significant bits."""
    mantissas = np.ldexp(np.frexp(numbers)[0], most)
    return mantissas == np.floor(mantissas)


def _is_one(terms: Any) -> bool:
    return type(terms) is int and terms == 1


def _terms(number: RoundedLanes) -> Any:
    """How many terms numbers are of a sum: an exact 0 is none."""
    return np.where(_exact_zeros(number), 0, 1) if number.zeros and _is_one(number.terms) else number.terms


def _exact_zeros(number: RoundedLanes) -> Any:
    """Where numbers are an exact 0."""
    return (number.value == 0) & np.asarray(number.error == 0)


def single(number: Any, arithmetic: Arithmetic) -> RoundedLanes:
    """A plain number, the same in every lane."""
    value = np.asarray(number, WIDE[arithmetic.format])
    # What the format doesn't hold, a slope of 0.01 say, is rounded to it first.
    held = value == value.astype(arithmetic.format)
    error = EXACT if held else float(np.abs(value)) * arithmetic.unit_roundoff + arithmetic.floor
    magnitude = np.abs(value).astype(np.float64) + error
    return RoundedLanes(value, arithmetic, error, magnitude, grain=grain_of(value), zeros=number == 0)


def grain_of(values: Array) -> int | None:
    """The largest of GRAINS of whose power of two all values are multiples."""
    for grain in GRAINS:
        scaled = values * 2.0**-grain
        if (scaled == np.rint(scaled)).all():
            return grain
    return None


def numbers_of(arithmetic: Arithmetic) -> Callable[[Array], Callable[[Array], RoundedLanes]]:
    """What makes numbers of parts of an array."""
    wide = WIDE[arithmetic.format]

    def of_array(array: Array) -> Callable[[Array], RoundedLanes]:
        grain, zeros = grain_of(array), not array.all()
        return lambda part: RoundedLanes(part.astype(wide), arithmetic, grain=grain, zeros=zeros)

    return of_array


def can_be_read_in_lanes(data: Sequence[Any], arithmetic: Arithmetic) -> bool:
    """Whether lanes tell what comes of some arrays in an arithmetic."""
    return lanes_know(arithmetic) and all(_is_plain(array, arithmetic) for array in arrays_in(tuple(data)))


def lanes_know(arithmetic: Arithmetic) -> bool:
    """Whether lanes have the rules of an arithmetic: those of IEEE, and functions with any number of ULPs."""
    ieee = Arithmetic(arithmetic.format)
    plain = arithmetic.unit_roundoff == arithmetic.accumulation_roundoff == ieee.unit_roundoff and not (
        arithmetic.input_roundoff or arithmetic.absolute_errors or arithmetic.underflows
    )
    return plain and is_wide_enough(arithmetic.format)


def _is_plain(array: Array, arithmetic: Arithmetic) -> bool:
    """Whether numbers are finite, and none is so small that the machine may flush it to 0 before it begins."""
    sizes = np.abs(array)
    small = arithmetic.flush_to_zero and bool(((sizes > 0) & (sizes < arithmetic.smallest_normal)).any())
    return bool(np.isfinite(sizes).all()) and not small


def bounded_results(
    text: Callable[..., Any], axes: Axes, data: Sequence[Any], hyperparameters: dict[str, Any], arithmetic: Arithmetic
) -> Any:
    """The results of a reference function with their bounds; raises TooLarge where lanes don't tell."""
    factor = slack(arithmetic)

    def bounded(unfold: Callable[[Callable[[Any], Any]], Array]) -> Bounded:
        numbers = _closed(unfold, arithmetic)
        if not (np.isfinite(numbers.values).all() and np.isfinite(numbers.errors).all()):
            raise TooLarge
        return Bounded(numbers.values, numbers.errors * factor, numbers.undecided)

    with np.errstate(all="ignore"):
        # Floats are rounded to the format before anything is computed of them, 1 - β say.
        rates = {n: single(v, arithmetic) if isinstance(v, float) else v for n, v in hyperparameters.items()}
        return read(text, axes, data, rates, numbers_of(arithmetic), bounded)


def _closed(unfold: Callable[[Callable[[Any], Any]], Array], arithmetic: Arithmetic) -> Bounded:
    def value(number: Any) -> Any:
        return number.value if type(number) is RoundedLanes else WIDE[arithmetic.format](number)

    def error(number: Any) -> Any:
        return number.closed().error if type(number) is RoundedLanes else EXACT

    def undecided(number: Any) -> Any:
        return number.undecided if type(number) is RoundedLanes else False

    return Bounded(unfold(value), unfold(error), unfold(undecided))
