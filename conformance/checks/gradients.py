"""Kind 5: every gradient against the exact one, from the computational graph of the forward function alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from conformance.comparison import Comparison, compare, rounded, within_bounds_of
from conformance.exploration import Evidence, Exploration, draw_call
from conformance.operation import Arguments, Operation
from conformance.outcomes import Severity
from conformance.subject import Subject
from reference.arrays import elementwise, flatten, total
from reference.numbers import Node, gradients

SEVERITY = Severity.WRONG_NUMBERS
SHARE = 0.1


def checks(operation: Operation) -> Iterator[tuple[str, Callable[[Subject], Evidence]]]:
    """One check for every function that returns gradients."""
    by_graph = partial(vjp_by_graph, operation) if operation.forward else operation.by_graph
    if by_graph:
        yield "", lambda subject: differentiate(subject, by_graph)


def differentiate(subject: Subject, by_graph: Callable[..., Any]) -> Evidence:
    """Compare with the graph's gradients, allowing what the hand-written gradient's arithmetic may lose."""
    operation, arithmetic = subject.operation, subject.arithmetic

    def examine(arguments: Arguments) -> Comparison:
        bounds = subject.expected(arguments)
        graph = operation.call(by_graph, {name: rounded(value, arithmetic) for name, value in arguments.items()})
        return compare(within_bounds_of(bounds, graph, arithmetic), subject.run(arguments), arithmetic, arguments)

    return Exploration(subject, partial(draw_call, subject), examine, "moderate", SHARE, is_one_call=True).run()


def vjp_by_graph(operation: Operation, *arguments: Any, **hyperparameters: Any) -> Any:
    """The gradients that a vector-Jacobian product is to return, by running its forward function on nodes.

    Inputs, outputs and so the cotangent may be arrays or tuples of them. A product that returns one gradient returns
    the first input's; one that returns several names them, each as the input that it is for.
    """
    *inputs, cotangent = arguments
    template = operation.reference(*arguments, **hyperparameters)
    given = dict(zip(operation.parameters, inputs, strict=False))
    names = getattr(template, "_fields", operation.parameters[:1])
    nodes = {name: _nodes(given[name]) for name in names}
    assert operation.forward is not None
    outputs = operation.forward(*{**given, **nodes}.values(), **hyperparameters)
    # A sum that starts from a node is one, though no output may depend on an input.
    products = [y * g for y, g in zip(_numbers(outputs), _numbers(cotangent), strict=True)]
    found = gradients(total([Node(0), *products]), tuple(nodes.values()))
    return type(template)(*found) if hasattr(template, "_fields") else found[0]


def _nodes(value: Any) -> Any:
    return tuple(map(_nodes, value)) if isinstance(value, tuple) else elementwise(Node, value)


def _numbers(value: Any) -> list[Any]:
    return [number for part in value for number in _numbers(part)] if isinstance(value, tuple) else flatten(value)
