"""exp, log, sigmoid and tanh of numbers and of vectors of them (`vectors`): arithmetic without branch, table or call.

The ladder:
1. `math.exp` in a loop: correct, and one library call a number.
2. Cody and Waite's reduction x = k·ln 2 + r, |r| ≤ ln(2)/2, ln 2 split in two so that k·(first part) is exact; a Taylor
   polynomial of eʳ; then 2ᵏ put into the exponent's bits.
3. k comes from adding 1.5·2ᵖ, which leaves the nearest integer in the last bits, so no conversion to integers either.
4. vectors said, not left to the compiler: in place it would take one number at a time, on AVX-512 half a register.
5. two vectors at a time, as one value, where loops are written for that (`load_pair`): what one waits for, the other
   computes.
6. tanh of float32 by table where registers hold one (`tanh_table`): 0.77 ns became 0.39.
7. errors compensated where an ULP can be had for less than an operation in float64, which would cost twice as much.

What is compensated: a sum whose error is known goes on as two numbers, and the quotient a/(1 + a) is corrected by what
a fused multiply-add says is missing (`over_one_plus`), so that sigmoid and tanh round once at the end, as exp does; log
subtracts what is small from what is exact. Where no product is fused with a sum, float32 is computed in float64.

Errors are at most these, in ULPs, rounded up, where tanh isn't looked up; `seen` is the largest of all 2³² numbers, by
tests/fast/cpu/exhaustive.py:

               float32   seen    at              float64     not fused: float32   float64
    exp        0.99      0.945   -38.464039      0.93                   0.51      1.23
    log        0.93      0.858   0.70385236      0.93                   0.51      0.94
    tanh       1.00      0.922   0.17326538      0.84                   0.51      1.05
    sigmoid    1.00      0.945   -38.464039      0.97                   0.51      1.30

They are added up by tests/fast/cpu/elementary_bounds.py, for all k and r. Term by term, where they are largest, with u
for the unit roundoff, L = ln(2)/2, S = (eʳ - 1 - r)/r² and a rounding to a number in [2ᵉ, 2ᵉ⁺¹) off by 2ᵉ·u at most:

exp = 2ᵏ·(1 + r·(1 + r·S)) at r = -L, where the sum is below 1 and its ULP u: 0.5 for itself; 0.25·eʳ = 0.18 for
rounding r; 0.5·L = 0.17 for 1 + r·S; 0.25·L² = 0.03 for S; 0.02 for its inner terms; 0.09 for Taylor's remainder (of
float64: 0.04). That is 0.99. At r = L the same is 1.4, 2 and 2 times as large, and an ULP 2u. Of a result that is
subnormal the multiplication by 2ᵏ rounds, by 1/2 ULP, and all before is half as many ULPs.

sigmoid: t = E/(1 + E), E = e^(-|x|), is as far off as E before its last rounding, 0.49, times 1/(1 + E) < 1, with 0.5
for its own; the product of two errors is far less than 0.01. Where x ≥ 0, 1 - t is at least 1/2 and t at most that: 0.5
and half of what t is off.

tanh: with E = (e^(-2|x|) - 1)/2 it is -E/(1 + E). r = -2|x| - k·(first part of ln 2) is exact, the second part enters
later, times e^(-2|x|) = 2·(E + 1/2). So 2ᵏ⁻¹·(eʳ - 1) = 2ᵏ⁻¹·(r + r·(r·S)) is off, at r = -L and k = 0, by half of:
0.12·L for r·S, 0.25·L² for S, 0.02 for inner terms, 0.09 for the remainder; that is 0.09u, and times the slope
1/(1 + E)² = 1.37 it is 0.49 ULPs of the result, 0.17. With its own rounding: 0.99. Where 2ᵏ would fall below 2⁻²⁴
(2⁻⁵³), r falls instead, to -1.8 at most, where the remainder is less than a hundredth and the result within 2u of 1.

log: see there.

Why Taylor and not a minimax polynomial: its remainder is known without trusting a fit. L⁸/8! < 5.2e-9 = 0.09·2⁻²⁴ for
float32 (degree 7), L¹⁴/14! < 4.2e-18 = 0.04·2⁻⁵³ for float64 (degree 13). Of the logarithm's series in s ≤ 0.1716, a
hundredth of the logarithm, what follows m terms is less than 1.04·3/(2m + 3)·s²ᵐ: float32 takes four terms, 2.2e-7, and
float64 ten, 6.7e-17.
"""

