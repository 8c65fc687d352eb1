"""Kind 1: the slides' own numbers come out as printed, misprints corrected."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np

from conformance.arrays import flatten_result
from conformance.comparison import compare, matched
from conformance.exploration import Evidence
from conformance.fixtures import WorkedExample, decoded, exact, holds_numbers, worked_examples
from conformance.operation import Arguments, Operation
from conformance.outcomes import Severity
from conformance.sampling import sample_call
from conformance.subject import Subject
from reference.arrays import elementwise, flatten
from reference.numbers import Arithmetic, Rounded

SEVERITY = Severity.WRONG_NUMBERS


def checks(operation: Operation) -> Iterator[tuple[str, Callable[[Subject], Evidence]]]:
    """One check for each worked example of the operation."""
    for example in worked_examples():
        if example.operation == operation.name:
            yield example.name, partial(work, example)


def work(example: WorkedExample, subject: Subject) -> Evidence:
    """Run an example; its result must be within its bound of the exact one, and print as the slide prints it."""
    operation, arithmetic, evidence = subject.operation, subject.arithmetic, Evidence()
    models = sample_call(operation, subject.dtype)
    arguments = {name: _array(value, models[name], subject.dtype) for name, value in example.arguments.items()}
    inputs = {name: _numbers(value, models[name], arithmetic) for name, value in example.arguments.items()}
    wanted, came = subject.expected_of_numbers(inputs), subject.run(arguments)
    evidence.add(compare(wanted, came, arithmetic, arguments))
    texts = dict(_leaves(decoded(example.corrected()), wanted))
    for place, (_, part, values) in enumerate(matched(wanted, came, arguments)):
        if place in texts:
            _printed_cells(texts[place], part, values, arithmetic, arguments, evidence)
    return evidence


def _leaves(printed: dict[str, Any], wanted: Any) -> Iterator[tuple[int, Any]]:
    """What is printed of each array of a result, with the array's place among all of them."""
    fields = wanted._asdict() if hasattr(wanted, "_fields") else {"result": wanted}
    place = 0
    for name, part in fields.items():
        count = len(flatten_result(part))
        if name in printed:
            yield from enumerate(printed[name] if isinstance(part, tuple) else [printed[name]], place)
        place += count


def _printed_cells(
    texts: Any, part: Any, values: Any, arithmetic: Arithmetic, arguments: Arguments, evidence: Evidence
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


def _array(value: Any, model: Any, dtype: str) -> Any:
    """An argument as an implementation takes it: numbers as an array, of integers where a drawn call has them."""
    if isinstance(value, tuple):
        return tuple(_array(part, model[0] if isinstance(model, tuple) else None, dtype) for part in value)
    if not holds_numbers(value):
        return value
    kept = model.dtype if isinstance(model, np.ndarray) else dtype
    return np.array(elementwise(lambda cell: float(exact(cell)), value)).astype(kept)


def _numbers(value: Any, model: Any, arithmetic: Arithmetic) -> Any:
    """An argument as the reference takes it: exact, with the error of representing it in the dtype."""
    if isinstance(value, tuple):
        return tuple(_numbers(part, model[0] if isinstance(model, tuple) else None, arithmetic) for part in value)
    if not holds_numbers(value):
        return value
    whole = isinstance(model, np.ndarray) and model.dtype.kind == "i"
    return elementwise(lambda cell: int(exact(cell)) if whole else Rounded(exact(cell), arithmetic), value)
