"""The execution model: a client asks, a master plans, workers run their parts, devices compute.

Values are what the reference computes; when they are there, a virtual clock says, from the cost model. Nothing runs at
the same time, so a run is the same each time, and so is what goes wrong in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, NamedTuple

from reference.devices import Cluster
from reference.errors import require_positive_integer
from reference.faults import StepFailed
from reference.graphs import Graph
from reference.master import Fetch, Master
from reference.sessions import Feeds, copied, fed_values, found, leaves, mapped
from reference.tensors import Tensor
from reference.timeline import Trace

__all__ = ["Checkpoint", "Client"]


class Checkpoint(NamedTuple):
    """What is saved: how many steps were done, which random numbers depend on, and what the variables held then."""

    step: int
    variables: Mapping[str, Any]


class Client:
    """Runs a graph on a cluster as a session does by itself: same fetches, same feeds, and the same bits.

    Why: a machine fails now and then, and training takes days. "When a failure is detected, the entire graph execution
    is aborted and restarted from scratch", from the variables as they were saved last. The client does the steps since
    then again, as they were: with the same feeds, and the same random numbers, which depend on the step's number.

    Args:
        cluster: the devices.
        graph: what to run.
        seed: of the random numbers, an integer, as of a `Session`.
        save_every: after how many steps variables are saved.
        options: `costs`, `placement`, `together`, `choose` and `faults`, as for a `Master`.

    Raises:
        InvalidArgument: if save_every isn't a positive integer, or a fault can't happen.

    Source:
        goldsborough-tensorflow, "Execution Model": 1. client; TensorFlow's white paper of 2015, section 3.3.

    >>> from reference import Device, Link, WorkerDies
    >>> graph = Graph()
    >>> x, w = graph.placeholder("x", ()), graph.variable("w", 1)
    >>> with graph.control_dependencies([w]), graph.device("worker:1"):
    ...     step = graph.assign_add(w, x)
    >>> cluster = Cluster([Device("cpu:0", 1), Device("worker:1/cpu:0", 1)], between=Link(2, 4))
    >>> client = Client(cluster, graph, save_every=2, faults=[WorkerDies(3, "worker:1", 2)])
    >>> client.train(step, [{x: 10}, {x: 100}, {x: 1000}])
    [11, 111, 1111]
    >>> for trace in client.traces[-2:]:
    ...     print(trace)
    step 3, which failed: worker:1 died after 2 s
    start  end  worker    device          operation
        0    0  worker:0  cpu:0           x/receive_0  |.                                       |
        0    0  worker:0  cpu:0           x/send_0     |.                                       |
        0    1  worker:1  worker:1/cpu:0  w            |########################################|
    step 3
    start  end  worker    device          operation
        0    0  worker:0  cpu:0           x/receive_0        |.                                       |
        0    0  worker:0  cpu:0           x/send_0           |.                                       |
        0    1  worker:1  worker:1/cpu:0  w                  |########                                |
        0    3  worker:1  worker:1/cpu:0  x/receive_0        |########################                |
        3    5  worker:1  worker:1/cpu:0  assign_add         |                        ################|
        5    5  worker:1  worker:1/cpu:0  assign_add/send_0  |                                       .|
    """

    def __init__(self, cluster: Cluster, graph: Graph, *, seed: int = 0, save_every: int = 10, **options: Any) -> None:
        self.save_every = require_positive_integer("save_every", save_every)
        self.graph, self.master = graph, Master(cluster, graph, seed=seed, **options)
        self.step, self.saved = 0, Checkpoint(0, {})
        #: What was asked for since then.
        self.since: list[tuple[list[Fetch], dict[Tensor, Any]]] = []

    @property
    def traces(self) -> list[Trace]:
        """What happened in each attempt at a step."""
        return self.master.traces

    def run(self, fetches: Any, feeds: Feeds | None = None) -> Any:
        """Compute what is fetched, whatever fails on the way.

        Args:
            fetches: a tensor or an operation, by itself or by its name; or lists, tuples and dicts of them.
            feeds: values for tensors.

        Returns:
            The values, in the structure of the fetches; None for an operation.

        Raises:
            InvalidArgument: as `Session.run` and `place`. A step that ends so leaves nothing behind, and isn't counted.
        """
        wanted = mapped(partial(found, self.graph), fetches)
        values = fed_values(self.graph, feeds or {})
        asked = leaves(wanted)
        self.master.plan(asked, values)
        self.since.append((asked, values))
        try:
            results = self._catch_up()
        except BaseException:
            self.since.pop()
            raise
        if self.step % self.save_every == 0:
            self.save()
        return mapped(lambda fetch: copied(results[fetch]) if isinstance(fetch, Tensor) else None, wanted)

    def train(self, fetches: Any, batches: Iterable[Feeds]) -> list[Any]:
        """Run the same fetches with one batch of feeds after the other; returns what each step gave."""
        return [self.run(fetches, batch) for batch in batches]

    def save(self) -> Checkpoint:
        """Save what the variables hold; the client goes on from there after a failure."""
        self._catch_up()
        self.saved = Checkpoint(self.step, self.master.variables())
        self.since.clear()
        return self.saved

    def _catch_up(self) -> dict[Fetch, Any]:
        """Do all steps that were asked for and aren't done; returns what the last one gave."""
        results: dict[Fetch, Any] = {}
        while self.step < self.saved.step + len(self.since):
            asked, values = self.since[self.step - self.saved.step]
            try:
                results = self.master.run(self.step + 1, asked, values)
            except StepFailed:
                self._restore()
            except BaseException:
                # Nobody goes on from what half a step left. The steps before it are done again with the next one.
                self._restore()
                raise
            else:
                self.step += 1
        return results

    def _restore(self) -> None:
        """Go back to the last checkpoint."""
        self.step = self.saved.step
        self.master.restore(self.saved.variables)
