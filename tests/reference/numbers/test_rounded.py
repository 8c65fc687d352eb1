"""What a rounded number says of itself: its value, its distance from others, NaN and infinities, its functions."""

from __future__ import annotations

import math
from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reference import elementary
from reference.numbers import Arithmetic, Rounded
from reference.numbers.arithmetic import ULPS
from tests.reference.numbers.bounded_calls import SINGLE
from tests.reference.numbers.machine import Processor
from tests.reference.support import few, many

WIDTHS = {"float16": 16, "float32": 32, "float64": 64}


# NaN and infinities.

SPECIALS = [math.nan, math.inf, -math.inf, 0.0, 1.0, -2.0]


def _same(x: float, y: float) -> bool:
    return x == y or (x != x and y != y)


@pytest.mark.parametrize("sign", "+-*/")
@pytest.mark.parametrize("y", SPECIALS)
@pytest.mark.parametrize("x", SPECIALS)
def test_special_values_propagate_as_in_floats(x: float, y: float, sign: str):
    processor = Processor(Arithmetic("float64"), 0)
    a, b = Rounded(x, SINGLE), Rounded(y, SINGLE)
    came = {"+": lambda: a + b, "-": lambda: a - b, "*": lambda: a * b, "/": lambda: a / b}[sign]()
    wanted = processor.operate(*{"-": ("+", x, -y), "*": ("·", x, y)}.get(sign, (sign, x, y)))
    assert _same(float(came.closed().value), wanted)
    assert came.distance(wanted) == 0
    assert came.error == 0


@pytest.mark.parametrize("name", ["exp", "log", "sqrt", "tanh", "sigmoid"])
@pytest.mark.parametrize("x", [math.nan, math.inf, -math.inf])
def test_elementary_functions_of_special_values_are_those_of_floats(name: str, x: float):
    function = getattr(elementary, name)
    assert _same(function(Rounded(x, SINGLE)).value, function(x))


@pytest.mark.parametrize("x", SPECIALS)
@pytest.mark.parametrize("y", SPECIALS)
def test_the_maximum_of_special_values_is_that_of_floats(x: float, y: float):
    assert _same(float(Rounded(x, SINGLE).maximum(Rounded(y, SINGLE)).value), elementary.maximum(x, y))


@pytest.mark.parametrize(
    "number",
    [Rounded(1, SINGLE), Rounded(1, SINGLE, 5.0), Rounded(math.inf, SINGLE), Rounded(SINGLE.largest, SINGLE) * 2],
    ids=repr,
)
def test_nan_never_passes_where_a_number_is_wanted(number: Rounded):
    assert not number.distance(math.nan) <= number.error
    assert number.error < math.inf


def test_only_nan_passes_where_nan_is_wanted():
    nan = Rounded(math.nan, SINGLE)
    assert nan.distance(math.nan) <= nan.error
    for other in (0.0, 1.0, math.inf, -math.inf):
        assert not nan.distance(other) <= nan.error


def test_infinity_is_no_number_that_is_near_to_any():
    assert not Rounded(1, SINGLE, 1e30).distance(math.inf) <= 1e30
    assert not Rounded(math.inf, SINGLE).distance(-math.inf) <= 0
    assert not Rounded(math.inf, SINGLE).distance(SINGLE.largest) <= 0


# Values and distances.


@given(st.fractions(max_denominator=10**6), st.floats(allow_nan=False, allow_infinity=False))
@many
def test_a_distance_is_never_too_small_and_at_most_a_few_bits_too_large(value: Fraction, came: float):
    number = Rounded(value, Arithmetic("float64"))
    exact, distance = abs(number.value - Fraction(came)), number.distance(came)
    assert distance == math.inf or exact <= Fraction(distance)
    if Fraction(2) ** -1000 < exact < Fraction(2) ** 1000:
        assert Fraction(distance) <= exact * (1 + Fraction(1, 2**52))
    assert (distance == 0) == (exact == 0)


@pytest.mark.parametrize("format", ["float16", "float32", "float64"])
@pytest.mark.parametrize("name", ["exp", "log", "sqrt", "tanh", "sigmoid"])
@given(st.data())
@few
def test_elementary_values_are_right_to_fifty_digits(name: str, format: str, data: st.DataObject):
    positive = (
        {"min_value": 2.0**-14, "max_value": 1000} if name in ("log", "sqrt") else {"min_value": -80, "max_value": 80}
    )
    x = data.draw(st.floats(**positive, width=WIDTHS[format], allow_subnormal=False))
    arithmetic = Arithmetic(format)
    number = getattr(elementary, name)(Rounded(x, arithmetic))
    with localcontext() as context:
        context.prec = 80
        wanted = Fraction(getattr(elementary, name)(Decimal(x)))
    if number.error < math.inf and isinstance(number.value, Fraction):
        assert abs(number.value - wanted) <= abs(wanted) * Fraction(1, 10**50)
        # A size next below a power of two, whose ULP is half as large, may be taken for it.
        ulp = arithmetic.ulp(min(float(abs(wanted) * (1 + Fraction(1, 2**50))) or 5e-324, arithmetic.largest))
        # The claimed ULPs and no more, but for the floor and the last bits of the bound itself.
        claimed = Fraction(ULPS[name]) * Fraction(ulp) + Fraction(arithmetic.floor)
        assert Fraction(number.error) <= claimed * (1 + Fraction(1, 2**40))


