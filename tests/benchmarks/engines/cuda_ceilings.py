"""What a GPU can do at most, in a process of its own like an engine's."""

from __future__ import annotations

from typing import Any

from tests.benchmarks.cuda import ceilings
from tests.benchmarks.engines.cuda import by_events
from tests.benchmarks.engines.prepared import Prepared, wall_clock


def prepare(way: str, operation: str, arguments: dict[str, Any]) -> Prepared:
    """One of the functions in `ceilings`; how much it does is what it returns. Launches are timed on the host."""
    call, work = getattr(ceilings, operation)(**arguments)
    return Prepared(call, lambda _: work, wall_clock if operation.startswith("launch") else by_events)
