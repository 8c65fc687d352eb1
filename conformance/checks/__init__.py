"""The eight kinds of checks, in the order in which they are run, which is also the order of teaching.

Each module has `SEVERITY`, how bad it is to fail one, and a function `checks(operation)` that gives the checks of its
kind: a name for each, and a function that takes a Subject, returns Evidence, and raises Nonconforming.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from conformance.checks import (
    bad_input,
    gradients,
    lattice_probes,
    laws,
    manners,
    rounding_bound,
    special_values,
    worked_examples,
)
from conformance.exploration import Evidence
from conformance.operation import Operation
from conformance.outcomes import Severity
from conformance.subject import Subject

MODULES = (worked_examples, lattice_probes, rounding_bound, laws, gradients, special_values, bad_input, manners)


@dataclass(frozen=True)
class Check:
    """One check of one operation: its kind, what distinguishes it within the kind, and how to run it."""

    kind: str
    detail: str
    severity: Severity
    run: Callable[[Subject], Evidence]

    @property
    def name(self) -> str:
        return f"{self.kind}: {self.detail}" if self.detail else self.kind


def kind_of(module: object) -> str:
    """The name of the kind of checks in a module."""
    return str(getattr(module, "__name__", "")).rpartition(".")[2].replace("_", " ")


#: The names of the kinds, and of those among them that judge numbers on ordinary input.
KINDS = tuple(map(kind_of, MODULES))
NUMBERS = tuple(kind_of(module) for module in MODULES if module.SEVERITY is Severity.WRONG_NUMBERS)


def checks_of(operation: Operation, kinds: tuple[str, ...] = KINDS) -> Iterator[Check]:
    """Every check of an operation, in order; of some kinds only, if they are given."""
    for module in MODULES:
        if kind_of(module) in kinds:
            for detail, run in module.checks(operation):
                yield Check(kind_of(module), detail, module.SEVERITY, run)


def check_names(operation: Operation, kinds: tuple[str, ...] = KINDS) -> list[str]:
    """The names of all checks of an operation, in the order in which they are run."""
    return [check.name for check in checks_of(operation, kinds)]
