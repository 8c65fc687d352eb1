"""Symbol-to-symbol differentiation: gradients as new operations of the same graph.

Symbol to number, `reference.numbers.gradients` walks back through a graph with numbers and leaves numbers. Here the
walk leaves operations: what they compute can be run with other numbers, placed on other devices, and differentiated
again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from reference.errors import InvalidArgument
from reference.graphs import Graph
from reference.numbers.node import PARTIALS
from reference.operation_kinds import KINDS, SIGNS, takes_index
from reference.readiness import WRITERS, pruned
from reference.sessions import Session, feeds_by_tensor, named_tensors
from reference.tensors import Operation, Tensor, require_tensors

__all__ = ["add_gradients", "graph_gradients"]


def add_gradients(outputs: Sequence[Tensor], inputs: Sequence[Tensor], cotangents: Sequence[Any] = ()) -> list[Tensor]:
    """Add to a graph the operations that compute gradients of some of its tensors.

    Why: backpropagation as TensorFlow does it. A training step is a graph like any other: the loss, its gradients, and
    an assignment for each variable.

    Formula:
        ∂outputs/∂x = Σ over uses of x: ∂outputs/∂use · ∂use/∂x, the sum beginning with the cotangents

    Args:
        outputs: the tensors to differentiate; of several, or of arrays, the sum of all numbers.
        inputs: for which tensors, any of the graph.
        cotangents: what to multiply the outputs with before they are added up, one of each output's shape; 1 when not
            given.

    Returns:
        A tensor for each input, of its shape; zeros where the outputs don't depend on it, and for class indices, which
        have no slope.

    Raises:
        InvalidArgument: if outputs or inputs aren't tensors of one graph, there are no outputs, cotangents don't fit
            them, or a gradient would have to pass an assignment.

    Source:
        goldsborough-tensorflow, "Back Propagation": symbol to symbol differentiation; TensorFlow's white paper of 2015,
        section 4.1.

    >>> from reference import Session
    >>> graph = Graph()
    >>> x = graph.placeholder("x", ())
    >>> [slope] = add_gradients([x * x * x], [x])
    >>> [curvature] = add_gradients([slope], [x])
    >>> Session(graph).run([slope, curvature], {x: 3})
    [27, 18]
    """
    graph = _graph_of(outputs)
    inputs = require_tensors(graph, "inputs", inputs)
    with graph.name_scope("gradients"):
        adjoints = _beginning(graph, outputs, cotangents)
        depending = _depending(graph, inputs)
        for operation in reversed(pruned(outputs)):
            if operation in depending and any(output in adjoints for output in operation.outputs):
                _go_back(graph, operation, adjoints, depending, frozenset(inputs))
        return [adjoints[tensor] if tensor in adjoints else _zeros(graph, tensor) for tensor in inputs]


def graph_gradients(
    feeds: tuple[Any, ...],
    *,
    graph: Sequence[Mapping[str, Any]],
    fed: Sequence[str],
    outputs: Sequence[str],
    inputs: Sequence[str],
    twice: bool = False,
) -> tuple[Any, ...]:
    """The gradients of a graph that is given as plain data.

    Why: what is asked of every library that differentiates graphs: the same gradients, and gradients of gradients.

    Formula:
        d inputs = ∂(Σ outputs)/∂inputs; twice: ∂(Σ d inputs)/∂inputs

    Args:
        feeds: a tuple of arrays, the values of the tensors that are fed.
        graph: the operations, as `Graph.of` reads them.
        fed: the names of the tensors that are fed, in the order of the feeds.
        outputs: the names of the tensors to differentiate, all of whose numbers are added up.
        inputs: the names of the tensors for which.
        twice: whether to differentiate the gradients again.

    Returns:
        A tuple of arrays, one for each input, of its shape.

    Raises:
        InvalidArgument: as `run_graph` and `add_gradients`, and if twice is neither True nor False.

    Source:
        goldsborough-tensorflow, "Back Propagation": symbol to symbol differentiation.

    >>> x = {"name": "x", "kind": "placeholder", "attributes": {"shape": (2,)}}
    >>> y = {"name": "y", "kind": "multiply", "inputs": ["x:0", "x:0"]}
    >>> graph_gradients(([1, -2],), graph=[x, y], fed=["x:0"], outputs=["y:0"], inputs=["x:0"])
    ([2, -4],)
    >>> graph_gradients(([1, -2],), graph=[x, y], fed=["x:0"], outputs=["y:0"], inputs=["x:0"], twice=True)
    ([2, 2],)
    """
    if not isinstance(twice, bool):
        raise InvalidArgument("twice", "True or False", repr(twice))
    built = Graph.of(graph)
    towards = named_tensors(built, "inputs", inputs)
    found = add_gradients(named_tensors(built, "outputs", outputs), towards)
    if twice and found:
        found = add_gradients(found, towards)
    return tuple(Session(built).run(found, feeds_by_tensor(built, feeds, fed)))


def _graph_of(outputs: Sequence[Tensor]) -> Graph:
    if not isinstance(outputs, (list, tuple)) or not outputs:
        raise InvalidArgument("outputs", "a list of at least one tensor", repr(outputs))
    for output in outputs:
        if not isinstance(output, Tensor):
            raise InvalidArgument("outputs", "a list of at least one tensor", f"{output!r} in it")
    return outputs[0].graph


def _beginning(graph: Graph, outputs: Sequence[Tensor], cotangents: Sequence[Any]) -> dict[Tensor, Tensor]:
    """The adjoints of the outputs themselves."""
    wanted = f"{len(outputs)} of them, one for each output"
    if not isinstance(cotangents, (list, tuple)):
        raise InvalidArgument("cotangents", wanted, repr(cotangents))
    if cotangents and len(cotangents) != len(outputs):
        raise InvalidArgument("cotangents", wanted, str(len(cotangents)))
    adjoints: dict[Tensor, Tensor] = {}
    for place, output in enumerate(outputs):
        cotangent = graph.tensor(cotangents[place]) if cotangents else graph.apply("ones_like", output)
        if cotangent.shape != output.shape:
            wanted = f"shape {list(output.shape)} of '{output.name}'"
            raise InvalidArgument("cotangents", wanted, f"shape {list(cotangent.shape)}")
        _accumulate(adjoints, output, cotangent)
    return adjoints


def _depending(graph: Graph, inputs: Sequence[Tensor]) -> set[Operation]:
    """The operations that take something which depends on the inputs: the others have no gradient to hand on."""
    tensors = set(inputs)
    found: set[Operation] = set()
    for operation in list(graph.operations.values()):
        if any(tensor in tensors or tensor.operation in found for tensor in operation.inputs):
            found.add(operation)
    return found


def _go_back(
    graph: Graph,
    operation: Operation,
    adjoints: dict[Tensor, Tensor],
    depending: set[Operation],
    inputs: frozenset[Tensor],
) -> None:
    """Hand an operation's adjoints on to those of its inputs that lead to what is asked for."""
    if operation.kind in WRITERS:
        raise InvalidArgument("outputs", "tensors with no assignment on their way", f"'{operation.name}' is on it")
    wanted = [tensor in inputs or tensor.operation in depending for tensor in operation.inputs]
    given = [adjoints.get(output) for output in operation.outputs]
    for tensor, share in zip(operation.inputs, shares(graph, operation, given, wanted), strict=True):
        if share is not None:
            _accumulate(adjoints, tensor, share)


