"""Small plans, for tests of the suite itself."""

from __future__ import annotations

from typing import Any

from conformance.plan import Plan


def plan(*implementations: str, **changes: Any) -> Plan:
    """A plan of few cases in float32; changes are the plan's own fields."""
    given: dict[str, Any] = {
        "implementations": implementations,
        "operations": ("relu", "softmax"),
        "dtypes": ("float32",),
        "cases": 8,
        "seed": 0,
        "time_limit": 20.0,
        "memory": 4,
        "jobs": 2,
    }
    return Plan(**{**given, **changes})
