"""The report as one HTML page: nothing to load, readable on a phone, light or dark as the reader likes it.

A template can't group well, and a page with a row for each of thousands of passed checks can't be read. So what the
page shows is grouped here: failures by operation, deviations by reason, passed checks by kind.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable
from typing import Any, TypeVar

import jinja2

from conformance.verdicts import (
    BOUNDED,
    CONFORMS,
    FAILS,
    KNOWN_DEVIATION,
    NOT_PROVIDED,
    SKIPPED,
    UNUSABLE,
)

Entry = dict[str, Any]
Key = TypeVar("Key", bound=Hashable)
Item = TypeVar("Item")

#: Colour is never all that tells verdicts apart: each has a sign, and a class that gives it its colour.
SIGNS = {
    CONFORMS: ("✓", "good"),
    KNOWN_DEVIATION: ("≈", "warn"),
    FAILS: ("✗", "bad"),
    UNUSABLE: ("✗", "bad"),
    SKIPPED: ("○", "none"),
    NOT_PROVIDED: ("–", "none"),
}
#: From this many failures on, they are folded by operation: the reader needs an overview first.
MANY = 12
#: Kinds of checks that measure no error: a zero in that column would say more than is known.
UNMEASURED = ("bad input", "manners")
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def page(data: Entry) -> str:
    """The report's data as a page."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("conformance.report", "."),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,  # a misspelt name must not print as nothing
    )
    environment.filters.update(ratio=ratio, times=times, plural=plural)
    return environment.get_template("page.html.jinja").render(**data, **view(data))


def view(data: Entry) -> Entry:
    """The report's data, grouped as the page shows it."""
    results = grouped(data["results"], lambda r: (r["operation"], r["implementation"]))
    verdicts = {(v["operation"], v["implementation"]): v for v in data["verdicts"]}
    tallies = grouped(data["verdicts"], lambda v: v["implementation"])
    broken = [r for r in data["results"] if _broken(r)]
    return {
        "signs": SIGNS,
        "many": MANY,
        "tally": _tally(data["verdicts"]),
        "tallies": {name: _tally(of) for name, of in tallies.items()},
        "matrix": [
            {"operation": operation, "cells": cells, "quiet": all(c["verdict"] == CONFORMS for c in cells)}
            for operation in data["operations"]
            if (cells := [_cell(verdicts[operation, i["name"]], results) for i in data["implementations"]])
        ],
        "failures": _failures([r for r in broken if not r["reason"]]),
        "deviations": _deviations([r for r in broken if r["reason"]], data["dtypes"]),
        "absences": _absences(data),
        "errors": [e for e in data["errata"] if e.get("kind") != "note"],
        "notes": [e for e in data["errata"] if e.get("kind") == "note"],
    }


def grouped(items: Iterable[Item], key: Callable[[Item], Key]) -> dict[Key, list[Item]]:
    """Items by key, the keys in the order in which they first come."""
    groups: dict[Key, list[Item]] = defaultdict(list)
    for item in items:
        groups[key(item)].append(item)
    return dict(groups)


def ratio(value: float | None) -> str:
    """An error in parts of the allowed one; what is small is not printed as nothing, nor what is nearly 1 as 1.

    >>> [ratio(value) for value in (0.0, 0.001, 0.893, 0.9999, 1.0, None)]
    ['0', '<0.01', '0.89', '0.99', '1.00', '∞']
    """
    if value is None or not math.isfinite(value):
        return "∞"
    if 0 < value < 0.01:
        return "<0.01"
    return f"{math.floor(value * 100) / 100:.2f}" if value else "0"


def times(value: float) -> str:
    """How many times an error exceeds the allowed one.

    >>> [times(value) for value in (1.04, 37.2, 1187575.85, 9007199254740896.0)]
    ['1.04', '37.2', '1.19 × 10⁶', '9.01 × 10¹⁵']
    """
    if value < 1e4:
        return f"{value:.3g}" if value < 1000 else f"{value:.0f}"
    significand, _, exponent = f"{value:.2e}".partition("e")
    return f"{significand} × 10{str(int(exponent)).translate(SUPERSCRIPTS)}"


def plural(number: int, noun: str) -> str:
    """A number and its noun.

    >>> plural(1, "check"), plural(2, "check")
    ('1 check', '2 checks')
    """
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _broken(result: Entry) -> bool:
    return result["status"] not in ("passed", "not applicable")


def _tally(verdicts: list[Entry]) -> list[tuple[str, int]]:
    """How often each verdict was reached, in a fixed order."""
    numbers = Counter(verdict["verdict"] for verdict in verdicts)
    return [(verdict, numbers[verdict]) for verdict in SIGNS if numbers[verdict]]


