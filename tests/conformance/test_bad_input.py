"""Bad calls are found at any seed, so that who refuses them has something to refuse."""

from __future__ import annotations

import pytest

from conformance.checks.bad_input import can_be_misfitted, is_bad, misfits
from conformance.operations import operations

SEEDS, WANTED = range(5), 2
MISFITTED = [name for name, operation in operations().items() if can_be_misfitted(operation)]


@pytest.mark.parametrize("name", MISFITTED)
def test_sizes_and_choices_that_dont_fit_are_found_at_any_seed(name: str) -> None:
    """Of a network, the reference takes most configurations that nobody would build: others are tried then."""
    for seed in SEEDS:
        found = list(misfits(operations()[name], "float64", WANTED, seed))
        assert len(found) == WANTED
        assert all(is_bad(operations()[name], arguments) for arguments in found)


def test_some_operations_have_none() -> None:
    assert 0 < len(MISFITTED) < len(operations())
