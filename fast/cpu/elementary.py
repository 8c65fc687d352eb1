"""exp, log, sigmoid and tanh of numbers and of vectors of them (`vectors`): arithmetic without branch, table or call.

The ladder:
1. `math.exp` in a loop: correct, and one library call a number.
2. Cody and Waite's reduction x = k·ln 2 + r, |r| ≤ ln(2)/2, ln 2 split in two so that k·(first part) is exact; the
   Taylor polynomial of eʳ - 1; then 2ᵏ put into the exponent's bits.
3. k comes from adding 1.5·2ᵖ, which leaves the nearest integer in the last bits, so no conversion to integers either.
4. vectors said, not left to the compiler: in place it would take one number at a time, on AVX-512 half a register.

Errors of float32, in ULPs. exp: 1/2 for rounding 1 + (eʳ - 1), and where that is below 1, 1/4 each for rounding r, for
rounding eʳ - 1, and for all the rest (Taylor's remainder, ln 2's second part, inner terms): 1.25; seen, 1.02. sigmoid:
1.25 for the exponential, up to 1 for 1 + e⁻ᶻ, 1/2 for the quotient: below 3; seen, 2.33. tanh: as sigmoid; seen, 2.49.
log: of float32, computed in float64 and rounded once: 0.51; of float64, see there. Through float64 the others would be
as exact, but take twice as long.

Why Taylor and not a minimax polynomial: its remainder is known without trusting a fit. With L = ln(2)/2 < 0.3466,
L⁸/8! < 5.2e-9 = 0.09·2⁻²⁴ for float32 (degree 7), L¹⁴/14! < 4.2e-18 = 0.04·2⁻⁵³ for float64 (degree 13). Of the
logarithm's series in s ≤ 0.1716, what follows m terms is less than 1.04·s²ᵐ/(2m + 1) of it: float32 takes six terms,
5.0e-11, and float64 eleven, 6e-19.
"""

from __future__ import annotations

import math

import numpy as np
from numba import types
from numba.extending import overload

from fast.cpu.compilation import compiled
from fast.cpu.exponents import (
    binary_exponent,
    binary_mantissa,
    logarithm_or_special,
    narrowed,
    scale_by_power_of_two,
    widened,
)
from fast.cpu.vectors import at_least, at_most, copysign, element, multiply_add, where_negative


def expm1_reduced(r):
    """eʳ - 1 for |r| ≤ ln(2)/2, accurate relative to itself: r + r²·(1/2! + r·(1/3! + …))."""


def reduce_by_ln2(x):
    """Write x as k·ln 2 + r: return r, and 1.5·2ᵖ + k."""


def limits(x):
    """Of x's type: where exp overflows for good, where it is 0 for good, where tanh(x/2) is 1 for good; 1 and 2."""


def atanh_terms(z, x):
    """2/3 + z·(2/5 + z·(2/7 + …)), as many terms as x's type needs."""


def _constants(*values: float) -> tuple[tuple[np.float32, ...], tuple[np.float64, ...]]:
    return tuple(map(np.float32, values)), tuple(map(np.float64, values))


# 1.5·2²³ and 1.5·2⁵²; 1/ln 2; ln 2 in two parts, the first with so many trailing zeros that k times it is exact.
ROUND32, INVERSE32, HIGH32, LOW32 = map(np.float32, (12582912.0, 1 / math.log(2), 0.693359375, -2.12194440054690583e-4))
ROUND64, INVERSE64 = np.float64(6755399441055744.0), np.float64(1 / math.log(2))
HIGH64, LOW64 = np.float64.fromhex("0x1.62e42feep-1"), np.float64.fromhex("0x1.a39ef35793c76p-33")
F2, F3, F4, F5, F6, F7 = (np.float32(1 / math.factorial(n)) for n in range(2, 8))
D2, D3, D4, D5, D6, D7, D8, D9, D10, D11, D12, D13 = (np.float64(1 / math.factorial(n)) for n in range(2, 14))
A3, A5, A7, A9, A11, A13, A15, A17, A19, A21 = (np.float64(2 / n) for n in range(3, 23, 2))
ONE, TWO, HALF, TINY, RISE = np.float64(1), np.float64(2), np.float64(0.5), np.float64(2.0**-1022), np.float64(2.0**54)
RAISED = np.float64(54)
LIMITS32, LIMITS64 = _constants(89.0, -104.0, -40.0, 1.0, 2.0)[0], _constants(710.0, -746.0, -80.0, 1.0, 2.0)[1]