def _accumulate(adjoints: dict[Tensor, Tensor], tensor: Tensor, share: Tensor) -> None:
    adjoints[tensor] = adjoints[tensor] + share if tensor in adjoints else share


def shares(
    graph: Graph, operation: Operation, adjoints: Sequence[Tensor | None], wanted: Sequence[bool]
) -> list[Tensor | None]:
    """What each input of an operation gets of its outputs' adjoints; None for an input that nobody asks for.

    An output without an adjoint hands nothing back. Only what is put together of all of them takes zeros for it.
    """
    kind, inputs = operation.kind, operation.inputs
    given = [adjoint for adjoint in adjoints if adjoint is not None]
    if kind in CHOICES:
        chosen = CHOICES[kind](given[0], *inputs)
        return [
            _to_shape(graph, share, tensor) if share is not None and asked else None
            for share, tensor, asked in zip(chosen, inputs, wanted, strict=True)
        ]
    if kind in SIGNS:
        partials = PARTIALS[SIGNS[kind]](operation.outputs[0], *inputs)
        return [
            _share(graph, given[0], partial, tensor) if asked else None
            for tensor, partial, asked in zip(inputs, partials, wanted, strict=True)
        ]
    if kind in FLAT:
        return [None]
    if kind in REARRANGED:
        whole = zip(operation.outputs, adjoints, strict=True)
        filled = [_zeros(graph, output) if adjoint is None else adjoint for output, adjoint in whole]
        return list(REARRANGED[kind](graph, operation, filled))
    known: list[Tensor | None] = []
    if f"{kind}_vjp" in KINDS:
        known += _as_tuple(graph.apply(f"{kind}_vjp", *inputs, *given, **operation.attributes))
    known += [None] * (len(inputs) - len(known))
    has_slope = [not takes_index(kind, place, operation.attributes) for place in range(len(inputs))]
    missing = [place for place, asked in enumerate(wanted) if asked and known[place] is None and has_slope[place]]
    if missing:
        how: dict[str, Any] = {"of": kind, "inputs": len(inputs), "towards": missing}
        if len(given) < len(adjoints):
            how["outputs"] = [place for place, adjoint in enumerate(adjoints) if adjoint is not None]
        by_graph = graph.apply("gradient", *inputs, *given, **how, attributes=operation.attributes)
        for place, share in zip(missing, _as_tuple(by_graph), strict=True):
            known[place] = share
    return [share if asked else None for share, asked in zip(known, wanted, strict=True)]


