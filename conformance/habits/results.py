"""Manners of results: their dtype, their memory, and that the same call gives the same one."""

from __future__ import annotations

from collections.abc import Sequence

from conformance.arrays import arrays_in, same_bits
from conformance.calls import EARLIER_RESULT, Answer
from conformance.comparison import Nonconforming
from conformance.habits.variations import others
from conformance.operation import Arguments
from conformance.reproduction import called, definitions, of_a_row
from conformance.subject import Subject


def keeps_the_dtype(subject: Subject, arguments: Arguments) -> None:
    """Floats come back in the dtype of the inputs."""
    for part in arrays_in((subject.run(arguments),)):
        if part.dtype.kind not in "iub" and part.dtype != subject.dtype:
            came = f"np.asarray({called(subject.operation, arguments)}).dtype"
            script = [*definitions(arguments), f'print("wanted ", {subject.dtype!r})', f'print("came   ", {came})']
            raise Nonconforming(
                "the result has the wrong dtype", subject.dtype, str(part.dtype), arguments=arguments, script=script
            )


def gives_results_of_its_own(subject: Subject, arguments: Arguments) -> None:
    """A result is the caller's to keep and to change: plain arrays, in memory that nobody else has."""
    row = _row(arguments)
    for place, answer in enumerate(_answers(subject, row)):
        if answer.flaw:
            came = f"flaw_of({called(subject.operation, row[place])})"
            script = [*definitions(row[place]), 'print("wanted ", "")', f'print("came   ", {came})']
            wanted = "plain arrays that can be written"
            summary = f"the result is {answer.flaw}"
            raise Nonconforming(summary, wanted, answer.flaw, arguments=row[place], script=script)
        if answer.shares:
            raise _sharing(subject, row[: place + 1], answer.shares)


def _sharing(subject: Subject, row: Sequence[Arguments], with_what: str) -> Nonconforming:
    """What to raise where the result of the last call in a row lies in the memory of something else."""
    if with_what == EARLIER_RESULT:
        script = of_a_row(subject.operation, row)
        came = "shares_memory(results[-1], results[:-1])"
    else:
        row = row[-1:]
        script = definitions(row[0])
        came = f"shares_memory({called(subject.operation, row[0])}, {with_what})"
    script = [*script, 'print("wanted ", False)', f'print("came   ", {came})']
    summary = f"the result shares its memory with {with_what}"
    return Nonconforming(summary, "memory of its own", "shared memory", arguments=row[-1], script=script)


def gives_the_same_bits_twice(subject: Subject, arguments: Arguments) -> None:
    """Calling again changes nothing, and an earlier result isn't overwritten by a later call."""
    row = _row(arguments)
    answers = _answers(subject, row)
    for place, answer in enumerate(answers):
        if answer.overwritten is not None:
            script = [
                *of_a_row(subject.operation, row[: place + 1]),
                'print("wanted ", plain(results[-1]))',
                *of_a_row(subject.operation, row[place + 1 : answer.overwritten_by + 1], "later", after=place + 1),
                'print("came   ", plain(results[-1]))',
            ]
            came = repr(answer.overwritten)
            summary = "a later call overwrote an earlier result"
            raise Nonconforming(summary, repr(answer.result), came, arguments=row[place], script=script)
    if not same_bits(answers[0].result, answers[-1].result):
        first, last = (repr(answers[place].result) for place in (0, -1))
        script = of_a_row(subject.operation, row)
        script += ['print("wanted ", plain(results[0]))', 'print("came   ", plain(results[-1]))']
        raise Nonconforming("the same call gave other bits", first, last, arguments=arguments, script=script)


def _row(arguments: Arguments) -> list[Arguments]:
    """A call, several others, and the same call again."""
    return [arguments, *others(arguments), arguments]


def _answers(subject: Subject, row: Sequence[Arguments]) -> list[Answer]:
    """What comes of calls in a row, all of which must have results."""
    answers = subject.answers(row)
    for answer, arguments in zip(answers, row, strict=True):
        subject.result_of(answer, arguments)
    return answers
