"""The variant of TF32: what its kernels compute, what it may claim, and that nobody gets it without asking."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conformance.comparison import compare, expected
from fast import cuda
from fast.cuda import warp_tiles
from fast.cuda.device import DEPTH, SIMULATED, launch, to_device
from fast.cuda.tensor_cores import CLAIMS
from fast.cuda.tiles import stride_of
from fast.cuda.vectors import MOST_LANES
from fast.cuda.warp_tiles import LANES, WarpTile
from reference.numbers import Arithmetic
from tests.fast.cuda.launches import BY_WARPS, in_tf32, recorded
from tests.fast.drawn import drawn_calls

ROOT = Path(__file__).parents[3]
simulated = pytest.mark.skipif(not SIMULATED, reason="asks what the simulator does")
#: The tile of a GPU: 4 warps for 128 x 64 outputs.
LARGE = WarpTile(2, 2, 2)
#: Rows, columns, depth: a warp's first outputs; several strips; all edges; more than a tile each way.
PRODUCTS = [(1, 1, 1), (5, 4, 40), (63, 31, 17), (128, 64, 16), (130, 67, 9), (129, 68, 8)]
#: The operations that the variant computes otherwise.
NAMES = ["matrix_product", "matrix_product_vjp", "dense", "dense_vjp"]
#: Exact in float32, and one bit too long for TF32.
LONG_NUMBER, ROUNDED_NUMBER = 1 + 2.0**-11, 1 + 2.0**-10


@pytest.fixture
def variant() -> Iterator[None]:
    """The variant's operations."""
    with in_tf32():
        yield


@pytest.fixture(scope="module")
def products() -> dict[str, Any]:
    """Kernels of a GPU's tile, with operands read along both axes."""
    from fast.cuda.matrix_product import by_columns, by_rows, plus_bias, product_kernel

    return {
        "plain": product_kernel(LARGE, by_rows, by_columns, plus_bias),
        "transposed": product_kernel(LARGE, by_columns, by_rows, plus_bias),
    }


@simulated
@pytest.mark.parametrize("lengths", PRODUCTS, ids=str)
@pytest.mark.parametrize("way", ["plain", "transposed"])
def test_the_tile_of_a_gpu(products: dict[str, Any], way: str, lengths: tuple[int, int, int]) -> None:
    from fast.cuda.matrix_product import blocks_of, matrix

    rows, columns, depth = lengths
    generator = np.random.default_rng(24)
    a, b, bias = (
        generator.integers(-9, 10, shape).astype(np.float32) for shape in ((rows, depth), (depth, columns), columns)
    )
    given = (a, b) if way == "plain" else (np.ascontiguousarray(a.T), np.ascontiguousarray(b.T))
    result = to_device(np.full(rows * columns, np.nan, np.float32))
    operands = [part for array in given for part in matrix(to_device(array))]
    blocks = blocks_of(LARGE, rows, columns, result.dtype)
    shared_bytes = 2 * DEPTH * sum(pieces + 1 for pieces in LARGE.pieces) * 16
    arguments = *operands, to_device(bias), lengths, (depth, 0), result
    launch(products[way], (*blocks, 1), LARGE.threads, *arguments, shared_bytes=shared_bytes)
    assert np.array_equal(result.copy_to_host().reshape(rows, columns), a @ b + bias)


