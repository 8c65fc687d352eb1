"""Optimizers: exactly where fractions tell, at the edges of their ranges, and what is said of bad input."""

from __future__ import annotations

import inspect
import math
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
from reference import InvalidArgument
from reference.alternatives import incremental_adam
from reference.elementary import power
from reference.numbers import Arithmetic, Rounded
from tests.reference.support import few, fractions, leaves

F, DOUBLE = Fraction, Arithmetic("float64")
ONE = [[1.0, -2.0], [0.5, 4.0]]
STATES = {
    "gradient_descent": 0,
    "momentum": 1,
    "adagrad": 1,
    "adadelta": 2,
    "rmsprop": 1,
    "adam": 2,
}
REQUIRED: dict[str, dict[str, Any]] = {name: {"learning_rate": 0.5} for name in STATES}
REQUIRED["momentum"]["momentum"] = 0.5
REQUIRED["adam"]["step"] = 1


def step(name: str, *arrays: Any, **how: Any) -> Any:
    return getattr(reference, name)(*arrays, **{**REQUIRED[name], **how})


@given(fractions, st.fractions(F(1, 8), 8, max_denominator=8), st.fractions(0, 3, max_denominator=16))
@few
def test_gradient_descent_on_a_quadratic_is_geometric(start: Fraction, curvature: Fraction, share: Fraction) -> None:
    # η = share/L: it converges for 0 < share < 2.
    left = [start]
    for number in range(1, 6):
        left = reference.gradient_descent(left, [curvature * left[0]], learning_rate=share / curvature)
        assert left == [(1 - share) ** number * start]
    if start:
        assert (abs(left[0]) < abs(start)) == (0 < share < 2)


def test_gradient_descent_fits_a_line_by_its_least_squares() -> None:
    # J = (1/n)·Σ (w·x + b - y)² has the curvatures 2·XᵀX/n, the larger of which is below 2·Σ(x² + 1)/n.
    xs, ys = [F(0), F(1), F(3)], [F(1), F(3), F(7)]  # y = 2x + 1
    rate = F(3) / (2 * sum(x * x + 1 for x in xs))
    w = [F(0), F(0)]
    losses = []
    for _ in range(60):
        errors = [w[0] * x + w[1] - y for x, y in zip(xs, ys, strict=True)]
        losses.append(sum(e * e for e in errors) / 3)
        gradients = [2 * sum(e * x for e, x in zip(errors, xs, strict=True)) / 3, 2 * sum(errors) / 3]
        w = reference.gradient_descent(w, gradients, learning_rate=rate)
    assert all(after < before for before, after in pairwise(losses))
    assert abs(w[0] - 2) < F(1, 100)
    assert abs(w[1] - 1) < F(1, 30)


@given(st.lists(fractions, min_size=3, max_size=3), st.lists(fractions, min_size=4, max_size=4), st.booleans())
@few
def test_velocities_with_the_rate_and_without_go_the_same_way(
    start: list[Fraction], gradients: list[Fraction], nesterov: bool
) -> None:
    rate, mu = F(1, 3), F(3, 5)
    inside, outside = ([*start], [F(0)] * 3), ([*start], [F(0)] * 3)
    how = {"learning_rate": rate, "momentum": mu, "nesterov": nesterov}
    for g in gradients:
        inside = reference.momentum(inside[0], [g] * 3, inside[1], **how)
        outside = reference.momentum(outside[0], [g] * 3, outside[1], **how, rate_in_velocity=False)
        assert inside[0] == outside[0]
        assert inside[1] == [-rate * v for v in outside[1]]


def test_velocity_approaches_that_of_a_rate_as_many_times_as_large() -> None:
    p, v = [F(0)], [F(0)]
    for number in range(1, 8):
        p, v = reference.momentum(p, [F(1)], v, learning_rate=F(1), momentum=F(1, 2))
        assert v == [-2 * (1 - F(1, 2) ** number)]  # -η/(1 - μ) in the end


def test_fractions_have_no_roots_and_say_so() -> None:
    with pytest.raises(TypeError, match="sqrt of Fraction"):
        reference.adagrad([F(1)], [F(1)], [F(1)], learning_rate=F(1), epsilon=0)


@pytest.mark.parametrize("name", STATES)
def test_decimals_take_default_hyperparameters(name: str) -> None:
    arrays = [[Decimal("1.5")], [Decimal(2)], *[[Decimal("0.25")]] * STATES[name]]
    parameters = inspect.signature(getattr(reference, name)).parameters.values()
    defaults = {p.name: Decimal(p.default) for p in parameters if isinstance(p.default, float)} | REQUIRED[name]
    came = step(name, *arrays)
    assert came == step(name, *arrays, **defaults)
    assert all(isinstance(number, Decimal) for number in leaves(came))


@pytest.mark.parametrize("scale", [Decimal("1e-30"), Decimal(1), Decimal("1e30")])
def test_the_first_step_of_adam_is_as_long_as_its_rate(scale: Decimal) -> None:
    came = reference.adam([Decimal(0)], [-3 * scale], [Decimal(0)], [Decimal(0)], step=1, epsilon=0)
    assert abs(came.parameters[0] - Decimal("0.001")) < Decimal("1e-18")


