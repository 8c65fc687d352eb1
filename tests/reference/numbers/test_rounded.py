"""The bounds of `Rounded`: never exceeded by a machine that keeps its claims, free where nothing is lost, not vacuous.

How tight they are: the largest error / bound of 30 drawn calls in float32, with sums in every order and elementary
functions off by up to the ULPs that are claimed. Inputs are drawn and not searched for, so that these are lower limits
of what can be reached; `pytest -rP -k how_tight` prints them again.

    one rounding          + 0.62, - 0.99, · 0.69, / 0.89, x·y/z - z 0.61; · searched for: 0.5 to 0.999
    a sum                 dense 0.19, dense_vjp 0.66, conv2d 0.48, conv2d_vjp 0.88, perceptron_predict 0.34;
                          a sum built to lose every term but one: 1 - (n - 1)·u of its bound, for n terms
    elementary functions  exp of a sum 0.94, log 1.00, log of a sum 0.74, sqrt 0.84, sigmoid 1.00, tanh 1.00
    layers                sigmoid_vjp 0.96, tanh_vjp 0.91, softmax 0.60, cross_entropy 0.69,
                          softmax_cross_entropy 0.37, its vjp 0.54, max_pool2d_vjp 0.74
    networks              forward_pass 0.44, backpropagation 0.21, perceptron_sgd 0.90
    nothing is computed   max_pool2d and relu_vjp 0
"""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal, localcontext
from fractions import Fraction
from random import Random
from typing import Any

import pytest
from hypothesis import assume, example, given, target
from hypothesis import strategies as st

import reference
from reference import Undecidable, elementary
from reference.numbers import Arithmetic, Rounded
from reference.numbers.arithmetic import FORMATS, ULPS
from tests.reference.numbers.machine import Processor
from tests.reference.support import array_of, convert, few, fewest, leaves, many, seeds

SINGLE = Arithmetic("float32")
EVERY_FORMAT = pytest.mark.parametrize("format", ["float16", "bfloat16", "float32", "float64"])
WIDTHS = {"float16": 16, "float32": 32, "float64": 64}

#: Bounds are doubles, and lose digits below this one.
SMALLEST_NORMAL_DOUBLE = 2.0**-1022
#: How inputs are drawn: alike in size, over many binades, with few bits, or so that sums cancel.
KINDS = ("alike", "wide", "short", "cancelling")


class Drawn:
    """Inputs of a call, drawn from one seed."""

    def __init__(self, seed: int, kind: str, format: str) -> None:
        self.random, self.kind = Random(seed), kind
        self.bits = FORMATS[format][0]
        self.processor = Processor(Arithmetic(format), seed)

    def number(self) -> float:
        sign = self.random.choice((-1, 1))
        if self.kind == "short":
            return sign * self.random.randrange(0, 9) / 4
        if self.kind == "wide":
            return sign * self.rounded(self.random.random() * 2.0 ** self.random.randint(-6, 4))
        if self.kind == "cancelling":
            return sign * self.rounded(1 + self.random.randrange(4) * 2.0 ** (2 - self.bits))
        return sign * self.rounded(self.random.uniform(0.5, 2))

    def rounded(self, value: float) -> float:
        return self.processor.nearest(Fraction(value))

    def array(self, *lengths: int) -> Any:
        return array_of(self.number, *lengths)

    def probabilities(self, *lengths: int) -> Any:
        return array_of(lambda: self.rounded(self.random.uniform(0.01, 1)), *lengths)

    def labels(self, rows: int, columns: int) -> Any:
        winners = [self.random.randrange(columns) for _ in range(rows)]
        return [[int(column == winner) for column in range(columns)] for winner in winners]

    def network(self) -> tuple[Any, Any, Any, Any]:
        weights = self.array(3, 4), self.array(4, 2)
        return self.array(2, 3), weights, (self.array(4), self.array(2)), self.labels(2, 2)

    def options(self) -> dict[str, Any]:
        strides = self.random.randint(1, 2), self.random.randint(1, 2)
        return {"strides": strides, "padding": self.random.choice(("valid", "same"))}


