"""Who is timed must give the right result first, so that no wrong answer can be fast."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from conformance.arrays import as_lists, as_parts, flatten_result, map_arrays
from conformance.comparison import Nonconforming, compare, expected
from conformance.lanes.exact import exact_results
from conformance.lanes.reading import ELEMENTWISE
from conformance.lanes.rounded import bounded_results, can_be_read_in_lanes
from conformance.operation import Arguments, Operation
from conformance.operations import operations
from conformance.sweeping import is_exact
from reference.numbers import Arithmetic
from tests.benchmarks.contestants import OURS, REFERENCE, Contestant
from tests.benchmarks.grid.cell import BATCHED, Cell, first

#: The last of whose results is judged by itself: a softmax may round even where it saturates. TensorFlow's gives
#: 1 - 2⁻²⁴ there.
ENDS_WITH_SOFTMAX = ("forward_pass",)


def those_who_are_right(cell: Cell, contestants: Sequence[Contestant]) -> list[Contestant]:
    """Those who have a cell's operation, all of whose results are right."""
    arguments = cell.draw()
    if cell.exact:
        hold_to_the_reference(cell, next(c for c in contestants if c.name == OURS))
        arguments = first(cell.exact, arguments)
    taking_part = []
    agreed: list[np.ndarray] = []
    wanted: dict[Any, Any] = {}
    for contestant in contestants:
        if contestant.name == REFERENCE:
            if cell.with_reference:
                taking_part.append(contestant)
        elif contestant.prepare(cell.operation, arguments):
            taking_part.append(contestant)
            if cell.exact:
                came = came_of(cell, contestant, arguments)
                agreed = agreed or came
                same_numbers(cell, contestant, OURS, agreed, came)
            else:
                hold_to_bounds(cell, contestant, arguments, wanted)
    return taking_part


def hold_to_the_reference(cell: Cell, contestant: Contestant) -> None:
    """A contestant's numbers are the reference's, where that can say so in reasonable time."""
    operation, arguments = operations()[cell.operation], cell.affordable()
    contestant.prepare(cell.operation, arguments)
    data, settings = operation.split(arguments)
    if is_exact(operation):
        right, _ = exact_results(operation.reference, operation.case.axes, list(data.values()), settings)
        parts = [part.values for _, part in flatten_result(right)]
    else:
        right = operation.call(operation.reference, {name: as_lists(value) for name, value in arguments.items()})
        parts = as_parts(right, right)
    if cell.operation in ENDS_WITH_SOFTMAX:
        parts.pop()
    same_numbers(cell, contestant, "the reference", parts, came_of(cell, contestant, arguments))


def came_of(cell: Cell, contestant: Contestant, arguments: Arguments) -> list[np.ndarray]:
    """A contestant's results; the probabilities at the end of a network are held to their bounds instead."""
    came = [np.asarray(part) for _, part in flatten_result(contestant.result())]
    if cell.operation in ENDS_WITH_SOFTMAX:
        probabilities, logits = came.pop(), came[len(arguments["weights"]) - 1]
        given, (arithmetic, _) = {"z": logits.astype(np.float32)}, contestant.claims()
        compare(expected(operations()["softmax"], given, arithmetic), probabilities, arithmetic, given)
    return came


def same_numbers(
    cell: Cell, contestant: Contestant, other: str, wanted: Sequence[np.ndarray], came: Sequence[np.ndarray]
) -> None:
    """Two results of the same float32 numbers."""
    for ours, theirs in zip(wanted, came, strict=True):
        if not np.array_equal(np.asarray(ours, np.float32), np.asarray(theirs, np.float32)):
            raise Nonconforming(f"{cell.name}: {contestant.name} and {other} differ")


def hold_to_bounds(cell: Cell, contestant: Contestant, arguments: Arguments, wanted: dict[Any, Any]) -> None:
    """A contestant's result is as accurate as the reference would be in the arithmetic that it claims."""
    arithmetic, algorithms = contestant.claims()
    algorithm = algorithms.get(cell.operation)
    came, key = contestant.result(), (repr(arithmetic), algorithm)
    if cell.sample:
        arguments, came = sampled(cell.sample, arguments), sampled(cell.sample, {BATCHED[0]: came})[BATCHED[0]]
    if key not in wanted:
        wanted[key] = bounds(operations()[cell.operation], arguments, arithmetic, algorithm)
    try:
        compare(wanted[key], came, arithmetic, arguments)
    except Nonconforming as error:
        summary = f"{cell.name}: {contestant.name}: {error.summary}: wanted {error.wanted}; got {error.came}"
        raise Nonconforming(summary) from error


def sampled(count: int, arguments: Arguments) -> Arguments:
    """Some examples of a batch, from the first one to the last."""

    def some(array: np.ndarray) -> np.ndarray:
        return array[np.linspace(0, len(array) - 1, min(count, len(array))).astype(int)]

    return {name: map_arrays(some, value) if name in BATCHED else value for name, value in arguments.items()}


def bounds(operation: Operation, arguments: Arguments, arithmetic: Arithmetic, algorithm: Any) -> Any:
    """The reference's result with the bounds of an arithmetic, for all numbers at once where each is for itself."""
    data, settings = operation.split(arguments)
    given = list(data.values())
    if operation.case.axes == ELEMENTWISE and algorithm is None and can_be_read_in_lanes(given, arithmetic):
        return bounded_results(operation.reference, ELEMENTWISE, given, settings, arithmetic)
    return expected(operation, arguments, arithmetic, algorithm)
