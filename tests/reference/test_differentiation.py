"""Gradients as operations of the graph: equal to those of numbers, exactly, and differentiable again."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import reduce
from operator import add
from typing import Any

import pytest

from conformance.arrays import as_lists
from conformance.choices import Chance
from conformance.comparison import rounded
from conformance.drawing import Draw
from conformance.graph_drawing import GRAPHS, DrawnGraph
from conformance.graph_operations import dense, matrix_product, multiplied, total, transposed
from conformance.operations import operations
from conformance.proof import FINEST, may_be_the_same
from conformance.sampling import sample_calls
from reference import Graph, Session, Tensor, add_gradients, graph_gradients
from reference.arrays import shape
from reference.errors import InvalidArgument, Undecidable
from reference.numbers import Dual, Node, Rounded, gradients
from reference.operation_kinds import CATALOGUE, KINDS, outputs_of
from tests.reference.support import convert, leaves

CALLS = 12


def drawn_graphs(count: int, seed: int = 0) -> Iterator[dict[str, Any]]:
    """Graphs of integers, as the suite draws them, with what they are fed."""
    for arguments in sample_calls(operations()["graph_gradients"], "float64", count, values="swept", seed=seed):
        arguments["feeds"] = tuple(convert(Fraction, as_lists(feed)) for feed in arguments["feeds"])
        yield arguments


def summed(arguments: dict[str, Any], feeds: dict[str, Any]) -> Any:
    """The sum of all numbers of the outputs."""
    graph = Graph.of(arguments["graph"])
    return reduce(add, leaves(Session(graph).run(arguments["outputs"], feeds)))


def along_each_number(value: Any) -> Iterator[Any]:
    """An array of duals for each of its numbers, in whose direction they go."""
    for place in range(len(list(leaves(value)))):
        directions = iter([*[0] * place, 1])
        yield convert(lambda number, directions=directions: Dual(number, next(directions, 0)), value)


def gradients_of_numbers(arguments: dict[str, Any]) -> list[list[Any]]:
    """Each partial derivative for what is fed, by dual numbers: once, or twice."""
    found = []
    for name, value in zip(arguments["fed"], arguments["feeds"], strict=True):
        if name not in arguments["inputs"]:
            continue
        slopes = []
        for duals in along_each_number(value):
            feeds = dict(zip(arguments["fed"], arguments["feeds"], strict=True))
            result = summed(arguments, {**feeds, name: duals})
            slopes.append(result.derivative if isinstance(result, Dual) else 0)
        found.append(slopes)
    return found


def meets_a_kink(arguments: dict[str, Any]) -> bool:
    """Whether a gradient is at a place where any number between two slopes is as good."""
    feeds = tuple(convert(lambda number: Rounded(number, FINEST), feed) for feed in arguments["feeds"])
    exact = {name: rounded(value, FINEST) for name, value in arguments.items()} | {"feeds": feeds}
    return any(isinstance(slope, Rounded) and slope.undecided for slope in leaves(graph_gradients(**exact)))


def test_symbols_and_numbers_have_the_same_gradients_exactly():
    decided = 0
    for arguments in drawn_graphs(60):
        arguments |= {"twice": False, "inputs": arguments["fed"]}
        if meets_a_kink(arguments):
            continue
        found = graph_gradients(**arguments)
        assert [list(leaves(gradient)) for gradient in found] == gradients_of_numbers(arguments)
        decided += any(leaves(found))
    assert decided > 30


def test_gradients_of_gradients_are_those_of_numbers_exactly():
    """The direction of the outer derivative is 1 for every number of the gradients: their sum is differentiated."""
    decided = 0
    for seed in range(60):
        draw = Draw(Chance(seed, GRAPHS.simplest.changed(operations=8)), "float64", "swept")
        graph = DrawnGraph(draw, 2, 2)
        outputs = graph.grow((multiplied, multiplied, dense, matrix_product, transposed, total), 8)
        feeds = tuple(convert(Fraction, as_lists(feed)) for feed in graph.feeds)
        arguments = {
            "feeds": feeds,
            "graph": graph.data,
            "fed": graph.fed,
            "outputs": outputs[-2:],
            "inputs": graph.fed,
        }
        found = graph_gradients(**arguments, twice=True)
        assert list(leaves(found)) == list(twice_by_numbers(arguments))
        decided += any(leaves(found))
    assert decided > 10


def twice_by_numbers(arguments: dict[str, Any]) -> Iterator[Any]:
    """∂(Σ ∂f/∂x)/∂x by nodes of dual numbers: back through the graph with numbers that know their own derivative."""
    feeds = dict(zip(arguments["fed"], arguments["feeds"], strict=True))
    for name, value in feeds.items():
        for duals in along_each_number(value):
            nodes = {key: convert(Node, fed) for key, fed in {**feeds, name: duals}.items()}
            output = summed(arguments, nodes)
            slopes = [] if not isinstance(output, Node) else list(leaves(gradients(output, list(nodes.values()))))
            yield reduce(add, [slope.derivative if isinstance(slope, Dual) else 0 for slope in slopes], 0)


@pytest.mark.parametrize("kind", CATALOGUE)
def test_every_kind_has_the_gradients_of_its_text(kind: str):
    """For every input of floats, also of those that the catalogue's own gradient leaves out, such as labels."""
    compared = 0
    for arguments in sample_calls(operations()[kind], "float64", CALLS, values="law"):
        data, attributes = operations()[kind].split({**operations()[kind].float_defaults, **arguments})
        if any(value is None for value in data.values()):
            continue
        symbolic = [value.dtype.kind == "f" for value in data.values()]
        inputs = [rounded(value, FINEST) for value in data.values()]
        attributes = {name: rounded(value, FINEST) for name, value in attributes.items()}
        try:
            wanted = by_nodes(kind, inputs, symbolic, attributes)
        except Undecidable:  # a maximum of equal numbers
            continue
        came = by_symbols(kind, inputs, symbolic, attributes)
        answers = [may_be_the_same(*pair) for pair in zip(leaves(wanted), leaves(came), strict=True)]
        assert False not in answers
        compared += answers.count(True)
    assert compared


