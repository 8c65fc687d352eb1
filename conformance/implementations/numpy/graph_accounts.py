"""Which graphs of a library deviate because an operation in them does: by NumPy's account of what it meets there.

A graph isn't excused for what it merely holds: the numbers that deviate must reach what is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from conformance.implementations.numpy import differentiation as tapes
from conformance.implementations.numpy import sessions as numpys
from conformance.implementations.numpy import taped_functions
from conformance.implementations.numpy.arguments import Array
from conformance.implementations.numpy.differentiation import on_a_tape
from conformance.implementations.numpy.graph_data import READERS, WRITERS, Operation, Program, operation_of, race
from conformance.implementations.numpy.taped import Taped, constant, made_of, summed_to

#: Whether an operation deviates that meets an array, with some attributes.
Deviates = Callable[..., bool]
#: Kinds that end with the activation which an attribute names.
LAYERS = ("dense_layer", "convolutional_layer")
#: Kinds that hand a gradient back without a look at what they were applied to.
LINEAR = ("add", "negative", "total", "fill", "reshape", "transpose", "unstack", "stack", "flatten", "average_pool2d")


class Account:
    """A run, as NumPy makes it: which operations it has, what they met, and whose numbers reach whom."""

    def __init__(self, feeds: Any, graph: Any, fed: Any, wanted: Sequence[str]) -> None:
        self.program = Program(feeds, graph, fed, numpys.KINDS)
        self.operations = self.program.needed(wanted)
        with np.errstate(all="ignore"):
            self.values = self.program.run(wanted, numpys.library(self.program))

    def deviating(self, kind: str, deviates: Deviates) -> set[str]:
        """The names of the operations of a kind that deviate."""
        met = [(each, self.values[each.inputs[0]]) for each in self.operations if each.kind == kind]
        return {operation.name for operation, value in met if deviates(value, **operation.attributes)}

    def behind(self, tensors: Iterable[str]) -> set[str]:
        """The names of the operations whose numbers reach some tensors, by way of variables too."""
        reached = {operation_of(name) for name in tensors if name not in self.program.feeds}
        variables = set[str]()
        for operation in reversed(self.operations):
            if operation.name in reached or (operation.kind in WRITERS and operation.variable in variables):
                reached.add(operation.name)
                reached.update(operation_of(name) for name in operation.inputs if name not in self.program.feeds)
                variables |= {operation.variable} if operation.kind in (*READERS, "assign_add") else set()
        return reached

    def way_back(self, outputs: Iterable[str], inputs: Iterable[str]) -> list[Operation]:
        """The operations between outputs and inputs whose gradients depend on what they were applied to."""
        there, depending = self.behind(outputs), set(inputs)
        found = list[Operation]()
        for operation in self.operations:
            if depending.intersection(operation.inputs):
                depending |= {name for name in self.values if operation_of(name) == operation.name} - {
                    *self.program.feeds
                }
                found.append(operation)
        return [operation for operation in found if operation.name in there and operation.kind not in LINEAR]


def reaches_a_fetch(kind: str, deviates: Deviates) -> Callable[..., bool]:
    """The calls of `run_graph` in which an operation of a kind deviates, and a fetch depends on what it gives."""

    def calls(feeds: Any, graph: Any, fed: Any, fetches: Any) -> bool:
        if not has(graph, kind):
            return False
        account = Account(feeds, graph, fed, fetches)
        return bool(account.deviating(kind, deviates) & account.behind(fetches))

    return calls


def reaches_a_gradient(kind: str, deviates: Deviates, *, on_its_way_back: bool = False) -> Callable[..., bool]:
    """The calls of `graph_gradients` in which an operation deviates, and what it gives decides about a gradient.

    Or, if it deviates on its way back as well, a gradient goes through it.
    """

    def calls(feeds: Any, graph: Any, fed: Any, outputs: Any, inputs: Any, **_: Any) -> bool:
        if not has(graph, kind):
            return False
        account = Account(feeds, graph, fed, [*outputs, *inputs])
        way = account.way_back(outputs, inputs)
        deciding = account.behind(name for operation in way for name in operation.inputs)
        passed = {operation.name for operation in way} if on_its_way_back else set[str]()
        return bool(account.deviating(kind, deviates) & (deciding | passed))

    return calls


def spoils_what_comes_back(kind: str) -> Callable[..., bool]:
    """The calls of `graph_gradients` in which infinities that come back to operations of a kind may become NaN there.

    A ReLU and a maximum stop them, where others multiply by 0; what else spoils them, `Watching` says. The NaN must be
    on its way to an input.
    """

    def calls(feeds: Any, graph: Any, fed: Any, outputs: Any, inputs: Any, twice: bool = False) -> bool:
        if not any(ends_with(kind, **entry) for entry in graph):
            return False
        watching = Watching(twice)
        program = Program(feeds, graph, fed, numpys.KINDS)
        with np.errstate(all="ignore"):
            wanted, _ = on_a_tape(program, outputs, inputs, twice, {**tapes.KINDS, **watching.kinds(kind)})
        return not made_of(watching.met).isdisjoint(wanted)

    return calls


class Watching:
    """Kinds that remember for which arrays something came back that isn't finite, where that may be spoilt."""

    def __init__(self, twice: bool) -> None:
        self.twice = twice
        self.met: list[Taped] = []

    def kinds(self, kind: str) -> dict[str, Callable[..., Any]]:
        """A kind, and those that end with it."""
        watched = {kind: getattr(self, kind)}
        if kind == "relu":
            watched["hinge_loss"] = self.hinge_loss
        if kind != "maximum":
            watched |= {layer: self.ending_with(kind, tapes.KINDS[layer]) for layer in LAYERS}
        return watched

    def stopped(self, g: Taped, kept: Array, array: Taped) -> Taped:
        if not np.isfinite(g.value[~kept]).all():
            self.met.append(array)
        return Taped(np.where(kept, g.value, 0), (g, lambda h: self.stopped(h, kept, g)))

    def tanh(self, x: Taped) -> Taped:
        """The slope (1 - y)·g + (1 - y)·g·y: what overflows is spoilt unless y is positive, and differentiated any."""
        y = taped_functions.tanh(x)

        def noted(g: Taped) -> Taped:
            overflows = np.isinf(g.value * (1 - y.value))
            if (overflows & ((y.value <= 0) | self.twice)).any():
                self.met.append(x)
            return Taped(g.value, (g, lambda h: h))

        return Taped(y.value, (y, noted))

    def relu(self, z: Taped) -> Taped:
        return Taped(np.maximum(z.value, 0), (z, lambda g: self.stopped(g, z.value > 0, z)))

    def ending_with(self, kind: str, layer: Callable[..., Taped]) -> Callable[..., Taped]:
        """A layer, whose activation may be of the kind."""

        def applied(*inputs: Taped, activation: str, **how: Any) -> Taped:
            if activation != kind:
                return layer(*inputs, activation=activation, **how)
            return getattr(self, kind)(layer(*inputs, activation="identity", **how))

        return applied

    def hinge_loss(self, scores: Taped, labels: Taped) -> Taped:
        return self.relu(constant(scores, 1) - labels * scores)

    def maximum(self, x: Taped, y: Taped) -> Taped:
        second = np.asarray(y.value > x.value)
        return Taped(
            np.maximum(x.value, y.value),
            (x, lambda g: summed_to(self.stopped(g, ~second, x), x.shape)),
            (y, lambda g: summed_to(self.stopped(g, second, y), y.shape)),
        )


def ends_with(wanted: str, kind: str, attributes: Any = None, **_: Any) -> bool:
    """Whether an operation is of a kind or ends with one; libraries' users write a hinge loss with a ReLU, too."""
    ending = "relu" if kind == "hinge_loss" else (attributes or {}).get("activation")
    return wanted in (kind, ending)


def leaves_an_order_open(feeds: Any, graph: Any, fed: Any, fetches: Any) -> bool:
    """Whether nothing fixes the order in which a variable is changed and used."""
    program = Program(feeds, graph, fed, numpys.KINDS)
    return race(program.needed(program.named("fetches", fetches)), program.feeds) is not None


def has(graph: Any, kind: str) -> bool:
    return any(entry["kind"] == kind for entry in graph)


def placeholder(name: str, *shape: int) -> dict[str, Any]:
    return {"name": name, "kind": "placeholder", "attributes": {"shape": shape}}