def _share(graph: Graph, adjoint: Tensor, partial: Any, tensor: Tensor) -> Tensor | None:
    """Their product. A partial of 0 has nothing to share."""
    if not isinstance(partial, Tensor) and partial == 0:
        return None
    share = adjoint if not isinstance(partial, Tensor) and partial == 1 else adjoint * partial
    return _to_shape(graph, share, tensor)


def _to_shape(graph: Graph, share: Tensor, tensor: Tensor) -> Tensor:
    """A share, added up for a number that stood beside arrays."""
    return share if share.shape == tensor.shape else graph.apply("total", share)


def _zeros(graph: Graph, like: Tensor) -> Tensor:
    return graph.apply("fill", 0, shape=like.shape)


def _as_tuple(result: Any) -> tuple[Tensor, ...]:
    return result if isinstance(result, tuple) else (result,)


def _back_to_shape(graph: Graph, operation: Operation, adjoints: Sequence[Tensor]) -> tuple[Tensor, ...]:
    return (graph.apply("reshape", adjoints[0], shape=operation.inputs[0].shape),)


#: What is level wherever it has a slope, and hands nothing back: zeros would be NaN behind what isn't finite.
FLAT = ("ones_like", "step")
#: Of what chooses among numbers, what each input gets of an adjoint: all or nothing. 0·∞ would be NaN.
CHOICES: dict[str, Callable[..., tuple[Tensor | None, ...]]] = {
    "maximum": lambda adjoint, x, y: ((y - x).where_positive(0, adjoint), (y - x).where_positive(adjoint, 0)),
    "where_positive": lambda adjoint, x, yes, no: (
        None,
        x.where_positive(adjoint, 0),
        x.where_positive(0, adjoint),
    ),
}
WayBack = Callable[[Graph, Operation, Sequence[Tensor]], tuple[Tensor, ...]]
#: Of what only moves numbers or adds them up, the way back: to each input, from the outputs' adjoints.
REARRANGED: dict[str, WayBack] = {
    "total": lambda graph, operation, adjoints: (graph.apply("fill", adjoints[0], shape=operation.inputs[0].shape),),
    "fill": lambda graph, operation, adjoints: (graph.apply("total", adjoints[0]),),
    "reshape": _back_to_shape,
    "flatten": _back_to_shape,
    "transpose": lambda graph, operation, adjoints: (graph.apply("transpose", adjoints[0]),),
    "unstack": lambda graph, operation, adjoints: (graph.apply("stack", *adjoints, shape=operation.inputs[0].shape),),
    "stack": lambda graph, operation, adjoints: _as_tuple(graph.apply("unstack", adjoints[0])),
}
