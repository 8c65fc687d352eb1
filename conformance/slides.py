"""Which slide is specified where: the table in fixtures/COVERAGE.md, made from what the house says of itself.

What covers a slide is read off the `Source:` of every public docstring of the reference and the `slide` of every worked
example. What is covered by neither is either listed in fixtures/mentioned.json, with the reason why there is nothing to
specify, or in fixtures/to-come.json, with the room that it is for.

`python -m conformance.slides` writes the table, and takes from the list of what is to come whatever has come.
"""

from __future__ import annotations

import difflib
import importlib
import inspect
import json
import pkgutil
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import reference
from conformance.checks import KINDS, check_names
from conformance.fixtures import GRAPHS, PLACES, errata, graph_examples, worked_examples
from conformance.operations import operations

#: A slide: the deck's id, and its title.
Slide = tuple[str, str]

#: What a Source is read as: titles in quotes, ids of decks, and what ends a citation.
TOKEN = re.compile(r'"(?P<title>[^"]*)"|\b(?P<deck>(?:goldsborough|ruppert|reinert)-\w+)|(?P<end>[;:.])')


@dataclass(frozen=True)
class Row:
    """A title of a deck: on how many pages it stands, and what there is for it."""

    deck: str
    title: str
    pages: int
    functions: tuple[str, ...]
    examples: tuple[str, ...]
    errata: int
    mentioned: str
    to_come: str

    @property
    def covered(self) -> bool:
        return bool(self.functions or self.examples)

    def states(self) -> list[str]:
        """What it is said to be: one thing, if all is well."""
        said = {"covered": self.covered, "mentioned": self.mentioned, "to come": self.to_come}
        return [state for state, is_said in said.items() if is_said]


@dataclass(frozen=True)
class Ledger:
    """What the house says about the slides.

    Args:
        titles: of each deck the titles in order, with the number of pages that they stand on.
        sources: of each documented name of the reference, the slides that its docstring cites.
        examples: of each worked example, its slide.
        errata: the slide of each erratum and note.
        mentioned: slides with nothing to specify, and why.
        to_come: slides that nothing covers yet, and the rooms that shall.
    """

    titles: dict[str, list[tuple[str, int]]]
    sources: dict[str, list[Slide]]
    examples: dict[str, Slide]
    errata: list[Slide]
    mentioned: dict[Slide, str]
    to_come: dict[Slide, str]

    def rows(self) -> Iterator[Row]:
        """Every title of every deck, in the order in which they first come."""
        for deck, runs in self.titles.items():
            pages: Counter[str] = Counter()
            for title, count in runs:
                pages[title] += count
            for title, count in pages.items():
                slide = deck, title
                yield Row(
                    deck,
                    title,
                    count,
                    functions=tuple(name for name, cited in self.sources.items() if slide in cited),
                    examples=tuple(name for name, cited in self.examples.items() if slide == cited),
                    errata=self.errata.count(slide),
                    mentioned=self.mentioned.get(slide, ""),
                    to_come=self.to_come.get(slide, ""),
                )

    def problems(self) -> list[str]:
        """What doesn't fit together, in words."""
        rows = list(self.rows())
        return [*self._unknown(), *map(_unclear, [row for row in rows if len(row.states()) != 1])]

    def _unknown(self) -> Iterator[str]:
        known = {(deck, title) for deck, runs in self.titles.items() for title, _ in runs}
        named = [
            *((f"the Source of {name}", slide) for name, slides in self.sources.items() for slide in slides),
            *((f"fixtures/{name}.json", slide) for name, slide in self.examples.items()),
            *(("an erratum", slide) for slide in self.errata),
            *(("fixtures/mentioned.json", slide) for slide in self.mentioned),
            *(("fixtures/to-come.json", slide) for slide in self.to_come),
        ]
        for where, (deck, title) in named:
            if (deck, title) not in known:
                titles = [title for title, _ in self.titles.get(deck, [])]
                near = difflib.get_close_matches(title, titles, 1, 0.4)
                hint = f'; did you mean "{near[0]}"?' if near else ""
                yield f'{where} names a slide that {deck} has not: "{title}"{hint}'


def _unclear(row: Row) -> str:
    said = " and ".join(row.states()) or "neither covered, nor in fixtures/mentioned.json or fixtures/to-come.json"
    return f'{row.deck}, "{row.title}" is {said}'


def cited(docstring: str) -> list[Slide]:
    """The slides that the Source of a docstring names: a deck's id and titles in quotes, up to the next stop.

    A deck without a title is a slide without one, which no deck has.

    >>> cited('''Add up.
    ...
    ... Source:
    ...     reinert-intro, "Map" and "Lab 1": a "sum"; ruppert-ml2, "CNN".
    ... ''')
    [('reinert-intro', 'Map'), ('reinert-intro', 'Lab 1'), ('ruppert-ml2', 'CNN')]
    """
    section = re.search(r"^Source:\n((?:[ ]+\S.*(?:\n|$))+)", docstring, re.MULTILINE)
    found: list[Slide] = []
    deck = ""
    for token in TOKEN.finditer(" ".join(section[1].split()) if section else ""):
        if token["title"] is None:
            deck = token["deck"] or ""
            found += [(deck, "")] if deck else []
        elif deck:
            if not found[-1][1]:
                found.pop()
            found.append((deck, token["title"]))
    return found


