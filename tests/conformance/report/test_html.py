"""The report's page, rendered from a small run that has one of everything."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest

from conformance.report.html import page
from tests.conformance.report.sample import DATA, NAMES, OPERATIONS, implementation, judgement, only, result, sample

VOID = {"meta", "input", "wbr", "br"}


class Reader(HTMLParser):
    """Notes a page's text and attributes, and insists that every element is ended where it must be."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> at {self.getpos()}"
        if tag in ("td", "th", "dt", "dd", "summary", "span", "title", "p", "li"):
            self.text.append(" ")

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == []
    return reader


@pytest.fixture(scope="module")
def html() -> str:
    return page(DATA)


def words(html: str) -> str:
    return " ".join("".join(read(html).text).split())


def section(html: str, identifier: str) -> str:
    """The words below a heading."""
    inside = html.partition(f'<h2 id="{identifier}">')[2].partition("</section>")[0]
    assert inside, identifier
    return words(f"<section><h2>{inside}</section>")


def cells(html: str) -> dict[tuple[str, str], str]:
    """The cells of the matrix."""
    matrix = html.partition('<table class="matrix"')[2].partition("</table>")[0]
    rows = matrix.partition("<tbody")[2].split("<tr")[1:]
    return {
        (operation, name): "<td" + cell.partition("</td>")[0] + "</td>"
        for operation, row in zip(OPERATIONS, rows, strict=True)
        for name, cell in zip(NAMES, row.split("<td")[1:], strict=True)
    }


def test_elements_are_balanced(html: str) -> None:
    assert read(html).tags.count("html") == 1


def test_loads_nothing(html: str) -> None:
    reader = read(html)
    assert not {"script", "link", "img", "iframe", "object"} & set(reader.tags)
    assert all(value and value.startswith("#") for name, value in reader.attributes if name in ("src", "href"))
    assert not re.search(r"https?://|url\(|@import", html)


def test_links_lead_somewhere_and_identifiers_are_unique(html: str) -> None:
    attributes = read(html).attributes
    identifiers = [value for name, value in attributes if name == "id"]
    assert len(identifiers) == len(set(identifiers))
    assert {value[1:] for name, value in attributes if name == "href" and value} <= set(identifiers)


def test_the_contents_are_numbered_as_the_sections_are() -> None:
    for html in (page(DATA), page(DATA, DATA), page(only("good"))):
        contents = html.partition('<nav class="contents"')[2].partition("</nav>")[0]
        assert re.findall(r'<li><a href="#([^"]*)"', contents) == re.findall(r'<h2 id="([^"]*)"', html)


def test_addresses_stay_when_other_findings_go() -> None:
    address = 'href="#new-some-homework-py-relu-laws-grows"'
    data = sample()
    data["results"] = [entry for entry in data["results"] if entry["kind"] == "laws"]
    assert address in page(DATA)
    assert address in page(data)


def test_names_that_differ_in_signs_only_have_addresses_of_their_own() -> None:
    data = sample(results=[result("good", "relu", f"laws: {sign}", status="failed") for sign in "+-±"])
    identifiers = re.findall(r'id="(new-good-relu-laws[^"]*)"', page(data))
    assert len(set(identifiers)) == 3


def test_text_of_results_is_escaped(html: str) -> None:
    assert "<script" not in html
    for field in ("summary", "wanted", "came", "printed", "reproduction"):
        assert f"<script>alert('{field}')</script>" in words(html)
    for text in ("one that <em>conforms</em>", "7.67 <b>", "ImportError: no <gone>", "drops <b>NaN</b>", "of <it>"):
        assert text in words(html)
    assert "&lt;em&gt;" in html


def test_names_are_escaped_where_they_may_break() -> None:
    data = sample()
    for part in ("implementations", "judgements", "results"):
        for entry in data[part]:
            key = "name" if "name" in entry else "implementation"
            entry[key] = entry[key].replace("some/", "<b>/")
    assert "<b>" not in page(data)


def test_a_cell_tells_its_verdict_and_its_worst_severity(html: str) -> None:
    for said in DATA["judgements"]:
        cell = cells(html)[said["operation"], said["implementation"]]
        assert said["implementation"] in words(cell)
        assert (said["severity"] if said["checks"] and said["severity"] else said["verdict"]) in words(cell) or (
            "error in the suite" in words(cell) and said["broken"]
        )


def test_a_leniency_looks_unlike_a_wrong_number(html: str) -> None:
    wrong = cells(html)["relu", "some/homework.py"]
    lenient = cells(html)["conv2d", "library"]
    assert "s-numbers" in wrong
    assert "≠" in wrong
    assert "s-accepts" in lenient
    assert "⊇" in lenient


