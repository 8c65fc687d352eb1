"""Steps of an optimizer, of a large network's parameters, of few, and of an odd number."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.benchmarks.grid.cell import ADAM, Cell, numbers

#: Of each parameter, roots and quotients counted as one each.
OPERATIONS = 12


def cells() -> list[Cell]:
    """Adam's, as it is used most."""
    return [adam(1_000_000), adam(2_000), adam(100_003)]


def adam(count: int) -> Cell:
    """A step of Adam, the first one: powers of its rates are exact then.

    Without ε libraries agree; with one, they put it in two places.
    """

    def draw() -> dict[str, Any]:
        arrays = {name: numbers(count, seed=seed) for seed, name in enumerate(ADAM)}
        arrays["second_moment"] = np.square(arrays["second_moment"]) + np.float32(0.5)
        rates = {"step": 1, "learning_rate": 2.0**-10, "beta_1": 0.875, "beta_2": 1 - 2.0**-10, "epsilon": 0.0}
        return {**arrays, **rates}

    spelled = f"{count:,}".replace(",", " ")
    name, work = f"adam, {spelled} parameters", OPERATIONS * count
    return Cell(name, "adam", draw, work, memory_bound=count > 2_000, sample=500)
