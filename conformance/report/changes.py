"""What is better and what is worse than in a former report."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conformance.outcomes import Verdict
from conformance.report.data import SCHEMA_VERSION
from conformance.report.signs import VERDICTS, rank

#: The better a verdict, the further to the left. The others say that nothing was checked.
CHECKED = (Verdict.CONFORMS, Verdict.KNOWN_DEVIATION, Verdict.FAILS, Verdict.UNUSABLE)


@dataclass(frozen=True)
class Change:
    """What was said of an operation of an implementation, and what is said now; nothing, where it wasn't checked."""

    implementation: str
    operation: str
    before: str
    now: str


@dataclass(frozen=True)
class Changes:
    """How two reports differ, cell by cell."""

    date: str
    commit: str
    better: list[Change] = field(default_factory=list)
    worse: list[Change] = field(default_factory=list)
    new: list[Change] = field(default_factory=list)
    gone: list[Change] = field(default_factory=list)

    @property
    def kinds(self) -> dict[str, list[Change]]:
        """The changes by what they mean, the bad ones first."""
        return {"worse": self.worse, "gone": self.gone, "better": self.better, "new": self.new}

    @property
    def text(self) -> str:
        """All in one line."""
        said = [f"{len(changes)} {kind}" for kind, changes in self.kinds.items() if changes]
        return f"since {self.date}{f', {self.commit}' if self.commit else ''}: {', '.join(said) or 'no change'}"


def read_former(path: Path) -> dict[str, Any]:
    """A former report.json.

    Raises:
        ValueError: if it isn't one, or of a shape that can't be compared with today's.
    """
    try:
        former = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ValueError(f"{path}: wanted a report.json; got {error.strerror}") from None
    except ValueError:  # of json, and of unicode
        raise ValueError(f"{path}: wanted a report.json; got something that isn't JSON") from None
    schema = former.get("schema") if isinstance(former, dict) else None
    if not isinstance(schema, str) or schema.partition(".")[0] != SCHEMA_VERSION.partition(".")[0]:
        raise ValueError(f"{path}: wanted a report of schema {SCHEMA_VERSION}; got {schema or 'none'}")
    return dict(former)


def changes(data: dict[str, Any], since: dict[str, Any]) -> Changes:
    """How a report differs from a former one; what wasn't asked for this time isn't compared."""
    environment = since["environment"]
    found = Changes(environment.get("date", "a former report"), environment.get("commit", ""))
    former, present = _cells(since), _cells(data)
    for place, now in present.items():
        before = former.get(place)
        was, checked = before is not None and _checked(before), _checked(now)
        change = Change(*place, _text(before), _text(now))
        if was != checked:
            (found.new if checked else found.gone).append(change)
        elif before is not None and checked and _badness(before) != _badness(now):
            (found.worse if _badness(now) > _badness(before) else found.better).append(change)
    return found


def _cells(data: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {(judgement["implementation"], judgement["operation"]): judgement for judgement in data["judgements"]}


def _checked(judgement: dict[str, Any]) -> bool:
    return judgement["verdict"] in CHECKED


def _badness(judgement: dict[str, Any]) -> tuple[int, int]:
    return CHECKED.index(judgement["verdict"]), -rank(judgement["severity"])


def _text(judgement: dict[str, Any] | None) -> str:
    if judgement is None:
        return ""
    said = VERDICTS[judgement["verdict"]].meaning
    return f"{said}: {judgement['severity']}" if judgement["severity"] else said
