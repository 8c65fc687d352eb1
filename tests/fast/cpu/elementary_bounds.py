"""How far off exp, log, sigmoid and tanh may be: all roundings of their text, each as large as it can be, added up.

This is the derivation in the docstring of `fast.cpu.elementary`, for every k, and for r and f in pieces so short that
what is largest on a piece is hardly larger than what is on it. Errors are in units of the unit roundoff u; a rounding
to a number in [2ᵉ, 2ᵉ⁺¹) is off by 2ᵉ at most. What is of second order, u² and its like, is less than `REST`.

Where tanh is looked up, its bound is that of the numbers in the table: nothing is taken from how they were made.

Without fused multiply-add each product is rounded, too; these roundings are added where `fused` is false.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np

from fast.cpu.tanh_table import COLUMNS, FIRST, INTERVALS, LAST_BITS, SATURATED

#: What is left out here, in ULPs: errors of errors, r's 2⁻¹⁷ beyond ln(2)/2, float64's roundings of these sums.
REST = 2.0**-10
PIECES = 256
#: Where a piece's polynomial, which is smooth, is held against tanh.
POINTS = 9
LARGEST = math.log(2) / 2 * (1 + 2.0**-15)


@dataclass(frozen=True)
class Format:
    """A type of number: its significand's bits, the degree of eʳ's polynomial, and the terms of log's."""

    dtype: type
    precision: int
    degree: int
    terms: int
    in_pairs: bool


FLOAT32 = Format(np.float32, 24, 7, 4, True)
FLOAT64 = Format(np.float64, 53, 13, 10, False)


def rounding(largest: float) -> float:
    """The most that rounding to a number of at most some magnitude can be off, in u."""
    return 2.0 ** math.floor(math.log2(largest)) if largest else 0.0


def ulp(smallest: float) -> float:
    """The ULP of a number of at least some magnitude, in u."""
    return 2 * rounding(smallest)


def of_coefficient(value: Fraction, kind: Format) -> float:
    """How far a coefficient, rounded, is off."""
    return abs(float((Fraction(float(kind.dtype(float(value)))) - value) * 2**kind.precision))


def tail(r: float, n: int) -> float:
    """1/n! + r/(n + 1)! + …"""
    return math.fsum(r**m / math.factorial(n + m) for m in range(25))


def pieces(low: float, high: float) -> list[tuple[float, float]]:
    """An interval in short ones, none of them with 0 inside."""
    marks = sorted({*np.linspace(low, high, PIECES).tolist(), 0.0})
    return list(pairwise(marks))


def second_order_error(a: float, b: float, kind: Format, fused: bool) -> float:
    """Of (eʳ - 1 - r)/r² for r between a and b, in float32 two coefficients at a time, in float64 one by one."""
    r = max(abs(a), abs(b))
    tails = {n: max(tail(a, n), tail(b, n)) for n in range(2, kind.degree + 1)}
    error = 0.0
    for n in range(2, kind.degree + 1):
        error += of_coefficient(Fraction(1, math.factorial(n)), kind) * r ** (n - 2)
        if n < kind.degree:
            # Each coefficient is added in a sum that is a tail; in pairs the odd ones are in a shorter one before.
            sums = 2 if kind.in_pairs and n in (3, 5) else 1
            product = 0.0 if fused else rounding(r * tails[n + 1])
            error += (sums * rounding(tails[n]) + product) * r ** (n - 2)
    if kind.in_pairs:
        error += rounding(r * r) * r * (tails[5] + r * r / math.factorial(7))
    # The Taylor polynomial's remainder, in units of u and over r².
    return error + 2**kind.precision * r ** (kind.degree - 1) * tail(r, kind.degree + 1)


def exponential_error(a: float, b: float, kind: Format, fused: bool) -> float:
    """Of 1 + r·(1 + r·(…)), before it is rounded itself."""
    r, power = max(abs(a), abs(b)), math.exp(b)
    slope = tail(b, 1)
    of_slope = r * second_order_error(a, b, kind, fused) + rounding(slope)
    products = 0.0
    if not fused:
        of_slope += rounding(r * tail(b, 2))
        products = rounding(r * slope)
    return power * rounding(r) + r * of_slope + products


def exp_bound(kind: Format, fused: bool) -> float:
    """The ULPs of exp."""
    return (
        max(0.5 + exponential_error(a, b, kind, fused) / ulp(math.exp(a)) for a, b in pieces(-LARGEST, LARGEST)) + REST
    )


def correction_error(a: float, q: float, slope: float, fused: bool) -> float:
    """Of the quotient's correction: nothing, but for a product q·a that was rounded."""
    return 0.0 if fused else rounding(a * q) * slope


def sigmoid_bound(kind: Format, fused: bool) -> float:
    """The ULPs of sigmoid; of a result that 2ᵏ makes subnormal, too: half as many before a last 1/2."""
    worst = 0.0
    for a, b in pieces(-LARGEST, LARGEST):
        error = exponential_error(a, b, kind, fused)
        for k in range(0, -64, -1):
            low, high = (math.ldexp(math.exp(r), k) for r in (a, b))
            if high > 1 + 2.0**-10:
                continue
            t = low / (1 + low), min(high / (1 + high), 0.5)
            # The slope of E/(1 + E) is 1/(1 + E)².
            of_t = math.ldexp(error, k) / (1 + low) ** 2 + correction_error(high, t[1], 1 / (1 + low), fused)
            negative = 0.5 + of_t / ulp(t[0])
            # 1 - t takes over what t is off, rounded: by half of its ULP at most, which is 1/2 at most.
            positive = 0.5 + (of_t + min(0.5 * ulp(t[1]), 0.25)) / ulp(0.5)
            worst = max(worst, negative, positive, 0.5 + negative / 2)
    return worst + REST


