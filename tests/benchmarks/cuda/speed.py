"""Times on a GPU: fast.cuda beside PyTorch, both on arrays that lie on the device, and beside its ceilings; a program.

    python -m tests.benchmarks.cuda.speed RESULT.json [--rounds 30] [-k conv2d]

Everything else is as for processors: each library in a process of its own, in turns, and nobody is timed before the
result was right. The clock is that of the device. A cell that goes wrong is told, and costs no other one.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np

from conformance.arrays import arrays_in, flatten_result
from conformance.comparison import Nonconforming
from tests.benchmarks.contestants import ON_GPU, OURS, Contestant, Engine
from tests.benchmarks.correctness import those_who_are_right
from tests.benchmarks.cuda import cells as grid
from tests.benchmarks.grid.cell import Cell
from tests.benchmarks.interleaving import ROUNDS, Timer, Times, interleave, quartiles, ratios
from tests.benchmarks.measurement import ENOUGH
from tests.benchmarks.processes import Process

#: By whose results the others are judged where these are exact.
ORACLE = Engine(OURS, "fast.cpu", "modules", "fast.cpu")
#: Who is timed: ours first.
ENGINES = (
    Engine(ON_GPU, "fast.cuda", "cuda", ""),
    Engine("PyTorch, channels last", "torch", "torch_cuda", "channels_last", "torch"),
    Engine("PyTorch, channels first", "torch", "torch_cuda", "contiguous_format", "torch"),
)
MEMORY, ARITHMETIC, LAUNCHES = f"copying {grid.GIB}", "multiply-adds in registers", "launching an empty kernel"
#: What stands above all else on a device: a function of `ceilings`, and what it counts.
CEILINGS = {MEMORY: ("copying", "bytes"), ARITHMETIC: ("multiply_adds", "operations")}
#: How much is kept of what went wrong.
LAST_WORDS = 1000


class Stand:
    """Processes of all that take part, and what the device can do."""

    def __init__(self, engines: Sequence[Engine] = ENGINES) -> None:
        processes = {engine.implementation: Process() for engine in (ORACLE, *engines) if engine.installed}
        self.oracle = Contestant(ORACLE, processes[ORACLE.implementation])
        self.contestants = [Contestant(e, processes[e.implementation]) for e in engines if e.installed]
        self.limits = Process()
        self.processes = [*processes.values(), self.limits]
        self.rates: dict[str, list[float]] = {name: [] for name in CEILINGS}

    def end(self) -> None:
        """End all processes."""
        for process in self.processes:
            process.end()

    def ceiling(self, cell: Cell) -> str | None:
        """The one that a cell is held to: none where the launches take the time."""
        if cell.memory_bound:
            return MEMORY
        return ARITHMETIC if cell.operations >= ENOUGH else None

    def prepared(self, function: str, name: str) -> tuple[Timer, int]:
        """The timer of a function of `ceilings`, and how much it does."""
        self.limits.ask("prepare", name, "cuda_ceilings", "", function, {})
        return partial(self.limits.ask, "time", name), self.limits.ask("result", name)


def measured(
    rounds: int = ROUNDS, only: str = "", minutes: float = math.inf, stand: Stand | None = None
) -> dict[str, Any]:
    """What a launch costs, all cells that there is time for, and the ceilings."""
    stand, end = stand or Stand(), monotonic() + 60 * minutes
    try:
        timer, count = stand.prepared("launching", LAUNCHES)
        launches = [taken / count for taken in interleave({LAUNCHES: timer}, rounds)[LAUNCHES].values()]
        told = [
            cell_told(cell, stand, rounds) if monotonic() < end else failed(cell, "there was no time left for it")
            for cell in grid.cells()
            if only in cell.name
        ]
        rates = {name: {"unit": unit, "per_second": quartiles(stand.rates[name])}
                 for name, (_, unit) in CEILINGS.items() if stand.rates[name]}  # fmt: skip
        return {"rounds": rounds, "ceilings": rates, "seconds_of_a_launch": quartiles(launches), "cells": told}
    finally:
        stand.end()


def cell_told(cell: Cell, stand: Stand, rounds: int) -> dict[str, Any]:
    """What is measured of a cell; if it goes wrong, how."""
    try:
        return cell_measured(cell, stand, rounds)
    except Exception as error:  # whatever it is: the other cells are worth having
        said = f"{type(error).__name__}: {error}".strip()
        return failed(cell, said[-LAST_WORDS:])


def failed(cell: Cell, why: str) -> dict[str, Any]:
    """What is told of a cell that has no times."""
    return {"cell": cell.name, "operation": cell.operation, "error": why}


def cell_measured(cell: Cell, stand: Stand, rounds: int) -> dict[str, Any]:
    """Times of everybody whose result is right, in turns with the ceiling that the cell is held to.

    Who computes another way, as cuDNN does where that is faster, may round where the lattice is exact. It is timed, and
    what it gave is told.
    """
    taking_part, differs = [stand.contestants[0]], dict[str, str]()
    those_who_are_right(cell, [stand.oracle, *taking_part])
    for peer in stand.contestants[1:]:
        try:
            taking_part += those_who_are_right(cell, [stand.oracle, peer])[1:]
        except Nonconforming as error:
            taking_part.append(peer)
            differs[peer.name] = error.summary
    traffic = prepare_what_is_timed(cell, taking_part)
    ceiling = stand.ceiling(cell)
    timers, work = {contestant.name: contestant.timer for contestant in taking_part}, 0
    if ceiling:
        timers[ceiling], work = stand.prepared(CEILINGS[ceiling][0], ceiling)
    times = interleave(timers, rounds)
    if ceiling:
        stand.rates[ceiling] += [work / taken for taken in times[ceiling].values()]
    return told(cell, times, ceiling, work, traffic, differs)


def prepare_what_is_timed(cell: Cell, taking_part: Sequence[Contestant]) -> int:
    """Prepare what is timed; return how many bytes are read and written at least.

    Of an enlarged cell, ours must give what it gave for the few examples, over and over.
    """
    ours, enlarged = taking_part[0], cell.usual is not None and cell.memory_bound
    few: list[Any] = []
    if enlarged:
        ours.prepare(cell.operation, cell.draw())
        few = [part for _, part in flatten_result(ours.result())]
    arguments = cell.timed()
    for contestant in taking_part:
        contestant.prepare(cell.operation, arguments)
    came = ours.result()
    for small, (name, large) in zip(few, flatten_result(came) if enlarged else (), strict=True):
        if not np.array_equal(np.resize(small, large.shape), large):
            raise Nonconforming(f"{cell.name}: {name} differs from what it was for the same examples alone")
    return sum(array.nbytes for array in arrays_in((tuple(arguments.values()), came)))


def told(
    cell: Cell, times: Mapping[str, Times], ceiling: str | None, work: int, traffic: int, differs: dict[str, str]
) -> dict[str, Any]:
    """What was measured, for the record."""
    ours, amount = ON_GPU, traffic if cell.memory_bound else cell.operations
    peers = [name for name in times if name not in (ours, ceiling)]
    shares = [
        amount / taken / (work / times[ceiling][place])
        for place, taken in times[ours].items()
        if ceiling and place in times[ceiling]
    ]
    return {
        "cell": cell.name,
        "operation": cell.operation,
        "operations": cell.operations,
        "bytes": traffic,
        "seconds": {name: quartiles([*times[name].values()]) for name in (ours, *peers)},
        "rounds": {name: len(times[name]) for name in (ours, *peers)},
        "times_faster": {name: quartiles(ratios(times[name], times[ours])) for name in peers},
        "ceiling": ceiling,
        "share_of_ceiling": quartiles(shares) if shares else None,
        "differs": differs,
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and write what there is."""
    parser = argparse.ArgumentParser()
    parser.add_argument("result", type=Path)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("-k", default="", metavar="TEXT", help="cells with this in their names only")
    parser.add_argument("--minutes", type=float, default=math.inf, help="after which no cell begins")
    said = parser.parse_args(arguments)
    said.result.write_text(json.dumps(measured(said.rounds, said.k, said.minutes)), "utf-8")


if __name__ == "__main__":
    sys.exit(main())
