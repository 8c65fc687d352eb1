"""Running graphs: what runs, in which order, how often, and what is remembered of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from unittest import mock

import numpy as np

from conformance.implementations import numpy as base
from conformance.implementations.numpy import graph_data, sessions
from conformance.implementations.numpy.graph_data import Library, Operation, Program, computed, operation_of
from tests.conformance.power.entering import (
    BAD_INPUT,
    BOUND,
    FLOAT64,
    LATTICE,
    LAWS,
    MANNERS,
    REPLACING,
    right,
    wrong,
)

ASSIGNED_LAST = f"{LAWS}: run graph gives of a variable what was assigned last"
DRAWN_ONCE = f"{LAWS}: run graph draws random numbers once"

Remembered = Callable[[Operation, list[Any], dict[str, Any], Mapping[str, Operation], Library], Any]
REMEMBERED: Remembered = graph_data._remembered


def run_by(program: type[Program], feeds: Any, how: Any) -> Any:
    """The base with another interpreter."""
    with REPLACING, mock.patch.object(sessions, "Program", program):
        return base.run_graph(feeds, **how)


def run_with(kinds: dict[str, Any], feeds: Any, how: Any) -> Any:
    """The base with other kinds."""
    with REPLACING, mock.patch.dict(sessions.KINDS, kinds):
        return base.run_graph(feeds, **how)


def run_remembering(remembered: Remembered, feeds: Any, how: Any) -> Any:
    """The base with other variables."""
    with REPLACING, mock.patch.object(graph_data, "_remembered", remembered):
        return base.run_graph(feeds, **how)


def with_constants_of_single_precision(library: Callable[[Program], Library]) -> Callable[[Program], Library]:
    """A maker of libraries that keep the numbers of a graph itself in float32, whatever is fed."""

    def made(program: Program) -> Library:
        whole = library(program)

        def array(value: Any) -> Any:
            return whole.array(value if isinstance(value, np.ndarray) else np.float32(value))

        return whole._replace(array=array)

    return made


# --- wrong: what runs -------------------------------------------------------------------------------------------------


class WithoutControl(Program):
    def run(self, fetches: Any, library: Library, watch: Any = None) -> dict[str, Any]:
        self.operations = {name: each._replace(control_inputs=()) for name, each in self.operations.items()}
        return super().run(fetches, library)


@wrong("run_graph", BOUND, LATTICE, ASSIGNED_LAST, cases=200)
def control_dependencies_dropped(feeds: Any, **how: Any) -> Any:
    """Only what gives an input is needed, so that assignments before it don't happen."""
    return run_by(WithoutControl, feeds, how)


class Everything(Program):
    def run(self, fetches: Any, library: Library, watch: Any = None) -> dict[str, Any]:
        with mock.patch.object(Program, "needed", lambda program, fetches: list(program.operations.values())):
            return super().run(fetches, library)


@wrong("run_graph", BOUND, LATTICE)
def what_nobody_fetched_runs_anyway(feeds: Any, **how: Any) -> Any:
    """The whole graph runs, with assignments that nobody asked for."""
    return run_by(Everything, feeds, how)


class ForEachUse(Program):
    def run(self, fetches: Any, library: Library, watch: Any = None) -> dict[str, Any]:
        values, variables = dict(self.feeds), dict[str, Any]()
        for operation in self.needed(fetches):
            if operation.kind in ("assign", "assign_add", "read", "variable"):
                values.update(computed(operation, values, variables, self.operations, library))
                continue
            inputs = {name: self._again(name, values, variables, library) for name in operation.inputs}
            computing = computed(operation, inputs, variables, self.operations, library)
            values.update({name: value for name, value in computing.items() if name not in self.feeds})
        return values | self.feeds

    def _again(self, name: str, values: Any, variables: Any, library: Library) -> Any:
        giver = self.operations[operation_of(name)]
        if name in self.feeds or giver.kind != "random_uniform":
            return values[name]
        return computed(giver, values, variables, self.operations, library)[name]


