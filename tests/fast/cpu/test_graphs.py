"""Graphs on a CPU against the reference's sessions: exact where nothing is rounded, within derived bounds elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import fast.cpu as cpu
from fast.cpu.elementwise import PARALLEL_SIZE
from fast.cpu.graph_functions import FUNCTIONS
from fast.cpu.graph_gradients import GRADIENTS
from fast.cpu.graph_kernels import KERNELS
from fast.cpu.graph_loops import EXPRESSIONS
from fast.cpu.graph_plan import VIEWS
from fast.cpu.graph_shapes import ARITHMETIC, RULES
from fast.cpu.graphs import GraphSession, compile_graph
from fast.cpu.linear import product_kernel
from reference import Graph, Session, add_gradients
from reference.arrays import elementwise
from reference.errors import InvalidArgument, Undecidable
from reference.numbers import Arithmetic, Rounded
from reference.operation_kinds import COMMUNICATION, KINDS, STATE
from tests.fast.cpu.uncompiled_graphs import without_compiling
from tests.fast.drawn import bits
from tests.fast.drawn_graphs import DrawnGraph, drawn_graph

DTYPES = ["float32", "float64"]
#: Runs of each graph: what is assigned in one shows in the next.
RUNS = 2
#: What looks at numbers, or is several calls of Python's.
BY_PYTHON = {
    "logistic",
    "simple_rnn",
    "simple_rnn_step",
    "dropout",
    "sparse_softmax_cross_entropy_with_logits",
    "negative_log_likelihood",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "hinge_loss",
}


def arithmetic_of(dtype: str) -> Arithmetic:
    """The arithmetic that the CPU path claims."""
    return Arithmetic(dtype, **cpu.PROFILE[dtype])


def with_numbers(graph: Graph, number: Callable[[Any], Any]) -> Graph:
    """The same graph, of other numbers."""
    data = graph.data()
    for entry in data:
        if entry["kind"] in ("variable", "constant"):
            entry["attributes"] = {"value": elementwise(number, entry["attributes"]["value"])}
    return Graph.of(data)


def expected_runs(drawn: DrawnGraph, dtype: str) -> list[Any]:
    """What the reference fetches in some runs, with the errors that the dtype may make."""
    arithmetic = arithmetic_of(dtype)

    def rounded(number: Any) -> Rounded:
        return Rounded(number, arithmetic)

    session = Session(with_numbers(drawn.graph, rounded))
    feeds = {name: elementwise(rounded, value) for name, value in drawn.feeds.items()}
    return [session.run(drawn.fetches, feeds) for _ in range(RUNS)]


def compare(computed: Any, wanted: Any) -> tuple[int, int]:
    """Hold every number to its bound; returns how many there are, and how many had to be exact."""
    count = exact = 0
    for array, value in zip(computed, wanted, strict=True):
        assert (array is None) == (value is None)
        if value is None:
            continue
        numbers: list[Any] = []
        elementwise(numbers.append, value)
        assert array.size == len(numbers)
        for got, bound in zip(array.reshape(-1).tolist(), numbers, strict=True):
            error = bound.error if isinstance(bound, Rounded) else 0
            middle = bound.value if isinstance(bound, Rounded) else bound
            assert abs(type(middle)(got) - middle) <= error, (got, bound)
            count, exact = count + 1, exact + (error == 0)
    return count, exact


def arrays_of(feeds: dict[str, Any], dtype: str) -> dict[str, np.ndarray]:
    return {name: np.array(value, dtype) for name, value in feeds.items()}


def interpreted(drawn: DrawnGraph, dtype: str) -> Callable[[Any], Any]:
    session = GraphSession(drawn.graph.data(), dtype=dtype)
    return lambda feeds: session.run(drawn.fetches, feeds)


def compiled(drawn: DrawnGraph, dtype: str) -> Callable[[Any], Any]:
    return compile_graph(drawn.graph.data(), drawn.fetches, fed=drawn.feeds, dtype=dtype)


def runs_as_the_reference(drawn: DrawnGraph, dtype: str, *ways: Callable[..., Any]) -> tuple[int, int] | None:
    """Run a graph in some ways; None where the reference refuses it, which all ways must do then."""
    try:
        wanted = expected_runs(drawn, dtype)
    except InvalidArgument:
        for way in ways:
            with pytest.raises(InvalidArgument):
                way(drawn, dtype)(arrays_of(drawn.feeds, dtype))
        return None
    except Undecidable:
        return None
    counted = (0, 0)
    for way in ways:
        run, feeds = way(drawn, dtype), arrays_of(drawn.feeds, dtype)
        before = bits(tuple(feeds.values()))
        found = [run(feeds) for _ in range(RUNS)]
        for results, values in zip(found, wanted, strict=True):
            counted = compare(results, values)
        assert bits(tuple(feeds.values())) == before
    return counted


@pytest.mark.parametrize("dtype", DTYPES)
def test_drawn_graphs(monkeypatch, dtype):
    """Interpreted, and by the text of their code; on the lattice, most numbers must be exact."""
    without_compiling(monkeypatch)
    counted = [runs_as_the_reference(drawn_graph(seed), dtype, interpreted, compiled) for seed in range(100)]
    numbers, exact = (sum(pair[place] for pair in counted if pair) for place in (0, 1))
    assert sum(pair is not None for pair in counted) > 75
    assert exact > 0.9 * numbers > 1000


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("seed", [3, 11])
def test_drawn_graphs_compiled(dtype, seed):
    """The compiled text is what the text says."""
    assert runs_as_the_reference(drawn_graph(seed, 25), dtype, compiled)


def test_every_kind_has_a_function_and_a_text():
    """A kind of the reference's that isn't here would be refused by name: generic gradients, and what joins parts."""
    assert set(RULES) == set(KINDS) - set(COMMUNICATION)
    computing = set(RULES) - set(STATE) - {"constant", "gradient"}
    assert set(FUNCTIONS) == computing
    by_python = computing - set(EXPRESSIONS) - set(KERNELS) - set(VIEWS) - {"stack", "shares_of_largest"}
    assert by_python == {
        *(f"{name}{suffix}" for name in BY_PYTHON for suffix in ("", "_vjp")),
    }


def test_every_kind_of_arithmetic_on_special_values():
    """Interpreted and compiled, of all kinds that are computed number by number: the same bits, NaN's sign left out."""
    special = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-40, 1.5, -2.5, 80.0, -80.0, 3e38], np.float32)
    x, y = (array.reshape(-1) for array in np.meshgrid(special, special))
    data = [{"name": name, "kind": "placeholder", "attributes": {"shape": x.shape}} for name in ("x", "y", "z")]
    for kind, count in ARITHMETIC.items():
        data.append({"name": kind, "kind": kind, "inputs": ["x:0", "y:0", "z:0", "y:0"][:count]})
    for kind in ("relu", "leaky_relu", "step"):
        data.append({"name": kind, "kind": kind, "inputs": ["x:0"]})
        data.append({"name": f"{kind}_vjp", "kind": f"{kind}_vjp", "inputs": ["x:0", "y:0"]})
    fetches = [f"{entry['name']}:0" for entry in data[3:]]
    feeds = {"x:0": x, "y:0": y, "z:0": np.roll(x, 5)}
    ways = GraphSession(data).run(fetches, feeds), compile_graph(data, fetches)(feeds)
    for name, one, other in zip(fetches, *ways, strict=True):
        assert np.array_equal(np.isnan(one), np.isnan(other)), name
        known = ~np.isnan(one)
        assert one[known].tobytes() == other[known].tobytes(), name


