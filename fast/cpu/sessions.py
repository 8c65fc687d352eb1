"""A run of a graph as a function of arrays: what a session does, once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from fast.cpu.arguments import Form, deliver
from fast.cpu.graph_data import PlainGraph
from fast.cpu.graphs import GraphSession
from fast.validation import FLOATS, require_outs
from reference.errors import InvalidArgument

__all__ = ["run_graph"]

Arrays = tuple[np.ndarray, ...]


def run_graph(
    feeds: Arrays,
    *,
    graph: Sequence[Mapping[str, Any]],
    fed: Sequence[str],
    fetches: Sequence[str],
    out: Arrays | None = None,
) -> Arrays:
    """Run a graph that is given as plain data, once, operation by operation.

    Args: feeds, a tuple of arrays of one dtype; graph, as `reference.Graph.data()` returns it, whose numbers get that
        dtype, float64 where nothing is fed; fed, the names of the tensors that are fed, in the order of the feeds;
        fetches, the names of the tensors that are wanted; out, a tuple of arrays, one for each of these.
    Returns: a tuple of arrays, one for each fetch.
    Memory: all that is computed on the way, until the run is over.
    Raises: InvalidArgument, as `reference.run_graph`.
    """
    dtype = _dtype_of(feeds)
    with _blaming_the_graph():
        session = GraphSession(graph, dtype=dtype)
    given, wanted = _named(session.graph, "fed", fed), _named(session.graph, "fetches", fetches)
    if len(set(given)) < len(given):
        raise InvalidArgument("fed", "each tensor once", repr(fed))
    if len(feeds) != len(given):
        raise InvalidArgument("feeds", f"{len(given)} arrays, one for each name in fed", f"{len(feeds)} of them")
    if out is not None:
        require_outs("out", out, tuple([Form(session.graph.shapes[tensor], dtype) for tensor in wanted]))
    with _blaming_the_graph():
        return deliver(session.run(tuple(fetches), dict(zip(fed, feeds, strict=True))), out)


def _dtype_of(feeds: Any) -> np.dtype:
    """The dtype that all feeds have."""
    if not isinstance(feeds, tuple):
        raise InvalidArgument("feeds", "a tuple of arrays", type(feeds).__name__)
    for place, array in enumerate(feeds):
        if not isinstance(array, np.ndarray) or array.dtype not in FLOATS:
            got = f"dtype {array.dtype}" if isinstance(array, np.ndarray) else type(array).__name__
            raise InvalidArgument(f"feeds[{place}]", "an array of float32 or float64", got)
        if array.dtype != feeds[0].dtype:
            wanted = f"dtype {feeds[0].dtype} as the other arrays have"
            raise InvalidArgument(f"feeds[{place}]", wanted, f"dtype {array.dtype}")
    return feeds[0].dtype if feeds else np.dtype(np.float64)


def _named(graph: PlainGraph, argument: str, names: Any) -> list[int]:
    """The tensors of some names."""
    if not isinstance(names, (list, tuple)):
        raise InvalidArgument(argument, "a list of names of tensors", f"{names!r:.60}")
    return [graph.tensor(argument, name) for name in names]


@contextmanager
def _blaming_the_graph() -> Iterator[None]:
    """Name the argument that an operation came with: who is called with a graph knows none of its inputs."""
    try:
        yield
    except InvalidArgument as error:
        if error.argument in ("feeds", "fetches"):
            raise
        raise InvalidArgument("graph", f"{error.wanted} as {error.argument}", error.got) from None
