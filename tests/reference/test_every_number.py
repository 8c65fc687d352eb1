"""Every function runs with every kind of number that can do what it asks for, and all kinds mean the same.

The exact result, from fractions, is the meaning; each other kind contains it, carries it along, or is within its bound.
The calls are those that the suite draws for each operation, so that a new one is read with every number at once.
"""

from __future__ import annotations

import inspect
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal, localcontext
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
import pytest

import reference
from conformance.operations import operations
from conformance.proof import FINEST, may_be_the_same
from conformance.sampling import sample_calls
from conformance.schedules import Schedule
from reference import alternatives
from reference.numbers import Arithmetic, Dual, Formula, Interval, Node, Rounded
from reference.numbers.interval import hull
from tests.reference.support import convert, leaves

DOUBLE = Arithmetic("float64")
#: How many calls of each operation; the first one drawn has the smallest shapes.
CALLS = 5

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
NO_EXPONENTIALS = "a Fraction is exact and has no such function"

#: Functions that the suite has not as operations: with the arguments of which operation to call them, and how.
HELPERS: dict[str, tuple[str, Callable[[dict[str, Any]], Any]]] = {
    "fold_threshold": ("perceptron_sgd", lambda given: reference.fold_threshold(given["features"])),
    "fold_label": ("perceptron_sgd", lambda given: reference.fold_label(given["features"], given["labels"])),
    "backpropagation_by_graph": ("backpropagation", lambda given: reference.backpropagation_by_graph(**given)),
}
#: The same functions computed in other ways: each is called after its algorithm and the operation that it stands for.
ALTERNATIVES = {
    name: max((operation for operation in operations() if name.endswith(f"_{operation}")), key=len)
    for name, value in vars(alternatives).items()
    if inspect.isfunction(value)
}
HELPERS |= {
    name: (of, lambda given, name=name, of=of: operations()[of].call(getattr(alternatives, name), given))
    for name, of in ALTERNATIVES.items()
}
NAMES = [*operations(), *HELPERS]


@cache
def drawn(name: str) -> list[dict[str, Any]]:
    """Arguments of calls of an operation: integers, sixteenths, and rates of 20 bits, on which floats are exact too."""
    return [
        {argument: as_fractions(value) for argument, value in call.items()}
        for call in sample_calls(operations()[name], "float32", CALLS, values="law")
    ]


def as_fractions(value: Any) -> Any:
    """Arrays as nested lists, floats as fractions; labels, sizes and choices stay as they are."""
    if isinstance(value, np.ndarray):
        return as_fractions(value.tolist())
    if isinstance(value, (list, tuple)):
        return type(value)(map(as_fractions, value))
    if isinstance(value, dict):
        return {key: as_fractions(part) for key, part in value.items()}
    if isinstance(value, Schedule):
        return Schedule(as_fractions(value.rates))
    return Fraction(value) if isinstance(value, float) else value


def run(name: str, given: dict[str, Any], number: Callable[[Any], Any]) -> list[Any]:
    """The numbers of a function's result, read with a kind of number."""

    def as_numbers(value: Any) -> Any:
        if isinstance(value, Schedule):
            return Schedule(as_numbers(value.rates))
        return convert(lambda leaf: number(leaf) if isinstance(leaf, Fraction) else leaf, value)

    read = {argument: as_numbers(value) for argument, value in given.items()}
    if name in HELPERS:
        return list(leaves(HELPERS[name][1](read)))
    operation = operations()[name]
    return list(leaves(operation.call(operation.reference, read)))


def exact_result(name: str, given: dict[str, Any]) -> list[Any] | None:
    """The result in fractions; None if the function is transcendental."""
    try:
        return run(name, given, Fraction)
    except TypeError as error:
        if NO_EXPONENTIALS in str(error):
            return None
        raise


def means(came: Any, exact: Fraction) -> bool:
    """Whether a number of any kind stands for an exact value."""
    if isinstance(came, Interval):
        return exact in came
    if isinstance(came, Rounded):
        return abs(came.value - exact) <= Fraction(came.error)
    if isinstance(came, (Dual, Node, Formula)):
        return means(came.value, exact)
    return Fraction(came) == exact


