"""What the compiler makes of the kernels: the code for a GPU, looked at on a machine with or without one."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.fast.cuda.launches import BY_WARPS, body_of, kernels, kernels_for, launches_of_drawn_calls, signatures

PROGRAM = Path(__file__).with_name("compile_kernels.py")
ROOT = PROGRAM.parents[3]
NO_TOOLKIT = 3
#: The kernels are compiled once, by whoever of several processes has these tests.
pytestmark = pytest.mark.xdist_group("ptx")
#: Compute capabilities to compile for: those of the A100 and of the H100 and H200.
CAPABILITIES = "8.0", "9.0"
#: A multiprocessor has 65,536 registers: with 128 for each, 512 threads are there at a time, so that while some wait
#: for memory, others compute.
MOST_REGISTERS = 128
#: With 168, 384 threads: enough for a product, whose threads have 64 multiply-adds that don't wait for each other.
MOST_OF_PRODUCTS = 168

#: What moves pieces of 16 bytes between global memory and registers; how kernels are called whose device functions do;
#: and rooms that have such kernels.
MOVING, OF_PIECES = {"move_vector", "read_numbers", "write_numbers"}, "_pieces"
MOVING_ROOMS = {
    "activations",
    "adaptive_optimizers",
    "average_pooling",
    "binary_losses",
    "layers",
    "max_pooling",
    "optimizers",
    "regularization",
}

#: By dtype, every kernel that the operations launch, with its PTX for each of the signatures that it is given.
Texts = dict[str, list[tuple[str, str]]]

#: Inside their own exp and tanh, CUDA's libraries take 2^x and 1/x of numbers that are nowhere near the subnormals.
APPROXIMATIONS_INSIDE_LIBRARIES = re.compile(r"(ex2|rcp)\.approx\.ftz\.f(32|64)")


def run_without_simulator(*command: str | Path, given: str = "") -> subprocess.CompletedProcess[str]:
    """Run a program that imports the kernels for a GPU."""
    environment = {**os.environ, "NUMBA_ENABLE_CUDASIM": "0", "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        list(map(str, command)), input=given, capture_output=True, text=True, check=False, env=environment, cwd=ROOT
    )


@pytest.fixture(scope="module")
def asked() -> dict[str, list[tuple[str, list[Any]]]]:
    """By dtype, the signatures of all kernels that drawn calls of the operations launch."""
    if run_without_simulator(sys.executable, PROGRAM, "9.0", given="[]").returncode == NO_TOOLKIT:
        pytest.skip("needs the cuda extra, which brings the libraries that compile kernels")
    return {dtype: signatures(launches_of_drawn_calls(dtype, 12)) for dtype in ("float32", "float64")}


@pytest.fixture(scope="module")
def compiled_for_each(asked: dict[str, list[tuple[str, list[Any]]]]) -> dict[str, Texts]:
    """By compute capability, what the compiler makes of the kernels, each of which is compiled once."""
    together = list({json.dumps(signature): None for some in asked.values() for signature in some})
    finished = run_without_simulator(sys.executable, PROGRAM, *CAPABILITIES, given=f"[{', '.join(together)}]")
    assert finished.returncode == 0, finished.stderr
    found = {}
    for capability, texts in json.loads(finished.stdout).items():
        by_signature = dict(zip(together, texts, strict=True))
        found[capability] = {
            dtype: [by_signature[json.dumps(signature)] for signature in some] for dtype, some in asked.items()
        }
    return found


@pytest.fixture(scope="module", params=CAPABILITIES)
def capability(request: pytest.FixtureRequest) -> str:
    """A compute capability to compile for."""
    return request.param


@pytest.fixture(scope="module")
def compiled(capability: str, compiled_for_each: dict[str, Texts]) -> Texts:
    """What the compiler makes of the kernels for a compute capability."""
    return compiled_for_each[capability]


@pytest.fixture(scope="module")
def ptxas() -> str:
    """The assembler of the CUDA toolkit."""
    from cuda.pathfinder import find_nvidia_binary_utility

    found = find_nvidia_binary_utility("ptxas")
    if found is None:
        pytest.skip("needs ptxas, which nvidia-cuda-nvcc brings")
    return found


def test_every_kernel_is_compiled(compiled: Texts) -> None:
    for dtype, texts in compiled.items():
        assert {name for name, _ in texts} == kernels_for(dtype)


def test_float32_stays_float32(compiled: Texts) -> None:
    assert [name for name, text in compiled["float32"] if ".f64" in text] == []


def test_nothing_is_flushed_to_zero(compiled: Texts) -> None:
    for texts in compiled.values():
        assert [name for name, text in texts if ".ftz" in APPROXIMATIONS_INSIDE_LIBRARIES.sub("", text)] == []


def test_divisions_are_rounded_correctly(compiled: Texts) -> None:
    for texts in compiled.values():
        assert [name for name, text in texts if re.search(r"div\.(approx|full)", text)] == []


def test_nothing_is_added_atomically_or_approximated(compiled: Texts) -> None:
    """Whose code would depend on the compute capability before NVVM sees it, which `compile_kernels` relies on.

    Atomic additions would also make other bits every time.
    """
    for texts in compiled.values():
        assert [name for name, text in texts if re.search(r"\b(atom|red)\.|tanh\.approx", text)] == []


def products() -> set[str]:
    """The kernels that multiply matrices."""
    return {name for name, kernel in kernels().items() if body_of(kernel).__qualname__.startswith("product_kernel.")}


def test_products_keep_their_sums_in_registers_and_synchronize(compiled: Texts) -> None:
    """The kernels that `product_kernel` makes have a barrier behind the first strips, and one in their loop."""
    assert products()
    for texts in compiled.values():
        for name, text in texts:
            if name in products():
                assert ".local" not in text, name
                assert text.count("bar.sync") == 2, name


def test_shared_memory_is_aligned_to_what_is_moved_in_it(compiled: Texts) -> None:
    """Whatever else a kernel may have there, and wherever that ends: a piece must lie at a multiple of its bytes."""
    found = set()
    for texts in compiled.values():
        for name, text in texts:
            if re.search(r"(ld|st)\.shared\.v", text):
                found.add(name)
                assert set(re.findall(r"\.shared \.align (\d+)", text)) == {"16"}, name
    # Lanes of tensor cores read number by number, and write so what lies along the depth.
    assert found >= {name for name in products() if not name.endswith(BY_WARPS)}


def test_tensor_cores_multiply_what_is_rounded(compiled: Texts) -> None:
    """A warp's 64 x 32 sums take 16 instructions for a strip, in one piece of code; every number stored is rounded."""
    for dtype, texts in compiled.items():
        for name, text in texts:
            by_warps = name.endswith(BY_WARPS)
            assert text.count("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32") == (16 if by_warps else 0), name
            # A thread brings 3 pieces of both strips; those before the loop, and those in it.
            assert text.count("cvt.rna.tf32.f32") == (2 * 3 * 4 if by_warps else 0), name
        assert any(name.endswith(BY_WARPS) for name, _ in texts) == (dtype == "float32")


