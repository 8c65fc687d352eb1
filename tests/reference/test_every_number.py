"""Every function runs with every kind of number that can do what it asks for, and all kinds mean the same.

The exact result, from fractions, is the meaning; each other kind contains it, carries it along, or is within its bound.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import pytest

import reference
from reference import elementary
from reference.numbers import Arithmetic, Dual, Formula, Interval, Node, Rounded
from reference.numbers.interval import hull
from tests.reference.support import convert, leaves

DOUBLE = Arithmetic("float64")

KINDS: dict[str, Callable[[Any], Any]] = {
    "float": float,
    "Fraction": Fraction,
    "Decimal": lambda x: Decimal(x.numerator) / Decimal(x.denominator),
    "Interval": Interval,
    "Rounded": lambda x: Rounded(x, DOUBLE),
    "Dual": lambda x: Dual(x, Fraction(0)),
    "Node": Node,
    "Formula": Formula,
    "Dual of Decimal": lambda x: Dual(Decimal(x.numerator) / Decimal(x.denominator), Decimal(1)),
    "Node of Rounded": lambda x: Node(Rounded(x, DOUBLE)),
}
#: Kinds without exponentials of their own: fractions, and what is made of them. Formulas take the float's.
RATIONAL_KINDS = ("Fraction", "Dual", "Node")


def quarters(*numerators: int) -> list[Fraction]:
    return [Fraction(numerator, 4) for numerator in numerators]


IMAGES = reference.reshape(quarters(*range(-4, 5)), (1, 3, 3, 1))
FILTERS = reference.reshape(quarters(1, -3, 2, 5), (2, 2, 1, 1))
INPUTS = [quarters(1, 2), quarters(-3, 5)]
WEIGHTS = [quarters(4, -1), quarters(2, 7)]
BIAS = quarters(1, 3)
PIXELS = reference.reshape(quarters(1, 2, 3, 4), (1, 2, 2, 1))
# Three examples: a third is no float.
NETWORK = ([*INPUTS, quarters(7, 1)], (WEIGHTS, WEIGHTS), (BIAS, BIAS))
NETWORK_LABELS = [[1, 0], [0, 1], [0, 1]]

RATIONAL: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "dense": (reference.dense, (INPUTS, WEIGHTS, BIAS)),
    "dense_vjp": (reference.dense_vjp, (INPUTS, WEIGHTS, BIAS, INPUTS)),
    "conv2d": (reference.conv2d, (IMAGES, FILTERS)),
    "conv2d_vjp": (reference.conv2d_vjp, (IMAGES, FILTERS, PIXELS)),
    "max_pool2d": (reference.max_pool2d, (IMAGES,)),
    "max_pool2d_vjp": (reference.max_pool2d_vjp, (IMAGES, [[[[Fraction(7)]]]])),
    "relu": (reference.relu, (INPUTS,)),
    "relu_vjp": (reference.relu_vjp, (INPUTS, INPUTS)),
    "fold_threshold": (reference.fold_threshold, (INPUTS,)),
    "fold_label": (lambda x: reference.fold_label(x, [1, -1]), (INPUTS,)),
    "perceptron_predict": (lambda x, w: reference.perceptron_predict(x, w).scores, (INPUTS, quarters(1, 2, 3))),
    "perceptron_sgd": (
        lambda x, w, rate: reference.perceptron_sgd(x, [1, -1], epochs=3, learning_rate=rate, initial_weights=w)[0],
        (INPUTS, quarters(1, 2, 3), Fraction(1, 2)),
    ),
}
TRANSCENDENTAL: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "sigmoid": (reference.sigmoid, (INPUTS,)),
    "sigmoid_vjp": (reference.sigmoid_vjp, (INPUTS, INPUTS)),
    "tanh": (reference.tanh, (INPUTS,)),
    "tanh_vjp": (reference.tanh_vjp, (INPUTS, INPUTS)),
    "softmax": (reference.softmax, (INPUTS,)),
    "cross_entropy": (lambda p: reference.cross_entropy(p, [[1, 0]]), ([quarters(1, 3)],)),
    "softmax_cross_entropy": (lambda z: reference.softmax_cross_entropy_with_logits(z, [[1, 0], [0, 1]]), (INPUTS,)),
    "softmax_cross_entropy_vjp": (
        lambda z: reference.softmax_cross_entropy_with_logits_vjp(z, [[1, 0], [0, 1]], [1, 1]),
        (INPUTS,),
    ),
    "forward_pass": (reference.forward_pass, NETWORK),
    "backpropagation": (lambda *a: reference.backpropagation(*a, NETWORK_LABELS), NETWORK),
    "backpropagation_by_graph": (lambda *a: reference.backpropagation_by_graph(*a, NETWORK_LABELS), NETWORK),
}


def means(came: Any, exact: Fraction) -> bool:
    """Whether a number of any kind stands for an exact value."""
    if isinstance(came, Interval):
        return exact in came
    if isinstance(came, Rounded):
        return abs(came.value - exact) <= Fraction(came.error)
    if isinstance(came, (Dual, Node, Formula)):
        return means(came.value, exact)
    return Fraction(came) == exact


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", RATIONAL)
def test_rational_functions_mean_the_same_in_every_kind_of_number(name: str, kind: str):
    # The inputs are quarters: floats and decimals are exact on them too.
    function, arguments = RATIONAL[name]
    exact = list(leaves(function(*arguments)))
    came = list(leaves(function(*convert(KINDS[kind], arguments))))
    assert all(map(means, came, exact))
    assert len(came) == len(exact)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        (name, kind)
        for name in TRANSCENDENTAL
        for kind in KINDS
        # The graph makes nodes of its arguments itself; none of nodes, and none of numbers that are made of others.
        if kind not in RATIONAL_KINDS and not (name == "backpropagation_by_graph" and " of " in kind)
    ],
)
def test_transcendental_functions_mean_the_same_in_every_kind_of_number(name: str, kind: str):
    function, arguments = TRANSCENDENTAL[name]
    with localcontext() as context:
        context.prec = 120
        exact = [Fraction(value) for value in leaves(function(*convert(KINDS["Decimal"], arguments)))]
    with localcontext() as context:
        context.prec = 50
        came = list(leaves(function(*convert(KINDS[kind], arguments))))
    bounds = list(leaves(function(*convert(lambda x: Rounded(x, DOUBLE), arguments))))
    for number, value, bound in zip(came, exact, bounds, strict=True):
        innermost = number
        while isinstance(innermost, (Dual, Node, Formula)):
            innermost = innermost.value
        if isinstance(innermost, Interval):
            # Decimal's own roundings in the 120th digit are far below the width of an interval of 50 digits.
            assert value in hull(innermost)
        elif isinstance(innermost, Rounded):
            assert means(innermost, value)
        else:
            # Python's floats and 50 digits keep what float64 claims: a few ULPs for each function.
            allowed = bound.error if isinstance(bound, Rounded) else 0
            assert abs(Fraction(innermost) - value) <= Fraction(allowed)


@pytest.mark.parametrize("kind", RATIONAL_KINDS)
@pytest.mark.parametrize("name", ["exp", "log", "sqrt", "tanh", "sigmoid"])
def test_a_fraction_has_no_elementary_functions_and_says_what_has(name: str, kind: str):
    with pytest.raises(TypeError, match=f"^{name} of Fraction: .* has no such function; use float, Decimal or "):
        getattr(elementary, name)(KINDS[kind](Fraction(1, 2)))


@pytest.mark.parametrize("x", ["1e-5", "-1e-20", "1e-49", "1e-70", "-3e-4000"])
def test_the_hyperbolic_tangent_of_a_small_decimal_keeps_all_its_digits(x: str):
    with localcontext() as context:
        context.prec = 50
        came = Fraction(elementary.tanh(Decimal(x)))
    # tanh x lies between x - x³/3 and x - x³/3 + 2x⁵/15, and the last of 50 digits may be off by one.
    exact = Fraction(x)
    cut = abs(exact) ** 5 * 2 / 15
    assert abs(came - (exact - exact**3 / 3)) <= cut + abs(exact) * Fraction(1, 10**49)


def test_the_reference_imports_the_standard_library_only():
    program = "import sys, reference, reference.numbers; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    # Neither site packages nor the environment's paths: what isn't Python's own can't be found.
    options = ["-S", "-E", "-W", "error", "-c", "import sys; sys.path.insert(0, '.'); " + program]
    root = next(path for path in reference.__path__).removesuffix("reference") or "."
    came = subprocess.run(
        [sys.executable, *options], cwd=root, capture_output=True, text=True, check=True
    ).stdout.split()
    assert set(came) - {"reference", "__main__"} <= set(sys.stdlib_module_names)
