"""Drawn graphs have every kind of operation that users put into a graph, wherever numbers let them."""

from __future__ import annotations

from conformance.operations import operations
from conformance.sampling import sample_calls
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