from __future__ import annotations

import math

import numpy as np
from numba import types
from numba.extending import overload

from fast.cpu.compilation import leaf
from fast.cpu.exponents import (
    binary_exponent,
    binary_mantissa,
    logarithm_or_special,
    narrowed,
    power_of_two,
    scale_by_power_of_two,
    widened,
)
from fast.cpu.tanh_table import TABLED, tabled_tanh
from fast.cpu.vectors import FUSED, at_least, at_most, copysign, element, multiply_add, where_negative

#: The largest errors in ULPs that are claimed, by type: of numbers that are rounded once where a product is added to
#: another, and of those that aren't.
OF_FUSED = {"exp": 1.0, "log": 1.0, "tanh": 1.0, "sigmoid": 1.0}
OF_SEPARATE = {"exp": 1.25, "log": 1.0, "tanh": 1.25, "sigmoid": 1.5}
ULPS = {"float32": OF_FUSED, "float64": OF_FUSED if FUSED else OF_SEPARATE}


def precise(x):
    """x as it is where errors can be compensated, which takes fused multiply-add; else in float64."""


def of_exponential(x):
    """Of x's type: where exp overflows for good, and where it is 0 for good."""


def of_sigmoid(x):
    """Of x's type: where exp is 0 for good, the least exponent that E keeps, and 1.5·2ᵖ + bias for `power_of_two`."""


def of_tanh(x):
    """Of x's type: where tanh(x/2) is -1 for good, the least k for which 2ᵏ⁻¹ - 1/2 is exact, and 1.5·2ᵖ + bias - 1."""


def of_logarithm(x):
    """Of x's type: the smallest normal number, what lifts subnormal ones above it, and the exponent of that."""


def units(x):
    """1/2, 1 and 2 of x's type."""


def parts_of_ln2(x):
    """1/ln 2 and 1.5·2ᵖ; ln 2 in two parts, the first with so many trailing zeros that k times it is exact."""


def second_order(r):
    """(eʳ - 1 - r)/r² = 1/2! + r·(1/3! + …)."""


def atanh_terms(z):
    """2/3 + z·(2/5 + z·(2/7 + …)), as many terms as z's type needs."""


def _constants(*values: float) -> tuple[tuple[np.float32, ...], tuple[np.float64, ...]]:
    return tuple(map(np.float32, values)), tuple(map(np.float64, values))


UNITS32, UNITS64 = _constants(0.5, 1.0, 2.0)
SHIFT32, SHIFT64 = 1.5 * 2**23, 1.5 * 2**52
HIGH32, LOW32 = float.fromhex("0x1.62e4p-1"), float.fromhex("0x1.7f7d1cf79abcap-20")
HIGH64, LOW64 = float.fromhex("0x1.62e42feep-1"), float.fromhex("0x1.a39ef35793c76p-33")
LN2_32 = _constants(1 / math.log(2), SHIFT32, HIGH32, LOW32)[0]
LN2_64 = _constants(1 / math.log(2), SHIFT64, HIGH64, LOW64)[1]
F2, F3, F4, F5, F6, F7 = (np.float32(1 / math.factorial(n)) for n in range(2, 8))
D2, D3, D4, D5, D6, D7, D8, D9, D10, D11, D12, D13 = (np.float64(1 / math.factorial(n)) for n in range(2, 14))
B3, B5, B7, B9 = (np.float32(2 / n) for n in range(3, 11, 2))
A3, A5, A7, A9, A11, A13, A15, A17, A19, A21 = (np.float64(2 / n) for n in range(3, 23, 2))
EXPONENTIAL32, EXPONENTIAL64 = _constants(89.0, -104.0)[0], _constants(710.0, -746.0)[1]
SIGMOID32, SIGMOID64 = _constants(-104.0, -100, SHIFT32 + 127)[0], _constants(-746.0, -1000, SHIFT64 + 1023)[1]
TANH32, TANH64 = _constants(-18.4, -24, SHIFT32 + 126)[0], _constants(-38.5, -53, SHIFT64 + 1022)[1]
LOGARITHM32, LOGARITHM64 = _constants(2.0**-126, 2.0**24, 24)[0], _constants(2.0**-1022, 2.0**54, 54)[1]


