"""Manners of errors: they say which argument is to be changed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations, product

from conformance.arrays import has_array
from conformance.comparison import Nonconforming
from conformance.operation import Arguments, Operation
from conformance.reproduction import of_an_error
from conformance.spoiling import blamed, is_bad, spoilt, ways_to_spoil
from conformance.subject import KnownToCrash, Subject


def names_the_argument_in_errors(subject: Subject, arguments: Arguments) -> None:
    """An error about a bad argument names it, or one that it no longer fits."""
    for argument in arguments:
        spoilt_calls = list(spoilt(subject.operation, arguments, argument))
        subject.ask_ahead([bad for _, bad in spoilt_calls])
        for way, bad in spoilt_calls:
            try:
                (answer,) = subject.answers([bad])
            except KnownToCrash:
                continue
            if answer.raised and not any(
                _names(name, answer.raised) for name in concerned(subject.operation, arguments, bad)
            ):
                wanted = " or ".join(dict.fromkeys(concerned(subject.operation, arguments, bad))) + " named"
                summary = f"an error that names no argument concerned, where {argument} is bad ({way})"
                script = of_an_error(subject.operation, bad, wanted)
                raise Nonconforming(summary, wanted, answer.raised, arguments=bad, script=script)


def _names(argument: str, text: str) -> bool:
    return re.search(rf"\b{argument}\b", text) is not None


def concerned(operation: Operation, good: Arguments, bad: Arguments) -> Iterator[str]:
    """The arguments that a bad call's error may name.

    What was spoilt; what the reference names; and what could be changed as well to make the call a good one: one other
    argument or, if none will do alone, two arrays, as the bias and the cotangent of a layer with other weights.
    """
    changed = [name for name in good if bad[name] is not good[name]]
    yield from (*changed, blamed(operation, bad))
    unchanged = [name for name in good if name not in changed]
    arrays = [name for name in unchanged if has_array(good[name])]
    for several in ([(name,) for name in unchanged], combinations(arrays, 2)):
        fitting = [names for names in several if _can_be_made_good(operation, good, bad, names)]
        if fitting:
            yield from (name for names in fitting for name in names)
            return


def _can_be_made_good(operation: Operation, good: Arguments, bad: Arguments, names: tuple[str, ...]) -> bool:
    """Whether a bad call becomes a good one when some other arguments are changed too."""
    ways = ([value for _, value in ways_to_spoil(good, name)] for name in names)
    return any(not is_bad(operation, {**bad, **dict(zip(names, values, strict=True))}) for values in product(*ways))
