"""Workers: who holds variables, and runs the parts of a step that are for its devices."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from reference.devices import Device
from reference.graphs import Graph
from reference.readiness import ReadyQueue
from reference.sessions import Session
from reference.tensors import Operation, Tensor

__all__ = ["Worker"]

Choose = Callable[[Sequence[Operation]], int]


class Worker:
    """Holds what the variables on its devices hold, from step to step, as long as it lives.

    Why: of a step, it gets the parts that are for its devices, and the master hears nothing more of it than what was
    fetched. Between steps, variables are all that it remembers.

    Source:
        goldsborough-tensorflow, "Execution Model": 3. workers; TensorFlow's white paper of 2015, section 3.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.variables: dict[str, Any] = {}

    def begin(self, device: Device, part: Graph, operations: Sequence[Operation], *, seed: int, step: int) -> Executor:
        """Get ready to run some operations of a part on a device."""
        session = Session(part, seed=seed)
        # All parts look into the worker's variables, and count steps as the client does.
        session.variables, session.runs = self.variables, step
        return Executor(device, session, operations)


class Executor:
    """Runs one part of one step on a device: one operation at a time, each when all that it waits for is there.

    Source:
        TensorFlow's white paper of 2015, section 3.1.
    """

    def __init__(self, device: Device, session: Session, operations: Sequence[Operation]) -> None:
        self.device, self.session = device, session
        self.queue = ReadyQueue(operations)
        self.values: dict[Tensor, Any] = {}
        self.busy = False
        # A receive has no inputs, but isn't ready before its send.
        ready = list(self.queue.ready)
        self.awaited = {operation.attributes["tensor"]: operation for operation in ready if operation.kind == "receive"}
        self.queue.ready = deque(operation for operation in ready if operation.kind != "receive")

    def start(self, choose: Choose | None) -> Operation | None:
        """Take an operation that is ready, if there is one and the device is free."""
        if self.busy or not self.queue.ready:
            return None
        self.busy = True
        return self.queue.take(choose)

    def finish(self, operation: Operation) -> list[Operation]:
        """Compute what an operation gives, or change what it changes; returns the sends that can set off now."""
        results = self.session.execute(operation, [self.values[tensor] for tensor in operation.inputs])
        self.busy = False
        return self._keep(operation, results)

    def receive(self, tensor: str, values: Sequence[Any]) -> tuple[Operation, list[Operation]]:
        """Take a tensor that arrived, or word of an operation, which has no values; returns the receive, and sends."""
        operation = self.awaited.pop(tensor)
        return operation, self._keep(operation, values)

    def _keep(self, operation: Operation, results: Sequence[Any]) -> list[Operation]:
        self.values.update(zip(operation.outputs, results, strict=True))
        known = len(self.queue.ready)
        self.queue.finished(operation)
        # A send needs no device, and so doesn't queue for it.
        fresh = [self.queue.ready.pop() for _ in range(len(self.queue.ready) - known)][::-1]
        self.queue.ready.extend(each for each in fresh if each.kind != "send")
        return [each for each in fresh if each.kind == "send"]
