"""Kind 1: the slides' own numbers come out as printed, misprints corrected."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np

from conformance.comparison import as_parts, compare
from conformance.exploration import Evidence, Subject, sample_call
from conformance.fixtures import WorkedExample, decoded, exact, worked_examples
from conformance.operations import Operation, flatten_result
from reference.arrays import elementwise, flatten
from reference.numbers import Arithmetic, Rounded


def checks(operation: Operation) -> Iterator[tuple[str, Callable[[Subject], Evidence]]]:
    """One check for each worked example of the operation."""
    for example in worked_examples():
        if example.operation == operation.name:
            yield example.name, partial(work, example)


def work(example: WorkedExample, subject: Subject) -> Evidence:
    """Run an example; its result must be within its bound of the exact one, and print as the slide prints it."""
    operation, arithmetic, evidence = subject.operation, subject.arithmetic, Evidence()
    models = sample_call(operation, subject.dtype)
    arguments = {name: _array(value, models.get(name)) for name, value in example.arguments.items()}
    inputs = {name: _numbers(value, models.get(name), arithmetic) for name, value in example.arguments.items()}
    wanted, came = operation.call(operation.reference, inputs), subject.run(arguments)
    evidence.add(compare(wanted, came, arithmetic, arguments))
    printed = example.corrected()
    for (name, part), values in zip(flatten_result(wanted), as_parts(came, wanted), strict=True):
        if name in printed and not isinstance(printed[name], dict):
            _printed_cells(printed[name], part, values, arithmetic, arguments, evidence)
    for name, group in printed.items():
        if isinstance(group, dict):
            fields = dict(zip(wanted._fields, zip(wanted, came, strict=True), strict=True))
            for texts, part, values in zip(decoded(group), *fields[name], strict=True):
                _printed_cells(texts, part, np.asarray(values), arithmetic, arguments, evidence)
    return evidence


def _printed_cells(
    texts: Any, part: Any, values: Any, arithmetic: Arithmetic, arguments: dict[str, Any], evidence: Evidence
) -> None:
    """Every printed cell is the result, rounded to the digits printed."""
    cells = [
        (_as_printed(text, number, arithmetic), value)
        for text, number, value in zip(flatten(texts), flatten(part), np.asarray(values).ravel(), strict=True)
        if text is not None
    ]
    wanted, came = [cell for cell, _ in cells], np.array([value for _, value in cells])
    evidence.add(compare(wanted, came, arithmetic, arguments))


def _as_printed(text: Any, number: Any, arithmetic: Arithmetic) -> Rounded:
    """A printed number: half a unit of its last digit either way, beside what the arithmetic may lose."""
    exponent = Decimal(str(text)).as_tuple().exponent
    assert isinstance(exponent, int)
    half_unit = Fraction(10) ** exponent / 2 if exponent < 0 else Fraction(0)
    error = number.error if isinstance(number, Rounded) else 0.0
    return Rounded.within(Fraction(str(text)), arithmetic, float(half_unit) + error)


def _array(value: Any, model: Any) -> Any:
    """An argument as an implementation takes it, in the dtype of a drawn call's."""
    if isinstance(model, tuple) and isinstance(model[0], np.ndarray):
        return tuple(_array(part, model[0]) for part in value)
    if isinstance(model, np.ndarray):
        return np.array(elementwise(lambda cell: float(exact(cell)), value)).astype(model.dtype)
    return value


def _numbers(value: Any, model: Any, arithmetic: Arithmetic) -> Any:
    """An argument as the reference takes it: exact, with the error of representing it in the dtype."""
    if isinstance(model, tuple) and isinstance(model[0], np.ndarray):
        return tuple(_numbers(part, model[0], arithmetic) for part in value)
    if isinstance(model, np.ndarray):
        floats = model.dtype.kind == "f"
        return elementwise(lambda cell: Rounded(exact(cell), arithmetic) if floats else int(exact(cell)), value)
    return value