@pytest.mark.parametrize("name", ["exp", "log", "sqrt", "tanh", "sigmoid"])
@given(st.floats(-30, 30, width=32), st.floats(0, 20, width=32), st.integers(-8, 8))
@example(-1000.0, 1001.0, 8)
@example(0.0, 0.5, 8)
@many
def test_errors_of_arguments_propagate_through_the_largest_slope(name: str, x: float, error: float, eighths: int):
    arithmetic = Arithmetic("float32", flush_to_zero=False, ulps=dict.fromkeys(ULPS, 0.0))
    argument = Rounded.within(x, arithmetic, error)
    bound = getattr(elementary, name)(argument)
    with localcontext() as context:
        context.prec = 60
        off = Decimal(x) + Decimal(error) * eighths / 8
        if (off <= 0 and name in ("log", "sqrt")) or bound.error == math.inf:
            return
        wanted = Fraction(getattr(elementary, name)(off))
    if isinstance(bound.value, Fraction):
        assert abs(bound.value - wanted) <= Fraction(bound.error)


def test_an_exponential_of_something_utterly_uncertain_is_unbounded():
    assert Rounded.within(0, SINGLE, 1e4).exp().error == math.inf


@given(st.integers(-(2**40), 2**40), st.integers(-60, 20))
@many
def test_values_are_kept_exactly(mantissa: int, exponent: int):
    value = mantissa * Fraction(2) ** exponent
    assert Rounded(value, SINGLE).value == value
    assert (Rounded(value, SINGLE) * Rounded(value, SINGLE)).value == value * value
    assert (Rounded(value, SINGLE) - Rounded(value, SINGLE)).value == 0


def test_an_unknown_format_says_which_there_are():
    with pytest.raises(ValueError, match=r"format: wanted one of float16, .*; got 'float8'"):
        Arithmetic("float8")


# What others compare with.


@given(st.fractions(), st.integers(-1200, 1200))
@example(Fraction(1, 3), 0)
@example(Fraction(2**53 + 1), 0)
@example(Fraction(-(2**60) - 1), 1000)
@many
def test_a_number_is_the_float_next_to_its_value(value: Fraction, power: int):
    number = Rounded(value * Fraction(2) ** power, SINGLE)
    came = float(number)
    if math.isinf(came):
        assert abs(number.value) > Fraction(Arithmetic("float64").largest)
        assert (came > 0) == (number.value > 0)
        return
    off = abs(Fraction(came) - number.value)
    for neighbour in (math.nextafter(came, math.inf), math.nextafter(came, -math.inf)):
        assert math.isinf(neighbour) or off <= abs(Fraction(neighbour) - number.value)


@pytest.mark.parametrize("special", [math.nan, math.inf, -math.inf])
def test_special_values_are_floats_themselves_and_not_zero(special: float):
    assert _same(float(Rounded(special, SINGLE)), special)
    assert not Rounded(special, SINGLE).is_zero


def test_zero_is_zero_whatever_its_error():
    third = Rounded(Fraction(1, 3), SINGLE)
    for zero in (Rounded(0, SINGLE), Rounded(-0.0, SINGLE), third - third, third * 0):
        assert zero.is_zero
        assert float(zero) == 0
    assert (third - third).error > 0
    assert not Rounded(5e-324, SINGLE).is_zero


def test_the_error_is_that_of_the_closed_number():
    total = Rounded(0.5, SINGLE) + Fraction(1, 3) + 0.1
    closed = total.closed()
    assert closed.closed() is closed
    assert closed.error == total.error > Rounded(0.5, SINGLE).error
    assert closed.value == total.value


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (Rounded(6, SINGLE), "Rounded(6 ± 0)"),
        (Rounded(0.1 + 0.2, Arithmetic("float64")), "Rounded(0.30000000000000004 ± 0)"),
        (Rounded(-2.5, SINGLE, 0.125), "Rounded(-2.5 ± 0.125)"),
        (Rounded(1e300, Arithmetic("float64")), "Rounded(1e+300 ± 0)"),
        (Rounded(math.nan, SINGLE), "Rounded(nan ± 0)"),
    ],
)
def test_a_number_shows_every_digit_that_tells_it_from_the_next_float(number: Rounded, text: str):
    assert repr(number) == text
