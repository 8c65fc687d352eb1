"""Kind 8: the result's dtype, inputs left alone, any memory layout, the same bits again, and errors that help."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from conformance.arrays import arrays_in, has_array, map_arrays, same_bits
from conformance.checks.bad_input import spoilt
from conformance.comparison import Comparison, Nonconforming, compare
from conformance.exploration import Evidence, Exploration, NotApplicable, draw_call
from conformance.operation import Arguments, Operation
from conformance.outcomes import Severity
from conformance.reproduction import definitions, given_text, of_an_error
from conformance.subject import KnownToCrash, Subject

SEVERITY = Severity.MANNERS
SHARE = 0.04

Habit = Callable[[Subject, Arguments], None]


def checks(operation: Operation) -> Iterator[tuple[str, Callable[[Subject], Evidence]]]:
    """One check for each habit."""
    for habit in HABITS:
        yield habit.__name__.replace("_", " "), partial(watch, habit)
    yield "names the argument in errors", watch_errors


def keeps_the_dtype(subject: Subject, arguments: Arguments) -> None:
    """Floats come back in the dtype of the inputs."""
    for part in arrays_in((subject.run(arguments),)):
        if part.dtype.kind not in "iub" and part.dtype != subject.dtype:
            name = subject.operation.name
            came = f"np.asarray({name}.implementation({given_text(subject.operation, arguments)})).dtype"
            script = [*definitions(arguments), f'print("wanted ", {subject.dtype!r})', f'print("came   ", {came})']
            raise Nonconforming(
                "the result has the wrong dtype", subject.dtype, str(part.dtype), arguments=arguments, script=script
            )


def leaves_its_inputs_alone(subject: Subject, arguments: Arguments) -> None:
    """No input array is written to."""
    (answer,) = subject.answers([arguments])
    subject.result_of(answer, arguments)
    for name, after in answer.changed.items():
        call = f"{subject.operation.name}({given_text(subject.operation, arguments)})"
        script = [
            *definitions(arguments),
            f'print("wanted ", plain({name}))',
            call,
            f'print("came   ", plain({name}))',
        ]
        summary, wanted = f"{name} was changed by the call", repr(arguments[name])
        raise Nonconforming(summary, wanted, repr(after), arguments=arguments, script=script)


def accepts_read_only_inputs(subject: Subject, arguments: Arguments) -> None:
    """An array that can't be written is as good as any."""
    _compare_laid_out(subject, arguments, "read-only")


def accepts_any_memory_layout(subject: Subject, arguments: Arguments) -> None:
    """Strided, reversed and column-major arrays mean what their indices say."""
    _compare_laid_out(subject, arguments, "strided", "reversed", "column-major")


def _compare_laid_out(subject: Subject, arguments: Arguments, *layouts: str) -> None:
    wanted = subject.expected(arguments)
    for layout in layouts:
        try:
            compare(wanted, subject.run(arguments, layout), subject.arithmetic, arguments)
        except Nonconforming as failure:
            failure.summary += f", when the arrays are {layout}"
            failure.script = _laid_out_script(subject.operation, arguments, layout)
            raise


def _laid_out_script(operation: Operation, arguments: Arguments, layout: str) -> tuple[str, ...]:
    name, given = operation.name, given_text(operation, arguments)
    arrays = [argument for argument, value in arguments.items() if has_array(value)]
    laid_out = [f"{argument} = laid_out({layout!r}, {argument})" for argument in arrays]
    wanted, came = f'print("wanted ", wanted({name}, {given}))', f'print("came   ", {name}({given}))'
    return (*definitions(arguments), wanted, *laid_out, came)


def gives_the_same_bits_twice(subject: Subject, arguments: Arguments) -> None:
    """Calling again changes nothing, and an earlier result isn't overwritten by a later call."""
    other = map_arrays(lambda array: array[...] * 0 + 1 if array.dtype.kind == "f" else array, arguments)
    first, between, second = subject.answers([arguments, other, arguments])
    subject.result_of(between, other)
    kept, again = subject.result_of(first, arguments), subject.result_of(second, arguments)
    name, given = subject.operation.name, given_text(subject.operation, arguments)
    in_between = [*definitions(other, "_2"), f"{name}({given_text(subject.operation, other, '_2')})"]
    if first.overwritten is not None:
        script = [
            *definitions(arguments),
            f"first = {name}.implementation({given})",
            'print("wanted ", plain(first))',
            *definitions(other, "_2"),
            f"{name}.implementation({given_text(subject.operation, other, '_2')})",
            'print("came   ", plain(first))',
        ]
        came = repr(first.overwritten)
        raise Nonconforming(
            "a later call overwrote an earlier result", repr(kept), came, arguments=arguments, script=script
        )
    if not same_bits(kept, again):
        calls = [f'print("wanted ", {name}({given}))', *in_between, f'print("came   ", {name}({given}))']
        script = [*definitions(arguments), *calls]
        raise Nonconforming(
            "the same call gave other bits", repr(kept), repr(again), arguments=arguments, script=script
        )


def names_the_argument_in_errors(subject: Subject, arguments: Arguments) -> None:
    """An error about a bad argument names one: the spoilt one, or one that it no longer fits."""
    names = subject.operation.parameters
    for argument in names:
        spoilt_calls = list(spoilt(subject.operation, arguments, argument))
        subject.ask_ahead([bad for _, bad in spoilt_calls])
        for way, bad in spoilt_calls:
            try:
                (answer,) = subject.answers([bad])
            except KnownToCrash:
                continue
            if answer.raised and not any(name in answer.raised for name in names):
                summary = f"an error that names no argument, where {argument} is bad ({way})"
                wanted = f"one of {', '.join(names)} named"
                script = of_an_error(subject.operation, bad, wanted)
                raise Nonconforming(summary, wanted, answer.raised, arguments=bad, script=script)


HABITS: tuple[Habit, ...] = (
    keeps_the_dtype,
    leaves_its_inputs_alone,
    accepts_read_only_inputs,
    accepts_any_memory_layout,
    gives_the_same_bits_twice,
)


def watch_errors(subject: Subject) -> Evidence:
    """Look at the errors of an implementation that claims to name arguments in them."""
    if not subject.names_arguments:
        raise NotApplicable("the implementation doesn't claim that its errors name arguments")
    return watch(names_the_argument_in_errors, subject)


def watch(habit: Habit, subject: Subject) -> Evidence:
    """Look at a habit in drawn calls."""

    def examine(arguments: Arguments) -> Comparison:
        habit(subject, arguments)
        telling = _tells(arguments)
        return Comparison(deciding=telling, vacuous=not telling)

    return Exploration(subject, partial(draw_call, subject), examine, "moderate", SHARE, severity=SEVERITY).run()


def _tells(arguments: Any) -> bool:
    """Whether some array of floats holds different numbers: where all are equal, most bad manners don't show."""
    return any(array.dtype.kind == "f" and bool(np.ptp(array) > 0) for array in arrays_in(arguments))