def small_network() -> Graph:
    """A convolution, pooling, two dense layers and a loss, with a step of Adam; numbers that float32 holds."""
    graph, rng = Graph(), np.random.default_rng(3)

    def numbers(*shape: int) -> Any:
        return (np.round(rng.standard_normal(shape) * 64) / 128).tolist()

    images, labels = graph.placeholder("images", (4, 6, 6, 2)), graph.placeholder("labels", (4, 3))
    shapes = {"k": (3, 3, 2, 3), "c": (3,), "w": (27, 5), "b": (5,), "v": (5, 3), "d": (3,)}
    variables = {name: graph.variable(name, numbers(*shape)) for name, shape in shapes.items()}
    layer = graph.apply(
        "convolutional_layer", images, variables["k"], variables["c"], activation="relu", padding="same"
    )
    pooled = graph.apply("max_pool2d", layer, pool_size=2)
    hidden = graph.apply("reshape", pooled, shape=(4, 27))
    hidden = graph.apply("dense_layer", hidden, variables["w"], variables["b"], activation="tanh")
    logits = graph.apply("dense", hidden, variables["v"], variables["d"])
    losses = graph.apply("softmax_cross_entropy_with_logits", logits, labels)
    loss = graph.apply("empirical_loss", losses, name="loss")
    steps = []
    for variable, gradient in zip(variables.values(), add_gradients([loss], [*variables.values()]), strict=True):
        mean = graph.variable("mean", np.zeros(variable.shape).tolist())
        mean = graph.assign(mean, mean * 0.5 + gradient * 0.5)
        steps.append(graph.assign_add(variable, -(mean * 0.125 / ((gradient * gradient).sqrt() + 0.25))))
    with graph.control_dependencies(steps):
        graph.constant(1, name="train")
    return graph


