"""What is exact costs nothing, what overflows is infinite or unbounded, and coarser claims cost what they lose."""

from __future__ import annotations

import math
from fractions import Fraction
from random import Random
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import reference
from reference.numbers import Arithmetic, Rounded
from reference.numbers.arithmetic import FORMATS
from tests.reference.numbers.bounded_calls import CALLS, EVERY_FORMAT, KINDS, SINGLE, Drawn, worst_ratio
from tests.reference.numbers.machine import Processor
from tests.reference.support import array_of, convert, few, fewest, leaves, many, seeds

# What is exact costs nothing.


@EVERY_FORMAT
@given(seeds, st.integers(-12, 40), st.integers(1, 12))
@many
def test_sums_that_fit_the_significand_cost_nothing(format: str, seed: int, power: int, count: int):
    random, arithmetic = Random(seed), Arithmetic(format)
    bits, _, top = FORMATS[format]
    room = 2**bits - 1 if bits < 50 else 2**44
    power = max(min(power, top - bits), FORMATS[format][1] + bits)
    terms = [random.randint(-(room // count), room // count) for _ in range(count)]
    total = sum((Rounded(term * Fraction(2) ** power, arithmetic) for term in terms), start=Rounded(0, arithmetic))
    assert total.error == 0
    assert total.value == sum(terms) * Fraction(2) ** power
    processor = Processor(arithmetic, seed)
    assert Fraction(processor.total([term * 2.0**power for term in terms])) == total.value


@EVERY_FORMAT
@given(seeds)
@few
def test_small_integers_cost_nothing_in_any_rational_function(format: str, seed: int):
    random, arithmetic = Random(seed), Arithmetic(format)

    def array(*lengths: int) -> Any:
        return array_of(lambda: random.randint(-2, 2), *lengths)

    calls = (
        (reference.dense, (array(2, 5), array(5, 3), array(3))),
        (reference.dense_vjp, (array(2, 3), array(3, 2), array(2), array(2, 2))),
        (reference.conv2d, (array(1, 4, 4, 2), array(2, 2, 2, 2))),
        (reference.conv2d_vjp, (array(1, 3, 3, 1), array(2, 2, 1, 2), array(1, 2, 2, 2))),
        (lambda x, w: reference.perceptron_predict(x, w).scores, (array(3, 4), array(5))),
    )
    for function, arguments in calls:
        bounds = leaves(function(*convert(lambda x: Rounded(x, arithmetic), arguments)))
        for bound, exact in zip(bounds, leaves(function(*arguments)), strict=True):
            assert bound == exact
            assert Rounded(exact, arithmetic).distance(float(exact)) == 0
            assert not isinstance(bound, Rounded) or bound.error == 0


@EVERY_FORMAT
def test_a_sum_beyond_the_significand_costs_something(format: str):
    arithmetic, bits = Arithmetic(format), FORMATS[format][0]
    total = Rounded(2**bits, arithmetic) + Rounded(1, arithmetic)
    assert total.error >= 1
    assert total.distance(float(2**bits)) == 1


@EVERY_FORMAT
def test_a_third_is_rounded(format: str):
    arithmetic = Arithmetic(format)
    for third in (Rounded(Fraction(1, 3), arithmetic), Rounded(1, arithmetic) / 3):
        assert third.error > 0
        assert abs(third.value - Fraction(1, 3)) < Fraction(1, 2**190)
        assert third.distance(Processor(arithmetic, 0).nearest(Fraction(1, 3), FORMATS[format][0])) <= third.error


@given(st.integers(-(2**20), 2**20), st.sampled_from([1, 2, 4, 8, 1024]))
@many
def test_division_by_a_power_of_two_is_exact(numerator: int, denominator: int):
    quotient = Rounded(numerator, SINGLE) / denominator
    assert quotient.error == 0
    assert quotient.value == Fraction(numerator, denominator)


# Overflow.


@pytest.mark.parametrize("format", ["float16", "bfloat16", "float32"])
def test_beyond_the_largest_number_everything_is_infinite(format: str):
    arithmetic = Arithmetic(format)
    largest = Rounded(arithmetic.largest, arithmetic)
    assert largest.error == 0
    for sign in (1, -1):
        for too_large in (sign * largest * 2, sign * largest + sign * largest, (sign * largest) * largest):
            assert too_large.closed().value == sign * math.inf
            assert too_large.distance(sign * math.inf) == 0
            assert math.isnan(too_large.distance(arithmetic.largest))


def test_what_overflowed_may_have_been_kept_in_a_wider_format():
    largest = Rounded(SINGLE.largest, SINGLE)
    for wider in (largest * 2 - largest * 2, largest * 2 / 4, (largest * 2).maximum(0), Rounded(100, SINGLE).exp() * 0):
        assert wider.error == math.inf


def test_float64_bounds_are_doubles_themselves_so_that_its_overflow_says_nothing():
    arithmetic = Arithmetic("float64")
    products = Rounded(1e300, arithmetic) * 1e300, Rounded(arithmetic.largest, arithmetic) * 2
    quotients = Rounded(1e300, arithmetic) / 1e-300, Rounded(1, arithmetic) / 5e-324
    for number in (*products, *quotients):
        assert number.error == math.inf or number.value == math.inf


@pytest.mark.parametrize("format", ["float16", "bfloat16", "float32"])
@given(st.lists(st.sampled_from([-1.0, -0.75, -0.5, -0.25, 0.25, 0.5, 0.75, 1.0]), min_size=2, max_size=6), seeds)
@example([1.0, 1.0, -1.0], 0)
@example([1.0, 0.5, 0.5, -0.25], 0)
@many
def test_overflow_is_claimed_exactly_when_no_order_avoids_it(format: str, shares: list[float], seed: int):
    arithmetic = Arithmetic(format, flush_to_zero=False)
    terms = [share * arithmetic.largest for share in shares]
    total = sum((Rounded(term, arithmetic) for term in terms[1:]), start=Rounded(terms[0], arithmetic))
    results = [Processor(arithmetic, seed + run).total(terms) for run in range(8)]
    if total.error < math.inf:
        assert all(total.distance(result) <= total.error for result in results)
    if not all(map(math.isfinite, results)):
        assert total.error == math.inf or not math.isfinite(total.closed().value)


def test_a_product_that_overflows_is_infinite_but_sums_with_it_are_not_decided_by_a_wrong_sign():
    largest = Rounded(SINGLE.largest, SINGLE)
    may_overflow = largest + largest - largest  # infinite or not, as the order has it
    assert may_overflow.error == math.inf
    infinity = Rounded(math.inf, SINGLE)
    for unknown in (infinity + may_overflow, infinity * may_overflow, may_overflow / 0, infinity / may_overflow):
        assert unknown.error == math.inf


def test_a_fused_multiply_add_may_avoid_the_overflow_of_its_product():
    x, y, z = 2.0**64, 1.5 * 2.0**64, -SINGLE.largest
    came = Processor(SINGLE, 0, fused=True).fused_multiply_add(x, y, z)
    assert came == 2.0**127 + 2.0**104
    total = Rounded(x, SINGLE) * y + z
    assert total.error == math.inf or total.distance(came) <= total.error


@pytest.mark.parametrize("divisor", [0, 0.0])
def test_division_by_zero_is_infinite_if_the_sign_is_known(divisor: float):
    assert (Rounded(2, SINGLE) / divisor).value == math.inf
    assert (Rounded(-2, SINGLE) / divisor).value == -math.inf
    assert math.isnan((Rounded(0, SINGLE) / divisor).value)
    assert (Rounded(0.001, SINGLE, error=0.01) / divisor).error == math.inf
    assert (2 / Rounded(0.001, SINGLE, error=0.01)).error == math.inf


# Floors, coarser inputs, coarser sums.


@EVERY_FORMAT
def test_what_underflows_costs_a_floor(format: str):
    bits, subnormal, _ = FORMATS[format]
    normal, small = 2.0 ** (subnormal + bits - 1), 2.0**subnormal
    flushed, kept = Arithmetic(format), Arithmetic(format, flush_to_zero=False)
    assert flushed.floor == normal
    assert kept.floor == small
    assert Rounded(small, flushed).distance(0.0) <= Rounded(small, flushed).error
    assert Rounded(small, kept).error == 0
    assert Rounded(normal, flushed).error == 0
    assert (Rounded(normal, kept) * 0.5).error == 0
    halved = Rounded(normal, flushed) * 0.5
    assert halved.distance(0.0) <= halved.error
    difference = Rounded(normal * 1.5, flushed) - normal
    assert difference.distance(0.0) <= difference.error
    assert (Rounded(normal * 1.5, kept) - normal).error == 0


COARSE_INPUTS = {"TF32": 2.0**-11, "bfloat16": 2.0**-8}


@pytest.mark.parametrize("bits", COARSE_INPUTS)
@pytest.mark.parametrize("name", ["dense", "conv2d", "dense_vjp", "sigmoid", "softmax"])
@given(seeds, st.sampled_from(KINDS))
@fewest
def test_a_machine_with_coarse_inputs_keeps_the_claim_of_coarse_inputs(name: str, bits: str, seed: int, kind: str):
    arithmetic = Arithmetic("float32", input_roundoff=COARSE_INPUTS[bits])
    function, arguments = CALLS[name](Drawn(seed, kind, "float32"))
    worst_ratio(function, arguments, arithmetic, Processor(arithmetic, seed))


@pytest.mark.parametrize("roundoff", COARSE_INPUTS.values(), ids=COARSE_INPUTS)
def test_coarse_inputs_cost_only_what_they_lose(roundoff: float):
    bits, claimed = round(-math.log2(roundoff)), Arithmetic("float32", input_roundoff=roundoff)
    assert Rounded(2**bits - 1, claimed).error == 0
    assert Rounded(2**bits + 1, claimed).error >= 1
    assert Rounded(2**bits + 1, SINGLE).error == 0
    inexact = Fraction(1, 3)
    assert Rounded(inexact, claimed).error > Rounded(inexact, SINGLE).error


COARSE_SUMS = {"float16": 2.0**-11, "bfloat16": 2.0**-8, "truncating": 2.0**-23}


@pytest.mark.parametrize("roundoff", COARSE_SUMS.values(), ids=COARSE_SUMS)
@pytest.mark.parametrize("name", ["+", "dense", "conv2d", "conv2d_vjp", "softmax", "softmax_cross_entropy"])
@given(seeds, st.sampled_from(KINDS), st.booleans())
@fewest
def test_a_machine_with_coarse_sums_keeps_the_claim_of_coarse_sums(
    name: str, roundoff: float, seed: int, kind: str, fused: bool
):
    arithmetic = Arithmetic("float32", accumulation_roundoff=roundoff)
    function, arguments = CALLS[name](Drawn(seed, kind, "float32"))
    worst_ratio(function, arguments, arithmetic, Processor(arithmetic, seed, fused=fused))


@pytest.mark.parametrize("roundoff", COARSE_SUMS.values(), ids=COARSE_SUMS)
@pytest.mark.parametrize("ones", [1, 2, 5])
def test_integers_are_exact_in_coarse_sums_only_as_far_as_those_hold_them(roundoff: float, ones: int):
    claimed, bits = Arithmetic("float32", accumulation_roundoff=roundoff), round(-math.log2(roundoff))

    def total(first: int) -> Rounded:
        return sum((Rounded(1, claimed) for _ in range(ones)), start=Rounded(first, claimed))

    assert total(2**bits - ones - 1).error == 0
    came = Processor(claimed, 0)
    value = float(2**bits)
    for _ in range(ones):
        value = came.add(value, 1.0)
    assert value == 2**bits
    assert total(2**bits).distance(value) == ones <= total(2**bits).error
