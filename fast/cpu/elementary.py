"""exp, expm1, log, sigmoid and tanh of one number, as arithmetic that a compiler can do eight at a time.

The ladder:
1. `math.exp` in a loop: correct, and one library call a number.
2. Cody and Waite's reduction x = k·ln 2 + r, |r| ≤ ln(2)/2, ln 2 split in two so that k·(first part) is exact; the
   Taylor polynomial of eʳ - 1; then 2ᵏ put into the exponent's bits. No branch, table or call: LLVM vectorises it.
3. k comes from adding 1.5·2ᵖ, which leaves the nearest integer in the last bits, so no conversion to integers either.

Errors of float32, in ULPs. exp: 1/2 for rounding 1 + (eʳ - 1), and where that is below 1, 1/4 each for rounding r, for
rounding eʳ - 1, and for all the rest (Taylor's remainder, ln 2's second part, inner terms): 1.25; seen, 1.02. sigmoid:
1.25 for the exponential, up to 1 for 1 + e⁻ᶻ, 1/2 for the quotient: below 3; seen, 2.33. tanh: as sigmoid; seen, 2.49.

Why Taylor and not a minimax polynomial: its remainder is known without trusting a fit. With L = ln(2)/2 < 0.3466,
L⁸/8! < 5.2e-9 = 0.09·2⁻²⁴ for float32 (degree 7), L¹⁴/14! < 4.2e-18 = 0.04·2⁻⁵³ for float64 (degree 13).
"""

from __future__ import annotations

import math

import numpy as np
from numba import types
from numba.extending import overload

from fast.cpu.compilation import compiled
from fast.cpu.vectors import copysign, multiply_add, scale_by_power_of_two


def expm1_reduced(r):
    """eʳ - 1 for |r| ≤ ln(2)/2, accurate relative to itself: r + r²·(1/2! + r·(1/3! + …))."""


def reduce_by_ln2(x):
    """Write x as k·ln 2 + r: return r, and 1.5·2ᵖ + k."""


def limits(x):
    """Of x's type: where exp overflows for good, where it is 0 for good, where tanh(x/2) is 1 for good; 1 and 2."""


def _constants(*values: float) -> tuple[tuple[np.float32, ...], tuple[np.float64, ...]]:
    return tuple(map(np.float32, values)), tuple(map(np.float64, values))


# 1.5·2²³ and 1.5·2⁵²; 1/ln 2; ln 2 in two parts, the first with so many trailing zeros that k times it is exact.
ROUND32, INVERSE32, HIGH32, LOW32 = map(np.float32, (12582912.0, 1 / math.log(2), 0.693359375, -2.12194440054690583e-4))
ROUND64, INVERSE64 = np.float64(6755399441055744.0), np.float64(1 / math.log(2))
HIGH64, LOW64 = np.float64.fromhex("0x1.62e42feep-1"), np.float64.fromhex("0x1.a39ef35793c76p-33")
F2, F3, F4, F5, F6, F7 = (np.float32(1 / math.factorial(n)) for n in range(2, 8))
D2, D3, D4, D5, D6, D7, D8, D9, D10, D11, D12, D13 = (np.float64(1 / math.factorial(n)) for n in range(2, 14))
LIMITS32, LIMITS64 = _constants(89.0, -104.0, -40.0, 1.0, 2.0)[0], _constants(710.0, -746.0, -80.0, 1.0, 2.0)[1]


@overload(limits, inline="always")
def _limits(x):
    if x == types.float32:
        return lambda x: LIMITS32
    return lambda x: LIMITS64


@overload(reduce_by_ln2)
def _reduce_by_ln2(x):
    if x == types.float32:

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
    if r == types.float32:

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


@compiled()
def exp(x):
    """eˣ: ∞ above the largest finite number, subnormal and then 0 far below zero, NaN for NaN."""
    highest, lowest, _, one, _ = limits(x)
    # The comparisons are written so that NaN passes both.
    x = highest if x > highest else x
    x = lowest if x < lowest else x
    r, shifted = reduce_by_ln2(x)
    return scale_by_power_of_two(one + expm1_reduced(r), shifted)


@compiled()
def sigmoid(x):
    """1/(1 + e⁻ˣ), with the exponential taken of -|x| so that it can't overflow."""
    _, _, _, one, _ = limits(x)
    decay = exp(-abs(x))
    return (decay if x < 0 else one) / (one + decay)


@compiled()
def tanh(x):
    """The hyperbolic tangent: with E = e^(-2|x|) - 1, it is -E/(E + 2) with the sign of x; for tiny x that is x."""
    _, _, lowest, one, two = limits(x)
    doubled = -two * abs(x)
    doubled = lowest if doubled < lowest else doubled
    r, shifted = reduce_by_ln2(doubled)
    power = scale_by_power_of_two(one, shifted)
    # 2ᵏ·(eʳ - 1) + (2ᵏ - 1): where k = 0 the first term is all, so small arguments keep their relative accuracy.
    E = multiply_add(power, expm1_reduced(r), power - one)
    return copysign(E / (E + two), x)


@compiled()
def log(x):
    """The natural logarithm, computed in float64: -∞ at zero, NaN below."""
    return np.log(np.float64(x))
