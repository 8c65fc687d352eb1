"""Optimization: the same graph with less to do. Dead nodes dropped, constants folded, common subexpressions merged.

Each pass reads a graph and writes another one, from the first operation to the last, so that what an operation takes
has been rewritten before it. None of them changes a bit of a result, or of what a variable holds after it: what is
drawn at random, remembered, or fed stays as it is, and what must run before something still does.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Hashable, Sequence
from typing import Any

from reference.arrays import shape as shape_of
from reference.errors import InvalidArgument, require_positive_integer
from reference.graphs import Graph
from reference.operation_kinds import COMMUNICATION, KINDS, STATE, outputs_of
from reference.readiness import READERS, before, in_order, variable_of
from reference.rewriting import Rewriting, Rewritten, exactly
from reference.sessions import found
from reference.tensors import Operation, Tensor, operation_of, require_tensors

__all__ = ["common_subexpressions_merged", "constants_folded", "dead_nodes_dropped", "optimized"]

#: The kinds that give the same for the same inputs, whenever they run.
ALWAYS_THE_SAME = frozenset(KINDS) - frozenset(STATE) - frozenset(COMMUNICATION)


def optimized(
    graph: Graph, fetches: Sequence[Tensor | Operation | str], fed: Sequence[Tensor | str] = (), *, largest: int = 4096
) -> Rewritten:
    """Write a graph anew, with less to do for the same results.

    Why: differentiation and tracing leave much twice, and much that is known beforehand. Whoever writes graphs needn't
    be thrifty; this is.

    Args:
        graph: what to optimize; it stays as it is.
        fetches: the tensors and operations that runs will ask for, or their names.
        fed: the tensors that runs may be fed with, or their names. A feed cuts the graph there: nothing is folded or
            merged across.
        largest: how many numbers a folded constant may hold.

    Returns:
        The new graph, and where each fetched and fed tensor went. Names stay, but of what was merged into another
        operation, or whose several outputs were folded.

    Raises:
        InvalidArgument: if a fetched or fed tensor isn't of the graph.

    Source:
        goldsborough-tensorflow, "Computational Paradigms": what a graph says, said with less;
        TensorFlow's white paper of 2015, sections 4.2 and 5.1.

    >>> graph = Graph()
    >>> x = graph.placeholder("x", ())
    >>> y = (x + 1) * (x + 1) + graph.constant(2) * 3
    >>> better, went = optimized(graph, [y], [x])
    >>> [(operation.name, operation.kind) for operation in better.operations.values()]
    [('x', 'placeholder'), ('constant', 'constant'), ('add', 'add'), ('multiply', 'multiply'), \
('multiply_1', 'constant'), ('add_2', 'add')]
    >>> went[y]
    <add_2:0 []>
    """
    rewritten = dead_nodes_dropped(graph, fetches, fed)
    passes: list[Callable[..., Rewritten]] = [
        lambda graph, fetches, fed: constants_folded(graph, fed, largest=largest),
        dead_nodes_dropped,
        lambda graph, fetches, fed: common_subexpressions_merged(graph, fed),
    ]
    for rewrite in passes:
        wanted = [rewritten.went[entry] for entry in _all_found(graph, fetches)]
        cut = [rewritten.went[entry] for entry in require_tensors(graph, "fed", fed)]
        rewritten = rewritten.then(rewrite(rewritten.graph, wanted, cut))
    return rewritten


def dead_nodes_dropped(
    graph: Graph, fetches: Sequence[Tensor | Operation | str], fed: Sequence[Tensor | str] = ()
) -> Rewritten:
    """Leave out what no run needs that asks for these fetches only.

    Args: as `optimized`. What is fed stays, with all that it needs in a run that isn't fed with it.
    Returns: Rewritten.
    Raises: InvalidArgument, as `optimized`.

    Source:
        TensorFlow's white paper of 2015, section 4.2, partial execution.

    >>> graph = Graph()
    >>> x = graph.placeholder("x", ())
    >>> y, z = x.exp(), x.tanh()
    >>> list(dead_nodes_dropped(graph, [z]).graph.operations)
    ['x', 'tanh']
    """
    needed: set[Operation] = set()
    pending = [operation_of(entry) for entry in [*_all_found(graph, fetches), *require_tensors(graph, "fed", fed)]]
    while pending:
        operation = pending.pop()
        if operation not in needed:
            needed.add(operation)
            pending += [*before(operation), *_definition(operation)]
    rewriting = Rewriting()
    for operation in in_order(needed):
        rewriting.keep(operation)
    return rewriting.rewritten()


def constants_folded(graph: Graph, fed: Sequence[Tensor | str] = (), *, largest: int = 4096) -> Rewritten:
    """Compute once what is the same in every run, because all that it is computed from is constant.

    What would fail, fails in the run that needs it; what waits for other operations still waits.

    Args: as `optimized`.
    Returns: Rewritten. An operation of several outputs becomes as many constants.
    Raises: InvalidArgument, as `optimized`.

    Source:
        Abadi et al., TensorFlow: A System for Large-Scale Machine Learning (2016), section 5: constant folding, a
        standard optimization that the master applies.

    >>> graph = Graph()
    >>> y = graph.constant(2) * graph.constant(3) + 1
    >>> constants_folded(graph).graph.operations["add"].attributes
    {'value': 7}
    """
    cut = frozenset(require_tensors(graph, "fed", fed))
    require_positive_integer("largest", largest)
    rewriting = Rewriting()
    for operation in graph.operations.values():
        values = _outputs_if_constant(operation, rewriting, cut, largest)
        if values:
            rewriting.replace_by_constants(operation, values)
        else:
            rewriting.keep(operation)
    return rewriting.rewritten()


def common_subexpressions_merged(graph: Graph, fed: Sequence[Tensor | str] = ()) -> Rewritten:
    """Compute once what several operations compute: those of a kind, with the same inputs, attributes and device.

    They must also wait for the same control inputs. Two reads of a variable that do so have no assignment between them,
    or it would race with one of them, which no session runs.

    Args: as `optimized`.
    Returns: Rewritten; the first of equals stands for all.
    Raises: InvalidArgument, as `optimized`.

    Source:
        TensorFlow's white paper of 2015, section 5.1, common subexpression elimination.

    >>> graph = Graph()
    >>> x = graph.placeholder("x", ())
    >>> y, z = x.exp() + 1, 1 + x.exp()
    >>> list(common_subexpressions_merged(graph).graph.operations)
    ['x', 'exp', 'constant', 'add', 'add_1']
    """
    cut = frozenset(require_tensors(graph, "fed", fed))
    rewriting = Rewriting()
    first: dict[Hashable, Operation] = {}
    for operation in graph.operations.values():
        if not _may_be_merged(operation, cut):
            rewriting.keep(operation)
            continue
        equal = first.setdefault(_what_it_computes(operation, rewriting), operation)
        if equal is operation:
            rewriting.keep(operation)
        else:
            rewriting.merge(operation, equal)
    return rewriting.rewritten()


def _all_found(graph: Graph, fetches: Sequence[Tensor | Operation | str]) -> list[Any]:
    if not isinstance(fetches, (list, tuple)):
        raise InvalidArgument("fetches", "a list of tensors and operations of the graph, or their names", repr(fetches))
    return [found(graph, entry) for entry in fetches]


def _definition(operation: Operation) -> list[Operation]:
    """The variable that an operation reads or changes: what it begins with is said there, though that needn't run."""
    name = variable_of(operation)
    return [operation.graph.operations[name]] if name else []


