"""What the kernels should reach on a GPU, reckoned from their assembled code where there is none; a program.

    python -m tests.benchmarks.cuda.expectations [-k matrix_product] [--dtype float32] [--capability 9.0]

Each kernel that any operation launches is compiled and assembled for the types that it is launched with. A row says how
many registers and how much shared memory it takes, which part of a multiprocessor's threads that leaves room for, and,
where nvdisasm is installed, what its main loop consists of. From the share of multiply-adds, or of products by tensor
cores, follows the most of their peak that it can reach, if memory and barriers cost nothing; from the loads of a
thread, how many bytes are on their way to a multiprocessor at a time, of which memory needs as many as its bandwidth
times its latency; and from its loads and stores and all of its instructions, how many bytes a cycle a multiprocessor
can ask for. What lies on either side of a branch inside of the loop counts, although a warp may take only one.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.cuda.assembly import FUSED, READS, TENSOR, Loop, main_loop
from tests.benchmarks.cuda.machine import ROOT, Refused
from tests.benchmarks.cuda.occupancy import CAPABILITIES, SCHEDULERS, WARP, Capability
from tests.fast.cuda.launches import kernels as all_kernels

COMPILER = ROOT / "tests" / "fast" / "cuda" / "compile_kernels.py"
REFUSED = 2

HEADING = (
    *("kernel", "registers", "shared", "threads", "occupancy"),
    *("loop", "FFMA/DFMA/HMMA", "LDS", "LDG", "integer", "barriers", "of peak", "in flight", "bytes/cycle"),
)
#: The columns that are about a loop.
OF_LOOP = len(HEADING) - HEADING.index("loop")


@dataclass(frozen=True)
class Launched:
    """A kernel as it is launched: the types of its arguments, and for the largest of its launches the sizes."""

    kernel: str
    types: tuple[Any, ...]
    threads: int
    shared: int

    @property
    def dtype(self) -> str:
        """What it computes in."""
        return "float64" if "float64" in json.dumps(self.types) else "float32"


@dataclass(frozen=True)
class Expectation:
    """What is known of a kernel on a GPU of a capability."""

    launched: Launched
    capability: Capability
    registers: int
    #: That of each block, whether it is asked for at the launch or before.
    shared: int
    loop: Loop | None

    @property
    def threads_at_a_time(self) -> int:
        """On a multiprocessor."""
        return self.capability.threads_at_a_time(self.launched.threads, self.registers, self.shared)

    @property
    def share_of_peak(self) -> float | None:
        """The most of the multiply-adds, or of tensor cores', that its main loop can reach, if it has any."""
        fused = self.loop.count(FUSED[self.launched.dtype]) if self.loop else 0
        if self.loop and (products := self.loop.count(TENSOR)):
            return self.capability.share_of_tensor_peak(products, len(self.loop.names))
        if not self.loop or not fused:
            return None
        return self.capability.share_of_peak(self.launched.dtype, fused, len(self.loop.names))

    @property
    def bytes_in_flight(self) -> int:
        """What all threads of a multiprocessor read in a turn of the loop: no more is asked for at a time."""
        return self.threads_at_a_time * self.loop.bytes_of(*READS) if self.loop else 0

    @property
    def bytes_a_cycle(self) -> float:
        """What a multiprocessor reads and writes in a cycle, if nothing but its instructions takes time."""
        moved = self.loop.bytes_of(*READS, "STG") if self.loop else 0
        return moved * WARP * SCHEDULERS / len(self.loop.names) if self.loop else 0.0

    def row(self) -> tuple[str, ...]:
        """What the table says."""
        sizes = (str(self.registers), str(self.shared), str(self.launched.threads))
        occupancy = f"{self.threads_at_a_time / self.capability.threads:.0%}"
        return (self.launched.kernel, *sizes, occupancy, *self._row_of_loop())

    def _row_of_loop(self) -> tuple[str, ...]:
        loop, share = self.loop, self.share_of_peak
        if loop is None:
            return ("-",) * OF_LOOP
        fused, barriers = str(loop.count(FUSED[self.launched.dtype], TENSOR)), str(loop.count("BAR"))
        inside = (str(len(loop.names)), fused, widths(loop, "LDS"), widths(loop, "LDG"), str(loop.integer), barriers)
        reached = f"{share:.0%}" if share else "-"
        return (*inside, reached, f"{self.bytes_in_flight / 1024:.0f} KiB", f"{self.bytes_a_cycle:.0f}")


def widths(loop: Loop, name: str) -> str:
    """Loads by their bytes: 8×16 for eight of 16 bytes each."""
    return " ".join(f"{count}×{width}" for width, count in sorted(loop.widths(name).items())) or "-"


