"""Comparing a report with a former one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conformance.report.changes import changes, read_former
from tests.conformance.report.sample import DATA, only, sample


def test_the_same_has_not_changed() -> None:
    found = changes(DATA, DATA)
    assert not any(found.kinds.values())
    assert found.text == "since 2026-05-04T03:02:01+00:00, abcdef: no change"


@pytest.mark.parametrize(
    ("verdict", "severity", "kind"),
    [
        ("conforms", None, "worse"),
        ("known deviation", "wrong numbers", "worse"),
        ("fails", "manners", "worse"),
        ("fails", "wrong numbers", ""),
        ("can't be loaded", "crash", "better"),
        ("skipped", None, "new"),
    ],
)
def test_a_cell_is_ranked_by_its_verdict_and_then_its_severity(verdict: str, severity: str | None, kind: str) -> None:
    former = sample()
    former["judgements"][3].update(verdict=verdict, severity=severity)  # wrong numbers today
    found = changes(DATA, former).kinds
    assert [name for name, entries in found.items() if entries] == [kind] * bool(kind)


def test_what_is_no_longer_checked_is_gone_and_what_was_not_asked_for_is_not_compared() -> None:
    former = sample()
    former["judgements"][1].update(verdict="conforms")
    found = changes(only("good"), former)
    assert [(change.operation, change.before, change.now) for change in found.gone] == [
        ("conv2d", "conforms", "skipped")
    ]
    assert found.text.endswith("1 gone")


def test_a_former_report_is_read(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text(json.dumps({**DATA, "schema": "1.7"}), "utf-8")
    assert read_former(tmp_path / "report.json")["seed"] == 7


@pytest.mark.parametrize(
    ("content", "got"),
    [
        (b"{", "something that isn't JSON"),
        (b"\xff", "something that isn't JSON"),
        (b"[]", "none"),
        (b"{}", "none"),
        (b'{"schema": 1}', "1"),
        (b'{"schema": "2.0"}', "2.0"),
        (None, "No such file"),
    ],
)
def test_what_is_no_former_report_is_refused(tmp_path: Path, content: bytes | None, got: str) -> None:
    if content is not None:
        (tmp_path / "old.json").write_bytes(content)
    with pytest.raises(ValueError, match=rf"old\.json: wanted a report.*; got {got}"):
        read_former(tmp_path / "old.json")
