"""Engines that take and return NumPy's arrays, or lists: any module with functions of the reference's names."""

from __future__ import annotations

from functools import partial
from typing import Any

import reference
from conformance.arrays import as_lists
from conformance.implementation import load
from conformance.operations import operations
from fast.results import AdamStep
from tests.benchmarks.engines.prepared import Prepared


def prepare(way: str, operation: str, arguments: dict[str, Any]) -> Prepared | None:
    """A call of the function of the module that `way` names."""
    module = reference if way == "reference" else load(way).module
    data, settings = operations()[operation].split(arguments)
    if module is reference:
        data = {name: as_lists(value) for name, value in data.items()}
    function = getattr(module, operation, None)
    if (way, operation) == ("fast.cpu", "adam"):
        # As who trains calls it, writing over the parameters: each call is a further step.
        parameters, gradients, *moments = (array.copy() for array in data.values())
        out = AdamStep(parameters, *moments)
        return Prepared(partial(function, parameters, gradients, *moments, **settings, out=out), lambda step: step)
    return function and Prepared(partial(function, *data.values(), **settings), lambda result: result)
