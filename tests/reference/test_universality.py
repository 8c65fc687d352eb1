"""A staircase of steps keeps its promise exactly: within the modulus of continuity of half a step of the grid."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference import (
    InvalidArgument,
    count_cells,
    dense,
    fit_step_network,
    relu,
    step_network,
    step_units_needed,
)
from reference.numbers import Arithmetic, Dual, Interval, Node, Rounded
from tests.reference.support import few, fractions

Points = dict[Fraction, Fraction]

unit_interval = st.fractions(0, 1, max_denominator=60)
#: Functions made of straight pieces: their corners, those at 0 and 1 among them.
polygons = st.builds(
    lambda corners, left, right: dict(sorted({**corners, Fraction(0): left, Fraction(1): right}.items())),
    st.dictionaries(unit_interval, fractions, max_size=4),
    fractions,
    fractions,
)


def through(corners: Points) -> Callable[[Fraction], Fraction]:
    """The function whose graph joins the corners."""

    def function(x: Fraction) -> Fraction:
        for (x0, y0), (x1, y1) in pairwise(corners.items()):
            if x0 <= x <= x1:
                return y0 + (y1 - y0) * (x - x0) / (x1 - x0)
        raise AssertionError(f"{x} is outside of [0, 1]")

    return function


def modulus_of_continuity(corners: Points, distance: Fraction) -> Fraction:
    """The largest |f(x) - f(y)| over |x - y| ≤ distance, exactly.

    On the cells between the lines x = corner, y = corner and |x - y| = distance the difference is linear, so that it is
    largest where lines cross.
    """
    function = through(corners)
    places = {x for corner in corners for x in (corner - distance, corner, corner + distance) if 0 <= x <= 1}
    return max(abs(function(x) - function(y)) for x, y in product(places, places) if abs(x - y) <= distance)


def staircase(function: Callable[[Fraction], Fraction], units: int, *places: Fraction) -> list[Fraction]:
    return [row[0] for row in step_network([[x] for x in places], fit_step_network(function, units=units))]


@given(polygons, st.integers(1, 9), st.lists(unit_interval, min_size=1, max_size=4))
@few
def test_the_error_is_within_the_modulus_of_continuity(corners: Points, units: int, places: list[Fraction]):
    function, allowed = through(corners), modulus_of_continuity(corners, Fraction(1, 2 * units))
    # Corners and the edges of the stairs are where it could be exceeded.
    everywhere = [*places, *corners, *(Fraction(i, 2 * units) for i in range(2 * units + 1))]
    for x, came in zip(everywhere, staircase(function, units, *everywhere), strict=True):
        assert abs(function(x) - came) <= allowed


@given(polygons, st.integers(1, 12))
@few
def test_at_the_points_of_the_grid_it_is_the_function(corners: Points, units: int):
    grid = [Fraction(i, units) for i in range(units + 1)]
    assert staircase(through(corners), units, *grid) == list(map(through(corners), grid))


@given(polygons, st.integers(1, 12), unit_interval)
@few
def test_it_is_the_function_at_the_next_point_of_the_grid(corners: Points, units: int, x: Fraction):
    grid = sorted((Fraction(i, units) for i in range(units + 1)), key=lambda point: abs(point - x))
    nearest = [point for point in grid if abs(point - x) == abs(grid[0] - x)]
    assert staircase(through(corners), units, x)[0] in map(through(corners), nearest)


@pytest.mark.parametrize("units", [1, 2, 7])
def test_the_bound_is_attained(units: int):
    edge, distance = Fraction(1, 2 * units), Fraction(1, 2 * units)
    assert abs(edge - staircase(lambda x: x, units, edge)[0]) == distance
    assert modulus_of_continuity({Fraction(0): Fraction(0), Fraction(1): Fraction(1)}, distance) == distance


@given(polygons, st.fractions(Fraction(1, 40), 3, max_denominator=40))
@few
def test_as_many_units_as_are_said_to_be_needed_are_enough(corners: Points, tolerance: Fraction):
    steepness = max(abs((y1 - y0) / (x1 - x0)) for (x0, y0), (x1, y1) in pairwise(corners.items()))
    units = step_units_needed(steepness=steepness, tolerance=tolerance)
    assert modulus_of_continuity(corners, Fraction(1, 2 * units)) <= tolerance
    assert units == 1 or steepness / (2 * (units - 1)) > tolerance


@pytest.mark.parametrize("function", [math.sin, math.exp, math.sqrt])
def test_functions_of_floats_are_as_good(function: Callable[[float], float]):
    network = fit_step_network(function, units=4)
    assert step_network([[0.0]], network) == [[function(0)]]
    assert network.weights[1][0] == [function(0.25) - function(0)]


KINDS = [float, Fraction, Decimal, Interval, Node, lambda x: Dual(x, 1), lambda x: Rounded(x, Arithmetic("float32"))]


@pytest.mark.parametrize("number", KINDS)
def test_inputs_may_be_numbers_of_any_kind(number: Callable[[Fraction], object]):
    network = fit_step_network(lambda x: int(4 * x) ** 2, units=4)
    for x, wanted in ((0.0, 0), (0.25, 1), (0.75, 9), (1.0, 16), (0.8125, 9)):
        [[came]] = step_network([[number(x)]], network)
        assert came == wanted if not isinstance(came, Interval) else wanted in came


def test_without_the_step_it_is_one_line():
    """Linear activation functions can only describe linear relationships; non-linear ones any."""
    (first, second), (first_bias, second_bias) = fit_step_network(lambda x: x * x, units=3)
    xs = [Fraction(i, 7) for i in range(8)]
    linear, kinked = (
        [row[0] for row in dense(activation(dense([[x] for x in xs], first, first_bias)), second, second_bias)]
        for activation in (lambda z: z, relu)
    )
    assert len({after - before for before, after in pairwise(linear)}) == 1
    assert len({after - before for before, after in pairwise(kinked)}) > 1


def test_a_cell_for_each_input():
    for values, features in product((1, 2, 3, 10), (1, 2, 3)):
        assert count_cells(values=values, features=features) == len([*product(range(values), repeat=features)])
    assert count_cells(values=10, features=100) == int("1" + "0" * 100)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fit_step_network(3, units=2), r"function: wanted a function of a number in \[0, 1\]; got 3"),
        (lambda: fit_step_network(abs, units=0), "units: wanted a positive integer; got 0"),
        (lambda: step_network([1], fit_step_network(abs, units=1)), r"inputs: wanted .*\[N, D\]; got shape \[1\]"),
        (lambda: step_network([[1, 2]], fit_step_network(abs, units=1)), "weights: wanted shape .*; got shape .*"),
        (lambda: step_units_needed(steepness=-1, tolerance=1), "steepness: wanted a number of at least 0; got -1"),
        (lambda: step_units_needed(steepness=1, tolerance=0), "tolerance: wanted a number above 0; got 0"),
        (lambda: step_units_needed(steepness=math.inf, tolerance=1), "steepness: wanted .*; got inf"),
        (lambda: count_cells(values=0, features=1), "values: wanted a positive integer; got 0"),
        (lambda: count_cells(values=1, features=1.5), "features: wanted a positive integer; got 1.5"),
    ],
)
def test_what_cannot_be_says_so(call: Callable[[], object], message: str):
    with pytest.raises(InvalidArgument, match=f"^{message}$"):
        call()
