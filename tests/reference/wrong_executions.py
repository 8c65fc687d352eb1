"""Placements, partitions and executions that are wrong in one named way, each with the law that catches it.

A wrong implementation is the right one with one function replaced; the replacement gets the right one first.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial, reduce
from heapq import heappop
from operator import or_
from typing import Any, NamedTuple

from reference import Checkpoint, Client, Costs, Device, Graph, Link, Master, Operation, Tensor, Worker
from reference.constraints import Constraints
from reference.faults import WorkerDies
from reference.partition import _Cut
from reference.placement import _Simulation
from reference.readiness import ReadyQueue
from reference.steps import Step
from reference.workers import Executor
from tests.reference import execution_laws as laws
from tests.reference import test_execution as runs
from tests.reference import test_placement as places

partitions, placements, workers = (
    importlib.import_module(f"reference.{name}") for name in ("partition", "placement", "workers")
)


class Wrong(NamedTuple):
    """A function in the place of another one, and who finds out."""

    function: Callable[..., Any]
    owner: Any
    attribute: str
    law: Callable[[], Any]


WRONG: list[Wrong] = []

PARTS = partial(laws.one_send_and_one_receive, 12)
BITS = partial(laws.any_placement_gives_the_same_bits, 12)
GREEDY = partial(laws.the_greedy_placement_gives_the_same_bits, 12)
DEATHS = partial(laws.every_fault_ends_with_the_undisturbed_bits, 12, ["deaths"])
LATE_DEATH = partial(
    runs.test_a_fault_ends_the_step_and_all_since_the_last_checkpoint_are_done_again,
    WorkerDies(4, "worker:1", 99),
    "worker:1 died",
    [1, 2, 3, 4, 5, 5],
)


def wrong(owner: Any, attribute: str, law: Callable[[], Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Enter what follows as wrong."""

    def enter(function: Callable[..., Any]) -> Callable[..., Any]:
        WRONG.append(Wrong(function, owner, attribute, law))
        return function

    return enter


# --- names and constraints --------------------------------------------------------------------------------------------


@wrong(Device, "matches", places.test_a_number_of_a_device_is_matched_whole)
def a_device_is_matched_by_the_beginning_of_its_name(right: Any, self: Device, partial_name: str) -> bool:
    return all(any(has.startswith(part) for has in self.parts) for part in partial_name.split("/"))


@wrong(Device, "matches", lambda: places.test_full_and_partial_names_of_devices("worker:0/gpu:0", ["gpu:0"]))
def a_worker_is_no_part_of_a_name(right: Any, self: Device, partial_name: str) -> bool:
    return right(self, partial_name.rpartition("/")[2])


@wrong(Device, "can_run", places.test_what_no_device_can_run_is_named)
def a_device_runs_everything(right: Any, self: Device, kind: str) -> bool:
    return True


@wrong(placements, "colocated", GREEDY)
def colocation_is_ignored(right: Any, graph: Graph, together: Any) -> list[list[Operation]]:
    return []


@wrong(placements, "colocated", places.test_what_is_asked_to_be_together_is_together)
def only_variables_are_colocated(right: Any, graph: Graph, together: Any) -> list[list[Operation]]:
    return right(graph, ())


@wrong(placements, "colocated", places.test_what_is_asked_to_be_together_is_together)
def colocation_isnt_transitive(right: Any, graph: Graph, together: Any) -> list[list[Operation]]:
    """Each pair is a group of its own."""
    return [*right(graph, ()), *([graph.operations[name] for name in names] for names in together)]


@wrong(Constraints, "feasible", places.test_what_uses_a_variable_is_with_it)
def a_group_goes_where_the_first_one_may(right: Any, self: Constraints, group: Any, *, runs: bool = True) -> Any:
    return right(self, group[:1], runs=runs)


