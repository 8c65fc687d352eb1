"""Every algorithm of the catalogue becomes a graph when it is read with symbols, without a changed line."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from conformance.arrays import as_lists
from conformance.operations import operations
from conformance.sampling import sample_calls
from reference import DenseGradients, Graph, Session, Tensor, dense_vjp
from reference.errors import Undecidable
from tests.reference.support import leaves

CALLS = 4
#: Which of them ask a number what to do next, so that there is no graph before the number is known, and what they ask.
#: Labels and masks, which are integers, are known when the graph of the others is built.
DECIDE = {
    "accuracy": "whether there is anything to divide by",
    "early_stopping": "which step was the best",
    "f_score": "whether there is anything to divide by",
    "mcculloch_pitts": "whether an input vetoes",
    "multiclass_perceptron_predict": "which score is the largest",
    "multiclass_perceptron_train": "whether a prediction was right",
    "nearest_neighbors": "which of them are nearest",
    "perceptron_predict": "which side of the border an example lies on",
    "perceptron_sgd": "whether a prediction was right",
    "precision": "whether there is anything to divide by",
    "random_baseline": "where a drawn number falls",
    "recall": "whether there is anything to divide by",
    "rosenblatt_train": "whether a prediction was right",
    "sample_index": "where a drawn number falls",
}
TRACED = [name for name in operations() if name not in DECIDE]


def symbols(graph: Graph, name: str, value: Any) -> Any:
    """Placeholders for arrays of floats; labels and choices as they are."""
    if isinstance(value, tuple):
        return tuple(symbols(graph, name, part) for part in value)
    is_symbolic = isinstance(value, np.ndarray) and value.dtype.kind == "f"
    return graph.placeholder(name, value.shape) if is_symbolic else as_lists(value)


def placed(tensors: Any, value: Any) -> dict[Any, Any]:
    """What each placeholder is fed."""
    if isinstance(value, tuple):
        return {k: v for pair in zip(tensors, value, strict=True) for k, v in placed(*pair).items()}
    return {tensors: as_lists(value)} if isinstance(value, np.ndarray) and value.dtype.kind == "f" else {}


def computed(name: str, arguments: dict[str, Any]) -> Any:
    """What the reference makes of the numbers themselves."""
    operation = operations()[name]
    return operation.call(operation.reference, {key: as_lists(value) for key, value in arguments.items()})


def traced(name: str, arguments: dict[str, Any]) -> Any:
    """What a session makes of an operation's graph."""
    operation, graph = operations()[name], Graph()
    data, hyperparameters = operation.split(arguments)
    inputs = {argument: symbols(graph, argument, value) for argument, value in data.items()}
    known = {key: as_lists(value) for key, value in hyperparameters.items()}
    outputs = graph.trace(operation.reference, *inputs.values(), **known)
    feeds = {key: fed for argument in data for key, fed in placed(inputs[argument], data[argument]).items()}
    return Session(graph).run(outputs, feeds)


@pytest.mark.parametrize("name", TRACED)
def test_a_traced_algorithm_computes_the_same(name: str):
    for arguments in sample_calls(operations()[name], "float64", CALLS, values="law"):
        # Equal to the last bit; of a zero, which of the two it is, a maximum of equal numbers leaves open.
        assert list(leaves(traced(name, arguments))) == list(leaves(computed(name, arguments)))


@pytest.mark.parametrize("name", DECIDE)
def test_an_algorithm_that_must_know_a_number_says_so(name: str):
    calls = sample_calls(operations()[name], "float64", 3 * CALLS, values="law")
    asked = 0
    for arguments in calls:
        try:
            result = traced(name, arguments)
        except Undecidable:
            asked += 1
        else:  # where there is but one neighbour, or one step, nothing is to be decided
            assert list(leaves(result)) == list(leaves(computed(name, arguments)))
    assert asked


def test_a_symbol_does_not_compare():
    x = Graph().placeholder("x", ())
    for compare in (lambda: x < 1, lambda: x >= x, lambda: x == 1, lambda: bool(x)):
        with pytest.raises(Undecidable, match="x:0 is a symbol: how it compares, only a run can tell"):
            compare()


def test_a_trace_keeps_the_structure_of_what_is_returned():
    graph = Graph()
    x, w, b = (graph.placeholder(name, shape) for name, shape in {"x": (1, 2), "w": (2, 1), "b": (1,)}.items())
    gradients = graph.trace(dense_vjp, x, w, b, graph.constant([[1]]))
    assert type(gradients) is DenseGradients
    assert Session(graph).run(gradients, {x: [[2, 3]], w: [[5], [7]], b: [0]}) == DenseGradients(
        inputs=[[5, 7]], weights=[[2], [3]], bias=[1]
    )


def test_a_mistake_in_the_trace_is_seen():
    """Were a symbol's sum its product, the comparison above would say so."""
    calls = sample_calls(operations()["dense"], "float64", CALLS, values="law")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Tensor, "__add__", Tensor.__mul__)
        assert any(list(leaves(traced("dense", call))) != list(leaves(computed("dense", call))) for call in calls)
