"""Intervals contain every result that their operands allow, and say when they can't decide."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal, localcontext
from fractions import Fraction
from operator import add, mul, sub, truediv
from random import Random
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import reference
from reference import Undecidable, elementary
from reference.numbers import Dual, Interval, Node
from reference.numbers.interval import hull
from tests.reference.support import array_of, convert, few, fractions, leaves, many, seeds

# Ends of intervals, and how far between them a point lies.
ends = st.tuples(fractions, fractions).map(sorted)
sixths = st.integers(0, 6)


def within(low: Fraction, high: Fraction, sixth: int) -> Fraction:
    return low + (high - low) * Fraction(sixth, 6)


# Operations.

BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda x, y: x + y,
    "-": lambda x, y: x - y,
    "·": lambda x, y: x * y,
    "/": lambda x, y: x / y,
    "maximum": elementary.maximum,
}


@pytest.mark.parametrize("name", BINARY)
@given(ends, ends, sixths, sixths)
@many
def test_an_operation_contains_the_result_of_every_pair_of_points(name: str, first: Any, second: Any, i: int, j: int):
    x, y = within(*first, i), within(*second, j)
    if name == "/" and y == 0:
        return
    assert BINARY[name](x, y) in BINARY[name](Interval(*first), Interval(*second))
    assert BINARY[name](x, y) in BINARY[name](Interval(*first), y)
    assert BINARY[name](x, y) in BINARY[name](x, Interval(*second))


@pytest.mark.parametrize("name", ["+", "-", "·", "maximum"])
@given(ends, ends)
@many
def test_an_operation_is_no_wider_than_its_results(name: str, first: Any, second: Any):
    corners = [BINARY[name](x, y) for x in first for y in second]
    came = BINARY[name](Interval(*first), Interval(*second))
    assert (came.low, came.high) == (min(corners), max(corners))


@given(ends, ends.filter(lambda pair: not pair[0] <= 0 <= pair[1]))
@many
def test_a_quotient_is_no_wider_than_its_results(first: Any, second: Any):
    corners = [x / y for x in first for y in second]
    came = Interval(*first) / Interval(*second)
    assert (came.low, came.high) == (min(corners), max(corners))


@given(ends, ends.filter(lambda pair: pair[0] <= 0 <= pair[1]))
@few
def test_division_by_what_may_be_zero_allows_everything(first: Any, second: Any):
    came = Interval(*first) / Interval(*second)
    assert (came.low, came.high) == (-math.inf, math.inf)


FUNCTIONS = ["exp", "log", "sqrt", "tanh", "sigmoid"]


def to_fifty_digits(name: str, x: Any) -> Any:
    """An elementary function's value, rounded to far more digits than the intervals keep, even beside 1."""
    with localcontext() as context:
        context.prec = 1000
        argument = Decimal(Fraction(x).numerator) / Decimal(Fraction(x).denominator)
        return getattr(elementary, name)(argument)


@pytest.mark.parametrize("name", FUNCTIONS)
@given(st.tuples(st.fractions(-1000, 1000), st.fractions(-1000, 1000)).map(sorted), sixths)
@example([Fraction(0), Fraction(4)], 0)
@example([Fraction(1), Fraction(1)], 0)
@example([Fraction(1, 10**30), Fraction(1, 10**30)], 0)
@many
def test_an_elementary_function_contains_its_value_at_every_point(name: str, bounds: Any, sixth: int):
    low, high = map(abs, bounds) if name in ("log", "sqrt") else bounds
    low, high = min(low, high), max(low, high)
    x = within(low, high, sixth)
    if name == "log" and x == 0:
        return
    # The value itself is rounded, by far less than the interval's ends are moved outwards.
    assert to_fifty_digits(name, x) in getattr(elementary, name)(Interval(low, high))


