"""The five algorithms, timed: fast.cpu beside TensorFlow, NumPy and the reference, and beside what the machine can do.

No time is asserted. Who takes part must give the right result first, so that no wrong answer can be fast.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from conformance.arrays import flatten_result
from conformance.comparison import compare, expected
from conformance.operations import operations
from tests.benchmarks import ceilings
from tests.benchmarks.interleaving import ROUNDS, calls_per_turn, interleave
from tests.benchmarks.report import ARITHMETIC, MEMORY, ONE_THREAD, OURS, SAME_MEMORY, Measurement
from tests.benchmarks.workloads import Workload, workloads


@pytest.fixture(scope="module")
def contestants() -> list[Any]:
    """Whom to time. Imported only now, since most runs of the tests don't measure anything."""
    from tests.benchmarks.contestants import contestants

    return contestants()


# A failed check is the reason why nothing was timed, and says so itself.
@pytest.mark.filterwarnings("ignore:Benchmark fixture was not used")
@pytest.mark.parametrize("workload", workloads(), ids=lambda workload: workload.name.replace("×", "x"))
def test_speed(workload: Workload, contestants: list[Any], benchmark: Any, measurements: list[Measurement]) -> None:
    hold_to_the_reference(workload, contestants)
    single = ("reference",) if workload.exact else ()
    calls = {
        contestant.name: contestant.prepare(
            workload.operation, workload.first(1) if contestant.name in single else workload.arguments
        )
        for contestant in contestants
    }
    limits = ceilings_of(workload)
    times = interleave(calls | {name: function for name, (function, _) in limits.items()})
    measurement = Measurement(
        workload,
        {name: times[name] for name in calls},
        {name: times[name] for name in limits},
        {name: work for name, (_, work) in limits.items()},
        single,
    )
    measurements.append(measurement)
    benchmark.extra_info.update(measurement.as_json())
    # pytest-benchmark's own record is of fast.cpu alone, round after round with nobody in between.
    iterations = calls_per_turn(calls[OURS]) or 1
    benchmark.pedantic(calls[OURS], rounds=ROUNDS, warmup_rounds=1, iterations=iterations)


def ceilings_of(workload: Workload) -> dict[str, tuple[Callable[[], None], int]]:
    """What to hold a workload to; nothing if the call itself takes the time."""
    if workload.flops:
        return {ARITHMETIC: ceilings.multiply_adds(), ONE_THREAD: ceilings.multiply_adds(threads=1)}
    if workload.traffic:
        return {MEMORY: ceilings.copying(), SAME_MEMORY: ceilings.copying(workload.traffic)}
    return {}


# Beside the timing, which is skipped unless it is asked for: it must not rot meanwhile.
@pytest.mark.parametrize("workload", workloads(), ids=lambda workload: workload.name.replace("×", "x"))
def test_everybody_is_right(workload: Workload, contestants: list[Any]) -> None:
    hold_to_the_reference(workload, contestants)


def hold_to_the_reference(workload: Workload, contestants: list[Any]) -> None:
    """Everybody's result is right, as far as the reference can say so in reasonable time."""
    if workload.exact:
        hold_to_each_other(workload, contestants)
    else:
        hold_to_bounds(workload, contestants)


def hold_to_bounds(workload: Workload, contestants: list[Any]) -> None:
    """Everybody's result is as accurate as the reference would be in the arithmetic that they claim."""
    operation, arguments = operations()[workload.operation], workload.arguments
    for contestant in contestants:
        wanted = expected(operation, arguments, contestant.arithmetic)
        came = contestant.prepare(workload.operation, arguments)()
        compare(wanted, came, contestant.arithmetic, arguments)


def hold_to_each_other(workload: Workload, contestants: list[Any]) -> None:
    """All results are the same numbers; the reference says so for one example, the others for the batch."""
    *swift, reference = contestants
    same_numbers(workload, [contestants[0], reference], workload.first(1))
    same_numbers(workload, swift, workload.first(workload.exact))


def same_numbers(workload: Workload, contestants: list[Any], arguments: dict[str, Any]) -> None:
    """Every contestant gives the first one's numbers."""
    wanted: list[np.ndarray] = []
    for contestant in contestants:
        result = contestant.prepare(workload.operation, arguments)()
        came = [np.asarray(part) for _, part in flatten_result(result)]
        if workload.operation == "forward_pass":
            # A softmax may round even where it saturates: TensorFlow's gives 1 - 2⁻²⁴ there.
            probabilities, logits = came.pop(), came[len(arguments["weights"]) - 1]
            compare(
                expected(operations()["softmax"], {"z": logits}, contestant.arithmetic),
                probabilities,
                contestant.arithmetic,
                {"z": logits},
            )
        wanted = wanted or came
        for ours, theirs in zip(wanted, came, strict=True):
            assert np.array_equal(ours, theirs), f"{contestant.name} and {contestants[0].name} differ"
