"""Drawing cases: configurations, choices and values, where implementations go wrong."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from conformance.choices import Choice, Choices
from conformance.pools import Budget, pool
from conformance.regimes import MADE, REGIMES, FloatArray, Words
from conformance.spaces import Configuration, Space

T = TypeVar("T")

#: So many cases of the same sizes and choices, with other numbers; unless new combinations take so many draws each.
REPETITIONS, PATIENCE = 2, 20
#: What drawn configurations may cost, by what a check is after: bounds, laws with their fractions, anything else.
BUDGETS = {"rounding": Budget(60_000, 150), "lattice": Budget(60_000, 150), "law": Budget(300, 60)}
MODERATE = Budget(600, 100)
#: Of whoever compiles each shape, so many configurations of each pool.
FEW_CONFIGURATIONS = 4
#: Of an operation that can't be read in lanes, the most operations made one by one.
MOST_WORK_ALONE = 600
#: Infinities are read one number after the other: of more numbers than this none is drawn that would make one.
FEW_NUMBERS = 64
LABELS = (np.int64, np.int32, np.int8)
#: What libraries take for indices of classes.
CLASSES = (np.int64, np.int32)


class Discarded(Exception):
    """A case that isn't worth examining."""


class Draw:
    """What a check's drawing function asks for its configuration, its choices and its arrays.

    Args:
        choices: makes the choices.
        dtype: of the float arrays.
        values: a key of REGIMES.
        largest: no axis is longer.
        special: if given, a value that is put into some places of each array of floats.
        seen: how often each combination of sizes and choices was drawn before.
        seed: of the configurations to choose from.
        alone: whether bounds are found one number after the other: then calls are small.
        few: whether few configurations are drawn, again and again.
    """

    def __init__(
        self,
        choices: Choices,
        dtype: str,
        values: str,
        largest: int | None = None,
        special: float | None = None,
        seen: Counter[tuple[Any, ...]] | None = None,
        seed: int = 0,
        alone: bool = False,
        few: bool = False,
    ) -> None:
        self._choices, self.dtype, self.values, self._seed = choices, np.dtype(dtype), values, seed
        self._alone, self._few = alone, few
        self._largest, self._special, self._is_special = largest, special, special is None
        self._seen = seen
        self._arrays = 0
        #: everything chosen so far
        self.made: list[Choice] = []
        #: which of the arrays has many significant bits, if one has
        self._wide_array = self.integer(0, 2) if values in ("lattice", "swept") else 0
        #: if given, the length of the axis that is named first: the batch
        self.batch: int | None = None

    @property
    def puts_nan_or_infinity(self) -> bool:
        """Whether the special value, if there is one, is no number."""
        return self._special is not None and not math.isfinite(self._special)

    def require_interest(self) -> None:
        """Discard a case without the special value, or whose sizes and choices were drawn too often before."""
        if not self._is_special:
            raise Discarded
        if self._seen is not None:
            chosen = [choice for choice in self.made if not isinstance(choice, np.ndarray)]
            key = tuple(tuple(choice.items()) if isinstance(choice, dict) else choice for choice in chosen)
            self._seen[key] += 1
            patient = self._seen.total() < PATIENCE * len(self._seen)
            if self._seen[key] > REPETITIONS and patient:
                raise Discarded

    def configuration(self, space: Space) -> Configuration:
        """A configuration: one that networks use, one of the small box, or one with lengths at the edges."""
        budget = BUDGETS.get(self.values, MODERATE)
        work = min(budget.work, MOST_WORK_ALONE) if self._alone else budget.work
        named, small, edges, usual = pool(space, Budget(work, budget.steps, self._largest), self._seed)
        pools = [found for found in (usual, small, edges, usual, small, edges, list(named.values())) if found]
        if self._few:
            pools = [list(islice(found, FEW_CONFIGURATIONS)) for found in pools]
        drawn = self._choices.configuration(space, pools or [[space.simplest]])
        if self.batch is not None:
            drawn = drawn.changed(**{next(iter(space.sizes)): self.batch})
        self.made.append(drawn)
        return drawn

    def integer(self, low: int, high: int) -> int:
        """An integer, both ends included; shrinks towards the low one."""
        number = self._choices.number(high - low + 1)
        self.made.append(number)
        return low + number

    def choice(self, *options: T) -> T:
        """One of several; shrinks towards the first."""
        return options[self.integer(0, len(options) - 1)]

    def sizes(self, *limits: int) -> list[int]:
        """A length for each limit, from 1."""
        return [self.integer(1, min(limit, self._largest or limit)) for limit in limits]

    def pair(self, rows: int, columns: int) -> int | tuple[int, int]:
        """A size or stride for rows and columns, as a number where it can be one."""
        return rows if rows == columns and self.choice(True, True, True, False) else (rows, columns)

    def array(self, *shape: int, positive: bool = False, distinct: bool = False) -> FloatArray:
        """Floats of one regime: positive ones lie in (0, 1] or are integers, and distinct ones of a sweep don't tie."""
        count = math.prod(shape)
        regime = self._regime(distinct)
        raw = self._words(count)
        values = MADE[regime](raw, self.dtype)
        if positive:
            values = np.abs(values)
            values = np.where(values > 0, values, 1.0)
            values = values if self.values in ("lattice", "swept") else values / max(1.0, float(values.max()))
        if self._special is not None:
            places = raw % np.uint32(4) == 0 if count > 1 else np.ones(1, bool)
            self._is_special |= bool(places.any())
            values = np.where(places, self._special, values)
        return values.astype(self.dtype).reshape(shape)

    def signs(self, count: int) -> NDArray[Any]:
        """Labels +1 and -1, of any type of integers that holds them."""
        kind = self.choice(*LABELS)
        return np.where(self._words(count) % 2 == 0, 1, -1).astype(kind)

    def indices(self, count: int, classes: int, kinds: Sequence[type[np.integer[Any]]] = LABELS) -> NDArray[Any]:
        """The index of a class for each example, of any type of integers that holds them all."""
        kind = self.choice(*(kind for kind in kinds if classes <= np.iinfo(kind).max))
        return (self._words(count) % np.uint32(classes)).astype(kind)

    def probabilities(self, *shape: int) -> FloatArray:
        """Numbers between 0 and 1; of few, where bounds are sought, some may be 1, where logarithms end."""
        values = self.array(*shape, positive=True)
        if self.values in ("lattice", "swept"):
            return np.ldexp(values, -int(np.frexp(values.max())[1]))
        ends = self.values != "law" and values.size <= FEW_NUMBERS and self.choice(False, False, False, True)
        return values if ends else np.where(values == 1, values / 2, values)

    def truths(self, *shape: int) -> FloatArray:
        """Labels of yes or no, 1 or 0; or sixteenths, where that isn't certain."""
        parts = self.choice(1, 16)
        return (self._words(math.prod(shape)) % np.uint32(parts + 1) / parts).astype(self.dtype).reshape(shape)

    def distributions(self, rows: int, classes: int, weights: bool = False) -> FloatArray:
        """Label distributions that sum to 1 exactly: one-hot rows, or sixteenths; or weights that sum to anything."""
        kind = self.choice(*["one-hot", "soft", "weights"][: 3 if weights else 2])
        raw = self._words(rows * 4).reshape(rows, 4)
        shares = np.zeros((rows, classes))
        parts = {"one-hot": (16, 0, 0, 0), "soft": (9, 4, 2, 1), "weights": (24, 5, 3, 1)}[kind]
        for row, picks in enumerate(raw % np.uint32(classes)):
            nothing = kind == "weights" and raw[row, 0] % 5 == 4  # a row that nobody has labelled
            for pick, share in zip(picks, (0,) * 4 if nothing else parts, strict=True):
                shares[row, pick] += share / 16
        return shares.astype(self.dtype)

    def number(self, *options: float) -> float:
        """A hyperparameter that the dtype represents: one of the options, or any number in (0, 1]."""
        if self.values in ("lattice", "swept") or self.choice(True, True, False):
            return float(self.dtype.type(self.choice(*options)))
        bits = 20 if self.dtype == np.float32 else 50
        return float(self.dtype.type((1 + self.integer(0, 2**bits)) / 2**bits))

    def _words(self, count: int) -> Words:
        words = self._choices.words(count)
        self.made.append(words)
        return words

    def _regime(self, distinct: bool) -> str:
        regimes = REGIMES[self.values]
        if self.values not in ("lattice", "swept"):
            return self.choice(*regimes)
        self._arrays += 1
        if distinct and self.values == "swept":
            return "distinct"
        if self._wide_array == 0:
            return regimes[0]
        return regimes[1] if self._arrays == self._wide_array else regimes[2]
