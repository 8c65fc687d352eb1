"""What kernels should reach is reckoned right, from all kernels as they are launched on a GPU."""

from __future__ import annotations

import json

import pytest

from fast.cuda.device import SIMULATED
from fast.cuda.matrix_product import TILES
from tests.benchmarks.cuda import expectations, machine
from tests.benchmarks.cuda.assembly import Loop, innermost_loops, main_loop
from tests.benchmarks.cuda.expectations import Expectation, Launched
from tests.benchmarks.cuda.occupancy import CAPABILITIES
from tests.fast.cuda.launches import BY_WARPS, kernels

#: The kernels are launched once, by whoever of several processes has these tests.
pytestmark = pytest.mark.xdist_group("expectations")
OLDER, NEWER = CAPABILITIES

#: As nvdisasm prints it: a loop around one of multiply-adds, and the end.
TEXT = """
kernel:
.text.kernel:
        /*0000*/                   LDC R1, c[0x0][0x28] ;
.L_x_1:
        /*0010*/                   LDG.E.128 R4, desc[UR4][R2.64] ;
        /*0020*/                   STS.128 [R9], R4 ;
        /*0030*/                   BAR.SYNC.DEFER_BLOCKING 0x0 ;
.L_x_2:
        /*0040*/                   LDS.64 R6, [R9] ;
        /*0050*/                   LDS R8, [R9+0x40] ;
        /*0060*/                   FFMA R10, R6, R8, R10 ;
        /*0070*/                   FFMA R11, R7.reuse, R8, R11 ;
        /*0080*/                   IMAD.IADD R9, R9, 0x1, R3 ;
        /*0090*/               @P0 BRA `(.L_x_2) ;
        /*00a0*/              @!P1 BRA `(.L_x_1) ;
.L_x_3:
        /*00b0*/                   LDG.E R4, desc[UR4][R2.64] ;
        /*00c0*/                   STG.E desc[UR4][R2.64], R4 ;
        /*00d0*/              @!P1 BRA `(.L_x_3) ;
        /*00e0*/                   EXIT ;
.L_x_4:
        /*00f0*/                   BRA `(.L_x_4);
        /*0100*/                   NOP ;
"""


def test_the_innermost_loops_are_found() -> None:
    assert [loop.names[0] for loop in innermost_loops(TEXT)] == ["LDS.64", "LDG.E"]


def test_the_main_loop_is_that_of_the_multiply_adds_or_else_of_the_loads() -> None:
    loop = main_loop(TEXT, "float32")
    assert loop is not None
    assert loop.names == ("LDS.64", "LDS", "FFMA", "FFMA", "IMAD.IADD", "BRA")
    assert (loop.count("FFMA"), loop.integer, loop.count("BAR")) == (2, 1, 0)
    assert (loop.widths("LDS"), loop.bytes_of("LDS"), loop.bytes_of("LDG")) == ({8: 1, 4: 1}, 12, 0)
    other = main_loop(TEXT, "float64")
    assert other is not None
    assert other.names == ("LDG.E", "STG.E", "BRA")
    assert main_loop("        /*0000*/   EXIT ;", "float32") is None


@pytest.mark.parametrize(
    ("threads", "registers", "shared", "older", "newer"),
    [
        (128, 32, 0, 2048, 2048),  # nothing limits it
        (128, 33, 0, 1536, 1536),  # a register more is eight more: 65536 / 40, in blocks of four warps
        (256, 128, 8192, 512, 512),  # registers
        (256, 32, 80 << 10, 512, 512),  # shared memory, of which two blocks fit into either
        (256, 32, 60 << 10, 512, 768),  # and here three into the larger
        (256, 32, 82 << 10, 256, 512),  # with what is kept of each block, two are too many for the smaller
        (32, 32, 0, 1024, 1024),  # 32 blocks at most
        (1024, 40, 0, 1024, 1024),  # a second block would need more registers
        (512, 255, 0, 0, 0),  # not even one block
    ],
)
def test_how_many_threads_there_is_room_for(threads: int, registers: int, shared: int, older: int, newer: int) -> None:
    assert OLDER.threads_at_a_time(threads, registers, shared) == older
    assert NEWER.threads_at_a_time(threads, registers, shared) == newer


