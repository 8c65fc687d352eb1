"""Reports: on the terminal, as JSON, as JUnit XML for build servers, and as one self-contained HTML page."""

from __future__ import annotations

from pathlib import Path

from conformance.report.data import as_data
from conformance.report.html import page
from conformance.report.json import document
from conformance.report.junit import testsuites
from conformance.runner import Run


def write(run: Run, folder: Path) -> None:
    """Write report.json, junit.xml and index.html into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    data = as_data(run)
    (folder / "report.json").write_text(document(data), "utf-8")
    (folder / "junit.xml").write_bytes(testsuites(data))
    (folder / "index.html").write_text(page(data), "utf-8")
