"""Two calls at once: whatever two threads do to each other, each must get the result that it gets alone.

Threads that merely run beside each other meet by luck, and hardly ever in a call that takes microseconds. So the first
call is stopped at every place of its own code, and there the second is made from beginning to end by another thread:
what the two have in common, and doesn't stand behind a lock, is then another's. Code in C can't be stopped; for its
sake both are also made side by side a few times.
"""

from __future__ import annotations

import contextvars
import os
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from itertools import count
from threading import Barrier
from types import CodeType, FrameType
from typing import Any

from conformance.arrays import same_bits
from conformance.calls import Answer, Call, apply, as_arrays, laid_out, make_calls
from conformance.deviations import Deviation

#: Seconds that the first call waits for the second, which may be waiting for a lock that the first one holds.
PATIENCE = 0.02
#: Seconds of the processor for all stops of one call together: of a slow call fewer places are seen.
SECONDS = 0.05
#: How often two calls are made side by side.
ROUNDS = 4

#: Makes a call, and gives its result, or the exception that it raised as a text.
Made = Callable[[], Any]


def make_calls_at_once(
    function: Callable[..., Any], calls: Sequence[Call], deviations: Sequence[Deviation] = ()
) -> list[Answer]:
    """Make two calls alone, then at once; the answers say what came of them if that differs."""
    answers = make_calls(function, calls, deviations)
    if all(answer.made and not answer.raised and not answer.out_of_memory for answer in answers):
        first, second = (partial(_outcome, function, call) for call in calls)
        for answer, outcome in zip(answers, meet(function, first, second), strict=True):
            answer.at_once = outcome
    return answers


def _outcome(function: Callable[..., Any], call: Call) -> Any:
    own = os.getpid()
    try:
        return as_arrays(apply(function, call, laid_out(call)))
    except BaseException as error:
        return f"{type(error).__name__}: {error}"
    finally:
        if os.getpid() != own:  # a child that the implementation forked, and which came back: it has no other thread
            os._exit(0)


def meet(function: Callable[..., Any], first: Made, second: Made) -> list[Any]:
    """What comes of two calls of a function while the other is made, if not what comes of each alone; else None."""
    alone = first(), second()
    differing: list[Any] = [None, None]
    for way in (partial(interrupted, package_of(function)), side_by_side):
        for place, outcomes in enumerate(way(first, second)):
            others = [outcome for outcome in outcomes if not same_bits(outcome, alone[place])]
            differing[place] = others[0] if others and differing[place] is None else differing[place]
    return differing


def package_of(function: Callable[..., Any]) -> str:
    """The package, or else the module, whose code is an implementation's own."""
    module = str(getattr(function, "__module__", None) or "")
    return module.rpartition(".")[0] or module


def interrupted(package: str, first: Made, second: Made) -> tuple[list[Any], list[Any]]:
    """What comes of the first call if it is interrupted at places in a package, and of the second at each of them."""
    visited: list[None] = []
    start = time.process_time()
    second()
    most = max(1, int(SECONDS / max(time.process_time() - start, 1e-6)))
    _stopping(package, first, lambda: visited.append(None))
    step, places, pending = -(-len(visited) // most) or 1, count(), list[Future[Any]]()
    with ThreadPoolExecutor(1) as pool:

        def let_the_other_go() -> None:
            if next(places) % step == 0 and (not pending or pending[-1].done()):
                pending.append(pool.submit(contextvars.copy_context().run, second))
                wait(pending[-1:], PATIENCE)

        result = _stopping(package, first, let_the_other_go)
    return [result], [future.result() for future in pending]


def _stopping(package: str, made: Made, stop: Callable[[], None]) -> Any:
    """Make a call, and stop at each place of the package's code when it is come to for the first time."""
    seen: set[tuple[CodeType, int]] = set()

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        module = str(frame.f_globals.get("__name__"))
        if module != package and not module.startswith(f"{package}."):
            return None
        frame.f_trace_opcodes = True
        place = frame.f_code, frame.f_lasti
        if place not in seen:
            seen.add(place)
            stop()
        return trace

    former = sys.gettrace()
    sys.settrace(trace)
    try:
        return made()
    finally:
        sys.settrace(former)


def side_by_side(first: Made, second: Made) -> tuple[list[Any], list[Any]]:
    """What comes of two calls that two threads begin at the same time, some times over."""
    barrier = Barrier(2)

    def repeat(made: Made) -> list[Any]:
        outcomes = []
        for _ in range(ROUNDS):
            barrier.wait()
            outcomes.append(made())
        return outcomes

    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(contextvars.copy_context().run, repeat, made) for made in (first, second)]
        return both[0].result(), both[1].result()
