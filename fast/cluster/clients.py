"""A client of worker processes: runs steps, saves variables every so many of them, and goes on after a worker's death.

"When a failure is detected, the entire graph execution is aborted and restarted from scratch", from what was saved
last: the white paper's way, and the reference's. The steps since then are done again with the same feeds, and random
numbers that depend on the step's number: so the bits are those of a run in which nobody died.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from typing import Any

import numpy as np

from fast.cluster.checkpoints import Checkpoint, load_checkpoint, save_checkpoint
from fast.cluster.feeds import require_feeds
from fast.cluster.plans import Plan, Task, plan_for, require_plan
from fast.cluster.processes import WorkerLost, WorkerProcess, stop_all
from fast.cluster.segments import Key, Part
from reference.errors import InvalidArgument, require_number, require_positive_integer

Feeds = Mapping[str, Any]


class ProcessClient:
    """Runs the parts of a graph on worker processes of this machine; a context manager, which ends them.

    Args: workers, the name of a worker for the name of each device; checkpoint, the file that variables are saved to,
        and where it is there already, what to go on from (`step` says how far that is); save_every, after how many
        steps; dtype and seed, of all numbers and of the random ones; threads, of each worker; seconds, how long
        anything that one worker does may take; attempts, how often workers may be lost with no step done in between.
    Raises: InvalidArgument, if one of them is none.
    """

    def __init__(
        self,
        workers: Mapping[str, str],
        checkpoint: Path | str,
        *,
        save_every: int = 10,
        dtype: Any = np.float32,
        seed: int = 0,
        threads: int | None = None,
        seconds: float = 300.0,
        attempts: int = 3,
    ) -> None:
        if not isinstance(workers, Mapping) or not workers:
            raise InvalidArgument("workers", "the name of a worker for the name of each device", repr(workers))
        self.save_every = require_positive_integer("save_every", save_every)
        self.attempts = require_positive_integer("attempts", attempts)
        self.seconds, names = float(require_number("seconds", seconds, above=0)), list(dict.fromkeys(workers.values()))
        share = max(1, (os.cpu_count() or 1) // len(names))
        self.threads = require_positive_integer("threads", share if threads is None else threads)
        self.workers, self.dtype, self.seed = dict(workers), np.dtype(dtype), seed
        self.path = Path(checkpoint)
        self.saved = load_checkpoint(self.path) if self.path.exists() else Checkpoint(0, {})
        self.step, self.attempt = self.saved.step, 0
        #: What was asked for since then.
        self.since: list[tuple[Plan, dict[str, np.ndarray]]] = []
        self.plans: list[Plan] = []
        self.untold: list[Plan] = []
        #: The device of each variable.
        self.homes: dict[str, str] = {}
        #: The workers that were lost, as errors that say when and what of.
        self.failures: list[WorkerLost] = []
        self.processes: dict[str, WorkerProcess] = {}
        self.broken = True

    def __enter__(self) -> ProcessClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the workers; a later run would start them again, from the last checkpoint."""
        stop_all(self.processes.values())
        self.processes, self.broken = {}, True

    def plan(self, parts: Mapping[str, Part]) -> Plan:
        """Plan the steps that run some parts, as `fast.cluster.plans.plan_for` says."""
        plan = plan_for(len(self.plans), parts, self.workers, self.homes)
        fresh = plan.homes.keys() - self.homes.keys()
        self.homes |= plan.homes
        self.plans.append(plan)
        # Workers get to know it when they are asked next; and what a former client saved, if this plan's variables.
        self.untold.append(plan)
        self.broken = self.broken or not fresh.isdisjoint(self.saved.variables)
        return plan

    def run(self, plan: Plan, feeds: Feeds | None = None) -> dict[str, np.ndarray | None]:
        """Run one step, whoever dies on the way.

        Args: plan, what `plan` returned; feeds, arrays by the names of the tensors that the parts receive from us.
        Returns: what is fetched by the names of tensors, and None for operations ("^train").
        Raises: InvalidArgument, as `GraphSession.run`, or if the plan or what was saved is of another graph;
            WorkerLost, if that happens too often. A step that ends so leaves nothing behind, and isn't counted.
        """
        require_plan(plan, self.plans)
        self.since.append((plan, require_feeds(plan.cut.fed, feeds or {}, self.dtype)))
        try:
            results = self._catch_up()
        except BaseException:
            self.since.pop()
            self.broken = True
            raise
        return {name: results.get(("", name)) for name in plan.cut.fetched}

    def train(self, plan: Plan, batches: Iterable[Feeds]) -> list[dict[str, np.ndarray | None]]:
        """Run one step for each of some feeds; returns what each gave."""
        return [self.run(plan, batch) for batch in batches]

    def variables(self) -> dict[str, np.ndarray]:
        """What the variables hold that were assigned, on all workers."""
        return self._catch_up(self._collected)

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go back to a checkpoint, which is the last one from now on."""
        save_checkpoint(checkpoint, self.path)
        self.saved, self.step, self.broken = checkpoint, checkpoint.step, True
        self.since.clear()

    def _catch_up(self, ask: Callable[[], dict[Any, np.ndarray]] | None = None) -> dict[Any, np.ndarray]:
        """Do all steps that were asked for and aren't done, and save if it is time.

        Returns: what the last one gave, or what is asked for then.
        """
        results: dict[Key, np.ndarray] = {}
        furthest, left = self.step, self.attempts
        while True:
            try:
                if self.broken:
                    self._restore()
                self._tell_plans()
                while self.step < self.saved.step + len(self.since):
                    results = self._step(*self.since[self.step - self.saved.step])
                    self.step += 1
                if self.since and self.step % self.save_every == 0:
                    self._save()
                return ask() if ask else results
            except WorkerLost as error:
                self.broken = True
                self.failures.append(WorkerLost(error.worker, f"{error.reason} in step {self.step + 1}"))
                left = self.attempts if self.step > furthest else left - 1
                furthest = max(furthest, self.step)
                if not left:
                    raise self.failures[-1] from None

    def _step(self, plan: Plan, feeds: Mapping[str, np.ndarray]) -> dict[Key, np.ndarray]:
        """Run all tasks of a plan: each worker its own in order, each when all has arrived."""
        self.attempt += 1
        values: dict[Key, np.ndarray] = {("", name): value for name, value in feeds.items()}
        todo = {name: deque(tasks) for name, tasks in plan.tasks.items()}
        with DefaultSelector() as busy:
            while True:
                for name, tasks in todo.items():
                    if tasks and not self.processes[name].asked and all(key in values for key in tasks[0].arriving):
                        self._begin(plan, tasks.popleft(), values)
                        busy.register(self.processes[name], EVENT_READ)
                if not busy.get_map():
                    return values
                for answered in self._answered(busy):
                    busy.unregister(answered)
                    values |= answered.answer()

    def _begin(self, plan: Plan, task: Task, values: Mapping[Key, np.ndarray]) -> None:
        arrived = {key: values[key] for key in task.arriving}
        process = self.processes[task.worker]
        process.ask("run", plan.number, task.place, self.step + 1, self.attempt, arrived, task.leaving)

    def _answered(self, busy: DefaultSelector) -> list[WorkerProcess]:
        """The workers that have something to say, their death included; if none has for too long, one that is asked."""
        return [key.fileobj for key, _ in busy.select(self.seconds) or [(next(iter(busy.get_map().values())), 0)]]

    def _save(self) -> None:
        checkpoint = Checkpoint(self.step, self._collected())
        save_checkpoint(checkpoint, self.path)
        self.saved = checkpoint
        self.since.clear()

    def _collected(self) -> dict[str, np.ndarray]:
        for process in self.processes.values():
            process.ask("saved")
        answers = [process.answer() for process in self.processes.values()]
        return dict(self.saved.variables) | {name: value for held in answers for name, value in held.items()}

    def _restore(self) -> None:
        """Have all workers live, idle and at the last checkpoint."""
        for process in self.processes.values():
            process.forget()
        lost = [name for name in dict.fromkeys(self.workers.values()) if self._is_lost(name)]
        settings = self.dtype, self.seed
        for name in lost:
            if name in self.processes:
                self.processes.pop(name).kill()
            self.processes[name] = WorkerProcess(name, settings, self.threads, self.seconds)
        for name in lost:
            self.processes[name].answer()
            for plan in self.plans:
                if plan not in self.untold:
                    self._tell(self.processes[name], plan, name)
        for name, process in self.processes.items():
            held = {each for each, device in self.homes.items() if self.workers[device] == name}
            process.ask("restore", {each: value for each, value in self.saved.variables.items() if each in held})
            process.answer()
        self.step, self.broken = self.saved.step, False

    def _is_lost(self, name: str) -> bool:
        return name not in self.processes or self.processes[name].lost

    def _tell_plans(self) -> None:
        """Tell the workers of plans that are new."""
        while self.untold:
            for name, process in self.processes.items():
                self._tell(process, self.untold[0], name)
            self.untold.pop(0)

    def _tell(self, process: WorkerProcess, plan: Plan, name: str) -> None:
        process.ask("plan", plan.number, [task.segment for task in plan.tasks.get(name, ())])
        process.answer()