def test_the_share_of_peak_is_that_of_the_instructions_or_of_the_units() -> None:
    assert NEWER.share_of_peak("float32", 60, 80) == 0.75
    assert OLDER.share_of_peak("float32", 60, 80) == 1  # its units take two cycles for each
    assert NEWER.share_of_peak("float64", 20, 80) == 0.5
    assert OLDER.share_of_peak("float64", 10, 80) == 0.5
    assert (OLDER.share_of_tensor_peak(16, 256), NEWER.share_of_tensor_peak(16, 256)) == (0.5, 0.25)


def test_a_row() -> None:
    one = Launched("room.kernel", ("float32 1",), 256, 4096)
    row = Expectation(one, NEWER, 64, 4096, main_loop(TEXT, "float32")).row()
    assert row == ("room.kernel", "64", "4096", "256", "50%", "6", "2", "1×4 1×8", "-", "1", "0", "33%", "0 KiB", "0")
    loop = Loop(("LDG.E.128", "STG.E.128", "IMAD", "BRA"))
    assert Expectation(one, NEWER, 32, 0, loop).row()[-3:] == ("-", "32 KiB", "1024")
    by_warps = Loop(("HMMA.1688.F32.TF32", *["LDS"] * 15))
    assert Expectation(one, NEWER, 32, 0, by_warps).row()[6:12] == ("1", "15×4", "-", "0", "0", "25%")
    assert Expectation(one, NEWER, 32, 0, None).row()[5:] == ("-",) * 9
    assert len(row) == len(expectations.HEADING)


def test_without_the_libraries_that_compile_it_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def absent() -> None:
        raise machine.Refused("no libNVVM")

    monkeypatch.setattr(expectations, "launched", absent)
    assert expectations.main([]) == expectations.REFUSED
    assert capsys.readouterr().err == "cuda-expectations: no libNVVM\n"


@pytest.fixture(scope="module")
def launched() -> list[Launched]:
    """All kernels, as they are launched on a GPU; its sizes of blocks aren't those of the simulator."""
    return expectations.launched()


def test_kernels_are_found_by_launching_them(launched: list[Launched]) -> None:
    found = {one.kernel for one in launched}
    assert "activations.relu_kernel" in found
    assert {one.dtype for one in launched} == {"float32", "float64"}
    assert found | set(expectations.not_launched(launched)) == kernels().keys()
    assert {one.kernel for one in launched if one.kernel.endswith(BY_WARPS)} >= {
        "matrix_product.plain_product.by_warps"
    }
    few = [one for one in launched if one.kernel != "activations.relu_kernel"]
    assert "activations.relu_kernel" in expectations.not_launched(few)


def test_blocks_are_those_of_a_gpu(launched: list[Launched]) -> None:
    products = [one for one in launched if one.kernel.startswith("matrix_product.") and one.shared]
    assert products
    assert SIMULATED is False or max(tile.threads for tile in TILES) < 128
    assert {one.threads for one in products} == {128}


def test_a_kernel_is_assembled_and_looked_at(launched: list[Launched]) -> None:
    from cuda.pathfinder import find_nvidia_binary_utility

    if find_nvidia_binary_utility("ptxas") is None:
        pytest.skip("needs the cuda extra, which brings what compiles, assembles and disassembles")
    few = [one for one in launched if one.kernel == "activations.relu_kernel" and one.dtype == "float32"]
    (relu,) = expectations.expectations(few, NEWER)
    assert 0 < relu.registers <= 64
    assert relu.threads_at_a_time >= 1024
    if relu.loop is None:
        pytest.skip("needs nvdisasm, which nvidia-cuda-nvdisasm brings")
    assert relu.loop.bytes_of("LDG") == relu.loop.bytes_of("STG") > 0
    assert json.dumps(relu.row())
