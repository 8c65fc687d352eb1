"""Optimization changes no bit of what a graph gives, and leaves less to do."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from reference import (
    Graph,
    InvalidArgument,
    Session,
    add_gradients,
    common_subexpressions_merged,
    constants_folded,
    optimized,
    partition,
)
from reference.numbers import Formula
from reference.operation_kinds import KINDS
from reference.tensors import Tensor
from tests.reference.graphs_to_optimize import Drawn
from tests.reference.optimization_laws import PASSES, SEEDS, drawn, require_laws, require_same_results
from tests.reference.support import calls_of


@pytest.mark.parametrize("seed", SEEDS)
def test_laws(seed: int) -> None:
    require_laws(seed)


def test_the_drawn_graphs_have_much_to_optimize() -> None:
    """Or else the laws say little."""
    merged = folded = dropped = 0
    for seed in SEEDS:
        case = drawn(seed)
        dropped += len(case.graph.operations) - len(PASSES["dead nodes"](case).graph.operations)
        merged += len(case.graph.operations) - len(PASSES["common subexpressions"](case).graph.operations)
        kinds = [[op.kind for op in g.operations.values()] for g in (case.graph, PASSES["constants"](case).graph)]
        folded += kinds[1].count("constant") - kinds[0].count("constant")
    assert min(merged, folded, dropped) > 2 * len(SEEDS)


def test_a_training_step_loses_nothing_but_work() -> None:
    graph = Graph()
    x, y = graph.placeholder("x", (2, 3)), graph.placeholder("y", (2, 1))
    w, b = graph.variable("w", [[Fraction(1, 3)], [2], [-1]]), graph.variable("b", [Fraction(1, 2)])
    loss = graph.apply("total", graph.apply("mean_squared_error", y, graph.apply("dense", x, w, b)))
    steps = [
        graph.assign_add(variable, gradient * Fraction(-1, 8))
        for variable, gradient in zip((w, b), add_gradients([loss], [w, b]), strict=True)
    ]
    case = Drawn(graph, [loss, *steps], [x, y], [x, y])
    rewritten = PASSES["all"](case)
    require_same_results(case, rewritten, 0)
    assert len(rewritten.graph.operations) < len(graph.operations)


def test_what_fails_fails_in_the_run_that_needs_it() -> None:
    graph = Graph()
    fails, fine = graph.constant(1) / 0, graph.constant(1) / 2.0
    better, went = optimized(graph, [fails, fine])
    assert Session(better).run(went[fine]) == 0.5
    with pytest.raises(ZeroDivisionError):
        Session(better).run(went[fails])


def test_numbers_that_optimization_knows_nothing_of_are_only_themselves() -> None:
    graph, name = Graph(), Formula("a")
    same, other = [graph.constant(name), graph.constant(name)], graph.constant(Formula("a"))
    better, went = optimized(graph, [*same, other, same[0] * 2])
    assert went[same[0]] is went[same[1]]
    assert went[same[0]] is not went[other]
    assert str(Session(better).run(went[other])) == "a"


def test_a_constant_may_be_too_large_to_keep() -> None:
    graph = Graph()
    many = graph.apply("fill", 1, shape=(5, 5))
    assert optimized(graph, [many], largest=24).graph.operations["fill"].kind == "fill"
    assert optimized(graph, [many], largest=25).graph.operations["fill"].kind == "constant"


def test_what_is_too_large_to_keep_is_not_even_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    graph, computed = Graph(), []
    many = graph.apply("fill", 1, shape=(5, 5))
    monkeypatch.setitem(KINDS, "fill", KINDS["fill"]._replace(compute=lambda *_, **__: computed.append("fill")))
    optimized(graph, [many], largest=24)
    assert not computed


def test_a_part_of_a_graph_is_a_graph_to_optimize_too() -> None:
    graph = Graph()
    x = graph.placeholder("x", ())
    y = (x * 2) * (x * 2)
    placement = dict.fromkeys(graph.operations, "cpu:0") | {"multiply_2": "cpu:1"}
    parts = partition([y, x.operation], placement, fed=[x])
    sends = [operation for operation in parts["cpu:0"].operations.values() if operation.kind == "send"]
    better, went = optimized(parts["cpu:0"], sends)
    assert [went[send].name for send in sends] == [send.name for send in sends]
    # Both products are one now; they are still sent under both names.
    kinds = [operation.kind for operation in better.operations.values()]
    assert sorted(kinds) == ["constant", "multiply", "receive", "send", "send"]


def test_a_name_that_is_taken_stays_with_who_has_it() -> None:
    graph = Graph()
    taken = graph.constant(5, name="unstack/1")
    numbers = graph.apply("unstack", graph.constant([1, 2]))
    better, went = optimized(graph, [*numbers, taken])
    assert Session(better).run([went[tensor] for tensor in (*numbers, taken)]) == [1, 2, 5]


def test_tensors_and_operations_go_by_their_names() -> None:
    graph = Graph()
    graph.placeholder("x", ())
    graph.apply("exp", "x:0")
    assert list(optimized(graph, ["exp", "exp:0"], ["x:0"]).graph.operations) == ["x", "exp"]
    for asked in (["y:0"], [3], [Graph().constant(1)], "exp", graph.tensor("exp:0"), None):
        with pytest.raises(InvalidArgument, match=r"^(fetches|tensor): "):
            optimized(graph, asked)


@pytest.mark.parametrize("fed", [["exp"], [3], "x:0", None])
def test_only_tensors_can_be_fed(fed: Any) -> None:
    graph = Graph()
    graph.apply("exp", graph.placeholder("x", ()))
    for rewrite in (
        lambda: optimized(graph, ["exp:0"], fed),
        lambda: constants_folded(graph, fed),
        lambda: common_subexpressions_merged(graph, fed),
    ):
        with pytest.raises(InvalidArgument, match=r"^(fed|tensor): wanted"):
            rewrite()


def chain(steps: int) -> tuple[Graph, list[Tensor]]:
    """Eight operations a step, deep and wide, with constants that wait among them."""
    graph = Graph()
    x = y = graph.placeholder("x", ())
    known = graph.constant(0)
    for _ in range(steps):
        with graph.control_dependencies([y.operation]):
            known = known + 1
        y = (y + 1) * (x + 1) + known
    return graph, [x, y, known]


def test_the_work_grows_as_the_graph_does() -> None:
    graphs = [chain(steps) for steps in (100, 200, 300)]
    first, second, third = (calls_of(optimized, graph, [y, known], [x]) for graph, (x, y, known) in graphs)
    assert third - second == second - first


def test_a_graph_as_large_as_inception() -> None:
    graph, (x, y, known) = chain(4500)
    assert len(graph.operations) >= 36_000
    better, went = optimized(graph, [y, known], [x])
    # Two constants a step stay, since each waits for another operation. x, 1 and x + 1, which is y + 1 at first, once.
    assert len(better.operations) == 5 * 4500 + 2
    assert went[known].operation.kind == "constant"
