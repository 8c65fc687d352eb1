"""Drawing computational graphs, as plain data: operations of the catalogue on tensors that fit.

Integers stay integers where lattices are drawn; elsewhere anything that every library has may come. Variables are read
and assigned in an order that control dependencies fix, so that whoever runs a graph finds the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from conformance.arrays import Array
from conformance.drawing import Draw
from conformance.spaces import Space

Shape = tuple[int, ...]
#: So many operations, beside placeholders and constants, on N examples of D features.
GRAPHS = Space(
    sizes={"operations": (1, 2, 3, 5, 8, 13, 21, 34, 55), "N": (1, 2, 3), "D": (1, 2, 3, 4)},
    small={"operations": (1, 2, 3, 5, 8), "N": (1, 2), "D": (1, 2, 3)},
    steps=lambda c: 10 * c.operations,
    work=lambda c: 2 * c.operations * c.N * c.D,
    common={"a training step's": {"operations": 34, "N": 3, "D": 4}},
)
#: An image's rows and columns.
SIDE = 3


class DrawnGraph:
    """A graph that grows: its operations, the tensors of each shape, and what was fed."""

    def __init__(self, draw: Draw, rows: int, columns: int) -> None:
        self.draw, self.data = draw, list[dict[str, Any]]()
        self.tensors: dict[Shape, list[str]] = {}
        self.feeds: list[Array] = []
        self.fed: list[str] = []
        self.variables: dict[str, tuple[Shape, list[str]]] = {}
        self.last: tuple[str, Shape] | None = None
        self.integers = draw.values in ("lattice", "swept")
        for shape in ((rows, columns), (rows, columns), (rows, SIDE, SIDE, 2), (columns,)):
            self.feed(shape)

    def feed(self, shape: Shape) -> str:
        """A new placeholder, with what it is fed."""
        name = self.add("placeholder", [], shape, attributes={"shape": shape})
        self.fed.append(name)
        self.feeds.append(self.draw.array(*shape))
        return name

    def constant(self, shape: Shape) -> str:
        """A constant of small numbers. Nothing is made of constants alone."""
        return self.add("constant", [], attributes={"value": self.small_numbers(shape)})

    def small_numbers(self, shape: Shape) -> Any:
        """Floats, so that whoever reads the graph with other numbers knows them for data.

        Where no lattice is drawn, some take every bit that the format has: a narrower one would lose them.
        """
        if shape:
            return [self.small_numbers(shape[1:]) for _ in range(shape[0])]
        return self.draw.number(0, 1, -1, 2, -2)

    def add(self, kind: str, inputs: Sequence[str], *shapes: Shape, before: Sequence[str] = (), **more: Any) -> str:
        """Add an operation; returns its first output."""
        name = f"{kind}_{len(self.data)}"
        entry = {"name": name, "kind": kind, "inputs": list(inputs), "control_inputs": list(before), **more}
        self.data.append({key: value for key, value in entry.items() if value})
        for place, shape in enumerate(shapes):
            self.tensors.setdefault(shape, []).append(f"{name}:{place}")
            self.last = (f"{name}:{place}", shape)
        return f"{name}:0"

    def any(self, rank: int | None = None) -> tuple[str, Shape]:
        """A tensor, and its shape: of some rank, if one is wanted. Every other time it is the last one.

        Else hardly any operation would lie on a way from what is fed to what is fetched.
        """
        if self.last and rank in (None, len(self.last[1])) and self.draw.choice(True, False):
            return self.last
        shapes = [shape for shape in self.tensors if rank is None or len(shape) == rank]
        shape = self.draw.choice(*shapes)
        known = self.tensors[shape]
        return known[-1 - self.draw.integer(0, len(known) - 1)], shape

    def of(self, shape: Shape) -> str:
        """A tensor of some shape: one that is there, sooner a late one; or a constant."""
        known = self.tensors.get(shape, [])
        place = self.draw.integer(0, len(known)) if known else 0
        return known[-1 - place] if place < len(known) else self.constant(shape)

    def feed_inside(self) -> None:
        """Feed a tensor that one operation computes and another one takes, too: the graph is cut there."""
        given = {f"{entry['name']}:0" for entry in self.data if entry["kind"] == "constant"} | {*self.fed}
        taken = {name for entry in self.data for name in entry.get("inputs", ())} - given
        inside = [(name, shape) for shape, names in self.tensors.items() if shape for name in names if name in taken]
        if inside:
            name, shape = self.draw.choice(*inside)
            self.fed.append(name)
            self.feeds.append(self.draw.array(*shape))

    def grow(self, kinds: Sequence[Callable[[DrawnGraph], str]], operations: int) -> list[str]:
        """Add so many operations; returns their outputs."""
        return [self.draw.choice(*kinds)(self) for _ in range(operations)]


def _of_one(kind: str, **attributes: Any) -> Callable[[DrawnGraph], str]:
    def grow(graph: DrawnGraph) -> str:
        tensor, shape = graph.any()
        return graph.add(kind, [tensor], shape, attributes=attributes)

    return grow


def _of_an_array(kind: str, **attributes: Any) -> Callable[[DrawnGraph], str]:
    def grow(graph: DrawnGraph) -> str:
        tensor, shape = graph.any(graph.draw.choice(2, 4))
        return graph.add(kind, [tensor], shape, attributes=attributes)

    return grow


def _of_two(kind: str) -> Callable[[DrawnGraph], str]:
    def grow(graph: DrawnGraph) -> str:
        tensor, shape = graph.any()
        other = graph.of(graph.draw.choice(shape, shape, ()))
        return graph.add(kind, [tensor, other], shape)

    return grow


def _of_a_matrix(kind: str, **attributes: Any) -> Callable[[DrawnGraph], str]:
    def grow(graph: DrawnGraph) -> str:
        tensor, shape = graph.any(2)
        return graph.add(kind, [tensor], shape, attributes=attributes)

    return grow


multiplied = _of_two("multiply")


def weighed(graph: DrawnGraph, tensor: str) -> str:
    """A tensor's numbers, each times a number of its own that is fed, so that no two get the same gradient."""
    shape = next(shape for shape, names in graph.tensors.items() if tensor in names)
    return graph.add("multiply", [tensor, graph.feed(shape)], shape)


