"""What was measured, as numbers for the JSON report and as the table at the end of the run."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from numba import get_num_threads

from tests.benchmarks.interleaving import Times, quartiles, ratios
from tests.benchmarks.workloads import BATCH, Workload

OURS = "fast.cpu"
PACKAGES = ("numba", "llvmlite", "numpy", "tensorflow")

#: Names of the ceilings.
ARITHMETIC, ONE_THREAD = "multiply-adds in registers", "multiply-adds in registers, one thread"
MEMORY, SAME_MEMORY = "copying 64 MiB", "copying as many bytes"


@dataclass(frozen=True)
class Measurement:
    """A workload's times, by contestant and round, and those of the machine's ceilings in the same rounds."""

    workload: Workload
    times: dict[str, Times]
    ceilings: dict[str, Times]
    #: Operations or bytes of one call of each ceiling.
    work: dict[str, int]
    #: Who ran a single example of the batch.
    single: tuple[str, ...]

    @property
    def tensorflow(self) -> str:
        """The faster of TensorFlow's two ways."""
        ways = [name for name in self.times if name.startswith("TensorFlow")]
        return min(ways, key=lambda name: quartiles([*self.times[name].values()])[1])

    @property
    def others(self) -> dict[str, str]:
        """Whom fast.cpu is compared with, by the heading of their column."""
        names = {name.partition(",")[0]: name for name in self.times if name != OURS}
        return names | {"TensorFlow": self.tensorflow}

    def speedup(self, name: str) -> tuple[float, float, float]:
        """How many times faster than another contestant fast.cpu is: quartiles over the rounds."""
        return quartiles(ratios(self.times[name], self.times[OURS]))

    def rate(self, name: str) -> tuple[float, float, float]:
        """Operations or bytes a second of a ceiling."""
        return quartiles([self.work[name] / taken for taken in self.ceilings[name].values()])

    @property
    def work_done(self) -> int:
        """Operations of the workload, or bytes; 0 on a slide's own example."""
        return self.workload.flops or self.workload.traffic

    def share(self) -> tuple[float, float, float]:
        """The share that fast.cpu reaches of the highest ceiling of each round.

        Where other programs want a core, one thread alone may do more than all together, which wait for the slowest.
        """
        shares = []
        for turn, taken in self.times[OURS].items():
            highest = max(self.work[name] / times[turn] for name, times in self.ceilings.items())
            shares.append(self.work_done / taken / highest)
        return quartiles(shares)

    def gains(self) -> list[float]:
        """How many times as much as one thread all of them did, round by round: the cores that were there for us."""
        if ONE_THREAD not in self.ceilings:
            return []
        scale = self.work[ARITHMETIC] / self.work[ONE_THREAD]
        return [scale * gain for gain in ratios(self.ceilings[ONE_THREAD], self.ceilings[ARITHMETIC])]

    def as_json(self) -> dict[str, Any]:
        """All quartiles, for the record."""
        record: dict[str, Any] = {
            "seconds": {name: quartiles([*times.values()]) for name, times in self.times.items()},
            "fastest_seconds": {name: min(times.values()) for name, times in self.times.items()},
            "times_faster": {name: self.speedup(name) for name in self.times if name != OURS},
            "ran_one_example_of_the_batch": self.single,
            "ceilings_per_second": {name: self.rate(name) for name in self.ceilings},
        }
        if self.work_done:
            unit = "operations" if self.workload.flops else "bytes"
            record |= {unit: self.work_done, "share_of_highest_ceiling": self.share()}
        return record


def machine(processor: str) -> str:
    """The machine, its threads and the versions, in a line."""
    versions = ", ".join(f"{package} {version(package)}" for package in PACKAGES)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{processor}, {cores} cores, {get_num_threads()} threads; Python {platform.python_version()}, {versions}"


def table(measurements: list[Measurement]) -> list[str]:
    """The lines of the table, and below it what its columns mean."""
    columns = list(dict.fromkeys(heading for measurement in measurements for heading in measurement.others))
    heading = ["", OURS, *(f"× {column}" for column in columns), "rate", "of ceiling"]
    rows = [heading, *(row(measurement, columns) for measurement in measurements)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join([cells[0].ljust(widths[0]), *map(str.rjust, cells[1:], widths[1:])]).rstrip() for cells in rows]
    return [lines[0], "─" * max(map(len, lines)), *lines[1:], "", *notes(measurements)]


def row(measurement: Measurement, columns: list[str]) -> list[str]:
    """A workload's cells."""
    speedups = [speedup(measurement, measurement.others[column]) for column in columns]
    _, median, _ = quartiles([*measurement.times[OURS].values()])
    cells = [measurement.workload.name, duration(median), *speedups]
    if not measurement.work_done:
        return [*cells, "", ""]
    unit = "GFLOP/s" if measurement.workload.flops else "GB/s"
    lower, share, upper = (round(100 * value) for value in measurement.share())
    return [*cells, f"{measurement.work_done / median / 1e9:.3g} {unit}", f"{share} ({lower}–{upper})%"]


def speedup(measurement: Measurement, name: str) -> str:
    """A ratio with its quartiles; a lower bound where the other one ran a single example of the batch."""
    lower, median, upper = map(short, measurement.speedup(name))
    way = {"eager": " e", "graph": " g"}.get(name.partition(", ")[2], "")
    return f"> {median}" if name in measurement.single else f"{median} ({lower}–{upper}){way}"


def notes(measurements: list[Measurement]) -> list[str]:
    """What the columns mean, and the machine's ceilings."""
    lines = [
        f"{OURS}: median of one call. × how many times as long the others took in the same rounds: median (quartiles).",
        "TensorFlow: e eager, g a tf.function, the faster of both; tensors in, arrays out.",
        f"> a lower bound: the other ran one example of the {BATCH}, being too slow for all of them.",
        "of ceiling: share of the most that the machine did in the same rounds, of these:",
    ]
    for name, unit in ((ARITHMETIC, "GFLOP/s"), (ONE_THREAD, "GFLOP/s"), (MEMORY, "GB/s"), (SAME_MEMORY, "GB/s")):
        rates = [measurement.rate(name) for measurement in measurements if name in measurement.ceilings]
        if rates:
            medians = [f"{median / 1e9:.3g}" for _, median, _ in rates]
            lines.append(f"  {name}: {', '.join(medians)} {unit}{' (one median a workload)' if rates[1:] else ''}")
    gains = [gain for measurement in measurements for gain in measurement.gains()]
    if gains:
        lower, median, upper = (f"{gain:.2g}" for gain in quartiles(gains))
        lines.append(
            f"  {get_num_threads()} threads did {median} ({lower}–{upper}) times as many multiply-adds as one;"
            " where that is less than their number, others had the cores"
        )
    return lines


def duration(taken: float) -> str:
    """Seconds in a unit of their size."""
    return f"{short(taken * 1e6)} µs" if taken < 1e-3 else f"{short(taken * 1e3)} ms"


def short(number: float) -> str:
    """Two significant digits, or all before the point; thousands apart."""
    return f"{number:.2g}" if number < 10 else f"{number:,.0f}".replace(",", " ")
