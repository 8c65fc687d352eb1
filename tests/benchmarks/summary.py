"""What all cells say together."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

from tests.benchmarks.contestants import PEERS
from tests.benchmarks.measurement import Measurement

BEST = "the best peer"


def summarized(measurements: Sequence[Measurement]) -> dict[str, Any]:
    """Geometric means over each library, and the cells where another is faster; a slide's own few numbers don't count.

    On those the call itself takes the time, which libraries spend a hundred times as much of: a mean would be theirs.
    """
    counted = [measurement for measurement in measurements if measurement.cell.operations]
    medians = {heading: medians_over(heading, counted) for heading in (BEST, *PEERS)}
    return {
        "cells": len(counted),
        "geometric_mean_over": {
            heading: {"times_faster": statistics.geometric_mean(found.values()), "cells": len(found)}
            for heading, found in medians.items()
            if found
        },
        "behind": {
            heading: {cell: median for cell, median in sorted(found.items(), key=lambda pair: pair[1]) if median < 1}
            for heading, found in medians.items()
        },
    }


def medians_over(heading: str, measurements: Sequence[Measurement]) -> dict[str, float]:
    """How many times as long a library took, by cell."""
    names = {m.cell.name: m.best_peer if heading == BEST else m.fastest(heading) for m in measurements}
    return {m.cell.name: m.speedup(name)[1] for m in measurements if (name := names[m.cell.name])}


def lines(measurements: Sequence[Measurement]) -> list[str]:
    """The same in words."""
    summary = summarized(measurements)
    if not summary["cells"]:
        return []
    means = summary["geometric_mean_over"].items()
    told = [f"{found['times_faster']:.2f} over {heading} ({found['cells']})" for heading, found in means]
    behind = summary["behind"][BEST]
    return [
        f"geometric means of ×, in brackets of how many cells; the slides' own examples don't count: {', '.join(told)}",
        f"behind the best peer in {len(behind)} of {summary['cells']} cells{':' if behind else ''}",
        *(f"  {cell}: {median:.2f}" for cell, median in behind.items()),
    ]
