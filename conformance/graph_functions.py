"""Functions of single numbers in drawn graphs, each mostly where it has all its digits."""

from __future__ import annotations

from collections.abc import Callable

from conformance.graph_drawing import DrawnGraph, Shape


def chosen_by_sign(graph: DrawnGraph) -> str:
    tensor, shape = graph.any()
    yes, no = (graph.of(graph.draw.choice(shape, shape, ())) for _ in range(2))
    return graph.add("where_positive", [tensor, yes, no], shape)


def positive(graph: DrawnGraph) -> tuple[str, Shape]:
    """A tensor of positive numbers, mostly not next to 0: there logarithms, roots and quotients lose no digits."""
    tensor, shape = graph.tame()
    how = graph.draw.choice("sigmoid", "exp", "square")
    if how != "square":
        return graph.add(how, [tensor], shape), shape
    square = graph.add("multiply", [tensor, tensor], shape)
    one = graph.add("constant", [], attributes={"value": 1.0})
    return graph.add("add", [square, one], shape), shape


def of_positive(kind: str) -> Callable[[DrawnGraph], str]:
    def grow(graph: DrawnGraph) -> str:
        tensor, shape = positive(graph)
        return graph.add(kind, [tensor], shape)

    return grow


def exponential(graph: DrawnGraph) -> str:
    tensor, shape = graph.tame()
    return graph.add("exp", [tensor], shape)


def divided(graph: DrawnGraph) -> str:
    divisor, shape = positive(graph)
    return graph.add("divide", [graph.of(shape), divisor], shape)


def divided_by_a_number(graph: DrawnGraph) -> str:
    tensor, shape = graph.any()
    number = graph.add("constant", [], attributes={"value": graph.draw.choice(2.0, 3.0, -1.5, -7.0)})
    return graph.add("divide", [tensor, number], shape)


def logistic_curve(graph: DrawnGraph) -> str:
    tensor, shape = graph.any(graph.draw.choice(2, 4))
    draw = graph.draw
    attributes = {"L": draw.choice(2.0, 0.5, 3.0), "k": draw.choice(0.5, 1.0, 2.0), "x_0": draw.choice(1.0, 0.0, -2.5)}
    return graph.add("logistic", [tensor], shape, attributes=attributes)