def conv2d(drawn: Drawn) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    options = drawn.options()
    return lambda *args: reference.conv2d(*args, **options), (drawn.array(1, 3, 4, 2), drawn.array(2, 2, 2, 2))


def conv2d_vjp(drawn: Drawn) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    options = drawn.options()
    images, filters = drawn.array(1, 3, 3, 2), drawn.array(2, 2, 2, 2)
    cotangent = drawn.array(*reference.shape(reference.conv2d(images, filters, **options)))
    return lambda *args: reference.conv2d_vjp(*args, **options), (images, filters, cotangent)


def pool_vjp(drawn: Drawn) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    options = {**drawn.options(), "pool_size": 2}
    images = drawn.array(1, 3, 4, 2)
    cotangent = drawn.array(*reference.shape(reference.max_pool2d(images, **options)))
    return lambda *args: reference.max_pool2d_vjp(*args, **options), (images, cotangent)


def sgd(drawn: Drawn) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    labels = [drawn.random.choice((-1, 1)) for _ in range(4)]

    def train(features: Any, rate: Any) -> Any:
        return reference.perceptron_sgd(features, labels, epochs=3, learning_rate=rate)

    return train, (drawn.array(4, 3), drawn.rounded(drawn.random.uniform(0.1, 1)))


#: For every operation, a function and arguments for it.
CALLS: dict[str, Callable[[Drawn], tuple[Callable[..., Any], tuple[Any, ...]]]] = {
    "+": lambda d: (lambda x, y: x + y, (d.number(), d.number())),
    "-": lambda d: (lambda x, y: x - y, (d.number(), d.number())),
    "·": lambda d: (lambda x, y: x * y, (d.number(), d.number())),
    "/": lambda d: (lambda x, y: x / y, (d.number(), d.number() or 3.0)),
    "x·y/z - z": lambda d: (lambda x, y, z: x * y / z - z, (d.number(), d.number(), d.number() or 3.0)),
    "log": lambda d: (elementary.log, (abs(d.number()) or 1.0,)),
    "sqrt": lambda d: (elementary.sqrt, (abs(d.number()),)),
    "exp of a sum": lambda d: (lambda *x: elementary.exp(sum(x)), tuple(d.array(4))),
    "log of a sum": lambda d: (lambda *x: elementary.log(sum(x)), tuple(d.probabilities(4))),
    "sqrt of a sum": lambda d: (lambda *x: elementary.sqrt(sum(x)), tuple(d.probabilities(4))),
    "dense": lambda d: (reference.dense, (d.array(2, 6), d.array(6, 2), d.array(2))),
    "dense_vjp": lambda d: (reference.dense_vjp, (d.array(3, 2), d.array(2, 2), d.array(2), d.array(3, 2))),
    "conv2d": conv2d,
    "conv2d_vjp": conv2d_vjp,
    "max_pool2d": lambda d: (reference.max_pool2d, (d.array(1, 4, 4, 1),)),
    "max_pool2d_vjp": pool_vjp,
    "relu of dense": lambda d: (
        lambda *a: reference.relu(reference.dense(*a)),
        (d.array(2, 4), d.array(4, 2), d.array(2)),
    ),
    "relu_vjp": lambda d: (reference.relu_vjp, (d.array(6), d.array(6))),
    "sigmoid": lambda d: (reference.sigmoid, (d.array(4),)),
    "sigmoid_vjp": lambda d: (reference.sigmoid_vjp, (d.array(4), d.array(4))),
    "tanh": lambda d: (reference.tanh, (d.array(4),)),
    "tanh_vjp": lambda d: (reference.tanh_vjp, (d.array(4), d.array(4))),
    "softmax": lambda d: (reference.softmax, (d.array(2, 4),)),
    "cross_entropy": lambda d: (reference.cross_entropy, (d.probabilities(2, 4), d.probabilities(2, 4))),
    "softmax_cross_entropy": lambda d: (
        reference.softmax_cross_entropy_with_logits,
        (d.array(2, 4), d.labels(2, 4)),
    ),
    "softmax_cross_entropy_vjp": lambda d: (
        reference.softmax_cross_entropy_with_logits_vjp,
        (d.array(2, 4), d.labels(2, 4), d.array(2)),
    ),
    "forward_pass": lambda d: (reference.forward_pass, d.network()[:3]),
    "backpropagation": lambda d: (reference.backpropagation, d.network()),
    "perceptron_predict": lambda d: (
        lambda x, w: reference.perceptron_predict(x, w).scores,
        (d.array(3, 3), d.array(4)),
    ),
    "perceptron_sgd": sgd,
}
EVERY_CALL = pytest.mark.parametrize("name", CALLS)


