"""Looking for a case that breaks a check: cases are drawn, then aimed at the bound, and what fails is made small.

Why not Hypothesis alone, which aims here: it counts examples, and what matters is how many of them decide; left alone
it varies the numbers of a few shapes, and mistakes hide in shapes; and it needs each case's verdict before it draws the
next one, while many calls can go to another process together.
"""

from __future__ import annotations

import contextlib
import math
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import hypothesis
import numpy as np
from hypothesis import HealthCheck, Phase, Verbosity
from hypothesis import strategies as st

from conformance.backend import Lost
from conformance.choices import Again, Chance, Choice, Choices, Guided
from conformance.comparison import Comparison, Nonconforming
from conformance.drawing import Discarded, Draw
from conformance.operation import Arguments
from conformance.outcomes import Severity
from conformance.shrinking import smallest
from conformance.subject import KnownToCrash, Subject
from reference.errors import Undecidable

#: Shrinking a failure stops after this many seconds; the smallest case found until then is reported.
SHRINKING_SECONDS = 10.0
#: Cases whose calls are made together: a message to another process costs as much as several small calls.
HANDFUL = 16
#: At most so many cases are drawn for each that is to decide, and so many where that would be fewer: where the largest
#: numbers are compared, one case in a hundred decides, and of 400 now and then none.
TRIES, LEAST_TRIES = 20, 2000
#: So many cases in the sets of known deviations, for each that is to decide, without one that does: none will.
HOPELESS = 4
#: Hypothesis aims again, with other seeds, at most this often while too few cases decide.
AIMS = 3
#: The part of the cases of a rounding bound that is drawn for variety; the rest is driven towards the worst error.
BREADTH = 0.75
#: Combinations of sizes and choices that are remembered; then they may come again.
MOST_SEEN = 20_000
#: What is said of a failure that doesn't come again.
NOT_EVERY_TIME = ", but not every time: the same call gives different results"
#: Bins of a histogram of error / allowed error, from 0 to 1.
BINS = 20


class NotApplicable(Exception):
    """A check that means nothing for an operation; says why."""


class _Found(BaseException):
    """A case that fails: no exception that Hypothesis would handle, since it would make the case again."""

    def __init__(self, made: Sequence[Choice], failure: Any) -> None:
        super().__init__()
        self.made, self.failure = made, failure


