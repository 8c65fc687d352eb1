"""Writing reports: each whole or not at all, and none at the cost of another."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from conformance.report import RENDERERS, html, junit, require_writable, write
from tests.conformance.report.sample import DATA, sample


def test_three_reports_and_nothing_else_are_written(tmp_path: Path) -> None:
    write(DATA, tmp_path / "new" / "folder")
    assert {path.name for path in (tmp_path / "new" / "folder").iterdir()} == set(RENDERERS)
    assert json.loads((tmp_path / "new" / "folder" / "report.json").read_text("utf-8")) == DATA
    ElementTree.parse(tmp_path / "new" / "folder" / "junit.xml")


def test_a_report_that_cannot_be_rendered_costs_itself_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(DATA, tmp_path)
    before = (tmp_path / "index.html").read_bytes()

    def breaks(data: dict[str, Any], since: dict[str, Any] | None) -> str:
        raise ZeroDivisionError("no page")

    monkeypatch.setattr(html, "page", breaks)
    with pytest.raises(ZeroDivisionError, match="no page") as raised:
        write(sample(seed=8), tmp_path)
    assert "index.html" in raised.value.__notes__[0]
    assert (tmp_path / "index.html").read_bytes() == before
    assert json.loads((tmp_path / "report.json").read_text("utf-8"))["seed"] == 8
    assert b'value="8"' in (tmp_path / "junit.xml").read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == set(RENDERERS)


def test_a_report_that_cannot_be_rendered_does_not_cost_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(data: dict[str, Any]) -> bytes:
        raise ZeroDivisionError("no suites")

    monkeypatch.setattr(junit, "testsuites", breaks)
    with pytest.raises(ZeroDivisionError, match="no suites"):
        write(DATA, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"report.json", "index.html"}


def test_whoever_reads_a_report_meanwhile_reads_all_of_the_old_one(tmp_path: Path) -> None:
    write(DATA, tmp_path)
    before = (tmp_path / "report.json").read_bytes()
    with (tmp_path / "report.json").open("rb") as reader:
        write(sample(seed=8), tmp_path)
        assert reader.read() == before


def test_a_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(DATA, tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write(sample(seed=8), tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    with pytest.raises(OSError, match="wanted a folder to write reports into; got No space left on device"):
        require_writable(tmp_path)


def test_a_lone_surrogate_costs_no_report(tmp_path: Path) -> None:
    data = sample()
    data["implementations"][0]["description"] = "\ud800"
    data["results"][3]["came"] = "\udfff"
    write(data, tmp_path)
    assert "\\ud800" in (tmp_path / "report.json").read_text("utf-8")
    ElementTree.parse(tmp_path / "junit.xml")
    (tmp_path / "index.html").read_text("utf-8")


def test_a_folder_is_tried_and_left_as_it_was(tmp_path: Path) -> None:
    require_writable(tmp_path / "a" / "b")
    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_a_folder_that_is_a_file_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "report").write_text("", "utf-8")
    for folder in (tmp_path / "report", tmp_path / "report" / "below"):
        with pytest.raises(OSError, match="wanted a folder to write reports into; got") as raised:
            require_writable(folder)
        assert "\n" not in str(raised.value)


def test_a_report_that_would_replace_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "index.html").mkdir()
    with pytest.raises(OSError, match=r"index\.html: wanted a file, or nothing yet; got a folder"):
        require_writable(tmp_path)