def tanh_bound(kind: Format, fused: bool) -> float:
    """The ULPs of tanh."""
    worst = 0.0
    for a, b in pieces(-LARGEST, LARGEST):
        r = max(abs(a), abs(b))
        # r is exact, and r·(1/2 + …) rounded once; without fused multiply-add times r again.
        of_product = r * second_order_error(a, b, kind, fused) + rounding(r * tail(b, 2))
        error = r * of_product + (0.0 if fused else rounding(r * r * tail(b, 2)))
        for k in range(0, -kind.precision - 1, -1):
            low, high = (math.ldexp(math.exp(y), k - 1) - 0.5 for y in (a, b))
            if high > 2.0**-10:
                continue
            high = min(high, 0.0)
            t = -high / (1 + high), -low / (1 + low)
            of_t = math.ldexp(error, k - 1) / (1 + low) ** 2 + correction_error(-low, t[1], 1 / (1 + low), fused)
            # Close to 0 an error is as small as r² or r³, and so relative to r.
            worst = max(worst, 0.5 + (of_t / ulp(t[0]) if t[0] else 0.0))
    return worst + REST


def tabled_tanh_bound() -> float:
    """The ULPs of tanh where it is looked up: in the intervals of `tanh_table`, each in pieces."""
    columns = np.array(COLUMNS)
    # An interval begins where its number stands in the first bits of a float32; the first one at 0, and beyond what is
    # taken for the last one's end everything is 1.
    starts = np.arange(FIRST, FIRST + INTERVALS + 1, dtype=np.uint32) << LAST_BITS
    edges = starts.view(np.float32).astype(np.float64)
    edges[0], edges[-1] = 0.0, float(SATURATED)
    return max(interval_error(*edges[n : n + 2], *columns[:, n]) for n in range(INTERVALS)) + REST


def interval_error(low: float, high: float, b: float, c: float, *q: float) -> float:
    """The ULPs of c + y·q(y) for y = x - b in an interval; of y + y·q(y) in the one where b is 0."""
    worst = 0.0
    marks = np.linspace(low, high, PIECES + 1)
    for start, end in pairwise(marks.tolist()):
        y, points = max(abs(start - b), abs(end - b)), np.linspace(start, end, POINTS)
        results = np.tanh(points)
        base = c if b else points
        distances, partial, of_q = points - b, np.full(POINTS, q[-1]), 0.0
        for coefficient in q[-2::-1]:
            # Each sum is rounded, and multiplied by y from then on.
            partial = coefficient + distances * partial
            of_q = y * of_q + rounding(float(np.abs(partial).max()))
        # As if nothing were rounded on the way, what the numbers say is off by that.
        error = 2.0**24 * float(np.abs(base + distances * partial - results).max()) + y * of_q
        smallest = float(results.min())
        # Close to 0 all this is as small as y³.
        worst = max(worst, 0.5 + (error / ulp(smallest) if smallest else 0.0))
    return worst


def log_bound(kind: Format, fused: bool) -> float:
    """The ULPs of log."""
    return (
        max(
            log_error(a, b, k, kind, fused)
            for a, b in pieces(math.sqrt(0.5) - 1, math.sqrt(2) - 1)
            for k in range(-2, 3)
        )
        + 2 * REST
    )


def log_error(a: float, b: float, k: int, kind: Format, fused: bool) -> float:
    """The ULPs of log x = k·ln 2 + log(1 + f) for f between a and b."""
    f, least = max(abs(a), abs(b)), min(abs(a), abs(b))
    half_square, divisor = f * f / 2, 2 + b
    s = f / (2 + min(a, b) if a < 0 else 2 + b)
    z = s * s
    of_half_square = rounding(half_square)
    of_s = s * rounding(divisor) / (2 + a) + rounding(s)
    of_z = 2 * s * of_s + rounding(z)
    series = sum(2 / (2 * n + 3) * z**n for n in range(40))
    of_series = 2 / 5 * 1.1 * of_z
    for n in range(kind.terms):
        partial = sum(2 / (2 * n + 3 + 2 * m) * z**m for m in range(40))
        product = 0.0 if fused else rounding(z * partial)
        of_series += z**n * (rounding(partial) + product + of_coefficient(Fraction(2, 2 * n + 3), kind))
    of_series += 2**kind.precision * sum(2 / (2 * n + 3) * z**n for n in range(kind.terms, 40))
    inner = z * series + half_square
    of_inner = z * of_series + series * of_z + rounding(inner) + (0.0 if fused else rounding(z * series))
    # What half_square is off appears twice, the second time times s.
    sign = -1 if a >= 0 else 1
    removed = abs(half_square - math.copysign(s, a) * inner)
    before = (1 + sign * s) * of_half_square + s * of_inner + inner * of_s + rounding(s * inner) * (1 if fused else 2)
    before += rounding(removed)
    parts = sorted(abs(math.log1p(f)) for f in (a, b))
    results = sorted(abs(k * math.log(2) + math.log1p(f)) for f in (a, b))
    if k == 0:
        # Subtracted from 0, the sum isn't rounded again. Close to 0, all but that is as small as f².
        return 0.5 + (before / ulp(results[0]) if least else 0.0)
    last = 0.5 + rounding(parts[1]) / ulp(results[0])
    if results[0] < 0.5:
        # A part from 1/4 on is a multiple of what the result's last bit stands for: their sum is exact. A smaller one
        # is rounded half as much.
        large = rounding(0.25) / ulp(0.25) if parts[1] > 0.249 else 0.0
        small = 0.5 + rounding(min(parts[1], 0.249)) / ulp(0.25) if parts[0] < 0.251 else 0.0
        last = max(large, small)
    return last + before / ulp(results[0])
