"""Running graphs: what a fetch needs, what a session remembers, and in which order nothing changes."""

from __future__ import annotations

from contextlib import nullcontext
from fractions import Fraction
from itertools import combinations, product
from random import Random
from typing import Any

import pytest

from conformance.arrays import as_lists
from conformance.operations import operations
from conformance.sampling import sample_calls
from reference import Graph, Session, Tensor, run_graph
from reference.errors import InvalidArgument
from reference.readiness import pruned, require_no_race
from tests.reference.support import calls_of, convert


def counter() -> tuple[Graph, Any, Any]:
    """A variable, and what adds one to it."""
    graph = Graph()
    count = graph.variable("count", 0)
    return graph, count, graph.assign_add(count, 1)


def test_a_fetch_runs_what_it_needs_each_once_and_nothing_else():
    graph = Graph()
    x = graph.placeholder("x", ())
    square = x * x
    graph.placeholder("unfed", ()) + square
    fourth = square * square
    session = Session(graph)
    assert session.run(fourth, {x: 3}) == 81
    assert session.executed == ["multiply", "multiply_1"]


def test_feeding_a_tensor_cuts_the_graph_there():
    graph = Graph()
    x = graph.placeholder("x", ())
    square = x * x
    session = Session(graph)
    assert session.run([square + 1, square], {square: 10}) == [11, 10]
    assert session.executed == ["constant", "add"]


def test_variables_live_from_run_to_run_and_each_session_has_its_own():
    graph, count, one_more = counter()
    session, other = Session(graph), Session(graph)
    assert [session.run(one_more) for _ in range(3)] == [1, 2, 3]
    assert (session.run(count), other.run(count)) == (3, 0)
    session.variables.clear()
    assert session.run(count) == 0


def test_an_operation_is_fetched_for_what_it_does():
    graph, _, one_more = counter()
    session = Session(graph)
    assert session.run([one_more.operation, "assign_add"]) == [None, None]
    assert session.run("count:0") == 1


def test_a_placeholder_that_is_fed_has_run():
    graph = Graph()
    x, w = graph.placeholder("x", ()), graph.variable("w", 1)
    with graph.control_dependencies([x, w]):
        changed = graph.assign_add(w, 2)
    assert Session(graph).run([changed, x.operation], {x: 5}) == [3, None]
    with pytest.raises(InvalidArgument, match="feeds: wanted a value for placeholder 'x'; got none"):
        Session(graph).run(changed)


def test_fetches_keep_their_structure():
    graph = Graph()
    x = graph.placeholder("x", ())
    fetched = Session(graph).run({"a": [x, (x * 2,)], "b": "x:0"}, {"x:0": 4})
    assert fetched == {"a": [4, (8,)], "b": 4}


def test_control_dependencies_choose_what_a_read_sees():
    graph, count, one_more = counter()
    with graph.control_dependencies([count]):
        later = graph.assign(count, 10)
    with graph.control_dependencies([later]):
        read = graph.read(count)
    assert Session(graph).run([count, read]) == [0, 10]
    with graph.control_dependencies([one_more]):
        after = graph.read(count)
    assert Session(graph).run([one_more, after]) == [1, 1]


@pytest.mark.parametrize("first", ["count", "assign_add"])
def test_an_order_that_nothing_fixes_is_refused(first: str):
    graph, _, _ = counter()
    message = "'count' and 'assign_add' on 'count' in either order"
    with pytest.raises(InvalidArgument, match=message):
        Session(graph).run([first, "count:0", "assign_add:0"])
    session = Session(graph)
    session.run("assign_add")
    assert session.run("count:0") == 1


def test_two_assignments_without_an_order_are_refused_and_nothing_is_changed():
    graph, count, _ = counter()
    graph.assign(count, 5)
    session = Session(graph)
    with pytest.raises(InvalidArgument, match="'assign_add' and 'assign' on 'count' in either order"):
        session.run(["assign_add", "assign"])
    assert session.run(count) == 0
    assert session.runs == 1


def test_a_race_is_found_exactly_where_two_uses_have_no_order():
    """Of all ways to use a variable four times, with all control dependencies that there can be among them."""
    pairs, races = list(combinations(range(4), 2)), 0
    for changes, waits in product(product([False, True], repeat=4), product([False, True], repeat=len(pairs))):
        edges = {pair for pair, there in zip(pairs, waits, strict=True) if there}
        graph, uses = Graph(), list[Tensor]()
        w = graph.variable("w", 0)
        for place, change in enumerate(changes):
            with graph.control_dependencies([uses[i] for i in range(place) if (i, place) in edges]):
                uses.append(graph.assign(w, 1) if change else graph.read(w))
        before = edges | {(0, 2)} if edges >= {(0, 1), (1, 2)} else set(edges)
        before |= {(i, 3) for i, j in before if (j, 3) in edges}
        race = any(pair not in before and (changes[pair[0]] or changes[pair[1]]) for pair in pairs)
        races += race
        with pytest.raises(InvalidArgument, match="on 'w' in either order") if race else nullcontext():
            require_no_race(pruned(uses))
    assert 100 < races < 1000


