"""The segments of a graph as dask's tasks: dask decides when each runs, and what is done again when a worker dies.

A task is a function of values and variables, and nothing of it stays on a worker. So dask may repeat it anywhere. What
a device's variables hold goes from task to task; every so many steps it comes to the client, and the next steps begin
with that: a worker's death never costs more steps than these, and the chain of tasks that dask remembers has an end.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Mapping
from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from fast.cluster.feeds import require_feeds
from fast.cluster.plans import Plan, plan_for, require_plan
from fast.cluster.runners import Runner
from fast.cluster.segments import WORD, Key, Part, Segment
from reference.errors import require_positive_integer

if TYPE_CHECKING:
    from distributed import Client, Future

Feeds = Mapping[str, Any]
#: How many segments a process remembers, with their sessions.
REMEMBERED = 256


class DaskClient:
    """Runs the parts of a graph on the workers of a dask cluster, and keeps what the variables hold.

    Args: client, dask's; workers, for the name of each device the name or address of the worker that should run it,
        unless it is dead; save_every, after how many steps variables come to the client; dtype and seed, of all numbers
        and of the random ones; retries, how often dask repeats a task that raised.
    Raises: InvalidArgument, if save_every isn't a positive integer.
    """

    def __init__(
        self,
        client: Client,
        workers: Mapping[str, str],
        *,
        save_every: int = 10,
        dtype: Any = np.float32,
        seed: int = 0,
        retries: int = 3,
    ) -> None:
        self.save_every = require_positive_integer("save_every", save_every)
        self.client, self.workers, self.retries = client, dict(workers), retries
        self.dtype, self.seed, self.step = np.dtype(dtype), seed, 0
        self.homes: dict[str, str] = {}
        #: What the variables of each device hold, or will.
        self.held: dict[str, Future | dict[str, np.ndarray]] = {}
        self.plans: list[Plan] = []
        self.pickled: dict[int, dict[tuple[str, int], bytes]] = {}

    def plan(self, parts: Mapping[str, Part]) -> Plan:
        """Plan the steps that run some parts, as `fast.cluster.plans.plan_for` says."""
        plan = plan_for(len(self.plans), parts, self.workers, self.homes)
        self.homes |= plan.homes
        self.plans.append(plan)
        self.pickled[plan.number] = {
            (segment.device, segment.level): pickle.dumps(segment) for segment in plan.cut.order
        }
        return plan

    def run(self, plan: Plan, feeds: Feeds | None = None) -> dict[str, np.ndarray | None]:
        """Run one step.

        Args: plan, what `plan` returned; feeds, arrays by the names of the tensors that the parts receive from us.
        Returns: what is fetched by the names of tensors, and None for operations ("^train").
        Raises: InvalidArgument, if feeds don't fit, or the plan is of another client; whatever dask raises when it
            gives a task up.
        """
        require_plan(plan, self.plans)
        given = require_feeds(plan.cut.fed, feeds or {}, self.dtype)
        values: dict[Key, Any] = {("", name): value for name, value in given.items()}
        held, step = dict(self.held), self.step + 1
        for segment in plan.cut.order:
            outputs, changed = self._submit(segment, plan, values, held, step)
            values |= outputs
            if segment.assigned:
                held[segment.device] = changed
        fetched = [name for name in plan.cut.fetched if not name.startswith(WORD)]
        wanted = [values["", name] for name in fetched], {device: held[device] for device in held}
        if step % self.save_every:
            results = self.client.gather(wanted[0])
        else:
            results, held = self.client.gather(wanted)
        self.held, self.step = held, step
        return dict.fromkeys(plan.cut.fetched) | dict(zip(fetched, results, strict=True))

    def train(self, plan: Plan, batches: Iterable[Feeds]) -> list[dict[str, np.ndarray | None]]:
        """Run one step for each of some feeds; returns what each gave."""
        return [self.run(plan, batch) for batch in batches]

    def variables(self) -> dict[str, np.ndarray]:
        """What the variables hold that were assigned."""
        self.held = self.client.gather(self.held)
        return {name: value for held in self.held.values() for name, value in held.items()}

    def _submit(
        self, segment: Segment, plan: Plan, values: Mapping[Key, Any], held: Mapping[str, Any], step: int
    ) -> tuple[dict[Key, Future], Future]:
        """Have dask run a segment when its values are there; returns what will be its outputs, and the variables."""
        where = {"workers": [self.workers[segment.device]], "allow_other_workers": True, "pure": False}
        arrays = {name: values[key] for name, key in segment.inputs.items()}
        content = self.pickled[plan.number][segment.device, segment.level]
        variables = held.get(segment.device, {}) if segment.variables else {}
        given = content, self.dtype.name, self.seed, step, arrays, variables
        done = self.client.submit(run_segment, *given, retries=self.retries, **where)
        picked = {key: self.client.submit(picked_output, done, key, **where) for key in segment.outputs}
        return picked, self.client.submit(itemgetter(1), done, **where)


def run_segment(
    content: bytes,
    dtype: str,
    seed: int,
    step: int,
    arrays: Mapping[str, np.ndarray],
    variables: Mapping[str, np.ndarray],
) -> tuple[dict[Key, np.ndarray], dict[str, np.ndarray]]:
    """Run a pickled segment; returns its outputs, and all variables of its device as they are afterwards."""
    runner = runner_of(content, dtype, seed)
    values = {key: arrays[name] for name, key in runner.segment.inputs.items()}
    outputs, assigned = runner.run(values, variables, step)
    return outputs, {**variables, **assigned}


def picked_output(done: tuple[dict[Key, np.ndarray], Any], key: Key) -> np.ndarray:
    """One of a segment's outputs, which goes to others without the rest."""
    return done[0][key]


@lru_cache(REMEMBERED)
def runner_of(content: bytes, dtype: str, seed: int) -> Runner:
    """The runner of a segment, made once in a process."""
    return Runner(pickle.loads(content), dtype, seed)
