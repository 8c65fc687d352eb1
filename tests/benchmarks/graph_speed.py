"""How long a training step of the slides' convolutional network takes as a graph: fast.cpu beside `tf.function`.

    python -m tests.benchmarks.graph_speed --turns 40

Each way runs in a process of its own, which is stopped while others have their turns; ratios are of one round.
"""

from __future__ import annotations

import argparse
from functools import partial

from tests.benchmarks.graph_step import BATCH
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
        for clock in ("wall", "processors"):
            measure(processes, optimizer, clock, turns)
        for process in processes.values():
            process.end()


def measure(processes: dict[str, Process], optimizer: str, clock: str, turns: int) -> None:
    """Time all ways in turns; the losses of the first steps show that they do the same."""
    for way, process in processes.items():
        process.ask("prepare", way, "graph_steps", way, optimizer, {"count": BATCH, "clock": clock})
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
