"""What was looked at: which part of each operation's configurations was swept, and how many cases decided."""

from __future__ import annotations

from typing import Any

from conformance.report.words import grouped, plural


def coverage(data: dict[str, Any]) -> list[dict[str, Any]]:
    """For each operation that was swept, the most that a sweep of it covered."""
    swept = grouped((r for r in data["results"] if r["covered"]), lambda r: r["operation"])
    return [
        {"operation": operation, **{key: max(r["covered"][key] for r in results) for key in results[0]["covered"]}}
        for operation, results in swept.items()
    ]


def deciding(data: dict[str, Any]) -> int:
    """How many cases decided, of all implementations together."""
    return sum(result["deciding"] for result in data["results"])


def summary(data: dict[str, Any]) -> str:
    """What was covered, in a sentence; empty where nothing was swept."""
    rows = coverage(data)
    if not rows:
        return ""
    small, edges, named, usual = (sum(row[key] for row in rows) for key in ("small", "edges", "named", "usual"))
    thorough = sum(row["strength"] >= 3 or row["small"] >= row["box"] for row in rows)
    longest = max(row["longest"] for row in rows)
    rate = deciding(data) / max(data["seconds"], 0.1)
    return (
        f"{plural(len(rows), 'operation')} swept: {small:,} small configurations (every triple of sizes and "
        f"choices that a call of affordable cost shows, of {plural(thorough, 'operation')}), "
        f"{edges:,} at the edges of tiles, with lengths up to {longest:,}, {usual:,} of usual choices, and "
        f"{named} that networks use. {deciding(data):,} cases decide, {rate:,.0f} a second."
    )
