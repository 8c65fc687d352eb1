"""Which target the CUDA path chooses. Numba can't be imported twice, so each case is a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fast import cuda
from fast.cuda.device import SIMULATED, device_count

ROOT = Path(__file__).parents[3]
without_gpu = pytest.mark.skipif(device_count() > 0, reason="asks what happens on a machine without a GPU")


SHOW = "import fast.cuda; print(fast.cuda.DESCRIPTION)"


def run_python(code: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run code in a new interpreter, where nothing has chosen a target yet."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NUMBA_")}
    environment |= {"PYTHONPATH": str(ROOT), **variables}
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment, cwd=ROOT
    )


@without_gpu
def test_simulates_without_a_gpu() -> None:
    finished = run_python(SHOW)
    assert finished.stdout == "Numba CUDA simulator: no GPU here, so this shows semantics, not speed\n", finished.stderr


@without_gpu
def test_says_so_when_it_is_too_late_to_simulate() -> None:
    finished = run_python(f"import numba.cuda; {SHOW}")
    assert finished.returncode != 0
    assert "ImportError: fast.cuda: there is no CUDA device, and numba.cuda was imported before" in finished.stderr


@without_gpu
def test_compiles_without_a_gpu_when_told_not_to_simulate() -> None:
    finished = run_python(SHOW, NUMBA_ENABLE_CUDASIM="0")
    assert finished.stdout == "Numba CUDA without a device: kernels compile, but none can be launched\n", (
        finished.stderr
    )


def test_simulates_when_told_to() -> None:
    finished = run_python(SHOW, NUMBA_ENABLE_CUDASIM="1")
    assert finished.stdout.startswith("Numba CUDA simulator"), finished.stderr


def test_a_simulator_chosen_before_is_kept() -> None:
    finished = run_python(f"from numba import config; config.ENABLE_CUDASIM = 1; import numba.cuda; {SHOW}")
    assert finished.stdout.startswith("Numba CUDA simulator"), finished.stderr


def test_limits_for_the_simulator_only() -> None:
    assert hasattr(cuda, "CASES") == hasattr(cuda, "LARGEST_DIMENSION") == SIMULATED