def test_a_run_that_fails_leaves_nothing_behind():
    graph = Graph()
    w, noise, label = graph.variable("w", 1), graph.random_uniform(()), graph.placeholder("label", (1,))
    changed = graph.assign_add(w, 1)
    with graph.control_dependencies([changed]):
        loss = graph.apply("sparse_softmax_cross_entropy_with_logits", [[1.0, 2.0]], label)
    session, undisturbed = Session(graph), Session(graph)
    assert session.run([changed, noise]) == undisturbed.run([changed, noise])
    with pytest.raises(InvalidArgument, match="labels of sparse_softmax_cross_entropy_with_logits"):
        session.run([loss, changed], {label: [5]})
    assert session.variables == {"w": 2}
    assert session.run([w, noise]) == undisturbed.run([w, noise])


def test_an_error_that_numbers_make_says_in_which_operation():
    graph = Graph()
    with pytest.raises(ZeroDivisionError) as caught:
        Session(graph).run(graph.apply("divide", 1, 0, name="ratio"))
    assert caught.value.__notes__ == ["in divide 'ratio'"]


def test_many_changes_of_one_variable_take_no_longer_each():
    def run(changes: int) -> None:
        graph = Graph()
        last = w = graph.variable("w", 0)
        for _ in range(changes):
            with graph.control_dependencies([last]):
                last = graph.assign_add(w, 1)
        Session(graph).run(last)

    few, more, most = (calls_of(lambda changes=changes: run(changes)) for changes in (50, 100, 150))
    assert most - more == more - few


def test_random_numbers_are_drawn_once_a_run_and_anew_in_the_next():
    graph = Graph()
    first, second = graph.random_uniform((2,)), graph.random_uniform((2,))
    session = Session(graph, seed=1)
    zero, one, other = session.run([first + -first, first, second])
    assert zero == [0, 0]
    assert one != other
    assert session.run(first) != one
    assert Session(graph, seed=1).run([second, first]) == [other, one]
    assert Session(graph, seed=2).run(first) != one


def test_any_order_in_which_operations_can_run_gives_the_same_bits():
    varied = 0
    for seed, arguments in enumerate(sample_calls(operations()["run_graph"], "float64", 60)):
        graph, fetches = Graph.of(arguments["graph"]), arguments["fetches"]
        feeds = dict(zip(arguments["fed"], map(as_lists, arguments["feeds"]), strict=True))
        wanted, orders = Session(graph), set()
        results = {repr(wanted.run(fetches, feeds))}
        random = Random(seed)
        for _ in range(5):
            session = Session(graph, choose=lambda ready, random=random: random.randrange(len(ready)))
            results.add(repr(session.run(fetches, feeds)))
            orders.add(tuple(session.executed))
            assert session.variables == wanted.variables
            assert sorted(session.executed) == sorted(wanted.executed)
        assert len(results) == 1
        varied += len(orders) > 1
    assert varied > 20


def test_a_session_runs_with_whatever_numbers_it_is_fed():
    graph = Graph()
    x, w = graph.placeholder("x", (1, 2)), graph.variable("w", [[3], [4]])
    y = graph.apply("matrix_product", x, w) / 7
    assert Session(graph).run(y, {x: [[Fraction(1, 3), 2]]}) == [[Fraction(9, 7)]]
    assert Session(graph).run(y, {x: [[0.5, 2.0]]}) == [[9.5 / 7]]


@pytest.mark.parametrize(
    ("fetches", "feeds", "message"),
    [
        ("sum", {}, "feeds: wanted a value for placeholder 'x'; got none"),
        ("sum:0", {"x:0": [1]}, r"feeds: wanted a value of shape \[1, 2\] for 'x:0'; got shape \[1\]"),
        ("sum:0", {"x:0": None}, r"feeds: wanted a value of shape \[1, 2\] for 'x:0'; got None"),
        ("sum:0", {"y:0": [1]}, "tensor: wanted the name of a tensor of this graph, such as 'x:0'; got 'y:0'"),
        ("sum:0", [1], r"feeds: wanted a dict of values by tensors or their names; got \[1\]"),
        ("sum:0", {3: 4}, "feeds: wanted a dict of values by tensors or their names; got 3 in it"),
        ("sum:0", {"x:0": [["sum", 1]]}, "feeds: wanted a nested list of numbers; got 'sum' inside"),
        (None, {}, "fetches: wanted tensors and operations of the graph, or their names; got None"),
        ("y:0", {}, "tensor: wanted the name of a tensor of this graph, such as 'x:0'; got 'y:0'"),
    ],
)
def test_what_does_not_fit_is_named(fetches: Any, feeds: Any, message: str):
    graph = Graph()
    x, w = graph.placeholder("x", (1, 2)), graph.variable("w", [[3], [4]])
    graph.apply("matrix_product", x, w, name="sum")
    with pytest.raises(InvalidArgument, match=message):
        Session(graph).run(fetches, feeds)


