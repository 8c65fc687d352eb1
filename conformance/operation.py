"""What an operation is: a function of the reference, with how to draw calls of it and the laws that it obeys."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from conformance.declarations import Case, LawFunction
from conformance.spaces import Space

Arguments = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Operation:
    """A function of the reference, as the suite sees it.

    Args:
        name: the reference's name for it.
        room: the module that it stands in, on every floor.
        reference: the function.
        case: how calls are drawn.
        laws: what must be true of its results, by name.
        forward: of a vector-Jacobian product, the function whose gradient it is.
        by_graph: a function that finds the same gradients by the computational graph, if the reference has one.
    """

    name: str
    room: str
    reference: Callable[..., Any]
    case: Case
    laws: dict[str, LawFunction] = field(default_factory=dict)
    forward: Callable[..., Any] | None = None
    by_graph: Callable[..., Any] | None = None

    @property
    def draw_call(self) -> Callable[[Any], Arguments]:
        """Draws the arguments of a call."""
        return self.case

    @property
    def space(self) -> Space:
        """The configurations that there are."""
        return self.case.space

    def call(self, function: Callable[..., Any], arguments: Arguments) -> Any:
        """Call a function with the reference's signature: data by position, hyperparameters by name."""
        data, hyperparameters = self.split(arguments)
        return function(*data.values(), **hyperparameters)

    def split(self, arguments: Arguments) -> tuple[Arguments, Arguments]:
        """Data arguments, in the order in which they are handed over, and hyperparameters."""
        data = sorted(arguments.keys() - self.hyperparameters, key=self.parameters.index)
        return {name: arguments[name] for name in data}, {
            name: value for name, value in arguments.items() if name in self.hyperparameters
        }

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """The names of the arguments."""
        return tuple(inspect.signature(self.reference).parameters)

    @cached_property
    def hyperparameters(self) -> frozenset[str]:
        """The names of those that are given by name only."""
        parameters = inspect.signature(self.reference).parameters.values()
        return frozenset(p.name for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY)

    @cached_property
    def defaults(self) -> Arguments:
        """The values of those that may be left out."""
        parameters = inspect.signature(self.reference).parameters.values()
        return {p.name: p.default for p in parameters if p.default is not inspect.Parameter.empty}

    @cached_property
    def float_defaults(self) -> Arguments:
        """Those that are floats: an arithmetic rounds them as it does what is given."""
        return {name: value for name, value in self.defaults.items() if isinstance(value, float)}
