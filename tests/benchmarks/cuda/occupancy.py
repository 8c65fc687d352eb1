"""How many threads of a kernel a multiprocessor holds at a time, from what each of them needs.

The limits are those of the CUDA C++ Programming Guide: "Compute Capabilities", table "Technical Specifications per
Compute Capability"; how many multiply-adds a cycle has room for, "Arithmetic Instructions", table "Throughput of Native
Arithmetic Instructions". Registers are given out to whole warps, 256 at a time, and shared memory 128 bytes at a time,
with 1 KiB for each block beside what it asks for. What tensor cores multiply in a cycle follows from the peak that the
white papers of A100 and H100 give for TF32 without sparsity, their multiprocessors and their clock.
"""

from __future__ import annotations

from dataclasses import dataclass

WARP = 32
REGISTERS_AT_A_TIME, SHARED_AT_A_TIME, SHARED_OF_EACH_BLOCK = 256, 128, 1 << 10
#: Warps whose instructions a multiprocessor issues in a cycle.
SCHEDULERS = 4


@dataclass(frozen=True)
class Capability:
    """What a multiprocessor of a compute capability has."""

    name: str
    threads: int
    blocks: int
    registers: int
    shared: int
    #: Multiply-adds of a cycle, by dtype.
    multiply_adds: dict[str, int]
    #: Those of TF32 by tensor cores.
    tensor_multiply_adds: int

    def blocks_at_a_time(self, threads: int, registers: int, shared: int) -> int:
        """How many blocks are there at a time, of so many threads with so many registers each."""
        warps = up_to(threads, WARP) // WARP
        of_a_warp = up_to(registers * WARP, REGISTERS_AT_A_TIME)
        of_a_block = up_to(shared + SHARED_OF_EACH_BLOCK, SHARED_AT_A_TIME)
        # A warp's registers lie with the scheduler that it belongs to.
        warps_by_registers = self.registers // SCHEDULERS // of_a_warp * SCHEDULERS
        limits = (self.blocks, self.threads // (warps * WARP), warps_by_registers // warps, self.shared // of_a_block)
        return min(limits)

    def threads_at_a_time(self, threads: int, registers: int, shared: int) -> int:
        """How many threads these blocks have."""
        return threads * self.blocks_at_a_time(threads, registers, shared)

    def cycles(self, dtype: str) -> int:
        """For how many cycles a scheduler's multiply-add units work on an instruction of a warp."""
        return WARP * SCHEDULERS // self.multiply_adds[dtype]

    def share_of_tensor_peak(self, products: int, instructions: int) -> float:
        """The same of tensor cores, for instructions that multiply 16 by 8 by 8 numbers."""
        busy = products * 16 * 8 * 8 * SCHEDULERS // self.tensor_multiply_adds
        return busy / max(busy, instructions)

    def share_of_peak(self, dtype: str, fused: int, instructions: int) -> float:
        """The most of its multiply-adds that a loop can reach with so many instructions, so many of them fused.

        A scheduler issues one instruction a cycle. While the units work on one for several, others are issued.
        """
        busy = fused * self.cycles(dtype)
        return busy / max(busy, instructions)


def up_to(number: int, multiple: int) -> int:
    """The next multiple."""
    return -(-number // multiple) * multiple


CAPABILITIES = (
    Capability("8.0", 2048, 32, 1 << 16, 164 << 10, {"float32": 64, "float64": 32}, 512),
    Capability("9.0", 2048, 32, 1 << 16, 228 << 10, {"float32": 128, "float64": 64}, 1024),
)
