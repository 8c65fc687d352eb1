"""The worked examples and errata of `fixtures/`, read exactly."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

#: Where the slides' numbers are: in a source tree beside this package, and where it is installed inside of it.
PLACES = (
    Path(__file__).resolve().parent.parent / "fixtures",
    Path(__file__).resolve().parent / "fixtures_of_the_slides",
)
#: The room whose files hold graphs.
GRAPHS = "graphs"


@dataclass(frozen=True)
class WorkedExample:
    """Numbers that a slide prints: what goes in, exactly, and what comes out, to the digits printed."""

    name: str
    room: str
    deck: str
    slide: str
    operation: str | None
    arguments: dict[str, Any]
    printed: dict[str, Any]
    errata: tuple[dict[str, Any], ...]

    def corrected(self) -> dict[str, Any]:
        """What the slide should have printed: its misprints replaced by the right values."""
        printed = json.loads(json.dumps(self.printed))
        for erratum in self.errata:
            steps = re.findall(r"\w+", erratum.get("where", ""))
            if steps and steps[0] in printed and erratum.get("kind") != "note":
                _replace(printed, steps, erratum["right"])
        return dict(printed)


@dataclass(frozen=True)
class GraphExample:
    """A graph of a slide: its formula, the tensors that are its parts, and its operations as plain data."""

    name: str
    deck: str
    slide: str
    formula: str
    outputs: dict[str, str]
    operations: list[dict[str, Any]]


@cache
def worked_examples() -> tuple[WorkedExample, ...]:
    """Every worked example, by room and file name."""
    return tuple(_read(path) for path in _files() if path.stem != "errata" and path.parent.name != GRAPHS)


@cache
def graph_examples() -> tuple[GraphExample, ...]:
    """Every graph of the slides."""
    contents = {path.stem: json.loads(path.read_text("utf-8")) for path in _files() if path.parent.name == GRAPHS}
    return tuple(GraphExample(name, operations=content.pop("graph"), **content) for name, content in contents.items())


def errata() -> Iterator[dict[str, Any]]:
    """Every erratum and note on the slides, with its deck, slide and room."""
    for path in _files():
        content = json.loads(path.read_text("utf-8"))
        for erratum in content.get("errata", ()):
            place = {key: content[key] for key in ("deck", "slide") if key in content}
            yield {**place, **erratum, "room": path.parent.name}


def exact(value: Any) -> Fraction | Any:
    """A number of a fixture: decimal text, C99 hex float, or integer."""
    if isinstance(value, str):
        if "0x" in value:
            return Fraction(float.fromhex(value))
        return Fraction(value)
    return value


def _files() -> list[Path]:
    """Every file of every room; without them the suite would be another one, and must not run."""
    files = [path for folder in PLACES for path in sorted(folder.glob("*/*.json"))]
    if not files:
        raise FileNotFoundError(f"the slides' numbers: wanted JSON files in {' or '.join(map(str, PLACES))}; got none")
    return files


def _read(path: Path) -> WorkedExample:
    content = json.loads(path.read_text("utf-8"))
    return WorkedExample(
        name=path.stem.replace("_", " "),
        room=path.parent.name,
        deck=content["deck"],
        slide=content["slide"],
        operation=content.get("operation"),
        arguments={name: decoded(value) for name, value in content.get("arguments", {}).items()},
        printed=content.get("printed", {}),
        errata=tuple(content.get("errata", ())),
    )


def decoded(value: Any) -> Any:
    """A JSON value with its tuples as tuples, wherever they are."""
    if isinstance(value, list):
        return [decoded(part) for part in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"tuple"}:
        return tuple(decoded(part) for part in value["tuple"])
    return {name: decoded(part) for name, part in value.items()}


def holds_numbers(value: Any) -> bool:
    """Whether a value is an array: texts inside lists. A text alone is a choice, and so is a JSON number."""
    while isinstance(value, list) and value:
        value = value[0]
        if isinstance(value, str):
            return True
    return False


def _replace(container: Any, steps: list[str], right: Any) -> None:
    """Put the right value at a path such as result[0][1], through tuples as well."""
    for step in steps[:-1]:
        container = container[int(step) if isinstance(container, list) else step]
        container = container["tuple"] if isinstance(container, dict) and "tuple" in container else container
    container[int(steps[-1]) if isinstance(container, list) else steps[-1]] = right
