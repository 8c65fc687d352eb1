"""Replaying known deviations: the smallest case of each is run first, and must still deviate."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from conformance.arrays import map_arrays
from conformance.backend import Lost
from conformance.checking import Result, note_failure, note_lost, tidy
from conformance.checks.bad_input import accepted, is_bad
from conformance.checks.manners import HABITS
from conformance.comparison import Nonconforming, compare
from conformance.operation import Arguments
from conformance.outcomes import Severity, Status
from conformance.subject import KnownToCrash, Subject

KIND = "known deviation"
#: How often a smallest case is tried before it counts as right, with other calls in between: memory that nobody wrote
#: may hold the right answer, and who writes where nobody looks survives that now and then, many times in a row.
TRIES = 20


@dataclass(frozen=True)
class KnownDeviation:
    """What an implementation says of a set of calls that is known to deviate; its predicate stays with it.

    `number` is its place among those of its operation.
    """

    number: int
    operation: str
    reason: str
    severity: Severity
    smallest: Arguments
    instead: str
    since: str
    reported: str
    dtypes: tuple[str, ...]
    here: bool
    where: str

    @property
    def kind(self) -> str:
        return KIND

    @property
    def name(self) -> str:
        """The name of the check that replays it."""
        return f"{KIND}: {self.reason}"

    def smallest_in(self, dtype: str) -> Arguments:
        """The arguments of the smallest case in a dtype."""
        changed = map_arrays(lambda a: a.astype(dtype) if a.dtype.kind == "f" else a, self.smallest)
        return dict(changed)


def known_deviations(said: list[Mapping[str, Any]], operation: str) -> list[KnownDeviation]:
    """Those of an operation, from an implementation's hello."""
    own = [entry for entry in said if entry["operation"] == operation]
    return [
        KnownDeviation(number, **{**entry, "severity": Severity(entry["severity"]), "dtypes": tuple(entry["dtypes"])})
        for number, entry in enumerate(own)
    ]


class WrongList(Exception):
    """A list of known deviations says what can't be; says what."""


def replay(implementation: str, subject: Subject, deviation: KnownDeviation) -> Result:
    """Run a deviation's smallest case: it deviates as known, or it doesn't any more, or the list is wrong."""
    result = Result(implementation, subject.operation.name, subject.dtype, deviation.name, KIND)
    start, arguments = time.monotonic(), deviation.smallest_in(subject.dtype)
    try:
        require_in_set(subject, deviation, arguments)
        deviate(subject, deviation.severity, arguments)
        result.status, result.summary = Status.STALE, "the smallest case of this known deviation is right now"
    except WrongList as error:
        result.status, result.severity, result.summary = Status.FAILED, deviation.severity, str(error)
    except Nonconforming as failure:
        note_failure(result, failure, subject, deviation.severity)
        result.status = Status.DEVIATES
    except Lost as lost:
        note_lost(result, lost, subject)
        result.status = Status.DEVIATES if deviation.severity is Severity.CRASH else result.status
    except Exception as error:
        result.status, result.summary = (
            Status.ERROR,
            f"the smallest case can't be judged: {type(error).__name__}: {error}",
        )
    result.seconds = time.monotonic() - start
    return tidy(result)


def require_in_set(subject: Subject, deviation: KnownDeviation, arguments: Arguments) -> None:
    """Say what is wrong with a list that has this deviation, if anything."""
    if set(arguments) - set(subject.operation.parameters):
        raise WrongList(f"its smallest case has arguments that {subject.operation.name} doesn't take")
    bad = is_bad(subject.operation, arguments)
    if deviation.severity is Severity.ACCEPTS and not bad:
        raise WrongList("its smallest case is a valid call: nothing need refuse it")
    if deviation.severity not in (Severity.ACCEPTS, Severity.CRASH) and bad:
        raise WrongList("its smallest case is no valid call")
    subject.begin()
    with contextlib.suppress(KnownToCrash):
        subject.answers([arguments])
    if deviation.number not in subject.met:
        raise WrongList("its smallest case isn't in its own set")


def deviate(subject: Subject, severity: Severity, arguments: Arguments) -> None:
    """Raise Nonconforming or Lost if a call deviates in a way of some severity."""
    crashes = severity is Severity.CRASH
    if crashes and is_bad(subject.operation, arguments):
        subject.answers([arguments] * TRIES, dared=True)
    elif severity is Severity.ACCEPTS:
        (answer,) = subject.answers([arguments])
        if not answer.raised:
            raise accepted(subject, "the call is bad", answer, arguments)
    elif severity is Severity.MANNERS:
        for habit in HABITS:
            habit(subject, arguments)
    else:
        other = map_arrays(lambda array: np.full_like(array, 7) if array.dtype.kind == "f" else array, arguments)
        wanted = subject.expected(arguments)
        for _ in range(TRIES):
            _, answer = subject.answers([other, arguments], dared=crashes)
            compare(wanted, subject.result_of(answer, arguments), subject.arithmetic, arguments)
