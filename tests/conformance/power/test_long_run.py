"""The long run by hand tells who passed and who was caught, and fails if somebody wasn't."""

from __future__ import annotations

import pytest

from tests.conformance.power import long_run
from tests.conformance.power.entered import RIGHT_IMPLEMENTATIONS, WRONG_IMPLEMENTATIONS
from tests.conformance.power.entering import RightImplementation, WrongImplementation

LEAK, SWALLOW = (
    next(wrong for wrong in WRONG_IMPLEMENTATIONS if wrong.name == name) for name in ("relu_leaks", "relu_swallows_nan")
)
CLIP = next(right for right in RIGHT_IMPLEMENTATIONS if right.name == "relu_by_clipping")


def test_a_right_implementation_passes_and_a_wrong_one_among_them_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    false = RightImplementation("relu", LEAK.function, 8)
    monkeypatch.setattr(long_run, "RIGHT_IMPLEMENTATIONS", [CLIP, false])
    passed, failed = (long_run.look(True, place, 8, 0) for place in (0, 1))
    assert passed.as_entered
    assert passed.deciding > 0
    assert not failed.as_entered
    assert any(text.startswith("rounding bound: worst case (float32)") for text in failed.failed)
    assert "1/2" in long_run.line([passed, failed])


def test_a_wrong_implementation_is_caught_as_entered_by_another_check_or_not_at_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    elsewhere = WrongImplementation("relu", SWALLOW.function, ("rounding bound",), ("float32",), 8)
    nothing = WrongImplementation("relu", CLIP.function, ("rounding bound",), ("float32",), 8)
    monkeypatch.setattr(long_run, "WRONG_IMPLEMENTATIONS", [LEAK, elsewhere, nothing])
    outcomes = [long_run.look(False, place, 8, 0) for place in range(3)]
    assert [(outcome.as_entered, outcome.by_any) for outcome in outcomes] == [
        (True, True),
        (False, True),
        (False, False),
    ]


def test_the_table_has_a_line_for_each(capsys: pytest.CaptureFixture[str]) -> None:
    assert long_run.main(["--seeds", "2", "--cases", "8", "--named", "relu_by_clipping", "--jobs", "1"]) == 0
    assert "2/2" in next(line for line in capsys.readouterr().out.splitlines() if line.startswith("relu_by_clipping"))
