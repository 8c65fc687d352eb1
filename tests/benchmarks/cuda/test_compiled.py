"""The kernels that measure compile for a GPU and keep what they work on in registers, as those that are measured."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.cuda import ceilings
from tests.benchmarks.cuda.machine import ROOT
from tests.fast.cuda.compile_kernels import NO_TOOLKIT

#: They are compiled once.
pytestmark = pytest.mark.xdist_group("measuring kernels")
PROGRAM = ROOT / "tests" / "fast" / "cuda" / "compile_kernels.py"
CEILINGS = "tests.benchmarks.cuda.ceilings"
ULPS = "tests.benchmarks.cuda.ulps"
FUNCTIONS = ("exp", "log", "tanh", "sigmoid")
#: Kernels, with the types that they are launched with.
SIGNATURES: list[tuple[str, list[Any]]] = [
    *((f"{ULPS}.judge_{name}", ["float32 1", "int64", "float64 2", "int64 2"]) for name in FUNCTIONS),
    *((f"{ULPS}.evaluate_{name}", ["float64 1", "float64 1"]) for name in FUNCTIONS),
    (f"{ULPS}.count_up", ["int64", "uint32 1"]),
    (f"{CEILINGS}.chains", ["float32 1", "int64", "float32 1"]),
    (f"{CEILINGS}.nothing", []),
]


def run(*command: str | Path, given: str = "") -> subprocess.CompletedProcess[str]:
    """Run a program that imports the kernels for a GPU."""
    environment = {**os.environ, "NUMBA_ENABLE_CUDASIM": "0", "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        list(map(str, command)), input=given, capture_output=True, text=True, check=False, env=environment, cwd=ROOT
    )


@pytest.fixture(scope="module")
def compiled() -> dict[str, str]:
    """Kernels and their PTX."""
    finished = run(sys.executable, PROGRAM, "9.0", given=json.dumps(SIGNATURES))
    if finished.returncode == NO_TOOLKIT:
        pytest.skip("needs the cuda extra, which brings the libraries that compile kernels")
    assert finished.returncode == 0, finished.stderr
    return dict(json.loads(finished.stdout)["9.0"])


def test_nothing_spills(compiled: dict[str, str], tmp_path: Path) -> None:
    from cuda.pathfinder import find_nvidia_binary_utility

    ptxas, source = find_nvidia_binary_utility("ptxas"), tmp_path / "kernel.ptx"
    if ptxas is None:
        pytest.skip("needs ptxas, which nvidia-cuda-nvcc brings")
    for name, text in compiled.items():
        source.write_text(text)
        finished = run(ptxas, "-arch=sm_90", "-v", source, "-o", tmp_path / "kernel.cubin")
        assert finished.returncode == 0, finished.stderr
        assert set(re.findall(r"(\d+) bytes spill", finished.stderr)) == {"0"}, name


def test_float32_is_judged_in_float64(compiled: dict[str, str]) -> None:
    for name in FUNCTIONS:
        assert ".f64" in compiled[f"{ULPS}.judge_{name}"]
        assert ".ftz" not in re.sub(r"(ex2|rcp)\.approx\.ftz\.f(32|64)", "", compiled[f"{ULPS}.judge_{name}"])


def test_multiply_adds_are_fused_and_most_of_a_loop(compiled: dict[str, str]) -> None:
    text = compiled[f"{CEILINGS}.chains"]
    loop = re.search(r"^(\$L__BB\w+):\s*$(.*?)bra\s+\1;", text, re.DOTALL | re.MULTILINE)
    assert loop is not None
    instructions = re.findall(r"^\s+(?:@\S+\s+)?([a-z][\w.]*)", loop[2], re.MULTILINE)
    fused = sum(name.startswith("fma.rn.f32") for name in instructions)
    assert fused % (ceilings.CHAINS * ceilings.ROUNDS) == 0
    assert fused > 0.9 * len(instructions)
    assert "ld." not in loop[2]
