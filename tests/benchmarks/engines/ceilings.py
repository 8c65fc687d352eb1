"""What the machine can do at most, in a process of its own like an engine's."""

from __future__ import annotations

from typing import Any

from tests.benchmarks import ceilings
from tests.benchmarks.engines.prepared import Prepared


def prepare(way: str, operation: str, arguments: dict[str, Any]) -> Prepared:
    """One of the functions in `ceilings`; how much it does is what it returns."""
    call, work = getattr(ceilings, operation)(**arguments)
    return Prepared(call, lambda _: work)
