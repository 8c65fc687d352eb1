"""Kind 7: what is no valid call ends in an error, never in an answer or a crash.

Good calls are drawn and spoilt, one argument at a time. Whether the spoilt call is bad is for the reference to say.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache, partial
from itertools import islice

from conformance.calls import Answer
from conformance.choices import Chance
from conformance.comparison import Comparison, Nonconforming
from conformance.drawing import Draw
from conformance.exploration import HANDFUL, Evidence, Exploration
from conformance.operation import Arguments, Operation
from conformance.outcomes import Severity
from conformance.pools import invalid
from conformance.reproduction import of_a_bad_call
from conformance.sampling import sample_call
from conformance.spoiling import is_bad, spoilt
from conformance.subject import KnownToCrash, Subject

__all__ = ["accepted", "checks", "is_bad", "spoilt"]

SEVERITY = Severity.ACCEPTS
SHARE = 0.02
#: Whether a choice is bad depends on other choices: a window that is too large, on the padding.
CHOICES_SHARE = 0.06
#: Sizes and choices don't fit in several ways, of which each must come.
MISFIT_SHARE = 0.15
#: No axis is longer: what is no valid call is none at any size.
LARGEST = 4
#: Invalid configurations that are tried for each call that an operation is to refuse.
TRIALS = 20


def checks(operation: Operation) -> Iterator[tuple[str, Callable[[Subject], Evidence]]]:
    """One check for each argument: a bad one gets no answer."""
    for argument in operation.parameters:
        yield f"{argument} is refused", partial(spoil, argument)
    if can_be_misfitted(operation):
        yield "sizes and choices that don't fit are refused", misfit


def spoil(argument: str, subject: Subject) -> Evidence:
    """Spoil one argument of drawn calls in every way there is; each drawn call counts once."""

    def examine(good: Arguments) -> Comparison:
        bad = list(spoilt(subject.operation, good, argument))
        subject.ask_ahead([arguments for _, arguments in bad])
        decides = [refused(subject, f"{argument} is bad ({way})", arguments) for way, arguments in bad]
        return Comparison(deciding=any(decides))

    share = CHOICES_SHARE if is_choice(subject.operation, argument) else SHARE
    small = replace(subject, largest=min(LARGEST, subject.largest or LARGEST))
    return Exploration(small, subject.operation.draw_call, examine, "moderate", share, severity=SEVERITY).run()


def is_choice(operation: Operation, argument: str) -> bool:
    """Whether an argument is one of few values, such as a window; arrays and rates aren't."""
    return argument in operation.hyperparameters and not isinstance(sample_call(operation, "float64")[argument], float)


def misfit(subject: Subject) -> Evidence:
    """Make calls of configurations that aren't valid, the simplest first, so that what fails first is small."""
    evidence, wanted = Evidence(), math.ceil(subject.cases * MISFIT_SHARE)
    calls = misfits(subject.operation, subject.dtype, wanted, subject.seed, subject.largest)
    while handful := list(islice(calls, HANDFUL)):
        subject.ask_ahead(handful)
        for arguments in handful:
            evidence.add(Comparison(deciding=refused(subject, "sizes and choices don't fit", arguments)))
    return evidence


def misfits(operation: Operation, dtype: str, most: int, seed: int, largest: int | None = None) -> Iterator[Arguments]:
    """Calls that the reference refuses for their configurations, the simplest first.

    Of the configurations that no network has, the reference may take some: then others are tried.
    """
    chosen = islice(invalid(operation.space, min(LARGEST, largest or LARGEST), seed), TRIALS * most)
    calls = (
        (configuration, operation.draw_call(Draw(Chance((seed, place), configuration), dtype, "moderate")))
        for place, configuration in enumerate(chosen)
    )
    bad = islice(((c, arguments) for c, arguments in calls if is_bad(operation, arguments)), most)
    yield from (arguments for _, arguments in sorted(bad, key=lambda found: sum(found[0].places())))


@cache
def can_be_misfitted(operation: Operation) -> bool:
    """Whether an operation has calls that are bad for no single argument's fault, such as windows beyond the image."""
    return next(misfits(operation, "float64", 1, 0), None) is not None


def refused(subject: Subject, what: str, arguments: Arguments) -> bool:
    """Hold a call to being refused; says whether that decides, which a call that is known to deviate doesn't."""
    subject.begin()
    try:
        (answer,) = subject.answers([arguments])
    except KnownToCrash:
        subject.judge_apart(subject.excuses(Severity.CRASH), deviates=False)
        return False
    if excuses := subject.excuses(SEVERITY):
        subject.judge_apart(excuses, deviates=not answer.raised)
        return False
    if answer.raised:
        return True
    raise accepted(subject, what, answer, arguments)


def accepted(subject: Subject, what: str, answer: Answer, arguments: Arguments) -> Nonconforming:
    """What to raise where a bad call got an answer."""
    summary, came = f"an answer, where {what}", f"{answer.result!r:.200}"
    script = of_a_bad_call(subject.operation, arguments)
    return Nonconforming(summary, "an error", came, arguments=arguments, script=script)
