"""Drawing computational graphs, as plain data: the tensors of each shape, and what is fed."""

from __future__ import annotations

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

    def tame(self, rank: int | None = None) -> tuple[str, Shape]:
        """As `any`, but mostly of numbers between -1 and 1: what exponentials don't blow up, and logits aren't far off.

        A bound of infinity, or of a probability that may be 0, would go through all that follows.
        """
        tensor, shape = self.any(rank)
        return (self.add("tanh", [tensor], shape) if self.draw.choice(True, True, False) else tensor), shape

    def of(self, shape: Shape) -> str:
        """A tensor of some shape: one that is there, sooner a late one; or a constant."""
        known = self.tensors.get(shape, [])
        place = self.draw.integer(0, len(known)) if known else 0
        return known[-1 - place] if place < len(known) else self.constant(shape)

    def feed_inside(self) -> None:
        """Feed a tensor that one operation computes and another one takes, too: the graph is cut there.

        None that is divided by: the reference's numbers know no -0, by which a quotient is another infinity.
        """
        given = {f"{entry['name']}:0" for entry in self.data if entry["kind"] == "constant"} | {*self.fed}
        given |= {entry["inputs"][1] for entry in self.data if entry["kind"] == "divide"}
        taken = {name for entry in self.data for name in entry.get("inputs", ())} - given
        inside = [(name, shape) for shape, names in self.tensors.items() if shape for name in names if name in taken]
        if inside:
            name, shape = self.draw.choice(*inside)
            self.fed.append(name)
            self.feeds.append(self.draw.array(*shape))

    def grow(self, kinds: Sequence[Callable[[DrawnGraph], str]], operations: int) -> list[str]:
        """Add so many operations; returns their outputs."""
        return [self.draw.choice(*kinds)(self) for _ in range(operations)]
