"""A worker process: holds the variables of its devices, and does what its client asks, one thing after the other.

Started as `python -m fast.cluster.worker SOCKET`, by the number of an open socket to the client. It ends when the
client says so, or closes the socket, or dies, which closes it.
"""

from __future__ import annotations

import socket
import sys
import traceback
from collections.abc import Sequence
from typing import Any

import numpy as np

from fast.cluster.channels import Channel
from fast.cluster.runners import Runner
from fast.cluster.segments import Key, Segment
from reference.errors import InvalidArgument


class Worker:
    """What a worker knows: segments by plan, variables by name, and the values of the step that runs."""

    def __init__(self, dtype: Any, seed: int) -> None:
        self.dtype, self.seed = dtype, seed
        self.plans: dict[int, list[Runner]] = {}
        self.variables: dict[str, np.ndarray] = {}
        self.attempt = 0
        self.values: dict[Key, np.ndarray] = {}

    def plan(self, number: int, segments: Sequence[Segment]) -> None:
        """Get to know the segments that steps of a plan run here."""
        self.plans[number] = [Runner(segment, self.dtype, self.seed) for segment in segments]

    def run(
        self, number: int, place: int, step: int, attempt: int, arrived: dict[Key, np.ndarray], leaving: Sequence[Key]
    ) -> dict[Key, np.ndarray]:
        """Run one segment with what has arrived for it; returns what leaves."""
        if attempt != self.attempt:
            # Nobody's value of another attempt may be taken for one of this.
            self.attempt, self.values = attempt, {}
        self.values |= arrived
        runner = self.plans[number][place]
        outputs, assigned = runner.run(self.values, self.variables, step)
        self.values |= outputs
        self.variables |= assigned
        return {key: outputs[key] for key in leaving}

    def saved(self) -> dict[str, np.ndarray]:
        """What the variables hold that were assigned."""
        return self.variables

    def restore(self, variables: dict[str, np.ndarray]) -> None:
        """Have the variables hold what they held once; the others, what they begin with."""
        self.variables = variables


def serve(channel: Channel) -> None:
    """Do what the client asks until it asks for nothing more."""
    worker = Worker(*channel.receive())
    channel.send(("done", None))
    while True:
        asked, *arguments = channel.receive()
        if asked == "stop":
            return
        try:
            answer = "done", getattr(worker, asked)(*arguments)
        except InvalidArgument as error:
            answer = "refused", (error.argument, error.wanted, error.got)
        except Exception:
            answer = "failed", traceback.format_exc()
        channel.send(answer)


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as end:
        try:
            serve(Channel(end))
        except ConnectionError:
            # Without a client there is nothing to do, and nobody to tell.
            sys.exit(1)
