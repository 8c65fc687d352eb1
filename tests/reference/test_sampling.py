"""Sampling: where draws lie at a border, what temperatures do, and what is said of bad input."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest

import reference
from reference import InvalidArgument, Undecidable
from reference.numbers import Arithmetic, Rounded


def test_a_draw_at_a_border_is_of_the_class_behind_it():
    rows, draws = [[0.5, 0.0, 0.5]] * 4, [0.0, 0.25, 0.5, 1.0]
    assert reference.sample_index(rows, draws).indices == [0, 0, 2, 2]


def test_what_is_impossible_stays_so_at_any_temperature():
    for temperature in (0.25, 1, 4096.0):
        came = reference.sample_index([[0.0, 1.0, 0.0]], [0.0], temperature=temperature)
        assert came == ([[0, 1, 0]], [1])


def test_a_temperature_is_a_power():
    double = Arithmetic("float64")
    came = reference.sample_index([[Rounded(p, double) for p in (0.25, 0.75)]], [Rounded(0.5, double)], temperature=0.5)
    first, second = reference.sample_index([[0.25, 0.75]], [0.5], temperature=0.5).probabilities[0]
    exact_ones = Decimal("0.1"), Decimal("0.9")
    for bounded, number, exact in zip(came.probabilities[0], (first, second), exact_ones, strict=True):
        assert abs(Decimal(number) - exact) <= bounded.error < 1e-14


def test_no_distribution_is_drawn_from_nothing():
    came = reference.sample_index([[0.0, 0.0]], [0.5])
    assert all(map(math.isnan, came.probabilities[0]))
    assert came.indices == [1]


def test_an_index_near_a_border_is_undecidable():
    single = Arithmetic("float32")
    rows = [[Rounded(p, single) for p in (0.3, 0.7)]]
    assert reference.sample_index(rows, [Rounded(0.299, single)]).indices == [0]
    with pytest.raises(Undecidable):
        reference.sample_index(rows, [Rounded(0.3, single)])


@pytest.mark.parametrize("temperature", [0, -1.0, math.inf, math.nan, None, True])
def test_a_temperature_is_above_0(temperature):
    with pytest.raises(InvalidArgument, match=r"^temperature: wanted "):
        reference.sample_index([[0.5, 0.5]], [0.5], temperature=temperature)


def test_each_row_has_a_draw():
    with pytest.raises(InvalidArgument, match=r"^draws: wanted shape \[1\] of one draw a row; got shape \[2\]$"):
        reference.sample_index([[0.5, 0.5]], [0.5, 0.5])
