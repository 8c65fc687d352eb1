"""A graph to train on two workers, whose numbers are all exact in float64; cut for them, and trained by a session."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from reference import Graph, Operation, Session, Tensor, add_gradients, partition
from reference.readiness import pruned

#: Two devices on each of two workers.
WORKERS = {
    "worker:0/cpu:0": "worker:0",
    "worker:0/cpu:1": "worker:0",
    "worker:1/cpu:0": "worker:1",
    "worker:1/cpu:1": "worker:1",
}
FETCHES = ("loss:0", "count", "assign_add:0", "assign_add_1:0")
STEPS = 12


class Training(NamedTuple):
    """What a client needs, and what must come of it: fetched values of each step, and variables after the last."""

    graph: Graph
    parts: dict[str, Any]
    batches: list[dict[str, np.ndarray]]
    fetched: list[dict[str, Any]]
    variables: dict[str, Any]


def network() -> Graph:
    """Signs as noise on the inputs, a relu, a loss of straight pieces, momentum and a count."""
    graph = Graph()
    x, y = graph.placeholder("x", (4, 3)), graph.placeholder("y", (4, 3))
    w, b = graph.variable("w", [[1, -1, 2], [0, 1, 1], [1, 0, -1]]), graph.variable("b", [[0, 1, 0]] * 4)
    velocity, count = graph.variable("velocity", [[0] * 3] * 4), graph.variable("steps", 0)
    noise = graph.apply("where_positive", graph.random_uniform((4, 3)) - 0.5, 1, -1)
    hidden = graph.apply("maximum", graph.apply("matrix_product", x + noise, w) + b, 0)
    difference = hidden - y
    loss = graph.apply("total", graph.apply("where_positive", difference, difference, -difference), name="loss")
    slopes = add_gradients([loss], [w, b])
    with graph.control_dependencies([loss, *slopes, velocity, count]):
        moved = graph.assign(velocity, velocity * 0.5 + slopes[1])
        graph.assign_add(count, 1, name="count")
        graph.assign_add(w, slopes[0] * -0.125)
        graph.assign_add(b, moved * -0.125)
    return graph


def batches(count: int = STEPS) -> list[dict[str, np.ndarray]]:
    """Integers to feed."""
    rng = np.random.default_rng(0)
    return [{name: rng.integers(-3, 4, (4, 3)).astype(float) for name in ("x:0", "y:0")} for _ in range(count)]


def drawn_placement(operations: list[Operation], seed: int) -> dict[str, str]:
    """Any device for any operation, but what uses a variable is with the variable, which is always on the same."""
    draw = random.Random(seed)
    devices = list(WORKERS) if seed else list(WORKERS)[::2]
    homes = {operation.name: draw.choice(devices) for operation in operations}
    homes |= {"w": devices[0], "b": "worker:1/cpu:0", "velocity": "worker:1/cpu:0", "steps": devices[0]}
    return {o.name: homes[o.attributes.get("variable", o.name)] for o in operations}


def training(seed: int = 0, of: Callable[[], Graph] = network) -> Training:
    """The network placed somehow, and trained by a session."""
    graph = of()
    fed = [graph.tensor("x:0"), graph.tensor("y:0")]
    fetches = [fetch_of(graph, name) for name in FETCHES]
    placement = drawn_placement(list(graph.operations.values()), seed)
    parts = {device: part.data() for device, part in partition(fetches, placement, fed=fed).items()}
    session, given = Session(graph, seed=7), batches()
    results = [session.run(list(FETCHES), {k: v.tolist() for k, v in batch.items()}) for batch in given]
    names = [name if ":" in name else f"^{name}" for name in FETCHES]
    fetched = [dict(zip(names, values, strict=True)) for values in results]
    used = {o.name for o in pruned(fetches, dict.fromkeys(fed)) if o.kind == "variable"} | {"steps"}
    return Training(graph, parts, given, fetched, {name: session.variables[name] for name in used})


def fetch_of(graph: Graph, name: str) -> Tensor | Operation:
    return graph.tensor(name) if ":" in name else graph.operation(name)


def as_lists(fetched: list[dict[str, np.ndarray | None]]) -> list[dict[str, Any]]:
    """What clients return, as a session returns it."""
    return [{name: None if v is None else v.tolist() for name, v in values.items()} for values in fetched]
