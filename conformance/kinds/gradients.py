"""Kind 5: every gradient against the exact one, from the computational graph of the forward function alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import reference
from conformance.comparison import Comparison, compare, expected, rounded
from conformance.drawing import Draw
from conformance.exploration import Evidence, Subject, explore
from conformance.operations import Operation
from reference.arrays import elementwise, flatten, total
from reference.numbers import Arithmetic, Node, Rounded, gradients

SHARE = 0.06
VJP, BY_GRAPH = "_vjp", "_by_graph"


def checks(operation: Operation) -> Iterator[tuple[str, Callable[[Subject], Evidence]]]:
    """One check for every function that returns gradients."""
    by_graph = getattr(reference, operation.name + BY_GRAPH, None)
    if operation.name.endswith(VJP):
        by_graph = vjp_by_graph(operation)
    if by_graph:
        yield "", lambda subject: differentiate(subject, by_graph)


def differentiate(subject: Subject, by_graph: Callable[..., Any]) -> Evidence:
    """Compare with the graph's gradients, allowing what the hand-written gradient's arithmetic may lose."""
    arithmetic = subject.arithmetic

    def examine(draw: Draw) -> Comparison:
        arguments = subject.draw_call(draw)
        bounds = expected(subject.operation, arguments, arithmetic)
        graph = subject.operation.call(
            by_graph, {name: rounded(value, arithmetic) for name, value in arguments.items()}
        )
        return compare(_exact_within(graph, bounds, arithmetic), subject.run(arguments), arithmetic, arguments)

    return explore(subject, examine, values="moderate", share=SHARE)


def vjp_by_graph(operation: Operation) -> Callable[..., Any]:
    """The vjp of an operation's forward function, by running that function on nodes."""
    forward = getattr(reference, operation.name.removesuffix(VJP))

    def vjp(*arguments: Any, **hyperparameters: Any) -> Any:
        *inputs, cotangent = arguments
        template = operation.reference(*arguments, **hyperparameters)
        count = len(template) if isinstance(template, tuple) else 1
        nodes = tuple(elementwise(Node, value) for value in inputs[:count])
        outputs = flatten(forward(*nodes, *inputs[count:], **hyperparameters))
        found = gradients(total(y * g for y, g in zip(outputs, flatten(cotangent), strict=True)), nodes)
        return type(template)(*found) if isinstance(template, tuple) else found[0]

    return vjp


def _exact_within(value: Any, bound: Any, arithmetic: Arithmetic) -> Any:
    """The values of one result with the bounds of another of the same structure."""
    if isinstance(value, tuple):
        parts = [_exact_within(v, b, arithmetic) for v, b in zip(value, bound, strict=True)]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    return elementwise(lambda v, b: _number_within(v, b, arithmetic), value, bound)


def _number_within(value: Any, bound: Any, arithmetic: Arithmetic) -> Any:
    if not isinstance(bound, Rounded) or bound.undecided or (isinstance(value, Rounded) and value.undecided):
        return bound
    exact = value.value if isinstance(value, Rounded) else value
    return Rounded.within(exact, arithmetic, bound.error)