def scaled(graph: DrawnGraph) -> str:
    tensor, shape = graph.any()
    number = graph.draw.choice(graph.constant, graph.feed)(())
    return graph.add("multiply", [tensor, number], shape)


def dense(graph: DrawnGraph) -> str:
    tensor, (rows, columns) = graph.any(2)
    units = graph.draw.choice(columns, 1, 2, 3)
    inputs = [tensor, graph.of((columns, units)), graph.of((units,))]
    return graph.add("dense", inputs, (rows, units))


def matrix_product(graph: DrawnGraph) -> str:
    tensor, (rows, columns) = graph.any(2)
    units = graph.draw.choice(columns, 1, 2, 3)
    return graph.add("matrix_product", [tensor, graph.of((columns, units))], (rows, units))


def transposed(graph: DrawnGraph) -> str:
    tensor, (rows, columns) = graph.any(2)
    return graph.add("transpose", [tensor], (columns, rows))


def reshaped(graph: DrawnGraph) -> str:
    tensor, shape = graph.any(graph.draw.choice(2, 4))
    reversed_axes = math.prod(shape[1:]), shape[0]
    return graph.add("reshape", [tensor], reversed_axes, attributes={"shape": reversed_axes})


def total(graph: DrawnGraph) -> str:
    return graph.add("total", [graph.any()[0]], ())


def filled(graph: DrawnGraph) -> str:
    shape = graph.any(2)[1]
    return graph.add("fill", [graph.of(())], shape, attributes={"shape": shape})


def convolution(graph: DrawnGraph) -> str:
    tensor, (images, rows, columns, channels) = graph.any(4)
    count, strides = graph.draw.choice(1, 2), graph.draw.choice(1, 2)
    filters = graph.of((2, 2, channels, count))
    outputs = -(-rows // strides), -(-columns // strides)
    attributes = {"strides": strides, "padding": "same"}
    return graph.add("conv2d", [tensor, filters], (images, *outputs, count), attributes=attributes)


def _pooling(kind: str) -> Callable[[DrawnGraph], str]:
    def grow(graph: DrawnGraph) -> str:
        tensor, (images, rows, columns, channels) = graph.any(4)
        strides = graph.draw.choice(1, 2)
        shape = (images, -(-rows // strides), -(-columns // strides), channels)
        attributes = {"pool_size": 2, "strides": strides, "padding": "same"}
        return graph.add(kind, [tensor], shape, attributes=attributes)

    return grow


def stacked(graph: DrawnGraph) -> str:
    rows = graph.draw.choice(1, 2)
    numbers = [graph.of(()) for _ in range(2 * rows)]
    return graph.add("stack", numbers, (rows, 2), attributes={"shape": (rows, 2)})


def unstacked(graph: DrawnGraph) -> str:
    tensor, (rows, columns) = graph.any(2)
    first = graph.add("unstack", [tensor], *[()] * (rows * columns))
    return f"{first.partition(':')[0]}:{graph.draw.integer(0, rows * columns - 1)}"


def loss(graph: DrawnGraph) -> str:
    kind = graph.draw.choice("softmax_cross_entropy_with_logits", "mean_squared_error")
    tensor, (rows, columns) = graph.any(2)
    labels = graph.draw.distributions(rows, columns).tolist()
    target = graph.add("constant", [], (rows, columns), attributes={"value": labels})
    return graph.add(kind, [tensor, target], (rows,))


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


#: Operations that make integers of integers, and that every library differentiates.
OF_INTEGERS: tuple[Callable[[DrawnGraph], str], ...] = (
    _of_two("add"),
    _of_two("add"),
    _of_two("maximum"),
    _of_one("negative"),
    _of_an_array("relu"),
    scaled,
    dense,
    matrix_product,
    transposed,
    reshaped,
    total,
    filled,
    convolution,
    _pooling("max_pool2d"),
    stacked,
    unstacked,
    multiplied,
)
OF_FLOATS = (
    *OF_INTEGERS,
    _of_one("tanh"),
    _of_one("sigmoid"),
    _of_one("tanh"),
    _of_a_matrix("softmax"),
    _of_a_matrix("log_softmax"),
    _pooling("average_pool2d"),
    loss,
    _of_an_array("leaky_relu", slope=0.25),
)
#: What a run remembers, or draws.
OF_STATE = (
    new_variable,
    _of_a_variable("read"),
    _of_a_variable("assign"),
    _of_a_variable("assign_add"),
    assigned_for_nobody,
    random_less_itself,
)
