"""A step on a virtual clock: devices compute, tensors are on their way, and something may fail."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from heapq import heappop, heappush
from typing import Any

from reference.arrays import Number
from reference.costs import Costs
from reference.devices import Cluster
from reference.faults import Fault, ReceiveFails, SendFails, StepFailed, WorkerDies
from reference.partition import CLIENT
from reference.tensors import Operation
from reference.timeline import Event, in_seconds
from reference.workers import Choose, Executor


class Step:
    """One attempt at a step: what happens is put on an agenda, and is done in the order of its moments.

    Nothing waits and nothing runs at the same time: the clock jumps from one moment to the next. What has one moment is
    done in the order in which it was put there.
    """

    def __init__(self, number: int, executors: Mapping[str, Executor], cluster: Cluster, costs: Costs) -> None:
        self.number, self.executors, self.cluster, self.costs = number, executors, cluster, costs
        self.choose: Choose | None = None
        #: What may still go wrong; what did is taken out.
        self.faults: list[Fault] = []
        self.fetched: dict[str, Sequence[Any]] = {}
        self.events: list[Event] = []
        self.agenda: list[tuple[Number, int, Callable[[Number], None]]] = []
        self.planned = 0

    def run(self, fed: Mapping[str, Any], wanted: int) -> dict[str, Sequence[Any]]:
        """Run all parts until the client has as many tensors, or words of operations, as it wants."""
        for fault in self.faults:
            if isinstance(fault, WorkerDies) and fault.step <= self.number:
                # One that was due after an earlier step's end has died by now.
                self.at(fault.moment if fault.step == self.number else 0, partial(self.die, fault))
        for executor in self.executors.values():
            for tensor, operation in list(executor.awaited.items()):
                if operation.attributes["source"] == CLIENT:
                    self.arrive(executor, tensor, [fed[tensor]], 0, 0)
            self.go_on(executor, 0)
        while len(self.fetched) < wanted:
            if not self.agenda:
                raise RuntimeError(f"step {self.number} waits forever: {self._awaited()}")
            now, _, happen = heappop(self.agenda)
            happen(now)
        return self.fetched

    def at(self, moment: Number, happen: Callable[[Number], None]) -> None:
        """Put something on the agenda."""
        heappush(self.agenda, (moment, self.planned, happen))
        self.planned += 1

    def go_on(self, executor: Executor, now: Number) -> None:
        """Let a device begin with what is ready, if it isn't busy."""
        operation = executor.start(self.choose)
        if operation is not None:
            end = now + self.costs.seconds(operation, executor.device)
            self.at(end, partial(self.finish, executor, operation, now))

    def finish(self, executor: Executor, operation: Operation, start: Number, now: Number) -> None:
        """An operation ends, and what it gave sets off to whom it is for."""
        sends = executor.finish(operation)
        self.note(executor, operation, start, now)
        self.send(executor, sends, now)
        self.go_on(executor, now)

    def send(self, executor: Executor, sends: Sequence[Operation], now: Number) -> None:
        """Tensors set off, or word of operations, which takes the device no time."""
        for operation in sends:
            tensor, destination = operation.attributes["tensor"], operation.attributes["destination"]
            self.fail(SendFails(self.number, tensor), f"the send of '{tensor}' to {destination} failed", now)
            self.note(executor, operation, now, now)
            values = [executor.values[each] for each in operation.inputs]
            if destination == CLIENT:
                self.fetched[tensor] = values
            else:
                size = self.costs.bytes(operation.inputs[0] if operation.inputs else operation)
                arrival = now + self.cluster.link(executor.device.name, destination).seconds(size)
                self.at(arrival, partial(self.arrive, self.executors[destination], tensor, values, now))

    def arrive(self, executor: Executor, tensor: str, values: Sequence[Any], sent: Number, now: Number) -> None:
        """A tensor is there, or word of an operation."""
        self.fail(ReceiveFails(self.number, tensor), f"the receive of '{tensor}' on {executor.device.name} failed", now)
        operation, sends = executor.receive(tensor, values)
        self.note(executor, operation, sent, now)
        self.send(executor, sends, now)
        self.go_on(executor, now)

    def die(self, fault: WorkerDies, now: Number) -> None:
        """A worker dies."""
        self.fail(fault, f"{fault.worker} died", now)

    def fail(self, fault: Fault, reason: str, now: Number) -> None:
        """End the step for all if this is to go wrong."""
        if fault in self.faults:
            self.faults.remove(fault)
            raise StepFailed(f"{reason} after {in_seconds(now)} s", fault)

    def note(self, executor: Executor, operation: Operation, start: Number, end: Number) -> None:
        """Write down what happened."""
        device = executor.device
        self.events.append(Event(start, end, device.worker, device.name, operation.name))

    def _awaited(self) -> str:
        waiting = (f"{name} for {', '.join(each.awaited)}" for name, each in self.executors.items() if each.awaited)
        return "; ".join(waiting) or "nothing is on its way"