def test_numbers_move_16_bytes_at_a_time(compiled: Texts) -> None:
    """The kernels that read pieces have instructions that load and store whole ones, from and to global memory.

    What `step_vjp` would load the compiler leaves out: nothing of it is used.
    """
    moving = {name for name, kernel in kernels().items() if MOVING & set(body_of(kernel).__code__.co_names)}
    moving |= {name for name in kernels() if name.endswith(OF_PIECES)}
    assert {name.split(".")[0] for name in moving} >= MOVING_ROOMS
    for texts in compiled.values():
        for name, text in texts:
            if name in moving:
                for access in ("ld", "st") if "ld.global" in text else ("st",):
                    assert re.search(access + r"\.global\.(v4\.[a-z]32|v2\.[a-z]64)", text), (name, access)


def test_places_are_taken_apart_in_32_bits_where_they_fit(compiled: Texts) -> None:
    """Behind every division of 64 bits in pooling's kernels stands one of 32, and nobody corrects signs."""
    for texts in compiled.values():
        for name, text in texts:
            if name.split(".")[0] in ("average_pooling", "max_pooling"):
                assert text.count("div.u32") == text.count("div.u64") > 0, name
                assert not re.search(r"div\.s|rem\.", text), name


def test_nothing_spills_and_threads_find_room(capability: str, compiled: Texts, ptxas: str, tmp_path: Path) -> None:
    source, assembled = tmp_path / "kernel.ptx", tmp_path / "kernel.cubin"
    target = f"-arch=sm_{capability.replace('.', '')}"
    for texts in compiled.values():
        for name, text in texts:
            source.write_text(text)
            finished = run_without_simulator(ptxas, target, "-v", source, "-o", assembled)
            assert finished.returncode == 0, finished.stderr
            assert re.findall(r"(\d+) bytes (?:stack frame|spill)", finished.stderr) == ["0", "0", "0"], name
            (registers,) = re.findall(r"Used (\d+) registers", finished.stderr)
            assert int(registers) <= (MOST_OF_PRODUCTS if name in products() else MOST_REGISTERS), name