@overload(precise, inline="always")
def _precise(x):
    if FUSED:
        return lambda x: x
    return lambda x: widened(x)


def _by_type(choose, of32, of64):
    """Let a function give constants of the type that numbers are of."""

    @overload(choose, inline="always")
    def chosen(x):
        if element(x) == types.float32:
            return lambda x: of32
        return lambda x: of64


_by_type(of_exponential, EXPONENTIAL32, EXPONENTIAL64)
_by_type(of_sigmoid, SIGMOID32, SIGMOID64)
_by_type(of_tanh, TANH32, TANH64)
_by_type(of_logarithm, LOGARITHM32, LOGARITHM64)
_by_type(units, UNITS32, UNITS64)
_by_type(parts_of_ln2, LN2_32, LN2_64)


@overload(second_order)
def _second_order(r):
    if element(r) == types.float32:

        def taylor32(r):
            square = r * r
            p = multiply_add(square, multiply_add(square, F7, multiply_add(r, F6, F5)), multiply_add(r, F4, F3))
            return multiply_add(r, p, F2)

        return taylor32

    def taylor64(r):
        p = multiply_add(r, multiply_add(r, multiply_add(r, multiply_add(r, D13, D12), D11), D10), D9)
        p = multiply_add(r, multiply_add(r, multiply_add(r, multiply_add(r, p, D8), D7), D6), D5)
        return multiply_add(r, multiply_add(r, multiply_add(r, p, D4), D3), D2)

    return taylor64


@overload(atanh_terms)
def _atanh_terms(z):
    if element(z) == types.float32:
        return lambda z: multiply_add(z, multiply_add(z, multiply_add(z, B9, B7), B5), B3)

    def ten(z):
        p = multiply_add(z, multiply_add(z, multiply_add(z, multiply_add(z, A21, A19), A17), A15), A13)
        p = multiply_add(z, multiply_add(z, multiply_add(z, multiply_add(z, p, A11), A9), A7), A5)
        return multiply_add(z, p, A3)

    return ten


@leaf
def over_one_plus(a, b):
    """(a + b)/(1 + a + b) for a from -1/2 to 1 and b far below it: rounded once, but for errors of errors."""
    _, one, _ = units(a)
    q = a / (one + a)
    # What q lacks is (a - q·(1 + a))/(1 + a), with b (a - q·(1 + a) + b·(1 - q))/(1 + a); and 1/(1 + a) is 1 - q. The
    # difference a - q is exact, as q lies between a/2 and 2a.
    slope = one - q
    residual = multiply_add(b, slope, multiply_add(-q, a, a - q))
    return multiply_add(residual, slope, q)


@leaf
def exp(x):
    """eˣ: ∞ above the largest finite number, subnormal and then 0 far below zero, NaN for NaN."""
    wide = precise(x)
    highest, lowest = of_exponential(wide)
    inverse, shift, high, low = parts_of_ln2(wide)
    _, one, _ = units(wide)
    # Nothing infinite may enter the difference that r is.
    bounded = at_least(at_most(wide, highest), lowest)
    shifted = multiply_add(bounded, inverse, shift)
    k = shifted - shift
    r = multiply_add(-k, low, multiply_add(-k, high, bounded))
    p = multiply_add(r, second_order(r), one)
    return narrowed(scale_by_power_of_two(multiply_add(r, p, one), shifted), x)


