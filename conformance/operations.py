"""What there is to check, found in the rooms of `conformance/cases`: no list of operations is kept anywhere."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

import reference
from conformance import cases
from conformance.declarations import Case
from conformance.operation import Operation

#: How the names of related functions of the reference end.
VJP, BY_GRAPH = "_vjp", "_by_graph"


@cache
def operations() -> dict[str, Operation]:
    """Every operation by name, in the order in which the rooms declare them."""
    found: dict[str, Operation] = {}
    for room in sorted(module.name for module in pkgutil.iter_modules(cases.__path__)):
        module = importlib.import_module(f"conformance.cases.{room}")
        for declared in [value for value in vars(module).values() if isinstance(value, Case)]:
            if declared.draw.__module__ == module.__name__:
                found[declared.name] = _operation(declared, room)
    return found


def _operation(declared: Case, room: str) -> Operation:
    name = declared.name
    if not hasattr(reference, name):
        raise NameError(f"conformance/cases/{room}.py: {name} is declared as a case, and the reference has none")
    forward = getattr(reference, name.removesuffix(VJP), None) if name.endswith(VJP) else None
    return Operation(
        name=name,
        room=room,
        reference=getattr(reference, name),
        case=declared,
        laws=declared.laws,
        forward=forward,
        by_graph=getattr(reference, name + BY_GRAPH, None),
    )