def _cell(verdict: Entry, results: dict[tuple[str, str], list[Entry]]) -> Entry:
    """What the matrix and the detail of an operation say of one implementation."""
    own = results.get((verdict["operation"], verdict["implementation"]), [])
    broken = [result for result in own if _broken(result)]
    # The worst ratio is over the cases that passed: beside a broken bound it would look like praise.
    overstepped = [result for result in broken if result["check"] in BOUNDED]
    return {
        **verdict,
        "overstepped": bool(overstepped),
        "excess": max((result["excess"] or 0.0 for result in overstepped), default=0.0),
        "statuses": _tally_of_statuses(broken),
        "kinds": _kinds(own),
        "seconds": sum(result["seconds"] for result in own),
    }


def _tally_of_statuses(broken: list[Entry]) -> str:
    """Why checks are broken, where it isn't simply that they failed."""
    numbers = Counter(result["status"] for result in broken if result["status"] != "failed")
    return ", ".join(f"{number} {status}" for status, number in numbers.items())


def _kinds(results: list[Entry]) -> list[Entry]:
    """Checks by kind: those that passed together, the others one by one."""
    kinds = grouped(results, lambda r: r["check"].partition(": ")[0])
    return [
        {
            "kind": kind,
            "measured": kind not in UNMEASURED,
            "names": list(dict.fromkeys(name for r in of if (name := r["check"].partition(": ")[2]))),
            "rows": [
                row for same in grouped(of, lambda r: r["dtype"]).values() for row in (*_passed(same), *_others(same))
            ],
        }
        for kind, of in kinds.items()
    ]


def _passed(results: list[Entry]) -> Iterable[Entry]:
    passed = [result for result in results if result["status"] == "passed"]
    if passed:
        yield {**_sums(passed), "dtype": passed[0]["dtype"], "status": "passed", "number": len(passed)}


def _others(results: list[Entry]) -> Iterable[Entry]:
    for result in results:
        if result["status"] != "passed":
            name = result["check"].partition(": ")[2]
            yield {**_sums([result]), "dtype": result["dtype"], "status": _status(result), "name": name, "number": 1}


def _status(result: Entry) -> str:
    return "deviates" if result["reason"] and _broken(result) else str(result["status"])


def _sums(results: list[Entry]) -> Entry:
    worst = [result["worst"] for result in results]
    numbers = {name: sum(result[name] for result in results) for name in ("deciding", "undecidable", "vacuous")}
    return {**numbers, "worst": None if None in worst else max(worst), "seconds": sum(r["seconds"] for r in results)}


def _failures(failures: list[Entry]) -> list[Entry]:
    """Failures by implementation and operation; those of one check in several dtypes are one."""
    return [
        {"implementation": name, "operation": operation, "checks": list(grouped(of, lambda r: r["check"]).values())}
        for (name, operation), of in grouped(failures, lambda r: (r["implementation"], r["operation"])).items()
    ]


def _deviations(deviating: list[Entry], dtypes: list[str]) -> list[Entry]:
    """Known deviations by implementation and reason, each with the checks that it covers."""
    return [
        {
            "implementation": name,
            "reason": reason,
            "covers": {
                operation: _covered(same, dtypes) for operation, same in grouped(of, lambda r: r["operation"]).items()
            },
        }
        for (name, reason), of in grouped(deviating, lambda r: (r["implementation"], r["reason"])).items()
    ]


def _covered(results: list[Entry], dtypes: list[str]) -> list[str]:
    """The checks by kind, with the dtype of those that deviate in one but not in another."""
    kinds: dict[str, list[str]] = defaultdict(list)
    for check, of in grouped(results, lambda r: r["check"]).items():
        kind, _, name = check.partition(": ")
        where = [result["dtype"] for result in of]
        kinds[kind].append(name + (f" ({', '.join(where)})" if len(where) < len(dtypes) else ""))
    return [f"{kind}: {', '.join(map(str.strip, names))}" if any(names) else kind for kind, names in kinds.items()]


def _absences(data: Entry) -> list[Entry]:
    """What was not checked, and why: by implementation and reason."""
    unprovided = "the implementation has no such function"
    absences = [
        (v["implementation"], v["verdict"], v["reason"] or unprovided, v["operation"])
        for v in data["verdicts"]
        if v["verdict"] in (SKIPPED, NOT_PROVIDED)
    ] + [
        (r["implementation"], r["status"], r["summary"], f"{r['operation']} ({r['check']})")
        for r in data["results"]
        if r["status"] == "not applicable"
    ]
    return [
        {
            "implementation": name,
            "what": what,
            "reason": reason,
            "of": list(dict.fromkeys(entry[3] for entry in entries)),
        }
        for (name, what, reason), entries in grouped(absences, lambda entry: entry[:3]).items()
    ]