@wrong(Constraints, "feasible", places.test_what_uses_a_variable_is_with_it)
def a_group_goes_where_any_of_it_may(right: Any, self: Constraints, group: Any, *, runs: bool = True) -> Any:
    """Feasible sets are united."""
    named = reduce(or_, ({device.name for device in right(self, [one], runs=runs)} for one in group))
    return [device for device in self.cluster.devices.values() if device.name in named]


@wrong(Constraints, "wishes", places.test_what_is_fed_needs_no_device_that_can_run_it)
def what_is_fed_needs_a_device_that_can_run_it(right: Any, self: Any, operation: Operation, *, runs: bool) -> Any:
    return right(self, operation, runs=True)


# --- the greedy simulation --------------------------------------------------------------------------------------------


@wrong(_Simulation, "arrival", places.test_an_operation_goes_where_its_inputs_are_if_sending_takes_longer)
def communication_costs_nothing(right: Any, self: Any, given: Any, giver: Operation, device: Device) -> Any:
    return 0 if given in self.fed else self.finished[giver]


@wrong(_Simulation, "arrival", places.test_a_word_that_an_operation_ran_has_the_latency_too)
def word_is_there_at_once(right: Any, self: Any, given: Any, giver: Operation, device: Device) -> Any:
    return right(self, given, giver, device) if isinstance(given, Tensor) else self.finished[giver]


@wrong(Link, "seconds", runs.test_the_clock_goes_as_costs_and_links_say)
def a_link_has_no_latency(right: Any, self: Link, size: int) -> Any:
    return size / self.bandwidth


@wrong(_Simulation, "put", places.test_two_independent_operations_go_to_two_devices)
def a_device_is_never_busy(right: Any, self: Any, operation: Any, device: Device, finish: Any, choices: Any) -> None:
    right(self, operation, device, finish, choices)
    self.free[device.name] = 0


@wrong(_Simulation, "finish", places.test_a_faster_device_wins)
def all_devices_are_as_fast(right: Any, self: Any, operation: Operation, device: Device) -> Any:
    return right(self, operation, device) - self.costs.seconds(operation, device) + self.costs.work(operation)


@wrong(Costs, "seconds", places.test_measured_costs_count_instead_of_estimates)
def measurements_are_ignored(right: Any, self: Costs, operation: Operation, device: Device) -> Any:
    return right(self._replace(measured={}), operation, device)


@wrong(Costs, "bytes", places.test_the_estimate_counts_multiply_adds)
def a_number_is_a_byte(right: Any, self: Costs, given: Any) -> int:
    return right(self._replace(bytes_per_number=1), given)


@wrong(Master, "_new_plan", runs.test_a_variable_stays_where_it_is_whatever_is_fetched)
def a_variable_moves_with_what_is_fetched(right: Any, self: Master, fetches: Any, fed: Any) -> Any:
    self.homes.clear()
    return right(self, fetches, fed)


# --- the parts --------------------------------------------------------------------------------------------------------


@wrong(_Cut, "here", PARTS)
def a_send_and_a_receive_for_each_use(right: Any, self: _Cut, given: Any, device: str) -> Any:
    self.received.clear()
    return right(self, given, device)


@wrong(_Cut, "send", PARTS)
def a_send_for_all_devices_together(right: Any, self: _Cut, given: Any, destination: str) -> None:
    """Who gets a tensor first is the only one."""
    sent = self.__dict__.setdefault("sent", set())
    if given not in sent:
        right(self, given, destination)
    sent.add(given)


@wrong(_Cut, "add", PARTS)
def a_control_dependency_ends_at_the_border(right: Any, self: _Cut, operation: Operation) -> None:
    controls, home = operation.control_inputs, self.placement[operation.name]
    operation.control_inputs = tuple(each for each in controls if self.placement[each.name] == home)
    try:
        right(self, operation)
    finally:
        operation.control_inputs = controls