@pytest.mark.parametrize("name", FUNCTIONS)
@given(st.fractions(Fraction(1, 10), 30))
@few
def test_an_elementary_function_of_a_point_is_known_to_forty_digits(name: str, x: Fraction):
    came = getattr(elementary, name)(Interval(x))
    size = max(abs(came.low), abs(came.high), Fraction(1))
    assert came.high - came.low <= size * Fraction(1, 10**40)


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("x", [10**7, -(10**7), 10**20, -(10**20), math.inf, -math.inf], ids=str)
def test_enormous_arguments_have_bounded_cost(name: str, x: float):
    came = getattr(elementary, name)(Interval(x))
    limit = getattr(elementary, name)(math.copysign(math.inf, x))
    assert name in ("log", "sqrt") or limit in came  # those two are far from their limits
    assert repr(came).startswith("Interval(")


@pytest.mark.parametrize(("x", "shown"), [(800, "2.7263745721125666e+347"), (5000, "2.9676283840236671e+2171")])
def test_an_exponential_beyond_all_floats_is_still_known(x: int, shown: str):
    came = Interval(x).exp()
    with localcontext() as context:
        context.prec = 80
        assert Fraction(Decimal(x).exp()) in came
    assert came.high - came.low <= came.low * Fraction(1, 10**40)
    assert repr(came) == f"Interval({shown}, {shown})"


def test_what_has_no_logarithm_or_root_allows_everything():
    for came in (Interval(-1, 2).log(), Interval(0, 2).log(), Interval(-1, 2).sqrt()):
        assert (came.low, came.high) == (-math.inf, math.inf)


def test_huge_ends_go_along_with_infinite_ones():
    huge, everything = Interval(10**400), Interval(-math.inf, math.inf)
    for came in (huge + everything, everything - huge, huge * everything, everything * -huge):
        assert (came.low, came.high) == (-math.inf, math.inf)
    assert repr(Interval(Fraction(10**400, 3))) == "Interval(3.3333333333333333e+399, 3.3333333333333333e+399)"
    assert (Interval(0) * everything).high == 0
    assert Fraction(1, 10**400) in 1 / Interval(1, math.inf)


# Random expressions, and the functions of the reference.


def expression(random: Random, depth: int) -> Callable[[list[Any]], Any]:
    """A random composition of operations, as a function of its inputs."""
    if depth == 0:
        place, constant = random.randrange(4), random.randint(-3, 3)
        return (lambda inputs: inputs[place]) if random.random() < 0.8 else (lambda inputs: constant + 0 * inputs[0])
    name = random.choice([*BINARY, "-x"])
    left, right = expression(random, depth - 1), expression(random, depth - 1)
    if name == "-x":
        return lambda inputs: -left(inputs)
    return lambda inputs: BINARY[name](left(inputs), right(inputs))


@given(seeds, st.lists(st.tuples(ends, sixths), min_size=4, max_size=4))
@many
def test_a_rational_expression_contains_its_value_at_every_point(seed: int, inputs: Any):
    function = expression(Random(seed), 4)
    try:
        value = function([within(*bounds, sixth) for bounds, sixth in inputs])
    except ZeroDivisionError:
        return
    assert value in function([Interval(*bounds) for bounds, _ in inputs])


def uncertain(random: Random, width: Fraction) -> Callable[..., tuple[Any, Any]]:
    """A maker of arrays of pairs: an interval, and a point of it."""

    def number() -> tuple[Interval, Fraction]:
        low = Fraction(random.randint(-200, 200), 40)
        return Interval(low, low + width), low + width * Fraction(random.randint(0, 6), 6)

    def make(*lengths: int) -> tuple[Any, Any]:
        pairs = list(leaves(array_of(lambda: [number()], *lengths)))
        intervals, points = pairs[0::2], pairs[1::2]
        return reference.reshape(intervals, lengths), reference.reshape(points, lengths)

    return make


RATIONAL: dict[str, tuple[Callable[..., Any], tuple[tuple[int, ...], ...]]] = {
    "dense": (reference.dense, ((2, 4), (4, 2), (2,))),
    "dense_vjp": (reference.dense_vjp, ((2, 3), (3, 2), (2,), (2, 2))),
    "conv2d": (lambda x, f: reference.conv2d(x, f, strides=2, padding="same"), ((1, 3, 4, 2), (2, 2, 2, 1))),
    "conv2d_vjp": (reference.conv2d_vjp, ((1, 3, 3, 1), (2, 2, 1, 1), (1, 2, 2, 1))),
    "max_pool2d": (reference.max_pool2d, ((1, 4, 4, 1),)),
    "relu": (reference.relu, ((6,),)),
    "relu_vjp": (reference.relu_vjp, ((6,), (6,))),
}
TRANSCENDENTAL: dict[str, tuple[Callable[..., Any], tuple[tuple[int, ...], ...]]] = {
    "softmax": (reference.softmax, ((2, 3),)),
    "sigmoid": (reference.sigmoid, ((4,),)),
    "sigmoid_vjp": (reference.sigmoid_vjp, ((4,), (4,))),
    "tanh_vjp": (reference.tanh_vjp, ((4,), (4,))),
    "softmax_cross_entropy": (reference.softmax_cross_entropy_with_logits, ((2, 3), (2, 3))),
}


