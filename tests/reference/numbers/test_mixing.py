"""Integers, floats, fractions and decimals beside each other: alone, and inside the number types that carry them."""

from __future__ import annotations

import math
import operator
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from reference.numbers import Dual, Formula, Interval, Node, gradients
from reference.numbers.mixing import PLAIN, divide, minus, multiply, plus, special_value

OPERATIONS = {
    "+": (plus, operator.add),
    "-": (minus, operator.sub),
    "·": (multiply, operator.mul),
    "/": (divide, operator.truediv),
}
#: Each kind's 8 and 1/2 (of integers: 2). Powers of two: every operation on them is exact in all kinds.
LEFT: tuple[Any, ...] = (8, 8.0, Fraction(8), Decimal(8))
RIGHT: tuple[Any, ...] = (2, 0.5, Fraction(1, 2), Decimal("0.5"))
EVERY_PAIR = [
    pytest.param(x, y, id=f"{type(x).__name__} {type(y).__name__}") for x in (*LEFT, *RIGHT) for y in (*LEFT, *RIGHT)
]
CARRIERS = {"Dual": lambda x: Dual(x, 1), "Node": Node, "Formula": Formula}


def test_every_plain_kind_is_tried():
    assert tuple(map(type, LEFT)) == tuple(map(type, RIGHT)) == PLAIN


@pytest.mark.parametrize("sign", OPERATIONS)
@pytest.mark.parametrize(("x", "y"), EVERY_PAIR)
def test_every_kind_computes_with_every_other(x: Any, y: Any, sign: str):
    mixed, exact = OPERATIONS[sign]
    came, wanted = mixed(x, y), exact(Fraction(x), Fraction(y))
    assert Fraction(came) == wanted
    assert isinstance(came, Decimal) == (Decimal in (type(x), type(y)))


@pytest.mark.parametrize("carrier", CARRIERS)
@pytest.mark.parametrize("sign", OPERATIONS)
@pytest.mark.parametrize(("x", "y"), EVERY_PAIR)
def test_number_types_carry_every_kind_beside_every_other(x: Any, y: Any, sign: str, carrier: str):
    _, apply = OPERATIONS[sign]
    wanted = apply(Fraction(x), Fraction(y))
    make = CARRIERS[carrier]
    for came in (apply(make(x), make(y)), apply(make(x), y), apply(x, make(y))):
        assert Fraction(came.value) == wanted


@pytest.mark.parametrize(("x", "y"), EVERY_PAIR)
def test_derivatives_mix_as_values_do(x: Any, y: Any):
    left, right = Node(x), Node(y)
    assert [Fraction(slope) for slope in gradients(left * right, (left, right))] == [Fraction(y), Fraction(x)]
    product, quotient = Dual(x, y) * Dual(y, x), Dual(x, y) / Dual(y, x)
    assert Fraction(product.derivative) == Fraction(x) ** 2 + Fraction(y) ** 2
    assert Fraction(quotient.derivative) == 1 - (Fraction(x) / Fraction(y)) ** 2


def test_integers_divide_exactly_and_not_by_zero():
    assert divide(1, 3) == Fraction(1, 3)
    assert divide(Decimal(1), Fraction(1, 3)) == 1 / (Decimal(1) / 3)
    for carrier in CARRIERS.values():
        assert (carrier(1) / 3).value == (1 / carrier(3)).value == Fraction(1, 3)
        with pytest.raises(ZeroDivisionError):
            carrier(1) / 0


@pytest.mark.parametrize("kind", [float, Decimal])
def test_only_nan_and_infinities_have_no_exact_value(kind: type):
    assert special_value(kind("inf")) == math.inf
    assert special_value(kind("-inf")) == -math.inf
    assert math.isnan(special_value(kind("nan")) or 0)
    for number in (kind(0), kind(-3), 10**400, Fraction(10**400, 3), Decimal("1e4000")):
        assert special_value(number) is None
    assert Interval(kind("-inf"), kind("inf")).low == -math.inf
