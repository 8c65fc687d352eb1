"""Sweeping a configuration space: every size and choice that matters, each with a few values.

What a sweep of an operation wants, on integers, doesn't depend on the dtype nor on the implementation: it is found once
and kept, for as long as a judge goes on with the same operation.
"""

from __future__ import annotations

import contextlib
import math
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from functools import cache, lru_cache
from itertools import chain, count, islice
from typing import Any

from conformance.arrays import arrays_in, largest_number, map_arrays
from conformance.choices import Again, Chance, Choice
from conformance.comparison import Comparison, compare
from conformance.drawing import MOST_WORK_ALONE, Draw
from conformance.exploration import HANDFUL, Evidence, Exploration
from conformance.lanes.exact import exact_results
from conformance.operation import Arguments, Operation
from conformance.pools import Budget, Pool, pool, whole
from conformance.spaces import Configuration, Space, size_of
from conformance.subject import Subject
from reference.errors import Undecidable
from reference.numbers import Arithmetic

#: Configurations swept for each case that is to decide a bound: on integers; where bounds must be found, too; and where
#: they must be found one number after the other.
SWEPT, SWEPT_FOR_BOUNDS, SWEPT_ALONE = 9, 3, 1.5
#: How many values make a combination of which the small box is to show every one, and the edges.
SMALL_STRENGTH, EDGE_STRENGTH = 3, 2
#: The parts of a sweep that go to the edges, and to usual choices, where there are any.
EDGE_SHARE, USUAL_SHARE = 0.3, 0.15
#: Configurations with names are swept as often, each time with other values; once only, if there are few others.
NAMED, FEW_NAMED = 4, 20
#: What a swept configuration may cost: operations one by one, and in lanes; less where bounds must be found, too.
AFFORDABLE = {"swept": Budget(200_000, 250), "rounding": Budget(40_000, 200)}
#: In lanes, at the edges: so long are sums and rows.
STEPS_AT_EDGES = {"swept": 520, "rounding": 1_300}
#: So many cases are kept, with what is wanted of them, until another operation's turn comes.
KEPT = 2_500
#: Seeds of further pools are so far apart that no two runs share one by accident.
FAR = 1 << 32
#: Of so many configurations it is remembered that they were met.
REMEMBERED = 100_000
#: The bounds of so many cases are found together.
MOST_TOGETHER = 600
#: Cases taken together hold no more numbers than this.
MOST_NUMBERS = 1 << 19


@dataclass
class Coverage:
    """What a sweep has covered: configurations of the small box, of how many; at the edges; and of those with names."""

    small: int = 0
    box: int = 0
    #: every combination of so many values of the small box was met, that any affordable call shows
    strength: int = 0
    edges: int = 0
    longest: int = 0
    named: int = 0
    #: of other sizes, with the choices that most calls have
    usual: int = 0


@dataclass(frozen=True)
class Chosen:
    """Configurations to sweep: how many, each with the part of the coverage that it counts for, and that coverage."""

    count: int
    configurations: Iterator[tuple[str, Configuration]]
    coverage: Coverage
    #: what was met before counts once, though it may come again with other values
    met: set[tuple[Any, ...]] = field(default_factory=set)

    def note(self, part: str, configuration: Configuration) -> None:
        """Count a configuration as covered."""
        key = part, *configuration.values()
        if part and key not in self.met:
            setattr(self.coverage, part, getattr(self.coverage, part) + 1)
            lengths = (configuration[name] for name in configuration.space.sizes)
            self.coverage.longest = max(self.coverage.longest, *lengths, 0)
            if len(self.met) < REMEMBERED:
                self.met.add(key)


