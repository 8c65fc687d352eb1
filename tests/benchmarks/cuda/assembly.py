"""The innermost loops of a kernel, read from its assembled code as nvdisasm prints it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

#: An instruction: its address, who it is for, its name, the rest; or a label.
LINE = re.compile(r"^\s*/\*([0-9a-f]{4,})\*/\s+(?:@!?\w+\s+)?([A-Z][\w.]*)([^;]*);|^(\.L\w+):", re.MULTILINE)
TARGET = re.compile(r"`\((\.L\w+)\)")
FUSED = {"float32": "FFMA", "float64": "DFMA"}
#: What multiplies matrices by tensor cores.
TENSOR = "HMMA"
INTEGER = ("IMAD", "IADD", "IABS", "IMNMX", "ISETP", "LEA", "LOP", "SHF", "UIADD", "UIMAD", "ULEA", "USHF", "ULOP")
#: What reads global memory: to registers, or past them to shared memory.
READS = ("LDG", "LDGSTS")
#: Bytes of a load by the end of its name; 4 without one.
WIDTHS = {"8": 1, "U8": 1, "S8": 1, "U16": 2, "S16": 2, "64": 8, "128": 16}


@dataclass(frozen=True)
class Loop:
    """The names of a loop's instructions, from its first to the branch back."""

    names: tuple[str, ...]

    def count(self, *beginnings: str) -> int:
        """How many instructions have names that begin so, up to a dot or a number."""
        return sum(bool(re.match(rf"({'|'.join(beginnings)})(\d|\.|$)", name)) for name in self.names)

    def widths(self, name: str) -> Counter[int]:
        """How many loads of a kind there are, by bytes: those of LDS read shared memory, of LDG global."""
        return Counter(width_of(each) for each in self.names if each.partition(".")[0] == name)

    @property
    def integer(self) -> int:
        """How many instructions compute addresses, indices and conditions."""
        return self.count(*INTEGER)

    def bytes_of(self, *kinds: str) -> int:
        """What all instructions of some kinds move for a thread in a turn of the loop."""
        return sum(width * count for kind in kinds for width, count in self.widths(kind).items())


def width_of(name: str) -> int:
    """The bytes that a load reads for each thread.

    >>> [width_of(name) for name in ("LDG.E", "LDG.E.128.CONSTANT", "LDS.64", "LDG.E.U8")]
    [4, 16, 8, 1]
    """
    return next((WIDTHS[part] for part in name.split(".")[1:] if part in WIDTHS), 4)


def innermost_loops(text: str) -> list[Loop]:
    """Where a branch leads back and no other one lies between."""
    names, places, back = list[str](), dict[str, int](), list[tuple[int, int]]()
    for match in LINE.finditer(text):
        _, name, rest, label = match.groups()
        if label:
            places[label] = len(names)
            continue
        names.append(name)
        target = TARGET.search(rest) if name.startswith("BRA") else None
        if target and target[1] in places:
            back.append((places[target[1]], len(names)))
    inner = [(start, end) for start, end in back if not any(start <= s and e <= end and (s, e) != (start, end)
                                                            for s, e in back)]  # fmt: skip
    # A branch to itself, behind the last instruction, is no loop.
    return [Loop(tuple(names[start:end])) for start, end in inner if end - start > 1]


def main_loop(text: str, dtype: str) -> Loop | None:
    """The loop that takes the time: that with most multiply-adds, or else with most loads, or else the longest."""
    loops: Sequence[Loop] = innermost_loops(text)
    return max(
        loops, key=lambda loop: (loop.count(FUSED[dtype], TENSOR), loop.bytes_of(*READS), len(loop.names)), default=None
    )