def worst_ratio(function: Callable[..., Any], arguments: Any, arithmetic: Arithmetic, processor: Processor) -> float:
    """Run a function on bounds and on a machine; the largest error / bound, after asserting that none exceeds 1."""
    bounds = list(leaves(function(*convert(lambda x: Rounded(x, arithmetic), arguments))))
    came = list(leaves(function(*convert(processor.number, arguments))))
    worst = 0.0
    for bound, value in zip(bounds, came, strict=True):
        number = bound if isinstance(bound, Rounded) else Rounded(bound, arithmetic)
        allowed = number.error
        if allowed == math.inf:
            continue
        result = float(value)
        error = number.distance(result)
        if 0 < allowed < SMALLEST_NORMAL_DOUBLE and math.isfinite(result):
            # A bound down there is a subnormal double, with no digits left for the rounding up of a distance.
            assert abs(number.value - Fraction(result)) <= Fraction(allowed)
            continue
        assert error <= allowed, f"{result} is {error} away from {number}"
        worst = max(worst, error / allowed if allowed and not number.undecided else 0.0)
    return worst


# 1. The bound is never exceeded.


@EVERY_FORMAT
@EVERY_CALL
@given(seeds, st.sampled_from(KINDS), st.booleans(), st.booleans())
@fewest
def test_no_order_of_summation_exceeds_the_bound(
    name: str, format: str, seed: int, kind: str, fused: bool, flush: bool
):
    arithmetic = Arithmetic(format, flush_to_zero=flush)
    function, arguments = CALLS[name](Drawn(seed, kind, format))
    try:
        target(worst_ratio(function, arguments, arithmetic, Processor(arithmetic, seed, fused=fused)))
    except Undecidable:
        assume(False)  # a perceptron's next step isn't decided by the claims


@pytest.mark.parametrize(
    "name", ["softmax", "softmax_cross_entropy", "softmax_cross_entropy_vjp", "sigmoid_vjp", "tanh_vjp"]
)
@pytest.mark.parametrize("format", ["float16", "float32", "float64"])
@given(seeds)
@fewest
def test_large_scores_stay_inside_the_bound(name: str, format: str, seed: int):
    drawn, arithmetic = Drawn(seed, "alike", format), Arithmetic(format)
    drawn.number = lambda: drawn.rounded(drawn.random.uniform(-1000, 1000))  # type: ignore[method-assign]
    function, arguments = CALLS[name](drawn)
    worst_ratio(function, arguments, arithmetic, Processor(arithmetic, seed))


