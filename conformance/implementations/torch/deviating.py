"""How the rooms say in which calls PyTorch deviates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from conformance.deviations import Deviation
from conformance.outcomes import Severity

SINCE = "PyTorch 2.15.0"


def other_numbers(
    operation: str, reason: str, calls: Callable[..., bool], smallest: dict[str, Any], instead: str
) -> Deviation:
    """A set of calls that get other numbers."""
    return Deviation(
        operation=operation,
        reason=reason,
        severity=Severity.WRONG_NUMBERS,
        calls=calls,
        smallest=smallest,
        instead=instead,
        since=SINCE,
    )
