"""What the documents show is what there is: their examples run, and their diffs are the code."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

from conformance.implementation import load
from conformance.operations import operations

ROOT = Path(__file__).resolve().parent.parent


def blocks(document: str, language: str) -> list[str]:
    """The fenced blocks of a document that are in a language."""
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / document).read_text("utf-8"), re.DOTALL)


def test_every_example_of_the_readme() -> None:
    outcome = doctest.testfile(str(ROOT / "README.md"), module_relative=False)
    assert outcome.attempted >= 12
    assert outcome.failed == 0


def test_what_the_readme_lets_a_module_say_of_itself_can_be_loaded(tmp_path: Path) -> None:
    (said,) = [block for block in blocks("README.md", "python") if "KNOWN_DEVIATIONS" in block]
    module = tmp_path / "module.py"
    module.write_text(said, "utf-8")
    loaded = load(str(module))
    assert loaded.says(list(operations()))["deviations"][0]["severity"] == "special values"
    (deviation,) = loaded.deviations
    assert deviation.covers({**deviation.smallest, "pool_size": 2})


def test_the_worked_diff_is_the_code() -> None:
    shown = blocks("CONTRIBUTING.md", "diff")
    places = [re.search(r"^\+\+\+ b/(.*)$", block, re.MULTILINE) for block in shown]
    assert len(shown) >= 7
    for block, place in zip(shown, places, strict=True):
        assert place is not None
        code = (ROOT / place[1]).read_text("utf-8")
        pieces = re.findall(r"(?:^\+(?!\+\+).*\n)+", block, re.MULTILINE)
        assert pieces
        for piece in pieces:
            assert re.sub(r"^\+", "", piece, flags=re.MULTILINE) in code, place[1]


def test_the_worked_diff_touches_one_place_on_each_floor() -> None:
    places = [match[1] for block in blocks("CONTRIBUTING.md", "diff") if (match := re.search(r"\+\+\+ b/(.*)", block))]
    floors = [place.rpartition("/")[0] for place in places]
    assert len(set(floors)) == len(floors)
    assert {Path(place).stem for place in places} == {"activations"}
