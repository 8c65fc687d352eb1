"""What is timed on a GPU: cells of the grid, those that memory limits enlarged to what no cache holds.

An enlarged cell's result is judged at the grid's own size. What is timed are the same examples, over and over: each
must come out as it did there, to the last bit.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from conformance.arrays import arrays_in, map_arrays
from tests.benchmarks.grid import activations, classes, convolution, optimizers, pooling, products
from tests.benchmarks.grid.cell import BATCH, BATCHED, Cell, numbers, times

#: Bytes of the arguments of what memory limits.
LARGE = 1 << 30
GIB = "1 GiB"
MODERN = (32, 56, 56, 64), (3, 3, 64, 64), 1

#: The slides' network: images, filters, strides, units; and a small one that the reference can afford.
NETWORK = (BATCH, 28, 28, 1), ((3, 3, 1, 12), (6, 6, 12, 24), (6, 6, 24, 32)), (1, 2, 2), (1568, 200, 10)
SMALL = (2, 6, 6, 1), ((3, 3, 1, 2), (2, 2, 2, 3)), (1, 2), (27, 5, 3)


def cells() -> list[Cell]:
    """The grid for a GPU."""
    return [
        *(enlarged(activations.activation(name, activations.LAYER)) for name in activations.OPERATIONS),
        *(enlarged(classes.rows(name, classes.MANY, spelled)) for name, spelled in SOFTMAXES.items()),
        *(enlarged(pooling.pooling(name, pooling.SLIDES, 2, 2)) for name in POOLINGS),
        enlarged(descent("gradient_descent", learning_rate=2.0**-10)),
        enlarged(descent("momentum", learning_rate=2.0**-10, momentum=0.875)),
        enlarged(optimizers.adam(100_003)),
        *map(products.product, (1024, 2048, 4096)),
        *(convolution.convolution(*layer) for layer in LAYERS),
        *(convolution.convolution_vjp(*layer) for layer in LAYERS),
        training_step(),
        replace(activations.activation("relu", (1,)), memory_bound=False),
    ]


SOFTMAXES = {
    "softmax": "softmax",
    classes.LOSS: "softmax cross-entropy",
    f"{classes.LOSS}_vjp": "softmax cross-entropy vjp",
}
POOLINGS = ("max_pool2d", "max_pool2d_vjp", "average_pool2d", "average_pool2d_vjp")
#: Of each parameter, what a step of an optimizer takes.
ARRAYS = {"gradient_descent": ("parameters", "gradients"), "momentum": ("parameters", "gradients", "velocity")}
LAYERS = (convolution.FIRST, convolution.SECOND, convolution.THIRD, MODERN)


def enlarged(cell: Cell) -> Cell:
    """The same cell with more examples, the drawn ones over and over, which memory limits."""
    drawn = cell.draw()
    few, size = examples_of(drawn), sum(array.nbytes for array in batched(drawn))
    many = LARGE * few // size

    def usual() -> dict[str, Any]:
        return {name: repeated(value, many) if name in BATCHED else value for name, value in cell.draw().items()}

    name, work = f"{cell.operation.replace('_', ' ')}, {GIB}", cell.operations * many // few
    return replace(cell, name=name, usual=usual, operations=work, memory_bound=True)


def examples_of(arguments: dict[str, Any]) -> int:
    """How many examples there are."""
    return len(batched(arguments)[0])


def batched(arguments: dict[str, Any]) -> list[np.ndarray]:
    """The arrays that have an entry for each example."""
    return [array for name, value in arguments.items() if name in BATCHED for array in arrays_in(value)]


def repeated(value: Any, examples: int) -> Any:
    """Arrays with so many examples, their own over and over."""
    return map_arrays(lambda array: np.resize(array, (examples, *array.shape[1:])), value)


def descent(operation: str, **rates: float) -> Cell:
    """A step of an optimizer that has fewer arrays than Adam."""
    count, given = 100_003, ARRAYS[operation]

    def draw() -> dict[str, Any]:
        return {**{name: numbers(count, seed=seed) for seed, name in enumerate(given)}, **rates}

    work = 2 * (len(given) - 1) * count
    return Cell(operation.replace("_", " "), operation, draw, work, memory_bound=True, sample=500)


def training_step() -> Cell:
    """All gradients of the slides' convolutional network, judged where it is small."""
    images, filters, strides, units = NETWORK
    work, (rows, columns) = 0, images[1:3]
    for shape, stride in zip(filters, strides, strict=True):
        rows, columns = -(-rows // stride), -(-columns // stride)
        work += 2 * images[0] * rows * columns * math.prod(shape)
    work += sum(2 * images[0] * inputs * outputs for inputs, outputs in pairwise(units))
    # Back through each layer go two products, but none from the first one to the images.
    first = 2 * math.prod(images[:3]) * math.prod(filters[0])
    name = f"CNN training step, {times(images[1:3])}, batch {images[0]}"
    operation = "convolutional_backpropagation"
    return Cell(name, operation, network(*SMALL), 3 * work - first, usual=network(*NETWORK))


def network(
    images: tuple[int, ...], filters: tuple[tuple[int, ...], ...], strides: tuple[int, ...], units: tuple[int, ...]
) -> Callable[[], dict[str, Any]]:
    """Draws a batch and a network whose weighted sums stay near 1."""

    def scaled(*shape: int) -> np.ndarray:
        return numbers(*shape) / np.float32(np.sqrt(math.prod(shape[:-1])))

    def draw() -> dict[str, Any]:
        weights = tuple(scaled(*pair) for pair in pairwise(units))
        return {
            "images": numbers(*images),
            "filters": tuple(scaled(*shape) for shape in filters),
            "filter_biases": tuple(numbers(shape[-1]) / np.float32(8) for shape in filters),
            "weights": weights,
            "biases": tuple(numbers(count) / np.float32(8) for count in units[1:]),
            "labels": np.eye(units[-1], dtype=np.float32)[np.arange(images[0]) % units[-1]],
            "mask": (numbers(images[0], units[-2], seed=1) > 0).astype(np.float32),
            "strides": strides,
            "rate": 0.5,
        }

    return draw
