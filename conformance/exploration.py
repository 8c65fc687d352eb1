"""Looking for a case that breaks a check: Hypothesis draws, aims at the bound, and shrinks what it finds."""

from __future__ import annotations

import math
import time
import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity
from hypothesis import strategies as st

from conformance.comparison import Comparison, Nonconforming
from conformance.drawing import Draw
from conformance.operations import Operation
from reference.errors import Undecidable
from reference.numbers import Arithmetic

#: Shrinking a failure stops after this many seconds; the smallest case found until then is reported.
SHRINKING_SECONDS = 10.0
#: Hypothesis is asked again, with other seeds, at most this often while too few cases decide.
ROUNDS = 4
#: The part of the cases of a rounding bound that is drawn for variety; the rest is driven towards the worst error.
BREADTH = 0.75


class NotApplicable(Exception):
    """A check that means nothing for an operation; says why."""


@dataclass(frozen=True)
class Subject:
    """One operation of one implementation in one dtype, and how thoroughly to look at it."""

    operation: Operation
    function: Callable[..., Any]
    arithmetic: Arithmetic
    cases: int
    seed: int
    largest: int | None = None
    #: whether to look for the smallest failing case; for a known deviation any will do
    shrink: bool = True

    @property
    def dtype(self) -> str:
        return self.arithmetic.format

    def draw_call(self, draw: Draw) -> dict[str, Any]:
        """The arguments of a call whose sizes and choices weren't drawn too often before."""
        arguments = self.operation.draw_call(draw)
        draw.require_novelty()
        return arguments

    def run(self, arguments: dict[str, Any]) -> Any:
        """The implementation's result; an exception it raises on good input counts as nonconforming."""
        try:
            return self.operation.call(self.function, arguments)
        except MemoryError:
            raise
        except Exception as error:
            message = f"{type(error).__name__}: {error}"
            raise Nonconforming(
                "raised an exception on good input", "a result", message, arguments=arguments
            ) from error


@dataclass
class Evidence:
    """What a check has seen: cases that decided, that could not, that said nothing; the worst error / allowed error."""

    deciding: int = 0
    undecidable: int = 0
    vacuous: int = 0
    worst: float = 0.0

    def add(self, comparison: Comparison) -> None:
        """Count a case as one: deciding if any of its elements decides."""
        if comparison.deciding:
            self.deciding += 1
        elif comparison.undecidable:
            self.undecidable += 1
        else:
            self.vacuous += 1
        self.worst = max(self.worst, comparison.worst)


def explore(
    subject: Subject,
    examine: Callable[[Draw], Comparison],
    *,
    values: str,
    share: float = 1.0,
    special: float | None = None,
) -> Evidence:
    """Examine cases until enough of them have decided.

    Args:
        subject: what to look at.
        examine: draws a case, runs it, and compares; raises Nonconforming.
        values: the regimes of values to draw.
        share: of the subject's number of cases.
        special: a value to put into the arrays of floats.

    Returns:
        What was seen.

    Raises:
        Nonconforming: with the smallest failing case found.
    """
    evidence, wanted = Evidence(), max(1, math.ceil(subject.cases * share))
    failures: dict[tuple[object, ...], Nonconforming] = {}
    first_failure = [math.inf]
    seen: Counter[tuple[int, ...]] = Counter()
    aiming = False

    def examine_once(data: st.DataObject) -> None:
        exploring = not aiming and first_failure[0] == math.inf
        draw = Draw(data, subject.dtype, values, subject.largest, special, seen if exploring else None)
        try:
            comparison = examine(draw)
        except Undecidable:
            evidence.undecidable += 1
            hypothesis.reject()
        except MemoryError:
            first_failure[0] = min(first_failure[0], time.monotonic())
            raise
        except Nonconforming as failure:
            first_failure[0] = min(first_failure[0], time.monotonic())
            if time.monotonic() - first_failure[0] > SHRINKING_SECONDS and draw.drawn_key() not in failures:
                hypothesis.reject()  # only what is known to fail may still fail, so that shrinking comes to its end
            failures[draw.drawn_key()] = failure
            raise failure.with_traceback(None) from None  # one origin for all, so that any may shrink to any other
        evidence.add(comparison)
        if not comparison.deciding:
            hypothesis.reject()
        if aiming and math.isfinite(comparison.worst):
            hypothesis.target(comparison.worst)

    name = f"{subject.operation.name} {subject.dtype} {values} {special} {examine.__qualname__}"
    for attempt in range(ROUNDS):
        if evidence.deciding >= wanted:
            break
        # Aiming keeps to one shape, so that most cases are for breadth; and only rounding errors are worth aiming at.
        aiming = values == "rounding" and attempt > 0
        share_of_all = BREADTH if values == "rounding" and not aiming else 1
        settings = hypothesis.settings(
            max_examples=max(1, math.ceil(wanted * share_of_all) - evidence.deciding),
            database=None,
            deadline=None,
            phases=(Phase.generate, *[Phase.target] * aiming, *[Phase.shrink] * subject.shrink),
            suppress_health_check=list(HealthCheck),
            report_multiple_bugs=False,
            verbosity=Verbosity.quiet,
        )
        seed = zlib.crc32(f"{name} {subject.seed} {attempt}".encode())
        try:
            hypothesis.seed(seed)(settings(hypothesis.given(st.data())(examine_once)))()
        except hypothesis.errors.Flaky:
            if not failures:
                raise
            smallest = min(failures.values(), key=lambda failure: len(str(failure.arguments)))
            smallest.summary += ", but not every time: the same call gives different results"
            raise smallest from None
    return evidence


@cache
def sample_call(operation: Operation, dtype: str) -> dict[str, Any]:
    """The arguments of some call, for their kinds and dtypes."""
    sample: dict[str, Any] = {}

    def look(draw: Draw) -> Comparison:
        sample.update(operation.draw_call(draw))
        return Comparison(deciding=1)

    explore(Subject(operation, operation.reference, Arithmetic(dtype), 1, 0), look, values="moderate")
    return sample
