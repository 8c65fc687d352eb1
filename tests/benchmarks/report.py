"""The tables at the end of the run, and below them what their columns mean."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

from numba import get_num_threads

from tests.benchmarks.contestants import ENGINES, GPU, ON_GPU, OURS, PEERS, REFERENCE, missing
from tests.benchmarks.grid.cell import BATCH
from tests.benchmarks.interleaving import median, quartiles
from tests.benchmarks.measurement import ARITHMETIC, MEMORY, ONE_THREAD, SAME_MEMORY, Measurement

PACKAGES = ("numba", "llvmlite", "numpy", "tensorflow", "torch", "jax")

#: How the ways of a library are told apart in the table.
WAYS = {"eager": "e", "graph": "g", "channels last": "l", "channels first": "f"}


def machine(processor: str) -> str:
    """The machine, its threads and the versions, in a line."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    versions = ", ".join(f"{package} {found}" for package in PACKAGES if (found := version_of(package)))
    return f"{processor}, {cores} cores, {get_num_threads()} threads; Python {platform.python_version()}, {versions}"


def version_of(package: str) -> str | None:
    """The version of a package; None if it isn't there."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def table(measurements: Sequence[Measurement]) -> list[str]:
    """A row for each cell."""
    took_part = {name.partition(",")[0] for measurement in measurements for name in measurement.times}
    columns = [name for name in dict.fromkeys(e.heading for e in ENGINES) if name in took_part and name != OURS]
    heading = ["", OURS, *(f"× {column}" for column in columns), "× best peer", "rate", "of ceiling"]
    rows = [heading, *(row(measurement, columns) for measurement in measurements)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join([cells[0].ljust(widths[0]), *map(str.rjust, cells[1:], widths[1:])]).rstrip() for cells in rows]
    return [lines[0], "─" * max(map(len, lines)), *lines[1:]]


def row(measurement: Measurement, columns: Sequence[str]) -> list[str]:
    """What one cell says."""
    speedups = [speedup(measurement, measurement.fastest(column)) for column in columns]
    best = f"{measurement.speedup(measurement.best_peer)[1]:.2f}" if measurement.best_peer else "-"
    cells = [measurement.cell.name, duration(median(measurement.times[OURS])), *speedups, best]
    unit = {"operations": "GFLOP/s", "bytes": "GB/s", "": ""}[measurement.unit]
    share = measurement.share()
    lower, middle, upper = (round(100 * value) for value in share or (0, 0, 0))
    rate = f"{measurement.rate / 1e9:.3g} {unit}" if unit else ""
    return [*cells, rate, f"{middle} ({lower}–{upper})%" if share else ""]


def speedup(measurement: Measurement, name: str | None) -> str:
    """A ratio with its quartiles; a lower bound where the other one ran a single example of the batch."""
    if name is None:
        return "-"
    lower, middle, upper = map(short, measurement.speedup(name))
    heading, _, way = name.partition(", ")
    several = sum(other.partition(",")[0] == heading for other in measurement.times) > 1
    return f"> {middle}" if name in measurement.single else f"{middle} ({lower}–{upper}){several * f' {WAYS.get(way)}'}"


def notes(measurements: Sequence[Measurement]) -> list[str]:
    """What the columns mean, and the machine's ceilings."""
    absent = [name for name in missing() if name in PEERS]
    lines = [
        f"{OURS}: median of one call. × how many times as long the others took in the same rounds: median (quartiles).",
        "Arguments and results are arrays of each library's own. Of its ways the faster one counts:",
        "  TensorFlow: e eager, g a tf.function. PyTorch: channels of images l last, f first in memory. JAX: compiled.",
        "  Adam writes into the parameters where a library can. - stands where it has no such function.",
        f"> a lower bound: the {REFERENCE} ran one example of the {BATCH}, being too slow for all of them.",
        *(f"{name} isn't installed, and takes no part." for name in absent),
        *([f"{ON_GPU} takes arrays from the host, and its results there; on the device: make cuda-evidence."] * GPU),
        "of ceiling: share of the most that the machine did in the same rounds, of these:",
    ]
    for name, unit in ((ARITHMETIC, "GFLOP/s"), (ONE_THREAD, "GFLOP/s"), (MEMORY, "GB/s"), (SAME_MEMORY, "GB/s")):
        rates = [measurement.ceiling(name)[1] / 1e9 for measurement in measurements if name in measurement.ceilings]
        if rates:
            lower, middle, upper = (f"{rate:.3g}" for rate in quartiles(rates))
            lines.append(f"  {name}: {middle} ({lower}–{upper}) {unit}, median of the cells' medians (quartiles)")
    gains = [gain for measurement in measurements for gain in measurement.gains()]
    if gains:
        lower, middle, upper = (f"{gain:.2g}" for gain in quartiles(gains))
        lines.append(
            f"  {get_num_threads()} threads did {middle} ({lower}–{upper}) times as many multiply-adds as one;"
            " where that is less than their number, others had the cores"
        )
    return lines


def duration(taken: float) -> str:
    """Seconds in a unit of their size."""
    return f"{short(taken * 1e6)} µs" if taken < 1e-3 else f"{short(taken * 1e3)} ms"


def short(number: float) -> str:
    """Two significant digits, or all before the point; thousands apart."""
    return f"{number:.2g}" if number < 10 else f"{number:,.0f}".replace(",", " ")