@pytest.mark.parametrize(
    "name", ["+", "·", "/", "x·y/z - z", "dense", "conv2d", "sigmoid_vjp", "tanh", "softmax", "sqrt"]
)
@pytest.mark.parametrize("flush", [True, False])
@pytest.mark.parametrize("format", ["float16", "float32", "float64"])
@given(seeds)
@fewest
def test_subnormal_inputs_and_results_stay_inside_the_bound(name: str, flush: bool, format: str, seed: int):
    drawn, arithmetic = Drawn(seed, "wide", format), Arithmetic(format, flush_to_zero=flush)
    bits, subnormal, _ = FORMATS[format]

    def tiny() -> float:
        exponent = drawn.random.choice((0, 0, subnormal + drawn.random.randint(0, 2 * bits), (subnormal + bits) // 2))
        size = Fraction(drawn.random.uniform(1, 2)) * Fraction(2) ** exponent
        return drawn.random.choice((-1, 1)) * drawn.processor.nearest(size)

    drawn.number = tiny  # type: ignore[method-assign]
    function, arguments = CALLS[name](drawn)
    if format == "float16" and name == "x·y/z - z":
        assume(abs(arguments[0] * arguments[1] / arguments[2]) < arithmetic.largest)  # a fused division doesn't exist
    worst_ratio(function, arguments, arithmetic, Processor(arithmetic, seed))


@given(seeds, st.sampled_from(KINDS))
@many
def test_inputs_that_no_format_holds_may_be_rounded_to_it(seed: int, kind: str):
    drawn = Drawn(seed, kind, "float32")
    arguments = convert(lambda x: Fraction(x) / 3, (drawn.array(2, 3), drawn.array(3, 2), drawn.array(2)))
    worst_ratio(reference.dense, arguments, SINGLE, Processor(SINGLE, seed))


# 2. The bound says something.


@EVERY_CALL
def test_how_tight_the_bounds_are(name: str):
    ratios = []
    for seed in range(30):
        function, arguments = CALLS[name](Drawn(seed, KINDS[seed % len(KINDS)], "float32"))
        try:
            ratios.append(worst_ratio(function, arguments, SINGLE, Processor(SINGLE, seed, fused=seed % 5 == 0)))
        except Undecidable:
            continue
    print(f"{name}: largest error / bound {max(ratios):.2f}")
    choosing = name in ("max_pool2d", "relu_vjp")  # these compute nothing
    assert max(ratios) == 0 if choosing else max(ratios) > 0


@EVERY_FORMAT
def test_one_rounding_reaches_almost_all_of_its_bound(format: str):
    # (1 + ε)² = 1 + 2ε + ε²: with the right ε, the square lies next to the middle between two numbers.
    arithmetic, bits = Arithmetic(format), FORMATS[format][0]
    factor = 1 + Fraction(2 ** (bits // 2 - 1) + (bits % 2 == 0), 2 ** (bits - 1))
    best = Fraction(0)
    for step in range(64):
        x = factor + Fraction(step, 2 ** (bits - 1))
        product = Rounded(x, arithmetic) * Rounded(x, arithmetic)
        computed = float(Processor(arithmetic, 0).number(x) * Processor(arithmetic, 0).number(x))
        if product.error:
            best = max(best, Fraction(product.distance(computed)) / Fraction(product.error))
    print(f"one product in {format}: largest error / bound {float(best):.3f}")
    assert best > Fraction(1, 4)


@EVERY_FORMAT
@pytest.mark.parametrize("terms", [2, 9, 40])
def test_a_sum_that_loses_every_term_reaches_almost_all_of_its_bound(format: str, terms: int):
    # Half a unit of 1 is a tie, which goes to the even 1: added one after the other, all of them are lost.
    arithmetic, bits = Arithmetic(format), FORMATS[format][0]
    numbers = [1.0] + [2.0**-bits] * (terms - 1)
    total = sum((Rounded(x, arithmetic) for x in numbers[1:]), start=Rounded(1, arithmetic))
    came, processor = 1.0, Processor(arithmetic, 0)
    for number in numbers[1:]:
        came = processor.add(came, number)
    assert came == 1
    error = Fraction(total.distance(came))
    assert error == (terms - 1) * Fraction(2) ** -bits
    gamma = Fraction(terms - 1, 2**bits - (terms - 1))
    # The whole of it but for Σ|terms| > 1, and the few bits that bounds are raised by.
    assert error <= Fraction(total.error) <= gamma * (1 + error) * (1 + Fraction(1, 2**40))


# 3. What is exact costs nothing.


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
        assert third.distance(Processor(arithmetic, 0).nearest(Fraction(1, 3))) <= third.error


@given(st.integers(-(2**20), 2**20), st.sampled_from([1, 2, 4, 8, 1024]))
@many
def test_division_by_a_power_of_two_is_exact(numerator: int, denominator: int):
    quotient = Rounded(numerator, SINGLE) / denominator
    assert quotient.error == 0
    assert quotient.value == Fraction(numerator, denominator)


# 4. Overflow.


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


# 5. Claims: floors, coarser inputs, coarser sums.


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


# 6. Kinks and decisions.


@given(st.floats(-2, 2, width=32), st.floats(0, 1, width=32), st.floats(-4, 4, width=32), st.floats(-4, 4, width=32))
@example(0.0, 0.0, 1.0, -3.0)
@many
def test_an_uncertain_sign_gives_everything_between_both_branches(x: float, error: float, yes: float, no: float):
    chosen = elementary.where_positive(Rounded(x, Arithmetic("float32", flush_to_zero=False), error), yes, no)
    if abs(x) > error:
        assert chosen == (yes if x > 0 else no)
    else:
        assert chosen.undecided
        for share in (0, Fraction(1, 3), 1):
            between = share * Fraction(yes) + (1 - share) * Fraction(no)
            assert abs(chosen.value - between) <= Fraction(chosen.error)


@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(0, 2)), min_size=2, max_size=5), seeds)
@many
def test_the_maximum_of_uncertain_numbers_holds_every_possible_maximum(numbers: list[tuple[int, int]], seed: int):
    winner = Rounded(numbers[0][0], SINGLE, float(numbers[0][1]))
    for value, error in numbers[1:]:
        winner = winner.maximum(Rounded(value, SINGLE, float(error)))
    random = Random(seed)
    for _ in range(8):
        possible = max(value + error * random.choice((-1.0, 0.0, 0.5, 1.0)) for value, error in numbers)
        assert winner.distance(possible) <= winner.error
    assert winner.value == max(value for value, _ in numbers)


@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(0, 2)), min_size=1, max_size=5), st.integers(-5, 5))
@many
def test_everyone_who_may_have_won_shares_the_gradient(numbers: list[tuple[int, int]], gradient: int):
    values = [Rounded(value, SINGLE, float(error)) for value, error in numbers]
    shares = values[0].shares_of_largest(values, Rounded(gradient, SINGLE))
    lowest_winner = max(value - error for value, error in numbers)
    certain_winners = [
        place
        for place, (value, error) in enumerate(numbers)
        if all(value - error > other + slack for i, (other, slack) in enumerate(numbers) if i != place)
    ]
    for place, (share, (value, error)) in enumerate(zip(shares, numbers, strict=True)):
        if place in certain_winners:
            assert share == gradient
        elif certain_winners:
            assert share == 0
        elif value + error >= lowest_winner:
            assert share.undecided
            assert share.distance(float(gradient)) <= share.error
            assert share.distance(0.0) <= share.error


