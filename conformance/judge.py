"""The process that judges: it draws cases, lets implementations answer in processes of their own, and compares.

Started as `python -m conformance.judge CHANNEL LIFELINE PLAN`. For each task, an operation of an implementation, it
says which checks are due before it runs any: so nobody need ask a dead process what it had to do.
"""

from __future__ import annotations

import contextlib
import gc
import os
import socket
import sys
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from conformance.algorithms import Algorithm, claimed_algorithms
from conformance.backend import ProcessBackend, Unusable
from conformance.channel import Channel, ConnectionLost
from conformance.checking import Result, arguments_text, run_check
from conformance.checks import Check, checks_of
from conformance.known import KnownDeviation, known_deviations, replay
from conformance.operation import Operation
from conformance.operations import operations
from conformance.outcomes import Severity, Status
from conformance.plain_text import NotPlain
from conformance.plan import Plan
from conformance.proof import proofs
from conformance.runner import MOST_KEPT
from conformance.subject import Subject
from reference.numbers import Arithmetic

#: Progress is told so often.
SECONDS_BETWEEN = 0.5


@dataclass
class Candidate:
    """An implementation: its process, and what it says of itself."""

    backend: ProcessBackend
    hello: dict[str, Any]
    algorithms: dict[str, Algorithm]


@dataclass
class Progress:
    """How much of a task is done, told to the runner now and then."""

    channel: Channel
    checks: int = 1
    done: int = 0
    fraction: float = 0.0
    told: float = 0.0

    def within_check(self, fraction: float) -> None:
        """Some part of the present check is done."""
        self.fraction = fraction
        self.answered()

    def answered(self) -> None:
        """A call came back, which may be all that happens for long: who hears nothing takes a judge for dead."""
        if time.monotonic() - self.told > SECONDS_BETWEEN:
            self.told = time.monotonic()
            self.channel.send({"kind": "progress", "fraction": (self.done + self.fraction) / self.checks})

    def next_check(self) -> None:
        """A check is done."""
        self.done += 1
        self.within_check(0.0)


class Judge:
    """Runs the checks of one operation of one implementation after the other."""

    def __init__(self, plan: Plan, channel: Channel) -> None:
        self.plan, self.channel = plan, channel
        self.candidates: OrderedDict[str, Candidate] = OrderedDict()
        self.progress = Progress(channel)

    def serve(self) -> None:
        """Judge until the connection closes."""
        while True:
            task = self.channel.receive()
            try:
                done = {(dtype, check) for dtype, check in task["done"]}
                self.judge(self.candidate(task["implementation"]), operations()[task["operation"]], done)
            except Unusable as reason:
                self.channel.send({"kind": "unusable", "reason": str(reason)})
            self.channel.send({"kind": "done"})

    def candidate(self, name: str) -> Candidate:
        """An implementation, started if it isn't; the one that was not needed for the longest time makes room."""
        if name not in self.candidates:
            while len(self.candidates) >= MOST_KEPT:
                self.candidates.popitem(last=False)[1].backend.end()
            limits = self.plan.memory, self.plan.time_limit
            backend = ProcessBackend(name, tuple(operations()), *limits, lambda: self.progress.answered())
            hello = dict(backend.hello())
            self.candidates[name] = Candidate(backend, hello, claimed_of(backend, hello))
        self.candidates.move_to_end(name)
        return self.candidates[name]

    def judge(self, candidate: Candidate, operation: Operation, done: set[tuple[str, str]]) -> None:
        """Run every check of an operation that is due, and not done."""
        self.channel.send({"kind": "hello", "hello": told(candidate.hello)})
        if operation.name not in candidate.hello["provides"] or operation.name in candidate.hello["skipped"]:
            return
        due = {dtype: self.due(candidate, operation, dtype) for dtype in self.plan.dtypes}
        for dtype, checks in due.items():
            self.channel.send({"kind": "due", "dtype": dtype, "checks": [check.name for check in checks]})
        self.progress = Progress(self.channel, sum(map(len, due.values())))
        for dtype, checks in due.items():
            subject = self.subject(candidate, operation, dtype)
            subject.progress = self.progress.within_check
            for check in checks:
                if (dtype, check.name) not in done:
                    self.channel.send({"kind": "result", "result": self.run(candidate, subject, check).as_json()})
                self.progress.next_check()

    def due(self, candidate: Candidate, operation: Operation, dtype: str) -> list[Check | KnownDeviation]:
        """What is to be run, in order: what is claimed and known first, then the checks by kind."""
        replays = [d for d in self.deviations(candidate, operation) if d.here and dtype in d.dtypes]
        claims = proofs(candidate.algorithms.get(operation.name))
        return [*claims, *replays, *checks_of(operation, self.plan.kinds)]

    def run(self, candidate: Candidate, subject: Subject, check: Check | KnownDeviation) -> Result:
        """Run one check, unless it is clear that nothing comes back."""
        backend, name = candidate.backend, subject.operation.name
        if backend.is_hopeless(name):
            result = Result(backend.name, name, subject.dtype, check.name, check.kind, Status.NO_RESULT, Severity.CRASH)
            result.summary = "not tried: no call of this operation has ever come back"
            return result
        if isinstance(check, KnownDeviation):
            return replay(backend.name, subject, check)
        return run_check(backend.name, subject, check)

    def deviations(self, candidate: Candidate, operation: Operation) -> list[KnownDeviation]:
        """Those known of an operation, unless nothing shall be excused."""
        return known_deviations(candidate.hello["deviations"], operation.name) if self.plan.excuses else []

    def subject(self, candidate: Candidate, operation: Operation, dtype: str) -> Subject:
        """What the checks look at."""
        hello = candidate.hello
        return Subject(
            operation=operation,
            backend=candidate.backend,
            arithmetic=Arithmetic(dtype, **hello["profile"].get(dtype, {})),
            cases=self.plan.cases_for(candidate.backend.name, hello["cases"]),
            seed=self.plan.seed,
            largest=hello["largest"],
            compiles=hello["compiles"],
            severities=[deviation.severity for deviation in self.deviations(candidate, operation)],
            names_arguments=hello["names_arguments"],
            thorough=self.plan.thorough,
            algorithm=candidate.algorithms.get(operation.name),
        )


def claimed_of(backend: ProcessBackend, hello: dict[str, Any]) -> dict[str, Algorithm]:
    """The texts that an implementation claims; one that can't be taken makes it unusable."""
    try:
        return claimed_algorithms(hello.get("algorithms"), operations())
    except NotPlain as reason:
        backend.end()
        raise Unusable(str(reason)) from None


def told(hello: dict[str, Any]) -> dict[str, Any]:
    """A hello as reports tell it: the smallest cases as texts."""
    deviations = [{**entry, "smallest": arguments_text(entry["smallest"])} for entry in hello["deviations"]]
    return {**hello, "deviations": deviations}


def main(arguments: list[str]) -> None:
    """Serve until the connection closes, and end at once if the runner is gone."""
    channel_end, lifeline, plan = arguments
    threading.Thread(target=_end_with, args=[int(lifeline)], daemon=True).start()
    # Rounded numbers come by the million and hold no cycles: looking for some so often takes a fifth of the time.
    gc.freeze()
    gc.set_threshold(200_000, 20, 20)
    with contextlib.suppress(ConnectionLost):
        Judge(Plan.from_json(plan), Channel(socket.socket(fileno=int(channel_end)))).serve()


def _end_with(lifeline: int) -> None:
    """End this process when nobody holds the other end of the lifeline any more; its own children then do likewise."""
    os.read(lifeline, 1)
    os._exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
