"""Annotations for a build server."""

from __future__ import annotations

from conformance.report.annotations import annotations
from tests.conformance.report.sample import DATA, only, sample

THERE = {"GITHUB_ACTIONS": "true"}


def test_nothing_is_said_elsewhere() -> None:
    assert annotations(DATA, {}) == []
    assert annotations(DATA, {"GITHUB_ACTIONS": "false"}) == []


def test_failures_are_errors_and_findings_are_warnings() -> None:
    lines = annotations(DATA, THERE)
    assert [line.split(" title=")[0] for line in lines] == ["::error", "::error", "::error", "::warning", "::warning"]
    assert lines[0] == "::error title=gone can't be loaded::at all"
    assert lines[1].startswith(
        "::error title=some/homework.py relu%3A wrong numbers,file=some/homework.py,line=4::"
        "rounding bound: result[0] is off <script>alert('summary')</script> (and 2 checks more)%0Awanted: 1.0 "
    )
    assert lines[3].startswith("::warning title=library conv2d%3A accepts what it should refuse::")
    assert lines[4] == "::warning title=library softmax%3A a known deviation is stale::was wrong once"


def test_all_are_errors_in_a_strict_run() -> None:
    assert all(line.startswith("::error ") for line in annotations(sample(strict=True), THERE))


def test_a_message_is_one_line_and_cannot_give_orders() -> None:
    data = only("library", error="100%\r\n::set-output name=a::b")
    data["results"][-1]["summary"] = "50%\n::stop-commands::x"
    for line in annotations(data, THERE):
        assert "\n" not in line
        assert "\r" not in line
    assert "bad input: strides is refused: 50%25%0A::stop-commands::x" in annotations(data, THERE)[1]


def test_a_file_elsewhere_is_not_pointed_at() -> None:
    data = sample()
    data["implementations"][1]["provides"]["relu"] = "../elsewhere/homework.py:4"
    assert "file=" not in annotations(data, THERE)[1]
