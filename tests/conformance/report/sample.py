"""A small run that has one of everything, as reports see it."""

from __future__ import annotations

import copy
from typing import Any

Entry = dict[str, Any]

OPERATIONS = ("relu", "conv2d", "softmax")
NAMES = ("good", "some/homework.py", "gone", "library")

PROGRAM = "\n".join(
    [
        "import numpy as np",
        "",
        "z = np.array([0.1, " + "0.30000000000000004, " * 12 + "1.0], 'float64')",
        "try:",
        "    print(\"<script>alert('reproduction')</script> [bold]:smile:\", z)",
        "finally:",
        "    pass",
    ]
)

FAILURE: Entry = {
    "status": "failed",
    "severity": "wrong numbers",
    "deciding": 0,
    "worst": 0.0,
    "summary": "result[0] is off <script>alert('summary')</script>",
    "wanted": "1.0 <script>alert('wanted')</script>",
    "came": "<script>alert('came')</script> & [/bold] [red]" + "long " * 200,
    "printed": "<script>alert('printed')</script>",
    "excess": 1187575.85,
    "reproduction": PROGRAM,
}


def result(implementation: str, operation: str, check: str, dtype: str = "float32", **more: Any) -> Entry:
    """What became of a check: passed, unless more is said."""
    place = {"implementation": implementation, "operation": operation, "dtype": dtype, "check": check}
    numbers = {
        "seconds": 0.25,
        "deciding": 5,
        "undecidable": 0,
        "vacuous": 0,
        "worst": 0.5,
        "histogram": [4, 1],
        "covered": {},
    }
    texts = dict.fromkeys(("summary", "wanted", "came", "arguments", "printed", "reproduction"), "")
    said = {"kind": check.partition(": ")[0], "status": "passed", "severity": None, "excess": None}
    return {**place, **numbers, **texts, **said, "known": {}, "deviating": {}, "covered": {}, **more}


def judgement(implementation: str, operation: str, verdict: str, **more: Any) -> Entry:
    """What is known of an operation of an implementation."""
    numbers = {"deciding": 0, "undecidable": 0, "vacuous": 0, "worst": 0.0, "histogram": [0] * 20}
    said = {"severity": None, "reason": "", "checks": 0, "broken": 0}
    place = {"implementation": implementation, "operation": operation, "verdict": verdict}
    return {**place, **numbers, **said, **more}


def implementation(name: str, **more: Any) -> Entry:
    """What an implementation says of itself."""
    nothing: Entry = {"provides": {}, "algorithms": {}}
    return {"name": name, "role": "judged", "description": "", "cases": 20, "unusable": "", **nothing, **more}


def deviation(operation: str, state: str, **more: Any) -> Entry:
    """A known deviation of the library."""
    texts = {"reason": "drops <b>NaN</b>", "smallest": "z=np.array([np.nan])", "instead": "0", "since": "2.1"}
    place = {"implementation": "library", "operation": operation, "severity": "special values"}
    seen = {"state": state, "why": "", "cases": 12, "deviating": 9}
    where = {"reported": "in its tracker", "dtypes": ["float32"], "here": True, "where": "with AVX-512"}
    return {**place, **texts, **where, **seen, **more}


UNMADE = "ImportError: no <gone> [bold]\nat all"