def network_feeds() -> dict[str, Any]:
    rng = np.random.default_rng(5)
    images = np.round(rng.standard_normal((4, 6, 6, 2)) * 64) / 64
    return {"images:0": images.tolist(), "labels:0": np.eye(3)[[0, 2, 1, 2]].tolist()}


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_network_within_bounds(dtype):
    """Numbers that are rounded on the way: as far off as the reference's arithmetic may be, and both ways alike."""
    graph = small_network()
    drawn = DrawnGraph(graph, ["loss:0", "train", "k:0", "v:0", "gradients/ones_like:0"], network_feeds())
    numbers, exact = runs_as_the_reference(drawn, dtype, interpreted, compiled) or (0, 0)
    assert numbers > exact


def test_interpreted_and_compiled_have_the_same_bits_for_many_steps():
    graph, feeds = small_network().data(), arrays_of(network_feeds(), "float32")
    session, step = GraphSession(graph), compile_graph(graph, ["loss:0", "train"])
    for _ in range(20):
        assert bits(tuple(session.run(["loss:0", "train"], feeds)[:1])) == bits(tuple(step(feeds)[:1]))
    assert bits(tuple(session.variables.values())) == bits(tuple(step.variables.values()))


@pytest.mark.parametrize("dtype", DTYPES)
def test_long_loops_are_shared_among_threads(dtype):
    """Numbers enough for several blocks, with ends in the middle of vectors; a variable changes in place."""
    graph, count = Graph(), 3 * PARALLEL_SIZE + 5
    x = graph.placeholder("x", (count,))
    v = graph.variable("v", [1] * count)
    doubled = graph.assign_add(v, graph.apply("relu", x * v + 3))
    total = graph.apply("total", graph.apply("where_positive", doubled + -20, x, 1))
    data, values = graph.data(), (np.arange(count) % 41 - 20).astype(dtype)
    program, held = compile_graph(data, [total.name, doubled.name], dtype=dtype), np.ones(count, dtype)
    assert program.code.large
    for _ in range(3):
        found, changed = program({"x:0": values})
        held += np.maximum(values * held + 3, 0)
        assert changed.tobytes() == held.tobytes() == program.variables["v"].tobytes()
        assert found == np.where(held > 20, values, 1).sum()


