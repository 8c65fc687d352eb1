"""Where an implementation's functions are called: in a process of its own, or, for tests, right here."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from conformance.calls import Answer, Call, declared_defaults, make_calls
from conformance.channel import ConnectionLost, TimedOut
from conformance.concurrency import make_calls_at_once
from conformance.deviations import Deviation
from conformance.outcomes import Status
from conformance.processes import Process

#: After a hang, a call may take so many times as long as the longest that ended, and at least so many seconds: who
#: hangs once hangs again, and each time would cost the whole limit.
PATIENCE, LEAST_PATIENCE = 20.0, 1.0
#: How calls are made that have nothing to do with each other; others are made "in a row" or "at once".
EACH = "each"
#: So many processes are started for an operation of which no call ever came back.
MOST_CRASHES = 3


class Lost(BaseException):
    """A call never came back: the process crashed, hung, or ran out of memory.

    Not an Exception, so that whoever looks for a smaller failing case leaves off: each try would cost a process.
    """

    def __init__(self, status: Status, summary: str, log: str = "") -> None:
        super().__init__(summary)
        self.status, self.summary, self.log = status, summary, log
        self.arguments: dict[str, Any] | None = None


class NoAnswer(Exception):
    """What came isn't what an executor says."""


class Unusable(Exception):
    """The implementation can't be loaded; says why."""


def checked_answers(said: Any, count: int) -> list[Answer]:
    """The answers that a message holds, if it is one; the process may have been taught to say anything."""
    if not isinstance(said, list) or len(said) != count:
        raise NoAnswer("the process doesn't speak as it should")
    answers = []
    for entry in said:
        if not isinstance(entry, dict) or entry.keys() != ANSWERED.keys():
            raise NoAnswer("the process doesn't speak as it should")
        if not all(isinstance(entry[name], kinds) for name, kinds in ANSWERED.items()):
            raise NoAnswer("the process doesn't speak as it should")
        answers.append(Answer(**entry))
    return answers


#: What an answer holds, and of which types that may be.
RESULTS = (np.ndarray, tuple, list, str, type(None))
ANSWERED: dict[str, tuple[type, ...]] = {
    "result": RESULTS,
    "raised": (str,),
    "where": (str,),
    "out_of_memory": (bool,),
    "flaw": (str,),
    "shares": (str,),
    "changed": (dict,),
    "disturbed": (tuple,),
    "overwritten": RESULTS,
    "overwritten_by": (int,),
    "at_once": RESULTS,
    "deviations": (tuple,),
    "made": (bool,),
}


def lost_or_answer(answer: Answer) -> Answer | Lost:
    """An answer, unless the call ran out of memory: that is as good as lost."""
    return Lost(Status.OUT_OF_MEMORY, "the call ran out of memory") if answer.out_of_memory else answer


def returned(answer: Answer) -> Answer:
    """An answer; raises Lost if there is none."""
    outcome = lost_or_answer(answer)
    if isinstance(outcome, Lost):
        raise outcome
    return outcome


class Backend(Protocol):
    """What makes calls of an implementation's functions."""

    def make_calls(self, operation: str, calls: Sequence[Call]) -> list[Answer]:
        """Make calls in a row, with an eye on earlier results; raises Lost."""

    def make_each(self, operation: str, calls: Sequence[Call]) -> list[Answer | Lost]:
        """Make calls that have nothing to do with each other; ends with the first that never comes back."""

    def make_at_once(self, operation: str, calls: Sequence[Call]) -> list[Answer]:
        """Make two calls, each alone and then one while the other is made; raises Lost."""

    def declared_defaults(self, operation: str) -> frozenset[str]:
        """The hyperparameters for which the implementation has default values of its own."""

    def printed(self) -> str:
        """What the implementation printed during the last calls."""


@dataclass
class LocalBackend:
    """A function called in this process."""

    function: Callable[..., Any]
    deviations: Sequence[Deviation] = ()

    def make_calls(self, operation: str, calls: Sequence[Call]) -> list[Answer]:
        return list(map(returned, make_calls(self.function, calls, self.deviations)))

    def make_each(self, operation: str, calls: Sequence[Call]) -> list[Answer | Lost]:
        return [
            lost_or_answer(answer) for call in calls for answer in make_calls(self.function, [call], self.deviations)
        ]

    def make_at_once(self, operation: str, calls: Sequence[Call]) -> list[Answer]:
        return list(map(returned, make_calls_at_once(self.function, calls, self.deviations)))

    def declared_defaults(self, operation: str) -> frozenset[str]:
        return declared_defaults(self.function)

    def printed(self) -> str:
        return ""