def _outputs_if_constant(
    operation: Operation, rewriting: Rewriting, cut: Collection[Tensor], largest: int
) -> tuple[Any, ...]:
    """What an operation gives in every run; empty where runs may differ, or fail, or it is too much to keep."""
    if operation.kind == "constant" or operation.kind not in ALWAYS_THE_SAME or _is_cut(operation, cut):
        return ()
    givers = [rewriting.tensors[tensor].operation for tensor in operation.inputs]
    if any(tensor in cut for tensor in operation.inputs) or any(giver.kind != "constant" for giver in givers):
        return ()
    if sum(math.prod(output.shape) for output in operation.outputs) > largest:
        return ()
    try:
        inputs = [giver.attributes["value"] for giver in givers]
        values = outputs_of(KINDS[operation.kind].compute(*inputs, **operation.attributes))
        fits = tuple(map(shape_of, values)) == tuple(output.shape for output in operation.outputs)
        return values if fits else ()
    except Exception:  # whatever it is, a run will say it, if one needs this operation
        return ()


def _may_be_merged(operation: Operation, cut: Collection[Tensor]) -> bool:
    return operation.kind in {*ALWAYS_THE_SAME, *READERS} and not _is_cut(operation, cut)


def _is_cut(operation: Operation, cut: Collection[Tensor]) -> bool:
    return any(output in cut for output in operation.outputs)


def _what_it_computes(operation: Operation, rewriting: Rewriting) -> Hashable:
    """Equal for operations of which one can stand for all."""
    what: Hashable = (operation.kind, exactly(operation.attributes))
    if operation.kind in READERS:
        what = ("read", variable_of(operation))
    inputs = tuple(rewriting.tensors[tensor].name for tensor in operation.inputs)
    controls = frozenset(control.name for control in rewriting.controls(operation))
    return what, inputs, controls, operation.device
