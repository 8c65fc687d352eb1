"""Running the suite: judges side by side, every check that is due accounted for, and no verdict ever lost."""

from __future__ import annotations

import threading
import time
import traceback
from collections import deque
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any

from conformance.channel import ConnectionLost, TimedOut
from conformance.checking import Result
from conformance.checks import check_names
from conformance.journal import Journal, result_from
from conformance.operations import operations
from conformance.outcomes import Severity, Status
from conformance.plan import Plan
from conformance.processes import Process

#: How much longer than the time limit of a call a judge may be silent: it tells of each answer, and has work of its
#: own between two calls.
JUDGING_SECONDS = 600.0
#: Implementations whose processes a judge keeps while others have their turn.
MOST_KEPT = 4
NOT_RUN = "not run: the run was ended before"


@dataclass
class Run:
    """What came of a plan: what each implementation said of itself, and every check's result."""

    plan: Plan
    hellos: dict[str, dict[str, Any]] = field(default_factory=dict)
    unusable: dict[str, str] = field(default_factory=dict)
    results: list[Result] = field(default_factory=list)
    seconds: float = 0.0
    interrupted: bool = False
    #: what went wrong in the suite itself
    error: str = ""


@dataclass(frozen=True)
class Task:
    """All checks of one operation of one implementation."""

    implementation: str
    operation: str


class Progress:
    """What is told of a run while it goes on; here: nothing."""

    def advance(self, task: Task, fraction: float) -> None:
        """Some part of a task, from 0 to 1, is done."""

    def finish(self, task: Task, results: list[Result]) -> None:
        """A task is done; these are its results."""


def run(plan: Plan, progress: Progress | None = None, journal: Journal | None = None) -> Run:
    """Run the plan.

    Args:
        plan: what to run.
        progress: told of what is done.
        journal: keeps results as they come, and knows those of a run that is continued.

    Returns:
        Everything there is to report; also if it was interrupted, with what was done until then.
    """
    outcome, start = Run(plan), time.monotonic()
    runner = Runner(plan, outcome, progress or Progress(), journal or Journal())
    with ThreadPoolExecutor(plan.jobs) as slots:
        served = [slots.submit(runner.serve, place) for place in range(plan.jobs)]
        # Waiting for futures, not for threads: an interrupted `Thread.join` takes the thread for ended.
        try:
            wait(served)
        except KeyboardInterrupt:
            outcome.interrupted = True
            runner.stop()
            wait(served)
    outcome.results += runner.not_run()
    outcome.seconds = time.monotonic() - start
    order = {name: place for place, name in enumerate((*plan.implementations, *operations()))}
    outcome.results.sort(key=lambda r: (order[r.implementation], order[r.operation], r.dtype))
    return outcome