def without_simulator(*command: str | Path, given: str = "") -> str:
    """What a program that imports the kernels for a GPU prints; refused where it can't."""
    environment = {**os.environ, "NUMBA_ENABLE_CUDASIM": "0", "PYTHONPATH": str(ROOT)}
    finished = subprocess.run(
        [*map(str, command)], input=given, capture_output=True, text=True, check=False, env=environment, cwd=ROOT
    )
    if finished.returncode:
        raise Refused(finished.stderr.strip()[-1000:])
    return finished.stdout + finished.stderr


def launched() -> list[Launched]:
    """Every kernel that the operations launch, for each of the types that it is launched with."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "launches.json")
        without_simulator(sys.executable, "-m", "tests.benchmarks.cuda.dry_run", path)
        found: dict[str, list[dict[str, Any]]] = {}
        for launch in json.loads(path.read_text("utf-8")):
            found.setdefault(json.dumps([launch["kernel"], launch["types"]]), []).append(launch)
    largest = [max(some, key=lambda launch: (launch["threads"], launch["shared"])) for some in found.values()]
    return [Launched(one["kernel"], tuple(one["types"]), one["threads"], one["shared"]) for one in largest]


def not_launched(found: Iterable[Launched]) -> list[str]:
    """The kernels that no call of the dry run launches."""
    return sorted(all_kernels().keys() - {one.kernel for one in found})


def expectations(kernels: Sequence[Launched], capability: Capability) -> Iterable[Expectation]:
    """Compile and assemble kernels, and look at them."""
    from cuda.pathfinder import find_nvidia_binary_utility

    ptxas, nvdisasm = map(find_nvidia_binary_utility, ("ptxas", "nvdisasm"))
    if ptxas is None:
        raise Refused("wanted ptxas, which nvidia-cuda-nvcc brings; got none")
    asked = json.dumps([(one.kernel, one.types) for one in kernels])
    texts = json.loads(without_simulator(sys.executable, COMPILER, capability.name, given=asked))[capability.name]
    with tempfile.TemporaryDirectory() as folder:
        source, assembled = Path(folder, "kernel.ptx"), Path(folder, "kernel.cubin")
        for one, (_, text) in zip(kernels, texts, strict=True):
            source.write_text(text, "utf-8")
            target = f"-arch=sm_{capability.name.replace('.', '')}"
            said = without_simulator(ptxas, target, "-v", source, "-o", assembled)
            registers, shared = registers_and_shared(said)
            loop = main_loop(without_simulator(nvdisasm, "-c", assembled), one.dtype) if nvdisasm else None
            yield Expectation(one, capability, registers, shared + one.shared, loop)


def registers_and_shared(said: str) -> tuple[int, int]:
    """What ptxas says that each thread takes, and each block.

    >>> registers_and_shared("ptxas info    : Used 56 registers, used 1 barriers, 2048 bytes smem, 400 bytes cmem[0]")
    (56, 2048)
    """
    registers, shared = re.search(r"Used (\d+) registers", said), re.search(r"(\d+) bytes smem", said)
    if registers is None:
        raise Refused(f"wanted the registers that ptxas -v tells; got {said.strip()}")
    return int(registers[1]), int(shared[1]) if shared else 0


def table(found: Iterable[Expectation]) -> list[str]:
    """A row for each kernel, those of most multiply-adds first."""
    ordered = sorted(found, key=lambda one: (-(one.share_of_peak or 0), one.launched.kernel))
    rows = [HEADING, *(one.row() for one in ordered)]
    lengths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join([row[0].ljust(lengths[0]), *map(str.rjust, row[1:], lengths[1:])]) for row in rows]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables; returns the exit status."""
    parser = argparse.ArgumentParser(prog="cuda-expectations", description=__doc__.partition("\n")[0])
    names = [capability.name for capability in CAPABILITIES]
    parser.add_argument("-k", default="", metavar="TEXT", help="kernels with this in their names only")
    parser.add_argument("--dtype", choices=FUSED, default="float32")
    parser.add_argument("--capability", choices=names, action="append", help="both by default")
    options = parser.parse_args(arguments)
    try:
        everyone = launched()
        kernels = [one for one in everyone if options.k in one.kernel and one.dtype == options.dtype]
        for capability in CAPABILITIES:
            if capability.name in (options.capability or names):
                rows = table(expectations(kernels, capability))
                print("\n".join([f"compute capability {capability.name}, {options.dtype}", *rows, ""]))
        if missing := not_launched(everyone):
            print(f"not launched here, being for other lengths or for arrays on the device: {', '.join(missing)}")
    except (Refused, ImportError) as reason:
        print(f"cuda-expectations: {reason}", file=sys.stderr)
        return REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(main())
