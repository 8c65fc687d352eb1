"""Manners towards others: what a process shares is left alone, and two threads may call at the same time."""

from __future__ import annotations

from conformance.comparison import Nonconforming, compare
from conformance.habits.variations import others
from conformance.operation import Arguments
from conformance.reproduction import called, definitions, given_text
from conformance.subject import Subject


def leaves_its_surroundings_alone(subject: Subject, arguments: Arguments) -> None:
    """Nothing changes that others in the process rely on: random states, error states, the processor's arithmetic."""
    (answer,) = subject.answers_to([subject.call(arguments, watched=True)], subject.backend.make_calls)
    subject.result_of(answer, arguments)
    if answer.disturbed:
        what = ", ".join(map(str, answer.disturbed))
        came = f"disturbed(lambda: {called(subject.operation, arguments)})"
        script = [*definitions(arguments), 'print("wanted ", ())', f'print("came   ", {came})']
        summary = f"the call changed {what}"
        raise Nonconforming(summary, "nothing changed", what, arguments=arguments, script=script)


def serves_two_threads_at_once(subject: Subject, arguments: Arguments) -> None:
    """Whatever another call does meanwhile, a call's result is the one that it has alone."""
    both = (arguments, others(arguments)[0])
    answers = subject.answers_to([subject.call(each) for each in both], subject.backend.make_at_once)
    for each, answer in zip(both, answers, strict=True):
        subject.result_of(answer, each)
        if answer.at_once is not None:
            try:
                compare(subject.expected(each), answer.at_once, subject.arithmetic, each)
            except Nonconforming as failure:
                failure.summary += ", while another thread calls as well"
                failure.script = _at_once_script(subject, *both)
                raise


def _at_once_script(subject: Subject, one: Arguments, other: Arguments) -> tuple[str, ...]:
    operation, name = subject.operation, subject.operation.name
    one_given, other_given = given_text(operation, one), given_text(operation, other, "_2")
    calls = f"lambda: {called(operation, one)}, lambda: {called(operation, other, '_2')}"
    return (
        *definitions(one),
        *definitions(other, "_2"),
        f'print("wanted ", [wanted({name}, {one_given}), wanted({name}, {other_given})])',
        f'print("came   ", at_once({name}, {calls}))',
    )
