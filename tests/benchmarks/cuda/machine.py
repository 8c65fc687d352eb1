"""Where a GPU run took place: the device, its driver, the versions of what computes, and the commit."""

from __future__ import annotations

import ctypes
import platform
import re
import subprocess
from pathlib import Path
from typing import Any

from fast.cuda import device
from tests.benchmarks.report import version_of

ROOT = Path(__file__).resolve().parents[3]
#: Where runs are recorded. What lies in there doesn't make the tree another one than the commit's.
FOLDER = ROOT / "tests" / "benchmarks" / "evidence"
PACKAGES = ("numpy", "numba", "numba-cuda", "llvmlite", "cuda-toolkit", "cuda-bindings", "nvidia-nvvm", "torch")


class Refused(RuntimeError):
    """Why there is nothing to record."""


def require_device() -> None:
    """Refuse to go on where kernels run in the simulator, or can't be launched."""
    if device.SIMULATED or device.device_count() == 0:
        raise Refused(f"wanted a CUDA device; got none: {device.describe()}")


def device_facts() -> dict[str, Any]:
    """The device that kernels run on."""
    found = device.cuda.get_current_device()
    name = found.name.decode() if isinstance(found.name, bytes) else str(found.name)
    _, memory = device.cuda.current_context().get_memory_info()
    return {
        "name": name,
        "compute_capability": "{}.{}".format(*found.compute_capability),
        "multiprocessors": int(found.MULTIPROCESSOR_COUNT),
        "memory_bytes": int(memory),
        "driver": driver_version(),
        "cuda_of_driver": cuda_of_driver(),
    }


def driver_version() -> str:
    """The version of the kernel's driver; nothing where nobody says it."""
    try:
        said = Path("/proc/driver/nvidia/version").read_text("utf-8", "replace")
    except OSError:
        said = output_of("nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader") or ""
    found = re.search(r"\d+\.\d+(\.\d+)?", said)
    return found[0] if found else ""


def cuda_of_driver() -> str:
    """The newest CUDA that the driver knows; nothing where nobody says it."""
    version = ctypes.c_int(0)
    try:
        ctypes.CDLL("libcuda.so.1").cuDriverGetVersion(ctypes.byref(version))
    except OSError:
        return ""
    return f"{version.value // 1000}.{version.value % 1000 // 10}"


def versions() -> dict[str, str]:
    """Python's version, and those of the packages that are installed."""
    found = {package: version_of(package) for package in PACKAGES}
    return {"python": platform.python_version(), **{package: said for package, said in found.items() if said}}


def commit(said: str = "", allow_dirty: bool = False, root: Path = ROOT) -> dict[str, Any]:
    """The commit that is measured, and whether files differ from it; `said` where there is no repository to ask."""
    found = output_of("git", "-C", str(root), "rev-parse", "HEAD")
    if found is None:
        if not said:
            raise Refused("wanted a git repository, or --commit; got neither: nobody could say what was measured")
        return {"hash": said, "dirty": None}
    recorded = f":(exclude,top){FOLDER.relative_to(ROOT).as_posix()}"
    changed = output_of("git", "-C", str(root), "status", "--porcelain", "--", ":/", recorded) or ""
    if changed and not allow_dirty:
        raise Refused(f"wanted a tree without changes, or --allow-dirty; got changes:\n{changed}")
    if said and not found.startswith(said):
        raise Refused(f"--commit: wanted the commit of the tree, {found}; got {said}")
    return {"hash": found, "dirty": bool(changed)}


def output_of(*command: str) -> str | None:
    """What a program prints; None where it isn't there, or fails."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None
