"""What a result depends on besides the code: the machine, the libraries, their switches, the commit, the command."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shlex
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from conformance.processes import ROOT

PACKAGES = ("numpy", "numba", "numba-cuda", "tensorflow", "keras", "torch", "jax", "hypothesis")
#: Features of processors that libraries have code of their own for.
FEATURES = ("sse4_2", "avx", "avx2", "fma", "avx512f", "avx512vnni", "amx_tile", "neon", "sve")
#: Variables that change what libraries compute, or how.
SWITCHES = ("TF_", "ONEDNN_", "DNNL_", "NUMBA_", "OMP_", "MKL_", "OPENBLAS_", "XLA_", "CUDA_", "KMP_", "NPY_")
#: Variables that begin like these, and are another program's, or change what is logged.
OTHERS = ("TF_CLI_", "TF_VAR_", "TF_CPP_", "TF_LOG", "TF_DATA_DIR", "TF_PLUGIN_", "CUDA_HOME", "CUDA_PATH")


def environment() -> dict[str, str]:
    """What to say of where a run took place."""
    found = {
        "command": shlex.join(["conformance", *sys.argv[1:]]),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "processor": processor(),
        "cores": str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()),
        "system": f"{platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
        **{package: version for package in PACKAGES if (version := version_of(package))},
    }
    said = " ".join(switches(os.environ))
    return {**found, **({"switches": said} if said else {})}


def switches(variables: Mapping[str, str]) -> list[str]:
    """Those variables that change what libraries compute.

    >>> switches({"TF_ENABLE_ONEDNN_OPTS": "0", "TF_CLI_CONFIG_FILE": "terraform", "HOME": "/"})
    ['TF_ENABLE_ONEDNN_OPTS=0']
    """
    return [
        f"{name}={value}"
        for name, value in sorted(variables.items())
        if name.startswith(SWITCHES) and not name.startswith(OTHERS)
    ]


def version_of(package: str) -> str:
    """The version of a package, or nothing if it isn't installed."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def processor() -> str:
    """The processor's name, and which of the features that matter it has."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    facts = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    flags = facts.get("flags", facts.get("Features", "")).split()
    return " ".join([facts.get("model name", "unknown"), *(feature for feature in FEATURES if feature in flags)])


def commit() -> str:
    """The commit that the suite is at, and whether files differ from it; nothing where there is no repository."""
    asked = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        return subprocess.run(asked, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""