DATA: Entry = {
    "schema": "1.0",
    "exit_status": 1,
    "interrupted": False,
    "error": "",
    "seconds": 12.3,
    "seed": 7,
    "strict": False,
    "dtypes": ["float32", "float64"],
    "kinds": ["rounding bound", "laws", "special values", "bad input", "manners"],
    "operations": [{"name": name, "room": "activations"} for name in OPERATIONS],
    "environment": {
        "command": "conformance --strict",
        "date": "2026-05-04T03:02:01+00:00",
        "commit": "abcdef",
        "processor": "A processor avx2",
        "cores": "2",
        "system": "Linux",
        "Python": "3.11.7",
        "numpy": "2.4.6",
        "switches": "TF_ENABLE_ONEDNN_OPTS=0",
    },
    "gpu_run": "A <GPU>, 2026-05-04, abcdef: 2 × conforms",
    "implementations": [
        implementation("good", description="one that <em>conforms</em>", algorithms={"relu": "clip in <b>/clip.py"}),
        implementation("some/homework.py", provides={"relu": "some/homework.py:4"}),
        implementation("gone", cases=0, unusable=UNMADE),
        implementation("library", role="witness"),
    ],
    "judgements": [
        judgement(
            "good",
            "relu",
            "conforms",
            deciding=10,
            undecidable=3,
            vacuous=2,
            worst=0.5,
            checks=3,
            histogram=[9] + [1] * 19,
        ),
        judgement("good", "conv2d", "skipped", reason="no device"),
        judgement("good", "softmax", "conforms", checks=1),
        judgement("some/homework.py", "relu", "fails", severity="wrong numbers", deciding=5, checks=5, broken=4),
        judgement("some/homework.py", "conv2d", "not provided", reason="no counterpart of <it>"),
        judgement("some/homework.py", "softmax", "fails", checks=1, broken=1),
        *(judgement("gone", name, "can't be loaded", severity="crash", reason=UNMADE) for name in OPERATIONS),
        judgement("library", "relu", "known deviation", severity="special values", checks=2),
        judgement("library", "conv2d", "fails", severity="accepts what it should refuse", checks=1, broken=1),
        judgement("library", "softmax", "conforms", checks=1, deciding=4, worst=None, histogram=[4] + [0] * 19),
    ],
    "known_deviations": [
        deviation("relu", "deviates"),
        deviation("softmax", "stale", reason="was wrong once"),
        deviation("conv2d", "wrong", reason="says what can't be", why="its smallest case is no valid call"),
        deviation("conv2d", "not here", reason="oneDNN forgets", severity="wrong numbers"),
    ],
    "results": [
        result("good", "relu", "rounding bound"),
        result("good", "relu", "manners: keeps the dtype"),
        result("good", "relu", "laws: grows", status="not applicable", deciding=0, summary="nothing grows"),
        result("some/homework.py", "relu", "manners: keeps the dtype", **{**FAILURE, "severity": "manners"}),
        result("some/homework.py", "relu", "rounding bound", **FAILURE),
        result("some/homework.py", "relu", "rounding bound", "float64", **FAILURE),
        result(
            "some/homework.py",
            "relu",
            "laws: grows",
            status="timed out",
            severity="crash",
            deciding=0,
            summary="no end after 120 s",
        ),
        result("some/homework.py", "relu", "laws: is convex", worst=None),
        result(
            "some/homework.py", "softmax", "laws: sums to one", status="error in the suite", summary="the check broke"
        ),
        result(
            "library",
            "relu",
            "known deviation: drops <b>NaN</b>",
            status="deviates as known",
            severity="special values",
            summary="result[0] is off",
        ),
        result(
            "library",
            "relu",
            "special values: NaN",
            status="deviates as known",
            severity="special values",
            deviating={"0": 3},
            known={"0": 3},
        ),
        result("library", "softmax", "known deviation: was wrong once", status="stale", summary="is right now"),
        result(
            "library",
            "conv2d",
            "bad input: strides is refused",
            status="failed",
            severity="accepts what it should refuse",
            summary="an answer, where strides is bad (1.5)",
            wanted="an error",
            came="array([0])",
        ),
    ],
    "errata": [
        {
            "deck": "a",
            "slide": "s",
            "printed": "7.67 <b>",
            "right": "7.22",
            "why": "a sum",
            "kind": "erratum",
            "room": "losses",
        },
        {"deck": "a", "slide": "t", "printed": "p", "right": "q", "why": "wording", "kind": "note", "room": "losses"},
    ],
}


def sample(**changed: Any) -> Entry:
    """The data, with some of it changed; the caller may change more."""
    return {**copy.deepcopy(DATA), **changed}


def only(*names: str, **changed: Any) -> Entry:
    """The data of some implementations."""
    data = sample(**changed)
    data["implementations"] = [entry for entry in data["implementations"] if entry["name"] in names]
    for part in ("judgements", "results", "known_deviations"):
        data[part] = [entry for entry in data[part] if entry["implementation"] in names]
    return data
