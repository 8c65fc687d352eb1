"""Nodes: numbers that remember how they were computed, which is a computational graph."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from operator import neg
from typing import Any

from reference import elementary
from reference.arrays import Number, elementwise
from reference.errors import InvalidArgument
from reference.numbers.mixing import divide, minus, multiply, plus
from reference.numbers.pictures import digraph, drawn

#: What each operation of the graph computes.
OPERATIONS: dict[str, Callable[..., Number]] = {
    "+": plus,
    "·": multiply,
    "/": divide,
    "-": neg,
    "exp": elementary.exp,
    "log": elementary.log,
    "sqrt": elementary.sqrt,
    "tanh": elementary.tanh,
    "sigmoid": elementary.sigmoid,
    "maximum": elementary.maximum,
    "where_positive": elementary.where_positive,
}

#: For each operation, its partial derivatives, from its result and its operands.
PARTIALS: dict[str, Callable[..., tuple[Number, ...]]] = {
    "+": lambda result, x, y: (1, 1),
    "·": lambda result, x, y: (y, x),
    "/": lambda result, x, y: (divide(1, y), divide(-result, y)),
    "-": lambda result, x: (-1,),
    "exp": lambda result, x: (result,),
    "log": lambda result, x: (divide(1, x),),
    "sqrt": lambda result, x: (divide(1, 2 * result),),
    "tanh": lambda result, x: (1 - result * result,),
    "sigmoid": lambda result, x: (result * (1 - result),),
    "maximum": lambda result, x, y: (
        elementary.where_positive(minus(y, x), 0, 1),
        elementary.where_positive(minus(y, x), 1, 0),
    ),
    "where_positive": lambda result, x, yes, no: (
        0,
        elementary.where_positive(x, 1, 0),
        elementary.where_positive(x, 0, 1),
    ),
}


class Node:
    """A number in a computational graph: its value, the operation that made it, and the nodes it was made of.

    Why: running any reference function on nodes records its graph; `gradients` goes back through it. That is
    backpropagation without writing a backward pass.

    Args:
        value: any number.
        operation: a key of OPERATIONS; empty for an input of the graph.
        operands: the nodes that the operation was applied to.

    Source:
        goldsborough-tensorflow, "Computational Paradigms": computational graphs, 1. operations, 2. tensors.

    >>> x, w, b = Node(3), Node(2), Node(1)
    >>> y = x * w + b
    >>> y
    Node(7, '+')
    >>> gradients(y, (x, w, b))
    (2, 3, 1)
    """

    __slots__ = ("operands", "operation", "value")

    def __init__(self, value: Number, operation: str = "", operands: tuple[Node, ...] = ()) -> None:
        self.value, self.operation, self.operands = value, operation, operands

    def __repr__(self) -> str:
        return f"Node({self.value!r}, {self.operation!r})" if self.operation else f"Node({self.value!r})"

    def _repr_svg_(self) -> str | None:
        """The graph as a picture, if Graphviz is there to draw it."""
        return drawn(dot_of(self))

    def __add__(self, other: Number) -> Node:
        return _apply("+", self, other)

    def __radd__(self, other: Number) -> Node:
        return _apply("+", other, self)

    def __mul__(self, other: Number) -> Node:
        return _apply("·", self, other)

    def __rmul__(self, other: Number) -> Node:
        return _apply("·", other, self)

    def __truediv__(self, other: Number) -> Node:
        return _apply("/", self, other)

    def __rtruediv__(self, other: Number) -> Node:
        return _apply("/", other, self)

    def __neg__(self) -> Node:
        return _apply("-", self)

    def __sub__(self, other: Number) -> Node:
        return self + -_node(other)

    def __rsub__(self, other: Number) -> Node:
        return _node(other) + -self

    def __lt__(self, other: Number) -> bool:
        return bool(self.value < _node(other).value)

    def __le__(self, other: Number) -> bool:
        return bool(self.value <= _node(other).value)

    def __gt__(self, other: Number) -> bool:
        return bool(self.value > _node(other).value)

    def __ge__(self, other: Number) -> bool:
        return bool(self.value >= _node(other).value)

    def __eq__(self, other: object) -> bool:
        return bool(self.value == _node(other).value)

    # Equal nodes may be different ones: as keys, they would have to be one.
    __hash__ = None  # type: ignore[assignment]

    def exp(self) -> Node:
        return _apply("exp", self)

    def log(self) -> Node:
        return _apply("log", self)

    def sqrt(self) -> Node:
        return _apply("sqrt", self)

    def tanh(self) -> Node:
        return _apply("tanh", self)

    def sigmoid(self) -> Node:
        return _apply("sigmoid", self)

    def maximum(self, other: Number) -> Node:
        return _apply("maximum", self, other)

    def where_positive(self, yes: Number, no: Number) -> Node:
        return _apply("where_positive", self, yes, no)


def gradients(output: Node, inputs: Any, *, symbolic: bool = False) -> Any:
    """The derivative of a node with respect to others, backwards through the graph.

    Why: backpropagation. With plain numbers it is the slides' symbol-to-number differentiation; `symbolic` builds the
    gradient as a graph of its own (symbol to symbol), which can be run with other values and differentiated again.

    Formula:
        ∂output/∂node = Σ over uses of the node: ∂output/∂use · ∂use/∂node

    Args:
        output: the node to differentiate.
        inputs: a node, or nested lists and tuples of nodes.
        symbolic: whether to return nodes instead of numbers.

    Returns:
        The gradients, in the structure of `inputs`; 0 for a node that the output doesn't depend on.

    Source:
        goldsborough-tensorflow, "Back Propagation": symbol to number and symbol to symbol differentiation.

    >>> x = Node(3)
    >>> gradients(x * x * x, x)
    27
    >>> gradients(gradients(x * x * x, x, symbolic=True), x)
    18
    """
    adjoints: dict[int, Number] = {id(output): Node(1) if symbolic else 1}
    for node in reversed(_in_order(output)):
        operands = node.operands if symbolic else [operand.value for operand in node.operands]
        if operands:
            partials = PARTIALS[node.operation](node if symbolic else node.value, *operands)
            for operand, partial in zip(node.operands, partials, strict=True):
                share = _share(adjoints[id(node)], partial)
                known = adjoints.get(id(operand))
                adjoints[id(operand)] = share if known is None else plus(known, share)

    def pick(part: Any) -> Any:
        if isinstance(part, tuple):
            return tuple(pick(entry) for entry in part)
        return elementwise(lambda node: adjoints.get(id(node), Node(0) if symbolic else 0), part)

    return pick(inputs)


def _share(adjoint: Number, partial: Number) -> Number:
    """Their product; the ones with which gradients begin, and those of sums, would only be in the way of a reader."""
    for factor, other in ((adjoint, partial), (partial, adjoint)):
        if type(factor) is int and factor == 1:
            return other
    return multiply(adjoint, partial)


def evaluate(output: Node, inputs: Any = (), values: Any = ()) -> Number:
    """Run a graph again with other values for some of its nodes.

    Why: TensorFlow 1's session: build the graph once, feed it many times.

    Args:
        output: the node whose value is wanted.
        inputs: a node, or nested lists and tuples of nodes; any of the graph, inner ones too.
        values: their new values, in the same structure.

    Returns:
        The output's value.

    Raises:
        InvalidArgument: if the values have another structure.

    Source:
        goldsborough-tensorflow, "Computational Paradigms": session.run.

    >>> x, w = Node(3), Node(2)
    >>> evaluate((x * w).tanh(), x, 0.0)
    0.0
    >>> evaluate(x * w + 1, (x, w), (5, 7))
    36
    """
    known = dict(_pairs(inputs, values))
    for node in _in_order(output):
        if id(node) not in known:
            operands = [known[id(operand)] for operand in node.operands]
            known[id(node)] = OPERATIONS[node.operation](*operands) if node.operation else node.value
    return known[id(output)]


def _pairs(nodes: Any, values: Any) -> Iterator[tuple[int, Number]]:
    """Which node is fed with what."""
    if not isinstance(nodes, (list, tuple)):
        yield id(nodes), values
        return
    if not isinstance(values, (list, tuple)) or len(values) != len(nodes):
        raise InvalidArgument("values", f"{len(nodes)} of them, as inputs has nodes", repr(values))
    for node, value in zip(nodes, values, strict=True):
        yield from _pairs(node, value)


def dot_of(output: Node) -> str:
    """A graph in the DOT language, in which Graphviz draws it.

    Why: seeing what an algorithm computes, and what of it is used twice. A notebook shows a node as this picture, where
    Graphviz is installed.

    Args:
        output: the node whose graph is wanted.

    Returns:
        A text: a box for each input, an ellipse with its operation for each other node, both with their values, and an
        arrow from each operand.

    Source:
        goldsborough-tensorflow, "Computational Paradigms": operations, and tensors on the edges between them.

    >>> x = Node(3)
    >>> print(dot_of(x * x))
    digraph {
      rankdir=LR
      0 [shape=box, label="3"]
      1 [label="·\\n9"]
      0 -> 1
      0 -> 1
    }
    """
    ordered = _in_order(output)
    places = {id(node): place for place, node in enumerate(ordered)}
    return digraph(
        (node.operation, str(node.value), [places[id(operand)] for operand in node.operands]) for node in ordered
    )


def _in_order(output: Node) -> list[Node]:
    """Every node that the output depends on, each after its operands."""
    ordered: list[Node] = []
    seen: set[int] = set()
    pending = [(output, False)]
    while pending:
        node, operands_done = pending.pop()
        if operands_done:
            ordered.append(node)
        elif id(node) not in seen:
            seen.add(id(node))
            pending.append((node, True))
            pending.extend((operand, False) for operand in node.operands)
    return ordered


def _apply(operation: str, *operands: Number) -> Node:
    nodes = tuple(map(_node, operands))
    return Node(OPERATIONS[operation](*(node.value for node in nodes)), operation, nodes)


def _node(value: Number) -> Node:
    return value if isinstance(value, Node) else Node(value)