def test_a_variable_read_before_it_changes_keeps_its_value(monkeypatch):
    """Whoever uses what was read, before the change or after it, by itself or in a loop with it."""
    without_compiling(monkeypatch)
    graph = Graph()
    v = graph.variable("v", [1, 2, 3])
    with graph.control_dependencies([v]):
        changed = graph.assign(v, [4, 5, 6])
    with graph.control_dependencies([changed]):
        late = graph.apply("total", v)
        again = graph.read(v)
        product = graph.apply("matrix_product", graph.apply("reshape", v, shape=(1, 3)), [[1], [10], [100]])
    with graph.control_dependencies([again]):
        later = graph.assign_add(v, v)
    fetches = [tensor.name for tensor in (v, late, again, product, v * again, later)]
    data = graph.data()
    wanted = Session(graph).run(fetches)
    for run in (GraphSession(data).run(fetches), compile_graph(data, fetches)()):
        assert [array.tolist() for array in run] == wanted


def test_what_is_fed_stays_although_its_operation_runs(monkeypatch):
    """A change that only has to happen, an output of several, a product, and a constant."""
    without_compiling(monkeypatch)
    graph = Graph()
    x, v, c = graph.placeholder("x", (2,)), graph.variable("v", [1, 2]), graph.constant(3)
    product = graph.apply("matrix_product", [[1, 2]], [[3], [4]])
    changed = graph.assign_add(v, x * 2)
    shares = graph.apply("shares_of_largest", graph.placeholder("a", ()), 3, 7)
    feeds = {"x:0": [1, 2], "a:0": 2, changed.name: [10, 20], shares[1].name: 5, c.name: 4}
    feeds[product.name] = [[6]]
    fetches = ["assign_add", changed.name, (changed + 1).name, shares[0].name, (shares[1] * 2).name, (x * c).name]
    fetches += ["matrix_product", (product + 1).name]
    assert runs_as_the_reference(DrawnGraph(graph, fetches, feeds), "float32", interpreted, compiled) == (9, 9)
    program = compile_graph(graph.data(), fetches, fed=feeds)
    program(arrays_of(feeds, "float32"))
    assert program.variables["v"].tolist() == [3, 6]


def test_numbers_that_are_put_together_and_taken_apart(monkeypatch):
    """In a loop over single numbers, whoever takes one out of an array waits until the array is there."""
    without_compiling(monkeypatch)
    graph = Graph()
    a, b = graph.placeholder("a", ()), graph.placeholder("b", ())
    first, second = graph.apply("unstack", graph.apply("stack", a + b, a * b, shape=(2,)))
    alone = graph.apply("unstack", graph.apply("stack", a + 1, shape=(1,)))
    drawn = DrawnGraph(graph, [(second + first).name, (alone * first).name], {"a:0": 2, "b:0": 5})
    assert runs_as_the_reference(drawn, "float32", interpreted, compiled) == (2, 2)


def test_a_transposed_matrix_is_its_indices(monkeypatch):
    """However the interpreter leaves it in memory: whoever takes it row by row gets other rows."""
    without_compiling(monkeypatch)
    graph = Graph()
    x = graph.apply("transpose", graph.placeholder("x", (2, 3)))
    takers = [graph.apply(kind, x) for kind in ("flatten", "relu", "negative", "transpose")]
    takers += [graph.apply("reshape", x, shape=(1, 6)), *graph.apply("unstack", x), x * [[1, 2], [3, 4], [5, 6]]]
    drawn = DrawnGraph(graph, [x.name, *(taker.name for taker in takers)], {"x:0": [[1, -2, 3], [4, 5, -6]]})
    assert runs_as_the_reference(drawn, "float32", interpreted, compiled) == (48, 48)


