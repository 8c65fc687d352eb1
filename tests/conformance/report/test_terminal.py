"""The report on the terminal: short, in the order of importance, and whatever the texts are."""

from __future__ import annotations

import ast
import io
from typing import Any

import pytest
from rich.console import Console

from conformance.operations import operations
from conformance.outcomes import Severity
from conformance.report.terminal import print_catalogue, print_operation, print_report
from tests.conformance.report.sample import DATA, PROGRAM, deviation, implementation, judgement, only, result, sample


def printed(data: dict[str, Any], **options: Any) -> list[str]:
    file = io.StringIO()
    print_report(data, Console(file=file, width=80), **options)
    return file.getvalue().splitlines()


def text(lines: list[str]) -> str:
    return " ".join(" ".join(lines).split())


def default_run(findings: bool) -> dict[str, Any]:
    """Twenty-two operations of three implementations: one conforms, one is skipped, one deviates in many ways."""
    names = [f"softmax_cross_entropy_with_logits_{place}" for place in range(22)]
    severities = list(Severity)
    verdict = "fails" if findings else "known deviation"
    library = [
        judgement("library", name, verdict, severity=severities[place % 5], checks=9, broken=int(findings))
        for place, name in enumerate(names)
    ]
    broken = {"status": "failed", "severity": "wrong numbers", "summary": "result[0] is off " * 9, "came": "1\n" * 99}
    return sample(
        exit_status=0,
        operations=[{"name": name, "room": "losses"} for name in names],
        implementations=[
            implementation("fast.cpu"),
            implementation("fast.cuda"),
            implementation("library", role="witness"),
        ],
        judgements=[judgement("fast.cpu", name, "conforms", checks=9) for name in names]
        + [judgement("fast.cuda", name, "skipped", reason="no CUDA device was found") for name in names]
        + library,
        results=[
            result("library", name, f"laws: {law}", dtype, **broken)
            for name in names
            for law in ("one", "two")
            for dtype in DATA["dtypes"]
            if findings
        ],
        known_deviations=[deviation(name, "deviates", severity=severities[n % 5]) for n, name in enumerate(names)],
    )


@pytest.mark.parametrize("findings", [False, True])
def test_the_default_run_fits_sixty_lines(findings: bool) -> None:
    lines = printed(default_run(findings))
    assert len(lines) < 60
    assert max(map(len, lines)) <= 80


def test_who_conforms_comes_first() -> None:
    lines = printed(default_run(findings=False))
    assert lines[0].split() == ["fast.cpu", "22", "conform"]
    assert lines[1].split() == ["fast.cuda", "22", "skipped:", "no", "CUDA", "device", "was", "found"]
    assert text(lines[2:5]).startswith(
        "library witness: 22 deviate as known (5 × wrong numbers, 5 × crash, 4 × special"
    )


def test_a_run_with_one_of_everything_tells_it() -> None:
    said = text(printed(DATA))
    for words in (
        "gone can't be loaded: at all",
        "✗ numbers",
        "≈ special",
        "✗ accepts",
        "○ skipped",
        "– absent",
        "⊇ accepts conv2d an answer, where strides is bad (1.5)",
        "≠ wrong numbers some/homework.py relu rounding bound (float32, float64)",
        "exceeds the allowed error 1.19 × 10⁶ times",
        "also ‡ crash laws: grows: no end after 120 s",
        "Known in library: 1 × special values; 1 can't be seen here",
        "Stale: library softmax is right now: was wrong once",
        "Wrong list: library conv2d: its smallest case is no valid call: says what can't be",
        "skipped: no device (conv2d; good)",
        "no counterpart: no counterpart of <it> (conv2d; some/homework.py)",
        "not applicable: nothing grows (1 check; good)",
        "A processor avx2; 2 cores; Linux",
        "On a GPU: A <GPU>, 2026-05-04, abcdef: 2 × conforms.",
        "TF_ENABLE_ONEDNN_OPTS=0",
        "conformance --strict, abcdef, 2026-05-04T03:02:01+00:00",
        "5 of 12 fail. 13 checks in 12 s, seed 7.",
        "--strict would fail: 1 operation of a witness and 1 stale deviation.",
    ):
        assert words in said, words
    assert "7.22" not in said  # the errata are the page's


