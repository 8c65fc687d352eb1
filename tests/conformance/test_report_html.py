"""The report's page, rendered from a small run that has one of everything."""

from __future__ import annotations

import copy
import re
from html.parser import HTMLParser

import pytest

from conformance.report.html import page

VOID = {"meta", "input", "wbr", "br"}


def result(implementation, operation, check, status="passed", dtype="float32", **more):
    numbers = {"seconds": 0.25, "deciding": 5, "undecidable": 0, "vacuous": 0, "worst": 0.5, "excess": None}
    texts = {"summary": "", "wanted": "", "came": "", "reproduction": "", "reason": ""}
    place = {"implementation": implementation, "operation": operation, "dtype": dtype, "check": check, "status": status}
    return {**place, **numbers, **texts, **more}


def verdict(implementation, operation, said, **more):
    numbers = {"deciding": 0, "undecidable": 0, "vacuous": 0, "worst": 0.0, "checks": 0, "broken": 0}
    return {"implementation": implementation, "operation": operation, "verdict": said, "reason": "", **numbers, **more}


FAILURE = {
    "deciding": 0,
    "worst": 0.0,
    "summary": "result[0] is off <script>alert('summary')</script>",
    "wanted": "1.0 <script>alert('wanted')</script>",
    "came": "<script>alert('came')</script> & " + "long " * 200,
    "excess": 1187575.85,
    "reproduction": "print(\"<script>alert('reproduction')</script>\")",
}

DATA = {
    "succeeded": False,
    "seconds": 12.3,
    "seed": 7,
    "dtypes": ["float32", "float64"],
    "operations": ["relu", "conv2d"],
    "environment": {"Python": "3.11.7", "numpy": "2.4.6"},
    "implementations": [
        {"name": "good", "description": "one that <em>conforms</em>", "cases": 20, "unusable": ""},
        {"name": "some/homework.py", "description": "", "cases": 20, "unusable": ""},
        {"name": "gone", "description": "", "cases": 0, "unusable": "ImportError: no <gone>\nat all"},
    ],
    "verdicts": [
        verdict("good", "relu", "conforms", deciding=10, undecidable=3, vacuous=2, worst=0.5, checks=3),
        verdict("good", "conv2d", "skipped", reason="no device"),
        verdict("some/homework.py", "relu", "fails", deciding=5, checks=4, broken=4),
        verdict("some/homework.py", "conv2d", "not provided"),
        verdict("gone", "relu", "can't be loaded", reason="ImportError"),
        verdict("gone", "conv2d", "can't be loaded", reason="ImportError"),
    ],
    "stale_deviations": [
        {"implementation": "good", "operation": "relu", "check": "laws", "reason": "was wrong once"},
    ],
    "results": [
        result("good", "relu", "lattice probes"),
        result("good", "relu", "manners: keeps the dtype"),
        result("good", "relu", "rounding bound", "not applicable", deciding=0, summary="nothing is rounded"),
        result("some/homework.py", "relu", "rounding bound", "failed", **FAILURE),
        result("some/homework.py", "relu", "rounding bound", "failed", "float64", **FAILURE),
        result("some/homework.py", "relu", "special values: NaN", "failed", reason="drops NaN", summary="no NaN"),
        result("some/homework.py", "relu", "laws: grows", "timed out", deciding=0, summary="no end after 120 s"),
        result("some/homework.py", "relu", "laws: is convex", worst=None),
    ],
    "errata": [
        {"deck": "a", "slide": "s", "printed": "7.67 <b>", "right": "7.22", "why": "a sum", "kind": "erratum"},
        {"deck": "a", "slide": "t", "printed": "p", "right": "q", "why": "wording", "kind": "note"},
    ],
}


