"""Graphs that are given as plain data on a CPU: what `run_graph` refuses. What it computes, the suite judges."""

from __future__ import annotations

import numpy as np
import pytest

import fast.cpu as cpu
from reference.errors import InvalidArgument

X = {"name": "x", "kind": "placeholder", "attributes": {"shape": (2,)}}
Y = {"name": "y", "kind": "relu", "inputs": ["x:0"]}
GIVEN = {"feeds": (np.ones(2),), "graph": [X, Y], "fed": ["x:0"], "fetches": ["y:0"]}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"feeds": [np.ones(2)]}, "feeds: wanted a tuple of arrays; got list"),
        ({"feeds": ()}, "feeds: wanted 1 arrays, one for each name in fed; got 0 of them"),
        ({"feeds": ([1.0, 2.0],)}, "feeds[0]: wanted an array of float32 or float64; got list"),
        ({"feeds": (np.ones(2, int),)}, "feeds[0]: wanted an array of float32 or float64; got dtype int64"),
        ({"feeds": (np.ones(3),)}, "feeds: wanted a float64 array of shape [2] for 'x:0'; got float64 [3]"),
        (
            {"feeds": (np.ones(2), np.ones(2, np.float32)), "fed": ["x:0", "y:0"]},
            "feeds[1]: wanted dtype float64 as the other arrays have; got dtype float32",
        ),
        ({"feeds": (np.ones(2),) * 2, "fed": ["x:0", "x:0"]}, "fed: wanted each tensor once; got ['x:0', 'x:0']"),
        ({"fed": ["x"]}, "fed: wanted the name of a tensor of the graph, such as 'x:0'; got 'x'"),
        ({"fed": "x:0"}, "fed: wanted a list of names of tensors; got 'x:0'"),
        ({"fetches": "y:0"}, "fetches: wanted a list of names of tensors; got 'y:0'"),
        ({"fetches": ["y"]}, "fetches: wanted the name of a tensor of the graph, such as 'x:0'; got 'y'"),
        ({"fetches": [["y:0"]]}, "fetches: wanted the name of a tensor"),
        ({"feeds": (), "fed": []}, "feeds: wanted a value for placeholder 'x'; got none"),
        ({"graph": None}, "graph: wanted a list with a dict for each operation as data; got None"),
        ({"graph": [X, [1.0]]}, "graph: wanted a list with a dict for each operation as data"),
        ({"graph": [X, X, Y]}, "graph: wanted a text that no other has as name of operation 1; got 'x'"),
        ({"graph": [X, {**Y, "kind": "dropout"}]}, "graph: wanted those of dropout as inputs and attributes"),
    ],
)
def test_what_run_graph_refuses(changes, message):
    with pytest.raises(InvalidArgument) as refused:
        cpu.run_graph(**(GIVEN | changes))
    assert message in str(refused.value)


def test_numbers_that_an_operation_cannot_work_with_are_the_graphs_fault():
    hinge = {"name": "it", "kind": "hinge_loss", "inputs": ["x:0", "y:0"]}
    with pytest.raises(InvalidArgument, match=r"graph: wanted .* as labels of hinge_loss 'it'; got"):
        cpu.run_graph(**(GIVEN | {"feeds": (np.full(2, 3.0),), "graph": [X, Y, hinge], "fetches": ["it:0"]}))


def test_without_feeds_numbers_are_of_float64():
    third = {"name": "third", "kind": "constant", "attributes": {"value": 1 / 3}}
    [result] = cpu.run_graph((), graph=[third], fed=[], fetches=["third:0"])
    assert (result.dtype, result.shape, result.item()) == (np.float64, (), 1 / 3)
