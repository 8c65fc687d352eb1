"""What can become of a check and of an operation, and how bad it is: one name for each, in every report."""

from __future__ import annotations

from enum import StrEnum


class Severity(StrEnum):
    """How bad a deviation is, the worst first.

    Wrong numbers come before a crash: whoever crashes is noticed.
    """

    #: on ordinary input: worked examples, lattice probes, bounds, laws, gradients
    WRONG_NUMBERS = "wrong numbers"
    #: the process ends, hangs, or runs out of memory
    CRASH = "crash"
    #: NaN, infinities, signed zeros, subnormals and the largest numbers
    SPECIAL_VALUES = "special values"
    #: an answer where an error was due: broadcasting, an empty batch, strides cut down to integers
    ACCEPTS = "accepts what it should refuse"
    #: dtypes, inputs written to, memory layouts, other bits the second time, errors that don't name the argument
    MANNERS = "manners"

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return list(Severity).index(self)


class Status(StrEnum):
    """What became of one check."""

    PASSED = "passed"
    #: the check means nothing for this operation
    NOT_APPLICABLE = "not applicable"
    #: what went wrong lies inside a set of calls that is known to deviate
    DEVIATES = "deviates as known"
    #: a known deviation whose smallest case is right now
    STALE = "stale"
    FAILED = "failed"
    CRASHED = "crashed"
    TIMED_OUT = "timed out"
    OUT_OF_MEMORY = "out of memory"
    #: the check was due, and nothing was heard of it
    NO_RESULT = "no result"
    #: the suite itself went wrong
    ERROR = "error in the suite"

    @property
    def broken(self) -> bool:
        """Whether this is something new that is wrong."""
        return self not in (Status.PASSED, Status.NOT_APPLICABLE, Status.DEVIATES, Status.STALE)


class Verdict(StrEnum):
    """What all checks of an operation together say of an implementation."""

    CONFORMS = "conforms"
    KNOWN_DEVIATION = "known deviation"
    FAILS = "fails"
    NOT_PROVIDED = "not provided"
    SKIPPED = "skipped"
    UNUSABLE = "can't be loaded"


class Role(StrEnum):
    """What an implementation is there for: what a judged one gets wrong fails the run, a witness's is a finding."""

    JUDGED = "judged"
    WITNESS = "witness"
