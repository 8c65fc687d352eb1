"""Who computes another way passes under that claim; who gets it wrong is caught under it."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conformance.backend import LocalBackend
from conformance.checking import Result, run_check
from conformance.checks import KINDS, NUMBERS, checks_of
from conformance.checks.rounding_bound import compare_call
from conformance.comparison import Nonconforming
from conformance.implementation import load
from conformance.operations import operations
from conformance.outcomes import Status
from conformance.proof import proofs
from conformance.subject import Subject
from reference import alternatives
from reference.numbers import Arithmetic
from tests.conformance.claims.convolution import winograd_with_short_products
from tests.conformance.claims.ways import BOTH, ULPS, WAYS, Way

for room in pkgutil.iter_modules([str(Path(__file__).parent)]):
    if room.name != Path(__file__).stem:
        importlib.import_module(f"{__package__}.{room.name}")

SEEDS = (0, 1, 2)
BASE = load("numpy")


def subject(way: Way, function: Callable[..., Any], dtype: str, cases: int = 1, seed: int = 0) -> Subject:
    looked_at = Subject(operations()[way.operation], LocalBackend(function), BASE.arithmetics[dtype], cases, seed)
    looked_at.names_arguments, looked_at.shrink, looked_at.algorithm = True, False, way.text
    return looked_at


def results(looked_at: Subject, *kinds: str) -> Iterator[Result]:
    """What comes of the proof, and then of the checks of some kinds."""
    for check in (*proofs(looked_at.algorithm), *checks_of(looked_at.operation, kinds)):
        yield run_check(BASE.name, looked_at, check)


def test_every_alternative_has_somebody_who_computes_so() -> None:
    texts = {value for value in vars(alternatives).values() if callable(value)}
    assert {way.text for way in WAYS} == texts


@pytest.mark.parametrize("dtype", BOTH)
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.right.__name__)
def test_who_computes_another_way_passes_every_check_under_that_claim(way: Way, dtype: str) -> None:
    for result in results(subject(way, way.right, dtype, cases=way.cases // 4), *KINDS):
        assert result.status in (Status.PASSED, Status.NOT_APPLICABLE), result


@pytest.mark.parametrize("dtype", BOTH)
@pytest.mark.parametrize("way", [way for way in WAYS if way.telling], ids=lambda way: way.right.__name__)
def test_a_call_passes_under_the_claim_and_fails_where_nothing_is_claimed(way: Way, dtype: str) -> None:
    assert way.telling is not None
    function, arrays = way.telling(dtype)
    looked_at = subject(way, function, dtype)
    looked_at.arithmetic = Arithmetic(dtype, flush_to_zero=False, ulps=ULPS)
    arguments = dict(zip(looked_at.operation.parameters, arrays, strict=False))
    assert compare_call(looked_at, arguments).deciding
    looked_at.algorithm = None
    with pytest.raises(Nonconforming):
        compare_call(looked_at, arguments)


@pytest.mark.parametrize("dtype", BOTH)
def test_half_the_bits_are_too_few_under_the_claim(dtype: str) -> None:
    """In one call of many: the bound of Winograd's text is wider than the definition's, but not that wide."""
    (way,) = [way for way in WAYS if way.right.__name__ == "winograd"]
    numbers = np.random.default_rng(0).uniform(-1, 1, (2, 576)).astype(dtype)
    arguments = {"images": numbers[0].reshape(2, 12, 12, 2), "filters": numbers[1, :72].reshape(3, 3, 2, 4)}
    assert compare_call(subject(way, way.right, dtype), arguments).worst < 1
    with pytest.raises(Nonconforming):
        compare_call(subject(way, winograd_with_short_products, dtype), arguments)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("dtype", BOTH)
@pytest.mark.parametrize(
    ("way", "wrong"), [pytest.param(way, wrong, id=wrong.__name__) for way in WAYS for wrong in way.wrong]
)
def test_who_gets_it_wrong_is_caught_under_the_claim(
    way: Way, wrong: Callable[..., Any], dtype: str, seed: int
) -> None:
    found = results(subject(way, wrong, dtype, cases=way.cases, seed=seed), *NUMBERS)
    assert next(found).status is Status.PASSED, "the text is right, whoever claims it"
    statuses: dict[str, Status] = {}
    while Status.FAILED not in statuses.values() and (result := next(found, None)):
        statuses[result.check] = result.status
    assert Status.FAILED in statuses.values(), statuses
    assert Status.ERROR not in statuses.values(), statuses
