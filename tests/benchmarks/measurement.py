"""What was measured of a cell."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.benchmarks.contestants import OURS, PEERS
from tests.benchmarks.grid.cell import Cell
from tests.benchmarks.interleaving import Times, median, quartiles, ratios

#: Names of the ceilings.
ARITHMETIC, ONE_THREAD = "multiply-adds in registers", "multiply-adds in registers, one thread"
MEMORY, SAME_MEMORY = "copying 64 MiB", "copying as many bytes"

#: Operations of a call from which on the multiply-adds of its time say something about it.
ENOUGH = 50e6

Quartiles = tuple[float, float, float]


@dataclass(frozen=True)
class Measurement:
    """A cell's times, by engine and round, and those of the machine's ceilings in the same rounds."""

    cell: Cell
    times: dict[str, Times]
    #: Bytes of the arguments and of the results.
    traffic: int
    ceilings: dict[str, Times] = field(default_factory=dict)
    #: Operations or bytes of one call of each ceiling.
    work: dict[str, int] = field(default_factory=dict)
    #: Who ran a single example of the batch.
    single: tuple[str, ...] = ()

    def fastest(self, heading: str) -> str | None:
        """The faster of a library's ways; None if it has none."""
        ways = [name for name in self.times if name.partition(",")[0] == heading]
        return min(ways, key=lambda name: median(self.times[name]), default=None)

    @property
    def best_peer(self) -> str | None:
        """The fastest of all the other libraries."""
        there = [way for way in map(self.fastest, PEERS) if way]
        return min(there, key=lambda name: median(self.times[name]), default=None)

    def speedup(self, name: str) -> Quartiles:
        """How many times as long as fast.cpu another one took: quartiles over the rounds."""
        return quartiles(ratios(self.times[name], self.times[OURS]))

    def ceiling(self, name: str) -> Quartiles:
        """Operations or bytes a second of a ceiling."""
        return quartiles([self.work[name] / taken for taken in self.ceilings[name].values()])

    @property
    def unit(self) -> str:
        """What is counted: operations, or bytes where memory is the limit; nothing on a slide's own example."""
        if not self.cell.operations:
            return ""
        return "bytes" if self.cell.memory_bound else "operations"

    @property
    def rate(self) -> float:
        """Operations or bytes a second."""
        amount = self.traffic if self.cell.memory_bound else self.cell.operations
        return amount / median(self.times[OURS])

    def share(self) -> Quartiles | None:
        """The share that fast.cpu reaches of the highest ceiling of each round, if it is held to any.

        Where other programs want a core, one thread alone may do more than all together, which wait for the slowest.
        """
        if not self.ceilings:
            return None
        amount = self.traffic if self.cell.memory_bound else self.cell.operations
        shares = []
        for place, taken in self.times[OURS].items():
            rates = [self.work[name] / times[place] for name, times in self.ceilings.items() if place in times]
            if rates:
                shares.append(amount / taken / max(rates))
        return quartiles(shares)

    def gains(self) -> list[float]:
        """How many times as much as one thread all of them did, round by round: the cores that were there for us."""
        if ONE_THREAD not in self.ceilings:
            return []
        scale = self.work[ARITHMETIC] / self.work[ONE_THREAD]
        return [scale * gain for gain in ratios(self.ceilings[ONE_THREAD], self.ceilings[ARITHMETIC])]

    def as_json(self) -> dict[str, Any]:
        """All quartiles, for the record."""
        best = self.best_peer
        record: dict[str, Any] = {
            "cell": self.cell.name,
            "operation": self.cell.operation,
            "seconds": {name: quartiles([*times.values()]) for name, times in self.times.items()},
            "fastest_seconds": {name: min(times.values()) for name, times in self.times.items()},
            "times_faster": {name: self.speedup(name) for name in self.times if name != OURS},
            "best_peer": best,
            "times_faster_than_best_peer": best and self.speedup(best),
            "ran_one_example_of_the_batch": self.single,
            "operations": self.cell.operations,
            "bytes": self.traffic,
            "ceilings_per_second": {name: self.ceiling(name) for name in self.ceilings},
        }
        share = self.share()
        return record | ({"share_of_highest_ceiling": share} if share else {})
