"""What drawn graphs remember from run to run, or draw at random.

Variables are read and assigned in an order that control dependencies fix, so that whoever runs a graph finds the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from conformance.graph_drawing import DrawnGraph, Shape


def new_variable(graph: DrawnGraph) -> str:
    return add_variable(graph, graph.any()[1])


def add_variable(graph: DrawnGraph, shape: Shape) -> str:
    """A variable of some shape, which begins with small numbers."""
    tensor = graph.add("variable", [], shape, attributes={"value": graph.small_numbers(shape)})
    name = tensor.partition(":")[0]
    graph.variables[name] = (shape, [name])
    return tensor


def use(graph: DrawnGraph, kind: str, name: str, inputs: Sequence[str] = ()) -> str:
    """Read a variable, or change it, after its last use: an order that every run keeps."""
    shape, uses = graph.variables[name]
    used = graph.add(kind, inputs, shape, before=uses[-1:], attributes={"variable": name, "shape": shape})
    uses.append(used.partition(":")[0])
    return used


def _of_a_variable(kind: str) -> Callable[[DrawnGraph], str]:
    def grow(graph: DrawnGraph) -> str:
        if not graph.variables:
            new_variable(graph)
        name = graph.draw.choice(*graph.variables)
        return use(graph, kind, name, [] if kind == "read" else [graph.of(graph.variables[name][0])])

    return grow


def assigned_for_nobody(graph: DrawnGraph) -> str:
    """An assignment that nothing needs, before what others do with the variable; returns what that was so far."""
    if not graph.variables:
        new_variable(graph)
    name = graph.draw.choice(*graph.variables)
    shape, uses = graph.variables[name]
    graph.add("assign", [graph.of(shape)], before=[name], attributes={"variable": name, "shape": shape})
    return f"{uses[-1]}:0"


def less_itself(graph: DrawnGraph, tensor: str) -> str:
    return graph.add("add", [tensor, graph.add("negative", [tensor])])


def random_less_itself(graph: DrawnGraph) -> str:
    """Random numbers less the very same, 0 unless they were drawn twice, and another tensor.

    That one, since 0 alone isn't a number that anybody rounded: what is made of it would be held to the last bit.
    """
    tensor, shape = graph.any(2)
    drawn = graph.add("random_uniform", [], attributes={"shape": shape})
    return graph.add("add", [less_itself(graph, drawn), tensor], shape)


#: What a run remembers, or draws.
OF_STATE = (
    new_variable,
    _of_a_variable("read"),
    _of_a_variable("assign"),
    _of_a_variable("assign_add"),
    assigned_for_nobody,
    random_less_itself,
)