def test_a_gradient_takes_its_own_layers_output():
    """And of no other activation; where the layer isn't run, it is computed anew."""
    graph = Graph()
    x, w = graph.placeholder("x", (2, 3)), graph.variable("w", [[1, -2], [3, 1], [-1, 2]])
    given = x, w, graph.constant([0, 1])
    layers = [graph.apply("dense_layer", *given, activation=name) for name in ("relu", "tanh", "sigmoid")]
    [slope] = add_gradients([layers[1]], [x])
    feeds = {"x:0": [[0.5, -0.25, 0.125], [0.25, 0.5, -0.5]]}
    for fetches, products in (([slope.name], 1), ([layer.name for layer in layers] + [slope.name], 3)):
        assert runs_as_the_reference(DrawnGraph(graph, fetches, feeds), "float64", interpreted, compiled)
        listed = compile_graph(graph.data(), fetches, dtype="float64").code.table
        assert sum(isinstance(key, tuple) and key[0] is product_kernel for key in listed) == products


def test_a_variable_may_grow_beyond_all_numbers(monkeypatch):
    """To infinity, and without a warning, which would be an error here."""
    without_compiling(monkeypatch)
    graph = Graph()
    v = graph.variable("v", [2.0**127, 1.0])
    doubled, data = graph.assign_add(v, v).name, graph.data()
    for found in (GraphSession(data).run(doubled), compile_graph(data, doubled)()):
        assert found.tolist() == [np.inf, 2]


def test_a_variable_that_changes_twice_in_a_row(monkeypatch):
    without_compiling(monkeypatch)
    graph = Graph()
    v = graph.variable("v", [1, 2])
    first = graph.assign(v, v * 3)
    with graph.control_dependencies([first]):
        second = graph.assign_add(v, [1, 1])
    drawn = DrawnGraph(graph, [second.name, first.name, v.name])
    assert runs_as_the_reference(drawn, "float32", interpreted, compiled) == (6, 6)


def test_results_are_the_callers_own():
    graph = Graph()
    x, v = graph.placeholder("x", (3,)), graph.variable("v", [1, 2, 3])
    both = graph.apply("reshape", x + v, shape=(3, 1))
    fetches = {"sum": both.name, "x": "x:0", "v": "v:0", "flat": [graph.apply("flatten", both).name, "add:0", "add:0"]}
    data, given = graph.data(), np.array([1, 2, 3], np.float32)
    session = GraphSession(data)
    step = session.compile(fetches)
    for run in (step, lambda feeds: session.run(fetches, feeds)):
        first = run({"x:0": given})
        arrays = [first["sum"], first["x"], first["v"], *first["flat"]]
        before = bits(tuple(arrays))
        for place, array in enumerate(arrays):
            others = [*arrays[:place], given, *step.variables.values()]
            assert not any(np.shares_memory(array, other) for other in others)
        again = run({"x:0": given + 1})
        assert bits(tuple(arrays)) == before
        assert again["x"].tolist() == [2, 3, 4]
        for array in arrays:
            array[...] = np.nan
        assert run({"x:0": given})["flat"][1].tolist() == [2, 4, 6]


def test_a_variable_may_be_fed_with_itself(monkeypatch):
    """What is fed stays what it was when the run began."""
    without_compiling(monkeypatch)
    graph = Graph()
    x, v = graph.placeholder("x", (2, 2)), graph.variable("v", [[1, 2], [3, 4]])
    with graph.control_dependencies([graph.assign_add(v, [[1, 1], [1, 1]])]):
        product = graph.apply("matrix_product", x, graph.constant([[1, 0], [0, 1]]))
    session = GraphSession(graph.data())
    for run in (lambda feeds: session.run(product.name, feeds), session.compile(product.name)):
        before = session.variables["v"].tolist()
        assert run({"x:0": session.variables["v"]}).tolist() == before
        assert session.variables["v"].tolist() != before


