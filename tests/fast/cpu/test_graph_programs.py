"""The code of a graph's run: what it shares with others, what is on the disk, and the memory that it works in."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from fast.cpu.graphs import GraphSession, compile_graph
from reference import Graph, add_gradients
from tests.fast.cpu.uncompiled_graphs import without_compiling
from tests.fast.drawn import bits


def test_memory_is_used_again():
    """Of a long chain of products, two matrices are alive at a time."""
    graph = Graph()
    x = matrix = graph.placeholder("x", (16, 16))
    for _ in range(20):
        matrix = graph.apply("matrix_product", matrix, x)
    program = compile_graph(graph.data(), [matrix.name])
    assert program.memory == 2 * 16 * 16 * 4


def edited(data: list[dict[str, Any]], name: str, **changes: Any) -> list[dict[str, Any]]:
    return [{**entry, **changes} if entry["name"] == name else entry for entry in data]


def test_every_change_of_a_graph_changes_what_its_code_does(monkeypatch):
    """Whatever of the code it shares with the others."""
    without_compiling(monkeypatch)
    graph = Graph()
    x, v = graph.placeholder("x", (2, 4, 4, 1)), graph.variable("v", [[[[2]]]])
    graph.apply("conv2d", x, v, strides=1, padding="same", name="y")
    graph.apply("average_pool2d", x, pool_size=1, name="other")
    graph.apply("multiply", "y:0", graph.constant(3, name="three"), name="z")
    data = graph.data()

    def digest(data: Any, fetches: Any = ("z:0",), *, dtype: str = "float32") -> str:
        session = GraphSession(data, dtype=dtype)
        shape = session.graph.shapes[session.graph.tensors["x:0"]]
        feeds = {"x:0": np.arange(np.prod(shape), dtype=dtype).reshape(shape)}
        program = session.compile(fetches, feeds)
        assert bits(program(feeds)) == bits(session.run(fetches, feeds))
        return program.digest

    digests = {
        "": digest(data),
        "strides": digest(edited(data, "y", attributes={"strides": 2, "padding": "same"})),
        "constant": digest(edited(data, "three", attributes={"value": 4})),
        "sign": digest(edited(data, "three", attributes={"value": -3})),
        "square": digest(edited(data, "z", inputs=["y:0", "y:0"])),
        "kind": digest(edited(data, "z", kind="add")),
        "shape": digest(edited(data, "x", attributes={"shape": (1, 4, 4, 1)})),
        "dtype": digest(data, dtype="float64"),
    }
    assert len(set(digests.values())) == len(digests)
    same = [
        digest(data, ("z:0", "y:0")),
        digest(edited(data, "v", attributes={"value": [[[[7]]]]})),
        digest(edited(data, "other", attributes={"pool_size": 2})),
        digest(edited(data, "z", control_inputs=["three"])),
        digest([entry | {"device": "cpu:1"} for entry in data]),
    ]
    assert set(same) == {digests[""]}
    others = [digest(data, ("z:0", "other:0")), digest(edited(data, "z", inputs=["other:0", "three:0"]))]
    assert not {*others} & {*digests.values()}


def unrolled(steps: int) -> tuple[Graph, list[str]]:
    """A recurrent network written out, and the names of its weights' gradients."""
    graph = Graph()
    w, r = graph.variable("w", [[1, -2], [3, 1]]), graph.variable("r", [[0, 1], [-1, 0.5]])
    hidden = graph.constant([[0, 0]])
    for step in range(steps):
        x = graph.placeholder(f"x{step}", (1, 2))
        hidden = (graph.apply("matrix_product", x, w) + graph.apply("matrix_product", hidden, r)).tanh()
    return graph, [gradient.name for gradient in add_gradients([hidden], [w, r])]


def test_what_repeats_itself_is_compiled_once():
    """Networks of more steps are more calls of the same code, and each is of its own numbers."""
    digests = set()
    for steps in (4, 7, 12):
        graph, names = unrolled(steps)
        feeds = {f"x{step}:0": np.array([[step % 3 - 1, 0.25]], np.float32) for step in range(steps)}
        session = GraphSession(graph.data())
        program = session.compile(names)
        assert bits(program(feeds)) == bits(session.run(names, feeds))
        digests.add(program.digest)
    assert len(digests) == 1


PROGRAM = """
import sys
from fast.cpu.graphs import compile_graph
from fast.cpu.graph_kernels import transposed_into
held, factor = map(float, sys.argv[1:])
data = [
    {"name": "v", "kind": "variable", "attributes": {"value": [[1, held]]}},
    {"name": "t", "kind": "transpose", "inputs": ["v:0"]},
    {"name": "c", "kind": "constant", "attributes": {"value": factor}},
    {"name": "y", "kind": "multiply", "inputs": ["t:0", "c:0"]},
]
step = compile_graph(data, "y:0")
assert step().tolist() == [[factor], [held * factor]]
functions = [step.module.run, transposed_into]
print(*(sum(each.stats.cache_hits.values()) for each in functions))
print(*(sum(each.stats.cache_misses.values()) for each in functions))
"""


def test_another_process_loads_what_is_on_the_disk(tmp_path):
    """What one compiled; an initial value changes no code, a constant does; kernels are compiled once for all."""
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[3])}

    def run(*numbers: str) -> list[str]:
        command = [sys.executable, "-c", PROGRAM, *numbers]
        finished = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert finished.returncode == 0, finished.stderr
        return finished.stdout.split("\n")[:2]

    assert run("3", "2") == ["0 0", "1 1"]
    assert run("5", "2") == ["1 1", "0 0"]
    assert run("5", "4") == ["0 1", "1 0"]
    assert run("6", "4") == ["1 1", "0 0"]
