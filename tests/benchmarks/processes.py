"""Processes in which engines run: each in one of its own, whose threads are no one else's.

A process is told what to prepare, and then how many calls to make; it answers how long one of them took. Between its
turns it is stopped: the threads of some libraries wait for more work at full speed, those of OpenBLAS for as long as a
second, and the next engine would pay for that with a core. Where a system can't stop a process, they are waited for, a
tenth of a second.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import multiprocessing
import os
import signal
import sys
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from time import perf_counter, process_time, sleep
from typing import Any

from conformance.implementation import load
from tests.benchmarks.engines.prepared import Prepared

#: Whether a process can be stopped, and go on later.
STOPS = hasattr(signal, "SIGSTOP")
#: Seconds between two looks at whether all threads sleep, the share of a core that counts as sleep, and how many looks.
PAUSE, ASLEEP, LOOKS = 0.002, 0.25, 50


class Failed(RuntimeError):
    """What went wrong in a process, as its own traceback says."""


class Process:
    """A process that runs one engine or more."""

    def __init__(self) -> None:
        self._start()

    def _start(self) -> None:
        # A fork would inherit the threads of whatever runs here, in whatever state they are.
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()
        # What is stopped doesn't notice that nobody is there any more.
        atexit.register(self._process.kill)

    def ask(self, request: str, *arguments: Any) -> Any:
        """The answer to a request: one of the functions below, by name.

        If the process ends instead, that costs the cell in which it happens, and no other one.
        """
        try:
            self._go_on(True)
            self._connection.send((request, arguments))
            answer, error = self._connection.recv()
            self._go_on(False)
        except (EOFError, OSError):
            code = self._ended()
            self._start()
            raise Failed(f"the process has ended: {code}") from None
        if error:
            raise Failed(error)
        return answer

    def _go_on(self, runs: bool) -> None:
        """Let the process run, or stop all its threads."""
        if STOPS and self._process.pid:
            os.kill(self._process.pid, signal.SIGCONT if runs else signal.SIGSTOP)

    def end(self) -> None:
        """End the process; it has nothing to lose."""
        self._connection.close()
        self._process.kill()
        self._ended()

    def _ended(self) -> int | None:
        """Wait until the process has ended; its exit code."""
        self._process.join()
        atexit.unregister(self._process.kill)
        return self._process.exitcode


def serve(connection: Connection) -> None:
    """Answer requests until there is nobody to make any."""
    prepared: dict[str, Prepared] = {}
    gc.disable()  # nobody shall pay for sweeping up in the middle of a turn
    while True:
        try:
            request, arguments = connection.recv()
        except (EOFError, OSError):
            return
        try:
            answer = REQUESTS[request](prepared, *arguments)
            connection.send((answer, ""))
        except Exception:  # whatever an engine may raise
            connection.send((None, traceback.format_exc()))
        answer = arguments = None


def claims(prepared: dict[str, Prepared], implementation: str) -> tuple[Any, dict[str, Any]]:
    """The arithmetic that an implementation claims, and its algorithms."""
    loaded = load(implementation)
    return loaded.arithmetics["float32"], dict(loaded.algorithms)


def prepare(
    prepared: dict[str, Prepared], name: str, room: str, way: str, operation: str, arguments: dict[str, Any]
) -> bool:
    """Prepare a call in the place of the last one; False if the engine has no such function."""
    prepared.pop(name, None)
    module = f"tests.benchmarks.engines.{room}"
    if module in sys.modules:
        gc.collect()
    found = importlib.import_module(module).prepare(way, operation, arguments)
    # A library's own objects stay: sweeping them up after every cell would take longer than the cell.
    gc.freeze()
    if found is not None:
        prepared[name] = found
    return found is not None


def result(prepared: dict[str, Prepared], name: str) -> Any:
    """What the call that was prepared returns, as arrays."""
    return prepared[name].arrays(prepared[name].call())


def time(prepared: dict[str, Prepared], name: str, calls: int) -> float:
    """The seconds of one call, from so many of them; 0 stands for a single one.

    Before several calls comes one that isn't timed, which brings the function's own data and threads back.
    """
    call, _, clock = prepared[name]
    if calls:
        call()
    taken = clock(call, max(1, calls)) / max(1, calls)
    if not STOPS:
        let_threads_sleep()
    return taken


def let_threads_sleep() -> None:
    """Wait until this process uses no processor time, or for a tenth of a second."""
    for _ in range(LOOKS):
        used, start = process_time(), perf_counter()
        sleep(PAUSE)
        if process_time() - used < ASLEEP * (perf_counter() - start):
            return


REQUESTS: dict[str, Callable[..., Any]] = {
    "claims": claims,
    "prepare": prepare,
    "result": result,
    "time": time,
}
