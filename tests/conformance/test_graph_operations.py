"""Drawn graphs have every kind of operation that users put into a graph, wherever numbers let them."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.arrays import flatten_result
from conformance.comparison import rounded
from conformance.operations import operations
from conformance.sampling import sample_calls
from reference.arrays import flatten
from reference.numbers import Arithmetic, Rounded
from reference.operation_kinds import COMMUNICATION, KINDS, STATE

#: What gradients are made of, and what joins the parts that several devices run: nobody writes those.
INNER = {"times_log", "over", "weigh", "ones_like", "where_same", "shares_of_largest", "gradient", *COMMUNICATION}
FORWARD = {kind for kind in KINDS if not kind.endswith("_vjp")} - INNER
#: What makes integers of integers.
OF_INTEGERS = {
    *("add", "multiply", "negative", "maximum", "where_positive", "constant"),
    *("total", "fill", "reshape", "transpose", "unstack", "stack", "flatten"),
    *("identity", "step", "relu", "matrix_product", "dense", "dense_layer", "conv2d", "convolutional_layer"),
    *("max_pool2d", "dropout", "hinge_loss"),
}
NOT_COMPUTED = {"constant", *STATE} - {"placeholder"}
CALLS = 400


def kinds_drawn(operation: str, values: str) -> set[str]:
    calls = sample_calls(operations()[operation], "float64", CALLS, values=values)
    return {entry["kind"] for call in calls for entry in call["graph"]}


def test_graphs_have_every_kind() -> None:
    assert kinds_drawn("run_graph", "rounding") == FORWARD
    assert kinds_drawn("graph_gradients", "rounding") == FORWARD - {*STATE} | {"placeholder"}


def test_graphs_of_integers_have_every_kind_that_keeps_them() -> None:
    assert kinds_drawn("run_graph", "swept") == OF_INTEGERS | {*STATE}
    assert kinds_drawn("graph_gradients", "swept") == OF_INTEGERS | {"placeholder"}


@pytest.mark.parametrize("values", ["rounding", "swept"])
def test_what_graphs_compute_of_rounded_numbers_is_rounded(values: str) -> None:
    """A plain number among them would have no error, nor would what is made of it: right libraries would be blamed."""
    operation, arithmetic, compared = operations()["run_graph"], Arithmetic("float32"), 0
    for call in sample_calls(operation, "float32", CALLS // 2, values=values):
        kinds = {f"{entry['name']}:0": entry["kind"] for entry in call["graph"]}
        computed = [name for name in kinds if name not in made_of_nothing_fed(call["graph"])]
        numbers = {name: rounded(value, arithmetic) for name, value in call.items()} | {"fetches": computed}
        found = zip(computed, flatten_result(operation.call(operation.reference, numbers)), strict=True)
        compared += len(computed)
        plain = [kinds[name] for name, (_, array) in found if not all(type(x) is Rounded for x in flatten(array))]
        assert not plain
    assert compared > 2 * CALLS


def made_of_nothing_fed(graph: list[dict[str, Any]]) -> set[str]:
    """What a session remembers or draws, constants, and what is made of nothing else."""
    found: set[str] = set()
    for entry in graph:
        given = entry.get("inputs", ())
        if entry["kind"] in NOT_COMPUTED or (given and found.issuperset(given)):
            found.add(f"{entry['name']}:0")
    return found
