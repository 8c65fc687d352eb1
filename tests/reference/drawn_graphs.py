"""Graphs drawn from a seed: operations of many kinds on integers, with variables, random numbers and control inputs."""

from __future__ import annotations

import math
import random
from fractions import Fraction
from typing import Any, NamedTuple

from reference import Graph, Operation, Tensor
from reference.arrays import elementwise, zeros

SHAPES: list[tuple[int, ...]] = [(), (2,), (3,), (2, 2), (2, 3), (3, 2)]


class Drawn(NamedTuple):
    """A graph, and runs of it: what is fetched and what is fed."""

    graph: Graph
    runs: list[tuple[list[Tensor | Operation], dict[Tensor, Any]]]


class Drawer:
    """Adds operations to a graph, one drawn kind after the other; no two use a variable in an open order."""

    def __init__(self, seed: int) -> None:
        self.random, self.graph = random.Random(seed), Graph()
        self.tensors: list[Tensor] = []
        self.variables: list[Tensor] = []
        self.used: dict[Tensor, list[Operation]] = {}
        self.changed: dict[Tensor, list[Operation]] = {}

    def numbers(self, shape: tuple[int, ...]) -> Any:
        return elementwise(
            lambda _: Fraction(self.random.randint(-6, 6), self.random.choice([1, 1, 2, 4])), zeros(shape)
        )

    def some(self, shape: tuple[int, ...] | None = None, rank: int | None = None) -> Tensor:
        """A tensor of the graph; a new constant if it has none that fits."""
        fits = [
            tensor
            for tensor in self.tensors
            if (shape is None or tensor.shape == shape) and (rank is None or len(tensor.shape) == rank)
        ]
        if fits and self.random.random() < 0.9:
            # What is new is taken more often, so that graphs get deep.
            return fits[-1 - min(int(self.random.expovariate(0.3)), len(fits) - 1)]
        wanted = self.random.choice([s for s in SHAPES if rank is None or len(s) == rank]) if shape is None else shape
        return self.keep(self.graph.constant(self.numbers(wanted)))

    def keep(self, result: Any) -> Tensor:
        outputs = result if isinstance(result, tuple) else (result,)
        self.tensors += outputs
        return outputs[-1]

    def add_source(self) -> None:
        shape = self.random.choice(SHAPES)
        kind = self.random.choice(["placeholder", "constant", "variable", "random_uniform"])
        if kind == "placeholder":
            self.keep(self.graph.placeholder("x", shape))
        elif kind == "random_uniform":
            self.keep(self.graph.random_uniform(shape))
        elif kind == "constant":
            self.keep(self.graph.constant(self.numbers(shape)))
        else:
            variable = self.keep(self.graph.variable("w", self.numbers(shape)))
            self.variables.append(variable)
            self.used[variable], self.changed[variable] = [variable.operation], []

    def add_arithmetic(self) -> None:
        x = self.some()
        kind = self.random.choice(["add", "multiply", "maximum", "negative", "where_positive", "weigh"])
        y = self.some(x.shape) if self.random.random() < 0.8 else self.some(())
        inputs = {"negative": (x,), "where_positive": (x, y, self.some(x.shape))}.get(kind, (x, y))
        self.keep(self.graph.apply(kind, *inputs))

    def add_arrangement(self) -> None:
        kind = self.random.choice(["total", "fill", "unstack", "stack", "reshape", "transpose", "shares_of_largest"])
        if kind == "fill":
            self.keep(self.graph.apply(kind, self.some(()), shape=self.random.choice(SHAPES)))
        elif kind == "stack":
            self.keep(self.graph.apply(kind, *(self.some(()) for _ in range(4)), shape=(2, 2)))
        elif kind == "shares_of_largest":
            self.keep(self.graph.apply(kind, *(self.some(()) for _ in range(4))))
        elif kind == "reshape":
            x = self.some()
            self.keep(self.graph.apply(kind, x, shape=(math.prod(x.shape),)))
        else:
            self.keep(self.graph.apply(kind, self.some(rank=2)))

    def add_catalogue(self) -> None:
        kind = self.random.choice(["matrix_product", "dense", "relu", "gradient", "matrix_product_vjp"])
        x = self.some(rank=2)
        columns = self.random.choice([2, 3])
        w = self.some((x.shape[1], columns))
        if kind == "relu":
            self.keep(self.graph.apply(kind, x))
        elif kind == "dense":
            self.keep(self.graph.apply(kind, x, w, self.some((columns,))))
        elif kind == "gradient":
            cotangent = self.graph.apply("matrix_product", x, w)
            self.keep(self.graph.apply(kind, x, w, cotangent, of="matrix_product", inputs=2, attributes={}))
        else:
            product = self.keep(self.graph.apply("matrix_product", x, w))
            if kind.endswith("vjp"):
                self.keep(self.graph.apply(kind, x, w, product))

    def add_variable_use(self) -> None:
        if not self.variables:
            return self.add_source()
        variable = self.random.choice(self.variables)
        kind = self.random.choice(["read", "assign", "assign_add"])
        before = self.changed[variable] if kind == "read" else [*self.changed[variable], *self.used[variable]]
        value = None if kind == "read" else self.some(variable.shape)
        with self.graph.control_dependencies(before):
            use = self.graph.read(variable) if kind == "read" else getattr(self.graph, kind)(variable, value)
        if kind == "read":
            self.used[variable].append(use.operation)
        else:
            self.changed[variable], self.used[variable] = [use.operation], []
        self.keep(use)
        return None

    def add(self) -> None:
        kinds = [self.add_source, self.add_arithmetic, self.add_arrangement, self.add_catalogue, self.add_variable_use]
        kind = self.random.choices(kinds, [2, 5, 3, 3, 3])[0]
        operations = self.running()
        controls = self.random.sample(operations, min(len(operations), self.random.choice([0, 0, 0, 1, 2])))
        with self.graph.control_dependencies(controls), self.graph.name_scope(self.random.choice(["a", "b"])):
            kind()

    def running(self) -> list[Operation]:
        """The operations that can run: a placeholder is fed, and can't be waited for."""
        return [operation for operation in self.graph.operations.values() if operation.kind != "placeholder"]

    def run(self) -> tuple[list[Tensor | Operation], dict[Tensor, Any]]:
        """Something to fetch, and values for all placeholders and some other tensors."""
        operations = list(self.graph.operations.values())
        fetches: list[Tensor | Operation] = [*self.random.sample(self.tensors, min(3, len(self.tensors)))]
        running = self.running()
        fetches += self.random.sample(running, min(len(running), self.random.choice([0, 1, 2])))
        cut = [tensor for tensor in self.tensors if self.random.random() < 0.08]
        fed = [*(operation.outputs[0] for operation in operations if operation.kind == "placeholder"), *cut]
        return fetches, {tensor: self.numbers(tensor.shape) for tensor in fed}


def draw(seed: int, size: int = 25, runs: int = 3) -> Drawn:
    """A graph of about that many drawn operations, and the constants that they need."""
    drawer = Drawer(seed)
    drawer.add_source()
    for _ in range(size):
        drawer.add()
    return Drawn(drawer.graph, [drawer.run() for _ in range(runs)])


def drawn_placement(graph: Graph, devices: list[str], seed: int) -> dict[str, str]:
    """Any device for each operation, but one for a variable and all that uses it."""
    draw = random.Random(seed)
    placed = {name: draw.choice(devices) for name in graph.operations}
    return {name: placed[operation.attributes.get("variable", name)] for name, operation in graph.operations.items()}
