"""Reports: on the terminal, as JSON, as JUnit XML for build servers, and as one self-contained HTML page."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from conformance.report import html, json, junit

#: The files of a report, the most important first, and what makes each.
RENDERERS: dict[str, Callable[[dict[str, Any], dict[str, Any] | None], bytes]] = {
    "report.json": lambda data, since: json.document(data).encode("utf-8", "backslashreplace"),
    "junit.xml": lambda data, since: junit.testsuites(data),
    "index.html": lambda data, since: html.page(data, since).encode("utf-8", "xmlcharrefreplace"),
}


def write(data: dict[str, Any], folder: Path, since: dict[str, Any] | None = None) -> None:
    """Write the reports; what goes wrong with one doesn't cost the others, and is raised at the end.

    Args:
        data: what `as_data` says of a run.
        folder: where to put them.
        since: a former report's data, to compare with.
    """
    folder.mkdir(parents=True, exist_ok=True)
    errors: list[Exception] = []
    for name, render in RENDERERS.items():
        try:
            replace(folder / name, render(data, since))
        except Exception as error:
            error.add_note(f"{folder / name} could not be written; what was there before is there still")
            errors.append(error)
    if errors:
        raise errors[0]


def replace(path: Path, content: bytes) -> None:
    """Put a file in the place of another: all of it, or if there is no room, none."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def require_writable(folder: Path) -> None:
    """Raise OSError, with one line that says why, if reports can't be written into a folder; create it first."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        replace(folder / f".try.{os.getpid()}", b"a file as long as this must fit")
        (folder / f".try.{os.getpid()}").unlink()
    except OSError as error:
        raise OSError(f"{folder}: wanted a folder to write reports into; got {error.strerror or error}") from None
    for name in RENDERERS:
        if (folder / name).is_dir():
            raise OSError(f"{folder / name}: wanted a file, or nothing yet; got a folder")