@simulated
@pytest.mark.parametrize("tile", [LARGE, WarpTile(1, 1, 1)])
def test_lanes_that_read_shared_memory_share_no_bank(tile: WarpTile, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 32 banks, 4 bytes wide."""
    reads = defaultdict[int, list[int]](list)
    monkeypatch.setattr(warp_tiles, "number_at", lambda array, place: reads[thread].append(place) or array[place])
    monkeypatch.setattr(warp_tiles, "multiply_fragments", lambda *numbers: numbers[-4:])
    _, multiply_strips, _ = warp_tiles.warp_tile_functions(tile, None)
    strips = np.zeros(DEPTH * sum(stride_of(pieces, MOST_LANES) for pieces in tile.pieces), np.float32)
    rows, columns, sums = (np.zeros(count, np.float32) for count in (*tile.room, tile.outputs))
    for thread in range(tile.threads):
        multiply_strips(thread, strips, 0, rows, columns, sums)
    for warp in range(0, tile.threads, LANES):
        together = list(zip(*(reads[lane] for lane in range(warp, warp + LANES)), strict=True))
        assert len(together) == sum(tile.room)
        assert all(len({place % 32 for place in places}) == LANES for places in together)


def test_what_is_given_is_rounded_and_nothing_else(variant: None) -> None:
    one, long = np.ones((1, 1), np.float32), np.full((1, 1), LONG_NUMBER, np.float32)
    assert cuda.matrix_product(long, one) == cuda.matrix_product(one, long) == ROUNDED_NUMBER
    assert cuda.dense(one, long, np.zeros(1, np.float32)) == ROUNDED_NUMBER
    # A bias is added in float32, and float64 has no tensor core here.
    assert cuda.dense(0 * one, one, long[0]) == LONG_NUMBER
    assert cuda.matrix_product(long.astype(np.float64), one.astype(np.float64)) == LONG_NUMBER
    assert cuda.dense_vjp(long, one, one[0], long) == (ROUNDED_NUMBER, ROUNDED_NUMBER**2, LONG_NUMBER)


@pytest.mark.parametrize("values", ["moderate", "lattice", "rounding"])
@pytest.mark.parametrize("name", NAMES)
def test_drawn_calls_are_within_what_is_claimed(variant: None, name: str, values: str) -> None:
    arithmetic = Arithmetic("float32", **cuda.PROFILE["float32"] | CLAIMS)
    with recorded() as launches:
        for call in drawn_calls(cuda, name, np.float32, 5, values=values):
            compare(expected(call.operation, call.arguments, arithmetic), call.run(), arithmetic, call.arguments)
    assert any(launch.kernel.endswith(BY_WARPS) for launch in launches)


def test_networks_stay_as_they_are(variant: None) -> None:
    """What they compute on their way is no input, and isn't to be rounded."""
    with recorded() as launches:
        for call in drawn_calls(cuda, "backpropagation", np.float32, 3):
            call.run()
    assert [launch.kernel for launch in launches if launch.kernel.endswith(BY_WARPS)] == []


def test_nobody_gets_it_without_asking() -> None:
    assert cuda.VARIANTS == {"tf32": {"FAST_CUDA_TF32": "1"}}
    assert not cuda.PROFILE["float32"].keys() & CLAIMS
    with recorded() as launches:
        for asked in (nullcontext(), in_tf32()):
            with asked:
                cuda.matrix_product(np.ones((2, 2), np.float32), np.ones((2, 2), np.float32))
    assert [launch.kernel.endswith(BY_WARPS) for launch in launches] == [False, True]


def test_who_asks_for_it_gets_it_and_what_it_claims() -> None:
    program = (
        "import fast.cuda as c; print(c.PROFILE['float32'] | c.CLAIMS == c.PROFILE['float32'], c.TF32, c.DESCRIPTION)"
    )
    environment = {**os.environ, **cuda.VARIANTS["tf32"], "PYTHONPATH": str(ROOT)}
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=True)
    assert said.stdout.startswith("True True")
    assert said.stdout.strip().endswith("in TF32")


#: The kernels of the variant, by a module that claims what the other ones do.
SILENT = """
from fast.cuda import dense, dense_vjp, matrix_product, matrix_product_vjp

CASES, LARGEST_DIMENSION = 20, 9
PROFILE = {"float32": {"unit_roundoff": 2.0**-24, "flush_to_zero": False}}
"""


@simulated
@pytest.mark.parametrize("operation", NAMES)
def test_the_suite_notices_who_does_it_silently(operation: str, tmp_path: Path) -> None:
    module, report = tmp_path / "silent.py", tmp_path / "report"
    module.write_text(SILENT, "utf-8")
    environment = {**os.environ, **cuda.VARIANTS["tf32"], "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "conformance", str(module), "--only", operation, "--report", str(report)]
    kind = ["--dtype", "float32", "--kind", "lattice probes", "--cases", "5", "--jobs", "1"]
    finished = subprocess.run([*command, *kind], capture_output=True, text=True, env=environment)
    assert finished.returncode == 1, finished.stdout
    assert "wrong numbers" in finished.stdout
