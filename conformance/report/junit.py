"""The report as JUnit XML, which build servers read."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree


def testsuites(data: dict[str, Any]) -> bytes:
    """One suite for each implementation, one case for each check of each operation in each dtype."""
    root = ElementTree.Element("testsuites", name="conformance", time=str(data["seconds"]))
    for implementation in data["implementations"]:
        _suite(root, implementation, data)
    ElementTree.indent(root)
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))


def _suite(root: ElementTree.Element, implementation: dict[str, Any], data: dict[str, Any]) -> None:
    name = implementation["name"]
    results = [result for result in data["results"] if result["implementation"] == name]
    unrun = [v for v in data["verdicts"] if v["implementation"] == name and not v["checks"]]
    suite = ElementTree.SubElement(root, "testsuite", name=name)
    failures = sum(map(_case, [suite] * len(results), results))
    for verdict in unrun:
        case = ElementTree.SubElement(suite, "testcase", classname=verdict["operation"], name=verdict["verdict"])
        tag = "error" if implementation["unusable"] else "skipped"
        ElementTree.SubElement(case, tag, message=_clean(verdict["reason"] or verdict["verdict"]))
    suite.set("tests", str(len(results) + len(unrun)))
    suite.set("failures", str(failures))
    suite.set("errors", str(len(unrun) if implementation["unusable"] else 0))
    suite.set("skipped", str(len(suite.findall("testcase/skipped"))))


def _case(suite: ElementTree.Element, result: dict[str, Any]) -> bool:
    """Add a check; returns whether it is a failure that nobody has explained."""
    case = ElementTree.SubElement(
        suite,
        "testcase",
        classname=f"{result['operation']}.{result['dtype']}",
        name=result["check"],
        time=f"{result['seconds']:.3f}",
    )
    if result["status"] == "passed":
        return False
    if result["status"] == "not applicable":
        ElementTree.SubElement(case, "skipped", message=_clean(result["summary"]))
        return False
    if result["reason"]:
        ElementTree.SubElement(case, "skipped", message=_clean(f"known deviation: {result['reason']}"))
        return False
    failure = ElementTree.SubElement(case, "failure", type=result["status"], message=_clean(result["summary"]))
    lines = (f"wanted: {result['wanted']}", f"came: {result['came']}", "", result["reproduction"])
    failure.text = _clean("\n".join(lines))
    return True


def _clean(text: str) -> str:
    """XML has no control characters but tabs and line ends."""
    return "".join(sign if sign.isprintable() or sign in "\t\n" else "\ufffd" for sign in text)
