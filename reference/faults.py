"""Faults, as they are injected: what fails in which step."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from reference.arrays import Number
from reference.devices import Cluster
from reference.errors import InvalidArgument, require_choice, require_number, require_positive_integer
from reference.graphs import Graph
from reference.partition import WORD

__all__ = ["Fault", "ReceiveFails", "SendFails", "WorkerDies"]


@dataclass(frozen=True)
class WorkerDies:
    """A worker dies at a moment of a step, with all its variables; if the step is over by then, before the next one."""

    step: int
    worker: str
    moment: Number


@dataclass(frozen=True)
class SendFails:
    """A send of a tensor ("x:0"), or of word that an operation ran ("^x"), fails in a step."""

    step: int
    tensor: str


@dataclass(frozen=True)
class ReceiveFails:
    """A receive of a tensor, or of word that an operation ran, fails in a step."""

    step: int
    tensor: str


Fault = WorkerDies | SendFails | ReceiveFails


class StepFailed(Exception):
    """A step ended early; says why, and by which fault."""

    def __init__(self, reason: str, fault: Fault) -> None:
        super().__init__(reason)
        self.fault = fault


def require_faults(faults: Iterable[Fault], cluster: Cluster, graph: Graph) -> list[Fault]:
    """Return the faults as a list, or say which can't happen."""
    if not isinstance(faults, Iterable):
        raise InvalidArgument("faults", "a list of WorkerDies, SendFails and ReceiveFails", repr(faults))
    listed = list(faults)
    for fault in listed:
        if not isinstance(fault, (WorkerDies, SendFails, ReceiveFails)):
            raise InvalidArgument("faults", "WorkerDies, SendFails and ReceiveFails", repr(fault))
        require_positive_integer("step of a fault", fault.step)
        if isinstance(fault, WorkerDies):
            require_choice("worker of a fault", fault.worker, list(cluster.workers))
            require_number("moment of a fault", fault.moment, 0)
        else:
            _require_sent(fault.tensor, graph)
    return listed


def _require_sent(name: object, graph: Graph) -> None:
    if not isinstance(name, str):
        raise InvalidArgument("tensor of a fault", f"the name of one, or of an operation as '{WORD}x'", repr(name))
    if name.startswith(WORD):
        graph.operation(name.removeprefix(WORD))
    else:
        graph.tensor(name)
