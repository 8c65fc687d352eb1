"""The master: who prunes, places and partitions a graph, and has the workers run its parts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from reference.constraints import require_together
from reference.costs import ESTIMATED, Costs
from reference.devices import Cluster
from reference.errors import InvalidArgument
from reference.faults import Fault, StepFailed, WorkerDies, require_faults
from reference.graphs import Graph
from reference.partition import partition
from reference.placement import place
from reference.readiness import is_given, pruned, require_no_race, variable_of
from reference.sessions import copied
from reference.steps import Step
from reference.tensors import Operation, Tensor
from reference.timeline import Trace
from reference.workers import Choose, Executor, Worker

__all__ = ["Master"]

Fetch = Tensor | Operation


class Plan(NamedTuple):
    """How to run some fetches: each device's part, and which of its operations run."""

    parts: dict[str, Graph]
    operations: dict[str, list[Operation]]


class Master:
    """Prunes, places and partitions a graph, and has the workers run their parts, step by step.

    Why: the client knows the graph and the workers know their devices; only the master knows both. It plans once for
    the same fetches and feeds. Where a variable is, stays decided for later plans.

    Args:
        cluster: the devices.
        graph: what to run.
        seed: of the random numbers, an integer.
        costs: the cost model, for the placement and for the clock.
        placement: the name of a device for the name of each operation, instead of `place`.
        together: names of operations that must be on one device.
        choose: which of the operations that are ready on a device runs next, as for a `Session`.
        faults: what is to go wrong, each once.

    Source:
        goldsborough-tensorflow, "Execution Model": 2. master; TensorFlow's white paper of 2015, sections 3 to 3.3.

    >>> from reference import Device
    >>> graph = Graph()
    >>> x = graph.placeholder("x", (2,))
    >>> with graph.device("cpu:1"):
    ...     y = x * 2
    >>> master = Master(Cluster([Device("cpu:0"), Device("cpu:1")]), graph)
    >>> list(master.plan([y], [x]).parts["cpu:1"].operations)
    ['constant', 'x/receive_0', 'multiply', 'multiply/send_0']
    >>> master.run(1, [y], {x: [3, 4]})[y]
    [6, 8]
    """

    def __init__(
        self,
        cluster: Cluster,
        graph: Graph,
        *,
        seed: int = 0,
        costs: Costs = ESTIMATED,
        placement: Mapping[str, str] | None = None,
        together: Iterable[Sequence[str]] = (),
        choose: Choose | None = None,
        faults: Iterable[Fault] = (),
    ) -> None:
        self.cluster, self.graph, self.seed, self.costs = cluster, graph, seed, costs
        self.placement, self.together, self.choose = placement, require_together(together), choose
        self.faults = require_faults(faults, cluster, graph)
        self.workers = {name: Worker(name) for name in cluster.workers}
        self.plans: dict[tuple[frozenset[Fetch], frozenset[Tensor]], Plan] = {}
        #: The device of each variable.
        self.homes: dict[str, str] = {}
        #: What happened in each attempt at a step.
        self.traces: list[Trace] = []

    def plan(self, fetches: Sequence[Fetch], fed: Iterable[Tensor]) -> Plan:
        """The plan for some fetches and feeds: made once.

        Raises:
            InvalidArgument: as `place` and `partition` do, or if two operations use a variable in an open order.
        """
        key = frozenset(fetches), frozenset(fed)
        if key not in self.plans:
            self.plans[key] = self._new_plan(fetches, dict.fromkeys(fed))
        return self.plans[key]

    def run(self, step: int, fetches: Sequence[Fetch], feeds: Mapping[Tensor, Any]) -> dict[Fetch, Any]:
        """Run one step: the value of each fetch, None for an operation.

        Raises:
            StepFailed: if a send, a receive or a worker failed; nobody goes on with the step then.
        """
        plan = self.plan(fetches, feeds)
        wanted = [fetch for fetch in dict.fromkeys(fetches) if not is_given(fetch, feeds)]
        executors = {name: self._begin(name, plan, step) for name in plan.parts}
        attempt = Step(step, executors, self.cluster, self.costs)
        attempt.choose, attempt.faults = self.choose, self.faults
        failure = ""
        try:
            values = attempt.run({tensor.name: value for tensor, value in feeds.items()}, len(wanted))
        except Exception as error:
            failure = str(error)
            if isinstance(error, StepFailed) and isinstance(error.fault, WorkerDies):
                # It is started anew, and knows nothing.
                self.workers[error.fault.worker] = Worker(error.fault.worker)
            raise
        finally:
            self.traces.append(Trace(step, tuple(attempt.events), failure))
        results: dict[Any, Any] = dict(feeds)
        return results | {fetch: _value(fetch, values) for fetch in wanted}

    def variables(self) -> dict[str, Any]:
        """What the variables of all workers hold."""
        return {name: copied(value) for worker in self.workers.values() for name, value in worker.variables.items()}

    def restore(self, variables: Mapping[str, Any]) -> None:
        """Give all variables what they held once, and forget what those hold that weren't there then."""
        for worker in self.workers.values():
            worker.variables.clear()
        for name, value in variables.items():
            self._worker_of(self.homes[name]).variables[name] = copied(value)

    def _new_plan(self, fetches: Sequence[Fetch], fed: Mapping[Tensor, Any]) -> Plan:
        operations = pruned(fetches, fed)
        require_no_race(operations, fed)
        placement = self.placement or place(
            fetches, self.cluster, fed=fed, costs=self.costs, together=self.together, settled=self.homes
        )
        parts = partition(fetches, placement, fed=fed)
        for device in parts:
            self.cluster.device(device, "placement")
        homes = {variable_of(use): placement[use.name] for use in operations if variable_of(use)}
        for name, device in homes.items():
            home = self.homes.get(name, device)
            if home != device:
                raise InvalidArgument("placement", f"variable '{name}' on '{home}', where it is", repr(device))
        self.homes |= homes
        return Plan(parts, {name: _needed(part) for name, part in parts.items()})

    def _begin(self, device: str, plan: Plan, step: int) -> Executor:
        return self._worker_of(device).begin(
            self.cluster.devices[device], plan.parts[device], plan.operations[device], seed=self.seed, step=step
        )

    def _worker_of(self, device: str) -> Worker:
        return self.workers[self.cluster.devices[device].worker]


def _needed(part: Graph) -> list[Operation]:
    """What a part runs: all that its sends need. A variable that is only assigned stands there and isn't run."""
    return pruned([operation for operation in part.operations.values() if operation.kind == "send"])


def _value(fetch: Fetch, values: Mapping[str, Sequence[Any]]) -> Any:
    return values[fetch.name][0] if isinstance(fetch, Tensor) else None
