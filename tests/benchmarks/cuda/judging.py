"""What of a record isn't as it should be: plain functions of its JSON, and of what fast.cuda claims."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fast import cuda


def newest(folder: Path) -> dict[str, Any] | None:
    """The record with the latest date; None if there is none."""
    records = [json.loads(path.read_text("utf-8")) for path in folder.glob("*.json")]
    return max(records, key=lambda record: str(record["date"]), default=None)


def complaints(record: Mapping[str, Any], profile: Mapping[str, Any] = cuda.PROFILE) -> list[str]:
    """What went wrong, what was found wrong, and what contradicts a claim, a line each."""
    parts = {name: part for name, part in record.items() if isinstance(part, dict)}
    broken = [f"{name}: {part['error']}" for name, part in parts.items() if part.keys() == {"error"}]
    sound = {name: part for name, part in parts.items() if part.keys() != {"error"}}
    return [
        *broken,
        *of_verdicts(sound.get("conformance", {})),
        *of_sanitizer(sound.get("sanitizer", {})),
        *of_claims(sound.get("ulps", {}), profile),
        *of_cells(sound.get("benchmark", {})),
    ]


def of_verdicts(conformance: Mapping[str, Any]) -> list[str]:
    """Operations that fail, and ones that were due and have no verdict."""
    good = ("conforms", "known deviation", "not provided")
    operations = conformance.get("operations", {}).items()
    found = [f"{name}: {said['verdict']}" for name, said in operations if said["verdict"] not in good]
    status = conformance.get("exit_status", 0)
    return found or ([f"conformance: exit status {status}"] if status else [])


def of_sanitizer(sanitizer: Mapping[str, Any]) -> list[str]:
    """Tools that found something, or could not look."""
    return [f"{tool}: {said['status']}" for tool, said in sanitizer.items() if said["status"] not in SOUND]


SOUND = ("clean", "not found")


def of_claims(ulps: Mapping[str, Any], profile: Mapping[str, Any]) -> list[str]:
    """Functions that were farther off than is claimed, and results that are no numbers where they should be some.

    What the truth itself may be off counts against the claim.
    """
    found = []
    for dtype, measured in ulps.items():
        for name, of in measured["functions"].items():
            claim, error = profile[dtype]["ulps"][name], of["normal"]["ulps"]
            if error is not None and not error + measured["truth_ulps"] <= claim:
                found.append(f"{name} of {dtype}: {error:.5f} ULPs at {of['normal']['at']}; claimed {claim}")
            if of["mismatched"]:
                found.append(f"{name} of {dtype}: {of['mismatched']} results are infinite or NaN, or should be")
    return found


def of_cells(benchmark: Mapping[str, Any]) -> list[str]:
    """Cells that were not measured."""
    return [f"{cell['cell']}: {cell['error']}" for cell in benchmark.get("cells", ()) if "error" in cell]
