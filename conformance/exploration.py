"""Looking for a case that breaks a check: cases are drawn, then aimed at the bound, and what fails is made small.

Why not Hypothesis alone, which aims and shrinks here: it counts examples, and what matters is how many of them decide;
left alone it varies the numbers of a few shapes, and mistakes hide in shapes; it shrinks for as long as it likes; and
it needs each case's verdict before it draws the next one, while many calls can go to another process together.
"""

from __future__ import annotations

import contextlib
import math
import random
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity
from hypothesis import strategies as st
from hypothesis.database import InMemoryExampleDatabase

from conformance.comparison import Comparison, Nonconforming
from conformance.drawing import Discarded, Draw
from conformance.operation import Arguments
from conformance.outcomes import Severity
from conformance.subject import KnownToCrash, Subject
from reference.errors import Undecidable

#: Shrinking a failure stops after this many seconds; the smallest case found until then is reported.
SHRINKING_SECONDS = 10.0
#: Cases whose calls are made together: a message to another process costs as much as several small calls.
HANDFUL = 16
#: At most so many cases are drawn for each that is to decide, and so many where that would be fewer.
TRIES, LEAST_TRIES = 20, 400
#: Hypothesis aims again, with other seeds, at most this often while too few cases decide.
AIMS = 3
#: The part of the cases of a rounding bound that is drawn for variety; the rest is driven towards the worst error.
BREADTH = 0.75
#: What is said of a failure that doesn't come again.
NOT_EVERY_TIME = ", but not every time: the same call gives different results"
#: Bins of a histogram of error / allowed error, from 0 to 1.
BINS = 20


class NotApplicable(Exception):
    """A check that means nothing for an operation; says why."""


@dataclass
class Evidence:
    """What a check has seen: cases that decided, that could not, that said nothing; the worst error / allowed error."""

    deciding: int = 0
    undecidable: int = 0
    vacuous: int = 0
    worst: float = 0.0
    #: how many deciding cases had their worst error in each twentieth of the allowed one
    histogram: list[int] = field(default_factory=lambda: [0] * BINS)

    def add(self, comparison: Comparison) -> None:
        """Count a case as one: deciding if any of its elements decides."""
        if comparison.deciding:
            self.deciding += 1
            if math.isfinite(comparison.worst):
                self.histogram[min(int(comparison.worst * BINS), BINS - 1)] += 1
        elif comparison.undecidable:
            self.undecidable += 1
        else:
            self.vacuous += 1
        self.worst = max(self.worst, comparison.worst)


