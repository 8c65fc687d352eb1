"""Choices between rounded numbers: made where their errors leave no doubt, else everything that may come of them.

All of these take numbers as operands (`Rounded.operand`), whose sums are closed.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from reference import elementary
from reference.errors import Undecidable
from reference.numbers.binary import UP, aligned, signed_size, size_of

if TYPE_CHECKING:
    from reference.numbers.rounded import Rounded


def difference(a: Rounded, b: Rounded) -> float:
    """The difference of two exact values as a float, its sign always right."""
    of_a, of_b, exponent = aligned(a.mantissa, a.exponent, b.mantissa, b.exponent)
    return signed_size(of_a - of_b, exponent)


def comparison(a: Rounded, b: Rounded) -> float:
    """Negative, zero or positive as a - b is; NaN beside NaN; undecidable within the errors."""
    if math.inf in (a.terms_error, b.terms_error):
        raise Undecidable(f"{a} and {b}: of one of them nothing is known")
    if a.special is not None or b.special is not None:
        x, y = a.outward(), b.outward()
        return 0.0 if x == y else x - y
    apart, errors = difference(a, b), a.terms_error + b.terms_error
    if errors and abs(apart) <= errors * UP:
        raise Undecidable(f"{a} and {b} are nearer to each other than their errors")
    return apart


def larger(a: Rounded, b: Rounded) -> Rounded:
    """The larger one; where either could be, the error of either: a maximum moves no further than its operands."""
    if a.special is not None or b.special is not None:
        if math.inf in (a.terms_error, b.terms_error):
            return a.unbounded(a.undecided or b.undecided)
        x, y = a.outward(), b.outward()
        winner = elementary.maximum(x, y)
        return a if winner == x else b if winner == y else type(a)(winner, a.arithmetic)
    upper, lower = (a, b) if difference(a, b) >= 0 else (b, a)
    if difference(upper, lower) >= upper.terms_error + lower.terms_error:
        return upper
    return upper.with_bounds(
        max(a.terms_error, b.terms_error), max(a.magnitude, b.magnitude), a.undecided or b.undecided
    )


def between(a: Rounded, b: Rounded) -> Rounded:
    """Any number between two: their middle, give or take half their distance. Two that are equal leave no choice."""
    if a.special is not None or b.special is not None:
        return a.unbounded(undecided=True)
    error, magnitude = max(a.terms_error, b.terms_error), max(a.magnitude, b.magnitude)
    of_a, of_b, exponent = aligned(a.mantissa, a.exponent, b.mantissa, b.exponent)
    if of_a == of_b and error < math.inf:
        return a.with_bounds(error, magnitude, a.undecided or b.undecided)
    error = (size_of(of_a - of_b, exponent - 1) + error) * UP
    return a.of(of_a + of_b, exponent - 1, a.arithmetic, error, (magnitude + error) * UP, undecided=True)


def may_be_largest(numbers: list[Rounded]) -> list[bool]:
    """For each number whether it is the largest for some values within the errors."""
    if any(number.special is not None for number in numbers):
        return _may_be_largest_beside_special_values(numbers)
    best = numbers[0]
    for number in numbers[1:]:
        best = number if difference(number, best) > 0 else best
    return [difference(best, number) <= best.terms_error + number.terms_error for number in numbers]


def _may_be_largest_beside_special_values(numbers: list[Rounded]) -> list[bool]:
    """As of floats: the first NaN wins, else an infinity; and whatever may be one of them too."""
    floats = [number.outward() for number in numbers]
    first_nan = next((place for place, value in enumerate(floats) if math.isnan(value)), None)
    wins = [value == max(floats) if first_nan is None else place == first_nan for place, value in enumerate(floats)]
    return [sure or number.terms_error == math.inf for sure, number in zip(wins, numbers, strict=True)]
