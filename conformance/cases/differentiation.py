"""Drawing graphs to differentiate, and the laws of gradients."""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np

from conformance.declarations import case, law
from conformance.drawing import Draw
from conformance.graph_drawing import GRAPHS, DrawnGraph
from conformance.graph_operations import OF_FLOATS, OF_INTEGERS, weighed
from conformance.laws import Trial
from conformance.spaces import Configuration

#: So many more tensors are differentiated beside the last one: few operations lie on the way to any of them.
OTHERS = 4


@case(GRAPHS)
def graph_gradients(draw: Draw, c: Configuration) -> dict[str, Any]:
    graph = DrawnGraph(draw, c.N, c.D)
    outputs = graph.grow(OF_INTEGERS if graph.integers else OF_FLOATS, c.operations)
    # How a gradient depends on a tensor inside the graph is up to whoever wrote the gradient: of tanh it may take the
    # input, or the output that is there already. So of the tensors inside no second gradient is asked. And what chooses
    # between others gets 0 times what comes back, or nothing: beside infinities and NaN, second gradients are open.
    twice = draw.choice(False, True) and not draw.puts_nan_or_infinity
    inside = [] if twice else [draw.choice(*outputs)]
    # Every number of a sum gets the same gradient, wherever it is moved on its way; of numbers that are weighed each
    # gets its own weight. The weights are fed, and a gradient of gradients loses one of them.
    last = outputs[-1]
    for _ in range(1 + twice):
        last = weighed(graph, last)
    wanted = [last, *(draw.choice(last, *outputs) for _ in range(OTHERS))]
    return {
        "feeds": tuple(graph.feeds),
        "graph": graph.data,
        "fed": graph.fed,
        "outputs": wanted,
        "inputs": [*graph.fed, *inside],
        "twice": twice,
    }


@law(graph_gradients)
def graph_gradients_of_a_sum_are_the_sum_of_the_gradients(draw: Draw, trial: Trial) -> None:
    """What several outputs hand back to one tensor adds up; the same output twice counts twice."""
    arguments = graph_gradients(draw)
    feeds, twice = arguments.pop("feeds"), arguments.pop("twice")
    outputs = arguments.pop("outputs")
    together = trial.run(feeds, **arguments, outputs=outputs, twice=twice)
    parts = [trial.run(feeds, **arguments, outputs=[output], twice=twice) for output in outputs]
    for whole, *shares in zip(together, *parts, strict=True):
        trial.agree(whole, reduce(np.add, shares))