def choose(subject: Subject, wanted: int, values: str) -> Chosen:
    """What to sweep: configurations with names, combinations of the small box, edges, and more of the small box.

    Args:
        subject: whose configurations.
        wanted: how many; of a thorough sweep, besides the whole small box.
        values: a key of AFFORDABLE.

    Returns:
        The configurations, as they are needed.
    """
    space, alone = subject.operation.space, subject.is_read_alone
    work, steps, *_ = AFFORDABLE[values]
    if alone or subject.largest is not None:
        work = MOST_WORK_ALONE
    # Where bounds are wanted of integers, after sums come exponentials: those are read one by one more often than not.
    cheap = values == "rounding" or is_exact(subject.operation)
    budget = Budget(work, steps, subject.largest, STEPS_AT_EDGES[values] if cheap else 0)
    found = pool(space, budget, subject.seed)
    named = list((found.named if alone else space.named(subject.largest)).values())
    edges = found.edges.covering(EDGE_STRENGTH + subject.thorough, subject.seed)
    at_edges = max(math.ceil(wanted * EDGE_SHARE), len(edges) if subject.thorough else 0) if edges else 0
    usual = math.ceil(wanted * USUAL_SHARE) if found.usual else 0
    again = list(found.named.values()) * (NAMED - 1 if wanted > FEW_NAMED * len(named) else 0)
    left = max(wanted - len(named) - len(again) - at_edges - usual, 1)
    strength, covering = _covering(found, left, subject.seed)
    box = whole(space, found.small.axes) if subject.thorough else None
    parts: list[tuple[str, int, Iterable[Configuration]]] = [
        ("named", len(named), named),
        ("small", len(box) if box else left, box or chain(covering, _more(space, budget, subject.seed, "small"))),
        ("edges", at_edges, chain(edges, _more(space, budget, subject.seed, "edges"))),
        ("usual", usual, _more(space, budget, subject.seed, "usual")),
        ("", len(again), again),
    ]
    coverage = Coverage(
        box=len(box) if box else size_of(found.small.axes), strength=len(space.axes) if box else strength
    )
    in_order = ((part, c) for part, count, found in parts for c in islice(found, count))
    return Chosen(sum(count for _, count, _ in parts), in_order, coverage)


def _covering(found: Pool, most: int, seed: int) -> tuple[int, list[Configuration]]:
    """Configurations of the small box with every combination of as many values as so many can show."""
    for strength in range(SMALL_STRENGTH, 1, -1):
        covering = found.small.covering(strength, seed)
        if len(covering) <= most:
            return strength, covering
    return 0, []


def _more(space: Space, budget: Budget, seed: int, which: str) -> Iterator[Configuration]:
    """Random configurations without end, if there are any: of the same pool first, then of others."""
    for number in count():
        found = getattr(pool(space, budget, seed + number * FAR), which)
        if not found:
            return
        yield from found


def sweep(subject: Subject, values: str) -> Evidence:
    """Examine configurations; raises Nonconforming with the smallest case that fails."""
    operation = subject.operation
    # Who limits its axes takes its time.
    at_length = values == "swept" and is_exact(operation) and subject.largest is None
    shares = SWEPT if at_length else SWEPT_FOR_BOUNDS
    wanted = math.ceil(subject.cases * (SWEPT_ALONE if subject.is_read_alone else shares))
    chosen = choose(subject, math.ceil(wanted / subject.values_of_each), values)
    exploration = Exploration(
        subject, lambda draw: Case(operation.draw_call(draw)), lambda case: case.judged(subject), values
    )
    cases = _cases(subject, chosen, values)
    seen = 0
    while taken := _next_few(cases, MOST_TOGETHER):
        subject.find_bounds([case.arguments for _, case in taken if not case.is_exact_for(subject)])
        rest = iter(taken)
        while handful := _next_few(rest, HANDFUL):
            seen += len(handful)
            subject.progress(seen / (chosen.count * subject.values_of_each))
            subject.ask_ahead([case.arguments for _, case in handful])
            exploration.examine_together(handful)
    exploration.evidence.covered = asdict(chosen.coverage)
    return exploration.evidence