@dataclass
class Exploration:
    """Examine cases until enough of them have decided.

    Args:
        subject: what to look at.
        prepare: draws a case.
        judge: runs it, and compares; raises Nonconforming.
        values: the regimes of values to draw.
        share: of the subject's number of cases.
        special: a value to put into the arrays of floats.
        severity: how bad a failure would be.
        is_one_call: whether a case is the arguments of one call: those of several cases are then made together.
    """

    subject: Subject
    prepare: Callable[[Draw], Any]
    judge: Callable[[Any], Comparison]
    values: str
    share: float = 1.0
    special: float | None = None
    severity: Severity = Severity.WRONG_NUMBERS
    is_one_call: bool = False
    evidence: Evidence = field(default_factory=Evidence)
    #: what failed, by all that was drawn for it, and when the first failure was
    failures: dict[tuple[bytes, ...], Nonconforming] = field(default_factory=dict)
    first_failure: float = math.inf

    def run(self) -> Evidence:
        """Look; raises Nonconforming with the smallest failing case found."""
        wanted = max(1, math.ceil(self.subject.cases * self.share))
        # Aiming keeps to one shape, so most cases are for breadth; and only rounding errors are worth it.
        aims = self.values == "rounding"
        self.look(math.ceil(wanted * BREADTH) if aims else wanted)
        for attempt in range(AIMS if aims else 0):
            if self.evidence.deciding < wanted:
                self.aim(wanted - self.evidence.deciding, attempt)
        return self.evidence

    def look(self, wanted: int) -> None:
        """Examine cases of as many different sizes and choices as there are, until enough have decided."""
        if self.severity is Severity.WRONG_NUMBERS:
            # The simplest case too: zeros, where thresholds are. It says too little to count.
            self._examine_together(self._draw_cases(bytes, 1))
            self.evidence = Evidence()
        cases = self._draw_cases(random.Random(self._seed("look")).randbytes, max(TRIES * wanted, LEAST_TRIES))
        while (missing := wanted - self.evidence.deciding) > 0:
            if not self._examine_together(islice(cases, min(missing, HANDFUL))):
                break

    def _draw_cases(self, source: Callable[[int], bytes], most: int) -> Iterator[tuple[Draw, Any]]:
        seen = Counter[tuple[int, ...]]()
        for _ in range(most):
            draw = self._draw(source, seen)
            with contextlib.suppress(Discarded):
                yield draw, self.prepare(draw)

    def _examine_together(self, cases: Iterator[tuple[Draw, Any]]) -> int:
        """Examine cases, and say how many they were."""
        drawn = list(cases)
        if self.is_one_call and drawn:
            self.subject.ask_ahead([case for _, case in drawn])
        for draw, case in drawn:
            try:
                self.examine(case)
            except Nonconforming as failure:
                raise self._smallest(draw, failure) if self.subject.shrink else failure from None
        return len(drawn)

    def aim(self, most: int, attempt: int) -> None:
        """Let Hypothesis climb towards the largest error, relative to the one allowed."""

        def climb(data: st.DataObject) -> None:
            comparison = self._examine_drawn_by(data)
            if comparison is None or not comparison.deciding:
                hypothesis.reject()
            elif math.isfinite(comparison.worst):
                hypothesis.target(comparison.worst)

        self._let_hypothesis(climb, f"aim {attempt}", (Phase.generate, Phase.target), most)

    def _smallest(self, draw: Draw, failure: Nonconforming) -> Nonconforming:
        """The smallest case to be found that fails as a drawn one did."""

        def shrink(data: st.DataObject) -> None:
            if self._examine_drawn_by(data) is None:
                hypothesis.reject()

        try:
            self._let_hypothesis(shrink, "shrink", (Phase.reuse,), 1, given=b"".join(draw.drawn_key()))
        except Nonconforming as smallest:
            return smallest
        failure.summary += NOT_EVERY_TIME
        return failure

    def _let_hypothesis(
        self,
        examine: Callable[[st.DataObject], None],
        name: str,
        phases: tuple[Phase, ...],
        most: int,
        given: bytes | None = None,
    ) -> None:
        """Let Hypothesis draw, or begin with a given case; raises Nonconforming with the smallest failing one."""
        settings = hypothesis.settings(
            max_examples=most,
            database=InMemoryExampleDatabase() if given is not None else None,
            deadline=None,
            phases=(*phases, *[Phase.shrink] * self.subject.shrink),
            suppress_health_check=list(HealthCheck),
            report_multiple_bugs=False,
            verbosity=Verbosity.quiet,
        )
        # In this order: `seed` takes the database away.
        test: Any = settings(hypothesis.seed(self._seed(name))(hypothesis.given(st.data())(examine)))
        try:
            if given is not None:
                try:
                    test.hypothesis.fuzz_one_input(given)
                except Nonconforming:
                    pass  # what fails is kept in the database, to be shrunk from there
                else:
                    return
            # Unsatisfiable: not one case decided; whether that is too few, whoever looks at the evidence knows.
            with contextlib.suppress(hypothesis.errors.Unsatisfiable):
                test()
        except hypothesis.errors.Flaky:
            if not self.failures:
                raise
            smallest = min(self.failures.values(), key=lambda failure: len(str(failure.arguments)))
            smallest.summary += NOT_EVERY_TIME
            raise smallest from None

    def examine(self, case: Any) -> Comparison | None:
        """Examine a case, and count it; None if nothing could be said of it."""
        self.subject.begin()
        try:
            comparison = self.judge(case)
        except Undecidable:
            self.evidence.undecidable += 1
            return None
        except Discarded:
            return None
        except KnownToCrash:
            self.subject.judge_apart(self.subject.excuses(Severity.CRASH), deviates=False)
            return None
        except Nonconforming as failure:
            if excuses := self.subject.excuses(self.severity):
                self.subject.judge_apart(excuses, deviates=True)
                return None
            raise failure.with_traceback(None) from None  # one origin for all, so that any may shrink to any other
        if excuses := self.subject.excuses(self.severity):
            self.subject.judge_apart(excuses, deviates=False)
            return None
        self.evidence.add(comparison)
        return comparison

    def _examine_drawn_by(self, data: st.DataObject) -> Comparison | None:
        draw = self._draw(lambda count: data.conjecture_data.draw_bytes(count, count))
        try:
            return self.examine(self.prepare(draw))
        except Discarded:
            return None
        except Nonconforming as failure:
            now, key = time.monotonic(), draw.drawn_key()
            self.first_failure = min(self.first_failure, now)
            if now - self.first_failure > SHRINKING_SECONDS and key not in self.failures:
                hypothesis.reject()  # only what is known to fail may still fail, so that shrinking comes to its end
            self.failures[key] = failure
            raise

    def _draw(self, source: Callable[[int], bytes], seen: Counter[tuple[int, ...]] | None = None) -> Draw:
        return Draw(source, self.subject.dtype, self.values, self.subject.largest, self.special, seen)

    def _seed(self, name: str) -> int:
        subject = self.subject
        what = f"{subject.operation.name} {subject.dtype} {subject.check} {self.values}"
        return zlib.crc32(f"{what} {subject.seed} {name}".encode())


def draw_call(subject: Subject, draw: Draw) -> Arguments:
    """The arguments of a call that is worth making."""
    arguments = subject.operation.draw_call(draw)
    draw.require_interest()
    return arguments
