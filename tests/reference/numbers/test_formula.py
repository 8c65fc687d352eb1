"""A formula's text, read as arithmetic, has the value that the formula has."""

from __future__ import annotations

import re
from fractions import Fraction
from operator import eq, ge, gt, le, lt, ne
from random import Random
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import reference
from reference import elementary
from reference.errors import InvalidArgument, Undecidable
from reference.numbers import Formula, Node, gradients
from tests.reference.support import array_of, convert, few, leaves, many, seeds

NUMBER = re.compile(r"\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")


def read(text: str) -> Any:
    """The value of a formula's text: · is multiplication, and a number is the fraction that it is printed as."""
    return eval(
        NUMBER.sub(lambda match: f"Fraction('{match[0]}')", text).replace("·", "*"), {"Fraction": Fraction, "max": max}
    )


def random_number(random: Random) -> Any:
    kind = random.randrange(5)
    if kind == 0:
        return random.randint(-5, 5)
    if kind == 1:
        return Formula(f"{random.randint(-99, 99) / 10}")
    if kind == 2:
        return Formula(random.randint(-9, 9))
    if kind == 3:
        return Formula(Fraction(random.randint(-9, 9), random.randint(1, 9)))
    return Formula(f"{random.randint(-9, 9)}/{random.randint(1, 9)}")


def random_formula(random: Random, depth: int) -> Any:
    if depth == 0 or random.random() < 0.1:
        return random_number(random)
    left, right = random_formula(random, depth - 1), random_formula(random, depth - 1)
    left = left if isinstance(left, Formula) or isinstance(right, Formula) else Formula(left)
    sign = random.choice(["+", "-", "·", "/", "neg", "max"])
    if sign == "/":
        return left / right
    if sign == "neg":
        return -left
    if sign == "max":
        return elementary.maximum(left, right)
    return left + right if sign == "+" else left - right if sign == "-" else left * right


@given(seeds, st.integers(1, 5))
@example(3, 5)
@many
def test_the_text_of_a_formula_has_its_value(seed: int, depth: int):
    random = Random(seed)
    for _ in range(5):
        try:
            formula = random_formula(random, depth)
        except ZeroDivisionError:
            continue
        assert read(str(formula)) == (formula.value if isinstance(formula, Formula) else formula)


def formulas(random: Random, *lengths: int) -> Any:
    return array_of(lambda: Formula(f"{random.randint(-30, 30) / 10}"), *lengths)


@pytest.mark.parametrize("name", ["dense", "conv2d", "conv2d same", "dense_vjp", "relu", "max_pool2d", "perceptron"])
@given(seeds)
@few
def test_a_reference_function_prints_what_it_computes(name: str, seed: int):
    random = Random(seed)
    function, arguments = {
        "dense": lambda: (reference.dense, (formulas(random, 2, 3), formulas(random, 3, 2), formulas(random, 2))),
        "conv2d": lambda: (reference.conv2d, (formulas(random, 1, 3, 3, 1), formulas(random, 2, 2, 1, 1))),
        "conv2d same": lambda: (
            lambda x, f: reference.conv2d(x, f, strides=2, padding="same"),
            (formulas(random, 1, 3, 3, 1), formulas(random, 2, 2, 1, 1)),
        ),
        "dense_vjp": lambda: (
            reference.dense_vjp,
            (formulas(random, 2, 2), formulas(random, 2, 2), formulas(random, 2), formulas(random, 2, 2)),
        ),
        "relu": lambda: (reference.relu, (formulas(random, 5),)),
        "max_pool2d": lambda: (reference.max_pool2d, (formulas(random, 1, 4, 4, 1),)),
        "perceptron": lambda: (
            lambda x, w: reference.perceptron_predict(x, w).scores,
            (formulas(random, 2, 3), formulas(random, 4)),
        ),
    }[name]()
    exact = function(*convert(lambda formula: formula.value, arguments))
    for formula, value in zip(leaves(function(*arguments)), leaves(exact), strict=True):
        assert formula == value
        assert read(str(formula)) == value


