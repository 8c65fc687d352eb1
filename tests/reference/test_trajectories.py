"""Trajectories: what batches are, that optimizers get their state back, and that they arrive."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest

import reference
from reference import InvalidArgument, batch_gradients, trajectory

F = Fraction
#: y = 2·x₁ - x₂, and no more than 3/2 of curvature for each of them.
FEATURES = [[F(1), F(0)], [F(0), F(1)], [F(1), F(1)], [F(1), F(-1)]]
TARGETS = [F(2), F(-1), F(1), F(3)]
STATES: dict[str, tuple[int, dict[str, Any]]] = {
    "gradient_descent": (0, {}),
    "momentum": (1, {"momentum": 0.5}),
    "adagrad": (1, {}),
    "adadelta": (2, {}),
    "rmsprop": (1, {}),
    "adam": (2, {}),
}


def test_the_gradient_of_all_is_the_mean_of_the_gradients_of_each() -> None:
    weights = [F(3), F(-2)]
    whole = batch_gradients(FEATURES, TARGETS, batch_size=4)(weights, 1)
    for size in (1, 2):
        each = batch_gradients(FEATURES, TARGETS, batch_size=size)
        parts = [each(weights, step) for step in range(1, 4 // size + 1)]
        assert [sum(column) / len(parts) for column in zip(*parts, strict=True)] == whole
        assert each(weights, 4 // size + 1) == parts[0]


def test_batches_go_on_where_the_examples_begin_again() -> None:
    gradient = batch_gradients(FEATURES, TARGETS, batch_size=3)
    others = [FEATURES[place] for place in (3, 0, 1)], [TARGETS[place] for place in (3, 0, 1)]
    assert gradient([F(5), F(7)], 2) == batch_gradients(*others, batch_size=3)([F(5), F(7)], 1)


def test_full_batches_approach_the_solution_geometrically() -> None:
    # XᵀX = 3·1, so J has the curvature 2·3/4 along each axis; η = 1/3 leaves 1 - 1/2 of the way at each step.
    gradient = batch_gradients(FEATURES, TARGETS, batch_size=4)
    came = trajectory(reference.gradient_descent, gradient, [F(0), F(0)], steps=6, learning_rate=F(1, 3))
    for number, weights in enumerate([*came.parameters, came.final_parameters]):
        assert weights == [2 * (1 - F(1, 2) ** number), -(1 - F(1, 2) ** number)]


def test_one_example_at_a_time_arrives_too_where_all_can_be_right() -> None:
    gradient = batch_gradients(FEATURES, TARGETS, batch_size=1)
    came = trajectory(reference.gradient_descent, gradient, [F(0), F(0)], steps=24, learning_rate=F(1, 4))
    distances = [(w[0] - 2) ** 2 + (w[1] + 1) ** 2 for w in (*came.parameters, came.final_parameters)]
    # Each step projects onto an example's own solutions, or goes half of the way: never away from a common one.
    assert all(after <= before for before, after in pairwise(distances))
    assert distances[-1] < distances[0] / 1000


@pytest.mark.parametrize("name", STATES)
def test_optimizers_get_their_state_back(name: str) -> None:
    count, how = STATES[name]
    optimizer, zeros = getattr(reference, name), [[0.0]] * count
    came = trajectory(optimizer, lambda p, t: [p[0] - t], [4.0], *zeros, steps=3, learning_rate=0.25, **how)
    parameters, state = [4.0], zeros
    for number in (1, 2, 3):
        numbered = {"step": number} if name == "adam" else {}
        after = optimizer(parameters, [parameters[0] - number], *state, learning_rate=0.25, **how, **numbered)
        assert came.parameters[number - 1] == parameters
        parameters, *state = after if count else (after,)
    assert came.final_parameters == parameters


@pytest.mark.parametrize(
    ("learning_rate", "arrives", "overshoots"),
    [(0.001, False, False), (0.25, True, False), (0.75, True, True), (1.25, False, True)],
)
def test_a_small_rate_is_slow_and_a_large_one_overshoots(learning_rate: float, arrives: bool, overshoots: bool) -> None:
    """Of p²: half the curvature's reciprocal suits it, and beyond all of it every step leads farther away."""
    path = trajectory(reference.gradient_descent, lambda p, t: [2 * p[0]], [1.0], steps=50, learning_rate=learning_rate)
    (end,) = path.final_parameters
    assert (abs(end) < 1e-6) == arrives
    assert any(p[0] < 0 for p in path.parameters) == overshoots
    assert (abs(end) > 1) == (learning_rate > 1)


@pytest.mark.parametrize(("learning_rate", "minimum"), [(0.01, 0.930403), (0.2, -1.057454)])
def test_a_small_rate_stops_in_the_first_minimum(learning_rate: float, minimum: float) -> None:
    """p⁴ - 2p² + p/2 has a lower minimum behind the first, where a larger step lands."""
    path = trajectory(
        reference.gradient_descent,
        lambda p, t: [4 * p[0] ** 3 - 4 * p[0] + 0.5],
        [1.5],
        steps=1000,
        learning_rate=learning_rate,
    )
    assert round(path.final_parameters[0], 6) == minimum


def test_bad_calls_are_named() -> None:
    for argument, call in {
        "steps": lambda: trajectory(reference.gradient_descent, lambda p, t: p, [1.0], steps=0, learning_rate=1),
        "features": lambda: batch_gradients([1.0], [1.0], batch_size=1),
        "targets": lambda: batch_gradients([[1.0]], [1.0, 2.0], batch_size=1),
        "batch_size": lambda: batch_gradients([[1.0]], [1.0], batch_size=2),
        "learning_rate": lambda: trajectory(
            reference.gradient_descent, lambda p, t: p, [1.0], steps=1, learning_rate=-1
        ),
    }.items():
        with pytest.raises(InvalidArgument) as caught:
            call()
        assert caught.value.argument == argument
