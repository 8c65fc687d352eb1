"""What operations of graphs compute, and that their shapes are known before it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import reference
from conformance.arrays import as_lists
from conformance.operations import operations
from conformance.sampling import sample_calls
from reference.arrays import shape
from reference.errors import InvalidArgument
from reference.operation_kinds import CATALOGUE, KINDS, outputs_of, shapes_of

CALLS = 6


def calls_of(kind: str) -> Iterator[tuple[list[Any], dict[str, Any]]]:
    """Drawn calls of a kind of the catalogue: its inputs as nested lists, and its attributes."""
    operation = operations()[kind]
    for arguments in sample_calls(operation, "float64", CALLS, values="law"):
        data, attributes = operation.split(arguments)
        if all(value is not None for value in data.values()):
            yield [as_lists(value) for value in data.values()], attributes


@pytest.mark.parametrize("kind", CATALOGUE)
def test_shapes_are_known_before_anything_is_computed(kind: str):
    for inputs, attributes in calls_of(kind):
        results = outputs_of(KINDS[kind].compute(*inputs, **attributes))
        inferred = shapes_of(kind, [shape(value) for value in inputs], attributes)
        assert inferred == tuple(shape(result) for result in results)


@pytest.mark.parametrize("kind", CATALOGUE)
def test_shapes_that_the_function_refuses_are_refused_before(kind: str):
    refused = 0
    for inputs, attributes in calls_of(kind):
        for place, value in enumerate(inputs):
            for changed in other_shapes(value):
                bad = [*inputs[:place], changed, *inputs[place + 1 :]]
                assert refuses(kind, bad, attributes) == infers_nothing(kind, bad, attributes), (kind, place)
                refused += refuses(kind, bad, attributes)
    # Of a function of one array of any shape, none is wrong.
    assert refused or KINDS[kind].inputs in (("z",), ("values",))


def other_shapes(value: Any) -> Iterator[Any]:
    """An array with an axis more, or less, or longer."""
    yield [value]
    if isinstance(value, list):
        yield value[0]
        yield [*value, value[0]]
        if isinstance(value[0], list):
            yield [[*row, row[0]] for row in value]


def refuses(kind: str, inputs: list[Any], attributes: dict[str, Any]) -> bool:
    try:
        KINDS[kind].compute(*inputs, **attributes)
    except InvalidArgument:
        return True
    return False


def infers_nothing(kind: str, inputs: list[Any], attributes: dict[str, Any]) -> bool:
    try:
        shapes_of(kind, [shape(value) for value in inputs], attributes)
    except InvalidArgument:
        return True
    return False


def test_every_function_of_arrays_with_a_gradient_is_a_kind():
    """All but those that take tuples of arrays, which a graph is traced for, and those that are arithmetic."""
    with_gradients = {name.removesuffix("_vjp") for name in operations() if name.endswith("_vjp")}
    of_tuples = {"l2_penalty", "lstm", "lstm_step"}
    assert with_gradients - of_tuples <= set(KINDS)
    assert {name for name in CATALOGUE if not hasattr(reference, name)} == set()