@pytest.mark.parametrize("name", RATIONAL)
@given(seeds, st.sampled_from([Fraction(0), Fraction(1, 20), Fraction(1, 2)]))
@few
def test_a_rational_function_contains_its_value_at_every_point(name: str, seed: int, width: Fraction):
    function, shapes = RATIONAL[name]
    make = uncertain(Random(seed), width)
    intervals, points = zip(*(make(*lengths) for lengths in shapes), strict=True)
    for value, came in zip(leaves(function(*points)), leaves(function(*intervals)), strict=True):
        assert value in hull(came)


@pytest.mark.parametrize("name", TRANSCENDENTAL)
@given(seeds, st.sampled_from([Fraction(0), Fraction(1, 20), Fraction(1, 2)]))
@few
def test_a_transcendental_function_contains_its_value_at_every_point(name: str, seed: int, width: Fraction):
    function, shapes = TRANSCENDENTAL[name]
    make = uncertain(Random(seed), width)
    intervals, points = zip(*(make(*lengths) for lengths in shapes), strict=True)
    with localcontext() as context:
        context.prec = 80
        values = function(*convert(lambda x: Decimal(x.numerator) / Decimal(x.denominator), points))
    # Even the interval of a point is 48 digits narrow; Decimal errs in the 79th.
    for value, came in zip(leaves(values), leaves(function(*intervals)), strict=True):
        came = hull(came)
        margin = Interval(-Fraction(1, 10**70), Fraction(1, 10**70))
        assert value in (came if width else came + margin)


# As printed.


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("7.67", "7.665", "7.675"),
        ("0.40", "0.395", "0.405"),
        ("-3", "-3.5", "-2.5"),
        ("0", "-0.5", "0.5"),
        ("1e3", "500", "1500"),
        ("+0.1", "0.05", "0.15"),
    ],
)
def test_a_printed_number_is_half_a_unit_of_its_last_digit_wide(text: str, low: str, high: str):
    printed = Interval.printed(text)
    assert (printed.low, printed.high) == (Fraction(low), Fraction(high))


@given(st.decimals(-1000, 1000, places=6), st.integers(0, 5))
@many
def test_a_number_lies_in_what_is_printed_of_it(value: Decimal, digits: int):
    assert value in Interval.printed(f"{value:.{digits}f}")


@pytest.mark.parametrize("text", ["inf", "nan", "", "0,4", "abc"])
def test_what_is_no_printed_number_says_so(text: str):
    with pytest.raises(ValueError, match=r"text: wanted a printed decimal number; got "):
        Interval.printed(text)


# Comparisons and kinks.

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda x, y: x < y,
    "<=": lambda x, y: x <= y,
    ">": lambda x, y: x > y,
    ">=": lambda x, y: x >= y,
    "==": lambda x, y: x == y,
}


@pytest.mark.parametrize("sign", COMPARISONS)
@given(
    st.tuples(st.integers(-2, 2), st.integers(-2, 2)).map(sorted),
    st.tuples(st.integers(-2, 2), st.integers(-2, 2)).map(sorted),
)
@many
def test_comparisons_answer_when_all_pairs_of_points_agree_and_else_raise(sign: str, first: Any, second: Any):
    # All that a comparison can depend on happens at the ends and half way between the whole numbers.
    halves = [[Fraction(twice, 2) for twice in range(2 * low, 2 * high + 1)] for low, high in (first, second)]
    answers = {COMPARISONS[sign](x, y) for x in halves[0] for y in halves[1]}
    if len(answers) == 1:
        assert COMPARISONS[sign](Interval(*first), Interval(*second)) is answers.pop()
    else:
        with pytest.raises(Undecidable, match="either answer could be right"):
            COMPARISONS[sign](Interval(*first), Interval(*second))


