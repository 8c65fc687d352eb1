"""Elementary functions: what has them, how precise they are, the largest of several numbers and its gradient."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import pytest

from reference import Undecidable, elementary
from reference.elementary import largest, shares_of_largest
from reference.numbers import Arithmetic, Dual, Formula, Interval, Node, Rounded

SINGLE = Arithmetic("float32")
#: Numbers whose comparisons are always decided: of ties, the first gets everything.
DECIDED: dict[str, Callable[[Any], Any]] = {
    "int": int,
    "float": float,
    "Fraction": Fraction,
    "Decimal": Decimal,
    "Dual": lambda x: Dual(Fraction(x), 1),
    "Node": Node,
    "Formula": Formula,
}
#: Numbers that know about errors: of ties, each may get anything between.
UNCERTAIN: dict[str, Callable[[int], Any]] = {"Interval": Interval, "Rounded": lambda x: Rounded(x, SINGLE)}


@pytest.mark.parametrize("kind", DECIDED)
def test_the_first_of_the_largest_gets_the_gradient(kind: str):
    values = [DECIDED[kind](x) for x in (1, 3, -2, 3)]
    assert largest(values) == 3
    assert shares_of_largest(values, 7) == [0, 7, 0, 0]


@pytest.mark.parametrize("kind", UNCERTAIN)
def test_numbers_with_errors_answer_for_every_tie(kind: str):
    number = UNCERTAIN[kind]
    assert shares_of_largest([number(1), number(3), number(-2)], number(7)) == [0, 7, 0]
    _, first, _, second = shares_of_largest([number(1), number(3), number(-2), number(3)], number(7))
    for share in (first, second):
        low, high = (
            (share.low, share.high)
            if isinstance(share, Interval)
            else (share.value - Fraction(share.error), share.value + Fraction(share.error))
        )
        assert low <= 0
        assert high >= 7


@pytest.mark.parametrize("kind", UNCERTAIN)
def test_plain_numbers_beside_those_with_errors_are_asked_with_them(kind: str):
    tied = shares_of_largest([3, UNCERTAIN[kind](3)], 7)
    if kind == "Interval":
        assert [(share.low, share.high) for share in tied] == [(0, 7), (0, 7)]
    else:
        assert all(share.undecided for share in tied)


def test_a_nan_is_the_largest():
    assert math.isnan(largest([1.0, math.nan, 2.0]))
    assert shares_of_largest([1.0, math.nan, math.inf], 7) == [0, 7, 0]
    assert shares_of_largest([Rounded(1, SINGLE), Rounded(math.nan, SINGLE)], 7) == [0, 7]


def test_a_graph_of_uncertain_numbers_refuses_to_choose_a_winner():
    with pytest.raises(Undecidable):
        shares_of_largest([Node(Rounded(1, SINGLE, error=0.5)), Node(Rounded(1, SINGLE))], 7)


@pytest.mark.parametrize("kind", ["Fraction", "Dual", "Node"])
@pytest.mark.parametrize("name", ["exp", "log", "sqrt", "tanh", "sigmoid"])
def test_a_fraction_has_no_elementary_functions_and_says_what_has(name: str, kind: str):
    with pytest.raises(TypeError, match=f"^{name} of Fraction: .* has no such function; use float, Decimal or "):
        getattr(elementary, name)(DECIDED[kind](Fraction(1, 2)))


@pytest.mark.parametrize("x", ["1e-5", "-1e-20", "1e-49", "1e-70", "-3e-4000"])
def test_the_hyperbolic_tangent_of_a_small_decimal_keeps_all_its_digits(x: str):
    with localcontext() as context:
        context.prec = 50
        came = Fraction(elementary.tanh(Decimal(x)))
    # tanh x lies between x - x³/3 and x - x³/3 + 2x⁵/15, and the last of 50 digits may be off by one.
    exact = Fraction(x)
    cut = abs(exact) ** 5 * 2 / 15
    assert abs(came - (exact - exact**3 / 3)) <= cut + abs(exact) * Fraction(1, 10**49)