def by_nodes(kind: str, inputs: list[Any], symbolic: list[bool], attributes: dict[str, Any]) -> list[Any]:
    nodes = [convert(Node, value) if asked else value for value, asked in zip(inputs, symbolic, strict=True)]
    results = outputs_of(KINDS[kind].compute(*nodes, **attributes))
    output = reduce(add, [Node(0), *leaves(list(results))])
    return [gradients(output, value) for value, asked in zip(nodes, symbolic, strict=True) if asked]


def by_symbols(kind: str, inputs: list[Any], symbolic: list[bool], attributes: dict[str, Any]) -> list[Any]:
    graph = Graph()
    tensors = [
        graph.placeholder("x", shape(value)) if asked else graph.constant(value)
        for value, asked in zip(inputs, symbolic, strict=True)
    ]
    made = graph.apply(kind, *tensors, **attributes)
    wanted = [tensor for tensor, asked in zip(tensors, symbolic, strict=True) if asked]
    outputs = list(made) if isinstance(made, tuple) else [made]
    return Session(graph).run(add_gradients(outputs, wanted), dict(zip(wanted, _asked(inputs, symbolic), strict=True)))


def _asked(inputs: list[Any], symbolic: list[bool]) -> list[Any]:
    return [value for value, asked in zip(inputs, symbolic, strict=True) if asked]


# --- small graphs, by hand --------------------------------------------------------------------------------------------


def run(build: Callable[[Graph, Tensor], Any], at: Any) -> Any:
    """What a session says of what is built on a placeholder."""
    graph = Graph()
    x = graph.placeholder("x", shape(at))
    return Session(graph).run(build(graph, x), {x: at})


def test_a_node_that_is_used_twice_gets_both_shares():
    assert run(lambda graph, x: add_gradients([x * x + x], [x]), 5) == [11]


def test_several_outputs_add_up_and_the_same_one_counts_twice():
    assert run(lambda graph, x: add_gradients([x * x, x * 3, x * 3], [x]), 5) == [16]


def test_cotangents_weigh_the_outputs():
    assert run(lambda graph, x: add_gradients([x * x], [x], [[10, 100]]), [1, 2]) == [[20, 400]]


def test_the_gradient_of_an_inner_tensor_stops_there():
    def build(graph: Graph, x: Tensor) -> Any:
        inner = x * 2
        return add_gradients([inner * inner], [inner, x])

    assert run(build, 3) == [12, 24]


def test_a_tensor_that_nothing_depends_on_has_zeros():
    assert run(lambda graph, x: add_gradients([graph.tensor(1) * 2], [x]), [1, 2]) == [[0, 0]]


