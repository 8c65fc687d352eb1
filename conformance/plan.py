"""What to run: said on the command line, carried out by the runner and its judges."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from conformance.checks import KINDS
from conformance.outcomes import Role

#: Deciding cases that are drawn for each rounding bound, where nobody says how many: with so many, sweeps show every
#: triple of sizes and choices of nearly every operation. A witness is there to be compared with, and often slow.
DEFAULT_CASES, WITNESS_CASES = 200, 25


@dataclass(frozen=True)
class Plan:
    """What to run."""

    implementations: tuple[str, ...]
    operations: tuple[str, ...]
    dtypes: tuple[str, ...]
    #: deciding cases for each rounding bound; 0: see cases_for
    cases: int
    seed: int
    #: seconds that the calls of a check may take together, or an import
    time_limit: float
    #: gibibytes that an implementation's process may allocate
    memory: int
    jobs: int
    #: those of the implementations whose failures are findings, and don't fail the run
    witnesses: tuple[str, ...] = ()
    #: the kinds of checks
    kinds: tuple[str, ...] = KINDS
    #: whether what a witness gets wrong, and stale deviations, fail the run too
    strict: bool = False
    #: whether to sweep whole small boxes
    thorough: bool = False
    #: whether an implementation's list of known deviations counts
    excuses: bool = True

    def role(self, implementation: str) -> Role:
        """What an implementation is there for."""
        return Role.WITNESS if implementation in self.witnesses else Role.JUDGED

    def cases_for(self, implementation: str, asked: int | None) -> int:
        """How many cases are to decide for an implementation, which may ask for fewer than others."""
        usual = WITNESS_CASES if self.role(implementation) is Role.WITNESS else DEFAULT_CASES
        return self.cases or asked or usual

    def as_json(self) -> str:
        """The plan as a text, for another process."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Plan:
        """The plan that a text stands for."""
        said: dict[str, Any] = json.loads(text)
        values: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in said.items()}
        return cls(**values)
