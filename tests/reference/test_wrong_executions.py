"""Every wrong placement, partition and execution is caught by its law."""

from __future__ import annotations

import pytest

from reference import InvalidArgument
from tests.reference.wrong_executions import BITS, DEATHS, GREEDY, PARTS, WRONG, Wrong

#: A law isn't met, an error doesn't come, or what is wrong gets stuck. Not a TypeError: that would be a slip in here.
CAUGHT = (AssertionError, pytest.fail.Exception, InvalidArgument, KeyError, RuntimeError)


@pytest.mark.parametrize("law", [PARTS, BITS, GREEDY, DEATHS], ids=["parts", "bits", "greedy", "deaths"])
def test_what_is_right_passes(law) -> None:  # type: ignore[no-untyped-def]
    law()


@pytest.mark.parametrize("wrong", WRONG, ids=[wrong.function.__name__ for wrong in WRONG])
def test_what_is_wrong_is_caught(wrong: Wrong, monkeypatch: pytest.MonkeyPatch) -> None:
    right = getattr(wrong.owner, wrong.attribute)
    called = []

    def replacement(*arguments, **named):  # type: ignore[no-untyped-def]
        called.append(wrong.attribute)
        return wrong.function(right, *arguments, **named)

    monkeypatch.setattr(wrong.owner, wrong.attribute, replacement)
    with pytest.raises(CAUGHT):
        wrong.law()
    assert called, "the wrong implementation was never asked"
