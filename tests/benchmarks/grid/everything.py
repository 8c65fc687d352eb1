"""All cells, room by room."""

from __future__ import annotations

from functools import cache

from tests.benchmarks.grid import (
    activations,
    classes,
    convolution,
    layers,
    networks,
    optimizers,
    pooling,
    products,
    sequences,
    slides,
)
from tests.benchmarks.grid.cell import Cell

ROOMS = (slides, activations, classes, pooling, products, convolution, layers, sequences, optimizers, networks)


@cache
def cells() -> tuple[Cell, ...]:
    """The grid."""
    return tuple(cell for room in ROOMS for cell in room.cells())