def test_a_convolution_prints_the_expression_of_the_slide():
    image = [[[[Formula("0.4")], [Formula("0.9")]], [[Formula("0.7")], [Formula("0.2")]]]]
    kernel = [[[[Formula("5.7")]], [[Formula("2.4")]]], [[[Formula("3.1")]], [[Formula("0.9")]]]]
    [[[[formula]]]] = reference.conv2d(image, kernel)
    assert str(formula) == "5.7·0.4 + 2.4·0.9 + 3.1·0.7 + 0.9·0.2"
    assert formula.value == Fraction("6.79")


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        (Formula(2) - (Formula(3) - 4), "2 - (3 - 4)"),
        (Formula(2) - (Formula(3) + 4), "2 - (3 + 4)"),
        (Formula(2) + (Formula(3) - 4), "2 + 3 - 4"),
        (Formula(2) / (Formula(3) * 4), "2/(3·4)"),
        (Formula(2) / Formula(3) / 4, "2/3/4"),
        (Formula(2) * -3, "2·(-3)"),
        (-(Formula(2) + 3), "-(2 + 3)"),
        (Formula(2) - -Formula(3), "2 - (-3)"),
        (2 / Formula(Fraction(1, 3)), "2/(1/3)"),
        (2 - Formula("0.50"), "2 - 0.50"),
        (Formula(1, "x").exp() * Formula(2, "y").tanh(), "exp(x)·tanh(y)"),
        (elementary.maximum(0, Formula(1, "x")), "max(x, 0)"),
        (elementary.sigmoid(Formula(Fraction(0), "x") + 0), "sigmoid(x + 0)"),
    ],
    ids=str,
)
def test_parentheses_stand_where_they_are_needed(formula: Formula, text: str):
    assert str(formula) == text


def test_the_trace_of_a_perceptron_prints_its_formulas():
    trace = reference.perceptron_sgd(
        [[Formula(1, "x")]], [1], epochs=1, initial_weights=[Formula(0, "w"), Formula(1, "ρ")]
    )
    assert "1·x·w + (-1)·ρ" in str(trace)
    assert str(trace).endswith("at the end")


x, y, w = Formula("x"), Formula("y"), Formula("w₁")


def test_a_name_stands_for_a_number_that_isnt_known():
    assert (w * x + 1).value is None
    assert str(reference.softmax([x, y])[0]) == "exp(x - max(x, y))/(exp(x - max(x, y)) + exp(y - max(x, y)))"
    assert str(reference.relu([x])[0]) == "max(x, 0)"
    assert str(reference.relu_vjp([x - y], [w])[0]) == "w₁ if x - y > 0 else 0"
    nested = elementary.where_positive(x, elementary.where_positive(y, 1, 2), 3)
    assert str(nested * 2) == "((1 if y > 0 else 2) if x > 0 else 3)·2"
    assert (x == Formula("x"), x != Formula("x")) == (True, False)


@pytest.mark.parametrize("compare", [eq, ne, lt, le, gt, ge])
def test_what_isnt_known_cant_be_compared(compare: Any):
    for pair in ((x, y), (x, 1), (1, x)):
        with pytest.raises(Undecidable, match="no value is known"):
            compare(*pair)


@pytest.mark.parametrize("value", ["", " x", "nan", "inf", "-Infinity", "0.4.5", "1/0x", None, [1]], ids=repr)
def test_what_is_neither_a_number_nor_a_name_is_refused(value: Any):
    with pytest.raises(InvalidArgument, match="value: wanted a number, its text, or a name; got"):
        Formula(value)


@pytest.mark.parametrize(
    ("formula", "tex"),
    [
        (w * x + 1, r"w_{1} \cdot x + 1"),
        (x / (y + 1), r"\frac{x}{y + 1}"),
        (x - (y - 1), "x - (y - 1)"),
        ((x + y) * -x, r"(x + y) \cdot (-x)"),
        (elementary.exp(-x), "e^{-x}"),
        (elementary.log(x) / elementary.sqrt(y), r"\frac{\ln\left(x\right)}{\sqrt{y}}"),
        (elementary.tanh(x) + elementary.sigmoid(y), r"\tanh\left(x\right) + \sigma\left(y\right)"),
        (elementary.maximum(x, y), r"\max\left(x, y\right)"),
        (reference.relu_vjp([x], [y])[0], r"\begin{cases} y & \text{if } x > 0 \\ 0 & \text{otherwise} \end{cases}"),
        (Formula(1e-5) * x, r"1 \cdot 10^{-5} \cdot x"),
        (Formula("-1/3") * x, r"(-\frac{1}{3}) \cdot x"),
        (Formula("learning_rate") * Formula("δ"), r"\mathrm{learning\_rate} \cdot δ"),
    ],
    ids=str,
)
def test_a_notebook_shows_a_formula_typeset(formula: Formula, tex: str):
    assert formula._repr_latex_() == f"${tex}$"


def test_a_graph_of_names_gives_gradients_as_formulas():
    inputs = Node(x), Node(w)
    output = (inputs[0] * inputs[1]).tanh()
    assert str(gradients(output, inputs)[1]) == "(1 - tanh(x·w₁)·tanh(x·w₁))·x"
