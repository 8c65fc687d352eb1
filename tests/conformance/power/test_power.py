"""A first measure of power: which mistakes the suite catches, and by which of its kinds of checks.

`pytest -s` prints, for every wrong implementation, the check that caught it and how far beyond its bound it was.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import pytest

from conformance.checking import Result, run_check
from conformance.checks import Check, checks_of
from conformance.comparison import Nonconforming
from conformance.operations import operations
from conformance.outcomes import Status
from tests.conformance.power.entered import (
    BASE,
    RIGHT_IMPLEMENTATIONS,
    WRONG_IMPLEMENTATIONS,
    hold_to_witness,
    subject,
)
from tests.conformance.power.entering import RightImplementation, WrongImplementation

#: More of them are for `long_run`.
SEEDS = (0,)

#: What the wrong implementations need of the suite: operation, beginning of the check's name, dtype, number of cases.
NEEDED = sorted(
    {
        (wrong.operation, check, dtype, wrong.cases)
        for wrong in WRONG_IMPLEMENTATIONS
        for check in wrong.caught_by
        for dtype in wrong.dtypes
    }
)


@pytest.fixture(scope="module")
def catches() -> Iterator[dict[tuple[str, str], list[Result]]]:
    """By wrong implementation and kind of check: the results of the checks that caught it, printed in the end."""
    caught: dict[tuple[str, str], list[Result]] = defaultdict(list)
    yield caught
    print(f"\n\n{'wrong implementation':<44}{'caught by':<20}{'times':<7}{'error/allowed':<15}first caught by")
    for (name, check), results in sorted(caught.items()):
        excess = max((result.excess for result in results if result.excess), default=None)
        shown = f"{excess:.3g}" if excess else "–"
        first = f"{results[0].check}: {results[0].summary}"
        print(f"{name:<44}{check.partition(':')[0]:<20}{len(results):<7}{shown:<15}{first}")


def checks_named(operation: str, beginning: str) -> list[Check]:
    return [check for check in checks_of(operations()[operation]) if check.name.startswith(beginning)]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("wrong", "kind"),
    [
        pytest.param(wrong, kind, id=f"{wrong.name}-{kind}".replace(" ", "_"))
        for wrong in WRONG_IMPLEMENTATIONS
        for kind in wrong.caught_by
    ],
)
def test_a_mistake_is_caught(
    wrong: WrongImplementation, kind: str, seed: int, catches: dict[tuple[str, str], list[Result]]
) -> None:
    for dtype in wrong.dtypes:
        looked_at = subject(wrong.operation, wrong.function, dtype, wrong.cases, seed)
        statuses: dict[str, Status] = {}
        for check in checks_named(wrong.operation, kind):
            result = run_check(BASE.name, looked_at, check)
            statuses[check.name] = result.status
            if result.status is Status.FAILED:
                catches[wrong.name, kind].append(result)
                break
        assert Status.FAILED in statuses.values(), f"{wrong.name} survived in {dtype}: {statuses}"
        assert Status.ERROR not in statuses.values(), statuses


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("operation", "kind", "dtype", "cases"),
    [pytest.param(*needed, id="-".join(map(str, needed)).replace(" ", "_")) for needed in NEEDED],
)
def test_the_base_conforms_so_that_a_catch_is_the_mistakes_doing(
    operation: str, kind: str, dtype: str, cases: int, seed: int
) -> None:
    looked_at = subject(operation, getattr(BASE.module, operation), dtype, cases, seed)
    for check in checks_named(operation, kind):
        result = run_check(BASE.name, looked_at, check)
        assert result.status is Status.PASSED, f"{check.name}: {result}"


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("right", RIGHT_IMPLEMENTATIONS, ids=lambda right: right.name)
def test_a_right_implementation_passes_every_kind(right: RightImplementation, dtype: str) -> None:
    looked_at = subject(right.operation, right.function, dtype, right.cases, 0)
    for check in checks_of(looked_at.operation):
        result = run_check(BASE.name, looked_at, check)
        assert result.status in (Status.PASSED, Status.NOT_APPLICABLE), f"{check.name}: {result}"


WITNESSED = [
    pytest.param(wrong, dtype, id=f"{wrong.name}-{dtype}")
    for wrong in WRONG_IMPLEMENTATIONS
    if wrong.witness is not None
    for dtype in wrong.dtypes
]


@pytest.mark.parametrize(("wrong", "dtype"), WITNESSED)
def test_every_mistake_is_one(wrong: WrongImplementation, dtype: str) -> None:
    hold_to_witness(wrong, getattr(BASE.module, wrong.operation), dtype)
    with pytest.raises(Nonconforming):
        hold_to_witness(wrong, wrong.function, dtype)


def test_every_mistake_is_described_and_has_a_name_of_its_own() -> None:
    names = [wrong.name for wrong in WRONG_IMPLEMENTATIONS]
    assert len(set(names)) == len(names)
    for wrong in WRONG_IMPLEMENTATIONS:
        assert wrong.function.__doc__, wrong.name
        assert wrong.caught_by, wrong.name


def test_every_check_that_is_to_catch_something_exists() -> None:
    for operation, kind, _, _ in NEEDED:
        assert checks_named(operation, kind), f"{operation}: {kind}"