def test_an_epsilon_hat_is_an_epsilon_times_the_corrections_root() -> None:
    arrays = [Decimal(1)], [Decimal(3)], [Decimal(2)], [Decimal(5)]
    how = {"step": 7, "beta_1": Decimal("0.9"), "beta_2": Decimal("0.99")}
    corrected = reference.adam(*arrays, **how, epsilon=Decimal("0.1"))
    hat = Decimal("0.1") * (1 - Decimal("0.99") ** 7).sqrt()
    for other in (
        reference.adam(*arrays, **how, epsilon=hat, epsilon_hat=True),
        incremental_adam(*arrays, **how, epsilon=Decimal("0.1")),
        incremental_adam(*arrays, **how, epsilon=hat, epsilon_hat=True),
    ):
        assert all(abs(x[0] - y[0]) < Decimal("1e-25") for x, y in zip(corrected, other, strict=True))


def test_means_that_keep_nothing_forget_everything() -> None:
    how = {"learning_rate": 0.5, "rho": 0.0, "epsilon": 0.0}
    assert reference.rmsprop([1.0], [-4.0], [99.0], **how) == ([1.5], [16.0])
    adam = reference.adam([1.0], [-4.0], [9.0], [9.0], step=5, learning_rate=0.5, beta_1=0, beta_2=0, epsilon=0)
    assert adam == ([1.5], [-4.0], [16.0])


def test_state_of_zeros_and_no_gradient_leave_parameters_where_they_are() -> None:
    for name, count in STATES.items():
        zeros = [[0.0, 0.0], [0.0, 0.0]]
        came = step(name, ONE, *[zeros] * (count + 1))
        assert (came[0] if count else came) == ONE
        assert all(state == zeros for state in (came[1:] if count else ()))


def test_a_decay_halves_rates() -> None:
    how: dict[str, Any] = {"decay_steps": 4, "decay_rate": 0.5}
    assert reference.exponential_decay([1.0], step=0, **how) == [1.0]
    assert reference.exponential_decay([F(1, 3)], step=3, staircase=True, **how) == [F(1, 3)]
    how["decay_rate"] = Rounded(0.5, DOUBLE)
    for steps, staircase, wanted in ((2, False, Decimal("0.5").sqrt()), (11, True, Decimal("0.25"))):
        (came,) = reference.exponential_decay([Rounded(1, DOUBLE)], step=steps, staircase=staircase, **how)
        assert abs(came.value - Fraction(wanted)) <= came.error


@given(fractions, st.integers(0, 40))
@few
def test_a_power_is_a_product(x: Fraction, exponent: int) -> None:
    assert power(x, exponent) == x**exponent


@pytest.mark.parametrize("name", STATES)
def test_arrays_that_do_not_fit_are_named(name: str) -> None:
    function = getattr(reference, name)
    names = function.__code__.co_varnames[: STATES[name] + 2]
    for place, argument in enumerate(names):
        arrays: list[Any] = [ONE] * len(names)
        arrays[place] = [[1.0, 2.0]] if place else [[1.0], 2.0]
        with pytest.raises(InvalidArgument) as caught:
            step(name, *arrays)
        assert caught.value.argument == argument


BAD: list[tuple[str, str, Any, str]] = [
    *((name, "learning_rate", -1, "a number of at least 0") for name in STATES),
    ("momentum", "momentum", 1.5, "a number from 0 to 1"),
    ("momentum", "nesterov", 1, "True or False"),
    ("momentum", "rate_in_velocity", None, "True or False"),
    ("adagrad", "epsilon", -1e-9, "a number of at least 0"),
    ("adagrad", "epsilon_inside_root", "yes", "True or False"),
    ("adadelta", "rho", 1, "a number from 0 to below 1"),
    ("rmsprop", "rho", -0.5, "a number from 0 to below 1"),
    ("adam", "beta_1", 1.0, "a number from 0 to below 1"),
    ("adam", "beta_2", math.nan, "a number from 0 to below 1"),
    ("adam", "step", 0, "a positive integer"),
    ("adam", "epsilon_hat", 0, "True or False"),
]


@pytest.mark.parametrize(("name", "argument", "value", "wanted"), BAD)
def test_numbers_out_of_range_are_named(name: str, argument: str, value: Any, wanted: str) -> None:
    with pytest.raises(InvalidArgument, match=f"^{argument}: wanted {wanted}; got ") as caught:
        step(name, *[ONE] * (STATES[name] + 2), **{argument: value})
    assert caught.value.argument == argument


@pytest.mark.parametrize(
    ("argument", "value", "wanted"),
    [
        ("step", -1, "an integer of at least 0"),
        ("step", 1.5, "an integer of at least 0"),
        ("decay_steps", 0, "a positive integer"),
        ("decay_rate", 0, "a number above 0"),
        ("staircase", "no", "True or False"),
    ],
)
def test_decays_out_of_range_are_named(argument: str, value: Any, wanted: str) -> None:
    how = {"step": 1, "decay_steps": 2, "decay_rate": 0.5, argument: value}
    with pytest.raises(InvalidArgument, match=f"^{argument}: wanted {wanted}; got "):
        reference.exponential_decay([1.0], **how)