def test_what_is_fed_is_known_and_each_tensor_is_fed_once():
    graph = Graph()
    x, y = graph.placeholder("x", ()), graph.placeholder("y", ())
    with pytest.raises(InvalidArgument, match="feeds: wanted each tensor once; got 'x:0' twice"):
        Session(graph).run(x, {x: 1, "x:0": 2})
    with pytest.raises(InvalidArgument, match=r"feeds: wanted numbers for 'x:0'; got <y:0 .*> of the graph itself"):
        Session(graph).run(x, {x: y})


def test_a_part_of_a_graph_is_run_by_workers_only():
    graph = Graph()
    graph.apply("send", graph.placeholder("x", ()), tensor="x:0", destination="cpu:1")
    with pytest.raises(InvalidArgument, match="fetches: wanted a whole graph, not a part; got 'send' in it"):
        Session(graph).run("send", {"x:0": 1})


@pytest.mark.parametrize("place", [None, 1, -1, 0.5])
def test_who_chooses_chooses_a_place_in_the_list(place: Any):
    graph = Graph()
    with pytest.raises(InvalidArgument, match="choose: wanted a place in a list of 1; got"):
        Session(graph, choose=lambda ready: place).run(graph.constant(1))


def test_a_seed_is_an_integer():
    with pytest.raises(InvalidArgument, match="seed: wanted an integer; got '1'"):
        Session(Graph(), seed="1")


def test_what_an_operation_cannot_work_with_names_it():
    graph = Graph()
    x = graph.placeholder("x", (1,))
    y = graph.apply("leaky_relu", x, slope=-1, name="leak")
    with pytest.raises(InvalidArgument, match="slope of leaky_relu 'leak': wanted a number of at least 0; got -1"):
        Session(graph).run(y, {x: [1]})


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"feeds": [[1, 2]]}, r"feeds: wanted a tuple of 1 arrays, one for each name; got \[\[1, 2\]\]"),
        ({"feeds": ()}, r"feeds: wanted a tuple of 1 arrays, one for each name; got \(\)"),
        ({"fed": "x:0"}, "fed: wanted a list of names of tensors; got 'x:0'"),
        ({"fed": ["x:0", "x:0"], "feeds": ([1, 2],) * 2}, "fed: wanted each tensor once"),
        ({"fetches": [1]}, r"fetches: wanted a list of names of tensors; got \[1\]"),
        ({"fetches": ["z:0"]}, "fetches: wanted the name of a tensor of this graph, such as 'x:0'; got 'z:0'"),
    ],
)
def test_a_call_with_plain_data_names_what_is_wrong(changed: dict[str, Any], message: str):
    graph = [
        {"name": "x", "kind": "placeholder", "attributes": {"shape": (2,)}},
        {"name": "y", "kind": "relu", "inputs": ["x:0"]},
    ]
    call = {"feeds": ([1, -2],), "graph": graph, "fed": ["x:0"], "fetches": ["y:0"]}
    feeds = call.pop("feeds")
    assert run_graph(feeds, **call) == ([1, 0],)
    call = {"feeds": feeds, **call, **changed}
    with pytest.raises(InvalidArgument, match=message):
        run_graph(call.pop("feeds"), **call)


def test_deep_graphs_need_no_deep_stack():
    graph = Graph()
    x = graph.placeholder("x", ())
    deep = x
    for _ in range(20_000):
        deep = deep + x
    assert Session(graph).run(deep, {x: 1}) == 20_001


def test_fractions_go_through_every_drawn_graph_of_integers():
    for arguments in sample_calls(operations()["run_graph"], "float64", 30, values="swept"):
        feeds = tuple(convert(Fraction, as_lists(feed)) for feed in arguments["feeds"])
        floats = run_graph(**{**arguments, "feeds": tuple(map(as_lists, arguments["feeds"]))})
        assert run_graph(**{**arguments, "feeds": feeds}) == floats
