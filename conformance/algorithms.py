"""Algorithms that implementations claim: each a text, which stands for how the implementation computes.

    ALGORITHMS = {"conv2d": winograd_conv2d}

beside an implementation's functions says that its `conv2d` computes as that text does. The text is a function of the
reference's signature, in plain arithmetic: one of `reference.alternatives`, or one in a file of its own. What is right
the reference says, as ever; how far off a result may be, the claimed text does, read with `Rounded`.

A claim leaves the implementation's process as a place, never as code: the judge looks the text up by itself.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any

from conformance.operation import Operation
from conformance.plain_text import NotPlain, plain_function

Algorithm = Callable[..., Any]


def place_of(algorithm: Algorithm) -> dict[str, str]:
    """Where a text is: its module, its file, and its name there."""
    code = getattr(algorithm, "__code__", None)
    return {
        "module": str(getattr(algorithm, "__module__", "")),
        "file": str(getattr(code, "co_filename", "")),
        "name": str(getattr(algorithm, "__name__", "")),
    }


def told_place(place: Mapping[str, str]) -> str:
    """A place as reports tell it.

    >>> told_place({"module": "reference.alternatives.linear", "file": "…/linear.py", "name": "strassen_dense"})
    'reference.alternatives.linear.strassen_dense'
    """
    return f"{place['module']}.{place['name']}" if is_ours(place) else f"{place['name']} in {place['file']}"


def is_ours(place: Mapping[str, str]) -> bool:
    """Whether a text is said to be the reference's own."""
    return place["module"].partition(".")[0] == "reference"


def claimed_algorithms(said: Any, operations: Mapping[str, Operation]) -> dict[str, Algorithm]:
    """The texts that an implementation claims, by operation, from the places in its hello; raises NotPlain."""
    if not isinstance(said, dict) or not all(_is_place(place) for place in said.values()):
        raise NotPlain("ALGORITHMS: wanted places of texts by operation")
    return {name: _algorithm(operations[name], place) for name, place in said.items() if name in operations}


def _is_place(place: Any) -> bool:
    return isinstance(place, dict) and all(isinstance(place.get(key), str) for key in ("module", "file", "name"))


def _algorithm(operation: Operation, place: Mapping[str, str]) -> Algorithm:
    try:
        found = _of_reference(place) if is_ours(place) else plain_function(place["file"], place["name"])
    except NotPlain as reason:
        raise NotPlain(f"ALGORITHMS[{operation.name!r}]: {reason}") from None
    wanted, came = inspect.signature(operation.reference), inspect.signature(found)
    if [(p.name, p.kind) for p in wanted.parameters.values()] != [(p.name, p.kind) for p in came.parameters.values()]:
        names = f"({', '.join(operation.parameters)}) as {operation.name} takes them"
        raise NotPlain(f"ALGORITHMS[{operation.name!r}]: {place['name']}: wanted the arguments {names}; got {came}")
    return found


def _of_reference(place: Mapping[str, str]) -> Algorithm:
    """A function of this process's own reference, wherever the implementation has its reference from."""
    try:
        found = getattr(importlib.import_module(place["module"]), place["name"], None)
    except (ImportError, ValueError):
        found = None
    if not isinstance(found, FunctionType) or not found.__module__.startswith("reference."):
        raise NotPlain(f"the reference has no {place['module']}.{place['name']}")
    return found
