"""The README's examples give what they say."""

from __future__ import annotations

import doctest
from pathlib import Path


def test_every_example_of_the_readme() -> None:
    readme = Path(__file__).resolve().parent.parent / "README.md"
    outcome = doctest.testfile(str(readme), module_relative=False)
    assert outcome.attempted >= 12
    assert outcome.failed == 0