class Reader(HTMLParser):
    """Notes a page's text and attributes, and insists that every element is ended where it must be."""

    def __init__(self) -> None:
        super().__init__()
        self.open, self.tags, self.attributes, self.text = [], [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"</{tag}> at {self.getpos()}"
        if tag in ("td", "th", "dt", "dd", "summary"):
            self.text.append(" ")

    def handle_data(self, data):
        self.text.append(data)


def read(html):
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == []
    return reader


@pytest.fixture(scope="module")
def html():
    return page(DATA)


def words(html):
    return " ".join("".join(read(html).text).split())


def section(html, identifier):
    """The words below a heading."""
    return words(
        "<section><h2>" + html.partition(f'<h2 id="{identifier}">')[2].partition("</section>")[0] + "</section>"
    )


def test_elements_are_balanced(html):
    assert read(html).tags.count("html") == 1


def test_loads_nothing(html):
    reader = read(html)
    assert not {"script", "link", "img", "iframe", "object"} & set(reader.tags)
    assert all(value.startswith("#") for name, value in reader.attributes if name in ("src", "href", "srcset"))
    assert not re.search(r"https?://|url\(|@import", html)


def test_links_lead_somewhere_and_identifiers_are_unique(html):
    attributes = read(html).attributes
    identifiers = [value for name, value in attributes if name == "id"]
    assert len(identifiers) == len(set(identifiers))
    assert {value[1:] for name, value in attributes if name == "href"} <= set(identifiers)


def test_text_of_results_is_escaped(html):
    assert "<script" not in html
    for field in ("summary", "wanted", "came", "reproduction"):
        assert f"<script>alert('{field}')</script>" in words(html)
    for text in ("one that <em>conforms</em>", "7.67 <b>", "ImportError: no <gone>"):
        assert text in words(html)


def test_names_are_escaped_where_they_may_break():
    data = copy.deepcopy(DATA)
    for entry in (*data["implementations"], *data["verdicts"], *data["results"]):
        key = "name" if "name" in entry else "implementation"
        entry[key] = entry[key].replace("some/", "<b>/")
    assert "<b>" not in page(data)


def test_every_pair_is_in_the_matrix(html):
    matrix = html.partition('<table class="matrix"')[2].partition("</table>")[0]
    rows = matrix.partition("<tbody")[2].split("<tr")[1:]
    assert len(rows) == len(DATA["operations"])
    for operation, row in zip(DATA["operations"], rows, strict=True):
        cells = row.split("<td")
        assert operation in cells[0]
        for cell, implementation in zip(cells[1:], DATA["implementations"], strict=True):
            of = [v for v in DATA["verdicts"] if v["implementation"] == implementation["name"]]
            said = next(v["verdict"] for v in of if v["operation"] == operation)
            text = words("<td" + cell.partition("</td>")[0] + "</td>")
            assert implementation["name"] in text
            assert said in text


def test_a_cell_tells_its_numbers(html):
    matrix = html.partition('<table class="matrix"')[2].partition("</table>")[0]
    assert "3 undecidable and 2 vacuous cases" in matrix
    assert "10 cases" in matrix
    assert "width:50%" in matrix
    assert "1.19 × 10⁶ times the allowed error" in matrix


def test_failures_are_told_in_full(html):
    text = section(html, "failures")
    assert "rounding bound float32, float64" in text
    assert "In float64: the same" in text
    assert "exceeds the allowed error 1.19 × 10⁶ times" in text
    assert "timed out: no end after 120 s" in text
    assert "gone can’t be loaded ImportError: no <gone> at all" in text
    assert "special values: NaN" not in text


def test_deviations_absences_and_errata_are_told(html):
    deviations = section(html, "deviations")
    assert "drops NaN relu special values: NaN (float32)" in deviations
    assert "good · relu now passes “laws”" in deviations
    absences = section(html, "unchecked")
    assert "skipped: no device conv2d" in absences
    assert "not provided: the implementation has no such function conv2d" in absences
    assert "not applicable: nothing is rounded relu (rounding bound)" in absences
    errata = section(html, "errata")
    assert errata.index("7.22") < errata.index("1 note on") < errata.index("wording")


def test_an_infinite_ratio_is_no_small_one(html):
    assert "∞" in section(html, "checks")


def test_a_run_without_failures_says_so():
    data = copy.deepcopy(DATA)
    data.update(succeeded=True, implementations=data["implementations"][:1], stale_deviations=[], errata=[])
    data["verdicts"] = [v for v in data["verdicts"] if v["implementation"] == "good"]
    data["results"] = [r for r in data["results"] if r["implementation"] == "good"]
    assert "Nothing fails." in words(page(data))
    assert "None." in section(page(data), "failures")


def test_a_run_that_checked_nothing_is_no_success():
    data = {**DATA, "implementations": [], "verdicts": [], "results": [], "operations": [], "stale_deviations": []}
    assert "Nothing was checked." in words(page(data))


def test_thousands_of_checks_make_a_small_page():
    names = [f"implementation {place}" for place in range(3)]
    operations = [f"an_operation_{place}" for place in range(20)]
    checks = [
        f"{kind}: does what it should, part {part}" for kind in ("laws", "manners", "bad input") for part in range(10)
    ]
    data = {
        **DATA,
        "operations": operations,
        "implementations": [{"name": name, "description": "", "cases": 200, "unusable": ""} for name in names],
        "verdicts": [verdict(n, o, "conforms", checks=60, deciding=400) for n in names for o in operations],
        "results": [
            result(n, o, c, dtype=d) for n in names for o in operations for d in DATA["dtypes"] for c in checks
        ],
    }
    assert len(data["results"]) == 3600
    assert len(page(data).encode()) < 1_000_000