@wrong("run_graph", BOUND, LATTICE, DRAWN_ONCE, cases=200)
def random_numbers_drawn_for_each_use(feeds: Any, **how: Any) -> Any:
    """An operation runs once for each that takes something from it."""
    return run_by(ForEachUse, feeds, how)


class FedInVain(Program):
    def run(self, fetches: Any, library: Library, watch: Any = None) -> dict[str, Any]:
        values, variables = dict(self.feeds), dict[str, Any]()
        placeholders = [operation for operation in self.operations.values() if operation.kind == "placeholder"]
        fed = {f"{operation.name}:0" for operation in placeholders}
        whole = self.feeds
        self.feeds = {name: value for name, value in whole.items() if name in fed}
        for operation in self.needed(fetches):
            values.update(computed(operation, values, variables, self.operations, library))
        return values


@wrong("run_graph", LATTICE)
def a_fed_tensor_is_computed_anyway(feeds: Any, **how: Any) -> Any:
    """Only placeholders are fed; other feeds are replaced by what is computed."""
    return run_by(FedInVain, feeds, how)


# --- wrong: what is remembered ----------------------------------------------------------------------------------------


@wrong("run_graph", LATTICE)
def variables_are_read_before_any_assignment(feeds: Any, **how: Any) -> Any:
    """A read gives what the run began with."""

    def remembered(operation: Operation, inputs: list[Any], variables: Any, operations: Any, library: Library) -> Any:
        current = {} if operation.kind == "read" else variables
        return REMEMBERED(operation, inputs, current, operations, library)

    return run_remembering(remembered, feeds, how)


@wrong("run_graph", BOUND, LATTICE)
def assign_add_returns_the_old_value(feeds: Any, **how: Any) -> Any:
    """As fetch-and-add does."""

    def remembered(operation: Operation, inputs: list[Any], variables: Any, operations: Any, library: Library) -> Any:
        name = operation.attributes.get("variable", operation.name)
        before = variables.get(name)
        after = REMEMBERED(operation, inputs, variables, operations, library)
        return before if operation.kind == "assign_add" and before is not None else after

    return run_remembering(remembered, feeds, how)


@wrong("run_graph", BOUND, LATTICE, ASSIGNED_LAST, cases=200)
def assignments_are_forgotten(feeds: Any, **how: Any) -> Any:
    """The operation gives the new value, and the variable keeps the old one."""

    def remembered(operation: Operation, inputs: list[Any], variables: Any, operations: Any, library: Library) -> Any:
        return REMEMBERED(operation, inputs, dict(variables), operations, library)

    return run_remembering(remembered, feeds, how)


@wrong("run_graph", LATTICE)
def assign_add_begins_from_the_first_value(feeds: Any, **how: Any) -> Any:
    """What was added before is lost."""

    def remembered(operation: Operation, inputs: list[Any], variables: Any, operations: Any, library: Library) -> Any:
        if operation.kind == "assign_add":
            variables.pop(operation.attributes["variable"], None)
        return REMEMBERED(operation, inputs, variables, operations, library)

    return run_remembering(remembered, feeds, how)


@wrong("run_graph", LATTICE)
def added_to_a_variable_in_place(feeds: Any, **how: Any) -> Any:
    """What was read of a variable changes with it, so that an earlier value is the last one when it is fetched."""

    def remembered(operation: Operation, inputs: list[Any], variables: Any, operations: Any, library: Library) -> Any:
        name = operation.attributes.get("variable", operation.name)
        if operation.kind != "assign_add" or name not in variables or not variables[name].flags.writeable:
            return REMEMBERED(operation, inputs, variables, operations, library)
        variables[name] += inputs[0]
        return variables[name]

    return run_remembering(remembered, feeds, how)