@wrong(_Cut, "add", PARTS)
def no_control_dependency_at_all(right: Any, self: _Cut, operation: Operation) -> None:
    controls, operation.control_inputs = operation.control_inputs, ()
    try:
        right(self, operation)
    finally:
        operation.control_inputs = controls


@wrong(partitions, "pruned", PARTS)
def the_whole_graph_is_cut(right: Any, fetches: Sequence[Any], fed: Mapping[Tensor, Any]) -> list[Operation]:
    return right(list(fetches[0].graph.operations.values()), fed)


@wrong(partitions, "pruned", PARTS)
def feeds_dont_cut(right: Any, fetches: Sequence[Any], fed: Mapping[Tensor, Any]) -> list[Operation]:
    return right(fetches)


@wrong(partitions, "_name_of", PARTS)
def outputs_of_one_operation_are_sent_as_one(right: Any, given: Any) -> str:
    return f"{given.operation.name}:0" if isinstance(given, Tensor) else right(given)


@wrong(_Cut, "_declare_variable", runs.test_a_variable_stays_where_it_is_whatever_is_fetched)
def a_variable_that_is_only_assigned_is_nowhere(right: Any, self: _Cut, operation: Operation, device: str) -> None:
    pass


# --- a step -----------------------------------------------------------------------------------------------------------


@wrong(Executor, "start", BITS)
def a_device_does_several_things_at_once(right: Any, self: Executor, choose: Any) -> Any:
    self.busy = False
    return right(self, choose)


@wrong(workers, "ReadyQueue", BITS)
def only_data_is_waited_for(right: Any, operations: Sequence[Operation]) -> ReadyQueue:
    """What runs is right, and control inputs aren't counted."""
    controls = [operation.control_inputs for operation in operations]
    for operation in operations:
        operation.control_inputs = () if operation.inputs else operation.control_inputs
    queue = right(operations)
    for operation, before in zip(operations, controls, strict=True):
        operation.control_inputs = before
    return queue


@wrong(Step, "at", BITS)
def a_tensor_is_delivered_twice(right: Any, self: Step, moment: Any, happen: Any) -> None:
    right(self, moment, happen)
    if happen.func.__name__ == "arrive":
        right(self, moment, happen)


@wrong(Step, "arrive", BITS)
def a_tensor_is_lost(right: Any, self: Step, executor: Executor, tensor: str, *rest: Any) -> None:
    if tensor.startswith("^"):
        return
    right(self, executor, tensor, *rest)


@wrong(Step, "send", runs.test_the_clock_goes_as_costs_and_links_say)
def a_tensor_is_there_as_soon_as_it_is_sent(right: Any, self: Step, executor: Executor, sends: Any, now: Any) -> None:
    at, self.at = self.at, lambda moment, happen: at(now, happen)
    right(self, executor, sends, now)
    self.at = at


@wrong(Step, "send", runs.test_the_clock_goes_as_costs_and_links_say)
def a_send_queues_for_its_device(right: Any, self: Step, executor: Executor, sends: Any, now: Any) -> None:
    if not sends or not executor.queue.ready:
        return right(self, executor, sends, now)
    busy = self.costs.seconds(executor.queue.ready[0], executor.device)
    return self.at(now + busy, partial(right, self, executor, sends))


@wrong(Worker, "begin", BITS)
def each_part_has_variables_of_its_own(right: Any, self: Worker, *parts: Any, **numbers: int) -> Executor:
    executor = right(self, *parts, **numbers)
    executor.session.variables = {}
    return executor


@wrong(Worker, "begin", BITS)
def each_device_has_its_own_random_numbers(
    right: Any, self: Worker, device: Device, *parts: Any, seed: int, step: int
) -> Any:
    return right(self, device, *parts, seed=seed + len(device.name), step=step)