@given(st.integers(-3, 3), st.integers(-3, 3), st.integers(0, 3), st.integers(0, 3))
@many
def test_comparisons_are_undecidable_only_within_the_errors(x: int, y: int, of_x: int, of_y: int):
    left, right = Rounded(x, SINGLE, float(of_x)), Rounded(y, SINGLE, float(of_y))
    comparisons = {
        "<": (lambda: left < right, x < y),
        "<=": (lambda: left <= right, x <= y),
        ">": (lambda: left > right, x > y),
        ">=": (lambda: left >= right, x >= y),
        "==": (lambda: left == right, x == y),
    }
    for compare, answer in comparisons.values():
        if (of_x or of_y) and abs(x - y) <= of_x + of_y:
            with pytest.raises(Undecidable, match="nearer to each other than their errors"):
                compare()
        else:
            assert compare() == answer


def test_what_may_have_overflowed_compares_with_nothing():
    unknown = Rounded(SINGLE.largest, SINGLE) * 2 - Rounded(SINGLE.largest, SINGLE)
    unknown = Rounded(SINGLE.largest, SINGLE) + SINGLE.largest - SINGLE.largest if unknown.error == 0 else unknown
    for other in (1, math.inf):
        with pytest.raises(Undecidable):
            _ = unknown < other


# 7. NaN and infinities.

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


# 8. Values and distances.


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