@dataclass
class Case:
    """A call, and what is wanted of it if that is known already: the exact result, and Σ|terms|."""

    arguments: Arguments
    wanted: Any = None
    largest: float = math.inf

    def judged(self, subject: Subject) -> Comparison:
        """How the call's result compares."""
        wanted = self.wanted if self.is_exact_for(subject) else subject.bounds(self.arguments)
        return compare(wanted, subject.run(self.arguments), subject.arithmetic, self.arguments)

    def is_exact_for(self, subject: Subject) -> bool:
        """Whether the result that is known is the one to be had in the claimed arithmetic, whatever the order."""
        return subject.algorithm is None and self.largest <= exact_up_to(subject.arithmetic, self.arguments)

    def in_dtype(self, dtype: str) -> Case:
        """The same call, with arrays of floats of some dtype."""
        cast = map_arrays(lambda array: array.astype(dtype) if array.dtype.kind == "f" else array, self.arguments)
        return Case(cast, self.wanted, self.largest)


def _cases(subject: Subject, chosen: Chosen, values: str) -> Iterator[tuple[list[Choice], Case]]:
    operation, shared = subject.operation, values == "swept"
    repeated = (found for found in chosen.configurations for _ in range(subject.values_of_each))
    for place, (part, configuration) in enumerate(repeated):
        chosen.note(part, configuration)
        seed = (subject.seed, zlib.crc32(operation.name.encode()), place)
        # Integers are the same in every dtype; labels of a float type are cast with the rest.
        dtype = "float64" if shared else subject.dtype
        made, case = swept_case(operation, configuration, seed, dtype, values)
        yield made, case.in_dtype(subject.dtype)


def swept_case(
    operation: Operation, configuration: Configuration, seed: tuple[int, ...], dtype: str, values: str
) -> tuple[list[Choice], Case]:
    """A call of some configuration, with what is wanted of it where integers tell."""
    kept, key = _kept(operation), (tuple(configuration.items()), seed, dtype, values)
    if key in kept:
        return kept[key]
    made = _made_case(operation, configuration, seed, dtype, values)
    # The first ones: of more than can be kept, the last ones would be gone when the next sweep begins.
    if len(kept) < KEPT:
        kept[key] = made
    return made


@lru_cache(maxsize=1)
def _kept(operation: Operation) -> dict[Any, tuple[list[Choice], Case]]:
    """Cases of the operation that is being looked at."""
    return {}


def _made_case(
    operation: Operation, given: Configuration, seed: tuple[int, ...], dtype: str, values: str
) -> tuple[list[Choice], Case]:
    draw = Draw(Chance(seed, given), dtype, values)
    arguments, axes = operation.draw_call(draw), operation.case.axes
    if values == "swept" and is_exact(operation) and axes is not None:
        data, hyperparameters = operation.split(arguments)
        # Integers have no exponential, which may be a choice of the call's.
        with contextlib.suppress(Undecidable, TypeError):
            wanted, largest = exact_results(operation.reference, axes, list(data.values()), hyperparameters)
            return draw.made, Case(arguments, wanted, largest)
    return draw.made, Case(arguments)


@cache
def is_exact(operation: Operation) -> bool:
    """Whether an operation only adds, multiplies, and compares: integers go in, and integers come out."""
    if operation.case.axes is None:
        return False
    data, hyperparameters = operation.split(operation.draw_call(Draw(Again(), "float64", "swept")))
    try:
        exact_results(operation.reference, operation.case.axes, list(data.values()), hyperparameters)
    except Undecidable:
        return True
    except TypeError:  # integers have no exponential
        return False
    return True


def exact_up_to(arithmetic: Arithmetic, arguments: Arguments) -> float:
    """Up to which Σ|terms| integers are exact in an arithmetic, whatever the order; 0 if not even the inputs are."""
    if arithmetic.input_roundoff and largest_number(arguments) > 1 / arithmetic.input_roundoff:
        return 0.0
    return 1 / max(arithmetic.unit_roundoff, arithmetic.accumulation_roundoff)


def _next_few(cases: Iterator[tuple[list[Choice], Case]], most: int) -> list[tuple[list[Choice], Case]]:
    """The next cases, at most so many, and so few that their arrays are no burden."""
    handful: list[tuple[list[Choice], Case]] = []
    numbers = 0
    for made, case in cases:
        handful.append((made, case))
        numbers += sum(array.size for array in arrays_in(case.arguments))
        if len(handful) == most or numbers > MOST_NUMBERS:
            break
    return handful