@wrong(Master, "plan", runs.test_a_fetch_runs_nothing_that_it_doesnt_need)
def a_plan_is_kept_for_its_fetches_whatever_is_fed(right: Any, self: Master, fetches: Any, fed: Any) -> Any:
    kept = self.__dict__.setdefault("kept", {})
    return kept.setdefault(frozenset(fetches), right(self, fetches, fed))


# --- after a fault ----------------------------------------------------------------------------------------------------


@wrong(Step, "die", DEATHS)
def workers_go_on_after_anothers_death(right: Any, self: Step, fault: WorkerDies, now: Any) -> None:
    while self.agenda:
        moment, _, happen = heappop(self.agenda)
        happen(moment)
    right(self, fault, now)


@wrong(Step, "die", DEATHS)
def a_death_is_found_after_the_step(right: Any, self: Step, fault: WorkerDies, now: Any) -> None:
    """Its variables are gone by then, and nobody goes back."""
    self.faults.remove(fault)
    for executor in self.executors.values():
        if executor.device.worker == fault.worker:
            executor.session.variables.clear()


@wrong(Step, "at", LATE_DEATH)
def a_death_between_steps_is_forgotten(right: Any, self: Step, moment: Any, happen: Any) -> None:
    if moment or happen.func.__name__ != "die":
        right(self, moment, happen)


@wrong(Master, "restore", DEATHS)
def only_what_was_saved_goes_back(right: Any, self: Master, variables: Mapping[str, Any]) -> None:
    """What was assigned for the first time in an aborted step stays."""
    for name, value in variables.items():
        self._worker_of(self.homes[name]).variables[name] = value


@wrong(Master, "restore", DEATHS)
def only_the_dead_worker_goes_back(right: Any, self: Master, variables: Mapping[str, Any]) -> None:
    alive = {name: worker.variables for name, worker in self.workers.items() if worker.variables}
    kept = {name: dict(held) for name, held in alive.items()}
    right(self, variables)
    for name, held in kept.items():
        self.workers[name].variables.update(held)


@wrong(Master, "restore", DEATHS)
def nobody_goes_back(right: Any, self: Master, variables: Mapping[str, Any]) -> None:
    """The step is done again with what is left."""


@wrong(Client, "_restore", DEATHS)
def steps_since_the_checkpoint_arent_done_again(right: Any, self: Client) -> None:
    step = self.step
    right(self)
    self.step = step


@wrong(Client, "_restore", DEATHS)
def a_checkpoint_is_made_of_what_is_left(right: Any, self: Client) -> None:
    """It saves assignments of the step that failed."""
    self.saved = Checkpoint(self.saved.step, self.master.variables())
    right(self)


@wrong(Master, "run", DEATHS)
def a_checkpoint_forgets_the_random_counter(right: Any, self: Master, step: int, fetches: Any, feeds: Any) -> Any:
    """Attempts are counted in the place of steps."""
    self.seed = 7 + len(self.traces) - step + 1
    return right(self, step, fetches, feeds)


@wrong(Client, "save", DEATHS)
def a_checkpoint_counts_one_step_less(right: Any, self: Client) -> Checkpoint:
    kept = self.since[-1:]
    self.saved = Checkpoint(self.step - 1, right(self).variables)
    self.since += kept
    return self.saved


@wrong(Client, "save", DEATHS)
def a_checkpoint_leaves_a_variable_out(right: Any, self: Client) -> Checkpoint:
    saved = right(self)
    self.saved = Checkpoint(saved.step, {name: saved.variables[name] for name in saved.variables if name != "velocity"})
    return self.saved


@wrong(Client, "save", DEATHS)
def nothing_is_ever_saved(right: Any, self: Client) -> Checkpoint:
    return self.saved


@wrong(Step, "fail", runs.test_failed_sends_and_receives_end_with_the_undisturbed_bits)
def only_deaths_end_a_step(right: Any, self: Step, fault: Any, reason: str, now: Any) -> None:
    if isinstance(fault, WorkerDies):
        right(self, fault, reason, now)
