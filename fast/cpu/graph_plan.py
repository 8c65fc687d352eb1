"""In which order a graph's operations run, which of them share a loop, and where each result lies.

What computes each number by itself joins the loop that is being written as long as it has as many numbers; its result
stays in a register unless somebody else needs it. What only looks at numbers in another way (a reshaped array, one
number of an array, a variable that nobody changes before its last reader) has no memory of its own.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush

from fast.cpu.graph_data import READERS, WRITERS, Operation, PlainGraph
from fast.cpu.graph_runs import Run
from fast.cpu.graph_shapes import ARITHMETIC

#: Kinds that compute each number by itself, variables' changes among them; "stack" puts numbers side by side.
FUSED = {
    *ARITHMETIC,
    *WRITERS,
    *("relu", "relu_vjp", "leaky_relu", "leaky_relu_vjp", "step", "step_vjp"),
    *("fill", "empirical_loss_vjp", "shares_of_largest", "stack"),
}
#: Kinds whose outputs lie where an input does, and which input.
VIEWS = {"reshape": 0, "flatten": 0, "identity": 0, "identity_vjp": 1, "unstack": 0}
#: What nothing is done for when a run comes to it.
GIVEN = {"constant", "random_uniform"}
#: Gradients that know what to do with what the layer gave, and would have to compute it again otherwise.
KNOWING = {"dense_layer_vjp": "dense_layer", "convolutional_layer_vjp": "convolutional_layer"}


@dataclass
class Step:
    """What is done at once: a loop of several operations over `size` numbers, or one operation (size 0)."""

    operations: list[Operation]
    size: int = 0
    #: The variables that it changes, and the tensors that it gives.
    changes: set[str] = field(default_factory=set)
    gives: set[int] = field(default_factory=set)


class Plan:
    """The steps of a run; of each tensor in whose memory it lies (`root`), and how far behind its beginning."""

    def __init__(self, graph: PlainGraph, run: Run) -> None:
        self.graph, self.run, self.fed = graph, run, frozenset(run.fed)
        self.steps: list[Step] = []
        self.root: dict[int, int] = {tensor: tensor for tensor in run.fed}
        self.offset: dict[int, int] = dict.fromkeys(run.fed, 0)
        self.known = _known_outputs(run)
        self._schedule()
        #: The steps that use a root, in order; a fetched one is needed at the end.
        self.uses: dict[int, list[int]] = self._uses()
        #: Readers whose variable changes before their last use.
        self.copied = self._copied()

    def size(self, tensor: int) -> int:
        """How many numbers a tensor has."""
        return math.prod(self.graph.shapes[tensor])

    def needs(self, operation: Operation) -> tuple[int, ...]:
        """The tensors that an operation takes, what it would compute again among them."""
        return (*operation.inputs, *self.known.get(operation.number, ()))

    def loop_size(self, operation: Operation) -> int:
        """How many numbers an operation's loop goes over; 0 for what has none."""
        if operation.kind not in FUSED:
            return 0
        return 1 if operation.kind == "stack" else self.size(operation.outputs[0])

    def _schedule(self) -> None:
        """Work through what is ready: what costs nothing first, then what fits the loop being written."""
        waiting, missing = defaultdict(list), {}
        for operation in self.run.operations:
            before = self.graph.before(operation, self.fed)
            before += [self.graph.givers[t].number for t in self.known.get(operation.number, ())]
            before = list(dict.fromkeys(before))
            missing[operation.number] = len(before)
            for number in before:
                waiting[number].append(operation.number)
        free: list[int] = []
        loops: dict[int, list[int]] = defaultdict(list)

        def ready(number: int) -> None:
            operation = self.graph.operations[number]
            size = -1 if self._costs_nothing(operation) else self.loop_size(operation)
            heappush(free if size < 0 else loops[size], number)

        def finished(number: int) -> None:
            for later in waiting[number]:
                missing[later] -= 1
                if not missing[later]:
                    ready(later)

        for operation in self.run.operations:
            if not missing[operation.number]:
                ready(operation.number)
        self._work_off(free, loops, finished)

    def _work_off(self, free: list[int], loops: dict[int, list[int]], finished: Callable[[int], None]) -> None:
        current: Step | None = None
        put_off: list[int] = []
        while free or any(loops.values()) or put_off or current:
            if free:
                operation = self.graph.operations[heappop(free)]
                if current and operation.variable in current.changes:
                    current = self._close(current, loops, put_off)
                self._look(operation)
            elif current and loops[current.size]:
                number = heappop(loops[current.size])
                operation = self.graph.operations[number]
                if not self._fits(operation, current):
                    put_off.append(number)
                    continue
                self._join(operation, current)
            elif current:
                current = self._close(current, loops, put_off)
                continue
            else:
                size = min((heap[0], size) for size, heap in loops.items() if heap)[1]
                operation = self.graph.operations[heappop(loops[size])]
                current = Step([], size)
                self._join(operation, current)
                if not size:
                    current = self._close(current, loops, put_off)
            finished(operation.number)

    def _close(self, step: Step, loops: dict[int, list[int]], put_off: list[int]) -> None:
        self.steps.append(step)
        if put_off:
            loops[step.size] += put_off
            heapify(loops[step.size])
            put_off.clear()

    def _join(self, operation: Operation, step: Step) -> None:
        step.operations.append(operation)
        if operation.kind in WRITERS:
            step.changes.add(operation.variable)
        for tensor in operation.outputs:
            if tensor not in self.fed:
                self.root[tensor], self.offset[tensor] = tensor, 0
                step.gives.add(tensor)

    def _costs_nothing(self, operation: Operation) -> bool:
        return operation.kind in VIEWS or operation.kind in GIVEN or operation.kind in READERS

    def _look(self, operation: Operation) -> None:
        """Place the outputs of what has no memory of its own; a reader gets a step, should it need a copy."""
        kind = operation.kind
        if kind in READERS:
            self.steps.append(Step([operation]))
        for index, tensor in enumerate(operation.outputs):
            if tensor in self.fed:
                continue
            if kind in VIEWS:
                source = operation.inputs[VIEWS[kind]]
                behind = index if kind == "unstack" else 0
                self.root[tensor], self.offset[tensor] = self.root[source], self.offset[source] + behind
            else:
                self.root[tensor], self.offset[tensor] = tensor, 0

    def _fits(self, operation: Operation, step: Step) -> bool:
        """Whether an operation can join a loop: what it takes from it is whole, and no variable changes twice."""
        if operation.kind in WRITERS and operation.variable in step.changes:
            return False
        return all(
            self.root[tensor] not in step.gives or self.size(tensor) == self.size(self.root[tensor])
            for tensor in operation.inputs
        )

    def _uses(self) -> dict[int, list[int]]:
        uses: dict[int, list[int]] = defaultdict(list)
        for place, step in enumerate(self.steps):
            for operation in step.operations:
                for tensor in self.needs(operation):
                    uses[self.root[tensor]].append(place)
        for tensor in self.run.fetched:
            uses[self.root[tensor]].append(len(self.steps))
        return uses

    def _copied(self) -> set[int]:
        changes: dict[str, list[int]] = defaultdict(list)
        for place, step in enumerate(self.steps):
            for variable in step.changes:
                changes[variable].append(place)
        copied = set()
        for place, step in enumerate(self.steps):
            reader = step.operations[0]
            if reader.kind in READERS:
                later = [change for change in changes[reader.variable] if change > place]
                if later and any(use > later[0] for use in self.uses[reader.outputs[0]]):
                    copied.add(reader.outputs[0])
        return copied


