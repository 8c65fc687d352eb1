"""The suite's graphs on a CPU: what its interpreter runs, the code of a graph runs to the same bits; gradients, too.

The suite judges `run_graph`, which interprets. To have graphs compiled in a variant of the suite, all of its columns
would be run again and each graph take seconds: so the same graphs are drawn here, and the text of their code runs as
Python. That the compiled text does the same, a few graphs show.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import fast.cpu as cpu
from conformance.choices import Chance
from conformance.comparison import Comparison, compare, expected
from conformance.drawing import Draw
from conformance.operation import Arguments
from conformance.operations import operations
from fast.cpu.graph_gradients import GRADIENTS
from fast.cpu.graph_shapes import ARITHMETIC
from fast.cpu.graphs import compile_graph
from reference import Graph, add_gradients
from reference.errors import InvalidArgument
from reference.numbers import Arithmetic
from reference.operation_kinds import CATALOGUE, STATE
from tests.fast.cpu.uncompiled_graphs import without_compiling
from tests.fast.drawn import Call, bits, drawn_calls

DTYPES = ["float32", "float64"]
#: Regimes of numbers, and what stands in some places of each array.
NUMBERS = [("moderate", None), ("lattice", None), ("moderate", math.nan), ("moderate", math.inf), ("moderate", -0.0)]
#: Graphs of each dtype and regime, to run; to differentiate, and at most, until all gradients have been met.
GRAPHS, DIFFERENTIATED, MOST = 120, 150, 2000
#: The gradients that are among theirs at least, and one of second order.
OF_INTEGERS = {
    *(f"{kind}_vjp" for kind in ("relu", "dense", "matrix_product", "conv2d", "max_pool2d")),
    "gradient of dense_vjp",
}
OF_FLOATS = OF_INTEGERS | {
    *(f"{kind}_vjp" for kind in ("leaky_relu", "softmax", "log_softmax", "average_pool2d", "mean_squared_error")),
    "softmax_cross_entropy_with_logits_vjp",
}
#: Calls of each kind that is an operation of the suite.
CALLS = 5


def drawn(name: str, dtype: str, count: int, values: str, special: float | None = None) -> Iterator[Arguments]:
    """The arguments of some calls, as the suite draws them."""
    draws = (Draw(Chance([17, number]), dtype, values, special=special) for number in range(count))
    return map(operations()[name].draw_call, draws)


def judged(name: str, arguments: Arguments, result: Any) -> Comparison:
    """Hold a result to the suite's bound for the arithmetic that the CPU path claims."""
    dtype = arguments["feeds"][0].dtype.name
    arithmetic = Arithmetic(dtype, **cpu.PROFILE[dtype])
    return compare(expected(operations()[name], arguments, arithmetic), result, arithmetic, arguments)


def compiled(feeds: Any, *, graph: Any, fed: Any, fetches: Any) -> tuple[np.ndarray, ...]:
    """What `run_graph` does, by the function that a graph is compiled to."""
    program = compile_graph(graph, tuple(fetches), fed=fed, dtype=feeds[0].dtype)
    return program(dict(zip(fed, feeds, strict=True)))


def fetching_all(arguments: Arguments) -> Arguments:
    """The same run with all fetched that is only computed: of a long graph, few operations lead to what is drawn."""
    names = [f"{entry['name']}:0" for entry in arguments["graph"] if entry["kind"] not in STATE]
    return {**arguments, "fetches": [*arguments["fetches"], *names]}


def numbers(result: Any) -> list[Any]:
    """What arrays hold, bit for bit, but for the sign and the payload of NaN."""
    return bits(tuple(np.where(np.isnan(array), np.nan, array) for array in result))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("values", "special"), NUMBERS)
def test_the_suites_graphs_interpreted_and_by_the_text_of_their_code(monkeypatch, dtype, values, special):
    """To the same bits, and within the suite's bounds: what is fetched, and with it all that could be."""
    without_compiling(monkeypatch)
    counts, kinds = [], set()
    for arguments in drawn("run_graph", dtype, GRAPHS, values, special):
        assert numbers(compiled(**arguments)) == numbers(cpu.run_graph(**arguments)), arguments
        arguments = fetching_all(arguments)
        result = cpu.run_graph(**arguments)
        assert numbers(compiled(**arguments)) == numbers(result), arguments
        counts.append(judged("run_graph", arguments, result))
        kinds |= {entry["kind"] for entry in arguments["graph"]}
    assert kinds >= {"assign", "assign_add", "read", "dense", "conv2d", "max_pool2d", "stack", "unstack"}
    assert sum(count.deciding > 0 for count in counts) > 0.8 * GRAPHS
    assert values != "lattice" or sum(count.exact for count in counts) > GRAPHS


