"""A contestant that is wrong is found out before it is timed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from conformance.comparison import Nonconforming
from reference.numbers import Arithmetic
from tests.benchmarks.contestants import OURS
from tests.benchmarks.correctness import those_who_are_right
from tests.benchmarks.engines import modules
from tests.benchmarks.graph_speed import hold_to_each_other
from tests.benchmarks.graph_step import exact
from tests.benchmarks.grid.everything import cells


@dataclass
class Stand:
    """Who computes with NumPy in this process, and spoils the last number, or doesn't."""

    name: str
    spoiled: bool = False
    prepared: Any = field(default=None)

    def claims(self) -> tuple[Arithmetic, dict[str, Any]]:
        return Arithmetic("float32"), {}

    def prepare(self, operation: str, arguments: dict[str, Any]) -> bool:
        self.prepared = modules.prepare("numpy", operation, arguments)
        return True

    def result(self) -> Any:
        came = self.prepared.call()
        parts = [np.array(part) for part in (came if isinstance(came, tuple) else (came,))]
        if self.spoiled:
            parts[-1].flat[-1] += 1e-3 * abs(parts[-1].flat[-1]) or 1
        return tuple(parts) if isinstance(came, tuple) else parts[0]


@pytest.mark.parametrize("name", ["dense, 100×200×10", "dense vjp, 100×200×10", "softmax, 100×10", "tanh, 100×10"])
def test_a_number_that_is_off_by_a_thousandth(name: str) -> None:
    cell = next(cell for cell in cells() if cell.name == name)
    right: Any = [Stand(OURS), Stand("another")]
    assert those_who_are_right(cell, right) == right
    for wrong in ([Stand(OURS, spoiled=True)], [Stand(OURS), Stand("another", spoiled=True)]):
        with pytest.raises(Nonconforming):
            those_who_are_right(cell, wrong)


@dataclass
class StepStand:
    """Who claims to have taken a step of the network's graph."""

    change: float = 1
    spoiled: float = 0

    def ask(self, request: str, *_: Any) -> Any:
        if request == "prepare":
            return True
        parts = tuple(array + self.change for _, array in sorted(exact().parameters.items()))
        parts[-1].flat[-1] += self.spoiled
        return parts


def test_a_step_that_another_takes_otherwise_or_nobody_takes() -> None:
    right: Any = {"one": StepStand(), "another": StepStand()}
    hold_to_each_other(right)
    for other in (StepStand(spoiled=1), StepStand(change=0)):
        with pytest.raises(Nonconforming, match="one, another differ"):
            hold_to_each_other({**right, "another": other})
    with pytest.raises(Nonconforming, match="what it was before"):
        hold_to_each_other(dict.fromkeys(right, StepStand(change=0)))
