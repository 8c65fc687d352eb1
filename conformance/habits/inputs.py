"""Manners with inputs: they are left alone, and read as they are, however they lie in memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from conformance.arrays import arrays_in, has_array, map_arrays, same_bits
from conformance.calls import Answer, Call
from conformance.comparison import Nonconforming, compare
from conformance.habits.variations import constant_along_an_axis, turned, with_another_end
from conformance.layouts import DTYPES_OF_WHOLE_NUMBERS, LAYOUTS
from conformance.operation import Arguments, Operation
from conformance.reproduction import called, definitions, given_text
from conformance.sampling import sample_call
from conformance.spoiling import is_bad
from conformance.subject import Subject

#: What arrays that may be refused lie like. Whoever takes them must read them right.
REFUSABLE = ("unaligned", "byte-swapped")
#: In these ways one argument's arrays may lie while the others lie as drawn: who looks at one only is found out.
ALONE = ("strided", "column-major", "byte-swapped")
ORDINARY = ("strided", "reversed", "mirrored", "column-major", "offset", "inside a larger array")


def leaves_its_inputs_alone(subject: Subject, arguments: Arguments) -> None:
    """No input array is written to."""
    (answer,) = subject.answers([arguments])
    subject.result_of(answer, arguments)
    for name, after in answer.changed.items():
        script = [
            *definitions(arguments),
            f'print("wanted ", plain({name}))',
            called(subject.operation, arguments),
            f'print("came   ", plain({name}))',
        ]
        summary, wanted = f"{name} was changed by the call", repr(arguments[name])
        raise Nonconforming(summary, wanted, repr(after), arguments=arguments, script=script)


def accepts_read_only_inputs(subject: Subject, arguments: Arguments) -> None:
    """An array that can't be written is as good as any."""
    _hold_laid_out(subject, arguments, ["read-only"])


def accepts_any_memory_layout(subject: Subject, arguments: Arguments) -> None:
    """Arrays mean what their indices say, all of them and each alone; of swapped bytes no wrong number may come."""
    _hold_laid_out(subject, arguments, [*ORDINARY, *REFUSABLE])
    _hold_laid_out(subject, constant_along_an_axis(arguments), ["repeated"])


def accepts_whole_numbers_of_any_dtype(subject: Subject, arguments: Arguments) -> None:
    """Labels are numbers: 1 is 1 in eight bits and in a float."""
    if takes_whole_numbers(subject.operation):
        taken = [dtype for dtype in DTYPES_OF_WHOLE_NUMBERS if not _refuses(subject.operation, arguments, dtype)]
        _hold_laid_out(subject, arguments, taken)


def _refuses(operation: Operation, arguments: Arguments, layout: str) -> bool:
    """Whether the reference refuses a call in some layout: an index is no float."""
    return is_bad(operation, {name: map_arrays(LAYOUTS[layout], value) for name, value in arguments.items()})


def takes_whole_numbers(operation: Operation) -> bool:
    """Whether some array among the arguments holds integers."""
    return any(array.dtype.kind == "i" for array in arrays_in(sample_call(operation, "float32")))


def sees_what_changed_in_place(subject: Subject, arguments: Arguments) -> None:
    """An array is its numbers, not its identity, its address, its sum or its beginning: other numbers, other result."""
    row = [arguments, turned(arguments), with_another_end(turned(arguments))]
    calls = [subject.call(each, in_place=place > 0) for place, each in enumerate(row)]
    answers = subject.answers_to(calls, subject.backend.make_calls)
    for place, answer in list(enumerate(answers))[1:]:
        try:
            _compare(subject, row[place], answer)
        except Nonconforming as failure:
            failure.summary += ", in the same arrays with other numbers"
            failure.script = _in_place_script(subject.operation, row[: place + 1])
            raise


def _in_place_script(operation: Operation, row: Sequence[Arguments]) -> tuple[str, ...]:
    script, given = list(definitions(row[0])), given_text(operation, row[0])
    for place, arguments in enumerate(row[1:], 2):
        script += [called(operation, row[0]), *definitions(arguments, f"_{place}")]
        script += [f"{name}[...] = {name}_{place}" for name in _plain_arrays(arguments)]
        script += [f"refill({name}, {name}_{place})" for name in _tuples(arguments)]
    name = operation.name
    return (*script, f'print("wanted ", wanted({name}, {given}))', f'print("came   ", {name}({given}))')


def _plain_arrays(arguments: Arguments) -> list[str]:
    return [name for name, value in arguments.items() if isinstance(value, np.ndarray)]


def _tuples(arguments: Arguments) -> list[str]:
    return [name for name, value in arguments.items() if isinstance(value, tuple) and has_array(value)]


def _hold_laid_out(subject: Subject, arguments: Arguments, layouts: Sequence[str]) -> None:
    """Make a call with its arrays lying in each of several ways: all of them and, in some, each alone."""
    names = [name for name, value in arguments.items() if has_array(value)]
    alone = [(layout, name) for layout in layouts if layout in ALONE for name in names if len(names) > 1]
    ways = [*((layout, "") for layout in layouts), *alone]
    calls = [subject.call(arguments, layout=layout, only=only) for layout, only in ways]
    right: list[Any] = []
    for call, answer in zip(calls, subject.answers_to(calls, subject.backend.make_each), strict=True):
        if answer.raised and call.layout in REFUSABLE:
            continue
        if any(same_bits(answer.result, result) for result in right):
            continue  # what the reference says needn't be asked again
        try:
            _compare(subject, arguments, answer)
            right.append(answer.result)
        except Nonconforming as failure:
            failure.summary += f", when {call.only or 'the arrays'} are {call.layout}"
            failure.script = _laid_out_script(subject.operation, arguments, call)
            raise


def _compare(subject: Subject, arguments: Arguments, answer: Answer) -> None:
    came = subject.result_of(answer, arguments)
    compare(subject.expected(arguments), came, subject.arithmetic, arguments)


def _laid_out_script(operation: Operation, arguments: Arguments, call: Call) -> tuple[str, ...]:
    name, given = operation.name, given_text(operation, arguments)
    arrays = [argument for argument, value in arguments.items() if has_array(value) and call.only in ("", argument)]
    laid_out = [f"{argument} = laid_out({call.layout!r}, {argument})" for argument in arrays]
    wanted, came = f'print("wanted ", wanted({name}, {given}))', f'print("came   ", {name}({given}))'
    return (*definitions(arguments), wanted, *laid_out, came)
