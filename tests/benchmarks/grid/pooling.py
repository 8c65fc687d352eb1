"""Poolings and their gradients, at the slides' size and at an odd one."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tests.benchmarks.grid.cell import BATCH, Cell, integers, times

SLIDES, ODD = (BATCH, 28, 28, 12), (97, 29, 27, 7)


def cells() -> list[Cell]:
    """Of windows of 2×2; overlapping ones of 3×3 at the odd size, and there no averages: thirds aren't exact."""
    return [
        pooling("max_pool2d", SLIDES, 2, 2, with_reference=True, together=True),
        pooling("max_pool2d_vjp", SLIDES, 2, 2),
        pooling("max_pool2d", ODD, 3, 2),
        pooling("max_pool2d_vjp", ODD, 3, 2),
        pooling("average_pool2d", SLIDES, 2, 2),
        pooling("average_pool2d_vjp", SLIDES, 2, 2),
        pooling("average_pool2d", ODD, 2, 2),
        pooling("average_pool2d_vjp", ODD, 2, 2),
    ]


def pooling(operation: str, shape: tuple[int, ...], size: int, stride: int, **choices: Any) -> Cell:
    """A batch of images pooled, without padding."""
    examples, *lengths, channels = shape
    outputs = (examples, *(1 + (length - size) // stride for length in lengths), channels)

    def draw() -> dict[str, Any]:
        # Different ones, so that it is clear which of a window is the largest; multiples of its area have exact means.
        places = np.random.default_rng(size).permutation(math.prod(shape))
        arrays = {"images": (size * size * places).astype(np.float32).reshape(shape)}
        if operation.endswith("_vjp"):
            arrays["cotangent"] = size * size * integers(-9, 9, *outputs)
        return {**arrays, "pool_size": size, "strides": stride}

    name = f"{operation.replace('_pool2d', ' pool').replace('_', ' ')}, {times(shape)}, {size}×{size}"
    name = name if size == stride else f"{name}, stride {stride}"
    operations = math.prod(outputs) * size**2
    return Cell(name, operation, draw, operations, memory_bound=True, exact=examples, **choices)