def sources() -> dict[str, list[Slide]]:
    """The slides that each public function and class of the reference cites, by its name."""
    found: defaultdict[str, list[Slide]] = defaultdict(list)
    for module in pkgutil.walk_packages(reference.__path__, "reference."):
        for name, value in vars(importlib.import_module(module.name)).items():
            is_documented = inspect.isfunction(value) or inspect.isclass(value)
            if is_documented and value.__module__ == module.name and not name.startswith("_"):
                found[name] += cited(inspect.getdoc(value) or "")
    return {name: slides for name, slides in sorted(found.items()) if slides}


def read() -> Ledger:
    """What the house says now."""
    return Ledger(
        titles={deck: [(title, pages) for title, pages in runs] for deck, runs in _stored("titles").items()},
        sources=sources(),
        examples={
            **{f"{e.room}/{e.name}": (e.deck, e.slide) for e in worked_examples()},
            **{f"{GRAPHS}/{e.name}": (e.deck, e.slide) for e in graph_examples()},
        },
        errata=[(entry["deck"], entry["slide"]) for entry in errata()],
        mentioned=_by_slide(_stored("mentioned")),
        to_come=_by_slide(_stored("to-come")),
    )


def page(ledger: Ledger) -> str:
    """The table, as Markdown."""
    rows = list(ledger.rows())
    decks = [[row for row in rows if row.deck == deck] for deck in ledger.titles]
    return "\n".join(
        [
            "# The slides, and what specifies them",
            "",
            "Written by `python -m conformance.slides` from the docstrings of `reference/`, the files beside this one,",
            "and the suite; a test says when it is out of date. Don't edit it.",
            "",
            *_table("deck", "titles", "covered", "mentioned", "not yet"),
            *(_cells(row[0].deck, len(row), *(_count(row, state) for state in STATES)) for row in decks),
            _cells("all", len(rows), *(_count(rows, state) for state in STATES)),
            *(line for deck in decks for line in _deck(deck)),
            *_operations(ledger),
        ]
    )


STATES = ("covered", "mentioned", "to come")


def _count(rows: list[Row], state: str) -> int:
    return sum(state in row.states() for row in rows)


def _deck(rows: list[Row]) -> Iterator[str]:
    yield from ("", f"## {rows[0].deck}", "", *_table("slide", "pages", "by", "worked examples", "errata", "checks"))
    for row in rows:
        by = ", ".join(f"`{name}`" for name in row.functions)
        if not row.covered:
            by = f"mentioned: {row.mentioned}" if row.mentioned else f"**not yet**: {row.to_come}"
        examples = ", ".join(f"[{Path(name).name}]({name}.json)" for name in row.examples)
        yield _cells(row.title, row.pages, by, examples, row.errata or "", _checks(row) if row.covered else "")


def _checks(row: Row) -> str:
    """The kinds of checks that hold an implementation to this slide."""
    kinds = {kind for name in row.functions if name in operations() for kind in _kinds(name)}
    missing = [kind for kind in KINDS if kind not in kinds]
    if not kinds:
        return "tests of the reference" if row.functions else "tests of the fixtures"
    return f"all but {', '.join(missing)}" if missing else "all eight kinds"


def _kinds(operation: str) -> set[str]:
    return {check.partition(":")[0] for check in check_names(operations()[operation])}


def _operations(ledger: Ledger) -> Iterator[str]:
    """For each operation, which kinds of checks it has, and on how many slides it is."""
    yield from ("", "## The operations and their checks", "", *_table("operation", "room", "slides", *KINDS))
    for name, operation in operations().items():
        signs = ("✓" if kind in _kinds(name) else "" for kind in KINDS)
        yield _cells(f"`{name}`", operation.room, len(set(ledger.sources.get(name, []))), *signs)
    yield ""


def _table(*heads: str) -> tuple[str, str]:
    return _cells(*heads), _cells(*["---"] * len(heads))


def _cells(*texts: Any) -> str:
    return f"| {' | '.join(str(text).replace('|', '¦') for text in texts)} |"


def _stored(name: str) -> Any:
    places = [place / f"{name}.json" for place in PLACES]
    return json.loads(next(place for place in places if place.exists()).read_text("utf-8"))


def _by_slide(stored: dict[str, dict[str, str]]) -> dict[Slide, str]:
    return {(deck, title): said for deck, titles in stored.items() for title, said in titles.items()}


def write(folder: Path = PLACES[0]) -> list[str]:
    """Write the table; take what has come from the list of what is to come. What remains wrong is returned."""
    ledger = read()
    has_come = {(row.deck, row.title) for row in ledger.rows() if row.covered}
    stored = _stored("to-come")
    left = {
        deck: {t: room for t, room in titles.items() if (deck, t) not in has_come} for deck, titles in stored.items()
    }
    (folder / "to-come.json").write_text(json.dumps(left, ensure_ascii=False, indent=2) + "\n", "utf-8")
    ledger = read()
    (folder / "COVERAGE.md").write_text(page(ledger), "utf-8")
    return ledger.problems()


if __name__ == "__main__":
    sys.exit("\n".join(write()) or None)
