"""Gradients of graphs, as TensorFlow adds them to a graph: symbol to symbol."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from conformance.deviations import Deviation
from conformance.implementations.tensorflow.calls import SINCE, cut, numbers
from conformance.implementations.tensorflow.sessions import (
    BESIDE_SPECIAL_VALUES,
    POOLED_NAN,
    Translation,
    meets_special_values,
)
from conformance.outcomes import Severity

__all__ = ["graph_gradients"]


def graph_gradients(
    feeds: tuple[Any, ...], *, graph: Any, fed: Any, outputs: Any, inputs: Any, twice: bool = False
) -> tuple[Any, ...]:
    if not isinstance(twice, bool) or not outputs or not isinstance(outputs, list):
        raise ValueError("outputs to differentiate, once or twice")
    built = Translation(graph, feeds, fed)
    towards = [built.tensor(name) for name in inputs]
    with built.graph.as_default():
        found = gradients([built.tensor(name) for name in outputs], towards)
        return tuple(built.run(gradients(found, towards) if twice else found))


def gradients(outputs: list[Any], inputs: list[Any]) -> list[Any]:
    """TensorFlow's own gradients, and zeros where it finds no way."""
    return tf.gradients(outputs, inputs, unconnected_gradients=tf.UnconnectedGradients.ZERO)


def pools_to_the_same_shape(graph: Any, twice: bool = False, **_: Any) -> bool:
    """Whether gradients of gradients go through a max pooling whose output is as large as its input."""
    return twice and any(keeps_the_shape(**entry.get("attributes", {})) for entry in graph if is_max_pool2d(entry))


def is_max_pool2d(entry: Any) -> bool:
    return entry["kind"] == "max_pool2d"


def keeps_the_shape(pool_size: Any = 2, strides: Any = None, padding: str = "valid") -> bool:
    steps = cut(pool_size if strides is None else strides)
    return steps == (1, 1) and (padding == "same" or cut(pool_size) == (1, 1))


KNOWN_DEVIATIONS = [
    Deviation(
        operation="graph_gradients",
        reason=(
            "MaxPoolGradGrad may write its result into the memory of the cotangent that it has yet to read, where both "
            "are of one shape: what goes through it is 0"
        ),
        severity=Severity.WRONG_NUMBERS,
        calls=pools_to_the_same_shape,
        smallest={
            "feeds": (3 * numbers(1, 1, 1, 1),),
            "graph": [
                {"name": "x", "kind": "placeholder", "attributes": {"shape": (1, 1, 1, 1)}},
                {"name": "m", "kind": "max_pool2d", "inputs": ["x:0"], "attributes": {"pool_size": 1}},
                {"name": "y", "kind": "multiply", "inputs": ["m:0", "m:0"]},
            ],
            "fed": ["x:0"],
            "outputs": ["y:0"],
            "inputs": ["x:0"],
            "twice": True,
        },
        instead="0, where 2 is right; in some runs, and where something else holds the cotangent, it is",
        since=SINCE,
    ),
    Deviation(
        operation="graph_gradients",
        reason=BESIDE_SPECIAL_VALUES,
        severity=Severity.SPECIAL_VALUES,
        calls=meets_special_values,
        smallest={**POOLED_NAN, "outputs": ["y:0"], "inputs": ["x:0"]},
        instead="the gradient at the largest of the numbers: [1, 0]",
        since=SINCE,
    ),
]
