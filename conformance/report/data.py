"""What every report tells, as plain values: gathered once, so that no two reports disagree."""

from __future__ import annotations

import importlib.metadata
import math
import platform
from dataclasses import asdict
from typing import Any

from conformance.fixtures import errata
from conformance.runner import Run
from conformance.verdicts import stale_deviations, succeeded, verdicts

PACKAGES = ("numpy", "numba", "numba-cuda", "tensorflow", "hypothesis")


def as_data(run: Run) -> dict[str, Any]:
    """Everything about a run: where, what, each verdict, each check, deviations, skips and errata."""
    return {
        "succeeded": succeeded(run),
        "seconds": round(run.seconds, 1),
        "seed": run.plan.seed,
        "dtypes": list(run.plan.dtypes),
        "operations": list(run.plan.operations),
        "environment": environment(),
        "implementations": [
            {
                "name": name,
                "description": run.hellos.get(name, {}).get("description", ""),
                "cases": run.hellos.get(name, {}).get("cases", 0),
                "unusable": run.unusable.get(name, ""),
            }
            for name in run.plan.implementations
        ],
        "verdicts": [finite(asdict(verdict)) for verdict in verdicts(run)],
        "stale_deviations": [asdict(stale) for stale in stale_deviations(run)],
        "results": [finite(result.as_json()) for result in run.results],
        "errata": list(errata()),
    }


def environment() -> dict[str, str]:
    """Versions that a result depends on."""
    versions = {"Python": platform.python_version(), "machine": f"{platform.system()} {platform.machine()}"}
    for package in PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            versions[package] = "not installed"
    return versions


def finite(values: dict[str, Any]) -> dict[str, Any]:
    """JSON has no infinities: an infinite ratio becomes null."""
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value for name, value in values.items()
    }