class Runner:
    """Hands tasks to judges, one judge a slot, and takes their results.

    A judge goes on with the operation that it had for the next implementation: what is wanted of it is known by then.
    """

    def __init__(self, plan: Plan, outcome: Run, progress: Progress, journal: Journal) -> None:
        self.plan, self.outcome, self.progress, self.journal = plan, outcome, progress, journal
        # Of more implementations than a judge keeps processes of, these first, and then the others.
        groups = [plan.implementations[n : n + MOST_KEPT] for n in range(0, len(plan.implementations), MOST_KEPT)]
        self.queues = [
            [deque(Task(name, operation) for name in group) for operation in plan.operations] for group in groups
        ]
        self.lock = threading.Lock()
        self.judges: dict[int, Process] = {}
        self.stopped = False

    def serve(self, place: int) -> None:
        """Work through tasks, in a thread; what goes wrong here ends the run as an error."""
        queue: deque[Task] = deque()
        try:
            while True:
                queue, task = self._take(queue)
                if task is None:
                    break
                results = self._judged(place, task)
                with self.lock:
                    self.outcome.results += results
                    self.progress.finish(task, results)
        except Exception:
            with self.lock:
                self.outcome.error = traceback.format_exc()
            self.stop()
        self._let_go(place)

    def _take(self, queue: deque[Task]) -> tuple[deque[Task], Task | None]:
        """The next task of the same queue, or of the one with most left in the first group that has any."""
        with self.lock:
            if not queue:
                left = [own for own in self.queues if any(own)]
                queue = max(left[0], key=len) if left else deque()
            return queue, queue.popleft() if queue and not self.stopped else None

    def stop(self) -> None:
        """End every judge, and with them all that they started."""
        with self.lock:
            self.stopped = True
        for place in list(self.judges):
            self._let_go(place)

    def not_run(self) -> list[Result]:
        """A result that says so for each check of the tasks that nobody took."""
        left = [task for group in self.queues for queue in group for task in queue if self._is_due(task)]
        return [result for task in left for result in self._told(task).completed(self.plan, NOT_RUN)]

    def _told(self, task: Task) -> _Told:
        """What is known of a task already."""
        done = {(r.dtype, r.check): r for r in self.journal.done(task.implementation, task.operation)}
        return _Told(task, results=done)

    def _is_due(self, task: Task) -> bool:
        """Whether an implementation has an operation, or nothing is known of it."""
        hello = self.outcome.hellos.get(task.implementation)
        if task.implementation in self.outcome.unusable:
            return False
        return hello is None or (task.operation in hello["provides"] and task.operation not in hello["skipped"])

    def _judged(self, place: int, task: Task) -> list[Result]:
        """The results of a task: one for each check that was due, whatever became of the judge."""
        if task.implementation in self.outcome.unusable:
            return []
        told = self._told(task)
        try:
            self._listen(place, told)
        except (ConnectionLost, TimedOut) as error:
            ended = self._how_it_ended(place, error)
            self._let_go(place)
            return told.completed(self.plan, ended)
        return told.completed(self.plan, "nothing was heard of it")

    def _listen(self, place: int, told: _Told) -> None:
        with self.lock:
            if self.stopped:
                raise ConnectionLost("the run was ended")
            if place not in self.judges:
                self.judges[place] = Process("conformance.judge", self.plan.as_json())
            channel, task = self.judges[place].channel, told.task
        done = [list(key) for key in told.results]
        channel.send({"implementation": task.implementation, "operation": task.operation, "done": done})
        while (message := channel.receive(self.plan.time_limit + JUDGING_SECONDS))["kind"] != "done":
            if message["kind"] == "unusable":
                with self.lock:
                    self.outcome.unusable[task.implementation] = message["reason"]
            elif message["kind"] == "hello":
                with self.lock:
                    self.outcome.hellos[task.implementation] = message["hello"]
                told.provided = self._is_due(task)
            elif message["kind"] == "progress":
                with self.lock:
                    self.progress.advance(task, message["fraction"])
            else:
                told.take(message)
                if message["kind"] == "result":
                    with self.lock:
                        self.journal.note(result_from(message["result"]))
        told.unusable = task.implementation in self.outcome.unusable

    def _how_it_ended(self, place: int, error: Exception) -> str:
        judge = self.judges.get(place)
        if self.stopped or judge is None:
            return NOT_RUN
        said = "a judge fell silent" if isinstance(error, TimedOut) else f"a judge was lost: {judge.how_it_ended()}"
        return f"{said}\n{judge.output()}"

    def _let_go(self, place: int) -> None:
        judge = self.judges.pop(place, None)
        if judge is not None:
            judge.end()


@dataclass
class _Told:
    """What a judge has told of a task so far."""

    task: Task
    provided: bool = True
    unusable: bool = False
    due: dict[str, list[str]] = field(default_factory=dict)
    results: dict[tuple[str, str], Result] = field(default_factory=dict)

    def take(self, message: dict[str, Any]) -> None:
        """Note what is due, or a result."""
        if message["kind"] == "due":
            self.due[message["dtype"]] = message["checks"]
        elif message["kind"] == "result":
            result = result_from(message["result"])
            self.results[result.dtype, result.check] = result

    def completed(self, plan: Plan, why: str) -> list[Result]:
        """A result for each check that was due: where none came, one that says so, and fails."""
        if self.unusable or not self.provided:
            return []
        names = check_names(operations()[self.task.operation], plan.kinds)
        return [
            self.results.get((dtype, name)) or self._missing(dtype, name, why)
            for dtype in plan.dtypes
            for name in self.due.get(dtype, names)
        ]

    def _missing(self, dtype: str, check: str, why: str) -> Result:
        result = Result(self.task.implementation, self.task.operation, dtype, check, check.partition(":")[0])
        result.status, result.severity, result.summary = Status.NO_RESULT, Severity.CRASH, why
        return result
