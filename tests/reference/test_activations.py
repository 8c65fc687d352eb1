"""Activations: special values, shapes, and what is said of bad input."""

from __future__ import annotations

import math
import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
from reference import InvalidArgument
from reference.numbers import Arithmetic, Rounded
from tests.reference.support import NO_ARRAYS, few

SINGLE = Arithmetic("float32")
ELEMENTWISE = [
    reference.identity,
    reference.step,
    reference.relu,
    reference.leaky_relu,
    reference.sigmoid,
    reference.logistic,
    reference.tanh,
]
VJPS = [
    reference.identity_vjp,
    reference.step_vjp,
    reference.logistic_vjp,
    reference.relu_vjp,
    reference.leaky_relu_vjp,
    reference.sigmoid_vjp,
    reference.tanh_vjp,
]


@pytest.mark.parametrize("function", ELEMENTWISE)
@pytest.mark.parametrize("z", [[1.0], [[1.0, 2.0]], [[[1.0], [2.0]], [[3.0], [4.0]]]])
def test_any_shape_comes_back_in_that_shape(function, z):
    assert reference.shape(function(z)) == reference.shape(z)


@pytest.mark.parametrize("function", VJPS)
def test_a_gradient_has_the_shape_of_its_input(function):
    z = [[[1.0, -1.0]], [[0.0, 2.0]]]
    assert reference.shape(function(z, z)) == (2, 1, 2)


def test_relu_keeps_what_is_positive_and_nan():
    came = reference.relu([Fraction(-1, 3), Fraction(1, 3), math.inf, -math.inf, math.nan, -0.0])
    assert came[:4] == [0, Fraction(1, 3), math.inf, 0]
    assert math.isnan(came[4])
    assert came[5] == 0


def test_the_gradient_of_relu_at_its_kink_is_zero():
    assert reference.relu_vjp([0, 0.0, -0.0, 5e-324], [7, 7, 7, 7]) == [0, 0, 0, 7]


def test_leaky_relu_keeps_what_is_positive_and_nan_and_shrinks_the_rest():
    came = reference.leaky_relu([Fraction(-1, 3), Fraction(1, 3), math.inf, -math.inf, math.nan], slope=Fraction(1, 4))
    assert came[:4] == [Fraction(-1, 12), Fraction(1, 3), math.inf, -math.inf]
    assert math.isnan(came[4])
    assert reference.leaky_relu([-3.0, 3.0]) == [-0.03, 3.0]
    assert math.copysign(1, reference.leaky_relu([-0.0])[0]) == -1


def test_the_gradient_of_leaky_relu_at_its_kink_is_its_slope():
    assert reference.leaky_relu_vjp([0, 0.0, -0.0, 5e-324], [8, 8, 8, 8], slope=0.25) == [2, 2, 2, 8]


@given(st.lists(st.fractions(), min_size=1), st.fractions(0, 1))
@few
def test_leaky_relu_lies_between_relu_and_the_identity(z, slope):
    came = reference.leaky_relu(z, slope=slope)
    assert came == [max(entry, slope * entry) for entry in z]
    assert reference.leaky_relu(z, slope=1) == z
    assert reference.leaky_relu(z, slope=0) == reference.relu(z)


def test_a_slope_that_no_format_holds_costs_its_rounding():
    # 0.01 in float32 is off by up to u·0.01, and the product by u·0.03 more; a quarter and an eighth lose nothing.
    [leaky] = reference.leaky_relu([Rounded(-3, SINGLE)])
    rounded_slope = Fraction(float.fromhex("0x1.47ae14p-7"))
    assert leaky.value == -3 * Fraction(0.01)
    assert abs(-3 * rounded_slope - leaky.value) <= Fraction(leaky.error)
    assert Fraction(leaky.error) <= Fraction(2 * 0.03 * 2**-24) * (1 + Fraction(1, 2**20))
    assert reference.leaky_relu([Rounded(-3, SINGLE)], slope=0.25)[0].error == 0
    assert reference.leaky_relu([Rounded(-3, SINGLE)], slope=Rounded(0.25, SINGLE, error=0.125))[0].error >= 0.375


def test_at_zero_leaky_relu_is_decided_and_its_gradient_is_not():
    [zero] = reference.leaky_relu([Rounded(0, SINGLE)])
    assert (zero.value, zero.error, zero.undecided) == (0, 0, False)
    [near] = reference.leaky_relu([Rounded(0.25, SINGLE, error=0.5)], slope=0.5)
    assert near.undecided
    for possible in (-0.25, -0.125, 0, 0.25, 0.75):
        assert near.distance(max(possible, possible / 2)) <= near.error
    [slope] = reference.leaky_relu_vjp([Rounded(0, SINGLE)], [Rounded(8, SINGLE)], slope=0.25)
    assert slope.undecided
    for possible in (2.0, 5.0, 8.0):
        assert slope.distance(possible) <= slope.error


