"""Worker processes as their client sees them: started, asked, answered, found dead, started anew, ended."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from fast.cluster.channels import Channel
from reference.errors import InvalidArgument


class WorkerLost(RuntimeError):
    """A worker process died, or doesn't answer any more; says which one, and what of."""

    def __init__(self, worker: str, reason: str) -> None:
        super().__init__(f"{worker} {reason}")
        self.worker, self.reason = worker, reason


class WorkerProcess:
    """A process of one worker. It is asked one thing at a time, and is not asked again before it has answered.

    So one of the two ends always reads, and neither waits for the other to do so, however large messages are.
    """

    def __init__(self, name: str, settings: tuple[Any, ...], threads: int, seconds: float) -> None:
        self.name, self.seconds, self.asked = name, seconds, False
        here, there = socket.socketpair()
        path = os.pathsep.join(os.path.abspath(each) for each in sys.path)
        with there:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "fast.cluster.worker", str(there.fileno())],
                pass_fds=[there.fileno()],
                stdin=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": path, "NUMBA_NUM_THREADS": str(threads)},
            )
        self.channel = Channel(here)
        try:
            self._send(settings)
        except WorkerLost:
            self.kill()
            raise

    def fileno(self) -> int:
        """What `select` waits for."""
        return self.channel.fileno()

    def ask(self, what: str, *arguments: Any) -> None:
        """Ask for a method of `fast.cluster.worker.Worker`."""
        self._send((what, *arguments))

    def answer(self) -> Any:
        """What the worker returned.

        Raises: WorkerLost, if it died or doesn't answer in time; what it raised, if it did.
        """
        try:
            kind, content = self.channel.receive(self.seconds)
        except (ConnectionError, TimeoutError) as error:
            raise self._lost(error) from None
        self.asked = False
        if kind == "refused":
            raise InvalidArgument(*content)
        if kind == "failed":
            raise RuntimeError(f"{self.name} failed:\n{content}")
        return content

    def forget(self) -> None:
        """Wait until the worker is idle or lost, whatever it answers."""
        while self.asked and not self.lost:
            with suppress(InvalidArgument, RuntimeError):
                self.answer()

    @property
    def lost(self) -> bool:
        """Whether the process is over."""
        return self.process.poll() is not None

    def stop(self) -> None:
        """Ask the process to end, and see to it."""
        try:
            with suppress(WorkerLost, subprocess.TimeoutExpired):
                self.forget()
                if not self.lost:
                    self._send(("stop",))
                    self.process.wait(self.seconds)
        finally:
            self.kill()

    def kill(self) -> None:
        """End the process, if it hasn't ended."""
        self.process.kill()
        self.process.wait()
        self.channel.close()
        self.asked = False

    def _send(self, message: Any) -> None:
        try:
            self.channel.send(message, self.seconds)
        except (ConnectionError, TimeoutError) as error:
            raise self._lost(error) from None
        self.asked = True

    def _lost(self, error: Exception) -> WorkerLost:
        """Find out what became of the worker, and see to it that it is over."""
        if isinstance(error, TimeoutError):
            self.kill()
            return WorkerLost(self.name, f"didn't answer in {self.seconds:g} s, and was ended")
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(self.seconds)
        self.kill()
        code = self.process.returncode
        reason = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit status {code}"
        return WorkerLost(self.name, reason)


def stop_all(workers: Iterable[WorkerProcess]) -> None:
    """End processes, all of them, whatever happens to one."""
    for worker in workers:
        worker.stop()
