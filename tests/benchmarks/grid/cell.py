"""A cell of the grid: one call of an operation, with what it costs."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from conformance.arrays import map_arrays

BATCH = 100

#: Arrays of parameters have an example for each of them.
ADAM = ("parameters", "gradients", "first_moment", "second_moment")
#: The arguments that have an entry for each example of a batch.
BATCHED = ("a", "images", "inputs", "labels", "logits", "z", "cotangent", "state", "velocity", *ADAM)


@dataclass(frozen=True)
class Cell:
    """One call of an operation."""

    name: str
    operation: str
    #: Makes the arguments, the same ones each time: those of all cells at once would fill the memory.
    draw: Callable[[], dict[str, Any]]
    #: Multiplications, additions, comparisons and elementary functions of the formula, those with padding included.
    #: 0 on a slide's own example, where the call itself takes the time.
    operations: int = 0
    #: Whether memory is what limits it, rather than arithmetic.
    memory_bound: bool = False
    #: Of how many examples the results are exact in float32; 0 if they are held to the reference's bounds instead.
    exact: int = 0
    #: How many examples are held to those bounds; 0 stands for all.
    sample: int = 0
    #: Makes the arguments that are timed, where those of exact results take longer than others of the same shapes.
    usual: Callable[[], dict[str, Any]] | None = None
    #: Of exact cells, arguments that the reference can afford; one example of the batch if none are given.
    small: Callable[[], dict[str, Any]] | None = None
    #: Whether the reference is timed, too: of exact cells, with one example.
    with_reference: bool = False
    #: Whether it is timed once more where all engines share one process.
    together: bool = False

    def timed(self) -> dict[str, Any]:
        """The arguments that are timed."""
        return (self.usual or self.draw)()

    def affordable(self) -> dict[str, Any]:
        """Arguments for which the reference can say what is right."""
        return self.small() if self.small else first(1, self.draw())


def first(count: int, arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments with only so many examples of the batch."""
    return {
        name: map_arrays(lambda array: array[:count], value) if name in BATCHED else value
        for name, value in arguments.items()
    }


def integers(low: int, high: int, *shape: int) -> np.ndarray:
    """The same integers from low to high in every run.

    Cells compute with integers that float32 holds exactly whatever the order of summation, wherever that can be, so
    that all must return the same numbers. A processor takes the same time for them as for any others.
    """
    return np.random.default_rng(math.prod(shape)).integers(low, high, shape, endpoint=True).astype(np.float32)


def numbers(*shape: int, seed: int = 0) -> np.ndarray:
    """The same normally distributed numbers in every run."""
    return np.random.default_rng((math.prod(shape), seed)).standard_normal(shape, np.float32)


def times(lengths: tuple[int, ...]) -> str:
    """A shape as it is spoken: 28×28×12."""
    return "×".join(map(str, lengths))
