"""What to hold a cell to: the ceilings, in a process of their own."""

from __future__ import annotations

from functools import partial

from tests.benchmarks.grid.cell import Cell
from tests.benchmarks.interleaving import Timer
from tests.benchmarks.measurement import ARITHMETIC, ENOUGH, MEMORY, ONE_THREAD, SAME_MEMORY
from tests.benchmarks.processes import Process


class Limits:
    """A process in which multiply-adds and copies run."""

    def __init__(self) -> None:
        self.process = Process()

    def of(self, cell: Cell, traffic: int) -> tuple[dict[str, Timer], dict[str, int]]:
        """A timer of each ceiling, and how much each does in a call; none if the call itself takes the time."""
        if cell.memory_bound:
            found = {MEMORY: ("copying", {}), SAME_MEMORY: ("copying", {"traffic": traffic})}
        elif cell.operations >= ENOUGH:
            found = {ARITHMETIC: ("multiply_adds", {}), ONE_THREAD: ("multiply_adds", {"threads": 1})}
        else:
            found = {}
        for name, (function, arguments) in found.items():
            self.process.ask("prepare", name, "ceilings", "", function, arguments)
        work = {name: self.process.ask("result", name) for name in found}
        return {name: partial(self.process.ask, "time", name) for name in found}, work
