"""Drawing graphs to run, and the laws of running them."""

from __future__ import annotations

from typing import Any

from conformance.declarations import case, law
from conformance.drawing import Draw
from conformance.graph_drawing import GRAPHS, DrawnGraph
from conformance.graph_operations import OF_FLOATS, OF_INTEGERS, dense
from conformance.graph_state import OF_STATE, add_variable, less_itself, use
from conformance.laws import Trial, exact
from conformance.spaces import Configuration

#: So many more tensors are fetched beside the last one: few operations lie on the way to any of them.
OTHERS = 4


@case(GRAPHS)
def run_graph(draw: Draw, c: Configuration) -> dict[str, Any]:
    graph = DrawnGraph(draw, c.N, c.D)
    # A third is remembered: of an assignment something is seen only if a later use of its variable is fetched.
    computing = OF_INTEGERS if graph.integers else OF_FLOATS
    kinds = (*computing, *OF_STATE * (len(computing) // (2 * len(OF_STATE))))
    outputs = graph.grow(kinds, c.operations)
    if draw.choice(False, False, True):
        graph.feed_inside()
    uses = [f"{use}:0" for _, each in graph.variables.values() for use in (each[0], each[-1])]
    fetches = [outputs[-1], *(draw.choice(*outputs, *graph.fed) for _ in range(OTHERS)), *uses]
    return {"feeds": tuple(graph.feeds), "graph": graph.data, "fed": graph.fed, "fetches": fetches}


@law(run_graph)
def run_graph_changes_nothing_when_a_tensor_is_fed_its_own_value(draw: Draw, trial: Trial) -> None:
    """A graph is cut where a tensor is fed: what it would have computed there, is as good."""
    graph = DrawnGraph(draw, *draw.sizes(3, 4))
    *_, inner = graph.grow((dense,), 2)
    last = graph.grow(OF_FLOATS, draw.integer(1, 8))[-1]
    feeds, data, fed = tuple(graph.feeds), graph.data, graph.fed
    outer, value = trial.run(feeds, graph=data, fed=fed, fetches=[last, inner])
    again = trial.returned[1].astype(feeds[0].dtype)
    trial.agree(outer, trial.run((*feeds, again), graph=data, fed=[*fed, inner], fetches=[last])[0])
    trial.agree(value, trial.run((*feeds, again), graph=data, fed=[*fed, inner], fetches=[inner])[0])


@law(run_graph)
def run_graph_gives_the_same_whatever_else_is_fetched(draw: Draw, trial: Trial) -> None:
    """A fetch runs what it needs, and nothing that others need changes it."""
    feeds, graph, fed, fetches = run_graph(draw).values()
    together = trial.run(feeds, graph=graph, fed=fed, fetches=fetches)
    for place, fetch in enumerate(fetches):
        alone = trial.run(feeds, graph=graph, fed=fed, fetches=[fetch])
        trial.agree(together[place], alone[0])


@law(run_graph)
def run_graph_gives_of_a_variable_what_was_assigned_last(draw: Draw, trial: Trial) -> None:
    """Who uses a variable finds what came before by control dependencies, whether anybody fetches that or not."""
    rows, columns = draw.sizes(3, 4)
    graph = DrawnGraph(draw, rows, columns)
    name = add_variable(graph, (rows, columns)).partition(":")[0]
    value, wanted = exact(graph.data[-1]["attributes"]["value"]), {}
    for kind in (*(draw.choice("read", "assign", "assign_add") for _ in range(draw.integer(1, 5))), "read"):
        place = draw.choice(0, 1)
        if kind != "read":
            value = exact(graph.feeds[place]) + (value if kind == "assign_add" else 0)
        wanted[use(graph, kind, name, [] if kind == "read" else [graph.fed[place]])] = value
    last, other = [*wanted][-1], draw.choice(*wanted)
    found = trial.run(tuple(graph.feeds), graph=graph.data, fed=graph.fed, fetches=[last, other])
    trial.agree(found[0], wanted[last])
    trial.agree(found[1], wanted[other])


@law(run_graph)
def run_graph_draws_random_numbers_once(draw: Draw, trial: Trial) -> None:
    """An operation runs once in a run, however many take what it gives: its numbers less themselves are 0."""
    rows, columns = draw.sizes(3, 4)
    graph = DrawnGraph(draw, rows, columns)
    nothing = less_itself(graph, graph.add("random_uniform", [], attributes={"shape": (rows, columns)}))
    trial.agree(trial.run(tuple(graph.feeds), graph=graph.data, fed=graph.fed, fetches=[nothing])[0], 0)
