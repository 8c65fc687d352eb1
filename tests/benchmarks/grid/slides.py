"""The slides' own worked examples, of so few numbers that the call itself takes the time."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.fixtures import exact, worked_examples
from reference.arrays import elementwise
from tests.benchmarks.grid.cell import Cell


def cells() -> list[Cell]:
    """One of each of the five algorithms."""
    return [
        by_hand("perceptron, 5 examples of the slide", "perceptron_sgd", "trace", together=True),
        by_hand("forward pass, by foot", "forward_pass", "by-foot"),
        by_hand("conv2d, 3×3 with 2×2 of the slide", "conv2d", "mechanics"),
        by_hand("max pool, 6×6 with 2×2 of the slide", "max_pool2d", "max-pooling-example"),
        Cell("backpropagation, by foot", "backpropagation", network_with_labels, with_reference=True),
    ]


def by_hand(name: str, operation: str, example: str, **choices: Any) -> Cell:
    """A slide's worked example."""
    return Cell(name, operation, lambda: worked_example(example), with_reference=True, **choices)


def worked_example(name: str) -> dict[str, Any]:
    """The arguments of a slide's worked example as arrays."""
    arguments = next(example for example in worked_examples() if example.name == name).arguments
    arrays = {key: floats(value) if isinstance(value, (list, tuple)) else value for key, value in arguments.items()}
    if "labels" in arrays:
        arrays["labels"] = arrays["labels"].astype(np.int64)
    return arrays


def network_with_labels() -> dict[str, Any]:
    """The network by foot, and the labels that its gradients are told for."""
    labels = next(example for example in worked_examples() if example.name == "by-foot-labels").printed["labels"]
    return {**worked_example("by-foot"), "labels": floats(labels)}


def floats(value: Any) -> Any:
    """A fixture's array in float32, or a tuple of them."""
    if isinstance(value, tuple):
        return tuple(map(floats, value))
    return np.array(elementwise(lambda cell: float(exact(cell)), value), np.float32)