def test_a_program_can_be_pasted() -> None:
    lines = printed(only("some/homework.py"))
    start = lines.index("import numpy as np")
    program = "\n".join(lines[start : start + len(PROGRAM.splitlines())])
    assert program == PROGRAM
    ast.parse(program)


def test_nothing_in_a_text_is_markup() -> None:
    said = text(printed(only("some/homework.py"), homework=True) + printed(only("some/homework.py")))
    assert said.count("& [/bold] [red]long") == 2
    assert said.count("[bold]:smile:") == 2


@pytest.mark.parametrize("homework", [False, True])
def test_a_narrow_encoding_costs_signs_only(homework: bool) -> None:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding="ascii", errors="replace")
    print_report(DATA, Console(file=file, width=80), homework=homework)
    file.flush()
    assert b"? wrong numbers" in raw.getvalue()


def test_a_former_report_is_a_line() -> None:
    former = sample(judgements=[{**entry, "verdict": "skipped"} for entry in DATA["judgements"]])
    assert "Compared: since 2026-05-04T03:02:01+00:00, abcdef: 10 new" in text(printed(DATA, since=former))


def test_a_strict_run_tells_a_witnesss_failures_in_full() -> None:
    said = text(printed(only("library", strict=True)))
    assert "⊇ accepts what it should refuse library conv2d bad input: strides is refused" in said
    assert "1 of 3 fails." in said


def test_ends_that_are_no_verdicts_say_so() -> None:
    assert "Interrupted: this is what was done" in text(printed(sample(interrupted=True))[-2:])
    broken = text(printed(sample(error="Traceback\nKeyError: 3", exit_status=3)))
    assert "KeyError: 3 The suite itself went wrong." in broken
    assert "Nothing was checked." in text(printed(only()))


def test_hundreds_of_failures_are_counted() -> None:
    names = [f"o{place}" for place in range(40)]
    broken = {"status": "failed", "severity": "wrong numbers", "summary": "off", "reproduction": "pass"}
    data = sample(
        operations=[{"name": name, "room": "r"} for name in names],
        implementations=[implementation("good")],
        judgements=[judgement("good", name, "fails", severity="wrong numbers", checks=9, broken=9) for name in names],
        results=[result("good", name, f"laws: {n}", **broken) for name in names for n in range(9)],
        known_deviations=[],
    )
    lines = printed(data)
    assert len(lines) < 130
    assert "and 252 more failing checks, which the page tells, of good o12, good o13" in text(lines)
    assert "and 4 checks more of this operation" in text(lines)


def test_the_catalogue_fits_two_screens() -> None:
    file = io.StringIO()
    print_catalogue(Console(file=file, width=80))
    assert len(file.getvalue().splitlines()) < 48
    said = text(file.getvalue().splitlines())
    assert all(name in said for name in operations())
    assert "worked examples the slides' own numbers come out as printed" in said


def test_an_operation_is_listed_with_its_checks() -> None:
    file = io.StringIO()
    print_operation(Console(file=file, width=80), "conv2d")
    said = text(file.getvalue().splitlines())
    assert said.startswith("conv2d(images, filters, strides, padding), room convolution")
    assert "special values NaN, +infinity" in said


@pytest.mark.parametrize("homework", [False, True])
def test_a_claimed_algorithm_is_never_silent(homework: bool) -> None:
    said = text(printed(DATA, homework=homework))
    assert "Claimed by good: relu as clip in <b>/clip.py; held to the bounds of that." in said
    assert said.count("Claimed") == 1, "others claim nothing"
