"""What drawn graphs remember from run to run, or draw at random.

Variables are read and assigned in an order that control dependencies fix, so that whoever runs a graph finds the same.
"""

from __future__ import annotations

from collections.abc import Callable

from conformance.graph_drawing import DrawnGraph


def new_variable(graph: DrawnGraph) -> str:
    shape = graph.any()[1]
    name = graph.add("variable", [], shape, attributes={"value": graph.small_numbers(shape)})
    graph.variables[name.partition(":")[0]] = (shape, [name.partition(":")[0]])
    return name


def _of_a_variable(kind: str) -> Callable[[DrawnGraph], str]:
    """A use of a variable, after the last one: an order that every run keeps."""

    def grow(graph: DrawnGraph) -> str:
        if not graph.variables:
            new_variable(graph)
        name = graph.draw.choice(*graph.variables)
        shape, uses = graph.variables[name]
        inputs = [] if kind == "read" else [graph.of(shape)]
        attributes = {"variable": name, "shape": shape}
        used = graph.add(kind, inputs, shape, before=uses[-1:], attributes=attributes)
        uses.append(used.partition(":")[0])
        return used

    return grow


def assigned_for_nobody(graph: DrawnGraph) -> str:
    """An assignment that nothing needs, before what others do with the variable; returns what that was so far."""
    if not graph.variables:
        new_variable(graph)
    name = graph.draw.choice(*graph.variables)
    shape, uses = graph.variables[name]
    graph.add("assign", [graph.of(shape)], before=[name], attributes={"variable": name, "shape": shape})
    return f"{uses[-1]}:0"


def random_less_itself(graph: DrawnGraph) -> str:
    """Random numbers less the very same, 0 unless they were drawn twice, and another tensor.

    That one, since 0 alone isn't a number that anybody rounded: what is made of it would be held to the last bit.
    """
    tensor, shape = graph.any(2)
    drawn = graph.add("random_uniform", [], attributes={"shape": shape})
    nothing = graph.add("add", [drawn, graph.add("negative", [drawn])])
    return graph.add("add", [nothing, tensor], shape)


#: What a run remembers, or draws.
OF_STATE = (
    new_variable,
    _of_a_variable("read"),
    _of_a_variable("assign"),
    _of_a_variable("assign_add"),
    assigned_for_nobody,
    random_less_itself,
)
