"""Gradients of graphs, as TensorFlow adds them to a graph: symbol to symbol."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from conformance.deviations import Deviation
from conformance.implementations.numpy import sessions as numpys
from conformance.implementations.numpy.graph_accounts import (
    has,
    placeholder,
    reaches_a_gradient,
    spoils_what_comes_back,
)
from conformance.implementations.numpy.graph_data import Program
from conformance.implementations.tensorflow.calls import SINCE, numbers
from conformance.implementations.tensorflow.pooling import window_of_minus_infinity, window_with_nan
from conformance.implementations.tensorflow.sessions import (
    IN_SOFTMAX,
    POOLED_INFINITY,
    POOLED_NAN,
    SOFTMAX_OF_NAN,
    Translation,
)
from conformance.implementations.tensorflow.softmax import partly_undefined_row
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


def pools_to_the_same_shape(feeds: Any, graph: Any, fed: Any, twice: bool = False, **_: Any) -> bool:
    """Whether gradients of gradients go through a max pooling whose output is as large as its input."""
    if not twice or not has(graph, "max_pool2d"):
        return False
    shapes = Program(feeds, graph, fed, numpys.KINDS).shapes
    poolings = [entry for entry in graph if entry["kind"] == "max_pool2d"]
    return any(shapes[entry["inputs"][0]] == shapes[f"{entry['name']}:0"] for entry in poolings)


def towards_a_factor(call: dict[str, Any]) -> dict[str, Any]:
    """The gradient of a product of what a call of `run_graph` gives with another tensor, towards that one."""
    factor = placeholder("w", *call["feeds"][0].shape)
    product = {"name": "product", "kind": "multiply", "inputs": ["y:0", "w:0"]}
    return {
        "feeds": (*call["feeds"], np.ones_like(call["feeds"][0])),
        "graph": [*call["graph"], factor, product],
        "fed": [*call["fed"], "w:0"],
        "outputs": ["product:0"],
        "inputs": ["w:0"],
    }


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
        reason="max_pool2d passes over NaN in a window, as alone, so that a number gets the gradient",
        severity=Severity.SPECIAL_VALUES,
        calls=reaches_a_gradient("max_pool2d", window_with_nan, on_its_way_back=True),
        smallest={**POOLED_NAN, "outputs": ["y:0"], "inputs": ["x:0"]},
        instead="the gradient at the largest of the numbers: [1, 0]",
        since=SINCE,
    ),
    Deviation(
        operation="graph_gradients",
        reason="max_pool2d's maximum starts from the lowest finite number instead of -∞, as alone",
        severity=Severity.SPECIAL_VALUES,
        calls=reaches_a_gradient("max_pool2d", window_of_minus_infinity),
        smallest=towards_a_factor(POOLED_INFINITY),
        instead="the lowest finite number",
        since=SINCE,
    ),
    Deviation(
        operation="graph_gradients",
        reason="softmax makes 0 of some numbers in a row with NaN or +∞, as alone",
        severity=Severity.SPECIAL_VALUES,
        calls=reaches_a_gradient("softmax", partly_undefined_row),
        smallest=towards_a_factor(SOFTMAX_OF_NAN),
        instead="[NaN, 0, 0]",
        since=SINCE,
        **IN_SOFTMAX,
    ),
    Deviation(
        operation="graph_gradients",
        reason="relu multiplies what comes back by 0 or 1 instead of selecting it, as alone: 0·∞ and 0·NaN become NaN",
        severity=Severity.SPECIAL_VALUES,
        calls=spoils_what_comes_back("relu"),
        smallest={
            "feeds": (-numbers(1), np.array([np.inf])),
            "graph": [
                placeholder("x", 1),
                placeholder("w", 1),
                {"name": "r", "kind": "relu", "inputs": ["x:0"]},
                {"name": "y", "kind": "multiply", "inputs": ["r:0", "w:0"]},
            ],
            "fed": ["x:0", "w:0"],
            "outputs": ["y:0"],
            "inputs": ["x:0"],
        },
        instead="NaN",
        since=SINCE,
    ),
]
