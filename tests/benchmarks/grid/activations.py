"""Activations and their gradients: as many numbers as a layer of the slides' network has, few, and an odd number."""

from __future__ import annotations

from typing import Any

from tests.benchmarks.grid.cell import BATCH, Cell, integers, numbers, times

LAYER, FEW, ODD = (BATCH, 28, 28, 12), (BATCH, 10), (97, 13, 11, 7)

#: Operations for each number, elementary functions and quotients counted as one each.
OPERATIONS = {"relu": 1, "relu_vjp": 2, "tanh": 1, "tanh_vjp": 4, "sigmoid": 4, "sigmoid_vjp": 7}


def cells() -> list[Cell]:
    """Three sizes of each function that networks have, and the gradients of large arrays."""
    return [
        *(activation("relu", shape, together=shape == LAYER) for shape in (LAYER, FEW, ODD)),
        activation("relu_vjp", LAYER),
        *(activation("tanh", shape) for shape in (LAYER, FEW, ODD)),
        *(activation("sigmoid", shape) for shape in (LAYER, FEW, ODD)),
        activation("sigmoid_vjp", LAYER),
    ]


def activation(operation: str, shape: tuple[int, ...], **choices: Any) -> Cell:
    """A function of each number of an array, or its gradient."""

    def draw() -> dict[str, Any]:
        z = 3 * numbers(*shape)
        return {"z": z, "cotangent": integers(-9, 9, *shape)} if operation.endswith("_vjp") else {"z": z}

    count = OPERATIONS[operation]
    for length in shape:
        count *= length
    # Few numbers fit into the caches, and no memory limits what is done with them.
    name = f"{operation.replace('_', ' ')}, {times(shape)}"
    return Cell(name, operation, draw, count, memory_bound=shape != FEW, **choices)
