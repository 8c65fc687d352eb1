"""What the newest recorded run on a GPU showed, in a few words: most machines have none, and simulate instead.

Records lie in the project's tree, beside the benchmarks that write them. Where the suite is installed without that
tree, nobody could have recorded anything, and nothing is said.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from conformance.outcomes import Verdict
from conformance.processes import ROOT
from conformance.report.words import grouped, listed, plural, ratio

FOLDER = ROOT / "tests" / "benchmarks" / "evidence"
#: Whose runs are recorded.
IMPLEMENTATION = "fast.cuda"
#: How many operations are named, those that come nearest to what is allowed first.
MOST = 3

Record = dict[str, Any]


def gpu_run(implementations: Iterable[str], folder: Path = FOLDER) -> str:
    """What was recorded last, with its device, date and commit; empty where no implementation runs on a GPU."""
    if IMPLEMENTATION not in implementations or not folder.is_dir():
        return ""
    try:
        records = [json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))]
        if not records:
            return "no run on a GPU has been recorded"
        return told(max(records, key=lambda record: str(record["date"])))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        return f"the record of a run can't be read: {type(error).__name__}: {error}"


def told(record: Record) -> str:
    """A record in a line: where and when, the verdicts, the largest errors."""
    commit = record["commit"]["hash"][:12] + " with changes" * bool(record["commit"]["dirty"])
    where = f"{record['device']['name']}, {record['date'][:10]}, {commit}"
    parts = (_verdicts(record["conformance"]), _errors(record["ulps"]))
    return f"{where}: {'; '.join(filter(None, parts))}"


def _verdicts(conformance: Record | None) -> str:
    if conformance is None:
        return "the suite wasn't run"
    if "operations" not in conformance:
        return f"the suite went wrong: {conformance['error']}"
    operations: dict[str, Record] = conformance["operations"]
    by_verdict = grouped(operations, lambda name: str(operations[name]["verdict"]))
    bad = (Verdict.FAILS, Verdict.UNUSABLE)
    verdicts = [
        f"{len(names)} × {verdict}" + f" ({listed(names, MOST)})" * (verdict in bad)
        for verdict, names in by_verdict.items()
    ]
    cases, worst = plural(conformance["cases"], "case"), _worst(operations)
    return f"{', '.join(verdicts)}, of {cases} each; largest errors in parts of the allowed one: {worst}"


def _worst(operations: dict[str, Record]) -> str:
    found = [(number, name, dtype) for name, said in operations.items() for dtype, number in said["worst"].items()]
    # None stands for what exceeds all bounds.
    found.sort(key=lambda entry: (entry[0] is not None, -(entry[0] or 0.0), entry[1:]))
    return ", ".join(f"{ratio(number)} {name} {dtype}" for number, name, dtype in found[:MOST]) or "none"


def _errors(ulps: Record | None) -> str:
    """The largest errors of the elementary functions of float32."""
    functions = (ulps or {}).get("float32", {}).get("functions", {}).items()
    said = [f"{name} {of['normal']['ulps']:.2f}" for name, of in functions if of["normal"]["ulps"] is not None]
    return f"ULPs of float32: {', '.join(said)}" if said else ""
