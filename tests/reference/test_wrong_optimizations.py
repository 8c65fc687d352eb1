"""Every wrong optimization is caught by a law."""

from __future__ import annotations

import pytest

from reference import InvalidArgument
from tests.reference.optimization_laws import SEEDS, require_laws
from tests.reference.test_optimization import test_what_fails_fails_in_the_run_that_needs_it as require_failures
from tests.reference.wrong_optimizations import WRONG


def require_everything() -> None:
    require_failures()
    for seed in SEEDS:
        require_laws(seed)


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_caught(name: str) -> None:
    with WRONG[name](), pytest.raises((AssertionError, InvalidArgument, KeyError, ZeroDivisionError)):
        require_everything()
