"""Recurrent networks that read an image row by row, and one of odd lengths.

Weighted sums are so large that every gate is exactly open or closed, and every tanh 1 or -1. Numbers of usual sizes are
timed: an LSTM of what underflows took fast.cpu 4 times as long, PyTorch 27 times.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.arrays import map_arrays
from tests.benchmarks.grid.cell import BATCH, Cell, first, integers, numbers

#: Beyond this, float32 has sigmoids of 0 and 1 and hyperbolic tangents of -1 and 1 only, since e⁻¹²⁸ is less than half
#: of its smallest number.
SATURATION = 128
#: No sum of products reaches this, so that no gate with such a bias is ever closed.
ALWAYS_OPEN = SATURATION * (1 << 14)
#: Steps that the reference can afford.
AFFORDABLE = 3


def cells() -> list[Cell]:
    """Of images of 28×28 pixels, in batches and alone."""
    return [
        simple_rnn(BATCH, 28, 28, 128),
        simple_rnn(1, 28, 28, 128),
        lstm(BATCH, 28, 28, 128),
        lstm(1, 28, 28, 128),
        lstm(33, 13, 27, 61),
    ]


def simple_rnn(examples: int, steps: int, features: int, units: int) -> Cell:
    """A simple recurrent network."""

    def draw() -> dict[str, Any]:
        return {**weights(examples, steps, features, units, 1), "state": integers(-1, 1, examples, units)}

    count = 2 * examples * steps * (features + units) * units
    name = name_of("simple rnn", examples, steps, features, units)
    return Cell(
        name, "simple_rnn", draw, count, exact=examples, small=lambda: shortened(draw()), usual=lambda: usual(draw())
    )


def lstm(examples: int, steps: int, features: int, units: int) -> Cell:
    """A long short-term memory that never forgets, with cells so far from 0 that no step brings them near."""

    def draw() -> dict[str, Any]:
        arguments = weights(examples, steps, features, units, 4)
        arguments["bias"][units : 2 * units] = ALWAYS_OPEN
        signs = 2 * integers(0, 1, examples, units) - 1
        return {**arguments, "state": (integers(-1, 1, examples, units), SATURATION * signs)}

    count = 2 * examples * steps * (features + units) * 4 * units
    name = name_of("lstm", examples, steps, features, units)
    return Cell(name, "lstm", draw, count, exact=examples, small=lambda: shortened(draw()), usual=lambda: usual(draw()))


def weights(examples: int, steps: int, features: int, units: int, sums: int) -> dict[str, Any]:
    """Inputs and weights whose weighted sums are odd multiples of what saturates: none is 0."""
    columns = sums * units
    return {
        "inputs": 2 * integers(-1, 1, examples, steps, features),
        "kernel": SATURATION * integers(-1, 1, features, columns),
        "recurrent_kernel": 2 * SATURATION * integers(-1, 1, units, columns),
        "bias": SATURATION * (2 * integers(-4, 4, columns) + 1),
    }


def usual(arguments: dict[str, Any]) -> dict[str, Any]:
    """Numbers that open gates in part."""
    return map_arrays(lambda array: np.float32(0.1) * numbers(*array.shape), arguments)


def shortened(arguments: dict[str, Any]) -> dict[str, Any]:
    """The first steps of one sequence."""
    one = first(1, arguments)
    return one | {"inputs": one["inputs"][:, :AFFORDABLE].copy()}


def name_of(operation: str, examples: int, steps: int, features: int, units: int) -> str:
    """What is read, and by how many units; a batch is named where it isn't the slides'."""
    batch = "" if examples == BATCH else f", batch {examples}"
    return f"{operation}, {steps} steps of {features}, {units} units{batch}"
