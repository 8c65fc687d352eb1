"""A sign, a short word and a colour for each severity and verdict: the same in every report.

Colour is never all that tells two things apart. A leniency has another sign, word and colour than a wrong number.
"""

from __future__ import annotations

from dataclasses import dataclass

from conformance.outcomes import Severity, Verdict


@dataclass(frozen=True)
class Sign:
    """How a severity or a verdict is shown.

    Args:
        sign: one character.
        word: a short word, for narrow columns.
        style: the class that gives it its colour on the page.
        colour: its colour on a terminal.
        meaning: what it stands for, in a legend.
    """

    sign: str
    word: str
    style: str
    colour: str
    meaning: str


SEVERITIES: dict[str, Sign] = {
    Severity.WRONG_NUMBERS: Sign("≠", "numbers", "numbers", "bold red", "wrong numbers on ordinary input"),
    Severity.CRASH: Sign("‡", "crash", "crash", "bold magenta", "the process ends, hangs or runs out of memory"),
    Severity.SPECIAL_VALUES: Sign("∞", "special", "special", "yellow", "special values: NaN, infinities, signed zeros"),
    Severity.ACCEPTS: Sign("⊇", "accepts", "accepts", "cyan", "accepts what it should refuse"),
    Severity.MANNERS: Sign("~", "manners", "manners", "blue", "manners: dtypes, inputs written to, memory layouts"),
}
#: For what the suite itself got wrong, which has no severity.
SUITE = Sign("!", "suite", "crash", "bold magenta", "the suite itself went wrong")

VERDICTS: dict[str, Sign] = {
    Verdict.CONFORMS: Sign("✓", "conforms", "good", "green", "conforms"),
    Verdict.KNOWN_DEVIATION: Sign("≈", "known", "known", "yellow", "deviates as known"),
    Verdict.FAILS: Sign("✗", "new", "new", "bold red", "something new is wrong"),
    Verdict.UNUSABLE: Sign("✗", "unusable", "new", "bold red", "can't be loaded"),
    Verdict.SKIPPED: Sign("○", "skipped", "none", "dim", "skipped"),
    Verdict.NOT_PROVIDED: Sign("–", "absent", "none", "dim", "no counterpart"),
}


def severity_sign(severity: str | None) -> Sign:
    """How a severity is shown.

    >>> severity_sign("wrong numbers").word, severity_sign(None).word
    ('numbers', 'suite')
    """
    return SEVERITIES[severity] if severity else SUITE


def rank(severity: str | None) -> int:
    """0 for the worst; what the suite itself got wrong comes last.

    >>> rank("wrong numbers") < rank("manners") < rank(None)
    True
    """
    return list(SEVERITIES).index(severity) if severity else len(SEVERITIES)
