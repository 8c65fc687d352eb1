"""How long a training step of the slides' convolutional network takes as a graph: fast.cpu beside `tf.function`.

    python -m tests.benchmarks.graph_speed --turns 40

Each way runs in a process of its own, which is stopped while others have their turns; ratios are of one round. Before
anything is timed, a step of gradient descent on exact numbers has to give the same bits in all of them.
"""

from __future__ import annotations

import argparse
from functools import partial

import numpy as np

from conformance.comparison import Nonconforming
from tests.benchmarks.graph_step import exact
from tests.benchmarks.interleaving import interleave, quartiles, ratios
from tests.benchmarks.processes import Process

WAYS = ("compiled", "interpreted", "tensorflow")


def main() -> None:
    """Measure, and print a line for each way and optimizer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=30)
    turns = parser.parse_args().turns
    for optimizer in ("adam", "gradient_descent"):
        processes = {way: Process() for way in WAYS}
        hold_to_each_other(processes)
        for clock in ("wall", "processors"):
            measure(processes, optimizer, clock, turns)
        for process in processes.values():
            process.end()


def hold_to_each_other(processes: dict[str, Process]) -> None:
    """A step on exact numbers has the same result in every way, and is one: it changes each of the parameters."""
    found = {}
    for way, process in processes.items():
        process.ask("prepare", way, "graph_steps", way, "gradient_descent", {"start": "exact"})
        found[way] = process.ask("result", way)
    start = exact().parameters
    for place, name in enumerate(sorted(start)):
        first, *others = (found[way][place] for way in processes)
        if np.array_equal(first, start[name]):
            raise Nonconforming(f"{name} is after a step what it was before")
        if not all(np.array_equal(first, other) for other in others):
            raise Nonconforming(f"{name} after a step on exact numbers: {', '.join(processes)} differ")


def measure(processes: dict[str, Process], optimizer: str, clock: str, turns: int) -> None:
    """Time all ways in turns; the losses of their first steps are there to be looked at."""
    for way, process in processes.items():
        process.ask("prepare", way, "graph_steps", way, optimizer, {"start": "usual", "clock": clock})
        losses = [f"{float(process.ask('result', way)):.6f}" for _ in range(3)]
        print(f"{optimizer}, {way}: the losses of the first steps are {', '.join(losses)}")
    times = interleave({way: partial(process.ask, "time", way) for way, process in processes.items()}, turns)
    for way in WAYS:
        taken = quartiles([1e3 * seconds for seconds in times[way].values()])
        slower = quartiles(ratios(times[way], times["compiled"]))
        print(
            f"  {clock:10} {way:12} {taken[1]:7.2f} ms ({taken[0]:.2f} to {taken[2]:.2f}),"
            f" {slower[1]:.2f} times as long ({slower[0]:.2f} to {slower[2]:.2f})"
        )


if __name__ == "__main__":
    main()