@overload(limits, inline="always")
def _limits(x):
    if element(x) == types.float32:
        return lambda x: LIMITS32
    return lambda x: LIMITS64


@overload(reduce_by_ln2)
def _reduce_by_ln2(x):
    if element(x) == types.float32:

        def reduce32(x):
            shifted = multiply_add(x, INVERSE32, ROUND32)
            k = shifted - ROUND32
            return multiply_add(-k, LOW32, multiply_add(-k, HIGH32, x)), shifted

        return reduce32

    def reduce64(x):
        shifted = multiply_add(x, INVERSE64, ROUND64)
        k = shifted - ROUND64
        return multiply_add(-k, LOW64, multiply_add(-k, HIGH64, x)), shifted

    return reduce64


@overload(expm1_reduced)
def _expm1_reduced(r):
    if element(r) == types.float32:

        def taylor32(r):
            p = multiply_add(r, multiply_add(r, multiply_add(r, F7, F6), F5), F4)
            return multiply_add(r * r, multiply_add(r, multiply_add(r, p, F3), F2), r)

        return taylor32

    def taylor64(r):
        p = multiply_add(r, multiply_add(r, multiply_add(r, multiply_add(r, D13, D12), D11), D10), D9)
        p = multiply_add(r, multiply_add(r, multiply_add(r, multiply_add(r, p, D8), D7), D6), D5)
        p = multiply_add(r, multiply_add(r, p, D4), D3)
        return multiply_add(r * r, multiply_add(r, p, D2), r)

    return taylor64


@overload(atanh_terms)
def _atanh_terms(z, x):
    if element(x) == types.float32:
        return lambda z, x: multiply_add(z, multiply_add(z, multiply_add(z, multiply_add(z, A11, A9), A7), A5), A3)

    def twenty_one(z, x):
        p = multiply_add(z, multiply_add(z, multiply_add(z, multiply_add(z, A21, A19), A17), A15), A13)
        return multiply_add(z, multiply_add(z, multiply_add(z, multiply_add(z, p, A11), A9), A7), A5) * z + A3

    return twenty_one


@compiled()
def exp(x):
    """eˣ: ∞ above the largest finite number, subnormal and then 0 far below zero, NaN for NaN."""
    highest, lowest, _, one, _ = limits(x)
    r, shifted = reduce_by_ln2(at_least(at_most(x, highest), lowest))
    return scale_by_power_of_two(one + expm1_reduced(r), shifted)


@compiled()
def sigmoid(x):
    """1/(1 + e⁻ˣ), with the exponential taken of -|x| so that it can't overflow."""
    _, _, _, one, _ = limits(x)
    decay = exp(-abs(x))
    return where_negative(x, decay, one) / (one + decay)


@compiled()
def tanh(x):
    """The hyperbolic tangent: with E = e^(-2|x|) - 1, it is -E/(E + 2) with the sign of x; for tiny x that is x."""
    _, _, lowest, one, two = limits(x)
    r, shifted = reduce_by_ln2(at_least(-two * abs(x), lowest))
    power = scale_by_power_of_two(one, shifted)
    # 2ᵏ·(eʳ - 1) + (2ᵏ - 1): where k = 0 the first term is all, so small arguments keep their relative accuracy.
    E = multiply_add(power, expm1_reduced(r), power - one)
    return copysign(E / (E + two), x)


@compiled()
def log(x):
    """The natural logarithm: -∞ at zero, NaN below.

    With x = 2ᵏ·m, f = m - 1 and s = f/(2 + f), log m = 2s + 2s³/3 + 2s⁵/5 + …, written f - (f²/2 - s·(f²/2 + 2s²/3 +
    …)) so that what is rounded is small beside f, which is exact. In float64 the last subtraction rounds by 1/2 ULP;
    what it takes off is at most 0.36·|f|, and four roundings of numbers no larger than it make less than 1/2: 1 in all.
    Where k is not 0, the result is at least 0.34, k·(first part of ln 2) is exact, and its sum with the rest rounds
    once.
    """
    wide = widened(x)
    # Subnormal numbers are scaled up first.
    lifted = where_negative(wide - TINY, wide * RISE, wide)
    k, f = binary_exponent(lifted), binary_mantissa(lifted) - ONE
    k = where_negative(wide - TINY, k - RAISED, k)
    s, half_square = f / (TWO + f), HALF * f * f
    z = s * s
    rest = multiply_add(s, multiply_add(z, atanh_terms(z, x), half_square), k * LOW64)
    return narrowed(logarithm_or_special(wide, k * HIGH64 - ((half_square - rest) - f)), x)
