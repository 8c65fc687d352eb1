"""Choices between rounded numbers: made where their errors leave no doubt, else everything that may come of them.

All of these take numbers as operands (`Rounded.operand`), whose sums are closed.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from reference import elementary
from reference.arrays import Number
from reference.errors import Undecidable
from reference.numbers.binary import UP, aligned, signed_size, size_of
from reference.numbers.mixing import PLAIN

if TYPE_CHECKING:
    from reference.numbers.rounded import Rounded

#: How an answer may be left open, as bits of `Rounded.undecided`: it depends on a choice within its error; and NaN is
#: right too, where of algebraically equal forms one gives NaN.
CHOICE, OR_NAN = 1, 2


def difference(a: Rounded, b: Rounded) -> float:
    """The difference of two exact values as a float, its sign always right."""
    of_a, of_b, exponent = aligned(a.mantissa, a.exponent, b.mantissa, b.exponent)
    return signed_size(of_a - of_b, exponent)


def comparison(a: Rounded, b: Rounded) -> float:
    """Negative, zero or positive as a - b is; NaN beside NaN; undecidable within the errors."""
    if math.inf in (a.terms_error, b.terms_error):
        raise Undecidable(f"{a} and {b}: of one of them nothing is known")
    if a.may_be_nan or b.may_be_nan:
        raise Undecidable(f"{a} and {b}: one of them may be NaN, too")
    if a.special is not None or b.special is not None:
        x, y = a.outward(), b.outward()
        return 0.0 if x == y else x - y
    apart, errors = difference(a, b), a.terms_error + b.terms_error
    if errors and abs(apart) <= errors * UP:
        raise Undecidable(f"{a} and {b} are nearer to each other than their errors")
    return apart


def larger(a: Rounded, b: Rounded) -> Rounded:
    """The larger one; where either could be, the error of either: a maximum moves no further than its operands."""
    undecided = a.undecided | b.undecided
    if a.special is not None or b.special is not None:
        if math.inf in (a.terms_error, b.terms_error):
            return a.unbounded(undecided)
        x, y = a.outward(), b.outward()
        winner = elementary.maximum(x, y)
        largest = a if winner == x else b if winner == y else type(a)(winner, a.arithmetic)
        return largest.opened(undecided & OR_NAN)
    upper, lower = (a, b) if difference(a, b) >= 0 else (b, a)
    if difference(upper, lower) >= upper.terms_error + lower.terms_error:
        return upper.opened(lower.undecided & OR_NAN)
    either = upper.with_bounds(max(a.terms_error, b.terms_error), max(a.magnitude, b.magnitude), undecided)
    return either.counted(1, max(a.origin, b.origin))


def branch(number: Rounded, yes: Number, no: Number) -> Number:
    """What comes if a number is positive, or if not: both, and all between, where its sign isn't known or it is 0.

    NaN isn't greater than 0, and isn't less either, and a product with it is NaN: all of that is right.
    """
    may_be_nan = number.is_nan or number.may_be_nan
    if not may_be_nan and (number.special is not None or abs(number.outward()) > number.terms_error):
        chosen = yes if number.outward() > 0 else no
        # A number that knows of rounding: what is made of a plain 1 would be held to the last bit.
        return number.like(chosen) if isinstance(chosen, PLAIN) else chosen
    either = between(number.like(yes).operand(), number.like(no).operand())
    return either.opened(OR_NAN) if may_be_nan else either


def between(a: Rounded, b: Rounded) -> Rounded:
    """Any number between two: their middle, give or take half their distance. Two that are equal leave no choice."""
    undecided = a.undecided | b.undecided
    if a.special is not None or b.special is not None:
        return _either(a, b)
    error, magnitude = max(a.terms_error, b.terms_error), max(a.magnitude, b.magnitude)
    of_a, of_b, exponent = aligned(a.mantissa, a.exponent, b.mantissa, b.exponent)
    if of_a == of_b and error < math.inf:
        return a.with_bounds(error, magnitude, undecided).counted(1, max(a.origin, b.origin))
    error = (size_of(of_a - of_b, exponent - 1) + error) * UP
    # Whatever is chosen is no larger than the larger of the two, though the middle and its error together may be.
    middle = a.of(of_a + of_b, exponent - 1, a.arithmetic, error, magnitude, undecided | CHOICE)
    return middle.counted(1, max(a.origin, b.origin))


def _either(a: Rounded, b: Rounded) -> Rounded:
    """One of two numbers, at least one of which is NaN or infinite; nothing is known between an infinity and others."""
    if a.special == b.special or (a.is_nan and b.is_nan):
        return a.opened(b.undecided)
    if a.is_nan or b.is_nan:
        return (b if a.is_nan else a).opened(OR_NAN)
    return a.unbounded(a.undecided | b.undecided | CHOICE)


def may_be_largest(numbers: list[Rounded]) -> list[bool]:
    """For each number whether it is the largest for some values within the errors; NaN counts as the largest."""
    special = any(number.special is not None for number in numbers)
    wins = _may_be_largest_beside_special_values(numbers) if special else _may_be_largest(numbers)
    return [win or number.may_be_nan for win, number in zip(wins, numbers, strict=True)]


def _may_be_largest(numbers: list[Rounded]) -> list[bool]:
    best = numbers[0]
    for number in numbers[1:]:
        best = number if difference(number, best) > 0 else best
    return [difference(best, number) <= best.terms_error + number.terms_error for number in numbers]


def _may_be_largest_beside_special_values(numbers: list[Rounded]) -> list[bool]:
    """Any NaN may win, else an infinity; and whatever may be one of them too."""
    floats = [number.outward() for number in numbers]
    no_nan = not any(map(math.isnan, floats))
    wins = [value == max(floats) if no_nan else math.isnan(value) for value in floats]
    return [sure or number.terms_error == math.inf for sure, number in zip(wins, numbers, strict=True)]


def shares(values: list[Rounded], gradient: Rounded) -> list[Number]:
    """For each value the share of a gradient that it gets if it may be the largest."""
    contenders = may_be_largest(values)
    alone = sum(contenders) == 1
    share = gradient if alone else between(gradient.operand(), type(gradient)(0, gradient.arithmetic))
    return [share if contender else 0 for contender in contenders]