class ProcessBackend:
    """An implementation in a process of its own, started when it is needed, and again after it was lost."""

    def __init__(
        self,
        name: str,
        operations: Sequence[str],
        memory: int,
        seconds: float,
        answered: Callable[[], None] = lambda: None,
    ) -> None:
        self.name, self._operations, self._memory, self._seconds = name, operations, memory, seconds
        self._answered = answered
        self._process: Process | None = None
        self._start_of_output = 0
        self._longest: dict[str, float] = {}
        self._hung: set[str] = set()
        self._crashes: Counter[str] = Counter()
        self._defaults: dict[str, frozenset[str]] = {}

    def hello(self) -> Mapping[str, Any]:
        """What the implementation says of itself; raises Unusable."""
        path, separator, variant = self.name.rpartition(":")
        name, variant = (path, variant) if separator else (self.name, "")
        self._process = Process("conformance.executor", name, variant, str(self._memory))
        try:
            self._process.channel.send(list(self._operations))
            hello = self._process.channel.receive(self._seconds)
        except TimedOut:
            self._unusable(f"no end of its import after {self._seconds:.0f} s")
        except ConnectionLost:
            self._unusable(self._process.how_it_ended())
        if not isinstance(hello, dict) or "unusable" in hello:
            details = hello if isinstance(hello, dict) else {}
            self._unusable(str(details.get("unusable", "it doesn't speak as it should")), str(details.get("details")))
        self._defaults = {name: frozenset(names) for name, names in hello["defaults"].items()}
        return dict(hello)

    def _unusable(self, reason: str, details: str | None = None) -> None:
        assert self._process is not None
        said = details if details is not None else self._process.output()
        self.end()
        raise Unusable(f"{reason}\n{said}".strip())

    def is_hopeless(self, operation: str) -> bool:
        """Whether no call of an operation ever came back, though one hung, or several ended the process."""
        lost = operation in self._hung or self._crashes[operation] >= MOST_CRASHES
        return lost and operation not in self._longest

    def make_calls(self, operation: str, calls: Sequence[Call]) -> list[Answer]:
        return list(map(returned, self._talk(operation, calls, "in a row")))

    def make_at_once(self, operation: str, calls: Sequence[Call]) -> list[Answer]:
        return list(map(returned, self._talk(operation, calls, "at once")))

    def make_each(self, operation: str, calls: Sequence[Call]) -> list[Answer | Lost]:
        outcomes: list[Answer | Lost] = []
        try:
            outcomes.extend(map(lost_or_answer, self._talk(operation, calls, EACH)))
        except Lost as lost:
            outcomes.append(lost)
        return outcomes

    def _talk(self, operation: str, calls: Sequence[Call], how: str) -> Iterator[Answer]:
        """Have calls made, and give their answers as they come: one by one, or all together in the end."""
        if self._process is None:
            self.hello()
        process, patience, start = self._process, self._patience(operation), time.monotonic()
        assert process is not None
        self._start_of_output = process.written()
        try:
            process.channel.send({"operation": operation, "calls": list(calls), "how": how})
            for count in [1] * len(calls) if how == EACH else [len(calls)]:
                start = time.monotonic()
                answers = checked_answers(process.channel.receive(patience), count)
                self._longest[operation] = max(self._longest.get(operation, 0.0), time.monotonic() - start)
                self._answered()
                yield from answers
        except TimedOut:
            self._hung.add(operation)
            raise self._lost(Status.TIMED_OUT, f"no end after {time.monotonic() - start:.0f} s") from None
        except (ConnectionLost, NoAnswer) as error:
            self._crashes[operation] += 1
            ended = process.how_it_ended() if isinstance(error, ConnectionLost) else str(error)
            raise self._lost(Status.CRASHED, ended) from None

    def declared_defaults(self, operation: str) -> frozenset[str]:
        return self._defaults.get(operation, frozenset())

    def printed(self) -> str:
        return self._process.output(self._start_of_output) if self._process else ""

    def end(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.end()
        self._process = None

    def _patience(self, operation: str) -> float:
        if operation in self._hung:
            return min(self._seconds, max(LEAST_PATIENCE, PATIENCE * self._longest.get(operation, 0.0)))
        return self._seconds

    def _lost(self, status: Status, summary: str) -> Lost:
        assert self._process is not None
        if status is Status.TIMED_OUT:
            self._process.ask_where_it_is()
        lost = Lost(status, summary, self._process.output(self._start_of_output))
        self.end()
        return lost
