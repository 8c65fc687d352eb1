"""Numbers and texts as reports write them."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)
Item = TypeVar("Item")

SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def ratio(value: float | None) -> str:
    """An error in parts of the allowed one; what is small is not printed as nothing, nor what is nearly 1 as 1.

    >>> [ratio(value) for value in (0.0, 0.001, 0.893, 0.9999, 1.0, None)]
    ['0', '<0.01', '0.89', '0.99', '1.00', '∞']
    """
    if value is None or not math.isfinite(value):
        return "∞"
    if 0 < value < 0.01:
        return "<0.01"
    return f"{math.floor(value * 100) / 100:.2f}" if value else "0"


def times(value: float) -> str:
    """How many times an error exceeds the allowed one.

    >>> [times(value) for value in (1.04, 37.2, 1187575.85, 9007199254740896.0)]
    ['1.04', '37.2', '1.19 × 10⁶', '9.01 × 10¹⁵']
    """
    if value < 1e4:
        return f"{value:.3g}" if value < 1000 else f"{value:.0f}"
    significand, _, exponent = f"{value:.2e}".partition("e")
    return f"{significand} × 10{str(int(exponent)).translate(SUPERSCRIPTS)}"


def plural(number: int, noun: str) -> str:
    """A number and its noun.

    >>> plural(1, "check"), plural(2, "check")
    ('1 check', '2 checks')
    """
    return f"{number} {noun}{'' if number == 1 else 's'}"


def one_line(text: str) -> str:
    """A text without line ends.

    >>> one_line("Traceback:\\n  line 3\\n")
    'Traceback: line 3'
    """
    return " ".join(text.split())


def last_line(text: str) -> str:
    """The last line of a text: of a traceback, what went wrong.

    >>> last_line("Traceback:\\n  line 3\\nImportError: no\\n")
    'ImportError: no'
    """
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")


def listed(names: Iterable[str], most: int) -> str:
    """Names with commas between them, and how many more there are.

    >>> listed(["relu", "tanh", "dense"], 2)
    'relu, tanh and 1 more'
    """
    every = list(names)
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return ", ".join(every[:most]) + more


def slug(text: str) -> str:
    """A text as a part of an address.

    >>> slug("special values: +infinity")
    'special-values-infinity'
    """
    return re.sub(r"[^a-z0-9_]+", "-", text.lower()).strip("-")


def unique(name: str, taken: set[str]) -> str:
    """A name that isn't taken, and now is.

    >>> taken = {"relu"}
    >>> unique("relu", taken), unique("relu", taken), unique("tanh", taken)
    ('relu-2', 'relu-3', 'tanh')
    """
    found, number = name, 1
    while found in taken:
        number += 1
        found = f"{name}-{number}"
    taken.add(found)
    return found


def grouped(items: Iterable[Item], key: Callable[[Item], Key]) -> dict[Key, list[Item]]:
    """Items by key, the keys in the order in which they first come."""
    groups: dict[Key, list[Item]] = defaultdict(list)
    for item in items:
        groups[key(item)].append(item)
    return dict(groups)
