"""Making a failing case small, choice by choice, until none of them can be made simpler and the case still fails.

Not left to Hypothesis, which shrinks what it drew itself: here cases come from sweeps, too, and a configuration is made
smaller as what it is, length by length, not as the bytes that it came from.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import numpy as np

from conformance.choices import Choice
from conformance.spaces import Configuration

Failure = TypeVar("Failure", bound=Exception)


def smallest(
    choices: Sequence[Choice],
    failure: Failure,
    examine: Callable[[Sequence[Choice]], tuple[Failure, list[Choice]] | None],
    seconds: float,
) -> Failure:
    """The failure of the smallest case to be found.

    Args:
        choices: of a case that fails.
        failure: how it fails.
        examine: makes a case of choices and examines it: how it fails, and the choices that it really made; None if
            it doesn't fail.
        seconds: after which the smallest case found until then has to do.

    Returns:
        How the smallest case fails.
    """
    end = time.monotonic() + seconds
    current, smaller = list(choices), True
    while smaller:
        smaller = False
        place = 0
        while place < len(current):
            for candidate in _simpler(current, place):
                if time.monotonic() > end:
                    return failure
                found = examine(candidate)
                if found is not None and _is_simpler(found[1], current):
                    (failure, current), smaller = found, True
                    break
            else:
                place += 1
    return failure


def _simpler(choices: list[Choice], place: int) -> Iterator[list[Choice]]:
    """The same choices with one of them made simpler, the simplest first."""
    choice = choices[place]
    if isinstance(choice, Configuration):
        variants: Iterator[Any] = _smaller_configurations(choice)
    elif isinstance(choice, np.ndarray):
        variants = _plainer_words(choice)
    else:
        # Not by a set of all smaller numbers: a choice among 2⁵⁰ would take all memory that there is.
        variants = iter(sorted({number for number in (0, 1, choice // 2, choice - 1) if 0 <= number < choice}))
    for variant in variants:
        yield [*choices[:place], variant, *choices[place + 1 :]]


def _smaller_configurations(configuration: Configuration) -> Iterator[Configuration]:
    for (axis, values), place in zip(configuration.space.axes.items(), configuration.places(), strict=True):
        for value in values[:place]:
            smaller = configuration.changed(**{axis: value})
            if configuration.space.is_valid(smaller):
                yield smaller


def _plainer_words(words: Any) -> Iterator[Any]:
    """Fewer words that aren't 0: none, only every second block of them, and so on to single ones; and smaller ones."""
    set_places = np.flatnonzero(words)
    size = len(set_places)
    while size >= 1:
        for start in range(0, len(set_places), size):
            plainer = words.copy()
            plainer[set_places[start : start + size]] = 0
            yield plainer
        size //= 2
    for place in set_places:
        for word in (2, 1):
            if words[place] > 2:
                plainer = words.copy()
                plainer[place] = word
                yield plainer


def _is_simpler(made: Sequence[Choice], than: Sequence[Choice]) -> bool:
    """Whether choices are simpler than others, so that making them simpler comes to an end."""
    return _complexity(made) < _complexity(than)


def _complexity(choices: Sequence[Choice]) -> tuple[float, ...]:
    configurations = [choice for choice in choices if isinstance(choice, Configuration)]
    words = [choice for choice in choices if isinstance(choice, np.ndarray)]
    return (
        sum(sum(configuration.places()) for configuration in configurations),
        sum(map(len, words)),
        sum(choice for choice in choices if isinstance(choice, int)),
        sum(int(np.count_nonzero(each)) for each in words),
        sum(float(each.sum()) for each in words),
    )
