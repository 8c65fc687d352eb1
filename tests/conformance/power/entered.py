"""All wrong and right implementations, and how the suite looks at one: for tests, and for a long run by hand."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from conformance.arrays import map_arrays
from conformance.backend import LocalBackend
from conformance.comparison import Nonconforming, compare, expected
from conformance.implementation import load
from conformance.operation import Arguments
from conformance.operations import operations
from conformance.subject import Subject
from tests.conformance.power.entering import RIGHT_IMPLEMENTATIONS, WRONG_IMPLEMENTATIONS, WrongImplementation

__all__ = ["BASE", "RIGHT_IMPLEMENTATIONS", "WRONG_IMPLEMENTATIONS", "hold_to_witness", "subject"]

for room in pkgutil.iter_modules([str(Path(__file__).parent)]):
    if not room.name.startswith("test_") and room.name not in ("entered", "long_run"):
        importlib.import_module(f"tests.conformance.power.{room.name}")

BASE = load("numpy")

#: What the reference says of calls, by the operation, the dtype and the call; the last so many are kept.
_EXPECTED: dict[Any, Any] = {}
MOST_KEPT = 2_000


class Remembering(Subject):
    """A subject that asks the reference once for each call: wrong implementations are shown the same ones."""

    def expected(self, arguments: Arguments) -> Any:
        key = (self.operation.name, self.dtype, *_key(arguments))
        if key not in _EXPECTED:
            if len(_EXPECTED) >= MOST_KEPT:
                del _EXPECTED[next(iter(_EXPECTED))]
            _EXPECTED[key] = super().expected(arguments)
        return _EXPECTED[key]


def _key(value: Any) -> Any:
    if isinstance(value, dict):
        return tuple((name, _key(part)) for name, part in value.items())
    if isinstance(value, (tuple, list)):
        return type(value).__name__, tuple(map(_key, value))
    return (value.dtype.str, value.shape, value.tobytes()) if isinstance(value, np.ndarray) else value


def subject(operation: str, function: Callable[..., Any], dtype: str, cases: int, seed: int) -> Subject:
    # A failing case is enough, it needn't be the smallest: shrinking would take most of a failing check's time.
    return Remembering(
        operations()[operation],
        LocalBackend(function),
        BASE.arithmetics[dtype],
        cases,
        seed,
        names_arguments=True,
        shrink=False,
    )


def hold_to_witness(wrong: WrongImplementation, function: Callable[..., Any], dtype: str) -> None:
    """Raise Nonconforming if a function answers the witness of a mistake as the mistake does."""
    operation, arithmetic = operations()[wrong.operation], BASE.arithmetics[dtype]
    call = map_arrays(lambda array: array.astype(dtype) if array.dtype.kind == "f" else array, wrong.witness)
    came = operation.call(function, call)
    compare(expected(operation, call, arithmetic), came, arithmetic, call)
    if wrong.operation == "max_pool2d_vjp":
        # Of cells that tie, any may get the gradient, and as far as each alone goes all of them; together they may not.
        passed, came_in = (np.sum(array, dtype=np.float64) for array in (came, call["cotangent"]))
        if passed > came_in:
            raise Nonconforming("windows pass on more than came in", str(came_in), str(passed), arguments=call)
