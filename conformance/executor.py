"""The process that an implementation lives in: it makes calls and says what came of them, and judges nothing.

Started as `python -m conformance.executor CHANNEL LIFELINE NAME VARIANT MEMORY`: two descriptors, what to load, and the
gibibytes it may allocate. It is told which operations there are, says hello with all that the implementation says of
itself, and makes the calls that it is asked to. Whatever an implementation does to its process, it does here.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import resource
import signal
import socket
import sys
import traceback
from collections.abc import Iterator
from typing import Any

#: Says, in a process that was started again for a variant, that its variables are set.
VARIANT_IS_SET = "CONFORMANCE_VARIANT"
#: In the place of a lifeline: this process has a guardian already.
GUARDED = "-1"
#: What an implementation may write to its log, or to any file.
MOST_WRITTEN = 1 << 30


def main(arguments: list[str]) -> None:
    """Serve until the connection closes."""
    channel_end, lifeline, name, variant, memory = arguments
    _die_with(int(lifeline))
    faulthandler.enable()
    faulthandler.register(signal.SIGUSR1)
    _limit(int(memory))
    sys.path.append(os.getcwd())  # last, lest a student's reference.py hide ours
    from conformance.channel import Channel, ConnectionLost

    channel = Channel(socket.socket(fileno=int(channel_end)))
    own = os.getpid()
    os.register_at_fork(after_in_child=channel.close)
    with contextlib.suppress(ConnectionLost):
        try:
            implementation = _load(name, variant, arguments)
            hello = implementation.says(channel.receive())
        except BaseException as error:  # whatever importing someone's module may raise
            channel.send(_trouble(error))
            return
        channel.send(hello)
        while True:
            for answers in _answer(implementation, channel.receive()):
                if os.getpid() != own:  # a child that the implementation forked, and which came back from the call
                    os._exit(0)
                sys.stdout.flush()
                channel.send(answers)


def _die_with(lifeline: int) -> None:
    """End this process and all that it will have forked when nobody holds the other end of the lifeline any more.

    A guardian in the same process group waits for that: an implementation may never give the interpreter back, and its
    children know nothing of the suite.
    """
    if lifeline == int(GUARDED) or os.fork() != 0:
        return
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # The connection too: while the guardian held it, nobody would notice that the process has ended.
    os.closerange(0, lifeline)
    os.closerange(lifeline + 1, 1024)
    os.read(lifeline, 1)
    os.killpg(0, signal.SIGKILL)


def _limit(gibibytes: int) -> None:
    """Let allocations fail before the machine runs out; address space that is only reserved doesn't count."""
    for what, most in ((resource.RLIMIT_DATA, gibibytes << 30), (resource.RLIMIT_FSIZE, MOST_WRITTEN)):
        _, hard = resource.getrlimit(what)
        resource.setrlimit(what, (most, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _load(name: str, variant: str, arguments: list[str]) -> Any:
    """The implementation, in the environment of its variant."""
    from conformance.implementation import UnknownImplementation, load

    implementation = load(name)
    if variant and os.environ.get(VARIANT_IS_SET) != variant:
        if variant not in implementation.variants:
            known = ", ".join(implementation.variants) or "none"
            raise UnknownImplementation(f"{name}: wanted one of its variants ({known}); got {variant}")
        # Libraries read their variables when they are imported: it takes another process to change them.
        command = [sys.executable, "-P", "-m", "conformance.executor", arguments[0], GUARDED, *arguments[2:]]
        os.execve(sys.executable, command, {**os.environ, **implementation.variants[variant], VARIANT_IS_SET: variant})
    return implementation


def _trouble(error: BaseException) -> dict[str, Any]:
    """Why there is no implementation."""
    from conformance.implementation import UnknownImplementation

    if isinstance(error, UnknownImplementation):
        return {"unusable": str(error), "details": ""}
    return {"unusable": f"{type(error).__name__}: {error}", "details": traceback.format_exc(limit=-3)}


def _answer(implementation: Any, request: dict[str, Any]) -> Iterator[list[Any]]:
    """What comes of the calls of a request: in one message if they belong together, or in one for each."""
    from conformance.calls import Call, make_calls
    from conformance.concurrency import make_calls_at_once

    operation = request["operation"]
    calls = [Call(**call) for call in request["calls"]]
    deviations = [d for d in implementation.deviations if d.operation == operation]
    make = make_calls_at_once if request["how"] == "at once" else make_calls
    for group in [[call] for call in calls] if request["how"] == "each" else [calls]:
        yield make(implementation.function(operation), group, deviations)


if __name__ == "__main__":
    main(sys.argv[1:])
