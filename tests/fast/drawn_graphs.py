"""Graphs drawn at random, of integers small enough that float32 holds every number that comes out."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field
from typing import Any

from fast.cpu.graph_gradients import GRADIENTS
from reference import Graph, Operation, Tensor, add_gradients
from reference.errors import InvalidArgument
from reference.operation_kinds import KINDS
from reference.readiness import pruned

#: The largest number that may come out, in units of the smallest difference.
LARGEST = 2**20


@dataclass
class DrawnGraph:
    """A graph, what to fetch and to feed; arrays are nested lists of integers."""

    graph: Graph = field(default_factory=Graph)
    fetches: list[str] = field(default_factory=list)
    feeds: dict[str, Any] = field(default_factory=dict)


class Drawing:
    """Draws a graph, operation by operation; of each tensor it knows how large its numbers may be."""

    def __init__(self, seed: int, size: int = 14) -> None:
        self.random = random.Random(seed)
        self.drawn = DrawnGraph()
        self.graph = self.drawn.graph
        #: Each tensor with the largest number it may hold, in units of 2⁻ᵇ, and b.
        self.tensors: list[tuple[Tensor, int, int]] = []
        self.variables: dict[Tensor, list[Operation]] = {}
        for _ in range(3):
            self._begin()
        for _ in range(size):
            self._step()
        for _ in range(2):
            self._differentiate()
        self._change()
        self._fetch()

    def integers(self, shape: tuple[int, ...], low: int = -3, high: int = 3) -> Any:
        """A nested list of integers."""
        if not shape:
            return self.random.randint(low, high)
        return [self.integers(shape[1:], low, high) for _ in range(shape[0])]

    def shape(self) -> tuple[int, ...]:
        """A shape of some rank."""
        draw = self.random.randint
        return self.random.choice(
            [(), (draw(1, 9),), (draw(1, 5), draw(1, 7)), (2, draw(3, 6), draw(2, 5), draw(1, 3))]
        )

    def _begin(self) -> None:
        shape, kind = self.shape(), self.random.choice(["placeholder", "variable", "constant"])
        value = self.integers(shape)
        if kind == "placeholder":
            tensor = self.graph.placeholder("x", shape)
            self.drawn.feeds[tensor.name] = value
        elif kind == "variable":
            tensor = self.graph.variable("v", value)
            self.variables[tensor] = [tensor.operation]
        else:
            tensor = self.graph.constant(value)
        self._keep(tensor, 3, 0)

    def _keep(self, tensor: Any, largest: int, bits: int) -> None:
        for part in tensor if isinstance(tensor, tuple) else (tensor,):
            self.tensors.append((part, largest, bits))

    def _pick(self, rank: int | None = None) -> tuple[Tensor, int, int]:
        found = [entry for entry in self.tensors if rank is None or len(entry[0].shape) == rank]
        if not found:
            shape = {0: (), 1: (4,), 2: (3, 4), 4: (2, 5, 4, 2)}[rank or 0]
            self._keep(self.graph.constant(self.integers(shape)), 3, 0)
            return self.tensors[-1]
        # The last ones twice as often: so graphs get deep.
        return self.random.choice([*found, *found[-3:]])

    def _like(self, tensor: Tensor) -> tuple[Tensor, int, int]:
        """Another tensor of the shape, a number, or a new constant."""
        found = [entry for entry in self.tensors if entry[0].shape in (tensor.shape, ())]
        if self.random.random() < 0.3:
            self._keep(self.graph.constant(self.integers(tensor.shape)), 3, 0)
            return self.tensors[-1]
        return self.random.choice(found)

    def _weights(self, *shape: int) -> Any:
        """A constant or a new variable."""
        if self.random.random() < 0.5:
            return self.graph.constant(self.integers(shape))
        variable = self.graph.variable("w", self.integers(shape))
        self.variables[variable] = [variable.operation]
        self._keep(variable, 3, 0)
        return variable

    def _step(self) -> None:
        names = [name.removeprefix("_draw_") for name in dir(self) if name.startswith("_draw_")]
        getattr(self, f"_draw_{self.random.choice(names)}")()

    def _apply(self, largest: int, bits: int, kind: str, *inputs: Any, **attributes: Any) -> None:
        """Add an operation, unless its numbers would be too many bits long."""
        if largest <= LARGEST:
            self._keep(self.graph.apply(kind, *inputs, **attributes), largest, bits)

    def _draw_sum(self) -> None:
        x, of_x, x_bits = self._pick()
        y, of_y, y_bits = self._like(x)
        bits = max(x_bits, y_bits)
        largest = (of_x << (bits - x_bits)) + (of_y << (bits - y_bits))
        pair = [x, y] if self.random.random() < 0.5 else [y, x]
        self._apply(largest, bits, self.random.choice(["add", "maximum"]), *pair)

    def _draw_product(self) -> None:
        x, of_x, x_bits = self._pick()
        y, of_y, y_bits = self._like(x)
        self._apply(of_x * of_y, x_bits + y_bits, self.random.choice(["multiply", "weigh"]), x, y)

    def _draw_choice(self) -> None:
        x, largest, bits = self._pick()
        (yes, of_yes, yes_bits), (no, of_no, no_bits) = self._like(x), self._like(x)
        bits = max(yes_bits, no_bits)
        largest = max(of_yes << (bits - yes_bits), of_no << (bits - no_bits))
        if self.random.random() < 0.5:
            self._apply(largest, bits, "where_positive", x, yes, no)
        else:
            self._apply(largest, bits, "where_same", x, self.random.randint(-1, 1), yes, no)

    def _draw_activation(self) -> None:
        x, largest, bits = self._pick(self.random.choice([1, 2, 4]))
        kind = self.random.choice(["relu", "identity", "step", "leaky_relu", "negative"])
        slope = {"slope": 2} if kind == "leaky_relu" else {}
        self._apply(2 * largest, bits, kind, x, **slope)

    def _draw_total(self) -> None:
        x, largest, bits = self._pick(self.random.choice([1, 2, 4]))
        self._apply(largest * math.prod(x.shape), bits, "total", x)

    def _draw_fill(self) -> None:
        x, largest, bits = self._pick(0)
        self._apply(largest, bits, "fill", x, shape=self.shape() or (1,))

    def _draw_arrangement(self) -> None:
        x, largest, bits = self._pick(self.random.choice([1, 2, 4]))
        size = math.prod(x.shape)
        shape = self.random.choice([(size,), (1, size), (size, 1), x.shape[::-1]])
        self._apply(largest, bits, "reshape", x, shape=shape)
        if self.random.random() < 0.5:
            self._apply(largest, bits, "flatten", x)

    def _draw_transpose(self) -> None:
        x, largest, bits = self._pick(2)
        self._apply(largest, bits, "transpose", x)

    def _draw_unstack(self) -> None:
        x, largest, bits = self._pick(self.random.choice([1, 2]))
        self._apply(largest, bits, "unstack", x)

    def _draw_stack(self) -> None:
        shape = self.random.choice([(1,), (2,), (2, 2), (3, 1)])
        numbers = [self._pick(0) for _ in range(math.prod(shape))]
        bits = max(entry[2] for entry in numbers)
        largest = max(of << (bits - own) for _, of, own in numbers)
        self._apply(largest, bits, "stack", *(entry[0] for entry in numbers), shape=shape)

    def _draw_shares(self) -> None:
        numbers = [self._pick(0) for _ in range(self.random.randint(2, 5))]
        self._apply(numbers[-1][1], numbers[-1][2], "shares_of_largest", *(entry[0] for entry in numbers))

    def _draw_dense(self) -> None:
        x, largest, bits = self._pick(2)
        depth, units = x.shape[1], self.random.randint(1, 6)
        largest, weights = 3 * largest * depth + (3 << bits), self._weights(depth, units)
        kind = self.random.choice(["matrix_product", "dense", "dense_layer"])
        bias = [] if kind == "matrix_product" else [self._weights(units)]
        activation = {"activation": self.random.choice(["relu", "identity"])} if kind == "dense_layer" else {}
        self._apply(largest, bits, kind, x, weights, *bias, **activation)

    def _draw_convolution(self) -> None:
        x, largest, bits = self._pick(4)
        _, rows, columns, channels = x.shape
        window = self.random.randint(1, min(3, rows)), self.random.randint(1, min(3, columns))
        units, layer = self.random.randint(1, 3), self.random.random() < 0.6
        inputs = [self._weights(*window, channels, units)]
        inputs += [self._weights(units)] if layer else []
        where = {"strides": self.random.choice([1, 2, (2, 1)]), "padding": self.random.choice(["valid", "same"])}
        activation = {"activation": self.random.choice(["relu", "identity"])} if layer else {}
        largest = 3 * largest * math.prod(window) * channels + (3 << bits)
        self._apply(largest, bits, "convolutional_layer" if layer else "conv2d", x, *inputs, **where, **activation)

    def _draw_pooling(self) -> None:
        x, largest, bits = self._pick(4)
        if min(x.shape[1:3]) < 2:
            return
        where = {"padding": self.random.choice(["valid", "same"]), "strides": self.random.choice([None, 1, 2])}
        if self.random.random() < 0.5:
            self._apply(largest, bits, "max_pool2d", x, pool_size=2, **where)
        else:
            self._apply(4 * largest, bits + 2, "average_pool2d", x, pool_size=2, **where)

    def _draw_loss(self) -> None:
        x, largest, bits = self._pick(2)
        examples, outputs = x.shape
        if outputs in (1, 2, 4):
            targets = self.graph.constant(self.integers(x.shape))
            largest = outputs * (largest + (3 << bits)) ** 2
            self._apply(largest, 2 * bits + 2, "mean_squared_error", x, targets)
        elif examples in (1, 2, 4):
            losses = self.graph.apply("matrix_product", x, self.graph.constant([[1]] * outputs))
            losses = self.graph.apply("reshape", losses, shape=(examples,))
            self._apply(4 * largest * outputs, bits + 2, "empirical_loss", losses)

    def _draw_hinge(self) -> None:
        """What runs as a function of Python's."""
        x, largest, bits = self._pick(1)
        labels = self.graph.constant([self.random.choice([-1, 1]) for _ in range(x.shape[0])])
        self._apply(largest + (1 << bits), bits, "hinge_loss", x, labels)
        mask = self.graph.constant(self.integers(x.shape, 0, 1))
        self._apply(2 * largest, bits, "dropout", x, mask, rate=0.5)

    def _draw_change(self) -> None:
        self._change()

    def _change(self) -> None:
        """A variable is changed after all who looked at it so far, and read again."""
        if not self.variables:
            return
        variable, before = self.random.choice(list(self.variables.items()))
        value, largest, bits = self._like(variable)
        if value.shape != variable.shape or largest > LARGEST >> 6:
            value, largest, bits = self.graph.constant(self.integers(variable.shape)), 3, 0
        kind = self.random.choice(["assign", "assign_add"])
        # How large the variable gets is what its own entry says; changes add up.
        held = max((of << (8 - own) for tensor, of, own in self.tensors if tensor is variable and own <= 8), default=0)
        if bits > 8 or (largest := (largest << (8 - bits)) + held) > LARGEST:
            return
        with self.graph.control_dependencies(before):
            changed = getattr(self.graph, kind)(variable, value)
        self._keep(changed, largest, 8)
        self.variables[variable] = [changed.operation]
        if self.random.random() < 0.6:
            with self.graph.control_dependencies([changed]):
                again = self.graph.read(variable)
            self._keep(again, largest, 8)
            self.variables[variable].append(again.operation)
        self._remember(variable, largest)

    def _remember(self, variable: Tensor, largest: int) -> None:
        """The variable's own entry, from now on as large as it may get: later changes add to that."""
        self.tensors = [
            (tensor, largest, 8) if tensor is variable and of << (8 - own) < largest else (tensor, of, own)
            for tensor, of, own in self.tensors
        ]

    def _differentiate(self) -> None:
        """Gradients of a sum, for tensors that it may depend on; too large ones are left out by `_fetch`."""
        outputs = [tensor for tensor, *_ in self.tensors if f"{tensor.operation.kind}_vjp" in KINDS]
        output = self.random.choice(outputs or [self._pick()[0]])
        before = pruned([output])
        inputs = [tensor for tensor, *_ in self.tensors if tensor.operation in before and tensor is not output]
        inputs = self.random.sample(inputs, min(4, len(inputs)))
        try:
            found = add_gradients([output], inputs) if inputs else []
        except InvalidArgument:  # an assignment is on the way
            return
        for tensor in found:
            by_graph = [op for op in pruned([tensor]) if op.kind == "gradient"]
            if all(op.attributes["of"] in GRADIENTS for op in by_graph):
                self.drawn.fetches.append(tensor.name)

    def _fetch(self) -> None:
        names = [entry[0].name for entry in self.random.sample(self.tensors, min(5, len(self.tensors)))]
        self.drawn.fetches += names
        writers = [name for name, op in self.graph.operations.items() if op.kind in ("assign", "assign_add")]
        self.drawn.fetches += self.random.sample(writers, min(2, len(writers)))
        if self.random.random() < 0.3:
            tensor, *_ = self._pick()
            self.drawn.feeds[tensor.name] = self.integers(tensor.shape)


def drawn_graph(seed: int, size: int = 14) -> DrawnGraph:
    """A graph that the seed decides."""
    return Drawing(seed, size).drawn