@pytest.mark.parametrize("kind", ["sparse_softmax_cross_entropy_with_logits", "negative_log_likelihood"])
def test_an_index_has_no_gradient_and_so_zeros(kind: str):
    graph = Graph()
    scores, labels = graph.placeholder("scores", (1, 2)), graph.placeholder("labels", (1,))
    loss, feeds = graph.apply(kind, scores, labels), {scores: [[0.25, 0.75]], labels: [1]}
    alone = add_gradients([loss], [scores])
    once = add_gradients([loss], [scores, labels])
    twice = add_gradients(once, [scores, labels])
    assert Session(graph).run([once[0], once[1], twice[1]], feeds) == [*Session(graph).run(alone, feeds), [0], [0]]
    assert Session(graph).run(twice[0], feeds) == Session(graph).run(add_gradients(alone, [scores])[0], feeds)


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"of": ["relu"]}, "attributes of gradient 'gradient': wanted of: a kind; inputs: how many it has"),
        ({"attributes": None}, "attributes of gradient 'gradient': wanted of: a kind; inputs: how many it has"),
        ({"inputs": 0}, "inputs of gradient 'gradient': wanted a positive integer; got 0"),
        ({"towards": [1]}, r"towards of gradient 'gradient': wanted a list of places from 0 to 0; got \[1\]"),
        ({"towards": [-1]}, r"towards of gradient 'gradient': wanted a list of places from 0 to 0; got \[-1\]"),
        ({"towards": "0"}, "towards of gradient 'gradient': wanted a list of places from 0 to 0; got '0'"),
        ({"towards": []}, r"towards of gradient 'gradient': wanted a list of places from 0 to 0; got \[\]"),
        ({"outputs": [1]}, r"outputs of gradient 'gradient': wanted a list of places from 0 to 0; got \[1\]"),
        ({"of": "assign"}, "of of gradient 'gradient': wanted a kind that computes; got 'assign'"),
    ],
)
def test_a_gradient_by_the_graph_is_of_what_there_is(attributes: dict[str, Any], message: str):
    graph = Graph()
    x = graph.placeholder("x", (2,))
    with pytest.raises(InvalidArgument, match=message):
        graph.apply("gradient", x, x, **{"of": "relu", "inputs": 1, "attributes": {}, **attributes})


def test_nothing_comes_back_from_what_nobody_uses():
    """The gradient of the product towards its constant factor is there, and 0·∞ in it would be NaN."""

    def build(graph: Graph, x: Tensor) -> Any:
        [slope] = add_gradients([graph.apply("matrix_product", x, [[1.0], [1.0]]).tanh()], [x])
        return add_gradients([slope], [x])

    assert run(build, [[math.inf, 2.0]]) == [[[0.0, 0.0]]]


@pytest.mark.parametrize(
    "chosen",
    [lambda x: x.maximum(-1.0), lambda x: x.like(-1.0).maximum(x), lambda x: (-x).where_positive(-1.0, x)],
)
def test_a_choice_hands_back_all_or_nothing(chosen: Callable[[Tensor], Tensor]):
    """Of an infinite cotangent too: a product with 0 would be NaN."""

    def build(graph: Graph, x: Tensor) -> Any:
        return add_gradients([chosen(x)], [x], [[math.inf, math.inf]])

    assert run(build, [-2.0, 2.0]) == [[0, math.inf]]


def test_nothing_comes_back_from_a_step():
    """Not even 0, which would be NaN times the slope of what is NaN before it."""
    assert run(lambda graph, x: add_gradients([graph.apply("step", x.exp())], [x]), [math.nan]) == [[0]]


def test_the_hessian_comes_column_by_column():
    def build(graph: Graph, x: Tensor) -> Any:
        square = graph.apply("total", x * x * x)
        [slope] = add_gradients([square], [x])
        return [add_gradients([slope], [x], [direction])[0] for direction in ([1, 0], [0, 1])]

    assert run(build, [2, 5]) == [[12, 0], [0, 30]]


def test_a_gradient_does_not_pass_an_assignment():
    graph = Graph()
    w = graph.variable("w", 1)
    x = graph.placeholder("x", ())
    y = graph.assign(w, x * 2) * 3
    with pytest.raises(InvalidArgument, match="outputs: wanted tensors with no assignment on their way; got 'assign'"):
        add_gradients([y], [x])
    assert Session(graph).run(add_gradients([y], [graph.tensor("assign:0")]), {x: 1}) == [3]


@pytest.mark.parametrize(
    ("outputs", "cotangents", "message"),
    [
        ([], (), "outputs: wanted a list of at least one tensor"),
        (None, (), "outputs: wanted a list of at least one tensor"),
        ([1], (), "outputs: wanted a list of at least one tensor; got 1 in it"),
        (["y"], 1, "cotangents: wanted 1 of them, one for each output; got 1"),
        (["y"], [1, 2], "cotangents: wanted 1 of them, one for each output; got 2"),
        (["y"], [[1, 2, 3]], r"cotangents: wanted shape \[2\] of 'multiply:0'; got shape \[3\]"),
    ],
)
def test_what_does_not_fit_is_named(outputs: Any, cotangents: Any, message: str):
    graph = Graph()
    x = graph.placeholder("x", (2,))
    y = x * x
    with pytest.raises(InvalidArgument, match=message):
        add_gradients([y] if outputs == ["y"] else outputs, [x], cotangents)


@pytest.mark.parametrize("inputs", [None, 1, [1], [None]])
def test_what_is_differentiated_for_is_tensors(inputs: Any):
    x = Graph().placeholder("x", ())
    said = f"inputs: wanted a list of tensors of the graph; got {re.escape(repr(inputs))}"
    with pytest.raises(InvalidArgument, match=said):
        add_gradients([x], inputs)
    with pytest.raises(InvalidArgument, match=r"inputs: wanted a list of tensors of the graph; got <x:0 \[\]>"):
        add_gradients([x], x)