@dataclass
class Evidence:
    """What a check has seen: cases that decided, that could not, that said nothing; the worst error / allowed error."""

    deciding: int = 0
    undecidable: int = 0
    vacuous: int = 0
    worst: float = 0.0
    #: how many deciding cases had their worst error in each twentieth of the allowed one
    histogram: list[int] = field(default_factory=lambda: [0] * BINS)
    #: of a sweep, what it has covered
    covered: dict[str, int] = field(default_factory=dict)

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
        """Examine cases of as many different configurations as there are, until enough have decided."""
        if self.severity is Severity.WRONG_NUMBERS:
            # The simplest case too: zeros, where thresholds are. It says too little to count.
            self.examine_together(list(self._draw_cases([Again()])))
            self.evidence = Evidence()
        most = max(TRIES * wanted, LEAST_TRIES)
        cases = self._draw_cases(Chance([self._seed("look"), number]) for number in range(most))
        while (missing := wanted - self.evidence.deciding) > 0 and not self._is_known_throughout(wanted):
            self.subject.progress(1 - missing / wanted)
            if not (handful := list(islice(cases, min(missing, HANDFUL)))):
                break
            self.examine_together(handful)

    def _is_known_throughout(self, wanted: int) -> bool:
        """Whether nearly all cases lie in the sets of known deviations: more of them tell no more."""
        return self.subject.known.total() >= wanted * (TRIES if self.evidence.deciding else HOPELESS)

    def _draw_cases(self, sources: Iterable[Choices]) -> Iterator[tuple[list[Choice], Any]]:
        seen = Counter[tuple[Any, ...]]()
        for source in sources:
            if len(seen) == MOST_SEEN:
                seen.clear()
            draw = self.draw(source, seen)
            with contextlib.suppress(Discarded):
                yield draw.made, self.prepare(draw)

    def examine_together(self, cases: Sequence[tuple[list[Choice], Any]]) -> None:
        """Examine cases, each with the choices that make it."""
        if self.is_one_call and cases:
            self.subject.ask_ahead([case for _, case in cases])
        for made, case in cases:
            try:
                self.examine(case)
            except Nonconforming as failure:
                raise self._smallest(made, failure) from None

    def aim(self, most: int, attempt: int) -> None:
        """Let Hypothesis climb towards the largest error, relative to the one allowed."""

        def climb(data: st.DataObject) -> None:
            draw = self.draw(Guided(data))
            try:
                comparison = self.examine(self.prepare(draw))
            except Discarded:
                hypothesis.reject()
            except (Nonconforming, Lost) as failure:
                raise _Found(draw.made, failure) from None
            if comparison is None or not comparison.deciding:
                hypothesis.reject()
            elif math.isfinite(comparison.worst):
                hypothesis.target(comparison.worst)

        settings = hypothesis.settings(
            max_examples=most,
            database=None,
            deadline=None,
            phases=(Phase.generate, Phase.target),
            suppress_health_check=list(HealthCheck),
            report_multiple_bugs=False,
            verbosity=Verbosity.quiet,
        )
        test: Any = settings(hypothesis.seed(self._seed(f"aim {attempt}"))(hypothesis.given(st.data())(climb)))
        try:
            # Unsatisfiable: not one case decided; whether that is too few, whoever looks at the evidence knows.
            with contextlib.suppress(hypothesis.errors.Unsatisfiable):
                test()
        except _Found as found:
            lost = isinstance(found.failure, Lost)
            raise found.failure if lost else self._smallest(found.made, found.failure) from None

    def _smallest(self, made: Sequence[Choice], failure: Nonconforming) -> Nonconforming:
        """The smallest case to be found that fails as a drawn one did."""
        if not self.subject.shrink:
            return failure
        again = self._examine_again(made)
        if again is None:
            failure.summary += NOT_EVERY_TIME
            return failure
        return smallest(again[1], again[0], self._examine_again, SHRINKING_SECONDS)

    def _examine_again(self, choices: Sequence[Choice]) -> tuple[Nonconforming, list[Choice]] | None:
        """What fails in the case that choices make, and the choices really made; None if it doesn't fail."""
        draw = self.draw(Again(choices))
        try:
            self.examine(self.prepare(draw))
        except Discarded:
            return None
        except Nonconforming as failure:
            return failure, draw.made
        return None

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
        except Nonconforming:
            if excuses := self.subject.excuses(self.severity):
                self.subject.judge_apart(excuses, deviates=True)
                return None
            raise
        if excuses := self.subject.excuses(self.severity):
            self.subject.judge_apart(excuses, deviates=False)
            return None
        self.evidence.add(comparison)
        return comparison

    def draw(self, choices: Choices, seen: Counter[tuple[Any, ...]] | None = None) -> Draw:
        """What draws a case of this check."""
        subject = self.subject
        # Who compiles each shape is shown few of them: then there is no more variety to ask for.
        seen = None if subject.compiles else seen
        limits = subject.largest, self.special, seen, subject.seed, subject.is_read_alone, subject.compiles
        return Draw(choices, subject.dtype, self.values, *limits)

    def _seed(self, name: str) -> int:
        subject = self.subject
        what = f"{subject.operation.name} {subject.dtype} {subject.check} {self.values}"
        return zlib.crc32(f"{what} {subject.seed} {name}".encode())


def draw_call(subject: Subject, draw: Draw) -> Arguments:
    """The arguments of a call that is worth making."""
    arguments = subject.operation.draw_call(draw)
    draw.require_interest()
    return left_to_defaults(subject, arguments) if draw.choice(False, False, False, True) else arguments


def left_to_defaults(subject: Subject, arguments: Arguments) -> Arguments:
    """The call without what has the reference's default values: the implementation's own may be others.

    And without those that are floats by default: no such number decides which calls there are.
    """
    defaults, own = subject.operation.defaults, subject.backend.declared_defaults(subject.operation.name)

    def may_go(name: str, value: Any) -> bool:
        if name not in defaults or name not in own:
            return False
        return isinstance(defaults[name], float) or (type(value) is not np.ndarray and value == defaults[name])

    return {name: value for name, value in arguments.items() if not may_go(name, value)}
