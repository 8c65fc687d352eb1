"""Gradients of functions of several outputs, with tuples among inputs and outputs: a recurrent cell with a gate."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest

from conformance.backend import LocalBackend
from conformance.checking import run_check
from conformance.checks import checks_of
from conformance.declarations import case
from conformance.drawing import Draw
from conformance.operation import Operation
from conformance.outcomes import Status
from conformance.spaces import Configuration, Space
from conformance.subject import Subject
from reference.arrays import elementwise
from reference.elementary import sigmoid, tanh
from reference.numbers import Arithmetic


class CellGradients(NamedTuple):
    """One gradient for each input: of the state, a tuple of two."""

    inputs: Any
    state: Any


def cell(inputs: Any, state: Any) -> Any:
    """c' = σ(x)·c + h, h' = tanh(c'): two outputs, from an array and a tuple of two."""
    hidden, memory = state
    kept = elementwise(lambda x, c, h: sigmoid(x) * c + h, inputs, memory, hidden)
    return elementwise(tanh, kept), kept


def cell_vjp(inputs: Any, state: Any, cotangent: Any) -> CellGradients:
    """By hand, over numbers of any kind."""
    hidden, memory = state
    of_hidden, of_memory = cotangent

    def to_kept(x: Any, c: Any, h: Any, g: Any, k: Any) -> Any:
        output = tanh(sigmoid(x) * c + h)
        return g * (1 - output * output) + k

    kept = elementwise(to_kept, inputs, memory, hidden, of_hidden, of_memory)
    gate = elementwise(sigmoid, inputs)
    d_inputs = elementwise(lambda s, c, k: k * c * (s * (1 - s)), gate, memory, kept)
    return CellGradients(d_inputs, (kept, elementwise(lambda s, k: k * s, gate, kept)))


def on_arrays(flip: float) -> Any:
    @np.errstate(all="ignore")
    def run(inputs: Any, state: Any, cotangent: Any) -> Any:
        hidden, memory = state
        one = inputs.dtype.type(1)
        gate = one / (one + np.exp(-inputs))
        output = np.tanh(gate * memory + hidden)
        kept = cotangent[0] * (one - output * output) + cotangent[1]
        return kept * memory * (gate * (one - gate)), (kept, inputs.dtype.type(flip) * kept * gate)

    return run


@case(Space(sizes={"D": range(1, 6)}))
def draw_call(draw: Draw, c: Configuration) -> dict[str, Any]:
    pair = (draw.array(c.D), draw.array(c.D))
    return {"inputs": draw.array(c.D), "state": pair, "cotangent": (draw.array(c.D), draw.array(c.D))}


OPERATION = Operation("cell_vjp", "recurrent", cell_vjp, draw_call, forward=cell)
#: Wide claims: what is tested here is structure, and the exponentials of NumPy are far better.
ARITHMETIC = Arithmetic("float64", ulps={"exp": 4, "tanh": 4, "sigmoid": 16})


@pytest.mark.parametrize(("flip", "status"), [(1.0, Status.PASSED), (-1.0, Status.FAILED)])
def test_the_graph_differentiates_through_tuples(flip: float, status: Status) -> None:
    subject = Subject(OPERATION, LocalBackend(on_arrays(flip)), ARITHMETIC, 60, 0)
    (check,) = [check for check in checks_of(OPERATION) if check.kind == "gradients"]
    assert run_check("cell", subject, check).status is status


@pytest.mark.parametrize("kind", ["lattice probes", "rounding bound", "manners"])
def test_the_other_kinds_take_tuples_too(kind: str) -> None:
    subject = Subject(OPERATION, LocalBackend(on_arrays(1.0)), ARITHMETIC, 20, 0)
    for check in checks_of(OPERATION, (kind,)):
        result = run_check("cell", subject, check)
        assert not result.status.broken, result