def test_a_cell_tells_its_numbers(html: str) -> None:
    assert "3 undecidable and 2 vacuous cases" in cells(html)["relu", "good"]
    assert "10 cases worst 0.50" in words(cells(html)["relu", "good"])
    assert "4 of 5 checks 1.19 × 10⁶ times the allowed error" in words(cells(html)["relu", "some/homework.py"])
    assert "worst ∞" in words(cells(html)["softmax", "library"])


def test_what_is_new_stands_apart_from_what_is_known(html: str) -> None:
    new, known = section(html, "findings"), section(html, "known")
    assert "rounding bound float32, float64" in new
    assert "exceeds the allowed error 1.19 × 10⁶ times" in new
    assert "timed out: no end after 120 s" in new
    assert "gone can’t be loaded ImportError: no <gone> [bold] at all" in new
    assert "drops" not in new
    assert "drops <b>NaN</b> 9 cases smallest case relu(z=np.array([np.nan]) ) instead 0 since 2.1" in known.replace(
        "])", "]) "
    )
    assert "12 cases met, of which 9 deviated" in known
    assert "strides is bad" not in known


def test_lists_that_are_out_of_date_are_told(html: str) -> None:
    assert "softmax stale: was wrong once: its smallest case is right now" in section(html, "outdated")
    assert "conv2d wrong: says what can't be: its smallest case is no valid call" in section(html, "outdated")


def test_absences_and_errata_are_told(html: str) -> None:
    absences = section(html, "unchecked")
    assert "skipped: no device conv2d" in absences
    assert "no counterpart: no counterpart of <it> conv2d" in absences
    assert "not applicable: nothing grows relu (laws: grows)" in absences
    errata = section(html, "errata")
    assert errata.index("7.22") < errata.index("1 note on") < errata.index("wording")


def test_a_picture_is_told_in_words(html: str) -> None:
    said = "relu, good: of 28 cases that decide, 9 stay within 1/20 of the allowed error; the largest is 0.50 of it"
    assert said in section(html, "errors-allowed")
    bars = html.partition(said)[2].partition("</svg>")[0].rpartition('d="')[2]
    assert bars.count("M") == 20
    assert bars.startswith("M0 30v-30h5v30z")


def test_everything_can_be_filtered(html: str) -> None:
    for place, name in enumerate(NAMES):
        assert f'<option value="{place}">{name}</option>' in html
        assert f'[data-i]:not([data-i="{place}"])' in html
    reader = read(html)
    for select in ("by-implementation", "by-severity", "by-operation", "attention"):
        assert ("id", select) in reader.attributes
        assert f"#{select}" in html
    assert 'class="finding s-accepts" data-s="accepts"' in html


def test_a_claimed_algorithm_is_never_silent(html: str) -> None:
    assert "relu held to the bounds of clip in <b>/clip.py" in section(html, "environment")


def test_what_a_gpu_showed_is_told(html: str) -> None:
    assert "on a GPU A <GPU>, 2026-05-04, abcdef" in section(html, "environment")
    assert "on a GPU" not in page(sample(gpu_run=""))


def test_a_former_report_is_compared_with(html: str) -> None:
    assert 'id="changes"' not in html
    former = sample(environment={"date": "2025-01-01T00:00:00+00:00", "commit": "123abc"})
    former["judgements"][3].update(verdict="conforms", severity=None)
    text = section(page(DATA, former), "changes")
    assert text.startswith("Since 2025-01-01T00:00:00+00:00, 123abc Worse")
    assert "some/homework.py · relu : conforms → something new is wrong: wrong numbers" in text


def test_an_error_of_the_suite_is_told() -> None:
    html = page(sample(error="Traceback <most recent>", exit_status=3))
    assert "The suite itself went wrong" in section(html, "findings")
    assert "Traceback <most recent>" in section(html, "findings")


def test_a_run_without_failures_says_so() -> None:
    html = page(only("good", exit_status=0))
    assert "Nothing fails." in words(html)
    assert "None." in section(html, "findings")
    assert "None." in section(html, "known")


def test_a_run_that_checked_nothing_is_no_success() -> None:
    assert "Nothing was checked." in words(page(only(operations=[])))


def test_thousands_of_checks_make_a_small_page() -> None:
    names = [f"implementation {place}" for place in range(3)]
    operations = [f"an_operation_{place}" for place in range(20)]
    kinds = ("laws", "manners", "bad input")
    checks = [f"{kind}: does what it should, part {part}" for kind in kinds for part in range(10)]
    histogram: dict[str, Any] = {"deciding": 400, "histogram": [20] * 20}
    data = sample(
        operations=[{"name": name, "room": "r"} for name in operations],
        implementations=[implementation(name) for name in names],
        judgements=[judgement(n, o, "conforms", checks=60, **histogram) for n in names for o in operations],
        results=[result(n, o, c, d) for n in names for o in operations for d in DATA["dtypes"] for c in checks],
        known_deviations=[],
    )
    assert len(data["results"]) == 3600
    assert len(page(data).encode()) < 1_000_000
