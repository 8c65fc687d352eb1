"""Good calls of an operation, drawn as the suite draws them, for whoever wants to make some."""

from __future__ import annotations

from functools import cache
from typing import Any

from conformance.backend import LocalBackend
from conformance.comparison import Comparison
from conformance.drawing import Draw
from conformance.exploration import Exploration
from conformance.operation import Arguments, Operation
from conformance.subject import Subject
from reference.numbers import Arithmetic


def sample_calls(
    operation: Operation,
    dtype: str,
    count: int = 1,
    *,
    batch: int | None = None,
    values: str = "moderate",
    seed: int = 0,
) -> list[Arguments]:
    """Draw the arguments of good calls.

    Args:
        operation: of which to draw calls.
        dtype: of the float arrays.
        count: how many.
        batch: if given, the length of the first axis drawn, usually the examples: large enough for threads, say.
        values: a key of `conformance.drawing.REGIMES`.
        seed: other seeds, other calls.

    Returns:
        For each call the arguments by name.
    """
    calls: list[Arguments] = []

    def prepare(draw: Draw) -> Arguments:
        draw.batch = batch
        return operation.draw_call(draw)

    def note(arguments: Arguments) -> Comparison:
        calls.append(arguments)
        return Comparison(deciding=1)

    subject = Subject(operation, LocalBackend(operation.reference), Arithmetic(dtype), count, seed)
    Exploration(subject, prepare, note, values).look(count)
    return calls[:count]


@cache
def sample_call(operation: Operation, dtype: str) -> dict[str, Any]:
    """The arguments of some call, for their kinds and dtypes."""
    return sample_calls(operation, dtype)[0]
