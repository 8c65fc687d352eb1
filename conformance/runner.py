"""Running the suite: worker processes side by side, a time limit for every check, and no verdict ever lost."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Pipe
from typing import Any

from conformance.checking import Result, check_names
from conformance.operations import operations

#: Loading an implementation may take longer than a check: TensorFlow's import from a cold disk, say.
LOADING_SECONDS = 300.0


@dataclass(frozen=True)
class Plan:
    """What to run."""

    implementations: tuple[str, ...]
    operations: tuple[str, ...]
    dtypes: tuple[str, ...]
    #: deciding cases for each rounding bound; 0: what the implementation says, or the default
    cases: int
    seed: int
    #: seconds a check may take
    time_limit: float
    #: gibibytes that a worker may allocate
    memory: int
    jobs: int


@dataclass
class Run:
    """What came of it: what each implementation said of itself, and every check's result."""

    plan: Plan
    hellos: dict[str, dict[str, Any]] = field(default_factory=dict)
    unusable: dict[str, str] = field(default_factory=dict)
    results: list[Result] = field(default_factory=list)
    seconds: float = 0.0


@dataclass(frozen=True)
class Task:
    """All checks of one operation in one dtype, for one implementation."""

    implementation: str
    operation: str
    dtype: str


class Died(Exception):
    """A worker ended, or had to be ended."""

    def __init__(self, status: str, summary: str, log: str) -> None:
        super().__init__(summary)
        self.status, self.summary, self.log = status, summary, log


class Worker:
    """A worker process and the connection to it."""

    def __init__(self, plan: Plan, name: str) -> None:
        self.name, self._plan = name, plan
        self._log = tempfile.TemporaryFile("w+b")  # noqa: SIM115  (open as long as the process lives)
        self._connection, theirs = Pipe()
        command = [sys.executable, "-m", "conformance.worker", str(theirs.fileno()), name]
        command += [str(plan.cases), str(plan.seed), str(plan.memory)]
        self._process = subprocess.Popen(
            command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log
        )
        theirs.close()

    def receive(self, seconds: float) -> dict[str, Any]:
        """The next message; raises Died if none comes in time, or ever."""
        try:
            if self._connection.poll(seconds):
                return dict(json.loads(self._connection.recv_bytes()))
        except (EOFError, ConnectionError):
            raise Died("crashed", self._how_it_ended(), self._last_words()) from None
        raise Died("timed out", f"no end after {seconds:.0f} s", self._last_words())

    def send(self, message: dict[str, Any]) -> None:
        """Ask for something."""
        with contextlib.suppress(ConnectionError):  # receive() tells what became of the process
            self._connection.send_bytes(json.dumps(message).encode())

    def end(self) -> None:
        """End the process, at once."""
        self._connection.close()
        self._process.kill()
        self._process.wait()
        self._log.close()

    def _how_it_ended(self) -> str:
        code = self._process.wait()
        if code >= 0:
            return f"the process ended with exit status {code}"
        name = signal.Signals(-code).name
        return f"the process was ended by {name}{', perhaps for its memory' if name == 'SIGKILL' else ''}"

    def _last_words(self) -> str:
        self._log.seek(max(0, self._log.seek(0, os.SEEK_END) - 2000))
        return self._log.read().decode(errors="replace").strip()


def run(plan: Plan, progress: Callable[[Result | None, int], None]) -> Run:
    """Run the plan.

    Args:
        plan: what to run.
        progress: called with each result as it comes and the number of checks known to be left out or added.

    Returns:
        Everything there is to report.
    """
    outcome = Run(plan)
    start = time.monotonic()
    queues = {
        name: deque(Task(name, operation, dtype) for operation in plan.operations for dtype in plan.dtypes)
        for name in plan.implementations
    }
    lock = threading.Lock()
    slots = [
        threading.Thread(target=_Slot(plan, outcome, queues, lock, place, progress).serve, daemon=True)
        for place in range(min(plan.jobs, sum(map(len, queues.values()))))
    ]
    for slot in slots:
        slot.start()
    for slot in slots:
        slot.join()
    outcome.seconds = time.monotonic() - start
    order = {name: place for place, name in enumerate((*plan.implementations, *operations()))}
    outcome.results.sort(key=lambda r: (order[r.implementation], order[r.operation], r.dtype))
    return outcome


@dataclass
class _Slot:
    """One worker at a time: stays with an implementation while it has work, then helps with the one that has most."""

    plan: Plan
    outcome: Run
    queues: dict[str, deque[Task]]
    lock: threading.Lock
    place: int
    progress: Callable[[Result | None, int], None]
    worker: Worker | None = None

    def serve(self) -> None:
        names = list(self.queues)
        preferred = names[self.place % len(names)]
        while (task := self._next(preferred)) is not None:
            preferred = task.implementation
            self._run(task)
        self._let_go()

    def _next(self, preferred: str) -> Task | None:
        with self.lock:
            queue = self.queues[preferred] or max(self.queues.values(), key=len)
            return queue.popleft() if queue else None

    def _run(self, task: Task) -> None:
        remaining = check_names(task.operation)
        while remaining:
            if not self._ready(task.implementation):
                self.progress(None, -len(remaining))
                return
            hello, current = self.outcome.hellos[task.implementation], ""
            if task.operation not in hello["provides"] or task.operation in hello["skipped"]:
                self.progress(None, -len(remaining))
                return
            assert self.worker is not None
            self.worker.send({"operation": task.operation, "dtype": task.dtype, "checks": remaining})
            try:
                while (message := self.worker.receive(self.plan.time_limit))["kind"] != "done":
                    if message["kind"] == "start":
                        current = message["check"]
                    else:
                        remaining.remove(current)
                        self._record(Result(**message["result"]))
                return
            except Died as death:
                self._let_go()
                current = current if current in remaining else remaining[0]
                remaining.remove(current)
                result = Result(task.implementation, task.operation, task.dtype, current, death.status)
                result.summary, result.came = death.summary, death.log
                self._record(result)

    def _ready(self, name: str) -> bool:
        """Have a worker for an implementation; say no if it can't be loaded."""
        if self.worker is not None and self.worker.name == name:
            return True
        self._let_go()
        if name in self.outcome.unusable:
            return False
        self.worker = Worker(self.plan, name)
        try:
            hello = self.worker.receive(LOADING_SECONDS)
        except Died as death:
            hello = {"kind": "unusable", "reason": death.summary, "details": death.log}
        with self.lock:
            if hello["kind"] == "hello":
                self.outcome.hellos[name] = hello
                return True
            self.outcome.unusable[name] = f"{hello['reason']}\n{hello['details']}".strip()
        self._let_go()
        return False

    def _record(self, result: Result) -> None:
        with self.lock:
            known = self.outcome.hellos[result.implementation]["known_deviations"]
            for operation, check, reason in known:
                if operation == result.operation and result.check.startswith(check):
                    result.reason = reason
            self.outcome.results.append(result)
        self.progress(result, 0)

    def _let_go(self) -> None:
        if self.worker is not None:
            self.worker.end()
        self.worker = None