def _known_outputs(run: Run) -> dict[int, tuple[int, ...]]:
    """Of a layer's gradient, the tensor that the layer gave, if the run has one with the same inputs and attributes."""
    layers: dict[str, int] = {}
    known = {}
    for operation in run.operations:
        attributes = sorted(operation.attributes.items())
        if operation.kind in KNOWING.values():
            layers.setdefault(repr((operation.kind, operation.inputs, attributes)), operation.outputs[0])
        elif operation.kind in KNOWING and operation.attributes["activation"] != "identity":
            key = repr((KNOWING[operation.kind], operation.inputs[:-1], attributes))
            if key in layers and layers[key] not in run.fed:
                known[operation.number] = (layers[key],)
    return known


class Arena:
    """Memory of which parts are taken and given back, in units of a cache line; and how much was ever needed."""

    LINE = 64

    def __init__(self) -> None:
        self.size, self.free = 0, []

    def take(self, count: int) -> int:
        """Where so many bytes are free from now on."""
        count = self._lines(count)
        for place, (start, length) in enumerate(self.free):
            if length >= count:
                self.free[place : place + 1] = [(start + count, length - count)] if length > count else []
                return start
        start, self.size = self.size, self.size + count
        return start

    def give(self, start: int, count: int) -> None:
        """Take back what nobody needs any longer."""
        parts: list[tuple[int, int]] = []
        for begin, length in sorted([*self.free, (start, self._lines(count))]):
            if parts and parts[-1][0] + parts[-1][1] == begin:
                parts[-1] = (parts[-1][0], parts[-1][1] + length)
            else:
                parts.append((begin, length))
        self.free = parts

    def _lines(self, count: int) -> int:
        return (count + self.LINE - 1) // self.LINE * self.LINE
