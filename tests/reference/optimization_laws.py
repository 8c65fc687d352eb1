"""What must be true of any optimization of a graph: laws, on drawn graphs."""

from __future__ import annotations

import struct
from collections.abc import Callable
from fractions import Fraction
from itertools import combinations
from random import Random
from typing import Any

from reference import (
    InvalidArgument,
    Session,
    common_subexpressions_merged,
    constants_folded,
    dead_nodes_dropped,
    optimized,
)
from reference.arrays import elementwise
from reference.operation_kinds import STATE
from reference.readiness import WRITERS, pruned
from reference.rewriting import Rewritten
from reference.tensors import Operation, Tensor
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
