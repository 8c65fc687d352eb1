"""How much of the allowed error is used, as a small picture: a bar for each twentieth."""

from __future__ import annotations

import math
from typing import Any

from markupsafe import Markup

from conformance.report.words import plural, ratio

#: The width of a bar and of the space that it stands in, and the height of the highest.
BAR, STEP, HEIGHT = 5, 6, 30


def histogram(judgement: dict[str, Any]) -> Markup:
    """A picture of a judgement's histogram; empty if no case decides.

    Heights are square roots, so that one case beside a hundred is seen.
    """
    numbers = judgement["histogram"]
    if not any(numbers):
        return Markup("")
    width, largest = STEP * len(numbers), math.sqrt(max(numbers))
    bars = "".join(_bar(place, math.sqrt(number) / largest) for place, number in enumerate(numbers) if number)
    return Markup(
        '<svg class="histogram" role="img" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
        '<title>{text}</title><path class="floor" d="M0 {floor}h{width}"/><path d="{bars}"/></svg>'
    ).format(width=width, height=HEIGHT + 1, floor=HEIGHT + 0.5, text=words(judgement), bars=bars)


def words(judgement: dict[str, Any]) -> str:
    """What a histogram shows, for those who can't see it.

    >>> words({"operation": "relu", "implementation": "mine", "histogram": [7, 0, 1], "worst": 0.9})
    'relu, mine: of 8 cases that decide, 7 stay within 1/3 of the allowed error; the largest is 0.90 of it'
    """
    numbers = judgement["histogram"]
    return (
        f"{judgement['operation']}, {judgement['implementation']}: of {plural(sum(numbers), 'case')} that decide, "
        f"{numbers[0]} stay within 1/{len(numbers)} of the allowed error; "
        f"the largest is {ratio(judgement['worst'])} of it"
    )


def _bar(place: int, share: float) -> str:
    height = max(1, round(share * HEIGHT))
    return f"M{place * STEP} {HEIGHT}v-{height}h{BAR}v{height}z"
