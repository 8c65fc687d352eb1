"""The eight kinds of checks, in the order in which they are run.

Each module has a function `checks(operation)` that gives the checks of its kind: a name for each, and a function that
takes a Subject, returns Evidence, and raises Nonconforming.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from conformance.exploration import Evidence, Subject
from conformance.kinds import (
    bad_input,
    gradients,
    lattice_probes,
    laws,
    manners,
    rounding_bound,
    special_values,
    worked_examples,
)
from conformance.operations import Operation

KINDS = (worked_examples, lattice_probes, rounding_bound, laws, gradients, special_values, bad_input, manners)


@dataclass(frozen=True)
class Check:
    """One check of one operation: its kind, what distinguishes it within the kind, and how to run it."""

    kind: str
    detail: str
    run: Callable[[Subject], Evidence]

    @property
    def name(self) -> str:
        return f"{self.kind}: {self.detail}" if self.detail else self.kind


def checks_of(operation: Operation) -> Iterator[Check]:
    """Every check of an operation, in order."""
    for module in KINDS:
        kind = module.__name__.rpartition(".")[2].replace("_", " ")
        for detail, run in module.checks(operation):
            yield Check(kind, detail, run)