class LastValues(Program):
    def run(self, fetches: Any, library: Library, watch: Any = None) -> dict[str, Any]:
        values, last = super().run(fetches, library), dict[str, Any]()
        for operation in self.needed(fetches):
            if operation.kind in ("variable", "assign", "assign_add", "read"):
                name = f"{operation.name}:0"
                last[operation.attributes.get("variable", operation.name)] = values[name]
        uses = [operation for operation in self.operations.values() if operation.kind in ("variable", "read")]
        later = {f"{use.name}:0": last.get(use.attributes.get("variable", use.name)) for use in uses}
        return values | {name: value for name, value in later.items() if value is not None and name not in self.feeds}


@wrong("run_graph", LATTICE, cases=100)
def a_fetched_variable_gives_its_last_value(feeds: Any, **how: Any) -> Any:
    """Fetches are read when all is done: in place of an earlier value of a variable comes the last one."""
    return run_by(LastValues, feeds, how)


_LIVING: dict[str, Any] = {}


@wrong("run_graph", BOUND, LATTICE, f"{MANNERS}: gives the same bits twice", cases=200)
def variables_live_on_in_the_next_call(feeds: Any, **how: Any) -> Any:
    """One memory serves all calls: a variable begins with what another call left it."""

    def remembered(operation: Operation, inputs: list[Any], variables: Any, operations: Any, library: Library) -> Any:
        name = operation.attributes.get("variable", operation.name)
        known = _LIVING.get(name)
        first = library.array(operations[name].attributes["value"]) if name in operations else None
        if known is not None and first is not None and known.shape == first.shape and known.dtype == first.dtype:
            variables.setdefault(name, known)
        result = REMEMBERED(operation, inputs, variables, operations, library)
        if name in variables:
            _LIVING[name] = variables[name]
        return result

    return run_remembering(remembered, feeds, how)


class ReadsMerged(Program):
    def run(self, fetches: Any, library: Library, watch: Any = None) -> dict[str, Any]:
        known: dict[str, Any] = {}

        def remembered(
            operation: Operation, inputs: list[Any], variables: Any, operations: Any, library: Library
        ) -> Any:
            result = REMEMBERED(operation, inputs, variables, operations, library)
            name = operation.attributes.get("variable", operation.name)
            return known.setdefault(name, result) if operation.kind in ("variable", "read") else result

        with REPLACING, mock.patch.object(graph_data, "_remembered", remembered):
            return super().run(fetches, library)


@wrong("run_graph", LATTICE)
def reads_merged_across_an_assignment(feeds: Any, **how: Any) -> Any:
    """Two reads of one variable are taken for one subexpression, whatever is assigned in between."""
    return run_by(ReadsMerged, feeds, how)


@wrong("run_graph", BOUND, dtypes=FLOAT64)
def constants_of_single_precision(feeds: Any, **how: Any) -> Any:
    """Constants, and what variables begin with, go through float32, whatever is fed."""
    with mock.patch.object(sessions, "library", with_constants_of_single_precision(sessions.library)):
        return base.run_graph(feeds, **how)


# --- wrong: what moves ------------------------------------------------------------------------------------------------


@wrong("run_graph", LATTICE)
def unstacked_by_columns(feeds: Any, **how: Any) -> Any:
    """The outputs of unstack come column by column."""
    return run_with({"unstack": lambda values: tuple(map(np.asarray, values.ravel(order="F")))}, feeds, how)


@wrong("run_graph", LATTICE, cases=200)
def transposed_by_reshaping(feeds: Any, **how: Any) -> Any:
    """The shape is turned round, and the numbers stay in their order."""
    return run_with({"transpose": lambda matrix: matrix.reshape(matrix.shape[::-1])}, feeds, how)


@wrong("run_graph", BOUND, LATTICE)
def fetches_in_the_graphs_order(feeds: Any, **how: Any) -> Any:
    """Values come as they were computed, not as they were asked for."""
    base.run_graph(feeds, **how)
    places = {entry["name"]: place for place, entry in enumerate(how["graph"])}
    ordered = sorted(how["fetches"], key=lambda name: places[operation_of(name)])
    return base.run_graph(feeds, **{**how, "fetches": ordered})


