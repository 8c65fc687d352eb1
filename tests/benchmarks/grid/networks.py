"""Whole networks of dense layers: the slides' one, and a deep one; forward and back.

Their softmax saturates: logits lie so far apart that all probabilities are exactly 0 and 1. Numbers of usual sizes are
timed: an LSTM of what underflows took fast.cpu 4 times as long, PyTorch 27 times.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from conformance.arrays import map_arrays
from tests.benchmarks.grid.cell import BATCH, Cell, first, integers, numbers

#: Logits that differ by no less than this have a softmax of exactly 0 and 1 in float32, since e⁻¹²⁸ is less than half
#: of its smallest number.
SATURATION = 128
#: The mean over 64 examples is exact, the one over 100 isn't.
POWER_OF_TWO = 64

SHALLOW, DEEP = (784, 200, 10), (784, 200, 100, 60, 30, 10)


def cells() -> list[Cell]:
    """Forward and back; forward also with a single example."""
    return [
        forward(SHALLOW, BATCH, with_reference=True),
        forward(SHALLOW, 1),
        forward(DEEP, BATCH),
        back(SHALLOW, with_reference=True, together=True),
        back(DEEP),
    ]


def forward(widths: tuple[int, ...], examples: int, **choices: Any) -> Cell:
    """A forward pass."""

    def draw() -> dict[str, Any]:
        arguments = first(examples, network(widths))
        return {name: value for name, value in arguments.items() if name != "labels"}

    batch = "" if examples == BATCH else f", batch {examples}"
    name, count = f"forward pass, {'-'.join(map(str, widths))}{batch}", sum(products(widths, examples))
    return Cell(name, "forward_pass", draw, count, exact=examples, usual=lambda: usual(draw()), **choices)


def back(widths: tuple[int, ...], **choices: Any) -> Cell:
    """Backpropagation: two more products a layer, but the first layer passes no gradient on."""
    layers = products(widths, BATCH)
    name, count = f"backpropagation, {'-'.join(map(str, widths))}", 3 * sum(layers) - layers[0]

    def draw() -> dict[str, Any]:
        return network(widths)

    return Cell(name, "backpropagation", draw, count, exact=POWER_OF_TWO, usual=lambda: usual(draw()), **choices)


def network(widths: tuple[int, ...]) -> dict[str, Any]:
    """A batch, and a network whose logits are so far apart that its softmax is exactly 0 and 1."""
    *hidden, (last, classes) = pairwise(widths)
    weights = *(integers(-1, 1, *pair) for pair in hidden), SATURATION * integers(-1, 1, last, classes)
    biases = *(integers(-9, 9, units) for _, units in hidden), SATURATION * integers(-9, 9, classes)
    labels = np.eye(classes, dtype=np.float32)[np.arange(BATCH) % classes]
    return {"inputs": integers(0, 3, BATCH, widths[0]), "weights": weights, "biases": biases, "labels": labels}


def usual(arguments: dict[str, Any]) -> dict[str, Any]:
    """Numbers whose sums stay near 1."""
    sizes = map_arrays(lambda array: numbers(*array.shape) / np.float32(np.sqrt(len(array))), arguments)
    return {**sizes, **{name: arguments[name] for name in ("inputs", "labels") if name in arguments}}


def products(widths: tuple[int, ...], examples: int) -> list[int]:
    """Multiplications and additions of the matrix product of each layer."""
    return [2 * examples * features * units for features, units in pairwise(widths)]