@pytest.mark.parametrize("dtype", DTYPES)
def test_compiled_graphs_of_the_suite(dtype):
    """The compiled text is what the text says: of some graphs whose operations are many, and few enough to wait for."""
    graphs = drawn("run_graph", dtype, GRAPHS, "moderate")
    some = [arguments for arguments in graphs if 12 < len(arguments["graph"]) < 30][:3]
    assert len(some) == 3
    for arguments in some:
        assert numbers(compiled(**arguments)) == numbers(cpu.run_graph(**arguments))


def differentiated(arguments: Arguments) -> tuple[list[dict[str, Any]], list[str]]:
    """The graph with the operations of its gradients, and the names of these, as the reference adds them."""
    graph = Graph.of(arguments["graph"])
    outputs, inputs = ([graph.tensor(name) for name in arguments[which]] for which in ("outputs", "inputs"))
    found = add_gradients(outputs, inputs)
    found = add_gradients(found, inputs) if arguments["twice"] else found
    return graph.data(), [tensor.name for tensor in found]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("values", "gradients"), [("moderate", OF_FLOATS), ("lattice", OF_INTEGERS)])
def test_gradients_of_the_suites_graphs(monkeypatch, dtype, values, gradients):
    """Judged as the suite judges `graph_gradients`, and to the same bits in both ways.

    Refused is what needs the gradient of a gradient that isn't spelled out, and nothing else.
    """
    without_compiling(monkeypatch)
    counts, seen, refused = [], set(), []
    for arguments in drawn("graph_gradients", dtype, MOST, values):
        if len(counts) >= DIFFERENTIATED and seen >= gradients:
            break
        graph, fetches = differentiated(arguments)
        by_graph = {entry["attributes"]["of"] for entry in graph if entry["kind"] == "gradient"}
        given = {"graph": graph, "fed": arguments["fed"], "fetches": fetches}
        try:
            result = cpu.run_graph(arguments["feeds"], **given)
        except InvalidArgument as error:
            refused.append((by_graph - GRADIENTS.keys(), str(error)))
            continue
        assert numbers(compiled(arguments["feeds"], **given)) == numbers(result)
        counts.append(judged("graph_gradients", arguments, result))
        seen |= {entry["kind"] for entry in graph} | {f"gradient of {kind}" for kind in by_graph}
    assert all(missing and "wanted the gradient of one of" in error for missing, error in refused)
    assert seen >= gradients
    assert sum(count.deciding > 0 for count in counts) > 0.8 * len(counts) >= 0.8 * DIFFERENTIATED
    assert values != "lattice" or sum(count.exact for count in counts) > DIFFERENTIATED


def graph_of(kind: str, data: Arguments, attributes: Arguments) -> dict[str, Any]:
    """The arguments of a run of one operation: what is no array of floats is a constant, as it is in graphs."""
    feeds, graph = [], []
    for name, array in data.items():
        if array.dtype.kind == "f":
            feeds.append(array)
            graph.append({"name": name, "kind": "placeholder", "attributes": {"shape": array.shape}})
        else:
            graph.append({"name": name, "kind": "constant", "attributes": {"value": array.tolist()}})
    inputs = [f"{name}:0" for name in data]
    graph.append({"name": "it", "kind": kind, "inputs": inputs, "attributes": attributes})
    fed = [f"{entry['name']}:0" for entry in graph if entry["kind"] == "placeholder"]
    return {"feeds": tuple(feeds), "graph": graph, "fed": fed}


def is_complete(call: Call) -> bool:
    """Whether a call leaves no array out, such as a state to begin with, which graphs always say."""
    return all(array is not None for array in call.operation.split(call.arguments)[0].values())


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", CATALOGUE)
def test_every_function_of_the_catalogue_runs_in_a_graph(monkeypatch, dtype, kind):
    """To the bits of the function itself, with all of its hyperparameters; indices of classes are constants."""
    without_compiling(monkeypatch)
    calls = [call for call in drawn_calls(cpu, kind, dtype, 6 * CALLS) if is_complete(call)]
    assert len(calls) >= CALLS
    for call in calls[:CALLS]:
        wanted = call.run()
        wanted = tuple(wanted) if isinstance(wanted, tuple) else (wanted,)
        given = graph_of(kind, *call.operation.split(call.arguments))
        fetches = [f"it:{place}" for place in range(len(wanted))]
        for run in (cpu.run_graph, compiled):
            assert numbers(run(**given, fetches=fetches)) == numbers(wanted)