@wrong("run_graph", f"{BAD_INPUT}: fed", cases=200)
def of_a_tensor_fed_twice_the_last_value_counts(feeds: Any, **how: Any) -> Any:
    """Feeds become a dict before anyone counts them."""
    fed = how["fed"]
    if isinstance(fed, list) and isinstance(feeds, tuple) and len(fed) == len(feeds) + 1 and fed[-1] in fed[:-1]:
        return base.run_graph(feeds, **{**how, "fed": fed[:-1]})
    return base.run_graph(feeds, **how)


@wrong("run_graph", f"{BAD_INPUT}: graph", cases=200)
def a_race_is_run_in_the_lists_order(feeds: Any, **how: Any) -> Any:
    """Nobody looks whether anything fixes the order in which a variable is changed and used."""
    with mock.patch.object(Program, "to_fetch", lambda program, fetches: program.named("fetches", fetches)):
        return base.run_graph(feeds, **how)


@wrong("run_graph", f"{MANNERS}: gives results of its own", cases=200)
def a_fed_tensor_that_is_fetched_comes_back_itself(feeds: Any, **how: Any) -> Any:
    """Nothing has to be computed, so nothing is copied."""
    results = base.run_graph(feeds, **how)
    given = dict(zip(how["fed"], feeds, strict=True))
    return tuple(given.get(name, value) for name, value in zip(how["fetches"], results, strict=True))


# --- right ------------------------------------------------------------------------------------------------------------


class WhenReady(Program):
    """Of the operations that wait for nothing any more, the last one runs first."""

    def needed(self, fetches: Iterable[str]) -> list[Operation]:
        waiting, done, order = super().needed(fetches), set[str](), list[Operation]()
        names = {operation.name for operation in waiting}
        while waiting:
            ready = [operation for operation in waiting if not (self._before(operation) & names) - done]
            order.append(ready[-1])
            waiting.remove(ready[-1])
            done.add(ready[-1].name)
        return order

    def _before(self, operation: Operation) -> set[str]:
        return {operation_of(name) for name in operation.inputs if name not in self.feeds} | {*operation.control_inputs}


@right("run_graph")
def the_last_that_is_ready_runs_first(feeds: Any, **how: Any) -> Any:
    """Any order that inputs and control dependencies leave is as good."""
    return run_by(WhenReady, feeds, how)


@right("run_graph")
def common_subexpressions_merged(feeds: Any, **how: Any) -> Any:
    """Of operations with the same kind, inputs and attributes that only compute, one runs."""
    first: dict[str, str] = {}
    same: dict[str, str] = {}
    graph = []
    for entry in how["graph"]:
        inputs = [
            f"{same.get(operation_of(name), operation_of(name))}:{name.rpartition(':')[2]}"
            for name in entry.get("inputs", ())
        ]
        key = repr((entry["kind"], inputs, entry.get("attributes")))
        pure = entry["kind"] not in graph_data.STATE and not entry.get("control_inputs")
        fed = any(operation_of(name) == entry["name"] for name in how["fed"])
        if pure and not fed:
            same[entry["name"]] = first.setdefault(key, entry["name"])
        graph.append({**entry, "inputs": inputs})
    fetches = [
        f"{same.get(operation_of(name), operation_of(name))}:{name.rpartition(':')[2]}" for name in how["fetches"]
    ]
    return base.run_graph(feeds, **{**how, "graph": graph, "fetches": fetches})


@right("run_graph")
def feeds_copied_first(feeds: Any, **how: Any) -> Any:
    """What is fed is copied, into memory of another order."""
    return base.run_graph(tuple(np.array(array, order="F") for array in feeds), **how)


@right("run_graph")
def each_fetch_in_a_run_of_its_own(feeds: Any, **how: Any) -> Any:
    """Whatever else is fetched, a fetch is the same."""
    return tuple(base.run_graph(feeds, **{**how, "fetches": [name]})[0] for name in how["fetches"])
