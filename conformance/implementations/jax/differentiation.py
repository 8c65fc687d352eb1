"""Gradients of graphs, from `jax.grad`; of gradients, from `jax.grad` of that."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from conformance.deviations import Deviation
from conformance.implementations.jax.sessions import library
from conformance.implementations.numpy import sessions
from conformance.implementations.numpy.graph_accounts import Account, has, placeholder, spoils_what_comes_back
from conformance.implementations.numpy.graph_data import Program
from conformance.outcomes import Severity

__all__ = ["graph_gradients"]


def graph_gradients(feeds: Any, *, graph: Any, fed: Any, outputs: Any, inputs: Any, twice: bool = False) -> Any:
    program = Program(feeds, graph, fed, sessions.KINDS)
    given, towards = program.to_differentiate(outputs, inputs, twice)
    found = jax.grad(total_of(program, given))
    if twice:
        found = jax.grad(lambda added, once=found: sum_of(once(added)))
    gradients = found({name: jnp.zeros(program.shapes[name], program.dtype) for name in towards})
    return tuple(np.array(gradients[name]) for name in towards)


def total_of(program: Program, outputs: list[str]) -> Callable[[Mapping[str, Any]], Any]:
    """The sum of all outputs' numbers, as a function of what is added to tensors anywhere in the graph."""

    def total(added: Mapping[str, Any]) -> Any:
        values = program.run(
            [*outputs, *added],
            library(program),
            lambda name, value: value + added[name] if name in added else value,
        )
        return sum_of({place: values[name] for place, name in enumerate(outputs)})

    return total


def sum_of(arrays: Mapping[Any, Any]) -> Any:
    return sum(jnp.sum(array) for array in arrays.values())


def cancels_in_a_second_gradient(
    feeds: Any, graph: Any, fed: Any, outputs: Any, inputs: Any, twice: bool = False
) -> bool:
    """Whether a gradient goes twice through a binary cross-entropy of a logit that its label speaks against."""
    if not twice or not has(graph, OF_LOGITS):
        return False
    account = Account(feeds, graph, fed, [*outputs, *inputs])
    losses = [each for each in account.way_back(outputs, inputs) if each.kind == OF_LOGITS]
    met = [(account.values[name] for name in each.inputs) for each in losses]
    return any(((1 - 2 * labels) * logits > 0).any() for logits, labels in met)


OF_LOGITS = "binary_cross_entropy_with_logits"
#: The gradient of the larger of x and 0, times w.
SMALLER_THAN_0: dict[str, Any] = {
    "feeds": (-np.ones(1), np.array([np.inf])),
    "graph": [
        placeholder("x", 1),
        placeholder("w", 1),
        {"name": "zero", "kind": "constant", "attributes": {"value": [0.0]}},
        {"name": "m", "kind": "maximum", "inputs": ["x:0", "zero:0"]},
        {"name": "y", "kind": "multiply", "inputs": ["m:0", "w:0"]},
    ],
    "fed": ["x:0", "w:0"],
    "outputs": ["y:0"],
    "inputs": ["x:0"],
}

#: The gradient of tanh(x), times w.
TANH_OF_LESS_THAN_0 = {
    **SMALLER_THAN_0,
    "graph": [
        *SMALLER_THAN_0["graph"][:2],
        {"name": "t", "kind": "tanh", "inputs": ["x:0"]},
        {"name": "y", "kind": "multiply", "inputs": ["t:0", "w:0"]},
    ],
}

KNOWN_DEVIATIONS = [
    Deviation(
        operation="graph_gradients",
        reason="the slope of log_sigmoid is differentiated as e^(x - log(e^x + 1)), whose difference from 1 cancels",
        severity=Severity.WRONG_NUMBERS,
        calls=cancels_in_a_second_gradient,
        smallest={
            "feeds": (np.array([-4.0]),),
            "graph": [
                placeholder("x", 1),
                {"name": "label", "kind": "constant", "attributes": {"value": [1.0]}},
                {"name": "y", "kind": OF_LOGITS, "inputs": ["x:0", "label:0"]},
            ],
            "fed": ["x:0"],
            "outputs": ["y:0"],
            "inputs": ["x:0"],
            "twice": True,
        },
        instead="0.01766262 for 0.01766271 in float32, as much as e^4 times the rounding of that logarithm",
        since="JAX 0.10.2",
    ),
    Deviation(
        operation="graph_gradients",
        reason="maximum multiplies what comes back by 0 or 1 instead of selecting it: 0·∞ and 0·NaN become NaN",
        severity=Severity.SPECIAL_VALUES,
        calls=spoils_what_comes_back("maximum"),
        smallest=SMALLER_THAN_0,
        instead="NaN",
        since="JAX 0.10.2",
    ),
    Deviation(
        operation="graph_gradients",
        reason="tanh's slope is (1 - y)·g + (1 - y)·g·y: NaN where that overflows, unless y is positive",
        severity=Severity.SPECIAL_VALUES,
        calls=spoils_what_comes_back("tanh"),
        smallest=TANH_OF_LESS_THAN_0,
        instead="NaN",
        since="JAX 0.10.2",
    ),
]