def may_mean(came: Any, exact: Fraction, bound: Any) -> bool:
    """Whether a number stands for an exact value; floats and Decimals have no thirds, and are as near as they claim."""
    value = innermost(came)
    rounds = isinstance(value, (float, Decimal)) and isinstance(bound, Rounded)
    return means(came, exact) or (rounds and abs(Fraction(value) - exact) <= Fraction(bound.error))


def innermost(number: Any) -> Any:
    """What a number is made of, at last."""
    while isinstance(number, (Dual, Node, Formula)):
        number = number.value
    return number


@pytest.mark.parametrize(
    ("name", "kind"),
    # The graph makes nodes of its arguments itself, and can't of nodes.
    [(name, kind) for name in NAMES for kind in KINDS if not (name == "backpropagation_by_graph" and "Node" in kind)],
)
def test_functions_mean_the_same_in_every_kind_of_number(name: str, kind: str):
    for given in drawn(HELPERS[name][0] if name in HELPERS else name):
        exact = exact_result(name, given)
        if exact is not None:
            with localcontext() as context:
                context.prec = 120  # a learning rate of twenty bits, multiplied a few times, has more than 28 digits
                came = run(name, given, KINDS[kind])
            assert all(map(may_mean, came, exact, run(name, given, KINDS["Rounded"])))
            assert len(came) == len(exact)
        elif kind in RATIONAL_KINDS:
            with pytest.raises(TypeError, match=NO_EXPONENTIALS):
                run(name, given, KINDS[kind])
        else:
            assert_within_bounds(name, given, KINDS[kind])


@pytest.mark.parametrize("name", ALTERNATIVES)
def test_alternatives_are_the_function_that_they_stand_for(name: str):
    of = ALTERNATIVES[name]
    for given in drawn(of):
        exact = exact_result(name, given)
        if exact is not None:
            assert exact == exact_result(of, given)
        else:
            finest = [run(which, given, lambda x: Rounded(x, FINEST)) for which in (of, name)]
            assert all(may_be_the_same(*pair) for pair in zip(*finest, strict=True))


def assert_within_bounds(name: str, given: dict[str, Any], number: Callable[[Any], Any]) -> None:
    """Hold a transcendental function's results to their value in many digits."""
    with localcontext() as context:
        context.prec = 120
        exact = [Fraction(value) for value in run(name, given, KINDS["Decimal"])]
    with localcontext() as context:
        context.prec = 50
        came = run(name, given, number)
    bounds = run(name, given, KINDS["Rounded"])
    for result, value, bound in zip(came, exact, bounds, strict=True):
        inner = innermost(result)
        if isinstance(inner, Interval):
            # Decimals of 120 digits drop what is smaller than their last one, such as e⁻⁵⁰⁰ beside 1: a thousand such
            # roundings leave 117 of them.
            lost = max(abs(value), Fraction(1)) / 10**117
            assert hull(inner).overlaps(Interval(value - lost, value + lost))
        elif isinstance(inner, Rounded):
            assert means(inner, value)
        else:
            # Python's floats and 50 digits keep what float64 claims: a few ULPs for each function.
            allowed = bound.error if isinstance(bound, Rounded) else 0
            assert abs(Fraction(inner) - value) <= Fraction(allowed)


def test_the_reference_imports_the_standard_library_only():
    program = "import sys, reference, reference.numbers; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    # Neither site packages nor the environment's paths: what isn't Python's own can't be found.
    options = ["-S", "-E", "-W", "error", "-c", "import sys; sys.path.insert(0, '.'); " + program]
    root = next(path for path in reference.__path__).removesuffix("reference") or "."
    came = subprocess.run(
        [sys.executable, *options], cwd=root, capture_output=True, text=True, check=True
    ).stdout.split()
    assert set(came) - {"reference", "__main__"} <= set(sys.stdlib_module_names)
