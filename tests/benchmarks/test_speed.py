"""The grid, timed: fast.cpu beside the other libraries and the reference, and beside what the machine can do.

No time is asserted. Who takes part must give the right result first, so that no wrong answer can be fast.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from conformance.arrays import arrays_in
from tests.benchmarks.contestants import OURS, REFERENCE, Contestant, contestants
from tests.benchmarks.correctness import those_who_are_right
from tests.benchmarks.grid.cell import Cell, first
from tests.benchmarks.grid.everything import cells
from tests.benchmarks.interleaving import Timer, interleave
from tests.benchmarks.limits import Limits
from tests.benchmarks.measurement import Measurement

CELLS = {cell.name.replace("×", "x").replace("³", "^3"): cell for cell in cells()}
TOGETHER = {name: cell for name, cell in CELLS.items() if cell.together}


@pytest.fixture(scope="module")
def apart() -> Iterator[list[Contestant]]:
    """Every library in a process of its own."""
    yield from running(contestants())


@pytest.fixture(scope="module")
def together() -> Iterator[list[Contestant]]:
    """All libraries in one process, whose cores their threads have to share."""
    yield from running([contestant for contestant in contestants(together=True) if contestant.name != REFERENCE])


@pytest.fixture(scope="module")
def limits() -> Iterator[Limits]:
    """What the machine can do, in a process of its own, too."""
    found = Limits()
    yield found
    found.process.end()


def running(found: list[Contestant]) -> Iterator[list[Contestant]]:
    """Contestants, whose processes end when the tests of this module have."""
    yield found
    for contestant in found:
        contestant.process.end()


class Replay:
    """A clock that goes on by what was measured.

    So pytest-benchmark's record is of the very turns that the table is made of: those of fast.cpu, in its own process.
    """

    now = 0.0

    def __call__(self) -> float:
        return self.now

    def elapse(self, seconds: Iterator[float]) -> None:
        self.now += next(seconds, 0.0)


CLOCK = Replay()


# A failed check is the reason why nothing was timed, and says so itself.
@pytest.mark.filterwarnings("ignore:Benchmark fixture was not used")
@pytest.mark.benchmark(timer=CLOCK)
@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
def test_speed(
    cell: Cell, apart: list[Contestant], limits: Limits, benchmark: Any, measurements: Any, rounds: int
) -> None:
    taking_part = those_who_are_right(cell, apart)
    traffic = prepared(cell, taking_part)
    ceilings, work = limits.of(cell, traffic)
    measurement = timed(cell, taking_part, traffic, rounds, ceilings, work)
    measurements.apart.append(measurement)
    record(benchmark, measurement)


@pytest.mark.filterwarnings("ignore:Benchmark fixture was not used")
@pytest.mark.benchmark(timer=CLOCK)
@pytest.mark.parametrize("cell", TOGETHER.values(), ids=TOGETHER)
def test_speed_in_one_process(
    cell: Cell, together: list[Contestant], benchmark: Any, measurements: Any, rounds: int
) -> None:
    taking_part = those_who_are_right(cell, together)
    measurement = timed(cell, taking_part, prepared(cell, taking_part), rounds, {}, {})
    measurements.together.append(measurement)
    record(benchmark, measurement)


# Beside the timing, which is skipped unless it is asked for: it must not rot meanwhile.
@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
def test_everybody_is_right(cell: Cell, apart: list[Contestant]) -> None:
    assert those_who_are_right(cell, apart)[0].name == OURS


def prepared(cell: Cell, taking_part: list[Contestant]) -> int:
    """Prepare what is timed; return how many bytes are read and written at least."""
    arguments = cell.timed()
    for contestant in taking_part:
        alone = cell.exact and contestant.name == REFERENCE
        contestant.prepare(cell.operation, first(1, arguments) if alone else arguments)
    return sum(array.nbytes for array in arrays_in((tuple(arguments.values()), taking_part[0].result())))


def timed(
    cell: Cell,
    taking_part: list[Contestant],
    traffic: int,
    rounds: int,
    ceilings: dict[str, Timer],
    work: dict[str, int],
) -> Measurement:
    """Everybody's times, and those of the ceilings in the same rounds."""
    names = [contestant.name for contestant in taking_part]
    times = interleave({c.name: c.timer for c in taking_part} | ceilings, rounds)
    single = (REFERENCE,) if cell.exact else ()
    apart = {name: times[name] for name in names}, {name: times[name] for name in ceilings}
    return Measurement(cell, apart[0], traffic, apart[1], work, single)


def record(benchmark: Any, measurement: Measurement) -> None:
    """Tell pytest-benchmark."""
    benchmark.extra_info.update(measurement.as_json())
    seconds = measurement.times[OURS].values()
    benchmark.pedantic(CLOCK.elapse, (iter([*seconds]),), rounds=len(seconds))