@pytest.mark.parametrize("dtype", DTYPES)
def test_all_arithmetic_is_within_the_bounds_of_a_graph(dtype):
    """Of any numbers; logarithms and roots of positive ones."""
    rng = np.random.default_rng(3)
    feeds = tuple(
        array.astype(dtype) for array in (rng.standard_normal(50), rng.uniform(0.1, 9, 50), np.arange(50) % 3)
    )
    graph = [
        {"name": name, "kind": "placeholder", "attributes": {"shape": (50,)}} for name in ("any", "positive", "few")
    ]
    inputs = {"log": ["positive:0"], "sqrt": ["positive:0"], "where_same": ["few:0", "one:0", "any:0", "positive:0"]}
    graph.append({"name": "one", "kind": "constant", "attributes": {"value": 1.0}})
    for kind, count in ARITHMETIC.items():
        given = inputs.get(kind, ["any:0", "positive:0", "few:0"][:count])
        graph.append({"name": kind, "kind": kind, "inputs": given})
    arguments = {"feeds": feeds, "graph": graph, "fed": ["any:0", "positive:0", "few:0"]}
    arguments["fetches"] = [f"{kind}:0" for kind in ARITHMETIC]
    count = judged("run_graph", arguments, cpu.run_graph(**arguments))
    assert (count.deciding, count.undecidable, count.vacuous) == (50 * len(ARITHMETIC), 0, 0)


X = {"name": "x", "kind": "placeholder", "attributes": {"shape": (2,)}}
Y = {"name": "y", "kind": "relu", "inputs": ["x:0"]}
GIVEN = {"feeds": (np.ones(2),), "graph": [X, Y], "fed": ["x:0"], "fetches": ["y:0"]}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"feeds": [np.ones(2)]}, "feeds: wanted a tuple of arrays; got list"),
        ({"feeds": ()}, "feeds: wanted 1 arrays, one for each name in fed; got 0 of them"),
        ({"feeds": ([1.0, 2.0],)}, "feeds[0]: wanted an array of float32 or float64; got list"),
        ({"feeds": (np.ones(2, int),)}, "feeds[0]: wanted an array of float32 or float64; got dtype int64"),
        ({"feeds": (np.ones(3),)}, "feeds: wanted a float64 array of shape [2] for 'x:0'; got float64 [3]"),
        (
            {"feeds": (np.ones(2), np.ones(2, np.float32)), "fed": ["x:0", "y:0"]},
            "feeds[1]: wanted dtype float64 as the other arrays have; got dtype float32",
        ),
        ({"feeds": (np.ones(2),) * 2, "fed": ["x:0", "x:0"]}, "fed: wanted each tensor once; got ['x:0', 'x:0']"),
        ({"fed": ["x"]}, "fed: wanted the name of a tensor of the graph, such as 'x:0'; got 'x'"),
        ({"fed": "x:0"}, "fed: wanted a list of names of tensors; got 'x:0'"),
        ({"fetches": "y:0"}, "fetches: wanted a list of names of tensors; got 'y:0'"),
        ({"fetches": ["y"]}, "fetches: wanted the name of a tensor of the graph, such as 'x:0'; got 'y'"),
        ({"fetches": [["y:0"]]}, "fetches: wanted the name of a tensor"),
        ({"feeds": (), "fed": []}, "feeds: wanted a value for placeholder 'x'; got none"),
        ({"graph": None}, "graph: wanted a list with a dict for each operation as data; got None"),
        ({"graph": [X, [1.0]]}, "graph: wanted a list with a dict for each operation as data"),
        ({"graph": [X, X, Y]}, "graph: wanted a text that no other has as name of operation 1; got 'x'"),
        ({"graph": [X, {**Y, "kind": "dropout"}]}, "graph: wanted those of dropout as inputs and attributes"),
    ],
)
def test_what_run_graph_refuses(changes, message):
    with pytest.raises(InvalidArgument) as refused:
        cpu.run_graph(**(GIVEN | changes))
    assert message in str(refused.value)


def test_numbers_that_an_operation_cannot_work_with_are_the_graphs_fault():
    hinge = {"name": "it", "kind": "hinge_loss", "inputs": ["x:0", "y:0"]}
    with pytest.raises(InvalidArgument, match=r"graph: wanted .* as labels of hinge_loss 'it'; got"):
        cpu.run_graph(**(GIVEN | {"feeds": (np.full(2, 3.0),), "graph": [X, Y, hinge], "fetches": ["it:0"]}))


def test_without_feeds_numbers_are_of_float64():
    third = {"name": "third", "kind": "constant", "attributes": {"value": 1 / 3}}
    [result] = cpu.run_graph((), graph=[third], fed=[], fetches=["third:0"])
    assert (result.dtype, result.shape, result.item()) == (np.float64, (), 1 / 3)
