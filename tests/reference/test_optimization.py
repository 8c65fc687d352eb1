"""Optimization changes no bit: laws on drawn graphs, and wrong passes that they must catch."""

from __future__ import annotations

import gc
import struct
import sys
from collections.abc import Callable
from fractions import Fraction
from itertools import combinations
from random import Random
from typing import Any

import pytest

from reference import (
    Graph,
    InvalidArgument,
    Session,
    add_gradients,
    common_subexpressions_merged,
    constants_folded,
    dead_nodes_dropped,
    optimized,
)
from reference.arrays import elementwise
from reference.graphs import Operation, Tensor
from reference.numbers import Formula
from reference.operation_kinds import STATE
from reference.readiness import WRITERS, pruned
from reference.rewriting import Rewritten
from tests.reference.graphs_to_optimize import Drawing, Drawn

Rewrite = Callable[[Drawn], Rewritten]
PASSES: dict[str, Rewrite] = {
    "dead nodes": lambda drawn: dead_nodes_dropped(drawn.graph, drawn.fetches, drawn.fed),
    "constants": lambda drawn: constants_folded(drawn.graph, drawn.fed),
    "common subexpressions": lambda drawn: common_subexpressions_merged(drawn.graph, drawn.fed),
    "all": lambda drawn: optimized(drawn.graph, drawn.fetches, drawn.fed),
}
SEEDS = range(150)


def drawn(seed: int) -> Drawn:
    return Drawing(seed).grow(12 + seed % 40)


def exact(value: Any) -> Any:
    """What two equal values have in common to the last bit, and to the types of their numbers."""
    return elementwise(bits, value)


def bits(number: Any) -> Any:
    # Two NaNs look the same, whatever their sign.
    return type(number).__name__, struct.pack("d", number) if type(number) is float else repr(number)


def outcome(session: Session, fetches: Any, feeds: Any) -> Any:
    """What a run gives, what the variables hold then, and which operations it ran that more than compute."""
    try:
        values = [value if value is None else exact(value) for value in session.run(fetches, feeds)]
    except (ArithmeticError, InvalidArgument) as error:
        return type(error)
    operations = session.graph.operations
    effects = sorted(name for name in session.executed if operations[name].kind in (*WRITERS, "random_uniform"))
    return values, effects


def require_same_results(case: Drawn, rewritten: Rewritten, seed: int) -> None:
    """Run both graphs with the same feeds a few times, and compare everything."""
    draw, went = Random(seed), rewritten.went
    old, new = Session(case.graph, seed=seed), Session(rewritten.graph, seed=seed)
    for run in range(4):
        fetches = case.fetches if run % 2 else draw.sample(case.fetches, 1 + len(case.fetches) // 4)
        fed = [*case.placeholders, *(case.fed if run >= 2 else ())]
        feeds = {t: elementwise(lambda _: Fraction(draw.randrange(-9, 9), 3), zeros_like(t)) for t in fed}
        wanted = outcome(old, fetches, feeds)
        came = outcome(new, [went[fetch] for fetch in fetches], {went[t]: value for t, value in feeds.items()})
        assert came == wanted
        for name in (op.name for op in rewritten.graph.operations.values() if op.kind == "variable"):
            assert exact(new.value_of(name)) == exact(old.value_of(name)), name


def zeros_like(tensor: Tensor) -> Any:
    return 0 if not tensor.shape else [[0] * tensor.shape[1] for _ in range(tensor.shape[0])]


def require_what_must_run_still_runs(case: Drawn, rewritten: Rewritten) -> None:
    """Before each operation: what it waits for by a control input, and all that more than computes."""
    went = rewritten.went
    for operation in case.graph.operations.values():
        if operation in went:
            before, after = pruned([operation]), set(pruned([went[operation]]))
            assert {went[control] for control in operation.control_inputs} <= after, operation
            state = {went[earlier] for earlier in before if earlier.kind in STATE}
            assert state == {earlier for earlier in after if earlier.kind in STATE}, operation


def require_kept(case: Drawn, rewritten: Rewritten) -> None:
    """What is fed, drawn, remembered or placed stays as it is."""
    for old, new in rewritten.went.items():
        assert isinstance(new, Tensor) == isinstance(old, Tensor)
        assert new.graph is rewritten.graph
        if isinstance(old, Operation) and isinstance(new, Operation):
            assert old.device == new.device
            if old.kind in {*STATE} - {"read"}:
                assert (old.name, old.kind) == (new.name, new.kind)
    for tensor in case.fed:
        new = rewritten.went[tensor]
        assert isinstance(new, Tensor)
        assert (tensor.name, tensor.operation.kind) == (new.name, new.operation.kind)


def require_nothing_left(case: Drawn, rewritten: Rewritten) -> None:
    """No dead node, nothing to fold, and no two operations that are one: said in other words than theirs."""
    kept = [rewritten.went[entry] for entry in (*case.fetches, *case.fed)]
    cut = {rewritten.went[tensor] for tensor in case.fed}
    operations = list(rewritten.graph.operations.values())
    needed = set(pruned(kept))
    named = {operation.attributes.get("variable") for operation in operations}
    assert all(operation in needed or operation.name in named for operation in operations)
    free = [op for op in operations if not cut & {*op.outputs} and op.kind not in {*STATE} - {"variable", "read"}]
    for one, other in combinations(free, 2):
        assert said_of(one) != said_of(other), (one, other)
    for operation in free:
        if operation.kind not in ("constant", "variable", "read"):
            assert cut & {*operation.inputs} or any(t.operation.kind != "constant" for t in operation.inputs)


def said_of(operation: Operation) -> Any:
    name = operation.name if operation.kind == "variable" else operation.attributes.get("variable")
    attributes = {key: exact(value) for key, value in operation.attributes.items()}
    what = ("read", name) if name else (operation.kind, repr(attributes))
    controls = {control.name for control in operation.control_inputs}
    return *what, [tensor.name for tensor in operation.inputs], controls, operation.device


def require_idempotent(case: Drawn, rewritten: Rewritten) -> None:
    went = rewritten.went
    again = optimized(rewritten.graph, [went[fetch] for fetch in case.fetches], [went[fed] for fed in case.fed])
    assert repr(again.graph.data()) == repr(rewritten.graph.data())


def require_laws(seed: int) -> None:
    case = drawn(seed)
    before = repr(case.graph.data())
    for name, rewrite in PASSES.items():
        rewritten = rewrite(case)
        require_same_results(case, rewritten, seed)
        require_what_must_run_still_runs(case, rewritten)
        require_kept(case, rewritten)
        if name == "all":
            require_nothing_left(case, rewritten)
            require_idempotent(case, rewritten)
    assert repr(case.graph.data()) == before


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
    for asked in (["y:0"], [3], [Graph().constant(1)]):
        with pytest.raises(InvalidArgument):
            optimized(graph, asked)


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


def calls_of(function: Callable[..., Any], *arguments: Any) -> int:
    """How many functions of Python's a call calls: a measure of time that is the same on every machine."""
    count = 0

    def look(frame: Any, event: str, argument: Any) -> None:
        nonlocal count
        count += event == "call"

    # What others have called when garbage is collected, isn't ours.
    gc.disable()
    sys.setprofile(look)
    try:
        function(*arguments)
    finally:
        sys.setprofile(None)
        gc.enable()
    return count


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