@pytest.mark.parametrize("slope", [-0.25, math.nan, math.inf, True, "0.1", None, [0.1]], ids=repr)
def test_a_slope_is_a_number_of_at_least_zero(slope):
    message = f"^slope: wanted a number of at least 0; got {re.escape(repr(slope))}$"
    with pytest.raises(InvalidArgument, match=message):
        reference.leaky_relu([1.0], slope=slope)
    with pytest.raises(InvalidArgument, match=message):
        reference.leaky_relu_vjp([1.0], [1.0], slope=slope)


@given(st.floats(allow_nan=False))
@few
def test_squashing_functions_stay_in_their_range(z):
    assert 0 <= reference.sigmoid([z])[0] <= 1
    assert -1 <= reference.tanh([z])[0] <= 1
    assert reference.tanh([-z])[0] == -reference.tanh([z])[0]


def test_nan_and_infinities():
    assert reference.sigmoid([math.inf, -math.inf]) == [1, 0]
    assert reference.tanh([math.inf, -math.inf]) == [1, -1]
    assert all(map(math.isnan, reference.sigmoid([math.nan]) + reference.tanh([math.nan])))


@pytest.mark.parametrize("function", ELEMENTWISE)
@pytest.mark.parametrize(("z", "message"), NO_ARRAYS)
def test_what_is_no_array_says_so(function, z, message):
    with pytest.raises(InvalidArgument, match=f"^{message}$"):
        function(z)


@pytest.mark.parametrize("function", VJPS)
def test_a_cotangent_of_another_shape_says_so(function):
    with pytest.raises(InvalidArgument, match=r"^cotangent: wanted shape \[2\] as z has; got shape \[1\]$"):
        function([1.0, 2.0], [1.0])


def test_the_identity_passes_everything_and_its_gradient_too():
    z = [Fraction(1, 3), -2, math.inf, -0.0]
    assert reference.identity(z) == z
    assert reference.identity_vjp(z, [1, math.inf, 3, 4]) == [1, math.inf, 3, 4]
    assert reference.identity(z) is not z


def test_the_step_is_1_above_0_and_nowhere_else():
    z = [5e-324, Fraction(1, 10**400), 0, -0.0, -5e-324, math.inf, -math.inf]
    assert reference.step(z) == [1, 1, 0, 0, 0, 1, 0]


def test_at_0_the_step_is_open_and_its_gradient_is_not():
    [zero] = reference.step([Rounded(0, SINGLE)])
    [near] = reference.step([Rounded(0.25, SINGLE, error=0.5)])
    for number in (zero, near):
        assert number.undecided
        assert all(number.distance(possible) <= number.error for possible in (0, 0.5, 1))
        assert not number.distance(1.5) <= number.error
    [slope] = reference.step_vjp([Rounded(0, SINGLE)], [Rounded(8, SINGLE)])
    assert (slope.value, slope.error, slope.undecided) == (0, 0, False)


def test_0_times_infinity_may_be_nan_behind_a_step():
    [slope] = reference.step_vjp([Rounded(1, SINGLE)], [Rounded(math.inf, SINGLE)])
    assert slope.distance(0.0) == slope.distance(math.nan) == 0
    assert reference.step_vjp([1, -1, 0], [7, 7, 7]) == [0, 0, 0]


@given(st.integers(-30, 30), st.sampled_from([0.25, 1.0, 8.0]), st.sampled_from([0.5, 1.0, 2.0]))
@few
def test_the_logistic_function_is_a_sigmoid_of_another_height_steepness_and_place(z, height, steepness):
    came = reference.logistic([z, 3, -z], L=height, k=steepness, x_0=3)
    assert came == [height * y for y in reference.sigmoid([steepness * (z - 3), 0, steepness * (-z - 3)])]
    assert came[1] == height / 2
    [slope] = reference.logistic_vjp([z], [1], L=height, k=steepness, x_0=3)
    [of_sigmoid] = reference.sigmoid_vjp([steepness * (z - 3)], [1])
    assert slope == height * steepness * of_sigmoid


@pytest.mark.parametrize("bad", [0, -1.0, math.nan, math.inf, True, None, "1"], ids=repr)
@pytest.mark.parametrize("name", ["L", "k"])
def test_a_height_and_a_steepness_are_numbers_above_0(name, bad):
    message = f"^{name}: wanted a number above 0; got {re.escape(repr(bad))}$"
    with pytest.raises(InvalidArgument, match=message):
        reference.logistic([1.0], **{name: bad})
    with pytest.raises(InvalidArgument, match=message):
        reference.logistic_vjp([1.0], [1.0], **{name: bad})


@pytest.mark.parametrize("bad", [math.nan, -math.inf, False, None, "1"], ids=repr)
def test_a_place_is_any_number(bad):
    with pytest.raises(InvalidArgument, match=f"^x_0: wanted a number; got {re.escape(repr(bad))}$"):
        reference.logistic([1.0], x_0=bad)
