"""Known deviations: sets of calls for which an implementation is known to be wrong, and how.

A deviation excuses nothing but calls inside its set, and of those only what its severity covers. So nothing hides
behind what is known: a call outside the set conforms or fails.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from conformance.arrays import arrays_in
from conformance.outcomes import Severity

#: What a deviation of some severity excuses: who returns garbage returns it in special cases, and other bits next time.
EXCUSES = {
    Severity.WRONG_NUMBERS: {Severity.WRONG_NUMBERS, Severity.SPECIAL_VALUES, Severity.MANNERS},
    Severity.SPECIAL_VALUES: {Severity.SPECIAL_VALUES},
    Severity.ACCEPTS: {Severity.ACCEPTS},
    Severity.MANNERS: {Severity.MANNERS},
    Severity.CRASH: {Severity.CRASH},
}


@dataclass(frozen=True, kw_only=True)
class Deviation:
    """A set of calls of one operation that is known to deviate.

    A module's KNOWN_DEVIATIONS is a list of these, or of dicts with the same keys.

    Args:
        operation: whose calls they are.
        reason: one sentence: what the implementation does.
        severity: how bad it is; only what this severity covers is excused.
        calls: the set: called with all of a call's arguments by name, says whether the call is in it. A predicate that
            raises says no.
        smallest: the arguments of a small call of the set, by name; arrays of floats are cast to the dtype that is
            checked. It is run first, and must deviate.
        instead: what is returned instead.
        since: the version from which on it is known.
        reported: where it was reported.
        dtypes: in which dtypes it occurs.
        here: whether this environment is one in which it occurs.
        where: in which environments it occurs, in words.
    """

    operation: str
    reason: str
    severity: Severity
    calls: Callable[..., bool]
    smallest: Mapping[str, Any]
    instead: str
    since: str
    reported: str = ""
    dtypes: tuple[str, ...] = ("float32", "float64")
    here: bool = True
    where: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "severity", Severity(self.severity))

    def covers(self, arguments: Mapping[str, Any]) -> bool:
        """Whether a call lies in the set."""
        floats = {array.dtype.name for array in arrays_in(dict(arguments)) if array.dtype.kind == "f"}
        if not self.here or (floats and floats.isdisjoint(self.dtypes)):
            return False
        try:
            return bool(self.calls(**arguments))
        except Exception:  # the predicate was written for valid calls, and these may be anything
            return False

    def excuses(self, severity: Severity) -> bool:
        """Whether a failure of some severity is this deviation's doing, if it happens in its set."""
        return severity in EXCUSES[self.severity]
