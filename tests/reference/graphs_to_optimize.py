"""Drawn graphs with what optimization could get wrong: state, chance, feeds, and the same thing said twice."""

from __future__ import annotations

from fractions import Fraction
from random import Random
from typing import Any, NamedTuple

from reference.graphs import Graph
from reference.readiness import WRITERS, variable_of
from reference.tensors import Operation, Tensor

#: Numbers that are equal, or nearly so, and not the same.
CONSTANTS = (1, 1.0, True, Fraction(1), 0, 0.0, -0.0, 2, Fraction(1, 3), Fraction(-5, 2), float("nan"))
MATRIX = (2, 2)
#: Kinds that take the same inputs.
ALIKE = {"add": "maximum", "maximum": "add"}
SHAPES: tuple[tuple[int, ...], ...] = ((), MATRIX)


class Drawn(NamedTuple):
    """A graph, what runs ask for, which tensors they may be fed with, and the placeholders, which they must be."""

    graph: Graph
    fetches: list[Tensor | Operation]
    fed: list[Tensor]
    placeholders: list[Tensor]


class Drawing:
    """A graph that grows by drawn operations.

    Whoever uses a variable waits for who changed it last, and whoever changes it for all who used it: no races.
    """

    def __init__(self, seed: int) -> None:
        self.draw, self.graph = Random(seed), Graph()
        self.tensors: dict[tuple[int, ...], list[Tensor]] = {shape: [] for shape in SHAPES}
        self.small: dict[tuple[int, ...], list[Tensor]] = {shape: [] for shape in SHAPES}
        self.uses: dict[str, list[Operation]] = {}

    def grow(self, steps: int) -> Drawn:
        for shape in SHAPES:
            self.added(self.graph.placeholder("x", shape), small=True)
            self.added(self.graph.placeholder("y", shape), small=True)
            self.constant(shape)
            variable = self.added(self.graph.variable("v", self.value(shape)))
            self.uses[variable.operation.name] = [variable.operation]
        for _ in range(steps):
            self.draw.choice(ACTIONS)(self)
        placeholders = [op.outputs[0] for op in self.graph.operations.values() if op.kind == "placeholder"]
        everything = list(self.graph.operations.values())
        writers = [operation for operation in everything if operation.kind in WRITERS]
        fetches: list[Any] = [self.draw.choice(op.outputs) for op in self.draw.sample(everything, len(everything) // 3)]
        fetches += self.draw.sample(writers, len(writers) // 2)
        fed = [self.draw.choice(operation.outputs) for operation in self.draw.sample(everything, 3)]
        return Drawn(
            self.graph, fetches, [*placeholders, *(t for t in fed if t not in set(placeholders))], placeholders
        )

    def value(self, shape: tuple[int, ...]) -> Any:
        return [self.value(shape[1:]) for _ in range(shape[0])] if shape else self.draw.choice(CONSTANTS)

    def added(self, tensor: Tensor, *, small: bool = False) -> Tensor:
        if tensor.shape in self.tensors:
            self.tensors[tensor.shape].append(tensor)
            if small:
                self.small[tensor.shape].append(tensor)
        return tensor

    def pick(self, shape: tuple[int, ...], *, small: bool = False) -> Tensor:
        pool = (self.small if small else self.tensors)[shape]
        # Mostly of the latest, or graphs stay shallow.
        return self.draw.choice(pool[-6:] if self.draw.random() < 0.6 else pool)

    def constant(self, shape: tuple[int, ...] | None = None) -> None:
        value = self.value(self.draw.choice(SHAPES) if shape is None else shape)
        self.added(self.graph.constant(value), small=True)

    def arithmetic(self) -> None:
        shape = self.draw.choice(SHAPES)
        kind = self.draw.choice(("add", "add", "multiply", "negative", "maximum", "where_positive"))
        inputs = [self.pick(shape)]
        if kind != "negative":
            # A product has one factor that is small: numbers don't explode.
            inputs.append(self.pick(shape, small=kind == "multiply"))
        if kind == "where_positive":
            inputs.append(self.pick(shape))
        self.added(self.graph.apply(kind, *inputs))

    def of_arrays(self) -> None:
        matrix, graph = self.pick(MATRIX), self.graph
        choice = self.draw.randrange(6)
        if choice == 0:
            self.added(graph.apply("matrix_product", matrix, self.pick(MATRIX, small=True)))
        elif choice == 1:
            self.added(graph.apply("leaky_relu", matrix, slope=self.draw.choice((Fraction(1, 2), Fraction(1, 3)))))
        elif choice == 2:
            self.added(graph.apply("total", matrix))
        elif choice == 3:
            self.added(graph.apply("fill", self.pick(()), shape=MATRIX))
        elif choice == 4:
            self.added(graph.apply("transpose", matrix))
        else:
            numbers = graph.apply("unstack", matrix)
            self.added(self.draw.choice(numbers))
            self.added(graph.apply("stack", *self.draw.sample(numbers, 4), shape=MATRIX))

    def random(self) -> None:
        self.added(self.graph.random_uniform(self.draw.choice(SHAPES)), small=True)

    def read(self) -> None:
        name = self.draw.choice(list(self.uses))
        variable = self.graph.operations[name].outputs[0]
        last = [use for use in self.uses[name] if use.kind in WRITERS][-1:]
        for _ in range(self.draw.choice((1, 1, 2))):
            with self.graph.control_dependencies(last):
                self.uses[name].append(self.added(self.graph.read(variable)).operation)

    def write(self) -> None:
        """Change a variable, or do that twice, with the same value."""
        name = self.draw.choice(list(self.uses))
        variable = self.graph.operations[name].outputs[0]
        value = self.pick(variable.shape, small=True)
        change = self.draw.choice((self.graph.assign, self.graph.assign_add))
        for _ in range(self.draw.choice((1, 1, 2))):
            with self.graph.control_dependencies(self.uses[name]):
                self.uses[name].append(self.added(change(variable, value)).operation)

    def again(self) -> None:
        """The same once more, or nearly the same: on another device, later, the other way round, of another kind."""
        operation = self.draw.choice(list(self.graph.operations.values()))
        if variable_of(operation) or operation.kind in ("placeholder", "random_uniform"):
            return
        inputs, attributes, change = list(operation.inputs), operation.attributes, self.draw.randrange(6)
        controls = list(operation.control_inputs)
        if change == 0:
            # Any operation may wait for a change: the reads in between are ordered already.
            controls += [uses[-1] for uses in self.uses.values()]
        if change == 1 and len(inputs) == 2 and inputs[0].shape == inputs[1].shape:
            inputs.reverse()
        kind = ALIKE.get(operation.kind, operation.kind) if change == 3 else operation.kind
        with (
            self.graph.control_dependencies(controls),
            self.graph.device("/gpu:0" if change == 2 else operation.device),
        ):
            result = self.graph.apply(kind, *inputs, **attributes)
        for tensor in result if isinstance(result, tuple) else (result,):
            self.added(tensor, small=operation.kind == "constant")


ACTIONS = (
    Drawing.constant,
    *[Drawing.arithmetic] * 3,
    *[Drawing.of_arrays] * 2,
    Drawing.random,
    Drawing.read,
    Drawing.write,
    *[Drawing.again] * 3,
)
