"""The proof that a claimed algorithm computes the reference's function, before its text may say what is allowed.

Both texts are read with the same numbers, in an arithmetic of as many bits as are kept of anything. Each result then is
an enclosure of what the text computes, known to some fifty digits, and on integers nothing but the number. Two
enclosures that don't meet are a proof that the functions differ; that they always meet, on calls drawn as for the
rounding bound, is what can be known of the contrary. How many digits cancel in either text, its own enclosure says.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from decimal import Decimal, localcontext
from fractions import Fraction
from functools import partial
from typing import Any

from conformance.algorithms import Algorithm
from conformance.arrays import flatten_result
from conformance.checks import Check
from conformance.comparison import Comparison, Nonconforming, rounded
from conformance.exploration import Evidence, Exploration, draw_call
from conformance.operation import Arguments
from conformance.outcomes import Severity
from conformance.reproduction import definitions, given_text
from conformance.subject import Subject
from reference.arrays import flatten, shape
from reference.errors import Undecidable
from reference.numbers import Arithmetic, Rounded
from reference.numbers.arithmetic import ULPS
from reference.numbers.binary import BITS
from reference.numbers.interval import DIGITS

KIND = "claimed algorithm"
SHARE = 0.5
#: The hyperbolic tangent is right to fewer bits than are kept of any number: around 10⁻⁸ its series ends 17/315·x⁷ too
#: soon, which is less than this part of it.
OF_TANH = 2.0**-162
#: The range of float64, with as many bits as are kept of any number. Other functions are right to all of them.
FINEST = Arithmetic(
    "float64",
    unit_roundoff=2.0**-BITS,
    flush_to_zero=False,
    ulps={**dict.fromkeys(ULPS, 0.0), "tanh": OF_TANH * 2.0**BITS},
)


def proofs(algorithm: Algorithm | None) -> Iterator[Check]:
    """The check that is due where an algorithm is claimed."""
    if algorithm is not None:
        yield Check(KIND, algorithm.__name__, Severity.WRONG_NUMBERS, prove)


def prove(subject: Subject) -> Evidence:
    """Read the reference and the claimed text with the finest numbers, on drawn calls."""
    return Exploration(subject, partial(draw_call, subject), partial(compare_texts, subject), "rounding", SHARE).run()


def compare_texts(subject: Subject, arguments: Arguments) -> Comparison:
    """Hold the claimed text to the reference in one call; numbers that can't be the same one are Nonconforming."""
    operation, algorithm = subject.operation, subject.algorithm
    assert algorithm is not None
    numbers = {name: rounded(value, FINEST) for name, value in {**operation.float_defaults, **arguments}.items()}
    wanted = flatten_result(operation.call(operation.reference, numbers))
    try:
        came = flatten_result(operation.call(algorithm, numbers))
    except Undecidable:
        raise
    except Exception as error:  # whatever a text that came from elsewhere may raise
        raise _differs(subject, arguments, "a result", f"{type(error).__name__}: {error}") from None
    if _shapes(wanted) != _shapes(came):
        raise _differs(subject, arguments, str(_shapes(wanted)), str(_shapes(came)))
    pairs = list(zip(_numbers(wanted), _numbers(came), strict=True))
    answers = [may_be_the_same(*pair) for pair in pairs]
    if False in answers:
        raise _differs(subject, arguments, *map(_told, pairs[answers.index(False)]))
    return Comparison(deciding=answers.count(True), undecidable=answers.count(None))


def may_be_the_same(wanted: Any, came: Any) -> bool | None:
    """Whether the enclosures of two numbers meet; None where one of them says nothing."""
    a, b = (n.closed() if isinstance(n, Rounded) else Rounded(n, FINEST) for n in (wanted, came))
    if any(n.undecided or n.special is not None or n.error == math.inf for n in (a, b)):
        return None
    return abs(Fraction(a.value) - Fraction(b.value)) <= Fraction(a.error) + Fraction(b.error)


def _numbers(parts: Sequence[tuple[str, Any]]) -> list[Any]:
    return [number for _, part in parts for number in flatten(part)]


def _shapes(parts: Sequence[tuple[str, Any]]) -> list[tuple[str, list[int]]]:
    return [(name, list(shape(part))) for name, part in parts]


def _told(number: Any) -> str:
    """A number with as many digits as are known."""
    value = Fraction(number.value if isinstance(number, Rounded) else number)
    with localcontext(prec=DIGITS):
        return str(Decimal(value.numerator) / value.denominator)


def _differs(subject: Subject, arguments: Arguments, wanted: str, came: str) -> Nonconforming:
    name, given = subject.operation.name, given_text(subject.operation, arguments)
    texts = f'print("wanted ", wanted({name}, {given}))', f'print("came   ", claimed({name}, {given}))'
    script = [*definitions(arguments), *texts]
    summary = "the claimed algorithm computes something else than the reference"
    return Nonconforming(summary, wanted, came, arguments=arguments, script=script)