def test_a_run_that_fails_leaves_nothing_behind(monkeypatch):
    """Neither what it assigned nor that it was one: the random numbers of the next are those of the first."""
    without_compiling(monkeypatch)
    graph = Graph()
    scores, labels = graph.placeholder("scores", (1, 2)), graph.placeholder("labels", (1,))
    changed = graph.assign_add(graph.variable("v", [1, 2]), graph.random_uniform((2,)))
    with graph.control_dependencies([changed]):
        loss = graph.apply("negative_log_likelihood", scores, labels)
    feeds = {"scores:0": np.zeros((1, 2)), "labels:0": np.array([1.0])}
    session = GraphSession(graph.data(), dtype="float64")
    once = GraphSession(graph.data(), dtype="float64").run([changed.name, loss.name], feeds)
    for run in (lambda f: session.run([changed.name, loss.name], f), session.compile([changed.name, loss.name])):
        with pytest.raises(InvalidArgument, match="labels"):
            run({**feeds, "labels:0": np.array([2.0])})
        assert session.variables["v"].tolist() == [1, 2]
        assert bits(tuple(run(feeds))) == bits(tuple(once))
        session.variables["v"][:], session.runs = [1, 2], 0


def test_random_numbers_are_those_of_a_session():
    graph = Graph()
    graph.random_uniform((2, 3))
    data, own = graph.data(), Session(graph, seed=5)
    session = GraphSession(data, dtype="float64", seed=5)
    step = session.compile("random_uniform:0")
    for run in (lambda: session.run("random_uniform:0"), step, step):
        found = run()
        assert found.tolist() == own.run("random_uniform:0")
    assert GraphSession(data, seed=5).run("random_uniform:0").dtype == np.float32


def test_second_derivatives_of_dense_relu_and_products(monkeypatch):
    without_compiling(monkeypatch)
    graph = Graph()
    x, w = graph.placeholder("x", (2, 3)), graph.variable("w", [[1, -2], [3, 1], [-1, 2]])
    y = graph.apply("relu", graph.apply("dense", x, w, [1, -1]))
    y = graph.apply("matrix_product", y * y, graph.constant([[1, 2], [-1, 1]]))
    slopes = add_gradients([y * y], [x, w])
    curves = add_gradients([slope * slope for slope in slopes], [x, w])
    assert {op.attributes["of"] for op in graph.operations.values() if op.kind == "gradient"} == set(GRADIENTS)
    drawn = DrawnGraph(graph, [tensor.name for tensor in curves], {"x:0": [[1, 2, -1], [0, 1, 1]]})
    numbers, exact = runs_as_the_reference(drawn, "float64", interpreted, compiled) or (0, 0)
    assert numbers == exact == 12


@pytest.mark.parametrize("asked", ["x", "w", "b"])
def test_second_derivatives_from_one_of_a_gradients_outputs(monkeypatch, asked):
    """The others have no cotangent; and not one of 0 either, which would make NaN of infinities."""
    without_compiling(monkeypatch)
    graph = Graph()
    given = {"x": [[1, -2, 3]], "w": [[1], [2], [-1]], "b": [4]}
    tensors = {name: graph.placeholder(name, np.shape(value)) for name, value in given.items()}
    y = graph.apply("dense", *tensors.values())
    [slope] = add_gradients([y * y], [tensors[asked]])
    [curve] = add_gradients([slope * slope], [tensors[asked]])
    drawn = DrawnGraph(graph, [curve.name], {f"{name}:0": value for name, value in given.items()})
    assert runs_as_the_reference(drawn, "float64", interpreted, compiled)


def test_nothing_comes_back_from_what_nobody_uses(monkeypatch):
    without_compiling(monkeypatch)
    graph = Graph()
    x = graph.placeholder("x", (1, 2))
    [slope] = add_gradients([graph.apply("matrix_product", x, [[1.0], [1.0]]).tanh()], [x])
    [curve] = add_gradients([slope], [x])
    drawn = DrawnGraph(graph, [curve.name], {"x:0": [[float("inf"), 2.0]]})
    assert runs_as_the_reference(drawn, "float64", interpreted, compiled) == (2, 2)