@given(ends, ends, ends)
@many
def test_a_kink_takes_the_branch_of_a_known_sign_and_else_everything_between(x: Any, yes: Any, no: Any):
    came = elementary.where_positive(Interval(*x), Interval(*yes), Interval(*no))
    taken = [yes] if x[0] > 0 else [no] if x[1] < 0 else [yes, no]
    assert (came.low, came.high) == (min(low for low, _ in taken), max(high for _, high in taken))


@given(st.lists(ends, min_size=1, max_size=4), fractions, st.lists(sixths, min_size=4, max_size=4))
@many
def test_whoever_wins_has_the_gradient_among_its_shares(bounds: Any, gradient: Fraction, places: list[int]):
    intervals = [Interval(*pair) for pair in bounds]
    shares = intervals[0].shares_of_largest(intervals, gradient)
    points = [within(*pair, sixth) for pair, sixth in zip(bounds, places, strict=False)]
    winner = points.index(max(points))
    for place, share in enumerate(shares):
        assert (gradient if place == winner else 0) in share


@pytest.mark.parametrize(
    ("ends", "message"),
    [
        ((2, 1), r"high: wanted at least 2; got 1"),
        ((math.inf, 1), r"high: wanted at least inf; got 1"),
        ((math.nan,), r"low, high: wanted a number or an infinity; got nan"),
        ((0, math.nan), r"low, high: wanted a number or an infinity; got nan"),
        ((0, Decimal("NaN")), r"low, high: wanted a number or an infinity"),
    ],
)
def test_ends_that_make_no_interval_say_so(ends: tuple[Any, ...], message: str):
    with pytest.raises(ValueError, match=message):
        Interval(*ends)


@given(ends, ends)
@many
def test_overlapping_means_a_common_number(first: Any, second: Any):
    a, b = Interval(*first), Interval(*second)
    common = max(first[0], second[0])
    assert a.overlaps(b) == b.overlaps(a) == (common in a and common in b)


rows = st.lists(st.tuples(st.integers(-40, 40), st.integers(0, 40)), min_size=1, max_size=4)


@given(rows)
@many
def test_softmax_of_ranges_is_as_narrow_as_it_can_be(row: list[tuple[int, int]]):
    """Each probability is least where its own score is, and the others are largest: those corners are attained."""
    ranges = [Interval(Fraction(low, 4), Fraction(low + width, 4)) for low, width in row]
    with localcontext(prec=60):
        for place, found in enumerate(reference.softmax(ranges)):
            for own, other in ((0, 1), (1, 0)):
                ends = [(low, low + width)[own if at == place else other] for at, (low, width) in enumerate(row)]
                corner = Fraction(reference.softmax([Decimal(end) / 4 for end in ends])[place])
                reached = found.low if own == 0 else found.high
                assert abs(reached - corner) <= corner / 10**40
                assert found.low <= corner * (1 + Fraction(1, 10**55))
                assert found.high >= corner * (1 - Fraction(1, 10**55))


def test_softmax_of_what_may_be_anything_is_a_probability():
    anything = Interval(-math.inf, math.inf)
    for probability in reference.softmax([anything, Interval(5), anything]):
        assert (probability.low, probability.high) == (0, 1)
    assert 0 < reference.softmax([0, Interval(-1, 1)])[0].low < Fraction(1, 2)
    assert reference.softmax([Interval(10**400), 0])[0].low > Fraction(1, 2)


@pytest.mark.parametrize("operation", [add, sub, mul, truediv])
@pytest.mark.parametrize("kind", [Node, Dual])
def test_what_has_intervals_in_it_computes_beside_one_on_either_side(operation: Any, kind: Any):
    x, y = Interval(1, 2), Interval(3, 4)
    wanted = operation(x, y)
    for found in (operation(x, kind(y)), operation(kind(x), y)):
        assert isinstance(found, kind)
        assert (found.value.low, found.value.high) == (wanted.low, wanted.high)
