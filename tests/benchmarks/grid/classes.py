"""Softmax and its loss, for the classes of ImageNet, for those of the slides, and an odd number."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tests.benchmarks.grid.cell import BATCH, Cell, numbers, times

MANY, FEW, ODD = (4096, 1000), (BATCH, 10), (97, 331)
LOSS = "softmax_cross_entropy_with_logits"

#: Operations for each logit, elementary functions counted as one each; those for a whole row don't count.
OPERATIONS = {"softmax": 5, LOSS: 6, f"{LOSS}_vjp": 7}


def cells() -> list[Cell]:
    """Forward and back."""
    return [
        *(rows("softmax", shape, "softmax", together=shape in (MANY, FEW)) for shape in (MANY, FEW, ODD)),
        *(rows(LOSS, shape, "softmax cross-entropy") for shape in (MANY, FEW, ODD)),
        *(rows(f"{LOSS}_vjp", shape, "softmax cross-entropy vjp") for shape in (MANY, FEW, ODD)),
    ]


def rows(operation: str, shape: tuple[int, int], name: str, **choices: Any) -> Cell:
    """A function of the logits of each example."""

    def draw() -> dict[str, Any]:
        logits = 3 * numbers(*shape)
        if operation == "softmax":
            return {"z": logits}
        labels = np.eye(shape[1], dtype=np.float32)[np.arange(shape[0]) * 7 % shape[1]]
        cotangent = {"cotangent": numbers(shape[0])} if operation.endswith("_vjp") else {}
        return {"logits": logits, "labels": labels, **cotangent}

    count = OPERATIONS[operation] * math.prod(shape)
    return Cell(f"{name}, {times(shape)}", operation, draw, count, memory_bound=shape == MANY, sample=3, **choices)
