"""Optimization changes no bit: laws on drawn graphs, and wrong passes that they must catch."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
    optimization,
    optimized,
    rewriting,
)
from reference.arrays import elementwise
from reference.numbers import Formula
from reference.operation_kinds import KINDS, STATE
from reference.readiness import WRITERS, pruned
from reference.rewriting import Rewriting, Rewritten
from reference.tensors import Operation, Tensor
from tests.reference.graphs_to_optimize import Drawing, Drawn
from tests.reference.support import calls_of

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


# What must be caught.


@contextmanager
def instead(module: Any, name: str, wrong: Any) -> Iterator[None]:
    right = getattr(module, name)
    setattr(module, name, wrong)
    try:
        yield
    finally:
        setattr(module, name, right)


def merges_also(kind: str) -> Any:
    right = optimization._may_be_merged
    return instead(optimization, "_may_be_merged", lambda op, cut: right(op, cut) or (op.kind == kind))


def told_apart_by(change: Callable[[Any, Operation, Rewriting], Any]) -> Any:
    """Operations are equal if what this makes of the right key is."""
    right = optimization._what_it_computes
    return instead(
        optimization,
        "_what_it_computes",
        lambda operation, rewriting: change(right(operation, rewriting), operation, rewriting),
    )


@contextmanager
def assignments_merged() -> Iterator[None]:
    with merges_also("assign_add"), told_apart_by(lambda key, op, _: key[:2] if op.kind == "assign_add" else key):
        yield


def in_another_order(right: Any) -> Any:
    def goes(self: Rewriting, operation: Operation, outputs: Any) -> None:
        self.operations[operation] = outputs[0].operation
        self.tensors.update(zip(operation.outputs, reversed(outputs), strict=True))

    return goes


def folds_in_place_of(right: Any) -> Any:
    """As `_outputs_if_constant`, which lets an error out."""

    def outputs(operation: Operation, rewriting: Rewriting, cut: Any, largest: int) -> Any:
        givers = [rewriting.tensors[tensor].operation for tensor in operation.inputs]
        if operation.inputs and all(giver.kind == "constant" for giver in givers):
            KINDS[operation.kind].compute(*(giver.attributes["value"] for giver in givers), **operation.attributes)
        return right(operation, rewriting, cut, largest)

    return outputs


def keeps_under_new_names(self: Rewriting, operation: Operation) -> None:
    inputs = [self.tensors[tensor] for tensor in operation.inputs]
    name = f"kept/{operation.name}" if operation.kind == "random_uniform" else operation.name
    self._add(operation, name, operation.kind, inputs, operation.attributes, self.controls(operation))
    self._goes(operation, self.graph.operations[name].outputs)


def forgets_devices(
    self: Rewriting, old: Operation, name: str, kind: str, inputs: Any, values: Any, waits: Any
) -> None:
    with self.graph.control_dependencies(waits):
        self.graph.apply(kind, *inputs, name=name, **values)


def constants_of_what_waits(self: Rewriting, operation: Operation, values: Any) -> None:
    """The constants wait for what the operation waited for, not for what its inputs waited for."""
    names = [operation.name] if len(values) == 1 else self._names_of_outputs(operation)
    for name, value in zip(names, values, strict=True):
        self._add(operation, name, "constant", (), {"value": value}, self.controls(operation))
    self._goes(operation, [self.graph.operations[name].outputs[0] for name in names])


def by_equality(value: Any) -> Any:
    """As `exactly`, but numbers that are equal are the same."""
    if isinstance(value, (list, tuple)):
        return type(value), tuple(map(by_equality, value))
    if isinstance(value, dict):
        return frozenset((key, by_equality(part)) for key, part in value.items())
    return value


def zeros_without_sign(value: Any) -> Any:
    return RIGHT_EXACTLY(abs(value) if type(value) is float and value == 0 else value)


RIGHT_EXACTLY = rewriting.exactly


def everywhere(wrong: Any) -> Any:
    """In the place of `exactly`, which calls itself for the parts."""

    def deep(value: Any) -> Any:
        if isinstance(value, (list, tuple)):
            return type(value), tuple(map(deep, value))
        if isinstance(value, dict):
            return frozenset((key, deep(part)) for key, part in value.items())
        return wrong(value)

    return instead(optimization, "exactly", deep)


def reads_of_any(key: Any, operation: Operation, rewriting: Rewriting) -> Any:
    return ("read", *operation.outputs[0].shape) if operation.kind in ("read", "variable") else key


WRONG: dict[str, Callable[[], Any]] = {
    "a read merged across an assignment": lambda: told_apart_by(
        lambda key, op, _: key[:2] if op.kind in ("read", "variable") else key
    ),
    "any subexpression merged whatever it waits for": lambda: told_apart_by(lambda key, *_: (*key[:2], key[3])),
    "a random node merged": lambda: merges_also("random_uniform"),
    "a placeholder merged with another of its shape": lambda: merges_also("placeholder"),
    "an assignment merged with the next": lambda: assignments_merged(),
    "reads of different variables merged": lambda: told_apart_by(reads_of_any),
    "different attributes merged": lambda: told_apart_by(
        lambda key, op, _: ((op.kind, tuple(op.attributes)), *key[1:]) if op.kind not in ("read", "variable") else key
    ),
    "different kinds merged": lambda: told_apart_by(
        lambda key, op, _: ("any", *key[1:]) if op.kind in ("add", "maximum") else key
    ),
    "x·y merged with y·x": lambda: told_apart_by(lambda key, *_: (key[0], tuple(sorted(key[1])), *key[2:])),
    "devices merged": lambda: told_apart_by(lambda key, *_: key[:3]),
    "only operations of the old inputs merged": lambda: told_apart_by(
        lambda key, op, _: (key[0], tuple(tensor.name for tensor in op.inputs), *key[2:])
    ),
    "-0.0 merged with 0.0": lambda: everywhere(zeros_without_sign),
    "1 merged with 1.0 and True": lambda: everywhere(by_equality),
    "a fed tensor folded or merged": lambda: instead(optimization, "_is_cut", lambda operation, cut: False),
    "folded across a feed": lambda: instead(
        optimization,
        "_outputs_if_constant",
        (lambda right: lambda op, r, cut, most: () if {*op.outputs} & cut else right(op, r, (), most))(
            optimization._outputs_if_constant
        ),
    ),
    "a control dependency dropped": lambda: instead(Rewriting, "controls", lambda self, operation: []),
    "what a folded input waited for dropped": lambda: instead(
        Rewriting, "replace_by_constants", constants_of_what_waits
    ),
    "only one control dependency kept": lambda: instead(
        Rewriting,
        "controls",
        (lambda right: lambda self, operation: right(self, operation)[:1])(Rewriting.controls),
    ),
    "outputs 0 and 1 confused": lambda: instead(Rewriting, "_goes", in_another_order(Rewriting._goes)),
    "a device forgotten": lambda: instead(Rewriting, "_add", forgets_devices),
    "a random node renamed": lambda: instead(Rewriting, "keep", keeps_under_new_names),
    "the definition of a variable dropped": lambda: instead(optimization, "_definition", lambda operation: []),
    "an error raised while folding": lambda: instead(
        optimization, "_outputs_if_constant", folds_in_place_of(optimization._outputs_if_constant)
    ),
    "a variable's first value folded": lambda: instead(
        optimization,
        "_outputs_if_constant",
        (lambda right: lambda op, *rest: (op.attributes["value"],) if op.kind == "variable" else right(op, *rest))(
            optimization._outputs_if_constant
        ),
    ),
    "what is fed dropped": lambda: instead(
        optimization,
        "dead_nodes_dropped",
        (lambda right: lambda graph, fetches, fed=(): right(graph, fetches))(optimization.dead_nodes_dropped),
    ),
    "nothing folded": lambda: instead(optimization, "_outputs_if_constant", lambda *_: ()),
}


def require_everything() -> None:
    test_what_fails_fails_in_the_run_that_needs_it()
    for seed in SEEDS:
        require_laws(seed)


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_caught(name: str) -> None:
    with WRONG[name](), pytest.raises((AssertionError, InvalidArgument, KeyError, ZeroDivisionError)):
        require_everything()
