"""The report as JUnit XML, which build servers read."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from conformance.outcomes import Status, Verdict
from conformance.report.findings import BROKEN, excused, reasons
from conformance.report.words import unique

#: What is no failure of the implementation: the check has no verdict.
WITHOUT_VERDICT = (Status.NO_RESULT, Status.ERROR)
COUNTED = {"failures": "failure", "errors": "error", "skipped": "skipped"}


def testsuites(data: dict[str, Any]) -> bytes:
    """One suite for each implementation, one case for each check of each operation in each dtype."""
    root = ElementTree.Element("testsuites", name="conformance", time=str(data["seconds"]))
    for implementation in data["implementations"]:
        _suite(root, implementation["name"], data)
    if data["error"]:
        suite = ElementTree.SubElement(root, "testsuite", name="the suite itself", time="0")
        case = ElementTree.SubElement(suite, "testcase", classname="suite", name="runs to its end", time="0")
        ElementTree.SubElement(case, "error", message="the suite itself went wrong").text = clean(data["error"])
    for suite in (*root, root):
        suite.set("tests", str(len(list(suite.iter("testcase")))))
        for name, tag in COUNTED.items():
            suite.set(name, str(len(list(suite.iter(tag)))))
    ElementTree.indent(root)
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))


def _suite(root: ElementTree.Element, name: str, data: dict[str, Any]) -> None:
    results = [result for result in data["results"] if result["implementation"] == name]
    suite = ElementTree.SubElement(root, "testsuite", name=clean(name))
    suite.set("time", f"{sum(result['seconds'] for result in results):.3f}")
    suite.set("timestamp", data["environment"].get("date", "").partition("+")[0])
    properties = ElementTree.SubElement(suite, "properties")
    for key, value in {**data["environment"], "seed": str(data["seed"])}.items():
        ElementTree.SubElement(properties, "property", name=clean(key), value=clean(value))
    taken: set[str] = set()
    for result in results:
        _check(suite, result, data, taken)
    for judgement in data["judgements"]:
        if judgement["implementation"] == name and not judgement["checks"]:
            _unrun(suite, judgement, excused(data, name), taken)


def _case(suite: ElementTree.Element, classname: str, name: str, taken: set[str]) -> ElementTree.Element:
    """A case with a name that no other has."""
    whole = unique(f"{classname} {name}", taken)
    names = {"classname": clean(classname), "name": clean(whole.removeprefix(f"{classname} "))}
    return ElementTree.SubElement(suite, "testcase", {**names, "time": "0.000"})


def _check(suite: ElementTree.Element, result: dict[str, Any], data: dict[str, Any], taken: set[str]) -> None:
    """Add a check, and below it what became of it, unless it passed."""
    case = _case(suite, f"{result['operation']}.{result['dtype']}", result["check"], taken)
    case.set("time", f"{result['seconds']:.3f}")
    status, severity = result["status"], result["severity"] or result["status"]
    if status == Status.STALE and data["strict"]:
        ElementTree.SubElement(case, "failure", type="stale", message=clean(result["summary"]))
    elif status in (Status.NOT_APPLICABLE, Status.STALE):
        ElementTree.SubElement(case, "skipped", message=clean(f"{status}: {result['summary']}"))
    elif status == Status.DEVIATES:
        ElementTree.SubElement(case, "skipped", message=clean(f"known deviation: {'; '.join(reasons(data, result))}"))
    elif status in BROKEN and excused(data, result["implementation"]):
        ElementTree.SubElement(case, "skipped", message=clean(f"finding, {severity}: {result['summary']}"))
    elif status in BROKEN:
        tag = "error" if status in WITHOUT_VERDICT else "failure"
        broken = ElementTree.SubElement(case, tag, type=severity, message=clean(result["summary"]))
        lines = (f"wanted: {result['wanted']}", f"came: {result['came']}", "", result["reproduction"])
        broken.text = clean("\n".join(lines))


def _unrun(suite: ElementTree.Element, judgement: dict[str, Any], excusable: bool, taken: set[str]) -> None:
    """Add an operation of which nothing was checked."""
    case = _case(suite, judgement["operation"], judgement["verdict"], taken)
    unusable = judgement["verdict"] == Verdict.UNUSABLE and not excusable
    tag = "error" if unusable else "skipped"
    ElementTree.SubElement(case, tag, message=clean(f"{judgement['verdict']}: {judgement['reason']}"))


def clean(text: str) -> str:
    """XML has no control characters but tabs and line ends."""
    return "".join(sign if sign.isprintable() or sign in "\t\n" else "\ufffd" for sign in text)
