"""Every claim means what it says: a machine that keeps it to the last bit passes, and one that loses a bit more fails.

The machines are simulated (`tests.reference.numbers.machine`), and do within the claim whatever their dice say; the
calls are drawn.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import pytest

import reference
from reference import InvalidArgument, Undecidable, elementary
from reference.numbers import Arithmetic, Rounded
from reference.numbers.arithmetic import ULPS, precision_of
from tests.reference.numbers.bounded_calls import CALLS, KINDS, Drawn, worst_ratio
from tests.reference.numbers.machine import Processor
from tests.reference.support import leaves

SEEDS = range(24)
#: So many calls that one more bit shows in one of them; that is one of the first ten, usually.
ENOUGH = 200
U = 2.0**-24
#: A sum's bound is for its worst order, which isn't drawn; but on integers as wide as the claim, the bound is 0.
PROBES = (*KINDS, "wide by narrow")
#: Operations that compute, by what they compute with.
SUMS = ("dense", "dense of one feature", "dense_vjp", "dense_vjp of one example", "conv2d", "conv2d_vjp")
PRODUCTS = ("·", "/", "x·y/z - z", "dense of one feature", "relu of dense", "sigmoid_vjp", "tanh_vjp")
OTHERS = ("+", "leaky_relu", "max_pool2d_vjp", "perceptron_sgd")
LAYERS = ("softmax", "cross_entropy", "softmax_cross_entropy", "softmax_cross_entropy_vjp", "backpropagation")
FUNCTIONS = {
    "exp": "exp of a sum",
    "log": "log",
    "sqrt": "sqrt",
    "tanh": "tanh",
    "sigmoid": "sigmoid",
}

#: A claim, one that is a bit wider, and the calls in which that shows.
CLAIMS: dict[str, tuple[dict[str, Any], dict[str, Any], tuple[str, ...]]] = {
    "results of 11 bits": ({"unit_roundoff": 2.0**-11}, {"unit_roundoff": 2.0**-10}, (*PRODUCTS, *SUMS)),
    "results of 8 bits": ({"unit_roundoff": 2.0**-8}, {"unit_roundoff": 2.0**-7}, (*PRODUCTS, *SUMS)),
    "results of 23 bits": ({"unit_roundoff": 2.0**-23}, {"unit_roundoff": 2.0**-22}, (*PRODUCTS, *SUMS)),
    "sums of 11 bits": ({"accumulation_roundoff": 2.0**-11}, {"accumulation_roundoff": 2.0**-10}, SUMS),
    "sums of 23 bits": ({"accumulation_roundoff": 2.0**-23}, {"accumulation_roundoff": 2.0**-22}, SUMS),
    "results of 11 bits and sums of 8": (
        {"unit_roundoff": 2.0**-11, "accumulation_roundoff": 2.0**-8},
        {"unit_roundoff": 2.0**-11, "accumulation_roundoff": 2.0**-7},
        SUMS,
    ),
    "inputs of 11 bits": ({"input_roundoff": 2.0**-11}, {"input_roundoff": 2.0**-10}, (*SUMS, "relu_vjp")),
    "inputs of 8 bits": ({"input_roundoff": 2.0**-8}, {"input_roundoff": 2.0**-7}, (*SUMS, "max_pool2d")),
    **{
        f"{name} within {most:g} ULPs": ({"ulps": {name: most}}, {"ulps": {name: most + 1}}, (FUNCTIONS[name],))
        for name, most in [("exp", 1), ("log", 2), ("sqrt", 1), ("tanh", 2), ("sigmoid", 4)]
    },
    "tanh of 11 bits within 2 ULPs": (
        {"unit_roundoff": 2.0**-11, "ulps": {"tanh": 2}},
        {"unit_roundoff": 2.0**-11, "ulps": {"tanh": 3}},
        ("tanh",),
    ),
    **{
        f"{name} within 2.8u": ({"absolute_errors": {name: 2.8 * U}}, {"absolute_errors": {name: 3.8 * U}}, (call,))
        for name, call in FUNCTIONS.items()
    },
    "sigmoid within 1 ULP or 2.8u": (
        {"ulps": {"sigmoid": 1}, "absolute_errors": {"sigmoid": 2.8 * U}},
        {"ulps": {"sigmoid": 1}, "absolute_errors": {"sigmoid": 5.6 * U}},
        ("sigmoid", "sigmoid_vjp"),
    ),
}

#: Those that say nothing of sums, products and inputs.
OF_FUNCTIONS = [claim for claim, (claims, _, _) in CLAIMS.items() if not {"ulps", "absolute_errors"}.isdisjoint(claims)]


def within(name: str, claimed: Arithmetic, kept: Arithmetic, seed: int, kind: str) -> bool:
    """Whether a machine of one arithmetic stays within the bounds of another, in a call drawn from a seed."""
    wide = min(claimed.precision, claimed.accumulation_precision, claimed.input_precision)
    function, arguments = CALLS[name](Drawn(seed, kind, claimed.format, wide))
    try:
        worst_ratio(function, arguments, claimed, Processor(kept, seed, fused=seed % 3 == 0))
    except AssertionError:
        return False
    except Undecidable:
        pass
    return True


@pytest.mark.parametrize("name", sorted({*SUMS, *PRODUCTS, *LAYERS, *FUNCTIONS.values(), *OTHERS}))
@pytest.mark.parametrize("claim", CLAIMS)
def test_a_machine_that_keeps_a_claim_passes(claim: str, name: str):
    claimed = Arithmetic("float32", **CLAIMS[claim][0])
    if claim not in OF_FUNCTIONS or name in (*LAYERS, *FUNCTIONS.values()):
        assert all(within(name, claimed, claimed, seed, KINDS[seed % len(KINDS)]) for seed in SEEDS[:8])


@pytest.mark.parametrize("flush", [True, False])
@pytest.mark.parametrize("name", sorted({*PRODUCTS, *SUMS, "tanh", "sigmoid", "softmax"}))
@pytest.mark.parametrize("claim", CLAIMS)
def test_a_machine_that_keeps_a_claim_passes_where_numbers_are_subnormal(claim: str, name: str, flush: bool):
    claimed = Arithmetic("float32", flush_to_zero=flush, **CLAIMS[claim][0])
    if claim not in OF_FUNCTIONS or name in LAYERS:
        assert all(within(name, claimed, claimed, seed, "tiny") for seed in SEEDS[:4])


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_machine_that_loses_one_bit_more_fails(claim: str):
    claimed, worse = (Arithmetic("float32", flush_to_zero=False, **claims) for claims in CLAIMS[claim][:2])
    for name in CLAIMS[claim][2]:
        kept = (within(name, claimed, worse, seed, PROBES[seed % len(PROBES)]) for seed in range(ENOUGH))
        assert not all(kept), name


@pytest.mark.parametrize("name", ["·", "/", "dense of one feature", "conv2d", "sigmoid_vjp", "tanh"])
def test_a_machine_that_flushes_fails_unless_it_says_so(name: str):
    flushes, keeps = Arithmetic("float32"), Arithmetic("float32", flush_to_zero=False)
    assert all(within(name, flushes, flushes, seed, "tiny") for seed in SEEDS)
    assert not all(within(name, keeps, flushes, seed, "tiny") for seed in SEEDS)


def test_four_thousand_and_ninety_nine_times_one_is_rounded_by_whoever_claims_eleven_bits():
    for claims in ({"unit_roundoff": 2.0**-11}, {"accumulation_roundoff": 2.0**-11}):
        claimed = Arithmetic("float32", **claims)
        product = (Rounded(4099, claimed) * 1).begin_sum()
        assert product.distance(4096.0) == 3 > product.distance(4100.0) == 1
        assert 1 <= product.error < 3
        assert (Rounded(4100, claimed) * 1).begin_sum().error == 0
    assert (Rounded(4099, Arithmetic("float32")) * 1).begin_sum().error == 0


@pytest.mark.parametrize("bits", [8, 11, 23])
@pytest.mark.parametrize("zeros", [0, 3])
def test_the_first_term_of_a_coarse_sum_is_rounded_too_even_if_it_is_alone(bits: int, zeros: int):
    number, whole = 2**bits + 1, Arithmetic("float32")
    coarse = Arithmetic("float32", accumulation_roundoff=2.0**-bits)
    for arithmetic in (whole, coarse):
        total = sum((Rounded(0, arithmetic) for _ in range(zeros)), start=0) + Rounded(number, arithmetic)
        assert (total.error >= 1) == (arithmetic is coarse)
        assert Processor(arithmetic, 0).total([0.0, float(number)]) == (2**bits if arithmetic is coarse else number)


@pytest.mark.parametrize("bits", [8, 11, 23])
def test_a_rounding_costs_what_is_claimed_and_no_more(bits: int):
    number, roundoff = 2**bits + 1, 2.0**-bits
    of_results, of_sums, of_inputs = (
        Arithmetic("float32", **{claim: roundoff})
        for claim in ("unit_roundoff", "accumulation_roundoff", "input_roundoff")
    )
    for rounded in (
        Rounded(number, of_inputs),
        Rounded(number, of_results) * 1,
        Rounded(number, of_results) / 1,
        0 + Rounded(number, of_results),
        0 + Rounded(number, of_sums),
    ):
        claimed = Fraction(roundoff) * number
        assert claimed <= Fraction(rounded.error) <= claimed * (1 + 2 * Fraction(roundoff))


def test_a_layer_of_a_single_term_is_a_sum_as_well():
    coarse = Arithmetic("float32", accumulation_roundoff=2.0**-11)
    one, number = Rounded(1, coarse), Rounded(4099, coarse)
    [[output]] = reference.dense([[number]], [[one]], [0])
    gradients = reference.dense_vjp([[one]], [[one]], [0], [[number]])
    for rounded in (output, *leaves(tuple(gradients)), *leaves(reference.conv2d([[[[number]]]], [[[[one]]]]))):
        assert 1 <= rounded.error < 3
    [product] = reference.relu([number * one])
    assert product.error == 0


def test_inputs_are_of_the_format_whatever_operations_lose():
    claimed = Arithmetic("float32", unit_roundoff=2.0**-11)
    assert Rounded(2**24 - 1, claimed).error == 0
    assert Rounded(2**24 - 1, claimed).maximum(0).error == 0
    assert (Rounded(2**24 - 1, claimed) * 1).error > 0


@pytest.mark.parametrize(("roundoff", "bits"), [(2.0**-11, 11), (1.9 * 2.0**-12, 11), (2.0**-12 * 1.001, 11), (0.5, 1)])
def test_a_roundoff_between_two_powers_of_two_keeps_the_bits_of_the_larger(roundoff: float, bits: int):
    assert precision_of(roundoff) == bits
    assert Rounded(2**bits - 1, Arithmetic("float32", input_roundoff=roundoff)).error == 0
    assert Rounded(2**bits + 1, Arithmetic("float32", input_roundoff=roundoff)).error > 0


# Of elementary functions.


def test_an_absolute_error_takes_the_place_of_ulps_that_nobody_claimed():
    alone = Arithmetic("float32", absolute_errors={"sigmoid": 2.8 * U})
    beside = Arithmetic("float32", absolute_errors={"sigmoid": 2.8 * U}, ulps={"sigmoid": 4})
    assert alone.ulps == {**ULPS, "sigmoid": 0}
    for x, ulp in ((3.0, 2 * U / 2), (-17.5, 2.0**-49)):
        exact = Rounded(x, alone).sigmoid()
        assert 2.8 * U <= exact.error <= 2.8 * U * (1 + 2.0**-40)
        largest = max(2.8 * U, 4 * ulp)
        assert largest <= Rounded(x, beside).sigmoid().error <= largest * (1 + 2.0**-40)


@pytest.mark.parametrize("name", ["tanh", "log"])
def test_an_exact_zero_may_be_off_by_an_absolute_error(name: str):
    x = {"tanh": 0, "log": 1}[name]
    assert getattr(elementary, name)(Rounded(x, Arithmetic("float32"))).error == 0
    assert getattr(elementary, name)(Rounded(x, Arithmetic("float32", absolute_errors={name: U}))).error >= U


def subnormal_function(name: str, arithmetic: Arithmetic) -> tuple[Rounded, float]:
    """A function whose result is half the smallest normal number or less, and that result to the nearest float32."""
    x = {"exp": -88.0, "sigmoid": -88.5, "tanh": 2.0**-127}[name]
    number = getattr(elementary, name)(Rounded(x, arithmetic))
    return number, Processor(Arithmetic("float64"), 0).nearest(Fraction(number.value), 40)


@pytest.mark.parametrize("name", ["exp", "sigmoid", "tanh"])
def test_underflow_may_be_claimed_of_one_function_alone(name: str):
    keeps = Arithmetic("float32", flush_to_zero=False)
    claims = Arithmetic("float32", flush_to_zero=False, underflows=(name,))
    number, _ = subnormal_function(name, keeps)
    assert not number.distance(0.0) <= number.error
    number, value = subnormal_function(name, claims)
    assert number.distance(0.0) <= number.error
    # Twice as far as 0 is away from the smallest normal number.
    assert not number.distance(value + 2 * claims.smallest_normal) <= number.error
    for other in {"exp", "sigmoid", "tanh"} - {name}:
        number, _ = subnormal_function(other, claims)
        assert not number.distance(0.0) <= number.error
    assert (Rounded(claims.smallest_normal, claims) * 0.5).error == 0


@pytest.mark.parametrize("name", ["exp", "sigmoid", "tanh"])
def test_a_machine_whose_function_underflows_fails_unless_it_says_so(name: str):
    keeps = Arithmetic("float32", flush_to_zero=False)
    claims = Arithmetic("float32", flush_to_zero=False, underflows=(name,))
    for arithmetic, passes in ((claims, True), (keeps, False)):
        number, _ = subnormal_function(name, arithmetic)
        x = {"exp": -88.0, "sigmoid": -88.5, "tanh": 2.0**-127}[name]
        came = float(getattr(elementary, name)(Processor(claims, 0).number(x)))
        assert came == 0
        assert (number.distance(came) <= number.error) == passes


# What can't be meant.

NOT_CLAIMS: list[tuple[dict[str, Any], str]] = [
    ({"unit_roundoff": -(2.0**-24)}, "unit_roundoff: wanted a number from 0 to below 1; got -5.96"),
    ({"unit_roundoff": 1.0}, r"unit_roundoff: wanted .* below 1; got 1.0"),
    ({"unit_roundoff": "2**-11"}, r"unit_roundoff: wanted .*; got '2\*\*-11'"),
    ({"accumulation_roundoff": math.nan}, "accumulation_roundoff: wanted a number from 0 to below 1; got nan"),
    ({"input_roundoff": True}, "input_roundoff: wanted a number from 0 to below 1; got True"),
    ({"flush_to_zero": 1}, "flush_to_zero: wanted True or False; got 1"),
    ({"ulps": 4}, "ulps: wanted a dict of errors by the function's name; got 4"),
    ({"ulps": {"sigmod": 4}}, "ulps: wanted names of exp, log, sqrt, tanh, sigmoid; got 'sigmod'"),
    ({"ulps": {"exp": -1}}, r"ulps\['exp'\]: wanted a finite number of at least 0; got -1"),
    ({"absolute_errors": {"exp": math.inf}}, r"absolute_errors\['exp'\]: wanted a finite number .*; got inf"),
    ({"absolute_errors": {"relu": U}}, "absolute_errors: wanted names of exp, .*; got 'relu'"),
    ({"absolute_errors": [U]}, "absolute_errors: wanted a dict of errors by the function's name; got"),
    ({"underflows": "sigmoid"}, "underflows: wanted a tuple of functions' names; got 'sigmoid'"),
    ({"underflows": ("sigmoid", "relu")}, "underflows: wanted names of exp, .*; got 'relu'"),
]


@pytest.mark.parametrize(("claims", "message"), NOT_CLAIMS, ids=[str(claims) for claims, _ in NOT_CLAIMS])
def test_what_can_not_be_meant_is_refused_and_named(claims: dict[str, Any], message: str):
    with pytest.raises(InvalidArgument, match=f"^{message}"):
        Arithmetic("float32", **claims)
