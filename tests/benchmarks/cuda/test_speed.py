"""The measurements of a GPU, with tiny cells in the simulator: what is recorded is as described; times mean nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conformance.arrays import flatten_result
from fast import cuda
from fast.cuda.device import SIMULATED, to_device
from reference.errors import InvalidArgument
from tests.benchmarks.contestants import Engine
from tests.benchmarks.cuda import ceilings, cells, evidence, speed
from tests.benchmarks.engines import cuda as engine
from tests.benchmarks.engines import modules
from tests.benchmarks.grid import activations, classes, convolution, optimizers, pooling, products
from tests.benchmarks.grid.cell import Cell, integers, numbers
from tests.fixtures.json_schema import conforms

pytestmark = [
    pytest.mark.skipif(not SIMULATED, reason="on a GPU, make cuda-evidence measures"),
    # The processes are started once.
    pytest.mark.xdist_group("device speed"),
]
SCHEMA = json.loads(Path(evidence.__file__).with_name("schema.json").read_text("utf-8"))
#: fast.cuda on the host's arrays, and who takes the place of a peer.
ENGINES = (
    Engine("fast.cuda", "fast.cuda", "modules", "fast.cuda"),
    Engine("PyTorch, channels last", "numpy", "modules", "numpy"),
)


@pytest.fixture(scope="module")
def stand() -> Any:
    found = speed.Stand(ENGINES)
    yield found
    found.end()


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[Cell]]:
    """Some cells of the kinds that there are."""
    monkeypatch.setattr(cells, "LARGE", 1 << 10)
    return lambda: [
        cells.enlarged(activations.activation("relu", (3, 5))),
        cells.enlarged(pooling.pooling("max_pool2d", (3, 4, 4, 1), 2, 2)),
        products.product(4),
        Cell("no such operation", "no_such_operation", lambda: {"z": integers(-1, 1, 1)}),
    ]


def test_the_whole_of_it(tiny: Callable[[], list[Cell]], monkeypatch: pytest.MonkeyPatch, stand: speed.Stand) -> None:
    monkeypatch.setattr(cells, "cells", tiny)
    monkeypatch.setattr(stand, "end", lambda: None)
    measured = speed.measured(5, stand=stand)
    *good, broken = measured["cells"]
    assert "KeyError: 'no_such_operation'" in broken.pop("error")
    assert [cell["ceiling"] for cell in good] == [speed.MEMORY, speed.MEMORY, None]
    assert measured["ceilings"][speed.MEMORY]["unit"] == "bytes"
    relu, pool, product = good
    assert relu["bytes"] == 2 * (1024 // 20) * 20
    assert pool["bytes"] == 16 * (16 + 4) * 4
    assert relu["cell"] == "relu, 1 GiB"
    assert product["share_of_ceiling"] is None
    assert set(product["seconds"]) == {"fast.cuda", "PyTorch, channels last"}
    whole = {"benchmark": {**measured, "cells": [*good, {**broken, "error": "lost"}]}}
    assert conforms(json.loads(json.dumps(whole)), {**SCHEMA, "required": []}, SCHEMA)


def test_cells_that_there_is_no_time_for_say_so(
    tiny: Callable[[], list[Cell]], monkeypatch: pytest.MonkeyPatch, stand: speed.Stand
) -> None:
    monkeypatch.setattr(cells, "cells", tiny)
    monkeypatch.setattr(stand, "end", lambda: None)
    found = speed.measured(5, minutes=0, stand=stand)["cells"]
    assert [cell["error"] for cell in found] == ["there was no time left for it"] * 4


def test_who_is_wrong_is_found_out_whether_ours_or_a_peer(stand: speed.Stand) -> None:
    right, result = products.product(4), stand.contestants[0].__class__.result

    def spoilt(name: str) -> Any:
        return lambda self: result(self) + (self.name == name)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(stand.contestants[0]), "result", spoilt("fast.cuda"))
        assert "fast.cuda and fast.cpu differ" in speed.cell_told(right, stand, 5)["error"]
        patch.setattr(type(stand.contestants[0]), "result", spoilt("PyTorch, channels last"))
        assert list(speed.cell_told(right, stand, 5)["differs"]) == ["PyTorch, channels last"]


def test_an_enlarged_cell_is_what_it_was_over_and_over(tiny: Callable[[], list[Cell]], stand: speed.Stand) -> None:
    cell = tiny()[0]
    speed.prepare_what_is_timed(cell, stand.contestants[:1])
    contestant, result = type(stand.contestants[0]), stand.contestants[0].__class__.result

    def spoilt(self: Any) -> Any:
        came = result(self)
        came[16:, -1] += 1
        return came

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(contestant, "result", spoilt)
        assert "differs from what it was for the same examples" in speed.cell_told(cell, stand, 5)["error"]


def test_the_grid() -> None:
    found = cells.cells()
    assert len({cell.name for cell in found}) == len(found) >= 29
    large = [cell for cell in found if cell.memory_bound]
    assert {cell.operation for cell in large} >= {"relu", "softmax", "max_pool2d_vjp", "adam"}
    assert all(cell.name.endswith(", 1 GiB") for cell in large)
    step = next(cell for cell in found if cell.operation == "convolutional_backpropagation")
    assert step.timed()["images"].shape == (100, 28, 28, 1)


def test_the_training_step_is_judged_where_it_is_small(stand: speed.Stand) -> None:
    step = cells.training_step()
    assert speed.those_who_are_right(step, [stand.oracle, stand.contestants[0]])[1].name == "fast.cuda"


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_multiply_adds_are_as_many_as_they_are_said_to_be(dtype: str) -> None:
    call, work = ceilings.multiply_adds(dtype)
    call()
    threads = ceilings.THREADS * ceilings.BLOCKS
    assert work == 2 * ceilings.CHAINS * ceilings.ROUNDS * ceilings.STEPS * threads
    numbers, results = np.array([0.5, 1, *range(8)], dtype), to_device(np.zeros(threads, dtype))
    ceilings.launch(ceilings.chains, ceilings.BLOCKS, ceilings.THREADS, to_device(numbers), ceilings.STEPS, results)
    chains = numbers[2:]
    for _ in range(ceilings.ROUNDS * ceilings.STEPS):
        chains = chains * numbers[0] + numbers[1]
    assert set(results.copy_to_host()) == {chains.sum(dtype=dtype)}


def test_copies_and_launches() -> None:
    for call, work in (ceilings.copying(64), ceilings.launching(3)):
        call()
        assert work in (64, 3)


def small_cells() -> dict[str, Cell]:
    """A cell of each operation that is timed, small enough for the simulator."""
    rates = {"learning_rate": 0.5, "momentum": 0.875}
    images, filters = (1, 5, 5, 2), (3, 3, 2, 2)
    found = [
        *(activations.activation(name, (3, 2)) for name in activations.OPERATIONS),
        *(classes.rows(name, (3, 5), name) for name in cells.SOFTMAXES),
        *(pooling.pooling(name, (2, 4, 4, 2), 2, 2) for name in cells.POOLINGS),
        replace(
            cells.descent("momentum"), draw=lambda: {name: numbers(7) for name in cells.ARRAYS["momentum"]} | rates
        ),
        replace(
            cells.descent("gradient_descent"),
            draw=lambda: {name: numbers(7) for name in cells.ARRAYS["gradient_descent"]} | {"learning_rate": 0.5},
        ),
        optimizers.adam(7),
        products.product(4),
        convolution.convolution(images, filters, 1),
        convolution.convolution_vjp(images, filters, 1),
        cells.training_step(),
    ]
    return {cell.operation: cell for cell in found}


def test_the_small_cells_are_those_of_the_grid() -> None:
    assert small_cells().keys() == {cell.operation for cell in cells.cells()}


@pytest.mark.parametrize("operation", small_cells())
def test_arrays_on_the_device_give_what_the_hosts_do(operation: str) -> None:
    try:
        cuda.relu(to_device(np.ones(1, np.float32)))
    except (InvalidArgument, TypeError):
        pytest.skip("fast.cuda takes no arrays on the device yet")
    given = small_cells()[operation].draw()
    here, there = (room.prepare(way, operation, given) for room, way in ((modules, "fast.cuda"), (engine, "")))
    wanted, came = (flatten_result(prepared.arrays(prepared.call())) for prepared in (here, there))
    assert all(np.array_equal(one, other) for (_, one), (_, other) in zip(wanted, came, strict=True))
    assert there.clock(there.call, 2) > 0
