"""What the compiler makes of the kernels: the code for a GPU, looked at on a machine with or without one."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
NO_TOOLKIT = 3

#: Inside their own exp and tanh, CUDA's libraries take 2^x and 1/x of numbers that are nowhere near the subnormals.
APPROXIMATIONS_INSIDE_LIBRARIES = re.compile(r"(ex2|rcp)\.approx\.ftz\.f(32|64)")


def run_without_simulator(*command: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a program that imports the kernels for a GPU."""
    environment = {**os.environ, "NUMBA_ENABLE_CUDASIM": "0", "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        list(map(str, command)), capture_output=True, text=True, check=False, env=environment, cwd=ROOT
    )


@pytest.fixture(scope="module")
def compiled() -> dict[str, dict[str, str]]:
    """The PTX of every kernel, by dtype and name."""
    finished = run_without_simulator(sys.executable, HERE / "compile_kernels.py")
    if finished.returncode == NO_TOOLKIT:
        pytest.skip("needs the cuda extra, which brings the libraries that compile kernels")
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout)


@pytest.fixture(scope="module")
def ptxas() -> str:
    """The assembler of the CUDA toolkit."""
    from cuda.pathfinder import find_nvidia_binary_utility

    found = find_nvidia_binary_utility("ptxas")
    if found is None:
        pytest.skip("needs ptxas, which nvidia-cuda-nvcc brings")
    return found


def test_float32_stays_float32(compiled: dict[str, dict[str, str]]) -> None:
    assert [name for name, text in compiled["float32"].items() if ".f64" in text] == []


def test_nothing_is_flushed_to_zero(compiled: dict[str, dict[str, str]]) -> None:
    for texts in compiled.values():
        assert [name for name, text in texts.items() if ".ftz" in APPROXIMATIONS_INSIDE_LIBRARIES.sub("", text)] == []


def test_divisions_are_rounded_correctly(compiled: dict[str, dict[str, str]]) -> None:
    for texts in compiled.values():
        assert [name for name, text in texts.items() if re.search(r"div\.(approx|full)", text)] == []


def test_products_keep_their_sums_in_registers_and_synchronize(compiled: dict[str, dict[str, str]]) -> None:
    products = ["matrix_product.product_plus_bias", "convolution.convolve", "convolution.correlate"]
    for texts in compiled.values():
        for name in products:
            assert ".local" not in texts[name]
            assert texts[name].count("bar.sync") == 2


def test_nothing_spills(compiled: dict[str, dict[str, str]], ptxas: str, tmp_path: Path) -> None:
    for dtype, texts in compiled.items():
        for name, text in texts.items():
            source = tmp_path / f"{name}.{dtype}.ptx"
            source.write_text(text)
            finished = run_without_simulator(ptxas, "-arch=sm_90", "-v", source, "-o", tmp_path / "kernel.cubin")
            assert finished.returncode == 0, finished.stderr
            assert re.findall(r"(\d+) bytes (?:stack frame|spill)", finished.stderr) == ["0", "0", "0"], name
