"""What there is to check, found by name: no list of operations is kept anywhere.

`conformance/checks/<room>.py` has, for each operation, one function of its name that draws a call; functions whose
names go on from an operation's name are its laws (`softmax_sums_to_one` is a law of `softmax`).
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import reference
from conformance import checks

#: Draws the arguments of a call.
DrawCall = Callable[[Any], dict[str, Any]]


@dataclass(frozen=True, eq=False)
class Operation:
    """A function of the reference, with how to draw calls of it and the laws it obeys."""

    name: str
    room: str
    reference: Callable[..., Any]
    draw_call: DrawCall
    laws: dict[str, Callable[..., Any]] = field(default_factory=dict)

    def call(self, function: Callable[..., Any], arguments: dict[str, Any]) -> Any:
        """Call a function with the reference's signature: data by position, hyperparameters by name."""
        positional, keywords = self.split(arguments)
        return function(*positional.values(), **keywords)

    def split(self, arguments: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Data arguments and hyperparameters."""
        keyword_only = inspect.Parameter.KEYWORD_ONLY
        kinds = {name: parameter.kind for name, parameter in inspect.signature(self.reference).parameters.items()}
        data = {name: value for name, value in arguments.items() if kinds[name] is not keyword_only}
        return data, {name: value for name, value in arguments.items() if name not in data}


@cache
def operations() -> dict[str, Operation]:
    """Every operation by name, in the order in which the rooms define them."""
    found: dict[str, Operation] = {}
    for room in sorted(module.name for module in pkgutil.iter_modules(checks.__path__)):
        module = importlib.import_module(f"conformance.checks.{room}")
        functions = {
            name: function
            for name, function in vars(module).items()
            if inspect.isfunction(function) and function.__module__ == module.__name__ and not name.startswith("_")
        }
        names = [name for name in functions if hasattr(reference, name)]
        for name in names:
            found[name] = Operation(name, room, getattr(reference, name), functions[name])
        for name, function in functions.items():
            if name not in names:
                owner = max((n for n in names if name.startswith(f"{n}_")), key=len, default=None)
                if owner is None:
                    raise NameError(f"conformance/checks/{room}.py: {name} begins with no operation's name")
                law = name.removeprefix(f"{owner}_").replace("_", " ")
                found[owner].laws[law] = function
    return found


def parameters(function: Callable[..., Any]) -> list[str]:
    """The names of a function's arguments."""
    return list(inspect.signature(function).parameters)


def flatten_result(result: Any, name: str = "result") -> list[tuple[str, Any]]:
    """The arrays of a result with their names: tuples are structure, anything else is one array."""
    if isinstance(result, tuple):
        fields = getattr(result, "_fields", None) or [f"{name}[{place}]" for place in range(len(result))]
        parts = (flatten_result(value, field_name) for field_name, value in zip(fields, result, strict=True))
        return [part for group in parts for part in group]
    return [(name, result)]
