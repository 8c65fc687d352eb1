"""A run that was interrupted goes on where it was, and only if it is the same one."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.checks import check_names
from conformance.journal import NAME, Journal, OtherPlan
from conformance.operations import operations
from conformance.runner import run
from tests.conformance.plans import plan

COUNTING = """
import numpy as np
from pathlib import Path

def relu(z):
    with Path({calls!r}).open("a") as file:
        file.write("x")
    return np.maximum(z, 0)
"""


def counting(folder: Path) -> tuple[Path, Path]:
    """A module that notes each of its calls, and where."""
    module, calls = folder / "counting.py", folder / "calls"
    module.write_text(COUNTING.format(calls=str(calls)), "utf-8")
    return module, calls


def test_what_is_done_is_not_done_again(tmp_path: Path) -> None:
    module, calls = counting(tmp_path)
    whole = plan(str(module), operations=("relu",), kinds=("laws", "special values"))
    first = run(whole, journal=Journal.begin(tmp_path, whole))
    made = len(calls.read_text())
    # As if it had been interrupted after its first result, in the middle of a line.
    lines = (tmp_path / NAME).read_text().splitlines()
    assert len(lines) == 1 + len(first.results)
    (tmp_path / NAME).write_text("\n".join([*lines[:4], lines[4][:30]]))
    calls.write_text("")
    again = run(whole, journal=Journal.reopen(tmp_path, whole))
    assert [(r.check, r.status, r.deciding) for r in again.results] == [
        (r.check, r.status, r.deciding) for r in first.results
    ]
    assert 0 < len(calls.read_text()) < made
    assert len(again.results) == len(check_names(operations()["relu"], whole.kinds))


def test_another_run_is_not_continued(tmp_path: Path) -> None:
    Journal.begin(tmp_path, plan("numpy"))
    Journal.reopen(tmp_path, plan("numpy", jobs=1, strict=True))
    with pytest.raises(OtherPlan, match="repeat its options"):
        Journal.reopen(tmp_path, plan("numpy", seed=1))


def test_nothing_can_be_continued_where_nothing_was_begun(tmp_path: Path) -> None:
    with pytest.raises(OtherPlan, match="nothing to continue"):
        Journal.reopen(tmp_path, plan("numpy"))


def test_a_complete_run_leaves_nothing_to_continue(tmp_path: Path) -> None:
    journal = Journal.begin(tmp_path, plan("numpy"))
    assert (tmp_path / NAME).exists()
    journal.close()
    assert not (tmp_path / NAME).exists()
