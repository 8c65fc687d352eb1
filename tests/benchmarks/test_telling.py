"""How measurements are taken in turns, and what is made of them: with times that are made up."""

from __future__ import annotations

import re
from statistics import geometric_mean
from xml.etree import ElementTree

from tests.benchmarks import report, roofline, summary
from tests.benchmarks.grid.cell import Cell
from tests.benchmarks.grid.everything import cells
from tests.benchmarks.interleaving import FEWEST, interleave
from tests.benchmarks.measurement import ARITHMETIC, MEMORY, Measurement


def measured(cell: Cell, place: int = 0) -> Measurement:
    """A cell that takes fast.cpu a millisecond, more or less, TensorFlow twice as long, and JAX half as long."""
    ours = 1e-3 * (1 + place % 7)
    times = {"fast.cpu": ours, "TensorFlow, eager": 3 * ours, "TensorFlow, graph": 2 * ours, "JAX": ours / 2}
    ceilings = {ARITHMETIC: 1.0, MEMORY: 1.0}
    return Measurement(
        cell,
        {name: dict.fromkeys(range(8), seconds) for name, seconds in times.items()},
        traffic=10**6,
        ceilings={name: dict.fromkeys(range(8), seconds) for name, seconds in ceilings.items()},
        work={ARITHMETIC: 10**11, MEMORY: 10**10},
    )


def test_the_grid_is_large_and_its_names_are_different() -> None:
    assert len(cells()) >= 44
    assert len({cell.name for cell in cells()}) == len(cells())


def test_who_takes_long_has_fewer_turns_in_the_rounds_of_the_others() -> None:
    times = interleave({"fast": lambda calls: 1e-5, "slow": lambda calls: 0.2}, rounds=40)
    assert len(times["fast"]) == 40
    assert FEWEST <= len(times["slow"]) < 40
    assert set(times["slow"]) < set(times["fast"])


def test_the_faster_of_a_librarys_ways_counts() -> None:
    measurement = measured(cells()[-1])
    assert measurement.fastest("TensorFlow") == "TensorFlow, graph"
    assert measurement.fastest("PyTorch") is None
    assert measurement.best_peer == "JAX"
    assert measurement.speedup("TensorFlow, graph") == (2, 2, 2)


def test_the_table_has_a_sign_for_what_a_library_lacks() -> None:
    alone = measured(cells()[-1])
    other = measured(cells()[-2])
    other.times["PyTorch, channels last"] = other.times["JAX"]
    heading, _, *rows = report.table([alone, other])
    assert "× PyTorch" in heading
    assert " - " in rows[0]
    assert " - " not in rows[1]


def test_the_summary_names_where_another_is_faster() -> None:
    found = summary.summarized([measured(cell) for cell in cells()])
    counted = [cell.name for cell in cells() if cell.operations]
    assert found["geometric_mean_over"]["TensorFlow"] == {
        "times_faster": geometric_mean([2] * len(counted)),
        "cells": len(counted),
    }
    assert sorted(found["behind"][summary.BEST]) == sorted(counted)
    assert found["behind"]["TensorFlow"] == {}


def test_no_two_labels_of_the_picture_overlap() -> None:
    picture = roofline.picture([measured(cell, place) for place, cell in enumerate(cells())])
    ElementTree.fromstring(picture)
    pattern = r'<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)" fill="white" fill-opacity'
    boxes = [tuple(map(float, found)) for found in re.findall(pattern, picture)]
    assert len(boxes) == sum(cell.operations > 0 for cell in cells())
    corners = [(x, y, x + width, y + height) for x, y, width, height in boxes]
    # Coordinates are written with one digit behind the point.
    shrunk = [(left + 0.1, top + 0.1, right - 0.1, bottom - 0.1) for left, top, right, bottom in corners]
    assert not any(roofline.overlap(a, b) for place, a in enumerate(shrunk) for b in shrunk[:place])
