"""The report as JUnit XML."""

from __future__ import annotations

from xml.etree import ElementTree

from conformance.report.junit import testsuites as rendered
from tests.conformance.report.sample import DATA, result, sample


def cases(data: dict[str, object], suite: str) -> dict[tuple[str, str], list[ElementTree.Element]]:
    """What each case of a suite holds."""
    found = ElementTree.fromstring(rendered(data)).find(f"testsuite[@name='{suite}']")
    assert found is not None
    return {(case.attrib["classname"], case.attrib["name"]): list(case) for case in found.iter("testcase")}


def test_names_are_unique() -> None:
    data = sample()
    data["results"] += [result("good", "relu", "laws: grows"), result("good", "relu", "laws: grows")]
    for suite in ElementTree.fromstring(rendered(data)).iter("testsuite"):
        names = [(case.attrib["classname"], case.attrib["name"]) for case in suite.iter("testcase")]
        assert len(set(names)) == len(names)
    assert ("relu.float32", "laws: grows-3") in cases(data, "good")


def test_a_suite_says_where_when_and_how_long() -> None:
    root = ElementTree.fromstring(rendered(DATA))
    suite = root.find("testsuite[@name='good']")
    assert suite is not None
    assert suite.attrib["timestamp"] == "2026-05-04T03:02:01"
    assert suite.attrib["time"] == "0.750"
    assert {p.attrib["name"]: p.attrib["value"] for p in suite.iter("property")} == {**DATA["environment"], "seed": "7"}
    assert all("time" in case.attrib for case in root.iter("testcase"))
    assert "hostname" not in suite.attrib


def test_counts_are_of_what_is_there() -> None:
    root = ElementTree.fromstring(rendered(DATA))
    for element in (root, *root):
        assert int(element.attrib["tests"]) == len(list(element.iter("testcase")))
        assert int(element.attrib["failures"]) == len(list(element.iter("failure")))
        assert int(element.attrib["errors"]) == len(list(element.iter("error")))
        assert int(element.attrib["skipped"]) == len(list(element.iter("skipped")))
    assert root.attrib["failures"] == "4"
    assert root.attrib["errors"] == "4"


def test_failures_say_their_severity_and_how_to_reproduce_them() -> None:
    (failure,) = cases(DATA, "some/homework.py")["relu.float64", "rounding bound"]
    assert failure.tag == "failure"
    assert failure.attrib["type"] == "wrong numbers"
    assert failure.attrib["message"] == "result[0] is off <script>alert('summary')</script>"
    assert "wanted: 1.0" in str(failure.text)
    assert "import numpy as np" in str(failure.text)


def test_what_has_no_verdict_is_an_error() -> None:
    (error,) = cases(DATA, "some/homework.py")["softmax.float32", "laws: sums to one"]
    assert (error.tag, error.attrib["type"]) == ("error", "error in the suite")
    (unusable,) = cases(DATA, "gone")["relu", "can't be loaded"]
    assert unusable.tag == "error"
    assert "ImportError: no <gone>" in unusable.attrib["message"]


def test_what_a_witness_gets_wrong_fails_a_strict_run_only() -> None:
    place = ("conv2d.float32", "bad input: strides is refused")
    (finding,) = cases(DATA, "library")[place]
    assert (finding.tag, finding.attrib["message"]) == (
        "skipped",
        "finding, accepts what it should refuse: an answer, where strides is bad (1.5)",
    )
    assert cases(sample(strict=True), "library")[place][0].tag == "failure"
    stale = ("softmax.float32", "known deviation: was wrong once")
    assert cases(DATA, "library")[stale][0].attrib["message"] == "stale: is right now"
    assert cases(sample(strict=True), "library")[stale][0].tag == "failure"


def test_known_deviations_and_absences_say_why() -> None:
    library, good = cases(DATA, "library"), cases(DATA, "good")
    for check in ("known deviation: drops <b>NaN</b>", "special values: NaN"):
        (skipped,) = library["relu.float32", check]
        assert skipped.attrib["message"] == "known deviation: drops <b>NaN</b>"
    assert good["relu.float32", "laws: grows"][0].attrib["message"] == "not applicable: nothing grows"
    assert good["conv2d", "skipped"][0].attrib["message"] == "skipped: no device"
    assert good["relu.float32", "rounding bound"] == []


def test_an_error_of_the_suite_is_one() -> None:
    ((error,),) = cases(sample(error="Traceback\x00"), "the suite itself").values()
    assert (error.tag, error.text) == ("error", "Traceback\ufffd")
