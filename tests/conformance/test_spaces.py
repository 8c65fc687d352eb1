"""Configuration spaces: what is declared is valid, what is covered is covered, and nothing is missed in silence."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Any

import numpy as np
import pytest

from conformance.covering import combinations, covering
from conformance.operations import operations
from conformance.pools import Budget, pool
from conformance.spaces import Configuration, Space, everything, sample
from conformance.sweeping import choose
from tests.conformance.test_exploration import relu_in

NAMES = list(operations())


def right(z: Any) -> Any:
    return np.maximum(z, 0)


@pytest.mark.parametrize("name", NAMES)
def test_what_networks_use_are_calls(name: str) -> None:
    space = operations()[name].space
    assert space.common
    for configuration in space.named().values():
        assert set(configuration) == set(space.axes)
        assert space.is_valid(configuration)
        assert all(value in space.axes[axis] for axis, value in configuration.items())


@pytest.mark.parametrize("name", NAMES)
def test_one_configuration_is_judged_as_many_are(name: str) -> None:
    space = operations()[name].space
    rows = sample(space.axes, 300, np.random.default_rng(0))
    columns = space.columns(space.axes, rows)
    each = [space.at(space.axes, row) for row in rows]
    for function in (space.valid, space.steps, space.work):
        together = np.broadcast_to(function(columns), len(rows)).tolist()
        assert together == [np.asarray(function(configuration)).item() for configuration in each]


@pytest.mark.parametrize("name", NAMES)
def test_what_a_pool_holds_is_valid_and_affordable(name: str) -> None:
    space = operations()[name].space
    found = pool(space, Budget(5_000, 200, 9), 0)
    for configurations_of in (found.small, found.edges, list(found.named.values())):
        for configuration in list(configurations_of)[:200]:
            assert space.is_valid(configuration)
            assert space.work(configuration) <= 5_000
            assert space.steps(configuration) <= 200
            assert all(configuration[size] <= 9 for size in space.sizes)


def test_a_covering_array_shows_every_combination() -> None:
    rows = everything({"a": range(4), "b": range(3), "c": range(3), "d": range(2)})
    valid = rows[rows[:, 0] + rows[:, 1] < 5]
    for strength in (1, 2, 3):
        chosen = valid[covering(valid, strength, np.random.default_rng(0))]
        for columns in itertools.combinations(range(4), strength):
            wanted = {tuple(row) for row in valid[:, columns].tolist()}
            assert {tuple(row) for row in chosen[:, columns].tolist()} == wanted
        assert len(chosen) < len(valid)


def test_combinations_of_different_columns_have_different_numbers() -> None:
    rows = everything({"a": range(2), "b": range(3), "c": range(2)})
    numbers = combinations(rows, 2)
    assert len(set(numbers.ravel().tolist())) == 2 * 3 + 2 * 2 + 3 * 2


@pytest.mark.parametrize("seed", range(3))
def test_a_sweep_meets_every_triple_of_the_small_box_and_both_sides_of_every_tile(seed: int) -> None:
    subject = relu_in(right)
    subject.operation, subject.seed = operations()["conv2d"], seed
    swept = choose(subject, 1800, "swept")
    space, parts, chosen = subject.operation.space, *zip(*swept.configurations, strict=True)
    assert swept.coverage.strength == 3
    assert Counter(parts)["named"] == len(space.common)
    assert len(chosen) == swept.count == 1800
    small = [c for c in chosen if all(value in space.box[axis] for axis, value in c.items())]
    assert len(small) > 900
    for size in ("H", "W", "C", "F"):
        met = {c[size] for c in chosen}
        assert {15, 16, 17, 31, 32, 33} <= met, size


def test_every_seed_meets_the_seven_conditions_of_a_known_bug() -> None:
    """In this region of conv2d's space a library leaves rows after the first unwritten, on one kind of machine."""
    subject = relu_in(right)
    subject.operation = operations()["conv2d"]

    def unwritten(c: Configuration) -> bool:
        rows, columns = ((c[size] - (c[k] if c.padding == "valid" else 1)) // c[step] + 1 for size, k, step in AXES)
        return bool(c.N >= 2 and c.C == 1 and columns == 1 and rows >= 2 and c.SH == 1 and c.SW >= 2 and c.KW >= 2)

    for seed in range(10):
        subject.seed = seed
        met = sum(unwritten(c) for _, c in choose(subject, 1800, "swept").configurations)
        assert met >= 3


AXES = (("H", "KH", "SH"), ("W", "KW", "SW"))


def test_a_configuration_knows_how_far_it_is_from_the_simplest() -> None:
    space = Space(sizes={"N": (1, 2, 4)}, choices={"padding": ("valid", "same")})
    assert space.simplest.places() == [0, 0]
    assert space.simplest.changed(N=4, padding="same").places() == [1, 2]
    with pytest.raises(AttributeError, match="depth"):
        _ = space.simplest.depth