@leaf
def sigmoid(x):
    """1/(1 + e⁻ˣ): t = E/(1 + E) with E = e^(-|x|), which can't overflow, or 1 - t."""
    wide = precise(x)
    lowest, least, shift = of_sigmoid(wide)
    inverse, _, high, low = parts_of_ln2(wide)
    _, one, _ = units(wide)
    bounded = at_least(-abs(wide), lowest)
    shifted = multiply_add(bounded, inverse, shift)
    k = shifted - shift
    r = multiply_add(-k, low, multiply_add(-k, high, bounded))
    p = multiply_add(r, second_order(r), one)
    # What is subnormal has no rest: the power stays far above, and the quotient is scaled by what is missing of it.
    kept = at_least(shifted, shift + least)
    power = power_of_two(kept)
    scaled = power * r
    E = multiply_add(scaled, p, power)
    t = over_one_plus(E, multiply_add(scaled, p, power - E))
    # Where that is something, 1 - t is 1 either way.
    return narrowed(where_negative(wide, t * power_of_two(shift + (shifted - kept)), one - t), x)


def tanh(x):
    """The hyperbolic tangent."""


@overload(tanh)
def _tanh(x):
    if TABLED and element(x) == types.float32:
        return lambda x: tabled_tanh(x)
    return lambda x: tanh_by_exponential(x)


@leaf
def tanh_by_exponential(x):
    """The hyperbolic tangent: with E = (e^(-2|x|) - 1)/2, it is -E/(1 + E) with the sign of x; for tiny x that is x."""
    wide = precise(x)
    lowest, least, shift = of_tanh(wide)
    inverse, _, high, low = parts_of_ln2(wide)
    half, _, two = units(wide)
    bounded = at_least(-two * abs(wide), lowest)
    shifted = at_least(multiply_add(bounded, inverse, shift), shift + least)
    k = shifted - shift
    r = multiply_add(-k, high, bounded)
    power = power_of_two(shifted)
    # E is 2ᵏ⁻¹ - 1/2, nothing where k = 0, and 2ᵏ⁻¹·(eʳ - 1), which then is all.
    p, scaled, constant = r * second_order(r), power * r, power - half
    E = multiply_add(scaled, p, constant + scaled)
    # Both differences are exact: with the product they leave what the two sums rounded away.
    rest = multiply_add(scaled, p, scaled - (E - constant))
    rest = multiply_add(-k * low, E + half, rest)
    return narrowed(copysign(over_one_plus(E, rest), wide), x)


@leaf
def log(x):
    """The natural logarithm: -∞ at zero, NaN below.

    With x = 2ᵏ·m, f = m - 1 and s = f/(2 + f), log m = 2s + 2s³/3 + 2s⁵/5 + …, written f - (f²/2 - s·(f²/2 + 2s²/3 +
    …)) so that what is rounded is small beside f, which is exact. Where k is 0, at f = √2 - 1, where an ULP is u/2: 0.5
    for the last subtraction, 0.13 for what it takes off, 0.1 for f²/2, and 0.17 for s, the sum that it multiplies, and
    their product: 0.90. Where k is 1 or -1, results from 0.34 to 1/2 are the difference of ln 2 and of what is either
    rounded as finely as they are, so that the difference is exact, or half as large: 0.75 instead of 0.5, and what it
    takes off is smaller: 0.93. Other results are larger, and their ULPs.
    """
    wide = precise(x)
    smallest, rise, raised = of_logarithm(wide)
    _, _, high, low = parts_of_ln2(wide)
    half, one, two = units(wide)
    # Subnormal numbers are scaled up first.
    lifted = where_negative(wide - smallest, wide * rise, wide)
    k, f = binary_exponent(lifted), binary_mantissa(lifted) - one
    k = where_negative(wide - smallest, k - raised, k)
    s, half_square = f / (two + f), half * f * f
    z = s * s
    rest = multiply_add(s, multiply_add(z, atanh_terms(z), half_square), k * low)
    return narrowed(logarithm_or_special(wide, k * high - ((half_square - rest) - f)), x)
